"""A file of units between looking and confirming: kept for a day, for the officer who looked."""

import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.edges.ports import Site
from chalicelib.pages.frame.web import Request
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.reports.report import compact
from chalicelib.rules.texts.clock import from_iso, iso

_FOR = timedelta(hours=24)
_TOKEN = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Staged:
    """The file as it came, and the revision of the programme that its preview was made of."""

    token: str
    filename: str
    revision: int
    content: bytes


def stage(
    site: Site, request: Request, programme: Programme, filename: str, content: bytes
) -> Staged:
    token = secrets.token_hex(16)
    head = {
        "who": request.who.email,
        "at": iso(request.now),
        "filename": filename,
        "revision": programme.revision,
    }
    site.files.write(_name(programme, token), compact(head).encode() + b"\n" + content)
    return Staged(token, filename, programme.revision, content)


def staged(site: Site, request: Request, programme: Programme) -> Staged | None:
    """What this officer has looked at, within the day; None for anything else."""
    token = request.form.get("staged", "")
    kept = site.files.read(_name(programme, token)) if _TOKEN.fullmatch(token) else None
    if kept is None:
        return None
    head, _, content = kept.partition(b"\n")
    whole = json.loads(head)
    made: datetime = from_iso(whole["at"])
    if whole["who"] != request.who.email or request.now > made + _FOR:
        return None
    return Staged(token, whole["filename"], whole["revision"], content)


def _name(programme: Programme, token: str) -> str:
    return f"staged/{programme.key}/{token}.list"
