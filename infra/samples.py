"""A folder with a programme (programme.toml, the form, units.csv) into the table."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, get_args

from pydantic import ValidationError

from chalicelib import ways
from chalicelib.edges.ports import Site
from chalicelib.messages.frame import dates, uploads
from chalicelib.messages.units import authoring
from chalicelib.messages.units.units import heads, is_taken
from chalicelib.rules.files import upload
from chalicelib.rules.files.upload import FileType
from chalicelib.rules.forms import xlsform_reader
from chalicelib.rules.forms.form import Form
from chalicelib.rules.programmes import period, regime
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.programmes.programme import Programme, Staff
from chalicelib.rules.units import contact, list_reader
from chalicelib.rules.units.unit import Unit
from chalicelib.store import access, programmes
from chalicelib.store.links import standing_or_first_link
from infra import rescue

FOLDER = Path(__file__).resolve().parents[1] / "programmes"


class NotLoaded(Exception):
    """Nothing of the folder was kept; the text has one line a fault."""


class Loaded(NamedTuple):
    programme: Programme
    passed: tuple[str, ...]  # what of its form's file is not in the form


def load_all(site: Site, folder: Path = FOLDER) -> None:
    """Load the folders that are not in the table yet. What is there stays as it is."""
    for settings in sorted(folder.glob("*/programme.toml")):
        try:
            key = tomllib.loads(settings.read_text("utf-8")).get("key", "")
        except ValueError as error:
            raise NotLoaded(f"{settings}: {error}") from None
        if programmes.programme(site.table, key) is None:
            load(site, settings.parent)


def load(site: Site, folder: Path) -> Loaded:
    """Load a folder, or bring a loaded one up to date. Raises NotLoaded, having kept nothing.

    A changed form becomes a new version; it is used by the periods that have not begun.
    """
    programme, staff = _settings(folder / "programme.toml")
    p = programme.key
    try:
        form, passed = _form(site, folder, programme)
    except NotLoaded as faulty:
        raise NotLoaded("\n".join([str(faulty), *_unit_faults(folder, programme)])) from None
    units = _units(folder, programme)
    _refuse_dropped(site, folder, programme, units)
    _refuse_without_officer(site, folder, staff)
    programmes.keep_form(site.table, p, form)
    programmes.keep_periods(site.table, p, _periods(site, programme, form))
    programmes.keep_units(site.table, p, units)
    for code in sorted({one.code for one in units}):
        standing_or_first_link(site.table, site.key, p, code)
    for one in sorted(staff, key=lambda one: one.role != "officer"):  # an officer stays
        rescue.appoint(site, "make load", one.email, one.role)
    programmes.keep_programme(site.table, programme)  # last: a half-loaded one is loaded again
    return Loaded(programme, passed)


def _settings(path: Path) -> tuple[Programme, list[Staff]]:
    try:
        settings: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
        staff = [Staff.model_validate(entry) for entry in settings.pop("staff", [])]
        programme = Programme.model_validate(settings)
        list(
            period.keys(
                programme.regime.collects, programme.regime.first_year, programme.regime.last_year
            )
        )
    except FileNotFoundError:
        raise NotLoaded(f"{path.parent} has no {path.name}: is it a programme's folder?") from None
    except (OSError, ValueError, KeyError) as error:
        if isinstance(error, ValidationError):
            where = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise NotLoaded("\n".join(f"{path}: {line}" for line in where)) from None
        raise NotLoaded(f"{path}: {error}") from None
    _refuse_taken_key(path, programme.key)
    if is_taken(programme.department):
        bloc = programme.department.called.bloc
        raise NotLoaded(f"{path}: department.called.bloc: a list calls another column {bloc}")
    if wrong := [one.email for one in staff if not contact.is_mailbox(one.email.lower())]:
        raise NotLoaded(f"{path}: staff: {wrong[0]} is no mail address like canbo@so.example")
    _refuse_unreachable(path, programme)
    return programme, staff


def _refuse_unreachable(path: Path, programme: Programme) -> None:
    """Every page and mail names the department's mailbox and phone to whoever needs help."""
    department = programme.department
    for name, given in (("email", department.email), ("phone", department.phone)):
        box = {"email": "mailbox"}.get(name, name)
        if box in contact.read({box: given})[1] or not given:
            raise NotLoaded(f"{path}: department.{name}: {given!r} reaches nobody")


