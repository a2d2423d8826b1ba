"""Importing a unit list: a file, a preview of what it would change, and then the switch."""

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.edges.ports import Site
from chalicelib.edges.table import Conflict
from chalicelib.messages.units import authoring
from chalicelib.messages.units import units as words
from chalicelib.pages.frame import address, render
from chalicelib.pages.frame.web import Request, Response, redirect
from chalicelib.pages.units.affected_periods import Warned, warned
from chalicelib.pages.units.listing import STYLES
from chalicelib.rules.files.upload import NotTaken
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.reports.report import compact
from chalicelib.rules.review.act import Act
from chalicelib.rules.texts.clock import from_iso, iso
from chalicelib.rules.units import list_change, list_reader
from chalicelib.rules.units.list_change import Draft
from chalicelib.rules.units.list_reader import Listed
from chalicelib.rules.units.unit import Unit
from chalicelib.store import programmes, unit_lists

_STAGED_FOR = timedelta(hours=24)
_TOKEN = re.compile(r"[0-9a-f]{32}")
_MOST_NAMED = 500  # codes of each kind in the record of the act


@dataclass(frozen=True, slots=True)
class _Staged:
    """A file as it was read, waiting for its confirmation."""

    token: str
    filename: str
    revision: int  # of the programme that the preview was made of
    rows: Sequence[tuple[int, Unit]]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Looked:
    """A file beside the list as it is: what it would change."""

    filename: str
    listed: Listed
    draft: Draft

    @property
    def refused(self) -> list[tuple[int, str, str, str]]:
        """Line, unit, column and problem: of the file, else of the list that it would make."""
        if self.listed.faults:
            return [(line, "", column, problem) for line, column, problem in self.listed.faults]
        return [(one.line, one.unit, one.column, one.problem) for one in self.draft.faults]


def upload(site: Site, request: Request) -> Response:
    return _upload_page(site, request, address.programme_of(site, request))


def _upload_page(
    site: Site, request: Request, programme: Programme, problem: str = "", status: int = 200
) -> Response:
    return render.page(
        site,
        request,
        "units/importing.html",
        status=status,
        styles=STYLES,
        programme=programme,
        problem=problem,
        titles=words.TITLES,
        most=list_reader.MOST_ROWS,
    )


def preview(site: Site, request: Request) -> Response:
    """What the file would change. Nothing of the list changes here."""
    programme = address.programme_of(site, request)
    file = request.files.get("file")
    if file is None:
        return _upload_page(site, request, programme, words.FAULTS["no_file"], 422)
    try:
        listed = list_reader.read(file.content, programme.blocs, words.heads(programme.department))
    except NotTaken as refused:
        problem = words.FAULTS[refused.problem].format(detail=refused.detail)
        return _upload_page(site, request, programme, f"{file.filename}: {problem}", 422)
    return _preview(site, request, programme, listed, file.filename)


def _preview(
    site: Site,
    request: Request,
    programme: Programme,
    listed: Listed,
    filename: str,
    notice: str = "",
) -> Response:
    present = programmes.units(site.table, programme)
    looked = _Looked(filename, listed, list_change.draft(present, listed.rows, listed.columns))
    touched, token = Warned(()), ""
    if looked.draft.changes and not looked.refused:
        touched = warned(site, programme, request.now, present, looked.draft.units)
        staged = _Staged("", filename, programme.revision, listed.rows, listed.columns)
        token = _stage(site, request, programme, staged)
    return _preview_page(site, request, programme, looked, notice, warned=touched, token=token)


def _head(listed: Listed) -> str:
    """Which row the columns' names were read in; of a file looked at before nothing is said."""
    if listed.head:
        return words.HEAD.format(line=listed.head)
    return words.NO_HEAD if listed.faults else ""


