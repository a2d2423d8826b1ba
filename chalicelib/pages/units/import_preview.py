"""How the preview of an import tells what a file holds and what it would change."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.messages.units import authoring, units
from chalicelib.messages.units import importing as words
from chalicelib.pages.frame import render
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.units import list_change, list_reader
from chalicelib.rules.units.list_change import Draft
from chalicelib.rules.units.listed import COLUMNS, MOST_ASKED, Listed, Mended, Question
from chalicelib.rules.units.unit import Unit, twin_names


@dataclass(frozen=True, slots=True)
class Looked:
    """A file beside the list as it is: what it would change."""

    filename: str
    listed: Listed
    draft: Draft

    @property
    def refused(self) -> list[tuple[int, str, str, str]]:
        """Line, unit, column and problem: of the file, else of the list that it would make."""
        if self.listed.faults:
            return [(line, "", column, problem) for line, column, problem in self.listed.faults]
        return [(one.line, one.unit, one.column, one.problem) for one in self.draft.faults]

    @property
    def may_be_written(self) -> bool:
        """Whether there is anything to write, now or when the questions are answered."""
        return not self.refused and bool(self.draft.changes or self.listed.questions)

    @property
    def columns_seen(self) -> str:
        """What each column was taken for: another choice changes more than a page has shown."""
        listed = self.listed
        said = repr([(one.place, one.column) for one in listed.heads if one.column])
        return hashlib.sha256((said + repr(listed.filled)).encode()).hexdigest()[:16]


def shown(looked: Looked, programme: Programme, present: Iterable[Unit]) -> dict[str, Any]:
    """What units/preview.html draws."""
    names = {unit.code: unit.name for unit in present}
    return {
        **_of_the_file(looked),
        **_of_the_list(looked.draft),
        "words": units,
        "says": words,
        "reason": authoring.unit_reason,
        "blocs": programme.blocs,
        "questions": [
            (one, words.asked(one), _choices(one, programme, names))
            for one in looked.listed.questions[:MOST_ASKED]
        ],
        "unasked": max(0, len(looked.listed.questions) - MOST_ASKED),
        "twins": twin_names(looked.draft.units),
    }


def _choices(
    one: Question, programme: Programme, names: Mapping[str, str]
) -> list[tuple[str, str]]:
    return [(value, words.choice(one, value, programme.blocs, names)) for value in one.choices]


def _of_the_file(looked: Looked) -> dict[str, Any]:
    """How the page tells what was read, and what of it can't be taken."""
    listed, refused = looked.listed, looked.refused
    return {
        "filename": looked.filename,
        "head": words.head(listed),
        "hidden": words.hidden(listed),
        "sheet": listed.sheet,
        "passed_over": listed.passed_over,
        "refused": sorted(refused)[: render.MOST_LISTED],
        "refusals": len(refused),
        "quoted": lambda line, column: units.quoted(listed.found(line, column)),
        "heads": sorted(listed.heads),
        "places": {one.column: words.letter(one.place) for one in listed.heads},
        "columns": COLUMNS,
        "columns_seen": looked.columns_seen,
        "to_fill": [one for one in list_reader.FILLED if one in listed.lacking],
        "filled": listed.filled,
        "passed": listed.passed[: render.MOST_LISTED],
        "passed_rows": len(listed.passed),
        "mended": _by_reason(listed.mended),
        "may_be_written": looked.may_be_written,
    }


def _by_reason(mended: Sequence[Mended]) -> list[tuple[str, list[Mended], int]]:
    """What was mended, by why: as many lines as are listed, and how many there are."""
    found: dict[str, list[Mended]] = defaultdict(list)
    for one in mended:
        found[one.why].append(one)
    return [(why, some[: render.MOST_LISTED], len(some)) for why, some in found.items()]


def _of_the_list(draft: Draft) -> dict[str, Any]:
    """How the page tells what would be changed: by kind as many as it lists, and how many."""
    by_kind = {
        kind: [one for one in draft.changes if one.kinds[0] == kind] for kind in list_change.KINDS
    }
    return {
        "counts": draft.counts(),
        "unchanged": draft.unchanged,
        "changes": len(draft.changes),
        "shown": {
            kind: (some[: render.MOST_LISTED], len(some)) for kind, some in by_kind.items() if some
        },
    }
