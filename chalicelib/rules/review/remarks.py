"""What the department says when it gives a report back: by section, in general, until when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.rules.programmes import days
from chalicelib.rules.texts.clock import from_iso, iso
from chalicelib.rules.texts.comment import Faults, unfit


@dataclass(frozen=True, slots=True)
class Remarks:
    """`sections` maps a section's code to the comment on it."""

    sections: Mapping[str, str] = field(default_factory=dict)
    general: str = ""
    due: datetime | None = None

    @property
    def count(self) -> int:
        return len(self.sections) + bool(self.general)


def read(sections: Iterable[str], form: Mapping[str, str], now: datetime) -> tuple[Remarks, Faults]:
    """What an officer typed: one comment at least, and a due date that is not over."""
    faults: dict[str, str] = {}
    found = {}
    for code in sections:
        if said := form.get(f"comment.{code}", ""):
            faults |= unfit(f"comment.{code}", said)
            found[code] = said
    general = form.get("general", "")
    faults |= unfit("general", general)
    if not found and not general:
        faults["general"] = "no_comment"
    due = None
    try:
        due = days.end_to_come(form.get("due", ""), now)
    except days.Unfit as wrong:
        faults["due"] = wrong.problem
    return Remarks(found, general, due), faults


def detail(remarks: Remarks) -> dict[str, Any]:
    """As the record of the act keeps them."""
    return {
        "comments": dict(remarks.sections),
        "general": remarks.general,
        "due": iso(remarks.due) if remarks.due else "",
    }


def of(kept: Mapping[str, Any]) -> Remarks:
    """From the record of a return, or of a reopening, which has a reason or an answer instead."""
    due = kept.get("due")
    said = kept.get("general") or kept.get("reason") or kept.get("answer") or ""
    return Remarks(kept.get("comments") or {}, said, from_iso(due) if due else None)
