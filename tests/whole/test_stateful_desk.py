"""Any order of acts of a department and its units: the rule machine of the unit's side, widened.

Two officers decide, grant, exempt, extend, urge, change and import units, each act on one of their
pages, and at one of its table calls a fault may fall or somebody else may act. What each commit and
each mail must be is judged as it happens (tests/desk_world.py), the rest at the end of a run.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis.stateful import precondition, rule
from hypothesis.strategies import integers, lists, none, one_of, sampled_from, tuples

from chalicelib.rules.access.access import FAILURES_AN_HOUR
from chalicelib.rules.progress import reminder
from infra.gateway import Reply
from tests.desk_world import DeskWorld
from tests.ministack import Ministack
from tests.sizes import Figure, size
from tests.whole.test_stateful import (
    ENDS,
    FAULTS,
    OTHERS,
    Reporting,
    explore,
    numbers,
    phones,
    quiet,  # noqa: F401 - a fixture
    tell,
)
from tests.world import UNITS, Here, Start

NEW_UNIT = "T03"
ALL = (*UNITS, NEW_UNIT)
OF_THE_DESK = ("exempt", "lift", "extend", "grant", "refuse", "urge", "take in", "end", "rename")
WHILE_IT_SENDS = ("accepts", "returns", "exempt", "extend", "grant", "urge", "urge", "take in")
OF_TWO = ("accepts", "accepts", "returns", "returns", "reopens", *OF_THE_DESK[:5], "take in")
BY_ANYBODY = (*OTHERS, "asks", *OF_THE_DESK, "paper", "another sends", "another sends")

units = sampled_from((*UNITS, *UNITS, NEW_UNIT))
officers = integers(0, 1)
days = sampled_from([-1, 0, 1, 3, 8, 30])
# Worst is the moment before the first write: all was read, and nothing is done yet.
moments = one_of(sampled_from(["write", "write", "write"]), integers(0, 14))
happenings = one_of(
    none(),
    none(),
    tuples(moments, sampled_from(FAULTS)),
    tuples(moments, sampled_from(BY_ANYBODY)),
    tuples(moments, sampled_from(BY_ANYBODY)),
)
at_a_mail = one_of(
    none(),
    tuples(sampled_from(["write REMINDER"]), sampled_from((*FAULTS, *BY_ANYBODY))),
    tuples(sampled_from(["write REMINDER"]), sampled_from(("another sends", "exempt", "urge"))),
    tuples(integers(0, 30), sampled_from((*FAULTS, *BY_ANYBODY))),
)
ways_of_mail = lists(
    sampled_from(["goes", "goes", "refused", "lost", "late", "dies", "dies after"]), max_size=4
)
IMPORTS = (
    ("T03;Đơn vị mới;T;2026-10-01;;",),
    ("T03;Đơn vị mới;T;2026-12-15;;",),
    ("T02;Đơn vị T02;T;2021-01-01;2026-11-30;T03", "T03;Đơn vị sáp nhập;T;2026-12-01;;"),
    ("T02;Đơn vị T02;T;2021-01-01;;", "T01;Đơn vị T01;P;2026-12-01;;"),
    ("P01;Đơn vị P01 mới;P;2026-12-14;;",),
)
Act = tuple[str, dict[str, str]]


class Desk(Reporting):
    """The five phones as before; and a department with two officers."""

    world: DeskWorld

    def _world(self, here: Here) -> DeskWorld:
        return DeskWorld(here)

    def _ends(self) -> tuple[int, ...]:
        return (*ENDS, 404)  # of a unit that owes no report any more

    # ------------------------------------------------------------------ what happens meanwhile

    def _arm(self, happening: Any, unit: str) -> None:
        if happening and happening[1] == "another sends":
            for phone in self.phones:
                if phone.unit == unit and not phone.checks and phone.unanswered is None:
                    self._gets_ready(phone, 4)
                    break
        super()._arm(happening, unit)

    def _act(self, what: str, unit: str) -> None:
        """Another person's act, by the other officer, in the middle of this one."""
        world = self.world
        posting, world._posting = world._posting, None
        kept, world.allowed_to_exempt = world.allowed_to_exempt, 0
        match what:
            case "asks":
                for phone in [phone for phone in self.phones if phone.unit == unit][:1]:
                    world.asks(phone, "Xin xem xét", 8)
            case "paper":
                world.paper(1, unit, 3, 0)
            case "rename" | "end":
                world.changes_unit(1, unit, CHANGES[what])
            case (
                "exempt"
                | "lift"
                | "extend"
                | "grant"
                | "refuse"
                | "urge"
                | "take in"
                | "accepts"
                | "returns"
                | "reopens"
            ):
                world.desk(1, *self._of_the_desk(what, unit))
            case _:
                super()._act(what, unit)
        world._posting, world.allowed_to_exempt = posting, kept

    def _of_the_desk(self, what: str, unit: str) -> Act:
        world = self.world
        match what:
            case "exempt":
                return world.exempting(unit)
            case "lift":
                return world.lifting(unit, "exempt")
            case "extend":
                return world.extending(unit, 8)
            case "urge":
                return world.urging(reminder.new_round())
            case "take in":
                return world.taking_in(ALL)
            case "accepts" | "returns" | "reopens":
                return world.deciding(unit, what[:-1], 3)
            case _:
                head = world.head(unit)
                kind = "reopen" if head and head.body["state"] != "returned" else "extend"
                return world.answering(unit, kind, what, 8)

    def _does(self, happening: Any, unit: str, act: Callable[[], Reply | None]) -> int:
        """An officer's act; what a fault has cut short is tapped again, and then it is clear."""
        self._arm(happening, unit)
        reply = act()
        cut = self._happened() and self._what in FAULTS
        status = reply.status if reply else 0
        if status in (0, 503):
            assert cut, "cut short without a fault"
            self.world.ledger.told["cut short"] += 1
            reply = act()
            status = reply.status if reply else 0
        assert status in (200, 303, 404, 409, 422) or self.world.post.does, status
        self.told[f"desk {status}"] += 1
        return status

    def _taps(self, happening: Any, unit: str, who: int, act: Act) -> int:
        return self._does(happening, unit, lambda: self.world.desk(who, *act))

    # ------------------------------------------------------------------ deciding

    @rule(
        who=officers,
        unit=units,
        do=sampled_from(["accept", "return", "return", "reopen"]),
        days=days,
        stale=sampled_from([0, 0, 0, 1]),
        happening=happenings,
    )
    def decides(self, who: int, unit: str, do: str, days: int, stale: int, happening: Any) -> None:
        act = self.world.deciding(unit, do, days, stale)
        status = self._taps(happening, unit, who, act)
        if status == 303 and happening is None:
            head = self.world.head(unit)
            assert head is not None
            right = {"accept": "accepted", "return": "returned", "reopen": "reopened"}[do]
            assert head.body["state"] == right

    @rule(who=officers, happening=happenings, some=sampled_from([ALL, ALL, UNITS[1:]]))
    def takes_in_many(self, who: int, happening: Any, some: tuple[str, ...]) -> None:
        self._taps(happening, some[-1], who, self.world.taking_in(some))
        if happening is None:
            heads = [
                head for unit in some if self.world.owed(unit) and (head := self.world.head(unit))
            ]
            assert not {"submitted", "reopened"} & {str(head.body["state"]) for head in heads}

    @rule(place=phones, days=days, happening=happenings)
    def a_unit_asks(self, place: int, days: int, happening: Any) -> None:
        phone = self.phones[place]
        self._arm(happening, phone.unit)
        reply = self.world.asks(phone, "Xin xem xét", days)
        if not self._happened():
            assert reply is not None
            assert reply.status in (303, 401, 404, 409, 422)
            self.told[f"asked {reply.status}"] += 1

    @rule(
        who=officers,
        unit=units,
        kind=sampled_from(["extend", "reopen"]),
        do=sampled_from(["grant", "grant", "refuse", "close"]),
        days=days,
        happening=happenings,
        first=sampled_from([True, True, False]),
    )
    def answers(
        self, who: int, unit: str, kind: str, do: str, days: int, happening: Any, first: bool
    ) -> None:
        """Mostly of what is asked for this moment."""
        if first and unit in UNITS:
            phone = next(phone for phone in self.phones if phone.unit == unit)
            self.world.enter(phone)
            phone.pages.clear()
            phone.checks.clear()
            phone.unanswered = None
            head = self.world.head(unit)
            if (
                head and head.body["state"] == "submitted"
            ):  # nothing to ask for until it is taken in
                self.world.desk(1 - who, *self.world.deciding(unit, "accept", 3))
            self.world.asks(phone, "Xin xem xét", 3)
            kind = "reopen" if head and head.body["state"] != "returned" else "extend"
        status = self._taps(happening, unit, who, self.world.answering(unit, kind, do, days))
        self.told[f"{do} {status}"] += 1

    # ------------------------------------------------------------------ terms

    @rule(who=officers, unit=units, happening=happenings)
    def exempts(self, who: int, unit: str, happening: Any) -> None:
        self._taps(happening, unit, who, self.world.exempting(unit))

    @rule(who=officers, unit=sampled_from((*ALL, "T", "P")), days=days, happening=happenings)
    def extends(self, who: int, unit: str, days: int, happening: Any) -> None:
        at = unit if len(unit) > 1 else "T01"
        self._taps(happening, at, who, self.world.extending(unit, days))

    @rule(
        who=officers,
        unit=units,
        what=sampled_from(["exempt", "exempt", "due"]),
        happening=happenings,
    )
    def lifts(self, who: int, unit: str, what: str, happening: Any) -> None:
        self._taps(happening, unit, who, self.world.lifting(unit, what))

    @rule(who=officers, unit=units, number=numbers, back=integers(0, 6), happening=happenings)
    def enters_a_paper(self, who: int, unit: str, number: int, back: int, happening: Any) -> None:
        self._does(happening, unit, lambda: self.world.paper(who, unit, number, back))

    # ------------------------------------------------------------------ urging

    @rule(who=officers, unit=units, does=ways_of_mail, happening=at_a_mail, again=integers(0, 1))
    def urges(self, who: int, unit: str, does: list[str], happening: Any, again: int) -> None:
        self.world.post.does = does
        id = reminder.new_round()
        self._does_urge(happening, unit, who, self.world.urging(id))
        if again:
            self.world.post.does = does[1:]
            self._does_urge(None, unit, who, self.world.urging_again(id))
        self.world.post.does = []

    def _does_urge(self, happening: Any, unit: str, who: int, act: Act) -> None:
        """Where it was cut short nothing is tapped again: what is reserved ends as unknown.

        What happens at a mail happens at this unit's: every other unit is read again after it.
        """
        if happening and happening[0] == "write REMINDER":
            mail = f"write REMINDER#{reminder.day_of(self.world.now)}#{unit}"
            happening = (mail, happening[1])
        self._arm(happening, unit)
        reply = self.world.desk(who, *act)
        cut = self._happened() and self._what in FAULTS
        if reply is None or reply.status == 503:
            self.world.ledger.told["cut short"] += cut
            return
        assert reply.status in (303, 404, 422)

    # ------------------------------------------------------------------ at one moment

    @rule(place=phones, number=numbers, who=officers, what=sampled_from(WHILE_IT_SENDS))
    def the_unit_sends_at_the_moment_of(self, place: int, number: int, who: int, what: str) -> None:
        """All was read for the officer's act, and then the report comes."""
        phone = self.phones[place]
        if phone.unanswered is not None:
            return
        if what == "grant":
            self.world.asks(phone, "Xin xem xét", 8)
        self._gets_ready(phone, number)
        if what == "urge":
            act = self.world.urging(reminder.new_round())
            self._does_urge(("write REMINDER", "another sends"), phone.unit, who, act)
            return
        act = self._of_the_desk(what, phone.unit)
        self._taps(("write", "another sends"), phone.unit, who, act)

    @rule(unit=units, one=sampled_from(OF_TWO), other=sampled_from(OF_TWO))
    def two_officers_act_at_once(self, unit: str, one: str, other: str) -> None:
        act = self._of_the_desk(one, unit)
        status = self._taps(("write", other), unit, 0, act)
        self.told[f"two officers {status}"] += 1

    # ------------------------------------------------------------------ the list, the period

    @rule(
        who=officers,
        unit=units,
        what=sampled_from(["rename", "bloc", "late bloc", "eve", "day", "merge", *("lift",) * 4]),
        happening=happenings,
    )
    def changes_a_unit(self, who: int, unit: str, what: str, happening: Any) -> None:
        fields = CHANGES[what]
        self._does(happening, unit, lambda: self.world.changes_unit(who, unit, fields))

    @rule(who=officers, rows=sampled_from(IMPORTS), happening=happenings)
    def imports_a_list(self, who: int, rows: tuple[str, ...], happening: Any) -> None:
        act = self.world.imports(who, rows)
        if act:
            status = self._taps(happening, "T01", who, act)
            self.told[f"imports {status}"] += 1

    @rule(days=sampled_from([-1, 0, 2]))
    def the_due_day_moves(self, days: int) -> None:
        self.world.move_due(self.world.now + timedelta(days=days))

    @precondition(lambda self: self.world.period.form == 1)
    @rule(now=sampled_from([False, False, True]))
    def the_form_is_switched(self, now: bool) -> None:
        if now:
            self.world.switches_form()


