"""The scheduled story: read every report of a period, add up, write files, keep the summary."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib import logs, summary, workbook
from chalicelib.cells import UnitRow
from chalicelib.edges import Site
from chalicelib.period import Period
from chalicelib.programme import Programme, Section
from chalicelib.report import Head, compact
from chalicelib.store import programmes, reports
from chalicelib.store.reports import Kept
from chalicelib.summary import Document, Tally
from chalicelib.table import Conflict
from chalicelib.unit import owing

_TRIES = 5


class Failed(Exception):
    """Some periods could not be summarised; the others were. The alarm rings on this."""


@dataclass(slots=True)
class Run:
    id: str  # its lines in the log carry it
    written: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def run(site: Site, *, everything: bool) -> Run:
    """Every begun period, or only those not locked. Raises Failed at the end, not before."""
    done = Run(logs.new_id())
    with logs.line("run", id=done.id, everything=everything) as line:
        _run_all(site, done, everything=everything)
        line.add(written=len(done.written), unchanged=len(done.unchanged), failed=len(done.failed))
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
            with logs.line("summarise", id=done.id, period=name, result="failed") as line:
                written = summarise(site, programme, period)
                line.add(result="written" if written else "unchanged")
        except Exception:  # told by the line
            done.failed.append(name)
        else:
            (done.written if written else done.unchanged).append(name)


def summarise(site: Site, programme: Programme, period: Period) -> bool:
    """Recompute one period; False where nothing has changed. Safe to run twice at once.

    The stored summary's version is read before the reports, so that an older reading never
    replaces a newer one. Raises Conflict when other runs were faster five times.
    """
    for attempt in range(_TRIES):
        kept = reports.summary(site.table, programme.key, period.key)
        try:
            return _attempt(site, programme, period, kept)
        except Conflict:
            if attempt == _TRIES - 1:
                raise
    return False


def _attempt(site: Site, programme: Programme, period: Period, kept: Kept | None) -> bool:
    as_of = site.clock()
    form = programmes.form(site.table, programme.key, period.form)
    sections = form.running(period.key, period.end)
    units = owing(programmes.units(site.table, programme.key), period.end)
    tally = Tally(sections, units)
    heads = _add_all(site, programme.key, period.key, tally)
    fingerprint = tally.fingerprint(
        str(summary.SHAPE),
        *(noun.model_dump_json() for noun in (programme, period, form)),
    )
    unchanged = kept is not None and kept.fingerprint == fingerprint
    if unchanged and kept and site.files.read(kept.files["json"]) is not None:
        return False
    whole = summary.document(tally, programme.key, period, as_of)
    rows = [UnitRow(unit, heads.get(unit.code)) for unit in units]
    new = Kept(
        as_of=as_of,
        fingerprint=fingerprint,
        seen=tally.seen,
        totals=summary.totals(whole),
        files=_write_files(site, programme, period, sections, whole, rows),
        revision=kept.revision if kept else 0,
    )
    reports.keep_summary(site.table, programme.key, period.key, new)
    return True


def _add_all(site: Site, p: str, k: str, tally: Tally) -> dict[str, Head]:
    """Add every head to the tally, each with the texts of its own version."""
    texts = reports.texts(site.table, p, k)
    heads: dict[str, Head] = {}
    for head in reports.heads(site.table, p, k):
        if head.unit not in tally.units:
            continue
        number, found = texts.get(head.unit, (0, {}))
        whole = (head, found) if number == head.version else _together(site, p, k, head.unit)
        tally.add(*whole)
        heads[head.unit] = whole[0]
    return heads


def _together(site: Site, p: str, k: str, unit: str) -> tuple[Head, Mapping[str, Any]]:
    """Head and texts of one version, for a report that was sent while we were reading."""
    head = reports.head(site.table, p, k, unit)
    version = reports.version(site.table, p, k, unit, head.version) if head else None
    if head is None or version is None:
        raise LookupError(f"the report of {unit} for {k} has no version to its head")
    texts: Mapping[str, Any] = json.loads(version.content)["texts"]
    return head, texts


def _write_files(
    site: Site,
    programme: Programme,
    period: Period,
    sections: tuple[Section, ...],
    whole: Document,
    rows: list[UnitRow],
) -> dict[str, str]:
    """Named by content and written before the item that points to them."""
    contents = {
        "xlsx": workbook.as_xlsx(
            whole, programme.name, programme.blocs, sections, rows, period.due
        ),
        "csv": workbook.as_csv(whole, programme.blocs),
        "json": compact(whole).encode(),
    }
    names = {}
    for ending, content in contents.items():
        digest = hashlib.sha256(content).hexdigest()[:32]
        names[ending] = f"summaries/{programme.key}/{period.key}/{digest}.{ending}"
        site.files.write(names[ending], content)
    return names


def changed_since(site: Site, programme: Programme, period: Period, kept: Kept) -> int:
    units = owing(programmes.units(site.table, programme.key), period.end)
    heads = reports.heads(site.table, programme.key, period.key)
    return summary.changed_since(kept.seen, heads, units)
