"""Adds up one period: reports come in any order, lines come out, few reports are in memory."""

import hashlib
import json
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from chalicelib.aggregate import Aggregate
from chalicelib.programme import Indicator, Section, indicators
from chalicelib.report import Head
from chalicelib.spool import Lines, Records
from chalicelib.unit import Unit

_TOGETHER = 256  # reports that are decoded and added in one go

_as_json = json.JSONEncoder(ensure_ascii=False).encode


# Of a unit's report: state, late, nil. None where none came.
State: TypeAlias = tuple[str, bool, bool] | None


class Sent(NamedTuple):
    """What a list of units tells of one report that came."""

    state: str
    late: bool
    version: int
    first_sent: datetime
    last_sent: datetime
    figures: str


class Line:
    """An indicator's total, its blocs, and what each unit wrote or answered no to."""

    def __init__(self, indicator: Indicator, blocs: dict[str, Aggregate]) -> None:
        self.indicator = indicator
        self.blocs = blocs
        self.texts = Lines()  # `{"lines": …, "name": …, "unit": …}` in official order
        self.answered_no = array("l")  # places of units

    @property
    def whole(self) -> Aggregate:
        total = Aggregate()
        for part in self.blocs.values():
            total.include(part)
        return total

    def add(self, bloc: str, places: Sequence[int], contents: Sequence[Mapping[str, Any]]) -> None:
        """Take in figures, or texts, of units of one bloc."""
        code = self.indicator.code
        self.blocs[bloc].add(self.indicator, [one[code] for one in contents if code in one])
        if self.indicator.kind == "yesno":
            given = zip(places, contents, strict=True)
            self.answered_no.extend([place for place, one in given if one.get(code) == "no"])


class Tally:
    """Takes in the current reports of one period; `lines` adds them up in official order.

    `units` are those that owe a report; a report of any other unit is left out.
    """

    def __init__(self, sections: Sequence[Section], units: Sequence[Unit]) -> None:
        self.sections = sections
        self.units = units
        self._places = {unit.code: place for place, unit in enumerate(units)}
        self._reports = Records(len(units))
        self._revisions = array("q", [0]) * len(units)  # of the head that was added
        self.states: list[State] = [None] * len(units)
        self._one: dict[State, State] = {}  # equal states are one object: there are few

    def owes(self, code: str) -> bool:
        return code in self._places

    def add(self, head: Head, texts: str) -> None:
        """Take in the current report of one unit, with the JSON of its version's texts."""
        place = self._places.get(head.unit)
        if place is None:
            return
        state = (head.state, head.late, head.nil)
        self.states[place] = self._one.setdefault(state, state)
        self._revisions[place] = head.revision
        sent = f"{head.version}\n{head.first_sent}\n{head.last_sent}"
        self._reports.keep(place, f"{sent}\n{head.figures}\n{texts}")

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
        for place, unit in enumerate(self.units):
            state = self.states[place]
            if state is None:
                yield unit, None
                continue
            version, first, last, figures, _ = self._reports.read(place).split("\n")
            first_sent, last_sent = datetime.fromisoformat(first), datetime.fromisoformat(last)
            yield unit, Sent(state[0], state[1], int(version), first_sent, last_sent, figures)

    @cached_property
    def lines(self) -> Mapping[str, Line]:
        """Code -> its line, over all that was added before the first look."""
        expected = Counter(unit.bloc for unit in self.units)
        lines = {}
        for one in indicators(self.sections):
            asked = {b: Aggregate(expected[b]) for b in sorted(expected) if one.asks(b)}
            lines[one.code] = Line(one, asked)
        by_bloc = {b: [line for line in lines.values() if b in line.blocs] for b in expected}
        counted = (n for n, s in enumerate(self.states) if s and s[0] != "returned")
        while places := list(islice(counted, _TOGETHER)):
            self._add_up(places, by_bloc)
        return lines

    def _add_up(self, places: list[int], by_bloc: Mapping[str, list[Line]]) -> None:
        read = [self._reports.read(place).rsplit("\n", 2) for place in places]
        figures = json.loads(f"[{','.join(record[1] for record in read)}]")
        texts = json.loads(f"[{','.join(record[2] for record in read)}]")
        of_bloc: defaultdict[str, list[int]] = defaultdict(list)
        for row, place in enumerate(places):
            of_bloc[self.units[place].bloc].append(row)
        for bloc, rows in of_bloc.items():
            its_places = [places[row] for row in rows]
            its_figures, its_texts = [figures[row] for row in rows], [texts[row] for row in rows]
            for line in by_bloc[bloc]:
                line.add(bloc, its_places, its_texts if line.indicator.is_text else its_figures)
        self._keep_texts(places, texts, by_bloc)

    def _keep_texts(
        self,
        places: list[int],
        texts: list[Mapping[str, Any]],
        by_bloc: Mapping[str, list[Line]],
    ) -> None:
        """Each as a line of JSON, ready for the document."""
        asked = {
            bloc: {line.indicator.code: line for line in lines if line.indicator.is_text}
            for bloc, lines in by_bloc.items()
        }
        entries: defaultdict[str, list[str]] = defaultdict(list)
        for place, written in zip(places, texts, strict=True):
            unit = self.units[place]
            its = asked[unit.bloc]
            named = f'],"name":{_as_json(unit.name)},"unit":{_as_json(unit.code)}}}'
            for code, found in written.items():
                if found and code in its:
                    lines = map(_as_json, found) if isinstance(found, list) else (_as_json(found),)
                    entries[code].append(f'{{"lines":[{",".join(lines)}{named}')
        every = {code: line for its in asked.values() for code, line in its.items()}
        for code, made in entries.items():
            every[code].texts.add(made)
