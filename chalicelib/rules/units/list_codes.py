"""Codes of a list beside those that are known: 1 for 001 and t01 for T01 are asked, never twins."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date

from chalicelib.rules.units.listed import (
    FIRST,
    LEFT_OUT,
    THIS,
    Answers,
    Listed,
    Mended,
    Passed,
    Question,
)
from chalicelib.rules.units.unit import Unit

_PADDING = re.compile(r"(?<!\d)0+(?=\d)")


def alike(code: str) -> str:
    """What codes have in common that people take for one: neither case nor leading zeros."""
    return _PADDING.sub("", code.lower())


def match(listed: Listed, known: Collection[str], answers: Answers) -> None:
    """Bring the rows to the codes that are known, and ask where a row may be another's."""
    codes = _Codes(known)
    rows: list[tuple[int, Unit]] = []
    for line, unit in listed.rows:
        others = codes.others(unit.code)
        if others:
            name, choices = f"code.{line}", (*others, LEFT_OUT)
            chosen = answers.one_of(name, choices, others[0])
            listed.questions.append(
                Question(name, "code", line, "code", unit.code, choices, chosen, (unit.name,))
            )
            if chosen == LEFT_OUT:
                listed.passed.append(Passed(line, "left_out", unit.code))
                continue
            unit = unit.model_copy(update={"code": chosen})  # noqa: PLW2901
        codes.add(unit.code)
        rows.append((line, unit))
    listed.rows = _without_twins(listed, rows, answers)
    _mend_parents(listed, codes)


class _Codes:
    """The codes that are taken, the known ones and those of the rows above."""

    def __init__(self, known: Iterable[str]) -> None:
        self.all: set[str] = set()
        self._alike: dict[str, list[str]] = defaultdict(list)
        for code in sorted(known):
            self.add(code)

    def add(self, code: str) -> None:
        if code not in self.all:
            self.all.add(code)
            self._alike[alike(code)].append(code)

    def others(self, code: str) -> tuple[str, ...]:
        """Codes that this one is taken for; none where it is there itself."""
        return () if code in self.all else tuple(self._alike.get(alike(code), ()))


def _without_twins(
    listed: Listed, rows: list[tuple[int, Unit]], answers: Answers
) -> list[tuple[int, Unit]]:
    """Of two rows with one code from one day on the first holds, unless the other is chosen."""
    taken: dict[tuple[str, date], tuple[int, Unit]] = {}
    for line, unit in rows:
        key = unit.code, unit.valid_from
        first = taken.setdefault(key, (line, unit))
        if first[0] == line:
            continue
        if first[1] == unit:
            listed.passed.append(Passed(line, "same", unit.code))
            continue
        name = f"twin.{line}"
        chosen = answers.one_of(name, (FIRST, THIS), FIRST)
        detail = (str(first[0]), first[1].name, unit.name)
        listed.questions.append(
            Question(name, "twin", line, "code", unit.code, (FIRST, THIS), chosen, detail)
        )
        if chosen == THIS:
            taken[key] = (line, unit)
    return sorted(taken.values(), key=lambda one: one[0])


def _mend_parents(listed: Listed, codes: _Codes) -> None:
    """A parent that is a code is written as the unit has it."""
    for place, (line, unit) in enumerate(listed.rows):
        others = codes.others(unit.parent) if unit.parent else ()
        if len(others) == 1:
            listed.mended.append(Mended(line, "parent", unit.parent, others[0], "code"))
            listed.rows[place] = line, unit.model_copy(update={"parent": others[0]})
