"""XLSForm to Form: which columns and types we take, and every fault of a file at once."""

import io
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from chalicelib.rules.files import source_rows
from chalicelib.rules.files.source_rows import FileType, NotATable, Row, Sheet
from chalicelib.rules.forms.form import NARRATIVES, Choice, Form, Indicator, Section
from chalicelib.rules.forms.xlsform_columns import EXTRA, Extras, Fault
from chalicelib.rules.texts import text

COLUMNS: Mapping[str, Collection[str]] = {
    "survey": ("type", "name", "label", "hint", "guidance_hint", "appearance", *EXTRA),
    "choices": ("list_name", "name", "label"),
    "settings": ("form_title", "form_id", "version", "default_language"),
}
LONGEST_HINT = 120
MOST_ROWS = 2_000  # of each sheet that hold anything
LONGEST_CELL = 4_000  # signs; pyxform takes time that grows with their square
LONGEST_FORM = 400_000  # signs of all cells
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


class Faulty(Exception):
    """The file was not taken. Every fault is in `faults`, in the order of the rows."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = sorted(faults, key=lambda f: (f.sheet != "survey", f.sheet, f.row))


def _sheets(content: bytes, file_type: FileType) -> tuple[bytes, Mapping[str, Sheet]]:
    """The file as pyxform takes it, and its sheets by name. Raises Faulty."""
    try:
        if file_type == "csv":
            content = source_rows.with_commas(content)
        return content, source_rows.read(content, file_type)
    except NotATable as error:
        raise Faulty([Fault("", 0, "", error.problem)]) from None


def read(content: bytes, file_type: FileType, blocs: Collection[str], version: int) -> Form:
    """The form that an XLSForm file defines. Raises Faulty, and then nothing may be kept."""
    content, found = _sheets(content, file_type)
    if faults := list(_too_much(found)):
        raise Faulty(faults)  # before anything is judged that takes long
    faults = list(_sheet_faults(found))
    faults += [fault for sheet in found.values() for fault in _unreadable(sheet)]
    if any(fault.problem in ("no_survey", "no_column") for fault in faults):
        raise Faulty(faults)  # the rows can't be judged without these
    choices = _Choices(found.get("choices", Sheet("choices")))
    survey = _Survey(choices.lists, blocs)
    for row in found["survey"].rows:
        survey.take(row)
    survey.end()
    faults += choices.faults + survey.faults
    if not faults:
        faults = list(_judged_by_pyxform(content, file_type))
    if faults:
        raise Faulty(faults)
    settings = next(iter(found.get("settings", Sheet("settings")).rows), Row(0, {}))
    return Form(version=version, title=settings["form_title"], sections=tuple(survey.sections))


def _too_much(found: Mapping[str, Sheet]) -> Iterator[Fault]:
    """What no form needs, and what pyxform would take long over."""
    whole = 0
    for sheet in found.values():
        if len(sheet.rows) > MOST_ROWS:
            yield Fault(sheet.name, sheet.rows[MOST_ROWS].number, "", "too_many_rows")
        for row in sheet.rows:
            whole += sum(map(len, row.cells.values()))
            for column, cell in row.cells.items():
                if len(cell) > LONGEST_CELL:
                    yield Fault(sheet.name, row.number, column, "cell_too_long", cell)
    if whole > LONGEST_FORM:
        yield Fault("", 0, "", "too_long")


def _sheet_faults(found: Mapping[str, Sheet]) -> Iterator[Fault]:
    if "survey" not in found or not found["survey"].rows:
        yield Fault("survey", 0, "", "no_survey")
    for sheet in found.values():
        if sheet.name not in COLUMNS:
            yield Fault(sheet.name, 0, "", "unknown_sheet")
            continue
        for column in sheet.columns:
            if column and column not in COLUMNS[sheet.name]:
                yield Fault(sheet.name, sheet.header_row, column, "unknown_column")
            if column and sheet.columns.count(column) > 1:
                yield Fault(sheet.name, sheet.header_row, column, "column_twice")
    for column in ("type", "name", "label"):
        if "survey" in found and column not in found["survey"].columns:
            yield Fault("survey", found["survey"].header_row, column, "no_column")


def _unreadable(sheet: Sheet) -> Iterator[Fault]:
    """Cells with a character that no page and no file of ours could show."""
    for row in sheet.rows:
        for column, cell in row.cells.items():
            if text.forbidden(cell):
                yield Fault(sheet.name, row.number, column, "forbidden_character")


def _judged_by_pyxform(content: bytes, file_type: FileType) -> Iterator[Fault]:
    """pyxform stops at its first fault: it judges last, what our own rules let through."""
    from pyxform.errors import PyXFormError  # heavy: only who loads a form pays
    from pyxform.xls2json import workbook_to_json
    from pyxform.xls2json_backends import get_xlsform

    try:
        workbook = get_xlsform(io.BytesIO(content), file_type=f".{file_type}")
        workbook_to_json(workbook, fallback_form_name="form")
    except PyXFormError as error:
        yield Fault("survey", 0, "", "pyxform", str(error))
    except Exception as error:  # its parsers break on what they do not expect
        yield Fault("survey", 0, "", "pyxform", repr(error))


class _Choices:
    def __init__(self, sheet: Sheet) -> None:
        self.lists: dict[str, list[Choice]] = {}
        self.faults: list[Fault] = []
        seen: dict[str, set[str]] = {}
        for row in sheet.rows:
            for column in ("list_name", "name", "label"):
                if not row[column]:
                    self.faults.append(Fault("choices", row.number, column, "empty"))
            known = self.lists.setdefault(row["list_name"], [])
            names = seen.setdefault(row["list_name"], set())
            if row["name"] in names:
                self.faults.append(Fault("choices", row.number, "name", "twice", row["name"]))
            names.add(row["name"])
            known.append(Choice(name=row["name"], label=row["label"]))


class _Survey:
    """Reads the rows in order: sections hold indicators, a ratio's group holds two numbers."""

    def __init__(self, choices: Mapping[str, list[Choice]], blocs: Collection[str]) -> None:
        self.sections: list[Section] = []
        self.faults: list[Fault] = []
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
        row_type = (
            row["type"].replace("begin group", "begin_group").replace("end group", "end_group")
        )
        first = row_type.split(" ")[0]
        if row_type == "begin_group":
            self._name(row)
            self._begin(row)
        elif row_type == "end_group":
            self._end_group(row)
        elif row_type in ("integer", "decimal", "text") or first == "select_one":
            self._name(row)
            self._question(row, row_type)
        else:
            self._fault(row, "type", "unknown_type" if row_type else "empty")

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
        if names != [f"{row['name']}_num", f"{row['name']}_den"] or any(
            part["type"] != "integer" for part in self._parts
        ):
            self._fault(row, "name", "ratio_parts")
            return
        num, den = (part["label"] for part in self._parts)
        self._add(row, "ratio", num_label=num, den_label=den)

    def _question(self, row: Row, row_type: str) -> None:
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
        if row_type.startswith("select_one"):
            self._select(row, row_type.removeprefix("select_one").strip())
        elif row_type == "integer":
            self._add(row, "rank" if row["measured_in"] == RANK_UNIT else "count")
        elif row_type == "decimal":
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
