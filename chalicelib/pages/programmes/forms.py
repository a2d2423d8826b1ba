"""The programme's form on the desk: its versions, a new one from a file, a download."""

import hashlib
from collections.abc import Sequence
from typing import Any

from chalicelib.edges.ports import Site
from chalicelib.edges.table import Conflict
from chalicelib.messages.programmes import understood
from chalicelib.messages.programmes.programme import (
    COLUMNS,
    FORM_FILE,
    KINDS,
    PERIOD_FAULTS,
    UPLOAD_FAULTS,
)
from chalicelib.messages.units.authoring import form_column, form_passed, form_reason
from chalicelib.pages.frame import downloads, render
from chalicelib.pages.frame.address import programme_of
from chalicelib.pages.frame.web import Problem, Request, Response, redirect, whole_number
from chalicelib.rules.files import upload
from chalicelib.rules.forms import xlsform_reader, xlsform_writer
from chalicelib.rules.forms.form import Form
from chalicelib.rules.forms.form_change import Difference, difference
from chalicelib.rules.forms.xlsform_columns import Fault, Passed
from chalicelib.rules.forms.xlsform_reader import Taken
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.review.act import Act
from chalicelib.rules.texts.text import slug
from chalicelib.store import authoring, programmes
from chalicelib.store.authoring import LARGEST_FORM, MOST_PERIODS

_STYLES = ("base", "desk", "programme")
_MOST_PASSED = 100  # said of one file


def versions(site: Site, request: Request) -> Response:
    return _versions_page(site, request, programme_of(site, request))


def _versions_page(
    site: Site, request: Request, programme: Programme, *, status: int = 200, **context: Any
) -> Response:
    forms = programmes.forms(site.table, programme.key)
    periods = programmes.periods(site.table, programme.key)
    used = {form.version: [one for one in periods if one.form == form.version] for form in forms}
    defaults = {"fault": "", "faults": (), "refused": (), "filename": ""}
    return render.page(
        site,
        request,
        "programmes/form_versions.html",
        status=status,
        styles=_STYLES,
        programme=programme,
        forms=forms[::-1],
        used=used,
        done=whole_number(request.query.get("done", "")),
        reason=lambda fault: form_reason(fault, programme.department),
        column_of=form_column,
        columns=COLUMNS,
        kinds=KINDS,
        **(defaults | context),
    )


def offer(site: Site, request: Request) -> Response:
    """A file is read and kept aside; nothing changes before somebody confirms it."""
    programme = programme_of(site, request)
    given = request.files.get("form")
    named = given.filename if given else ""

    def refused(**why: Any) -> Response:
        return _versions_page(site, request, programme, status=422, filename=named, **why)

    if given is None:
        return refused(fault=UPLOAD_FAULTS["no_file"])
    forms = programmes.forms(site.table, programme.key)
    try:
        form, passed = _read(given.content, named, programme, forms)
    except upload.NotTaken as problem:
        return refused(fault=UPLOAD_FAULTS[problem.problem].format(detail=problem.detail))
    except xlsform_reader.Faulty as faulty:
        return refused(faults=[_place(fault) for fault in faulty.faults])
    if found := difference(forms, form).refused:
        return refused(refused=found)
    digest = _kept_aside(site, request, programme, form, named, passed)
    return redirect(site, "desk", programme.key, "form", "offer", file=digest)


def _kept_aside(
    site: Site,
    request: Request,
    programme: Programme,
    form: Form,
    filename: str,
    passed: Sequence[Passed],
) -> str:
    """By its own content: the same file twice is one offer."""
    digest = hashlib.sha256(form.model_dump_json().encode()).hexdigest()[:32]
    detail = {"file": filename, "title": form.title}
    act = Act(request.now, request.who.email, "offer_form", programme.key, detail=detail)
    said = [one._replace(sheet=_short(one.sheet, 80), said=_short(one.said, 80)) for one in passed]
    authoring.offer(site.table, act, form, digest, said[:_MOST_PASSED])
    return digest


def _read(content: bytes, filename: str, programme: Programme, forms: Sequence[Form]) -> Taken:
    """Raises NotTaken or Faulty."""
    kind = upload.guard(content, filename)
    version = forms[-1].version + 1 if forms else 1
    taken = xlsform_reader.take(content, kind, programme.blocs, version)
    if len(taken.form.model_dump_json().encode()) > LARGEST_FORM:
        raise upload.NotTaken("form_too_large")
    return taken


