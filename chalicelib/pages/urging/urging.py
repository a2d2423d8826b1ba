"""Urging by hand: choosing units, the text before it is sent, a round and its slices, the log."""

from collections import Counter

from chalicelib import messages
from chalicelib.edges.ports import Site
from chalicelib.jobs import remind
from chalicelib.messages.urging import urging as words
from chalicelib.pages.frame import render
from chalicelib.pages.frame.address import period_of
from chalicelib.pages.frame.web import Problem, Request, Response, absolute, redirect
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.progress import reminder
from chalicelib.rules.progress.reminder import Case, Round, Row
from chalicelib.rules.texts.text import forbidden
from chalicelib.rules.units.unit import owing
from chalicelib.store import programmes, reminders

_STYLES = ("base", "desk", "urging")
_BOX = "unit."


def urge(site: Site, request: Request) -> Response:
    """Whom a mail can reach now, to be ticked; who has had one today; who can't have one."""
    programme, period = period_of(site, request)
    found = remind.rows(site.table, programme, period, request.now)
    return _choose(site, request, programme, period, found)


def _choose(
    site: Site,
    request: Request,
    programme: Programme,
    period: Period,
    found: list[Row],
    fault: str = "",
) -> Response:
    now, day = request.now, reminder.day_of(request.now)
    rounds = reminders.rounds(site.table, programme.key, period.key)
    choosable = [row for row in found if reminder.open_today(row, now)]
    return render.page(
        site,
        request,
        "urging/urge.html",
        status=422 if fault else 200,
        styles=_STYLES,
        programme=programme,
        period=period,
        choosable=choosable,
        overdue=[row for row in choosable if row.case and row.case.owed.is_overdue(now)],
        urged=[row for row in found if not (row.against or reminder.open_today(row, now))],
        others=[row for row in found if row.against not in ("", "has_sent")],
        rounds=[one for one in rounds if one.day == day],
        ticked=_ticked(request),
        fault=fault and words.FAULTS[fault],
        words=words,
        now=request.now,
    )


def _ticked(request: Request) -> set[str]:
    return {
        name.removeprefix(_BOX)
        for name, content in request.form.items()
        if name.startswith(_BOX) and content == "1"
    }


def _chosen(request: Request, found: list[Row]) -> tuple[list[Row], list[str]]:
    """The rows that the officer means, and codes that owe no report this period."""
    which = request.form.get("which", "")
    if which in ("all", "overdue"):
        choosable = [row for row in found if reminder.open_today(row, request.now)]
        overdue = [row for row in choosable if row.case and row.case.owed.is_overdue(request.now)]
        return (choosable if which == "all" else overdue), []
    ticked = _ticked(request)
    known = [row for row in found if row.unit.code in ticked]
    return known, sorted(ticked - {row.unit.code for row in known})


def preview(site: Site, request: Request) -> Response:
    """Who will get which text. Nothing is sent and nothing is kept."""
    programme, period = period_of(site, request)
    found = remind.rows(site.table, programme, period, request.now)
    chosen, unknown = _chosen(request, found)
    if not chosen and not unknown:
        return _choose(site, request, programme, period, found, "nobody")
    return _preview(site, request, programme, period, chosen, unknown)


def _preview(
    site: Site,
    request: Request,
    programme: Programme,
    period: Period,
    chosen: list[Row],
    unknown: list[str],
) -> Response:
    going = [row for row in chosen if reminder.open_today(row, request.now)]
    note = request.form.get("note", "")
    fault = _fault(note) or ("" if going else "nobody_left")
    compose = _composer(site, programme, period, "" if _fault(note) else note, request)
    kinds = Counter(row.case.why for row in going if row.case)
    samples = []
    for why in kinds:
        case = next(row.case for row in going if row.case and row.case.why == why)
        samples.append((why, kinds[why], case, *compose(case, "")))
    return render.page(
        site,
        request,
        "urging/urge_preview.html",
        status=422 if fault else 200,
        styles=_STYLES,
        programme=programme,
        period=period,
        going=going,
        staying=[row for row in chosen if not reminder.open_today(row, request.now)],
        unknown=unknown,
        samples=samples,
        note=note,
        round=_round_id(request),
        fault=fault and words.FAULTS[fault],
        longest=reminder.LONGEST_NOTE,
        words=words,
        now=request.now,
    )


def _fault(note: str) -> str:
    """What is wrong with the officer's addition: it goes to many units."""
    if len(note) > reminder.LONGEST_NOTE:
        return "note_too_long"
    if forbidden(note):
        return "note_forbidden"
    return "note_link" if reminder.holds_link(note) else ""


def _round_id(request: Request) -> str:
    given = request.form.get("round", "")
    return given if reminder.is_round(given) else reminder.new_round()


