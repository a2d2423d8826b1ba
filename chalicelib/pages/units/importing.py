"""Importing a unit list: a file, a preview of what it would change, and then the switch."""

from collections.abc import Mapping

from chalicelib.edges.ports import Site
from chalicelib.edges.table import Conflict
from chalicelib.messages.units import importing as words
from chalicelib.messages.units import units
from chalicelib.pages.frame import address, render
from chalicelib.pages.frame.web import Request, Response, redirect
from chalicelib.pages.units import import_preview
from chalicelib.pages.units.affected_periods import Warned, warned
from chalicelib.pages.units.import_preview import Looked
from chalicelib.pages.units.listing import STYLES
from chalicelib.pages.units.staging import Staged, stage, staged
from chalicelib.rules.files.upload import NotTaken
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.review.act import Act
from chalicelib.rules.units import list_change, list_reader
from chalicelib.rules.units.list_change import Draft
from chalicelib.rules.units.unit import Unit
from chalicelib.store import programmes, unit_lists

_MOST_NAMED = 500  # codes of each kind in the record of the act


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
        titles=units.TITLES,
        most=list_reader.MOST_ROWS,
    )


def preview(site: Site, request: Request) -> Response:
    """What the file would change. Nothing of the list changes here."""
    programme = address.programme_of(site, request)
    file = request.files.get("file")
    if file is None:
        return _upload_page(site, request, programme, units.FAULTS["no_file"], 422)
    present = programmes.units(site.table, programme)
    try:
        looked = _looked(programme, present, file.filename, file.content, {})
    except NotTaken as refused:
        return _refused(site, request, programme, file.filename, refused)
    return _preview(site, request, programme, looked, present, file.content)


def _looked(
    programme: Programme,
    present: list[Unit],
    filename: str,
    content: bytes,
    answers: Mapping[str, str],
) -> Looked:
    """The file beside the list as it is, with what was answered. Raises NotTaken."""
    heads = units.heads(programme.department)
    known = {unit.code for unit in present}
    listed = list_reader.read(content, programme.blocs, heads, known, answers)
    draft = list_change.draft(present, listed.rows, listed.columns)
    return Looked(filename, listed, draft)


def _refused(
    site: Site, request: Request, programme: Programme, filename: str, refused: NotTaken
) -> Response:
    problem = units.FAULTS[refused.problem].format(detail=refused.detail)
    return _upload_page(site, request, programme, f"{filename}: {problem}", 422)


def _preview(
    site: Site,
    request: Request,
    programme: Programme,
    looked: Looked,
    present: list[Unit],
    content: bytes,
    notice: str = "",
    status: int = 409,
) -> Response:
    """The preview, and the file kept beside it for who may confirm or answer."""
    touched = Warned(())
    if looked.draft.changes and not looked.refused:
        touched = warned(site, programme, request.now, present, looked.draft.units)
    token = ""
    if looked.may_be_written or looked.listed.heads:
        token = stage(site, request, programme, looked.filename, content).token
    return render.page(
        site,
        request,
        "units/preview.html",
        status=422 if looked.refused else status if notice else 200,
        styles=STYLES,
        programme=programme,
        notice=notice,
        warned=touched,
        token=token,
        **import_preview.shown(looked, programme, present),
    )


def confirm(site: Site, request: Request) -> Response:
    """Write the new list and make it current, if the programme is still as it was looked at; look
    again where that is asked for, or where something else was chosen than was seen.
    """
    programme = address.programme_of(site, request)
    kept = staged(site, request, programme)
    if kept is None:
        return _upload_page(site, request, programme, words.STAGED_GONE, 422)
    if programme.roll == kept.token:  # a double tap, a lost reply
        return redirect(site, "desk", programme.key, "units", done="import")
    present = programmes.units(site.table, programme)
    try:
        looked = _looked(programme, present, kept.filename, kept.content, request.form)
    except NotTaken as refused:
        return _refused(site, request, programme, kept.filename, refused)
    notice, status = _why_again(request, programme, kept, looked)
    if notice is None:
        try:
            return _written(site, request, programme, kept, looked.draft)
        except Conflict:
            return _overtaken(site, request, kept)
    return _preview(site, request, programme, looked, present, kept.content, notice, status)


def _why_again(
    request: Request, programme: Programme, kept: Staged, looked: Looked
) -> tuple[str | None, int]:
    """What the preview says that is shown again; None where all of it may be written."""
    if programme.revision != kept.revision:
        return words.STAGED_OLD, 409
    if request.form.get("do") == "look":
        return "", 200
    if request.form.get("columns", "") != looked.columns_seen:
        return words.OTHER_COLUMNS, 409
    if looked.listed.open or looked.listed.unseen(request.form):
        return words.OPEN, 422
    return (None, 303) if looked.may_be_written else ("", 200)


def _written(
    site: Site, request: Request, programme: Programme, kept: Staged, draft: Draft
) -> Response:
    act = _act(request, programme, kept, draft)
    unit_lists.switch(site.table, act, programme, kept.token, draft.units)
    return redirect(site, "desk", programme.key, "units", done="import")


def _overtaken(site: Site, request: Request, kept: Staged) -> Response:
    """Somebody else wrote meanwhile: the same file beside the list as it is now."""
    programme = address.programme_of(site, request)
    if programme.roll == kept.token:
        return redirect(site, "desk", programme.key, "units", done="import")
    present = programmes.units(site.table, programme)
    looked = _looked(programme, present, kept.filename, kept.content, request.form)
    return _preview(site, request, programme, looked, present, kept.content, words.STAGED_OLD)


def _act(request: Request, programme: Programme, kept: Staged, draft: Draft) -> Act:
    named = {
        kind: [one.after.code for one in draft.changes if kind in one.kinds][:_MOST_NAMED]
        for kind in list_change.KINDS
    }
    detail = {
        "file": kept.filename,
        "roll": kept.token,
        "counts": dict(draft.counts()),
        "units": {kind: codes for kind, codes in named.items() if codes},
    }
    return Act(request.now, request.who.email, "units_import", programme.key, detail=detail)
