"""Who has reported for a period: a row a unit, how late each is, the counts, what is looked for."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple

from chalicelib.rules.programmes.period import Period
from chalicelib.rules.reports.exempt_or_extended import NO_TERMS, Terms
from chalicelib.rules.reports.obligation import Obligation
from chalicelib.rules.reports.report import Head
from chalicelib.rules.texts import number, text
from chalicelib.rules.units.contact import Contact
from chalicelib.rules.units.unit import Unit

ORDERS = ("official", "alphabet")
LONGEST_SEARCH = 200  # characters
_NOBODY = Contact()

Timed = Literal[
    "exempt",
    "on_time",
    "late",
    "left",
    "overdue",
    "locked",
    "before",
    "answer_left",
    "answer_overdue",
    "being_answered",
]


class Timing(NamedTuple):
    """Where a unit stands in time, and by how much, where that can be said."""

    name: Timed
    by: timedelta | None = None


_SHUT = {"locked": Timing("locked"), "before": Timing("before")}


class Row(NamedTuple):
    """One unit that owes a report, or would if it were not exempt."""

    unit: Unit
    owed: Obligation
    contact: Contact

    @property
    def head(self) -> Head | None:
        return self.owed.head

    @property
    def exempt(self) -> str:
        return self.owed.terms.exempt


class Counts(NamedTuple):
    """Exempt units stand in none of the first six."""

    expected: int = 0
    received: int = 0
    on_time: int = 0
    late: int = 0
    returned: int = 0
    missing: int = 0
    exempt: int = 0

    @property
    def completeness(self) -> Decimal | None:
        """Received of expected, in per cent."""
        return number.percent(self.received, self.expected)

    @property
    def timeliness(self) -> Decimal | None:
        """On time of expected, in per cent."""
        return number.percent(self.on_time, self.expected)


def rows(
    units: Iterable[Unit],
    heads: Iterable[Head],
    terms: Mapping[str, Terms],
    contacts: Mapping[str, Contact],
    period: Period,
) -> tuple[list[Row], list[Head]]:
    """A row for each unit, in the order given; and reports of units that are not among them."""
    sent = {head.unit: head for head in heads}
    made = []
    for unit in units:
        code = unit.code
        owed = Obligation(period, terms.get(code, NO_TERMS), sent.pop(code, None))
        made.append(Row(unit, owed, contacts.get(code, _NOBODY)))
    return made, list(sent.values())


def timing(row: Row, now: datetime) -> Timing:
    """Lateness is the fact that the sending was judged by; only its amount is counted here."""
    owed, head = row.owed, row.head
    if row.exempt:
        return Timing("exempt")
    left, overdue = owed.due - now, owed.is_overdue(now)
    if head is None:
        if overdue:
            return Timing("overdue", -left)
        return _SHUT.get(owed.stands(now)) or Timing("left", left)
    if head.state == "returned":
        if owed.return_due is None:
            return Timing("being_answered")
        return Timing("answer_overdue", -left) if overdue else Timing("answer_left", left)
    if not head.late:
        return Timing("on_time")
    by = head.first_sent - owed.own_due
    # Not after the due instant that stands now: it was moved after the sending was judged.
    return Timing("late", by if by > timedelta(0) else None)


class Queries(NamedTuple):
    """What was asked about odd values: in how many reports, and how often each kind answered."""

    reports: int
    kinds: Mapping[str, int]  # an empty kind: nothing was answered

    @property
    def asked(self) -> int:
        return sum(self.kinds.values())


def queries(rows: Iterable[Row]) -> Queries:
    """Of the reports as they stand; exempt units count nowhere."""
    heads = (row.head for row in rows if row.head and row.head.queries and not row.exempt)
    answered = [json.loads(head.queries) for head in heads]
    return Queries(len(answered), Counter(kind for one in answered for kind in one.values()))


def count(rows: Iterable[Row]) -> Counts:
    return total(by_bloc(rows).values())


def by_bloc(rows: Iterable[Row]) -> dict[str, Counts]:
    """The counts of each bloc that has a row."""
    found: dict[str, list[int]] = {}
    for unit, owed, _ in rows:
        counts, head = found.setdefault(unit.bloc, [0] * 7), owed.head
        if owed.terms.exempt:
            counts[6] += 1
            continue
        counts[0] += 1
        if head is None:
            counts[5] += 1
        elif head.state == "returned":
            counts[4] += 1
        else:
            counts[1] += 1
            counts[3 if head.late else 2] += 1
    return {bloc: Counts(*counts) for bloc, counts in found.items()}


def total(parts: Iterable[Counts]) -> Counts:
    return Counts(*map(sum, zip(*parts, strict=True))) if (parts := list(parts)) else Counts()


# What rows may be chosen by.
STATES = (
    "missing",
    "overdue",
    "locked",
    "received",
    "submitted",
    "accepted",
    "returned",
    "reopened",
    "on_time",
    "late",
    "extended",
    "exempt",
)


def standing(row: Row, now: datetime) -> set[str]:
    """Those of STATES that a row is in; the counts of a bloc are counts of these."""
    if row.exempt:
        return {"exempt"}
    found = {row.owed.state}
    if row.owed.extension:
        found.add("extended")
    if row.head is None:
        return (
            found | {"overdue"}
            if row.owed.is_overdue(now)
            else found | {row.owed.stands(now)} - {"before"}
        )
    if row.head.state != "returned":
        found |= {"received", "late" if row.head.late else "on_time"}
    return found


class Wanted(NamedTuple):
    """What who reads the progress looks for; empty is everything."""

    bloc: str = ""
    state: str = ""
    words: str = ""
    order: str = "official"

    @property
    def query(self) -> dict[str, str]:
        """Only what is asked for, by the names of the form's fields."""
        order = "" if self.order == "official" else self.order
        named = {"q": self.words, "bloc": self.bloc, "state": self.state, "order": order}
        return {name: given for name, given in named.items() if given}


def wanted(query: Mapping[str, str], blocs: Iterable[str]) -> tuple[Wanted, list[str]]:
    """What a query asks for, and the names of the fields that can't be meant: they ask nothing."""
    words = text.tidy(query.get("q", ""))
    fields = {
        "bloc": (query.get("bloc", ""), ("", *blocs), ""),
        "state": (query.get("state", ""), ("", *STATES), ""),
        "order": (query.get("order", "official"), ORDERS, "official"),
    }
    wrong = [name for name, (given, allowed, _) in fields.items() if given not in allowed]
    read = {n: (usual if n in wrong else given) for n, (given, _, usual) in fields.items()}
    if text.forbidden(words) or len(words) > LONGEST_SEARCH:
        words = ""
        wrong.insert(0, "q")
    return Wanted(read["bloc"], read["state"], words, read["order"]), wrong


def chosen(rows: Iterable[Row], wanted: Wanted, now: datetime) -> list[Row]:
    """The rows that are looked for, in the order that is asked for."""
    found = list(rows)
    if wanted.bloc:
        found = [row for row in found if row.unit.bloc == wanted.bloc]
    if wanted.state:
        found = [row for row in found if wanted.state in standing(row, now)]
    if wanted.words:
        words = text.fold(wanted.words).split()
        found = [row for row in found if matches(row.unit, words)]
    if wanted.order == "alphabet":
        found.sort(key=lambda row: text.alphabetical(row.unit.name))
    return found


def matches(unit: Unit, words: Iterable[str]) -> bool:
    """Whether every folded word stands in the unit's code, name or aliases."""
    whole = text.fold("\n".join((unit.code, unit.name, *unit.aliases)))
    return all(word in whole for word in words)
