"""Facts about extensions: which day can be given, and that a bloc's takes time from nobody."""

from datetime import UTC, date, datetime

import pytest

from chalicelib.messages.reports import progress as words
from chalicelib.rules.programmes.period import end_of
from chalicelib.rules.reports import extension
from chalicelib.rules.reports.exempt_or_extended import Terms
from chalicelib.rules.reports.obligation import Obligation
from chalicelib.rules.reports.report import Head
from tests.builders import head, period

NOW = datetime(2026, 12, 18, 3, tzinfo=UTC)
DUE = end_of(date(2026, 12, 25))


@pytest.mark.guards("a day is one of Việt Nam, to come, and no typing error")
@pytest.mark.parametrize(
    ("day", "fault"),
    [
        (None, "no_day"),
        (date(2026, 12, 17), "day_is_past"),
        (date(2026, 12, 18), ""),  # until the end of today
        (date(2027, 12, 18), ""),
        (date(2027, 12, 19), "day_too_far"),
    ],
)
def test_more_time_ends_today_or_later_and_within_a_year(day: date | None, fault: str) -> None:
    assert extension.day_fault(day, period(), NOW) == fault


def test_more_time_is_more_than_everybody_has() -> None:
    early = datetime(2026, 12, 1, 3, tzinfo=UTC)
    assert extension.day_fault(date(2026, 12, 17), period(), early) == "not_after_due"
    assert extension.day_fault(date(2026, 12, 18), period(), early) == ""


@pytest.mark.guards(
    "a day is one of Việt Nam, to come, and no typing error",
    "the day of UTC ✓",
    "past days taken ✓",
)
def test_the_day_is_that_of_viet_nam() -> None:
    evening = datetime(2026, 12, 18, 17, 30, tzinfo=UTC)  # 00:30 on 19/12 there
    assert extension.day_fault(date(2026, 12, 18), period(), evening) == "day_is_past"


@pytest.mark.parametrize(
    ("reason", "fault"),
    [
        ("", "no_reason"),
        ("Bão số 9", ""),
        ("x" * 500, ""),
        ("x" * 501, "reason_too_long"),
        ("a\x07", "forbidden_character"),
    ],
)
def test_a_reason_is_short_and_readable(reason: str, fault: str) -> None:
    assert extension.reason_fault(reason) == fault
    assert not fault or words.TERM_FAULTS[fault].endswith(".")


@pytest.mark.guards(
    "a bloc's extension takes time from nobody, tells each unit, and can be repeated"
)
@pytest.mark.guards(
    "more time for what was returned moves its return's due, alone and with its bloc"
)
@pytest.mark.parametrize(
    ("terms", "sent", "outcome"),
    [
        (Terms("T01"), None, "extend"),
        (Terms("T01", due=end_of(date(2026, 12, 20))), None, "extend"),
        (Terms("T01", due=DUE), None, "done"),
        (Terms("T01", due=end_of(date(2026, 12, 26))), None, "later"),
        (Terms("T01", "Sáp nhập"), None, "exempt"),
        (Terms("T01", "Sáp nhập", DUE), None, "exempt"),
        # Returned: its return's own due governs.
        (Terms("T01", due=DUE), head(state="returned", return_due=NOW), "extend"),
        (Terms("T01"), head(state="returned", return_due=DUE), "done"),
        (Terms("T01"), head(state="submitted", return_due=DUE), "extend"),
    ],
)
def test_a_blocs_extension_takes_time_from_nobody(
    terms: Terms, sent: Head | None, outcome: str
) -> None:
    assert extension.outcome(Obligation(period(), terms, sent), DUE) == outcome
    assert outcome in words.OUTCOMES


def test_a_returns_day_may_be_before_that_of_all() -> None:
    early = datetime(2026, 12, 1, 3, tzinfo=UTC)
    assert extension.day_fault(date(2026, 12, 5), period(), early, of_return=True) == ""
    assert extension.day_fault(date(2026, 11, 30), period(), early, of_return=True) == "day_is_past"
