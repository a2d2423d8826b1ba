"""XLSForm to Form: which sheets and cells we take, and every fault of a file at once."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from chalicelib.rules.files import source_rows
from chalicelib.rules.files.source_rows import Row, Sheet
from chalicelib.rules.files.spreadsheet_rows import column as place_of
from chalicelib.rules.files.spreadsheet_rows import spans
from chalicelib.rules.files.upload import FileType, NotTaken
from chalicelib.rules.forms import xlsform_heads, xlsform_judge
from chalicelib.rules.forms.form import Form
from chalicelib.rules.forms.xlsform_columns import Fault, Passed
from chalicelib.rules.forms.xlsform_heads import COLUMNS
from chalicelib.rules.forms.xlsform_survey import Choices, Survey
from chalicelib.rules.texts import text

MOST_ROWS = 2_000  # of each sheet that hold anything
LONGEST_CELL = 4_000  # signs; pyxform takes time that grows with their square
LONGEST_FORM = 400_000  # signs of all cells
_OF_XLSFORM = ("external_choices", "entities", "osm")  # sheets that mean something, and not to us
_MERGED = re.compile(r"([A-Z]+)(\d+):[A-Z]+(\d+)")


class Faulty(Exception):
    """The file was not taken. Every fault is in `faults`, in the order of the rows."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = sorted(faults, key=lambda f: (f.sheet != "survey", f.sheet, f.row))


class Taken(NamedTuple):
    form: Form
    passed: tuple[Passed, ...]  # what of the file is not in it


def read(content: bytes, file_type: FileType, blocs: Collection[str], version: int) -> Form:
    """The form that an XLSForm file defines. Raises Faulty, and then nothing may be kept."""
    return take(content, file_type, blocs, version).form


def take(content: bytes, file_type: FileType, blocs: Collection[str], version: int) -> Taken:
    """The form, and what was passed over on the way to it. Raises Faulty."""
    try:
        found = source_rows.read(content, file_type, xlsform_heads.columns, COLUMNS)
    except NotTaken as refused:
        raise Faulty([Fault("", 0, "", refused.problem, refused.detail)]) from None
    try:
        survey = _judged(found, blocs)
    except Faulty as faulty:
        placed = (_placed(found, fault) for fault in faulty.faults)
        raise Faulty(list(dict.fromkeys(placed))) from None
    settings = next(iter(found.get("settings", Sheet("settings")).rows), Row(0, {}))
    form = Form(version=version, title=settings["form_title"], sections=tuple(survey.sections))
    return Taken(form, (*_passed(found), *survey.passed))


def _placed(found: Mapping[str, Sheet], fault: Fault) -> Fault:
    """With the letter of its column; what is empty because there is no such column is said once."""
    sheet = found.get(fault.sheet)
    if sheet is None:
        return fault
    if fault.problem == "empty" and fault.column not in sheet.columns:
        return Fault(sheet.name, sheet.header_row, fault.column, "no_column")
    return replace(fault, letter=sheet.letter(fault.column))


def _judged(found: Mapping[str, Sheet], blocs: Collection[str]) -> Survey:
    """Raises Faulty."""
    if faults := list(_too_much(found)):
        raise Faulty(faults)  # before anything is judged that takes long
    faults = list(_sheet_faults(found))
    for sheet in found.values():
        faults += [*_unreadable(sheet), *_merged(sheet)]
    if any(fault.problem in ("no_survey", "no_column") for fault in faults):
        raise Faulty(faults)  # the rows can't be judged without these
    choices = Choices(found.get("choices", Sheet("choices")))
    survey = Survey(choices.lists, blocs)
    for row in found["survey"].rows:
        survey.take(row)
    survey.end()
    faults += choices.faults + survey.faults
    if not faults:
        faults = list(xlsform_judge.judged(found))
    if faults:
        raise Faulty(faults)
    return survey


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
        if sheet.name in _OF_XLSFORM:
            yield Fault(sheet.name, 0, "", "unknown_sheet")
        for column in _unknown(sheet):
            if any(row[column] for row in sheet.rows):
                yield Fault(sheet.name, sheet.header_row, column, "unknown_column")
        for column in sheet.columns:
            if column and sheet.columns.count(column) > 1:
                yield Fault(sheet.name, sheet.header_row, column, "column_twice")
    for column in ("type", "name", "label"):
        if "survey" in found and column not in found["survey"].columns:
            yield Fault("survey", found["survey"].header_row, column, "no_column")


def _unknown(sheet: Sheet) -> list[str]:
    """Columns that are none of XLSForm's and none of ours."""
    known = COLUMNS.get(sheet.name, ())
    return [column for column in sheet.columns if column and column not in known]


def _unreadable(sheet: Sheet) -> Iterator[Fault]:
    """Cells with a character that no page and no file of ours could show, or with no text."""
    for bad in sheet.bad:
        yield Fault(sheet.name, bad.row, bad.column, bad.problem, bad.said)
    for row in sheet.rows:
        for column, cell in row.cells.items():
            if text.forbidden(cell):
                yield Fault(sheet.name, row.number, column, "forbidden_character")


def _merged(sheet: Sheet) -> Iterator[Fault]:
    """Cells merged over several rows: to a table the lower ones are empty, to a person not."""
    rows = {row.number: row for row in sheet.rows}
    for reference in sheet.merged:
        match = _MERGED.fullmatch(reference)
        if not match or match[2] == match[3]:
            continue
        first, last, place = int(match[2]), int(match[3]), place_of(match[1]) - 1
        column = sheet.columns[place] if place < len(sheet.columns) else ""
        heads = first <= sheet.header_row <= last
        if column and (heads or (first in rows and rows[first][column])):
            yield Fault(sheet.name, first, column, "merged", reference)


def _passed(found: Mapping[str, Sheet]) -> Iterator[Passed]:
    for sheet in found.values():
        if sheet.name not in COLUMNS:
            yield Passed("sheet", sheet.title)
            continue
        if sheet.hidden:
            yield Passed("hidden_sheet", sheet.title)
        if sheet.hidden_rows:
            yield Passed("hidden_rows", sheet.title, said=spans(sheet.hidden_rows))
        for head in xlsform_heads.left_out(sheet.name, sheet.heads):
            yield Passed("language", sheet.title, said=head)
        for column in _unknown(sheet):
            yield Passed("column", sheet.title, said=column)
        for letter in sheet.headless:
            yield Passed("headless", sheet.title, said=letter)
