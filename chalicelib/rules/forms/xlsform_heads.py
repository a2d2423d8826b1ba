"""What authors call the columns and types of an XLSForm, in usual aliases and any case."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from chalicelib.rules.forms.xlsform_columns import EXTRA
from chalicelib.rules.texts import text

COLUMNS: Mapping[str, Collection[str]] = {
    "survey": ("type", "name", "label", "hint", "guidance_hint", "appearance", *EXTRA),
    "choices": ("list_name", "name", "label"),
    "settings": ("form_title", "form_id", "version", "default_language"),
}
_ALIASES: Mapping[str, Mapping[str, str]] = {
    "survey": {"command": "type", "tag": "name", "value": "name", "caption": "label"},
    "choices": {"list": "list_name", "value": "name", "caption": "label"},
    "settings": {
        "title": "form_title",
        "set_form_title": "form_title",
        "id_string": "form_id",
        "set_form_id": "form_id",
    },
}
_IN_LANGUAGES = ("label", "hint", "guidance_hint")
_VIETNAMESE = ("vi", "vie", "vn", "vietnamese", "tieng viet", "viet", "viet nam")
# What the collecting software writes by itself: nobody is asked, nothing is lost without it.
_WRITTEN_BY_ITSELF = (
    *("start", "end", "today", "deviceid", "username", "phonenumber", "email", "audit"),
    *("simserial", "subscriberid"),
)
_PLAIN = {"integer": "integer", "int": "integer", "decimal": "decimal", "text": "text"}
_PLAIN |= {"string": "text", "begin_group": "begin_group", "begingroup": "begin_group"}
_PLAIN |= {"end_group": "end_group", "endgroup": "end_group"}
_SELECT_ONE = re.compile(
    r"(?:select[\s_-]*(?:one|1)(?!_from_file|_external| from file| external)(?:[\s_]+from(?=\s))?"
    r"|add[\s_]+select[\s_]+one[\s_]+prompt[\s_]+using)(?:\s+(?P<list>.*))?",
    re.IGNORECASE | re.DOTALL,
)


class Type(NamedTuple):
    """A row's type: one that is taken, `itself` for what software writes, or empty."""

    name: str
    list_name: str = ""


def columns(sheet: str, heads: Sequence[str]) -> list[str]:
    """The column that each head names; as it is written, in small letters, where it is unknown.

    Empty is what has no head, and a language beside the one that is taken.
    """
    found = []
    taken = _languages(heads)
    for head in heads:
        base, language = _parted(head)
        name = _named(sheet, base)
        if language and name in _IN_LANGUAGES:
            found.append(name if taken[name] == head else "")
        else:
            found.append(name if not language else head.lower())
    return found


def left_out(sheet: str, heads: Sequence[str]) -> list[str]:
    """Heads of other languages."""
    pairs = zip(heads, columns(sheet, heads), strict=True)
    return [head for head, column in pairs if head and not column]


def _languages(heads: Sequence[str]) -> dict[str, str]:
    """For each text the head that is taken: without a language, else Vietnamese, else the first."""
    chosen: dict[str, tuple[int, str]] = {}
    for head in heads:
        base, language = _parted(head)
        name = _named("survey", base)
        rank = 0 if not language else 1 if _is_vietnamese(language) else 2
        if name in _IN_LANGUAGES and rank < chosen.get(name, (3, ""))[0]:
            chosen[name] = rank, head
    return {name: head for name, (_, head) in chosen.items()}


def _parted(head: str) -> tuple[str, str]:
    """A head like label::Tiếng Việt (vi), or label:vi as older forms have it."""
    base, _, language = head.partition("::") if "::" in head else head.partition(":")
    return base.strip(), language.strip()


def _is_vietnamese(language: str) -> bool:
    plain = text.fold(language)
    code = re.search(r"\(([^)]*)\)\s*$", plain)
    named = {plain.partition("(")[0].strip(), code[1].strip() if code else ""}
    return not named.isdisjoint(_VIETNAMESE)


def _named(sheet: str, head: str) -> str:
    """List name, LIST-NAME and list_name are one."""
    name = re.sub(r"[\s_-]+", "_", head.strip().lower())
    name = _ALIASES.get(sheet, {}).get(name, name)
    return name if name in COLUMNS.get(sheet, ()) else head.strip().lower()


def type_of(written: str) -> Type:
    """Integer, select one, Begin Group: as XLSForm writes them."""
    plain = re.sub(r"[\s_-]+", "_", written.strip().lower())
    if plain in _PLAIN:
        return Type(_PLAIN[plain])
    if plain in _WRITTEN_BY_ITSELF:
        return Type("itself")
    if select := _SELECT_ONE.fullmatch(written.strip()):
        return Type("select_one", " ".join((select["list"] or "").split()))
    return Type("")


def is_end_of_repeat(written: str) -> bool:
    """It is the other half of what was named where it begins."""
    return re.sub(r"[\s_-]+", "_", written.strip().lower()) == "end_repeat"
