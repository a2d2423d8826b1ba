"""Whom to reach: what is a mailbox or a phone number, and what waits for an officer."""

import pytest

from chalicelib.messages.links import contacts as words
from chalicelib.rules.units import contact as rules
from chalicelib.rules.units.contact import Contact
from tests.builders import unit as a_unit

UNIT = a_unit("T01", email="t01@donvi.example", phone="0270 111 1111")
TYPED = {"mailbox": "", "head": "", "preparer": "", "phone": ""}


@pytest.mark.parametrize(
    "given", ["vanthu@donvi.example", "a.b+c_d-e@x-y.z.example", "0@1.example", "A@B.EXAMPLE"]
)
def test_an_offices_address_is_a_mailbox(given: str) -> None:
    assert rules.is_mailbox(given)


@pytest.mark.parametrize(
    "given",
    [
        "moi", "a@b", "a@@b.example", "a b@c.example", "<a@b.example>", "a@b.example,c@d.example",
        "văn@thư.example", ".a@b.example", "a.@b.example", "a..b@c.example", "a@-b.example",
        "a@b..example", "a@b.example\nBcc: c@d.example", "a" * 65 + "@b.example",
        "a@" + "b" * 200 + ".example",
    ],
)  # fmt: skip
def test_what_no_mail_would_reach_is_refused(given: str) -> None:
    assert not rules.is_mailbox(given)


@pytest.mark.parametrize(
    ("field", "given", "fault"),
    [
        ("mailbox", "moi", "bad_mailbox"),
        ("phone", "12", "bad_phone"),
        ("phone", "không có", "bad_phone"),
        ("phone", "0270 000 0000 0000 00", "bad_phone"),
        ("phone", "0270 000 0000", ""),
        ("phone", "+84 (270) 3.822-822", ""),
        ("head", "a" * 101, "name_too_long"),
        ("head", "Nguyễn\nVăn A", "several_lines"),
        ("preparer", "A\u202eB", "forbidden_character"),
        ("preparer", "Nguyễn Thị B", ""),
        ("mailbox", "", ""),
    ],
)
def test_a_fault_names_its_field(field: str, given: str, fault: str) -> None:
    typed, faults = rules.read({field: given})
    assert typed == {**TYPED, field: given}
    assert faults == ({field: fault} if fault else {})
    assert set(faults.values()) <= words.FAULTS.keys()


@pytest.mark.guards(
    "a mailbox counts after an officer's word on that very address",
    "registered at once ✓",
    "confirmed unread ✓",
)
def test_a_units_names_hold_at_once_and_its_mailbox_waits() -> None:
    typed = {"mailbox": "moi@donvi.example", "head": "A", "preparer": "B", "phone": "0270 222 2222"}
    after = rules.changed_by_unit(Contact(), UNIT, typed)
    assert after == Contact("", "A", "B", "0270 222 2222", "moi@donvi.example")
    assert rules.mailbox(after, UNIT) == "t01@donvi.example"
    assert rules.unit_phone(after, UNIT) == "0270 222 2222"
    assert rules.shown(after, UNIT) == typed


@pytest.mark.parametrize("typed", ["", "t01@donvi.example", "T01@DONVI.example"])
def test_a_proposal_is_taken_back_by_the_registered_mailbox_or_nothing(typed: str) -> None:
    before = Contact(proposed="moi@donvi.example")
    assert rules.changed_by_unit(before, UNIT, {**TYPED, "mailbox": typed}).proposed == ""


def test_what_the_unit_list_says_is_not_kept_a_second_time() -> None:
    """A list imported later must be able to correct it."""
    typed = {**TYPED, "mailbox": UNIT.email, "phone": UNIT.phone}
    assert rules.changed_by_unit(Contact(), UNIT, typed) == Contact()
    assert rules.changed_by_officer(Contact(), UNIT, typed) == Contact()


def test_a_confirmed_mailbox_is_the_registered_one() -> None:
    before = Contact("cu@donvi.example", "A", proposed="moi@donvi.example")
    assert rules.confirmed(before) == Contact("moi@donvi.example", "A")
    assert rules.refused(before) == Contact("cu@donvi.example", "A")


def test_an_officers_word_needs_no_confirming() -> None:
    before = Contact(proposed="moi@donvi.example")
    same = rules.changed_by_officer(before, UNIT, {**TYPED, "mailbox": "moi@donvi.example"})
    assert same == Contact("moi@donvi.example")
    other = rules.changed_by_officer(before, UNIT, {**TYPED, "mailbox": "ba@donvi.example"})
    assert other == Contact("ba@donvi.example", proposed="moi@donvi.example")
    assert rules.mailbox(rules.changed_by_officer(before, UNIT, TYPED), UNIT) == UNIT.email


@pytest.mark.guards(
    "no mail goes to what is no mailbox, wherever it was kept", "the unit list's word for it ✓"
)
def test_what_an_older_list_holds_as_a_mailbox_is_judged_when_it_is_used() -> None:
    for kept in ("mailto:t01@donvi.example", ".y@donvi", "t01@donvi"):
        older = a_unit("T01", email=kept)
        assert rules.mailbox(Contact(), older) == ""
        assert rules.mailbox(Contact(mailbox="moi@donvi.example"), older) == "moi@donvi.example"
    assert rules.mailbox(Contact(), UNIT) == "t01@donvi.example"
