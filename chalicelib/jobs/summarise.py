"""The scheduled story: read every report of a period, add up, write files, keep the summary."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO

from chalicelib.edges import logs
from chalicelib.edges.ports import HandOver, Site
from chalicelib.edges.table import Busy, Conflict
from chalicelib.messages.summaries.files import words
from chalicelib.rules.forms.form import Section
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.reports.exempt_or_extended import locks_for_all, without_exempt
from chalicelib.rules.reports.report import compact
from chalicelib.rules.summaries import department_figures as department
from chalicelib.rules.summaries import summary, workbook
from chalicelib.rules.summaries.cells import UnitRow
from chalicelib.rules.summaries.department_figures import Entered
from chalicelib.rules.summaries.summary import Document
from chalicelib.rules.summaries.tally import Tally
from chalicelib.rules.units.unit import Unit, owing
from chalicelib.store import department_figures, exempt_or_extended, programmes, reports, summaries
from chalicelib.store.current import current
from chalicelib.store.summaries import Kept

_TRIES = 5
# Units that owe: so many are summed while somebody waits. A thousand would be near the end of the
# API's 29 seconds on a bad day, and what is cut off there has done nothing.
AT_ONCE = 200


class Failed(Exception):
    """Some periods could not be summarised; the others were. The alarm rings on this."""


@dataclass(slots=True)
class Run:
    id: str  # its lines in the log carry it
    written: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    handed: list[str] = field(default_factory=list)
    hand_over: HandOver | None = None


def run(site: Site, *, everything: bool, hand_over: HandOver | None = None) -> Run:
    """Every begun period, or only those not locked. Raises Failed at the end, not before.

    With `hand_over`, this run only says which periods: each goes on elsewhere, by `run_one`.
    """
    done = Run(logs.new_id(), hand_over=hand_over)
    with logs.line("run", id=done.id, everything=everything) as line:
        _run_all(site, done, everything=everything)
        line.add(written=len(done.written), unchanged=len(done.unchanged), failed=len(done.failed))
        if hand_over:
            line.add(handed=len(done.handed))
        if done.failed:
            raise Failed(", ".join(done.failed))
    return done


def _run_all(site: Site, done: Run, *, everything: bool) -> None:
    for p in programmes.programme_keys(site.table):
        try:
            programme = programmes.programme(site.table, p)
            periods = programmes.periods(site.table, p)
        except Exception as error:
            logs.say("programme_unreadable", logs.ERROR, error, id=done.id, programme=p)
            done.failed.append(p)
            continue
        if programme:
            _run_programme(site, programme, periods, done, everything=everything)


def _run_programme(
    site: Site, programme: Programme, periods: list[Period], done: Run, *, everything: bool
) -> None:
    now = site.clock()
    for period in periods:
        if not period.has_begun(now) or not (everything or period.is_open(now)):
            continue
        name = f"{programme.key}/{period.key}"
        try:
            if done.hand_over:
                done.hand_over(programme.key, period.key, done.id)
                done.handed.append(name)
                continue
            written = _measured(site, programme, period, done.id)
        except Exception as error:
            if done.hand_over:  # else the period's own line has told it
                logs.say("not_handed_over", logs.ERROR, error, id=done.id, period=name)
            done.failed.append(name)
        else:
            (done.written if written else done.unchanged).append(name)


def _measured(site: Site, programme: Programme, period: Period, run_id: str) -> bool:
    """One period and its line in the log. False where nothing has changed."""
    name = f"{programme.key}/{period.key}"
    with logs.line("summarise", id=run_id, period=name, result="failed") as line:
        written = summarise(site, programme, period)
        line.add(result="written" if written else "unchanged")
        return written


def run_one(site: Site, p: str, k: str, run_id: str) -> None:
    """A period that a run has handed over. What goes wrong is raised, so that it is tried again."""
    programme = programmes.programme(site.table, p)
    period = next((one for one in programmes.periods(site.table, p) if one.key == k), None)
    if programme is None or period is None:
        raise Failed(f"{p}/{k} is not in the table")
    _measured(site, programme, period, run_id)


def press(site: Site, programme: Programme, period: Period) -> bool:
    """Somebody asks for it now. False where it was handed over and goes on elsewhere."""
    large = len(owing_now(site, programme, period)) > AT_ONCE
    if site.hand_over is None or not large:
        summarise(site, programme, period)
        return True
    run_id = logs.new_id()
    try:
        site.hand_over(programme.key, period.key, run_id)
    except Exception as error:
        name = f"{programme.key}/{period.key}"
        logs.say("not_handed_over", logs.ERROR, error, id=run_id, period=name)
        raise Busy from error
    return False


def summarise(site: Site, programme: Programme, period: Period) -> bool:
    """Recompute one period; False where nothing has changed. Safe to run twice at once.

    The stored summary's version is read before the reports, so that an older reading never
    replaces a newer one. Raises Conflict when other runs were faster five times.
    """
    for attempt in range(_TRIES):
        kept = summaries.summary(site.table, programme.key, period.key)
        try:
            return _attempt(site, programme, period, kept)
        except Conflict:
            if attempt == _TRIES - 1:
                raise
    return False


def _attempt(site: Site, programme: Programme, period: Period, kept: Kept | None) -> bool:
    as_of = site.clock()
    form = programmes.form(site.table, programme.key, period.form)

    def asks(version: int) -> Sequence[Section]:
        other = programmes.form(site.table, programme.key, version)
        return other.running(period.key, period.end)

    sections = form.running(period.key, period.end)
    units, locks = _expected(site, programme, period)
    tally = Tally(sections, units, period.form, asks)
    tally.take(current(site.table, programme.key, period.key, tally.owes))
    figures = _entered(site, programme, period, sections)
    codes = [one.code for one in tally.units]
    shut = exempt_or_extended.unsent(site.table, programme.key, period, codes, as_of)
    fingerprint = tally.fingerprint(
        f"{summary.SHAPE} {figures.revision} {as_of > locks}",  # verdicts are final at the lock
        *((compact(shut),) if shut else ()),
        *(noun.model_dump_json() for noun in (programme, period, form)),
    )
    unchanged = kept is not None and kept.fingerprint == fingerprint
    if unchanged and kept and _are_there(site, kept):
        return False
    whole = summary.document(tally, programme.key, period, as_of, figures, locks=locks)
    new = Kept(
        as_of=as_of,
        fingerprint=fingerprint,
        totals=summary.totals(whole),
        files=_write_files(site, programme, period, tally, whole, shut),
        revision=kept.revision if kept else 0,
    )
    summaries.keep_summary(site.table, programme.key, period.key, new)
    _end_files(site, kept, new)
    return True


def _end_files(site: Site, former: Kept | None, new: Kept) -> None:
    """Those that the item pointed to before and does not now. A failure costs only their room."""
    gone = set(former.files.values()) - set(new.files.values()) if former else set()
    for name in gone:
        try:
            site.files.end(name)
        except Exception as error:
            logs.say("file_not_ended", logs.WARNING, error)


def _entered(
    site: Site, programme: Programme, period: Period, sections: Sequence[Section]
) -> Entered:
    """What the department entered; nothing is read where it is asked nothing."""
    asked = department.asked(sections)
    return department_figures.entered(site.table, programme.key, period.key) if asked else Entered()


def _are_there(site: Site, kept: Kept) -> bool:
    return all(map(site.files.has, kept.files.values()))


def _write_files(
    site: Site,
    programme: Programme,
    period: Period,
    tally: Tally,
    whole: Document,
    shut: Mapping[str, str],
) -> dict[str, str]:
    """Named by content and written before the item that points to them."""
    names = {}
    for ending in ("xlsx", "csv", "json", "seen"):
        with TemporaryFile() as file:  # no file of a large programme fits in memory
            _fill(file, ending, programme, period, tally, whole, shut)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()[:32]
            names[ending] = f"summaries/{programme.key}/{period.key}/{digest}.{ending}"
            file.seek(0)
            site.files.write(names[ending], file)
    return names


def _fill(
    file: IO[bytes],
    ending: str,
    programme: Programme,
    period: Period,
    tally: Tally,
    whole: Document,
    shut: Mapping[str, str],
) -> None:
    said = words(programme.department)
    match ending:
        case "xlsx":
            own = period.form
            rows = (
                UnitRow(
                    unit,
                    sent,
                    tally.asked_of(unit, sent.form if sent else own),
                    shut.get(unit.code, "missing"),
                )
                for unit, sent in tally.rows()
            )
            named = (programme.name, programme.blocs)
            workbook.as_xlsx(file, whole, *named, tally.sections, rows, period.due, said)
        case "csv":
            file.write(workbook.as_csv(whole, programme.blocs, said))
        case "json":
            file.writelines(summary.pieces(whole))
        case "seen":
            file.write(compact(tally.seen()).encode())


def owing_now(site: Site, programme: Programme, period: Period) -> list[Unit]:
    """The units that owe a report for this period and are not exempt, in official order."""
    return _expected(site, programme, period)[0]


def _expected(site: Site, programme: Programme, period: Period) -> tuple[list[Unit], datetime]:
    """Who owes a report and is not exempt, and after which instant none is awaited."""
    terms = exempt_or_extended.terms(site.table, programme.key, period.key)
    units = without_exempt(owing(programmes.units(site.table, programme), period.end), terms)
    return units, locks_for_all(period, units, terms)


def changed_since(site: Site, programme: Programme, period: Period, kept: Kept) -> int:
    """Where what was seen is not to be had, every report is one that may have changed."""
    units = owing_now(site, programme, period)
    content = site.files.read(kept.files["seen"]) if "seen" in kept.files else None
    seen = json.loads(content) if content else {}
    revisions = reports.revisions(site.table, programme.key, period.key)
    return summary.changed_since(seen, revisions, units)


def entered_since(site: Site, programme: Programme, period: Period, kept: Kept) -> bool:
    """Whether the department has entered something since then."""
    if all(line["entered_by"] == "unit" for line in kept.totals["indicators"]):
        return False
    now = department_figures.revision(site.table, programme.key, period.key)
    return bool(now != kept.totals.get("entered", 0))
