"""The department's side: programmes and periods, one period's summary, its downloads."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from chalicelib import VERSION
from chalicelib.edges.ports import Site
from chalicelib.messages.frame.dates import minute, moment
from chalicelib.messages.reports.progress import lasting
from chalicelib.messages.reports.states import STATES, VALUE_STATES
from chalicelib.messages.summaries import desk as words
from chalicelib.pages.door import ceilings
from chalicelib.pages.frame import render
from chalicelib.pages.frame.web import JSON, Problem, Request, Response, redirect
from chalicelib.pages.links.links import read_instant
from chalicelib.pages.reports.progress import rows_of
from chalicelib.rules.files.archive_nights import missed
from chalicelib.rules.programmes.period import Period, in_use, previous
from chalicelib.rules.programmes.programme import Programme, whose
from chalicelib.rules.progress import progress
from chalicelib.rules.progress.progress import Counts
from chalicelib.rules.texts import number
from chalicelib.rules.texts.clock import iso, today
from chalicelib.rules.texts.text import slug
from chalicelib.store import backup_log, exempt_or_extended, programmes, summaries, unit_requests
from chalicelib.store.summaries import Kept

_STYLES = ("base", "desk")
# So long after the lock the desk asks how many reports have changed: each is read for it.
_STILL_CHANGES = timedelta(days=60)
_GIVEN_UP = timedelta(minutes=20)  # the worker has 15, and is called once more

# `nightly` and `summary` are imported by the functions that use them: a unit's form, which is
# what mostly starts cold, needs neither.


class Live(NamedTuple):
    """An open period as it stands now, and what in it waits for the department."""

    counts: Counts
    to_take_in: int
    requests: int


def desk(site: Site, request: Request) -> Response:
    """Every programme with its begun periods, the newest first; open ones as they stand now."""
    listed = []
    for programme in programmes.programmes(site.table):
        periods = programmes.periods(site.table, programme.key)
        begun = [period for period in periods if period.has_begun(request.now)]
        rows = [_row(site, programme, period, request) for period in reversed(begun)]
        listed.append((programme, in_use(periods, request.now), rows))
    listed.sort(key=lambda one: one[0].valid_from, reverse=True)
    return render.page(
        site,
        request,
        "summaries/desk.html",
        styles=_STYLES,
        programmes=listed,
        department=whose((one for one, _, _ in listed), today(request.now)),
        archive=_archive(site, request),
        lasting=lasting,
        now=request.now,
        paused=_paused(site, request),
        version=VERSION,
    )


def _paused(site: Site, request: Request) -> str:
    """What the department must know of mails that strangers asked for, too many in this hour."""
    which = ceilings.used_up(site, request.now)
    if not which:
        return ""
    ends = request.now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return words.PAUSED[which].format(at=minute(ends), most=number.shown(site.asked_mails))


def _archive(site: Site, request: Request) -> tuple[datetime | None, bool] | None:
    """When the newest nightly archive was made, and whether last night's is missing.

    None for those who can't do anything about it, and where no archive is made by itself.
    """
    if request.session is None or request.session.role != "officer":
        return None
    known = backup_log.known(site.table)
    return (known.made, missed(known, request.now)) if known else None


def _row(
    site: Site, programme: Programme, period: Period, request: Request
) -> tuple[Period, Kept | None, Live | None, int]:
    """A period's kept summary, and what changed since it; an open one is counted anew."""
    kept = summaries.summary(site.table, programme.key, period.key)
    if not period.is_open(request.now):
        recent = kept is not None and request.now < period.locks + _STILL_CHANGES
        changed = _changed(site, programme, period, kept) if kept and recent else 0
        return period, kept, None, changed
    rows, _ = rows_of(site, programme, period)
    sent = [row for row in rows if row.head and row.head.state == "submitted"]
    waiting = sum(not row.exempt for row in sent)
    requests = unit_requests.open_count(site.table, programme.key, period.key)
    return period, kept, Live(progress.count(rows), waiting, requests), 0


def _changed(site: Site, programme: Programme, period: Period, kept: Kept) -> int:
    from chalicelib.jobs import summarise as summing

    return summing.changed_since(site, programme, period, kept)


def _entered_since(site: Site, programme: Programme, period: Period, kept: Kept) -> bool:
    from chalicelib.jobs import summarise as summing

    return summing.entered_since(site, programme, period, kept)


def _found(site: Site, request: Request) -> tuple[Programme, Period, Kept | None]:
    programme = programmes.programme(site.table, request.params["programme"])
    if programme is None:
        raise Problem(404, "no_period")
    for period in programmes.periods(site.table, programme.key):
        if period.key == request.params["period"]:
            return programme, period, summaries.summary(site.table, programme.key, period.key)
    raise Problem(404, "no_period")


