"""What a unit may request of the department about its report: more time, or to reopen it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from chalicelib.rules.programmes import days
from chalicelib.rules.reports.obligation import Asking
from chalicelib.rules.texts import comment
from chalicelib.rules.texts.clock import today

State = Literal["open", "granted", "refused", "closed"]


@dataclass(frozen=True, slots=True)
class UnitRequest:
    """One request; a later one of the same kind takes its place once it has been answered."""

    unit: str
    kind: Asking
    reason: str
    asked: datetime
    wanted: date | None = None  # until when, where more time is asked for
    state: State = "open"
    answer: str = ""  # the officer's words
    answered: datetime | None = None
    officer: str = ""
    until: datetime | None = None  # what was granted
    revision: int = 0  # of the stored item, for expecting


def read(
    kind: Asking, unit: str, form: Mapping[str, str], now: datetime, after: datetime
) -> tuple[UnitRequest, comment.Faults]:
    """The request as a unit typed it."""
    reason = form.get("reason", "")
    faults = comment.unfit("reason", reason)
    if not reason:
        faults["reason"] = "no_reason_given"
    wanted = None
    if kind == "extend":
        try:
            wanted = today(days.end_to_come(form.get("wanted", ""), now, after))
        except days.Unfit as wrong:
            faults["wanted"] = wrong.problem
    return UnitRequest(unit, kind, reason, now, wanted), faults


def asked_again(before: UnitRequest | None, request: UnitRequest) -> UnitRequest | None:
    """What to keep of a request; None where the very same one is waiting already."""
    if before is None:
        return request
    request = replace(request, revision=before.revision)
    if before.state != "open":
        return request
    same = (before.reason, before.wanted) == (request.reason, request.wanted)
    return None if same else replace(request, asked=before.asked)


def answered(
    request: UnitRequest,
    state: State,
    officer: str,
    now: datetime,
    answer: str,
    until: datetime | None = None,
) -> UnitRequest:
    return replace(request, state=state, officer=officer, answered=now, answer=answer, until=until)
