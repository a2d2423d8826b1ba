"""What an item is, told from its key: the strict reverse of keys.py, and nothing else guesses it.

A key that fits no row is refused: an item that nobody knows must not get lost in a backup, nor
come in with an archive.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from chalicelib.edges.table import Item, Key

ADDRESS = r"[!-?A-~]+@[!-?A-~]+"
# How a part of a key is written; none holds the #, except `act`, which is always the last.
_PARTS: Mapping[str, str] = {
    "p": r"[a-z0-9]+(?:-[a-z0-9]+)*",
    "k": r"\d{4}(?:-[A-Z0-9]{2,3})?|x-[a-z0-9]+(?:-[a-z0-9]+)*",
    "u": r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}",
    "roll": r"[A-Za-z0-9_-]+",
    "number": r"\d{4,9}",
    "act": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z#[A-Za-z0-9_-]+",
    "month": r"\d{4}-\d\d",
    "date": r"\d{4}-\d\d-\d\d",
    "day": r"\d{8}",
    "id": r"[A-Za-z0-9_-]+",
    "word": r"[a-z_]+",
    "email": ADDRESS,
    "digest": r"[0-9a-f]{32,64}",
    "name": r"[^\s#]+",
    "span": r"\d{8}(?:\d\d)?",
}


class Row(NamedTuple):
    """A function of keys.py and how its keys are written. What is not kept is in no backup."""

    name: str
    partition: str
    sort: str
    kept: bool = True


_ROWS = (
    Row("programme", "PROGRAMMES", "{p}"),
    Row("form", "PROGRAMME#{p}", "FORM#{number}"),
    Row("period", "PROGRAMME#{p}", "PERIOD#{k}"),
    Row("offered_form", "PROGRAMME#{p}", "OFFER#{digest}"),
    Row("unit", "UNITS#{p}", "UNIT#{u}#{date}"),
    Row("unit", "UNITS#{p}#{roll}", "UNIT#{u}#{date}"),
    Row("contact", "UNITS#{p}", "CONTACT#{u}"),
    Row("head", "PERIOD#{p}#{k}", "REPORT#{u}"),
    Row("summary", "PERIOD#{p}#{k}", "SUMMARY"),
    Row("terms", "PERIOD#{p}#{k}", "TERMS#{u}"),
    Row("unit_request", "PERIOD#{p}#{k}", "ASK#{u}#{word}"),
    Row("notice", "PERIOD#{p}#{k}", "NOTICE#{u}#{act}"),
    Row("reminder", "PERIOD#{p}#{k}", "REMINDER#{day}#{u}"),
    Row("round", "PERIOD#{p}#{k}", "URGING#{id}"),
    Row("entered", "PERIOD#{p}#{k}", "DEPARTMENT"),
    Row("entered_before", "PERIOD#{p}#{k}#DEPARTMENT", "VERSION#{number}"),
    Row("texts", "PERIOD#{p}#{k}#TEXT", "{u}"),
    Row("draft", "REPORT#{p}#{k}#{u}", "DRAFT"),
    Row("parked", "REPORT#{p}#{k}#{u}", "DRAFT#PARKED#{number}"),
    Row("typed_contacts", "TYPED#{p}#{u}", "CONTACTS"),
    Row("typed_request", "TYPED#{p}#{u}", "ASK#{k}"),
    Row("version", "REPORT#{p}#{k}#{u}", "VERSION#{number}"),
    Row("event", "REPORT#{p}#{k}#{u}", "EVENT#{act}"),
    Row("act", "AUDIT#{p}#{month}", "{act}"),
    Row("act", "AUDIT#-#{month}", "{act}"),
    Row("urged", "URGED#{p}#{day}", "{u}"),
    Row("generation", "ACCESS#{p}#{u}", "LINK#{number}"),
    Row("session", "ACCESS#{p}#{u}", "SESSION#{digest}", kept=False),
    Row("session", "ACCESS#STAFF#{email}", "SESSION#{digest}", kept=False),
    Row("devices", "ACCESS#{p}#{u}", "DEVICES", kept=False),
    Row("link", "LINKS#{p}", "{u}"),
    Row("mailing", "MAILINGS#{p}#{date}", "{u}"),
    Row("staff", "STAFF", "{email}"),
    Row("roster", "STAFF#ROSTER", "ROSTER"),
    Row("token", "TOKEN#{digest}", "TOKEN"),
    Row("rate", "RATE#{name}", "HOUR#{span}", kept=False),
    Row("tries", "RATE#{name}", "TRIES", kept=False),
    Row("unreachable", "UNREACHABLE", "{email}"),
    Row("backups", "BACKUPS", "BACKUPS", kept=False),
    Row("schema", "SCHEMA", "SCHEMA", kept=False),
)

# What a token stands for, and whether a backup keeps it: not what lets somebody in right now.
_TOKENS = {"link": True, "replaced": True, "session": False, "sign_in": False, "code": False}


class Unknown(ValueError):
    """No item of ours has such a key, or such a kind; the text names it."""


class Kind(NamedTuple):
    """The function of keys.py that makes the key, and the texts it is made of."""

    name: str
    parts: Mapping[str, str]
    kept: bool


def _pattern(row: Row) -> re.Pattern[str]:
    """Over partition and sort with a line between them, which no part of a key holds."""
    pieces = re.split(r"\{(\w+)\}", f"{row.partition}\n{row.sort}")
    known = [f"(?P<{piece}>{_PARTS[piece]})" if i % 2 else piece for i, piece in enumerate(pieces)]
    return re.compile("".join(known), re.ASCII)


def _by_beginning() -> dict[str, list[tuple[Row, re.Pattern[str]]]]:
    found: dict[str, list[tuple[Row, re.Pattern[str]]]] = {}
    for row in _ROWS:
        found.setdefault(row.partition.partition("#")[0], []).append((row, _pattern(row)))
    return found


_KNOWN = _by_beginning()
NAMES = frozenset(row.name for row in _ROWS)


def of(key: Key) -> Kind:
    """Raises Unknown."""
    for row, pattern in _KNOWN.get(key.partition.partition("#")[0], ()):
        if found := pattern.fullmatch(f"{key.partition}\n{key.sort}"):
            return Kind(row.name, found.groupdict(), row.kept)
    raise Unknown(f"{shown(key.partition)} / {shown(key.sort)} is the key of no item that we know")


def is_kept(item: Item) -> bool:
    """Whether a backup keeps it: not what passes by itself, nor what is said of the table.

    Raises Unknown.
    """
    kind = of(item.key)
    if kind.name != "token":
        return kind.kept
    said: Any = item.body.get("kind")
    if said not in _TOKENS:
        raise Unknown(f"{shown(item.key.partition)} is a token of no kind that we know")
    return _TOKENS[said]


def shown(text: str, longest: int = 80) -> str:
    """A text of anybody's as a line can hold it."""
    return ascii(text)[1:-1][:longest]
