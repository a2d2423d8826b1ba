"""Who prepared a report, as it was typed: what is lacking there, and what can't be taken."""

from collections.abc import Collection, Mapping

from chalicelib.rules.forms.value import LONGEST_NOTE
from chalicelib.rules.reports.report import Fault
from chalicelib.rules.texts.text import forbidden
from chalicelib.rules.units.contact import LONGEST_NAME, is_phone

LACKING: Mapping[str, str] = {"by.name": "no_name", "by.post": "no_post", "by.phone": "no_phone"}


def faults(
    form: Mapping[str, str], needed: Collection[str] = tuple(LACKING), *, again: bool = False
) -> tuple[Fault, ...]:
    """In the order of the boxes. With `again` it is a correction, which has a reason."""
    found = {"reason": _of_reason(form.get("reason", ""), again=again)}
    for field in LACKING:
        given = form.get(field, "")
        found[field] = _of_box(field, given) if given or field in needed else ""
    found["approved"] = "" if form.get("approved") == "1" else "not_approved"
    return tuple(Fault(field, "", problem) for field, problem in found.items() if problem)


def _of_reason(reason: str, *, again: bool) -> str:
    if len(reason) > LONGEST_NOTE:
        return "reason_too_long"
    if forbidden(reason):
        return "forbidden_character"
    return "no_reason" if again and not reason else ""


def _of_box(field: str, given: str) -> str:
    if not given:
        return LACKING[field]
    if forbidden(given):
        return "forbidden_character"
    if field == "by.phone":
        return "" if is_phone(given) else "bad_phone"
    return "sender_too_long" if len(given) > LONGEST_NAME else ""
