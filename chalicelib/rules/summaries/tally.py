"""Adds up one period: reports come in any order, lines come out, few reports are in memory."""

import hashlib
import json
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from itertools import islice
from json.encoder import encode_basestring
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

from chalicelib.rules.files.spool import Lines, Records
from chalicelib.rules.forms.form import Indicator, Section, indicators
from chalicelib.rules.forms.form_versions import merged
from chalicelib.rules.reports.report import Standing
from chalicelib.rules.summaries.aggregate import Aggregate
from chalicelib.rules.units.unit import Unit

_TOGETHER = 48  # reports that are decoded and added in one go

_as_json = encode_basestring  # of one text, as in every JSON of ours


# Of a unit's report: state, late, nil. None where none came.
State: TypeAlias = tuple[str, bool, bool] | None


class Sent(NamedTuple):
    """What a list of units tells of one report that came."""

    state: str
    late: bool
    version: int
    form: int
    first_sent: datetime
    last_sent: datetime
    figures: str


class Line:
    """An indicator's total, its blocs, and who answered no to it or whom it does not apply to."""

    def __init__(self, indicator: Indicator, blocs: dict[str, Aggregate]) -> None:
        self.indicator = indicator
        self.blocs = blocs
        self.answered_no = array("l")  # places of units
        self.not_applicable = array("l")

    @property
    def whole(self) -> Aggregate:
        total = Aggregate()
        for part in self.blocs.values():
            total.include(part)
        return total

    def add(self, bloc: str, places: Sequence[int], answers: Sequence[Any]) -> None:
        """Take in what units of one bloc answered."""
        if self.indicator.kind == "yesno" and "no" in answers:
            given = zip(places, answers, strict=True)
            self.answered_no.extend([place for place, one in given if one == "no"])
        whole, before = self.blocs[bloc], self.blocs[bloc].not_applicable
        whole.add(self.indicator, answers)
        if whole.not_applicable != before:
            given = zip(places, answers, strict=True)
            self.not_applicable.extend([place for place, one in given if one is False])