def _form(site: Site, folder: Path, programme: Programme) -> tuple[Form, tuple[str, ...]]:
    """The newest version where the file says the same, else the next one; what it passes over."""
    found = [path for kind in get_args(FileType) for path in folder.glob(f"form.{kind}")]
    if len(found) != 1:
        raise NotLoaded(f"{folder}: cần đúng một tệp form.md, form.xlsx hoặc form.csv")
    kept = programmes.forms(site.table, programme.key)
    version = kept[-1].version + 1 if kept else 1
    content = found[0].read_bytes()
    try:
        kind = upload.guard(content, found[0].name)
        form, over = xlsform_reader.take(content, kind, programme.blocs, version)
    except upload.NotTaken as refused:
        raise NotLoaded(f"{found[0]}: {uploads.FAULTS[refused.problem]}") from None
    except xlsform_reader.Faulty as faulty:
        lines = (
            f"{found[0]}: {authoring.form_fault(fault, programme.department)}"
            for fault in faulty.faults
        )
        raise NotLoaded("\n".join(lines)) from None
    passed = tuple(f"{found[0]}: {authoring.form_passed(one)}" for one in over)
    if kept and kept[-1].model_copy(update={"version": version}) == form:
        return kept[-1], passed
    changed = sorted({code for older in kept for code in older.changed_kinds(form)})
    if changed:
        raise NotLoaded(f"{found[0]}: kiểu của chỉ tiêu đã có không đổi được: {', '.join(changed)}")
    return form, passed


def _units(folder: Path, programme: Programme) -> list[Unit]:
    path = folder / "units.csv"
    try:
        return list_reader.read_csv(path.read_bytes(), programme.blocs, heads(programme.department))
    except OSError as error:
        raise NotLoaded(f"{path}: {error.strerror}") from None
    except list_reader.Faulty as faulty:
        lines = (
            f"{path}: {authoring.unit_fault(fault, programme.department)}"
            for fault in faulty.faults
        )
        raise NotLoaded("\n".join(lines)) from None


def _unit_faults(folder: Path, programme: Programme) -> list[str]:
    """Nobody mends one file to hear about the other."""
    try:
        _units(folder, programme)
    except NotLoaded as faulty:
        return [str(faulty)]
    return []


def _refuse_dropped(site: Site, folder: Path, programme: Programme, units: list[Unit]) -> None:
    """Nothing is deleted: a unit ends by its valid_to, and its dated versions stay."""
    listed = {(one.code, one.valid_from) for one in units}
    dropped = [
        one
        for one in programmes.units(site.table, programme.key)
        if (one.code, one.valid_from) not in listed
    ]
    if dropped:
        raise NotLoaded(
            "\n".join(
                f"{folder / 'units.csv'}: thiếu đơn vị đã có {one.code}, từ ngày {one.valid_from}; "
                "đơn vị kết thúc thì ghi valid_to"
                for one in dropped
            )
        )


def _refuse_without_officer(site: Site, folder: Path, staff: list[Staff]) -> None:
    before = dict(access.staff(site.table))
    after = before | {one.email.lower(): one.role for one in staff}
    if "officer" in before.values() and "officer" not in after.values():
        raise NotLoaded(
            f"{folder / 'programme.toml'}: [[staff]] makes the last officer a director, and nobody "
            "could act any more: name another officer there too"
        )


def _refuse_taken_key(path: Path, key: str) -> None:
    """/desk/staff is a page: a programme of that name would stand behind it, out of reach."""
    taken = {way.path.split("/")[2] for way in ways.WAYS if way.path.startswith("/desk/")}
    if key in taken:
        raise NotLoaded(f"{path}: key: {key!r} is a page of the desk itself: choose another key")


def _periods(site: Site, programme: Programme, form: Form) -> Iterator[Period]:
    """New periods, and those not begun anew: newest form, days and holidays. A begun one stays."""
    now = site.clock()
    kept = {one.key: one for one in programmes.periods(site.table, programme.key)}
    for one in regime.periods(programme, form.version, dates.period_label):
        if one.key not in kept or not kept[one.key].has_begun(now):
            yield one.came_in(now)
