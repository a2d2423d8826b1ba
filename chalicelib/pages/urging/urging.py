"""Urging by hand: choosing units, the text before it is sent, a round and its slices, the log."""

from collections import Counter
from typing import Any

from chalicelib.edges.ports import Site
from chalicelib.jobs import remind
from chalicelib.messages.frame import dates
from chalicelib.messages.urging import urging as words
from chalicelib.pages.frame import render
from chalicelib.pages.frame.address import period_of
from chalicelib.pages.frame.web import Problem, Request, Response, absolute, redirect
from chalicelib.rules.progress import reminder
from chalicelib.rules.progress.reminder import Case, Round, Row
from chalicelib.rules.texts.text import forbidden
from chalicelib.rules.units.unit import owing
from chalicelib.store import programmes, reminders

_STYLES = ("base", "desk", "urging")
_BOX = "unit."


class _Urging:
    """One period that is urged for, as every page here needs it."""

    def __init__(self, site: Site, request: Request) -> None:
        self.site, self.request = site, request
        self.programme, self.period = period_of(site, request)
        self.where = self.programme.key, self.period.key

    def rows(self) -> list[Row]:
        return remind.rows(self.site.table, self.programme, self.period, self.request.now)

    def page(self, template: str, *, fault: str = "", **context: Any) -> Response:
        """A key of FAULTS says why nothing was done."""
        return render.page(
            self.site,
            self.request,
            template,
            status=422 if fault else 200,
            styles=_STYLES,
            programme=self.programme,
            period=self.period,
            fault=fault and words.FAULTS[fault],
            words=words,
            now=self.request.now,
            **context,
        )

    def to(self, *parts: str, **query: str) -> Response:
        return redirect(self.site, "desk", *self.where, "urge", *parts, **query)


def urge(site: Site, request: Request) -> Response:
    """Whom a mail can reach now, to be ticked; who has had one today; who can't have one."""
    urging = _Urging(site, request)
    return _choose(urging, urging.rows())


def _choose(urging: _Urging, found: list[Row], fault: str = "") -> Response:
    now, day = urging.request.now, reminder.day_of(urging.request.now)
    rounds = reminders.rounds(urging.site.table, *urging.where)
    choosable = [row for row in found if reminder.open_today(row, now)]
    return urging.page(
        "urging/urging.html",
        fault=fault,
        choosable=choosable,
        overdue=[row for row in choosable if row.case and row.case.owed.is_overdue(now)],
        urged=[row for row in found if not (row.against or reminder.open_today(row, now))],
        others=[row for row in found if row.against not in ("", "has_sent")],
        rounds=[one for one in rounds if one.day == day],
        ticked=_ticked(urging.request),
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
    urging = _Urging(site, request)
    found = urging.rows()
    chosen, unknown = _chosen(request, found)
    if not chosen and not unknown:
        return _choose(urging, found, "nobody")
    return _preview(urging, chosen, unknown)


def _preview(urging: _Urging, chosen: list[Row], unknown: list[str]) -> Response:
    request, note = urging.request, urging.request.form.get("note", "")
    going = [row for row in chosen if reminder.open_today(row, request.now)]
    compose = _composer(urging, "" if _fault(note) else note)
    return urging.page(
        "urging/preview.html",
        fault=_fault(note) or ("" if going else "nobody_left"),
        going=going,
        staying=[row for row in chosen if not reminder.open_today(row, request.now)],
        unknown=unknown,
        samples=_samples(going, compose),
        note=note,
        round=_round_id(request),
        longest=reminder.LONGEST_NOTE,
    )


def _samples(going: list[Row], compose: remind.Compose) -> list[tuple[str, int, Case, str, str]]:
    """For each reason to urge how many units have it, and the mail as the first of them gets it."""
    cases = [row.case for row in going if row.case]
    kinds = Counter(case.why for case in cases)
    first = {case.why: case for case in reversed(cases)}
    return [(why, count, first[why], *compose(first[why], "")) for why, count in kinds.items()]


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


def _composer(urging: _Urging, note: str) -> remind.Compose:
    """Subject and text for one unit. Without a token the text says where its link will stand."""
    programme, period = urging.programme, urging.period

    def composed(case: Case, token: str) -> tuple[str, str]:
        text = render.text(
            "messages/reminder.txt",
            case=case,
            programme=programme,
            department=programme.department,
            period=period,
            note=note,
            link=absolute(urging.site, "u", token) if token else words.PLACE_OF_LINK,
            now=urging.request.now,
        )
        due = dates.day(case.owed.due)
        return words.SUBJECTS[case.why].format(period=period.label, due=due), text

    return composed


def _send_slice(urging: _Urging, round: Round, *, again: bool = False) -> Response:
    """The next mails of the round, and the way to what became of them."""
    compose, who = _composer(urging, round.note), urging.request.who.email
    remind.step(urging.site, urging.programme, urging.period, round, who, compose, again=again)
    return urging.to("round", round.id)


def begin(site: Site, request: Request) -> Response:
    """Keep the round and send its first slice. A second tap finds the round there."""
    urging, id = _Urging(site, request), _round_id(request)
    if reminders.round_of(site.table, *urging.where, id):
        return urging.to("round", id)
    found = urging.rows()
    chosen, unknown = _chosen(request, found)
    if not chosen and not unknown:
        return _choose(urging, found, "nobody")
    going = tuple(row.unit.code for row in chosen if reminder.open_today(row, request.now))
    note = request.form.get("note", "")
    if not going or _fault(note):
        return _preview(urging, chosen, unknown)
    day, who = reminder.day_of(request.now), request.who.email
    made = Round(id, day, going, note, who, request.now)
    reminders.begin(site.table, *urging.where, made)
    return _send_slice(urging, made)


def _round_of(urging: _Urging) -> Round:
    """The round of the address. Raises Problem."""
    id = urging.request.params["round"]
    found = reminders.round_of(urging.site.table, *urging.where, id)
    if found is None:
        raise Problem(404, "no_round")
    return found


def next_slice(site: Site, request: Request) -> Response:
    """ "Gửi tiếp", or "Gửi lại" for those that are known not to have gone out."""
    urging = _Urging(site, request)
    round = _round_of(urging)
    if round.day != reminder.day_of(request.now):
        return urging.to("round", round.id)
    return _send_slice(urging, round, again=request.form.get("do") == "again")


def round_page(site: Site, request: Request) -> Response:
    """What of a round was done and what is left. Of an earlier day: the log says it."""
    urging = _Urging(site, request)
    round = _round_of(urging)
    if round.day != reminder.day_of(request.now):
        return urging.to("log", day=round.day)
    found = reminder.of_round(urging.rows(), round)
    outcomes = [(row, _outcome(row, round, request)) for row in found]
    return urging.page(
        "urging/round.html",
        round=round,
        outcomes=outcomes,
        counts=Counter(outcome for _, outcome in outcomes),
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
    urging = _Urging(site, request)
    rounds = reminders.rounds(site.table, *urging.where)
    days = sorted({round.day for round in rounds}, reverse=True)
    asked = request.query.get("day", "")
    day = asked if asked in days else days[0] if days else ""
    sent = list(reminders.reminders(site.table, *urging.where, day)) if day else []
    return urging.page(
        "urging/log.html",
        days=days,
        day=day,
        rounds=[round for round in rounds if round.day == day],
        sent=sent,
        names=_names(urging) if sent else {},
    )


def _names(urging: _Urging) -> dict[str, str]:
    """As the units were called at the period's cut-off."""
    versions = programmes.units(urging.site.table, urging.programme)
    return {unit.code: unit.name for unit in owing(versions, urging.period.end)}