class Tally:
    """Takes in the current reports of one period; `lines` adds them up in official order.

    `units` are those that owe a report; a report of any other unit is left out. `sections` are
    what the period's own form asks; what another version asks, `sections_of` says, and a report
    begun on it is added up by its codes, and asked for no others.
    """

    def __init__(
        self,
        sections: Sequence[Section],
        units: Sequence[Unit],
        form: int = 0,
        sections_of: Callable[[int], Sequence[Section]] | None = None,
    ) -> None:
        self.units = units
        self._places = {code: place for place, code in enumerate([u.code for u in units])}
        self.blocs = [unit.bloc for unit in units]
        self._reports = Records(len(units))
        self._revisions = array("q", [0]) * len(units)  # of the head that was added
        self.states: list[State] = [None] * len(units)
        self._one: dict[State, State] = {}  # equal states are one object: there are few
        self._expected = Counter(self.blocs)
        self._form, self._sections_of = form, sections_of
        self._versions: dict[int, Sequence[Section]] = {form: sections}  # the period's own first
        self._lines: dict[str, Line] = {}
        for one in indicators(sections):
            blocs = [b for b in sorted(self._expected) if one.asks(b)]
            self._lines[one.code] = Line(one, {b: Aggregate(self._expected[b]) for b in blocs})
        self._columns = {(bloc, form): self._new_columns(bloc, form) for bloc in self._expected}
        self._columns_of = [self._columns[bloc, form] for bloc in self.blocs]
        self.forms: Counter[int] = Counter()  # reports of each version

    @property
    def sections(self) -> tuple[Section, ...]:
        """What any report that came was asked, and the period's own form asks."""
        others = sorted(self._versions.keys() - {self._form}, reverse=True)
        return merged(self._versions[self._form], [self._versions[one] for one in others])

    def asked_of(self, unit: Unit, form: int) -> frozenset[str]:
        """The codes that this version asks of this unit; an unknown one is the period's own."""
        found = self._columns.get((unit.bloc, form)) or self._columns[unit.bloc, self._form]
        return found.codes

    def askers(self, code: str) -> list[int]:
        """The versions that have this code, where not every one that is in use has it."""
        having = [v for v, s in self._versions.items() if code in {i.code for i in indicators(s)}]
        return [] if len(having) == len(self._versions) else sorted(having)

    def _new_columns(self, bloc: str, form: int) -> "_Columns":
        asked = [one.code for one in indicators(self._versions[form]) if one.asks(bloc)]
        return _Columns(bloc, [self._lines[code] for code in asked])

    def _begun_on(self, place: int, form: int) -> "_Columns":
        """Where a report goes that was begun on another version; it is asked what that asks."""
        bloc = self.blocs[place]
        if form not in self._versions and self._sections_of:
            self._versions[form] = self._sections_of(form)
            for one in indicators(self._versions[form]):
                self._lines.setdefault(one.code, Line(one, {}))
        if (bloc, form) not in self._columns:
            self._columns[bloc, form] = columns = self._new_columns(bloc, form)
            for code in columns.codes:
                self._lines[code].blocs.setdefault(bloc, Aggregate())
        columns, own = self._columns[bloc, form], self._columns_of[place]
        for code in own.codes - columns.codes:
            self._lines[code].blocs[bloc].expected -= 1
        for code in columns.codes - own.codes:
            self._lines[code].blocs[bloc].expected += 1
        return columns

    def owes(self, code: str) -> bool:
        return code in self._places

    def take(self, reports: Iterable[tuple[Standing, str]]) -> None:
        """Take in the current reports of units, each with the JSON of its version's texts."""
        keep = self._reports.keep
        for report, texts in reports:
            unit, name, version, first, last, late, nil, form, figures, revision = report
            place = self._places.get(unit)
            if place is None:
                continue
            state = (name, late, nil)
            self.states[place] = self._one.setdefault(state, state)
            self._revisions[place] = revision
            self.forms[form] += 1
            keep(place, f"{version} {form} {first} {last}", figures, texts)
            columns = self._columns_of[place]
            if form != self._form and self._sections_of:
                columns = self._begun_on(place, form)
            if name != "returned":  # reopened ones stay in
                columns.add(place, figures, texts)

    def seen(self) -> dict[str, int]:
        """Unit -> revision of the head that was added."""
        both = zip(self.units, self._revisions, strict=True)
        return {unit.code: revision for unit, revision in both if revision}

    def fingerprint(self, *more: str) -> str:
        """Equal when nothing that the summary rests on has changed."""
        digest = hashlib.sha256()
        for unit, revision in zip(self.units, self._revisions, strict=True):
            digest.update(f"{revision} {unit.model_dump_json()}\n".encode())
        for text in more:
            digest.update(f"{text}\n".encode())
        return digest.hexdigest()

    def rows(self) -> Iterator[tuple[Unit, Sent | None]]:
        """Every unit with its report, if it came, in official order."""
        reports = iter(self._reports)
        for unit, state in zip(self.units, self.states, strict=True):
            if state is None:
                yield unit, None
                continue
            _, (sent, figures, _) = next(reports)
            version, form, *instants = sent.decode().split()
            first, last = map(datetime.fromisoformat, instants)
            numbers = int(version), int(form)
            yield unit, Sent(state[0], state[1], *numbers, first, last, figures.decode())

    @property
    def lines(self) -> Mapping[str, Line]:
        """Code -> its line, over all that was added so far."""
        for columns in self._columns.values():
            columns.add_up()
        return self._lines

    @cached_property
    def texts(self) -> Mapping[str, Lines]:
        """Code -> what units wrote, each as a line of JSON for the document, in official order."""
        codes = [one.code for one in indicators(self.sections) if one.is_text]
        found = {code: Lines() for code in codes}
        counted = (one for one in self._reports if not self._is_returned(one[0]))
        while some := list(islice(counted, _TOGETHER)):
            made: dict[str, list[str]] = {code: [] for code in codes}
            texts = json.loads(b"[%b]" % b",".join([record[2] for _, record in some]))
            for (place, (sent, _, _)), written in zip(some, texts, strict=True):
                unit, form = self.units[place], int(sent.split(b" ", 2)[1])
                self._keep(unit, self.asked_of(unit, form), written, made)
            for code, lines in made.items():
                found[code].add(lines)
        return found

    def _keep(
        self,
        unit: Unit,
        asked: frozenset[str],
        written: Mapping[str, Any],
        made: Mapping[str, list[str]],
    ) -> None:
        named = f'],"name":{_as_json(unit.name)},"unit":{_as_json(unit.code)}}}'
        for code, found in written.items():
            if found and code in made and code in asked:
                lines = ",".join(map(_as_json, found if isinstance(found, list) else [found]))
                made[code].append(f'{{"lines":[{lines}{named}')

    def _is_returned(self, place: int) -> bool:
        state = self.states[place]
        return state is not None and state[0] == "returned"


class _Columns:
    """Reports of one bloc and form on their way into their lines: many are added at once."""

    def __init__(self, bloc: str, asked: Sequence[Line]) -> None:
        self._bloc = bloc
        self.codes = frozenset(line.indicator.code for line in asked)
        self._figures = [line for line in asked if not line.indicator.is_text]
        self._texts = [line for line in asked if line.indicator.is_text]
        self._waiting: list[tuple[int, str, str]] = []

    def add(self, place: int, figures: str, texts: str) -> None:
        self._waiting.append((place, figures, texts))
        if len(self._waiting) == _TOGETHER:
            self.add_up()

    def add_up(self) -> None:
        if not self._waiting:
            return
        places, figures, texts = zip(*self._waiting, strict=True)
        self._waiting.clear()
        self._turn(self._figures, places, json.loads(f"[{','.join(figures)}]"))
        self._turn(self._texts, places, json.loads(f"[{','.join(texts)}]"))

    def _turn(
        self, lines: Sequence[Line], places: Sequence[int], contents: Sequence[Mapping[str, Any]]
    ) -> None:
        codes = [line.indicator.code for line in lines]
        rows: list[tuple[Any, ...]] = []
        if len(codes) > 1:
            # Nearly every report answers all that is asked: then its answers are had at once.
            with suppress(KeyError):
                rows = list(map(itemgetter(*codes), contents))
        if rows:
            for line, answers in zip(lines, zip(*rows, strict=True), strict=True):
                line.add(self._bloc, places, answers)
            return
        for line, code in zip(lines, codes, strict=True):
            its = [place for place, one in zip(places, contents, strict=True) if code in one]
            line.add(self._bloc, its, [one[code] for one in contents if code in one])