def _place(fault: Fault) -> Fault:
    """A whole cell may be a page long: its beginning says which it is."""
    sheet, column, given = (_short(one, 80) for one in (fault.sheet, fault.column, fault.given))
    return Fault(sheet, fault.row, column, fault.problem, given, fault.letter)


def _short(said: str, most: int) -> str:
    return said if len(said) <= most else f"{said[:most]}…"


class _Offer:
    """An uploaded form beside the newest version, and the periods that it can be used from."""

    def __init__(self, site: Site, request: Request, digest: str) -> None:
        self.programme = programme_of(site, request)
        p = self.programme.key
        offered = authoring.offered(site.table, p, digest, request.now)
        self.forms = programmes.forms(site.table, p)
        if offered is None:
            raise Problem(404, "no_offer")
        form = offered.form
        self.passed = [form_passed(Passed._make(one)) for one in offered.passed]
        self.newest = self.forms[-1].version if self.forms else 0
        self.form = form.model_copy(update={"version": self.newest + 1})
        self.change: Difference = difference(self.forms, self.form)
        if self.change.nothing:  # the newest version itself, which may be used earlier
            self.form = self.forms[-1]
        self.digest = digest
        self.periods = [one for one in programmes.periods(site.table, p) if one.locks > request.now]

    def moved(self, key: str) -> list[Period]:
        """The chosen period and the later ones, on this form."""
        keys = [one.key for one in self.periods]
        chosen = self.periods[keys.index(key) :] if key in keys else []
        version = self.form.version
        return [one.model_copy(update={"form": version}) for one in chosen if one.form != version]


def preview(site: Site, request: Request) -> Response:
    return _preview_page(site, request, _Offer(site, request, request.query.get("file", "")))


def _preview_page(
    site: Site, request: Request, offer: _Offer, *, status: int = 200, fault: str = ""
) -> Response:
    fresh = [one.key for one in offer.periods if not one.has_begun(request.now)]
    movable = [one for one in offer.periods if offer.moved(one.key)]
    return render.page(
        site,
        request,
        "programmes/form_offer.html",
        status=status,
        styles=_STYLES,
        programme=offer.programme,
        offer=offer,
        change=offer.change,
        movable=movable,
        chosen=request.form.get("period", fresh[0] if fresh else ""),
        fault=fault,
        columns=COLUMNS,
        kinds=KINDS,
        read_as={one.code: list(understood.cells(one)) for one in offer.form.by_code.values()},
        now=request.now,
    )


def adopt(site: Site, request: Request) -> Response:
    """The previewed form becomes the next version, used from the chosen period on."""
    offer = _Offer(site, request, request.form.get("file", ""))
    moved = offer.moved(request.form.get("period", ""))

    def again(status: int, problem: str, given: str = "") -> Response:
        sentence = PERIOD_FAULTS[problem].format(given=given)
        return _preview_page(site, request, offer, status=status, fault=sentence)

    if whole_number(request.form.get("newest", "")) != offer.newest or offer.change.refused:
        return again(409, "changed_meanwhile")
    if not moved:
        return again(422, "no_such_period")
    if len(moved) > MOST_PERIODS:
        return again(422, "too_many_periods", str(len(moved)))
    try:
        _adopt(site, request, offer, moved)
    except Conflict:
        offer = _Offer(site, request, offer.digest)
        return again(409, "changed_meanwhile")
    return redirect(site, "desk", offer.programme.key, "form", done=str(offer.form.version))


def _adopt(site: Site, request: Request, offer: _Offer, moved: Sequence[Period]) -> None:
    """Raises Conflict."""
    detail = {
        "version": offer.form.version,
        "from": moved[0].key,
        "periods": [one.key for one in moved],
        "added": [one.code for one in offer.change.added],
        "removed": [one.code for one in offer.change.removed],
        "changed": sorted({one.code for one in offer.change.changed}),
    }
    act = Act(request.now, request.who.email, "adopt_form", offer.programme.key, detail=detail)
    authoring.adopt(site.table, act, None if offer.change.nothing else offer.form, moved)


def download(site: Site, request: Request) -> Response:
    """303 to a link made now: it ends after five minutes."""
    programme = programme_of(site, request)
    version = whole_number(request.query.get("version", ""))
    forms = programmes.forms(site.table, programme.key)
    form = next((one for one in forms if one.version == version), None)
    if form is None:
        raise Problem(404, "no_form")
    content = xlsform_writer.write(form, programme.key.replace("-", "_"))
    save_as = FORM_FILE.format(programme=slug(programme.key), version=version)
    where = f"forms/{programme.key}"
    return downloads.made(site, request, where, save_as, lambda file: file.write(content))