CHANGES: Mapping[str, dict[str, str]] = {
    "rename": {"do": "alter", "name": "Tên mới", "bloc": "T", "since": "2026-12-01"},
    "bloc": {"do": "alter", "name": "Đơn vị", "bloc": "P", "since": "2026-10-01"},
    "late bloc": {"do": "alter", "name": "Đơn vị", "bloc": "P", "since": "2026-12-15"},
    "end": {"do": "end", "last_day": "2026-12-13"},
    "eve": {"do": "end", "last_day": "2026-12-13"},
    "day": {"do": "end", "last_day": "2026-12-14"},
    "merge": {"do": "end", "last_day": "2026-11-30", "successors": "P01"},
    "lift": {"do": "lift"},
}


@pytest.mark.guards("one mail an act, after it, and never in its way")
@pytest.mark.guards(
    "any order of acts of a department, any fault or other act among them",
    "exempt units still expected ✓",
    "a move over any version of the head ✓",
    "terms without a record ✓",
)
@pytest.mark.guards(
    "an act is on record as what it has changed, and moves a report only as the design says",
    "more time on record as `exempt` ✓",
    "a reopening of what was sent without the taking in ✓ "
    "(`whole/stateful_desk::what_only_a_full_run_came_to_is_judged_right`)",
)
@pytest.mark.soak
def test_any_order_of_acts_of_the_desk_keeps_every_promise(
    tmp_path: Path,
    figure: Figure,
    quiet: None,  # noqa: F811
) -> None:
    told = explore(Start(tmp_path), size(30, 400), size(40, 60), Desk)
    assert told["mails judged"] >= size(1, told["runs"] // 4), told
    tell(figure, told)


@pytest.mark.guards("any order of acts of a department, any fault or other act among them")
@pytest.mark.guards(
    "an act is on record as what it has changed, and moves a report only as the design says"
)
@pytest.mark.soak
def test_the_desk_does_the_same_on_dynamodb(
    tmp_path: Path,
    ministack: Ministack,
    figure: Figure,
    quiet: None,  # noqa: F811
) -> None:
    tell(figure, explore(Start(tmp_path, port=ministack.port), size(4, 25), size(25, 50), Desk))


@pytest.mark.guards(
    "the worst moments, one by one",
    "urging without the check of the head ✓",
    "more time granted over a report that came ✓",
    "an exemption over it ✓",
    "the version on the officer’s page not compared ✓ (the first)",
    "a move over any version of the head ✓",
)
@pytest.mark.parametrize(
    ("what", "before"),
    [
        *((what, 0) for what in ("exempt", "extend", "grant", "urge")),
        *((what, 1) for what in ("accepts", "returns", "take in", "exempt")),
    ],
)
def test_a_report_that_comes_at_the_moment_of_an_act_is_seen(
    tmp_path: Path,
    what: str,
    before: int,
    quiet: None,  # noqa: F811
) -> None:
    """The worst moments, which a small run may not come to: a first report, or a correction."""
    run = Desk(Start(tmp_path).fresh(), Counter())
    if before:
        run.sends(1, 1, 0, None, 1)
    run.the_unit_sends_at_the_moment_of(1, 2, 0, what)
    assert run.told["another sends"] == 1
    assert run.world.versions("T01") == ([1, 2] if before else [2])
    assert run.told["desk 303"] == (what == "extend"), (
        run.told
    )  # told that it came; more time stays
    run.teardown()


@pytest.mark.guards("the worst moments, one by one")
@pytest.mark.parametrize("other", ["accepts", "returns", "take in"])
@pytest.mark.parametrize("one", ["accepts", "returns"])
def test_of_two_officers_at_one_moment_one_wins_on_whatever_pages(
    tmp_path: Path,
    one: str,
    other: str,
    quiet: None,  # noqa: F811
) -> None:
    run = Desk(Start(tmp_path).fresh(), Counter())
    run.sends(1, 1, 0, None, 1)
    run.two_officers_act_at_once("T01", one, other)
    assert run.told["two officers 409"] == 1
    head = run.world.head("T01")
    assert head is not None
    assert head.body["state"] == ("returned" if other == "returns" else "accepted")
    run.teardown()


def more_time_for_what_was_returned(run: Desk) -> None:
    run.sends(1, 1, 0, None, 1)
    run.decides(0, "T01", "return", 3, 0, None)
    run.two_officers_act_at_once("T01", "extend", "extend")
    run.extends(0, "T", 30, None)
    assert run.world.ledger.told["more time judged"] == 2


def a_reopening_that_takes_in_on_the_way(run: Desk) -> None:
    run.sends(1, 1, 0, None, 1)
    run.the_lock_moves(-1)
    run.a_unit_asks(1, 3, None)
    run.answers(0, "T01", "reopen", "grant", 3, None, False)
    assert run.world.states["T01"]["state"] == "reopened"


def a_mail_to_a_unit_whose_link_has_ended(run: Desk) -> None:
    run.sends(1, 1, 0, None, 1)
    run.an_officer_ends_a_link("T01", None, False)
    run.decides(0, "T01", "return", 3, 0, None)
    assert run.world.ledger.told["notices without a link"] == 1


def a_session_that_ended_and_goes_on_sending(run: Desk) -> None:
    run.gets_ready(1, 1)
    run.an_officer_ends_a_link("T01", None, True)
    for _ in range(FAILURES_AN_HOUR + 1):
        run.sends(1, None, 0, None, 1)
        run.a_unit_asks(1, 3, None)
    assert run.world.ledger.told["refused"] == FAILURES_AN_HOUR + 1


def an_unchanged_report_that_is_returned_between_two_taps(run: Desk) -> None:
    run.sends(1, 1, 0, None, 1)
    run.sends(1, 1, 0, (8, "return"), 2)
    assert run.world.versions("T01") == [1, 1]


@pytest.mark.parametrize(
    "way",
    [
        more_time_for_what_was_returned,
        a_reopening_that_takes_in_on_the_way,
        a_mail_to_a_unit_whose_link_has_ended,
        a_session_that_ended_and_goes_on_sending,
        an_unchanged_report_that_is_returned_between_two_taps,
    ],
)
def test_what_only_a_full_run_came_to_is_judged_right(
    tmp_path: Path,
    way: Callable[[Desk], None],
    quiet: None,  # noqa: F811
) -> None:
    run = Desk(Start(tmp_path).fresh(), Counter())
    way(run)
    run.teardown()


@pytest.mark.guards(
    "who ends while a round goes out is not urged", "the list not checked with the reservation ✓"
)
def test_a_unit_that_ends_at_the_moment_of_its_mail_is_not_urged_and_the_next_slice_goes_on(
    tmp_path: Path,
    quiet: None,  # noqa: F811
) -> None:
    run = Desk(Start(tmp_path).fresh(), Counter())
    id = reminder.new_round()
    run._does_urge(("write REMINDER", "end"), "T01", 0, run.world.urging(id))
    assert {unit for unit, _ in run.world.post.out} == {"P01"}  # before it in the list
    where = f"{run.world.urging_again(id)[0]}"
    run._does_urge(None, "T01", 0, (where, {"do": "next"}))
    assert {unit for unit, _ in run.world.post.out} == {"P01", "T02"}
    run.teardown()