def _composer(
    site: Site, programme: Programme, period: Period, note: str, request: Request
) -> remind.Compose:
    """Subject and text for one unit. Without a token the text says where its link will stand."""

    def composed(case: Case, token: str) -> tuple[str, str]:
        text = render.text(
            "messages/reminder.txt",
            case=case,
            programme=programme,
            department=programme.department,
            period=period,
            note=note,
            link=absolute(site, "u", token) if token else words.PLACE_OF_LINK,
            now=request.now,
        )
        due = messages.day(case.owed.due)
        return words.SUBJECTS[case.why].format(period=period.label, due=due), text

    return composed


def begin(site: Site, request: Request) -> Response:
    """Keep the round and send its first slice. A second tap finds the round there."""
    programme, period = period_of(site, request)
    p, k, id = programme.key, period.key, _round_id(request)
    if reminders.round_of(site.table, p, k, id):
        return redirect(site, "desk", p, k, "urge", "round", id)
    found = remind.rows(site.table, programme, period, request.now)
    chosen, unknown = _chosen(request, found)
    if not chosen and not unknown:
        return _choose(site, request, programme, period, found, "nobody")
    going = tuple(row.unit.code for row in chosen if reminder.open_today(row, request.now))
    note = request.form.get("note", "")
    if not going or _fault(note):
        return _preview(site, request, programme, period, chosen, unknown)
    day, who = reminder.day_of(request.now), request.who.email
    made = Round(id, day, going, note, who, request.now)
    reminders.begin(site.table, p, k, made)
    compose = _composer(site, programme, period, note, request)
    remind.step(site, programme, period, made, who, compose)
    return redirect(site, "desk", p, k, "urge", "round", id)


def _round_of(site: Site, request: Request) -> tuple[Programme, Period, Round]:
    programme, period = period_of(site, request)
    found = reminders.round_of(site.table, programme.key, period.key, request.params["round"])
    if found is None:
        raise Problem(404, "no_round")
    return programme, period, found


def next_slice(site: Site, request: Request) -> Response:
    """ "Gửi tiếp", or "Gửi lại" for those that are known not to have gone out."""
    programme, period, round = _round_of(site, request)
    if round.day == reminder.day_of(request.now):
        compose = _composer(site, programme, period, round.note, request)
        again = request.form.get("do") == "again"
        remind.step(site, programme, period, round, request.who.email, compose, again=again)
    return redirect(site, "desk", programme.key, period.key, "urge", "round", round.id)


def round_page(site: Site, request: Request) -> Response:
    """What of a round was done and what is left. Of an earlier day: the log says it."""
    programme, period, round = _round_of(site, request)
    p, k, now = programme.key, period.key, request.now
    if round.day != reminder.day_of(now):
        return redirect(site, "desk", p, k, "urge", "log", day=round.day)
    found = reminder.of_round(remind.rows(site.table, programme, period, now), round)
    outcomes = [(row, _outcome(row, round, request)) for row in found]
    return render.page(
        site,
        request,
        "urging/urge_round.html",
        styles=_STYLES,
        programme=programme,
        period=period,
        round=round,
        outcomes=outcomes,
        counts=Counter(outcome for _, outcome in outcomes),
        words=words,
        now=now,
    )


def _outcome(row: Row, round: Round, request: Request) -> str:
    """A key of words.ENDS or words.NOT_URGED, or "waiting".

    What failed and is not wanted any more, because the unit has sent meanwhile, is not "failed":
    that asks for one more try.
    """
    if row.reminder and row.reminder.round == round.id:
        ended = row.reminder.ended(request.now)
        return row.against if ended == "failed" and row.against else ended
    if row.against:
        return row.against
    return "waiting" if reminder.open_today(row, request.now) else "today"


def log(site: Site, request: Request) -> Response:
    """Who was urged on a day of this period, by whom, and how it ended."""
    programme, period = period_of(site, request)
    p, k = programme.key, period.key
    rounds = reminders.rounds(site.table, p, k)
    days = sorted({round.day for round in rounds}, reverse=True)
    asked = request.query.get("day", "")
    day = asked if asked in days else days[0] if days else ""
    sent = list(reminders.reminders(site.table, p, k, day)) if day else []
    return render.page(
        site,
        request,
        "urging/urge_log.html",
        styles=_STYLES,
        programme=programme,
        period=period,
        days=days,
        day=day,
        rounds=[round for round in rounds if round.day == day],
        sent=sent,
        names=_names(site, programme, period) if sent else {},
        words=words,
        now=request.now,
    )


def _names(site: Site, programme: Programme, period: Period) -> dict[str, str]:
    """As the units were called at the period's cut-off."""
    units = owing(programmes.units(site.table, programme), period.end)
    return {unit.code: unit.name for unit in units}
