"""A report: what one unit says for one period, its versions and their proof."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from chalicelib.rules.forms import value
from chalicelib.rules.forms.form import NARRATIVES, Indicator
from chalicelib.rules.forms.value import Empty, Figure, Text, Unreadable
from chalicelib.rules.reports import note as a_note
from chalicelib.rules.reports.note import Answer
from chalicelib.rules.reports.states import State
from chalicelib.rules.texts import text

LARGEST = 100_000  # bytes of canonical content
NIL_NOTE = "nil"  # among the notes: why a whole period is nil


@dataclass(frozen=True)
class Content:
    """What is sent: no time, no session, no person. Equal contents have equal hashes."""

    figures: Mapping[str, Figure] = field(default_factory=dict)
    texts: Mapping[str, Text] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    nil: bool = False

    def canonical(self) -> str:
        """JSON with codes sorted and texts in NFC: what the content hash is taken of."""
        return self._canonical

    @cached_property
    def _canonical(self) -> str:
        """Made once: a send weighs it, keeps it and takes its hash."""
        return compact(
            {"figures": self.figures, "nil": self.nil, "notes": self.notes, "texts": self.texts}
        )

    def hash(self) -> str:
        return hashlib.sha256(self.canonical().encode()).hexdigest()


def compact(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def parse(canonical: str) -> Content:
    return Content(**json.loads(canonical))


def parse_figures(figures: str) -> dict[str, Figure]:
    found: dict[str, Figure] = json.loads(figures)
    return found


@dataclass(frozen=True, slots=True)
class Sender:
    """Who prepared the report, and who says that the head of the unit approved it."""

    name: str = ""
    post: str = ""
    phone: str = ""
    approved: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """One numbered, immutable sending."""

    unit: str
    period: str
    number: int
    content: str  # canonical JSON
    hash: str
    sent: datetime
    sender: Sender
    actor: str  # "unit", or the officer who entered a paper report
    reason: str
    form: int
    late: bool
    after_due: bool  # a correction made after the due instant: "điều chỉnh sau hạn"
    entered: datetime | None = None  # when a paper report was typed in; `sent` is its arrival

    @property
    def reference(self) -> str:
        return f"{self.period}/{self.unit}/{self.number}"


class Head(NamedTuple):
    """Where a report stands now. `revision` is the stored item's version, for expecting."""

    unit: str
    period: str
    state: State
    version: int
    first_sent: datetime
    last_sent: datetime
    late: bool
    nil: bool
    form: int
    hash: str
    figures: str  # compact JSON, code -> Figure
    revision: int = 0
    return_due: datetime | None = None
    event: str = ""  # of the officer's move that led to this state
    paper: bool = False  # the current version came on paper
    queries: str = ""  # compact JSON, code of a value that was asked about -> kind of the answer

    @property
    def counts(self) -> bool:
        """Returned values stay out of the totals; reopened ones stay in."""
        return self.state != "returned"


class Standing(NamedTuple):
    """What a summary takes of a head, the instants as texts: it reads one of every report."""

    unit: str
    state: State
    version: int
    first_sent: str
    last_sent: str
    late: bool
    nil: bool
    form: int
    figures: str
    revision: int


@dataclass(frozen=True, slots=True)
class Fault:
    """`field` is the box to go to; `problem` a key of messages.unit.report.FAULTS."""

    field: str
    code: str
    problem: str
    meanings: tuple[Decimal, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A form as it was read: what can be sent, and what stands in the way."""

    content: Content
    faults: tuple[Fault, ...]
    empties: tuple[str, ...]


def read(asked: Iterable[Indicator], typed: Mapping[str, str]) -> Reading:
    """Read every field that is asked; what is not asked is not looked at."""
    figures: dict[str, Figure] = {}
    texts: dict[str, Text] = {}
    notes: dict[str, str] = {}
    faults: list[Fault] = []
    empties: list[str] = []
    nil = typed.get("nil") == "1"
    for indicator in asked:
        code = indicator.code
        try:
            found = value.read(indicator, typed)
        except Empty:
            if nil:
                figures[code] = value.NIL
            else:
                empties.append(code)
            continue
        except Unreadable as fault:
            faults.append(Fault(fault.field, code, fault.problem, fault.meanings))
            continue
        (texts if indicator.is_text else figures)[code] = found  # type: ignore[assignment]
        told = found is not value.NIL and found is not value.NOT_APPLICABLE
        if nil and told and code not in NARRATIVES:
            faults.append(Fault(value.fields(indicator)[0], code, "value_in_nil_report"))
        faults += _take_note(code, typed, notes)
    if nil:
        faults += _take_note(NIL_NOTE, typed, notes)
    content = Content(figures, texts, notes, nil)
    if len(content.canonical().encode()) > LARGEST:
        faults.append(Fault("", "", "report_too_large"))
    return Reading(content, tuple(faults), tuple(empties))


def _take_note(code: str, typed: Mapping[str, str], notes: dict[str, str]) -> list[Fault]:
    """What was said of a value; nothing where nothing was, or what was can't be taken."""
    if f"{code}.why" not in typed and f"{code}.note" not in typed:
        return []
    kind, said = typed.get(f"{code}.why", ""), text.tidy(typed.get(f"{code}.note", ""))
    if kind and kind not in a_note.KINDS:
        return [Fault(f"{code}.why", code, "unknown_choice")]
    if text.forbidden(said):
        return [Fault(f"{code}.note", code, "forbidden_character")]
    if len(said) > value.LONGEST_NOTE:
        return [Fault(f"{code}.note", code, "note_too_long")]
    if note := a_note.of(Answer(kind, said)):
        notes[code] = note
    return []


def typed(asked: Iterable[Indicator], content: Content) -> dict[str, str]:
    """The form as it would be typed to give this content."""
    filled: dict[str, str] = {}
    for indicator in asked:
        values = content.texts if indicator.is_text else content.figures
        if indicator.code in values:
            filled |= value.typed(indicator, values[indicator.code])
        if indicator.code in content.notes:
            filled |= _typed_note(indicator.code, content.notes[indicator.code])
    if content.nil:
        filled["nil"] = "1"
    if NIL_NOTE in content.notes:
        filled |= _typed_note(NIL_NOTE, content.notes[NIL_NOTE])
    return filled


def _typed_note(code: str, note: str) -> dict[str, str]:
    kind, said = a_note.answer(note)
    typed = {f"{code}.note": said} if said else {}
    return typed if kind == "other" and said else {**typed, f"{code}.why": kind}
