"""Until when, and may it: every state of a report, extended or not, at every time, in one table."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from chalicelib.messages.frame import problems
from chalicelib.messages.reports import moves as words
from chalicelib.messages.urging.urging import NOT_URGED
from chalicelib.rules.programmes.period import end_of
from chalicelib.rules.reports.exempt_or_extended import NO_TERMS, Terms
from chalicelib.rules.reports.obligation import Asking, Obligation
from chalicelib.rules.reports.report import Head
from tests.builders import head, instant, period

DUE, LOCKS = (end_of(date(2026, 12, day)) for day in (17, 21))
BACK, LONGER = (end_of(date(2026, 12, day)) for day in (19, 25))
TIMES = {
    "early": period().opens - timedelta(seconds=1),
    "open": instant(16),
    "overdue": instant(18),
    "locked": instant(22),
    "after": instant(26),  # past an extension, too
}
HEADS: dict[str, Head | None] = {
    "missing": None,
    "submitted": head(),
    "accepted": head(state="accepted"),
    "returned": head(state="returned"),
    "returned by": head(state="returned", return_due=BACK),
    "reopened": head(state="reopened"),
    "reopened by": head(state="reopened", return_due=BACK),
    "sent before": head(return_due=BACK),  # a return that was answered governs nothing
}

# What stands against sending · what may be asked for · what stands against urging; "ok": nothing.
EARLY = "not_open_yet · - · not_open_yet"
OWES = "ok · extend · ok"
SENT = "ok · - · has_sent"
SHUT = "locked · reopen · has_sent"
DONE = "reopening_over · reopen · has_sent"
MISSED = "locked · extend · locked"
TAKEN = "submit_from_accepted · reopen · has_sent"
# State, extended -> until when; and at each of TIMES.
TABLE: dict[tuple[str, bool], tuple[datetime, tuple[str, ...]]] = {
    ("missing", False): (DUE, (EARLY, OWES, OWES, MISSED, MISSED)),
    ("missing", True): (LONGER, (EARLY, OWES, OWES, OWES, MISSED)),
    ("submitted", False): (DUE, (EARLY, SENT, SENT, SHUT, SHUT)),
    ("submitted", True): (LONGER, (EARLY, SENT, SENT, SENT, SHUT)),
    ("sent before", False): (DUE, (EARLY, SENT, SENT, SHUT, SHUT)),
    ("sent before", True): (LONGER, (EARLY, SENT, SENT, SENT, SHUT)),
    ("accepted", False): (DUE, ("submit_from_accepted · - · not_open_yet", *[TAKEN] * 4)),
    ("accepted", True): (LONGER, ("submit_from_accepted · - · not_open_yet", *[TAKEN] * 4)),
    ("returned", False): (DUE, (EARLY, *[OWES] * 4)),
    ("returned", True): (LONGER, (EARLY, *[OWES] * 4)),
    ("returned by", False): (BACK, (EARLY, *[OWES] * 4)),
    ("returned by", True): (BACK, (EARLY, *[OWES] * 4)),
    ("reopened", False): (DUE, (EARLY, *[SENT] * 4)),
    ("reopened by", False): (DUE, (EARLY, SENT, SENT, DONE, DONE)),
    ("reopened by", True): (LONGER, (EARLY, SENT, SENT, DONE, DONE)),
    ("reopened", True): (LONGER, (EARLY, *[SENT] * 4)),
}
CASES = [
    (state, extended, until, when, expected)
    for (state, extended), (until, at) in TABLE.items()
    for when, expected in zip(TIMES, at, strict=True)
]


def owed(state: str, *, extended: bool, exempt: str = "", owes: bool = True) -> Obligation:
    terms = Terms("T01", exempt, LONGER if extended else None)
    return Obligation(period(), terms, HEADS[state], owes)


def told(one: Obligation, now: datetime) -> str:
    against = one.against_sending(now) or "ok", one.may_ask(now) or "-", one.against_urging(now)
    return " · ".join((*against[:2], against[2] or "ok"))


@pytest.mark.parametrize(("state", "extended", "until", "when", "expected"), CASES)
def test_until_when_and_may_it(
    state: str, extended: bool, until: datetime, when: str, expected: str
) -> None:
    one, now = owed(state, extended=extended), TIMES[when]
    assert one.due == until
    assert told(one, now) == expected
    assert one.may_send(now) is expected.startswith("ok")
    waited_for = state in ("missing", "returned", "returned by") and expected != MISSED
    assert one.is_overdue(now) is (waited_for and now > until)
    shut = {MISSED: "locked", DONE: "reopening_over"}
    assert one.stands(now) == shut.get(expected, one.state)


@pytest.mark.parametrize(("state", "extended", "until", "when", "expected"), CASES)
def test_who_is_exempt_sends_asks_and_hears_nothing(
    state: str, extended: bool, until: datetime, when: str, expected: str
) -> None:
    one, now = owed(state, extended=extended, exempt="Sáp nhập"), TIMES[when]
    urged = "not_open_yet" if when == "early" else "exempt"
    assert told(one, now) == f"exempt · - · {urged}"
    assert one.terms.against_asking_back() == "asked_of_exempt"
    assert {one.against_granting(asked, now) for asked in ("extend", "reopen")} == {"exempt"}


@pytest.mark.parametrize(("state", "extended", "until", "when", "expected"), CASES)
def test_what_was_asked_is_granted_only_where_it_still_helps(
    state: str, extended: bool, until: datetime, when: str, expected: str
) -> None:
    one, now = owed(state, extended=extended), TIMES[when]
    kinds: tuple[Asking, ...] = ("extend", "reopen")
    for asked in kinds:
        assert one.against_granting(asked, now) == ("" if f" {asked} " in expected else asked)


@pytest.mark.parametrize("state", HEADS)
def test_who_owes_it_no_more_sends_and_asks_nothing(state: str) -> None:
    for now in TIMES.values():
        one = owed(state, extended=False, owes=False)
        assert one.may_ask(now) is None
        assert not one.may_send(now)


def test_lateness_is_judged_on_the_units_own_due_whatever_a_return_says() -> None:
    assert owed("returned by", extended=False).own_due == DUE
    assert owed("returned by", extended=True).own_due == LONGER


def test_an_extension_gives_time_and_moves_the_lock_for_this_unit_alone() -> None:
    assert (owed("missing", extended=True).extension, owed("missing", extended=True).locks) == (
        LONGER,
        LONGER,
    )
    assert (Obligation(period()).extension, Obligation(period()).locks) == (None, LOCKS)
    overtaken = Obligation(period(due=LONGER), Terms("T01", due=DUE))
    assert (overtaken.due, overtaken.extension) == (LONGER, None)


@pytest.mark.parametrize("state", HEADS)
def test_it_is_open_while_it_can_be_filled_in_or_was_asked_back(state: str) -> None:
    asked_back = state in ("returned", "returned by", "reopened")
    at: dict[str, Any] = {when: owed(state, extended=False).is_open(TIMES[when]) for when in TIMES}
    assert at == {
        "early": asked_back or state == "reopened by",
        "open": True,
        "overdue": True,
        "locked": asked_back,
        "after": asked_back,
    }


@pytest.mark.guards(
    "a period that was over when the programme began is held against nobody",
    "every lock that is behind is the units' own ✓",
)
def test_nobody_is_blamed_for_a_period_that_was_over_when_the_programme_began() -> None:
    was_over = period().came_in(LOCKS + timedelta(days=1))
    assert period().came_in(LOCKS) == period()  # it can still be sent on its last day
    for now in TIMES.values():
        one = Obligation(was_over)
        assert one.stands(now) == ("missing" if now <= LOCKS else "before")
        assert one.stands(now) != "before" or not one.is_overdue(now)
    longer = Terms("T01", due=end_of(date(2027, 1, 20)))
    assert Obligation(was_over, longer).stands(TIMES["after"]) == "missing"  # asked for after all
    moved = was_over.model_copy(update={"locks": end_of(date(2027, 2, 1))})
    assert Obligation(moved).stands(instant(2, month=2, year=2027)) == "locked"


def test_every_reason_has_its_sentence() -> None:
    reasons = {part for _, at in TABLE.values() for cell in at for part in cell.split(" · ")[::2]}
    against, urged = (
        reasons - {"ok", "has_sent"},
        reasons - {"ok", "submit_from_accepted", "reopening_over"},
    )
    assert against | {"exempt", "asked_of_exempt"} <= problems.REFUSALS.keys()
    assert urged | {"exempt"} <= NOT_URGED.keys()
    assert {"extend", "reopen", "exempt"} == words.NO_LONGER_NEEDED.keys()


def test_nothing_is_asked_where_nothing_was_agreed() -> None:
    assert Obligation(period()).terms is NO_TERMS
