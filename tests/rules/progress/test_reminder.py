"""Whom a reminder may reach and why, and what no text for several units may hold."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.messages.urging import urging as words
from chalicelib.rules.progress import reminder
from chalicelib.rules.progress.reminder import Case, NotUrged, Reminder, Round, Row
from chalicelib.rules.reports.exempt_or_extended import Terms
from chalicelib.rules.reports.obligation import Obligation
from chalicelib.rules.units.contact import Contact
from tests.builders import head, instant, period, unit

NOW = instant(16)
LATE = instant(18)
AFTER_LOCK = instant(22)
MADE = Reminder(
    "T01", "20261216", "before_due", "reserved", "t01@a.example", "a@b.example", "r", NOW
)
ROUND = Round("r", "20261216", ("T01",), "", "a@b.example", NOW)


def case(code: str = "T01", **more: object) -> Case:
    owed = Obligation(period())
    given = {"unit": unit(code), "why": "before_due", "owed": owed, "mailbox": "t@a.example"}
    return Case(**(given | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "now", "why"),
    [
        (None, NOW, "before_due"),
        (None, period().due, "before_due"),
        (None, period().due + timedelta(seconds=1), "after_due"),
        ("returned", NOW, "returned"),
        ("returned", AFTER_LOCK, "returned"),
    ],
)
def test_who_owes_something_that_can_be_sent_may_be_urged(
    state: str | None, now: datetime, why: str
) -> None:
    sent = head(state=state) if state else None
    assert reminder.reason(Obligation(period(), head=sent), now) == why


@pytest.mark.guards("nobody who has sent is urged, exempt neither", "heads not looked at ✓")
def test_what_stands_against_urging_is_the_reason_that_no_mail_goes_out() -> None:
    with pytest.raises(NotUrged, match="has_sent"):
        reminder.reason(Obligation(period(), head=head()), LATE)
    with pytest.raises(NotUrged, match="locked"):
        reminder.reason(Obligation(period()), AFTER_LOCK)


def test_an_extension_is_the_units_own_due_instant_and_outlives_the_lock() -> None:
    longer = Terms("T01", due=instant(25))
    found = reminder.judged(unit(), Contact(), Obligation(period(), longer), AFTER_LOCK)
    assert (found.why, found.owed.due) == ("before_due", instant(25))


def test_the_confirmed_mailbox_goes_before_the_one_of_the_list() -> None:
    listed = unit(email="list@a.example")
    for contact, where in (
        (Contact(), "list@a.example"),
        (Contact("own@a.example"), "own@a.example"),
    ):
        assert reminder.judged(listed, contact, Obligation(period()), NOW).mailbox == where


def test_a_unit_without_a_mailbox_is_named_and_still_has_a_text_by_hand() -> None:
    (row,) = reminder.rows([unit()], {}, period(), {}, {}, {}, NOW)
    assert (row.against, row.case is None) == ("no_mailbox", False)
    assert not reminder.open_today(row, NOW)


def test_a_reservation_without_an_end_is_unknown_after_a_while() -> None:
    assert MADE.ended(NOW + timedelta(minutes=2)) == "reserved"
    assert MADE.ended(NOW + timedelta(minutes=2, seconds=1)) == "unknown"
    assert replace(MADE, state="sent").ended(NOW + timedelta(days=9)) == "sent"


@pytest.mark.guards("sent, failed or unknown; only failed again, and asked for")
@pytest.mark.parametrize("state", ["reserved", "sent", "unknown"])
def test_what_may_have_gone_out_is_not_sent_again_that_day(state: str) -> None:
    row = Row(unit(), case(), "", replace(MADE, state=state))  # type: ignore[arg-type]
    for again in (False, True):
        for round in (ROUND, replace(ROUND, id="other")):
            assert not reminder.waits(row, round, NOW + timedelta(hours=1), again=again)


def test_what_failed_is_sent_again_when_somebody_asks_for_it() -> None:
    row = Row(unit(), case(), "", replace(MADE, state="failed"))
    assert not reminder.waits(row, ROUND, NOW, again=False)
    assert reminder.waits(row, ROUND, NOW, again=True)
    assert reminder.waits(row, replace(ROUND, id="other"), NOW, again=False)


@pytest.mark.guards("one mail a unit and day of Việt Nam")
def test_a_day_is_one_of_viet_nam() -> None:
    assert reminder.day_of(instant(16, 16)) == "20261216"
    assert reminder.day_of(instant(16, 17)) == "20261217"


@pytest.mark.parametrize(
    "text",
    [
        "Xem https://baocao.example/u/abc",
        "HTTP://a.example",
        "baocao.example/u/abc",
        "đăng nhập ở baocao.example/s/abc",
        "www.so.example",
    ],
)
def test_a_link_is_seen_in_a_text(text: str) -> None:
    assert reminder.holds_link(text)


def test_plain_words_are_no_link() -> None:
    assert not reminder.holds_link("Công văn số 12/SGDĐT-VP, hạn 17/12/2026; gọi 0270 000 0000.")


def test_names_stand_under_their_blocs_in_the_programmes_order() -> None:
    blocs = {"P": "Phòng", "T": "THPT", "G": "GDTX"}
    found = reminder.by_bloc([case("T02"), case("P01"), case("T01")], blocs)
    assert [(label, [one.unit.code for one in cases]) for label, cases in found] == [
        ("Phòng", ["P01"]),
        ("THPT", ["T02", "T01"]),
    ]


def test_every_reason_end_and_cause_has_its_words() -> None:
    assert set(words.WHYS) == set(words.SUBJECTS) == {"before_due", "after_due", "returned"}
    assert set(words.ENDS) == {"reserved", "sent", "failed", "unknown", "written"}
    for sentence in (*words.SUBJECTS.values(), *words.CAUSES.values()):
        assert "đôn đốc" not in sentence.lower()