def _preview_page(
    site: Site, request: Request, programme: Programme, looked: _Looked, notice: str, **more: Any
) -> Response:
    return render.page(
        site,
        request,
        "units/preview.html",
        status=422 if looked.refused else 409 if notice else 200,
        styles=STYLES,
        programme=programme,
        **_of_the_file(looked),
        **_of_the_list(looked.draft),
        words=words,
        reason=authoring.unit_reason,
        blocs=programme.blocs,
        notice=notice,
        **more,
    )


def _of_the_file(looked: _Looked) -> dict[str, Any]:
    """How the page tells what was read, and what of it can't be taken."""
    listed, refused = looked.listed, looked.refused
    return {
        "filename": looked.filename,
        "head": _head(listed),
        "passed_over": listed.passed_over,
        "refused": sorted(refused)[: render.MOST_LISTED],
        "refusals": len(refused),
        "quoted": lambda line, column: words.quoted(listed.found(line, column)),
    }


def _of_the_list(draft: Draft) -> dict[str, Any]:
    """How the page tells what would be changed: by kind as many as it lists, and how many."""
    by_kind = {
        kind: [one for one in draft.changes if one.kinds[0] == kind] for kind in list_change.KINDS
    }
    return {
        "counts": draft.counts(),
        "unchanged": draft.unchanged,
        "changes": len(draft.changes),
        "shown": {
            kind: (some[: render.MOST_LISTED], len(some)) for kind, some in by_kind.items() if some
        },
    }


def _name(programme: Programme, token: str) -> str:
    return f"staged/{programme.key}/{token}.json"


def _stage(site: Site, request: Request, programme: Programme, staged: _Staged) -> str:
    token = secrets.token_hex(16)
    whole = {
        "who": request.who.email,
        "at": iso(request.now),
        "filename": staged.filename,
        "revision": staged.revision,
        "columns": staged.columns,
        "rows": [(line, unit.model_dump_json()) for line, unit in staged.rows],
    }
    site.files.write(_name(programme, token), compact(whole).encode())
    return token


def _staged(site: Site, request: Request, programme: Programme) -> _Staged | None:
    """What this officer has looked at, within the day; None for anything else."""
    token = request.form.get("staged", "")
    content = site.files.read(_name(programme, token)) if _TOKEN.fullmatch(token) else None
    if content is None:
        return None
    whole = json.loads(content)
    made: datetime = from_iso(whole["at"])
    if whole["who"] != request.who.email or request.now > made + _STAGED_FOR:
        return None
    rows = [(line, Unit.model_validate_json(unit)) for line, unit in whole["rows"]]
    columns = tuple(whole["columns"])
    return _Staged(token, whole["filename"], whole["revision"], rows, columns)


def confirm(site: Site, request: Request) -> Response:
    """Write the new list and make it current, if the programme is still as it was looked at."""
    programme = address.programme_of(site, request)
    staged = _staged(site, request, programme)
    if staged is None:
        return _upload_page(site, request, programme, words.STAGED_GONE, 422)
    done = redirect(site, "desk", programme.key, "units", done="import")
    if programme.revision == staged.revision:
        present = programmes.units(site.table, programme)
        draft = list_change.draft(present, staged.rows, staged.columns)
        act = _act(request, programme, staged, draft)
        try:
            unit_lists.switch(site.table, act, programme, staged.token, draft.units)
        except Conflict:
            programme = address.programme_of(site, request)
        else:
            return done
    if programme.roll == staged.token:  # a double tap, a lost reply
        return done
    listed = Listed(rows=list(staged.rows), columns=staged.columns)
    return _preview(site, request, programme, listed, staged.filename, words.STAGED_OLD)


def _act(request: Request, programme: Programme, staged: _Staged, draft: Draft) -> Act:
    named = {
        kind: [one.after.code for one in draft.changes if kind in one.kinds][:_MOST_NAMED]
        for kind in list_change.KINDS
    }
    detail = {
        "file": staged.filename,
        "roll": staged.token,
        "counts": dict(draft.counts()),
        "units": {kind: codes for kind, codes in named.items() if codes},
    }
    return Act(request.now, request.who.email, "units_import", programme.key, detail=detail)
