"""The rows of a survey and its choices to sections and indicators, with every fault of them."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from chalicelib.rules.files.source_rows import Row, Sheet
from chalicelib.rules.forms.form import NARRATIVES, Choice, Indicator, Section
from chalicelib.rules.forms.xlsform_columns import EXTRA, Extras, Fault, Passed
from chalicelib.rules.forms.xlsform_heads import Type, is_end_of_repeat, type_of

LONGEST_HINT = 120
MOST_CHOICES = 4_000  # of all questions together, each with the whole of its list
RANK_UNIT = "hạng"  # what is measured in ranks is a rank: never summed over units

# Names of the form page itself: its fields, and the ids that its script looks for.
_TAKEN = frozenset(
    (
        *("base", "draft", "page", "place", "do", "csrf", "nil", "reason", "approved", "by"),
        *("form", "saved", "notice", "faults", "send", "sent"),
    )
)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


class Choices:
    def __init__(self, sheet: Sheet) -> None:
        self.lists: dict[str, list[Choice]] = {}
        self.faults: list[Fault] = []
        seen: dict[str, set[str]] = {}
        for row in sheet.rows:
            for column in ("list_name", "name", "label"):
                if not row[column]:
                    self.faults.append(Fault("choices", row.number, column, "empty"))
            if "${" in row["label"]:
                self.faults.append(Fault("choices", row.number, "label", "reference", row["label"]))
            name = " ".join(row["list_name"].split())  # as a question names it
            known = self.lists.setdefault(name, [])
            names = seen.setdefault(name, set())
            if row["name"] in names:
                self.faults.append(Fault("choices", row.number, "name", "twice", row["name"]))
            names.add(row["name"])
            known.append(Choice(name=row["name"], label=row["label"]))


class Survey:
    """Reads the rows in order: sections hold indicators, a ratio's group holds two numbers."""

    def __init__(self, choices: Mapping[str, list[Choice]], blocs: Collection[str]) -> None:
        self.sections: list[Section] = []
        self.faults: list[Fault] = []
        self.passed: list[Passed] = []  # rows that ask nobody anything
        self._choices = choices
        self._blocs = blocs
        self._names: set[str] = set()
        self._chosen = 0  # choices of all questions so far
        self._section: Row | None = None
        self._indicators: list[Indicator] = []
        self._asks = False  # does the section hold any question, even a faulty one
        self._ratio: Row | None = None
        self._parts: list[Row] = []

    def _fault(self, row: Row, column: str, problem: str, given: str = "") -> None:
        self.faults.append(Fault("survey", row.number, column, problem, given or row[column]))

    def take(self, row: Row) -> None:
        row_type = type_of(row["type"])
        if row_type.name == "begin_group":
            self._name(row)
            self._begin(row)
        elif row_type.name == "end_group":
            self._end_group(row)
        elif row_type.name == "itself":
            self.passed.append(Passed("itself", "survey", row.number, row["type"]))
        elif row_type.name:
            self._name(row)
            self._question(row, row_type)
        elif not is_end_of_repeat(row["type"]):
            self._asks = True  # a section that asks what is not taken is not empty
            self._fault(row, "type", "unknown_type" if row["type"] else "empty")

    def _name(self, row: Row) -> None:
        name = row["name"]
        if not _NAME.fullmatch(name):
            self._fault(row, "name", "bad_name" if name else "empty")
        elif name in _TAKEN:
            self._fault(row, "name", "taken_name")
        elif name in self._names:
            self._fault(row, "name", "twice")
        self._names.add(name)
        if not row["label"]:
            self._fault(row, "label", "empty")
        for column in ("label", "hint", "guidance_hint"):
            if "${" in row[column]:
                self._fault(row, column, "reference")
        if len(row["hint"]) > LONGEST_HINT:
            self._fault(row, "hint", "hint_too_long", str(len(row["hint"])))

    def _begin(self, row: Row) -> None:
        if self._section is None:
            self._section = row
            for column in EXTRA:
                if row[column]:
                    self._fault(row, column, "not_on_a_section")
        elif self._ratio is None:
            self._ratio, self._parts, self._asks = row, [], True
        else:
            self._fault(row, "type", "too_deep")

    def _end_group(self, row: Row) -> None:
        if self._ratio is not None:
            self._end_ratio(self._ratio)
            self._ratio = None
        elif self._section is not None:
            self._end_section(self._section)
            self._section = None
        else:
            self._fault(row, "type", "nothing_to_end")

    def _end_section(self, row: Row) -> None:
        if not self._asks:
            self._fault(row, "name", "empty_section")
        self._asks = False
        self.sections.append(
            Section(
                code=row["name"],
                label=row["label"],
                hint=row["hint"],
                indicators=tuple(self._indicators),
            )
        )
        self._indicators = []

    def _end_ratio(self, row: Row) -> None:
        names = [part["name"] for part in self._parts]
        types = {type_of(part["type"]).name for part in self._parts}
        if names != [f"{row['name']}_num", f"{row['name']}_den"] or (
            types not in ({"integer"}, {"decimal"})
        ):
            self._fault(row, "name", "ratio_parts")
            return
        num, den = (part["label"] for part in self._parts)
        parts = "amount" if types == {"decimal"} else "count"
        self._add(row, "ratio", parts=parts, num_label=num, den_label=den)

    def _question(self, row: Row, row_type: Type) -> None:
        if self._ratio is not None:
            self._parts.append(row)
            for column in EXTRA:
                if row[column]:
                    self._fault(row, column, "not_in_a_ratio")
            return
        self._asks = True
        if self._section is None:
            self._fault(row, "type", "outside_a_section")
        if row["name"].endswith(("_num", "_den")):
            self._fault(row, "name", "reserved_name")
        if row_type.name == "select_one":
            self._select(row, row_type.list_name)
        elif row_type.name == "integer":
            self._add(row, "rank" if row["measured_in"] == RANK_UNIT else "count")
        elif row_type.name == "decimal":
            self._add(row, "amount")
        else:
            self._add(row, "list" if row["aggregate"] == "list" else "text")

    def _select(self, row: Row, list_name: str) -> None:
        choices = self._choices.get(list_name)
        if not choices:
            self._fault(row, "type", "no_choices", list_name)
            return
        self._chosen += len(choices)
        if self._chosen > MOST_CHOICES:
            self._fault(row, "type", "too_many_choices")
            return
        is_yesno = {choice.name for choice in choices} == {"yes", "no"}
        self._add(row, "yesno" if is_yesno else "choice", choices=tuple(choices))

    def _add(self, row: Row, kind: Any, **more: Any) -> None:
        in_narratives = self._section is not None and self._section["name"] == "narratives"
        if (row["name"] in NARRATIVES) is not in_narratives or (in_narratives and kind != "text"):
            self._fault(row, "name", "narrative_place")
        checks = Extras(row, kind, self._blocs)
        self.faults += checks.faults
        self._indicators.append(
            Indicator(
                code=row["name"],
                kind=kind,
                label=row["label"],
                hint=row["hint"],
                about=row["guidance_hint"],
                **checks.values,
                **more,
            )
        )

    def end(self) -> None:
        for open_group in (self._ratio, self._section):
            if open_group is not None:
                self._fault(open_group, "type", "never_ended")
