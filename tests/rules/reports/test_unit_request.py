"""What a unit may ask of the department, in which state of its report."""

from dataclasses import replace
from datetime import date
from typing import Any

from chalicelib.rules.reports import unit_request
from chalicelib.rules.reports.exempt_or_extended import Terms
from chalicelib.rules.reports.unit_request import UnitRequest
from tests.builders import instant, period

BEFORE_LOCK, AFTER_LOCK = instant(18), instant(22)
FREE = Terms("T01")


def read(kind: Any = "extend", **form: str) -> tuple[UnitRequest, Any]:
    return unit_request.read(kind, "T01", form, BEFORE_LOCK, period().due)


def test_a_request_has_a_reason_and_more_time_a_day() -> None:
    made, faults = read(reason="Bão số 9", wanted="24/12/2026")
    assert not faults
    assert (made.reason, made.wanted, made.state) == ("Bão số 9", date(2026, 12, 24), "open")
    assert read()[1] == {"reason": "no_reason_given", "wanted": "no_day"}
    assert read(reason="x" * 1_001, wanted="17/12/2026")[1] == {
        "reason": "too_long",
        "wanted": "day_past",
    }
    assert read("reopen", reason="Sai số liệu")[1] == {}


def test_what_was_answered_may_be_asked_anew() -> None:
    first = replace(read(reason="Bão", wanted="24/12/2026")[0], revision=2)
    no = unit_request.answered(
        first, "refused", "can.bo@so.example", instant(19), "Đã gia hạn một lần"
    )
    assert (no.state, no.officer, no.answer) == (
        "refused",
        "can.bo@so.example",
        "Đã gia hạn một lần",
    )
    again = unit_request.asked_again(no, replace(first, asked=instant(20)))
    assert again is not None
    assert (again.state, again.answer, again.asked, again.revision) == ("open", "", instant(20), 2)