def summary(site: Site, request: Request) -> Response:
    programme, period, kept = _found(site, request)
    whole = _document(site, kept)
    return render.page(
        site,
        request,
        "summaries/summary.html",
        styles=_STYLES,
        programme=programme,
        period=period,
        kept=kept,
        whole=whole,
        **_parts(programme, whole),
        before=_before(site, programme, period),
        changed=_changed(site, programme, period, kept) if kept else 0,
        entered_since=_entered_since(site, programme, period, kept) if kept else False,
        unsent=_unsent(site, programme, period, whole, request.now),
        lasting=lasting,
        open_requests=unit_requests.open_count(site.table, programme.key, period.key),
        begun=period.has_begun(request.now),
        summing=_summing(request, kept),
        value_states=VALUE_STATES,
        now=request.now,
    )


def _unsent(
    site: Site, programme: Programme, period: Period, whole: Mapping[str, Any] | None, now: datetime
) -> list[tuple[str, list[dict[str, Any]]]]:
    """The missing by what can still be done about it: a locked period's can't be sent."""
    listed = whole["missing_units"] if whole else []
    codes = [one["code"] for one in listed]
    shut = exempt_or_extended.unsent(site.table, programme.key, period, codes, now)
    found: dict[str, list[dict[str, Any]]] = {}
    for one in listed:
        found.setdefault(STATES[shut.get(one["code"], "missing")], []).append(one)
    return list(found.items())


def _before(site: Site, programme: Programme, period: Period) -> dict[str, dict[str, Any]]:
    """The totals of the period before, by code, where it was summed: for comparing."""
    from chalicelib.rules.summaries.summary import earlier_lines

    periods = programmes.periods(site.table, programme.key)
    earlier = previous(periods, period.key)
    kept = summaries.summary(site.table, programme.key, earlier[0].key) if earlier else None
    return earlier_lines(kept.totals) if kept else {}


def _document(site: Site, kept: Kept | None) -> dict[str, Any] | None:
    """The whole summary from its file, so that page, XLSX, CSV and JSON show one reading.

    None where it was never made, is of an older shape, or its file is gone: sum it again.
    """
    from chalicelib.rules.summaries.summary import SHAPE

    content = site.files.read(kept.files["json"]) if kept else None
    whole: dict[str, Any] | None = json.loads(content) if content else None
    return whole if whole and whole.get("shape") == SHAPE else None


def _parts(programme: Programme, whole: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the page goes through of a summary; nothing where there is none."""
    from chalicelib.messages.summaries import verdicts

    blocs, lines = (whole["blocs"], whole["indicators"]) if whole else ((), ())
    return {
        "blocs": [bloc for bloc in programme.blocs if bloc in blocs],
        "sections": _by_section(lines),
        "verdict": verdicts,
        "missed": verdicts.not_met(lines),
        "incomplete": sum(line["verdict"] == "incomplete" for line in lines),
    }


def _by_section(lines: Iterable[dict[str, Any]]) -> list[tuple[str, str, list[dict[str, Any]]]]:
    grouped: dict[str, tuple[str, str, list[dict[str, Any]]]] = {}
    for line in lines:
        section = line["section"]
        grouped.setdefault(section, (section, line["section_label"], []))[2].append(line)
    return list(grouped.values())


def summary_json(site: Site, request: Request) -> Response:
    _, _, kept = _found(site, request)
    content = site.files.read(kept.files["json"]) if kept else None
    if content is None:
        raise Problem(404, "no_summary")
    return Response(200, content.decode(), dict(JSON))


def summary_xlsx(site: Site, request: Request) -> Response:
    return _download(site, request, "xlsx")


def summary_csv(site: Site, request: Request) -> Response:
    return _download(site, request, "csv")


def _download(site: Site, request: Request, ending: str) -> Response:
    """303 to a link made now: it ends after five minutes."""
    programme, period, kept = _found(site, request)
    if kept is None:
        raise Problem(404, "no_summary")
    save_as = words.FILE.format(programme=programme.key, period=slug(period.label), ending=ending)
    link = site.files.link(kept.files[ending], save_as, request.now)
    return Response(303, headers={"Location": link})


def summarise(site: Site, request: Request) -> Response:
    """ "Tổng hợp lại ngay"."""
    programme, period, _ = _found(site, request)
    if not period.has_begun(request.now):
        raise Problem(404, "not_open_yet")
    from chalicelib.jobs import summarise as summing

    done = summing.press(site, programme, period)
    query = {} if done else {"summing": iso(request.now)}
    return redirect(site, "desk", programme.key, period.key, **query)


def _summing(request: Request, kept: Kept | None) -> tuple[str, str]:
    """What became of the sum that was asked for and handed over: how it stands, and in words.

    A summary of the same figures is not written again, so that its time can stay as it was.
    """
    pressed = read_instant(request.query.get("summing", ""))
    if pressed is None:
        return "", ""
    if kept and kept.as_of >= pressed:
        return "done", words.SUMMED.format(at=moment(kept.as_of))
    if request.now - pressed > _GIVEN_UP:
        return "given_up", words.NOT_SUMMED.format(pressed=moment(pressed))
    if kept:
        return "going", words.SUMMING.format(at=moment(kept.as_of))
    return "going", words.SUMMING_FIRST
