"""Who prepared a report: every fault of their boxes at once, and what is a number to call."""

import pytest

from chalicelib.messages.links import contacts as contact_words
from chalicelib.messages.unit import report as report_words
from chalicelib.rules.reports import sender
from chalicelib.rules.units import contact

WHOLE = {"by.name": "Trần Thị Mẫu", "by.post": "Văn thư", "by.phone": "0270 000 0000"}

NUMBERS = (
    *(
        "0270",
        "0275 1",
        "không có",
        "12",
        "0270 000 0000 0000 00",
        "090000000x",
        "０９０００００００",
    ),
    *("0270 000 0000", "+84 (270) 3.822-822", "912345678", "0912345678", "02703822822"),
)


def problems(given: dict[str, str], **more: bool) -> dict[str, str]:
    return {one.field: one.problem for one in sender.faults(given, **more)}


@pytest.mark.guards("all that is lacking is said at once", "only the first fault said ✓")
def test_everything_that_is_lacking_is_found_at_once_in_the_order_of_the_boxes() -> None:
    assert list(problems({}, again=True).items()) == [
        ("reason", "no_reason"),
        ("by.name", "no_name"),
        ("by.post", "no_post"),
        ("by.phone", "no_phone"),
        ("approved", "not_approved"),
    ]
    assert problems({**WHOLE, "approved": "1"}) == {}


@pytest.mark.guards(
    "a sender's number is one to call, by the rule of contacts", "any text is a number ✓"
)
@pytest.mark.parametrize("given", NUMBERS)
def test_a_number_is_judged_as_that_of_a_contact(given: str) -> None:
    as_contact = contact.read({"phone": given})[1].get("phone", "")
    found = problems({**WHOLE, "by.phone": given, "approved": "1"})
    assert found.get("by.phone", "") == as_contact
    assert contact.is_phone(given) == (not as_contact)
    if as_contact:
        assert report_words.FAULTS["bad_phone"] == contact_words.FAULTS[as_contact]


def test_on_paper_a_number_may_be_lacking_and_not_be_wrong() -> None:
    signed = {"by.name": "Trần Thị Mẫu", "approved": "1"}
    assert sender.faults(signed, ("by.name",)) == ()
    (found,) = sender.faults({**signed, "by.phone": "0270"}, ("by.name",))
    assert (found.field, found.problem) == ("by.phone", "bad_phone")


@pytest.mark.parametrize(
    ("box", "given", "problem"),
    [
        ("by.name", "a" * 101, "sender_too_long"),
        ("by.post", "A\u202eB", "forbidden_character"),
        ("by.phone", "0270 000\u202e 0000", "forbidden_character"),
        ("reason", "a" * 301, "reason_too_long"),
        ("reason", "A\x00B", "forbidden_character"),
    ],
)
def test_a_fault_names_its_box(box: str, given: str, problem: str) -> None:
    assert problems({**WHOLE, "approved": "1", box: given}) == {box: problem}
