"""What pyxform, the reference reader of XLSForm, says of a form that our own rules let through."""

import re
from collections.abc import Iterator, Mapping, Sequence

from chalicelib.rules.files.source_rows import Row, Sheet
from chalicelib.rules.forms.xlsform_columns import Fault
from chalicelib.rules.forms.xlsform_heads import type_of

_XLSFORM: Mapping[str, Sequence[str]] = {
    "survey": ("type", "name", "label", "hint", "guidance_hint"),
    "choices": ("list_name", "name", "label"),
}
_ROW = re.compile(r"\[row : (\d+)\]")


def judged(found: Mapping[str, Sheet]) -> Iterator[Fault]:
    """pyxform stops at its first fault, so it judges last; its own words reach nobody.

    It gets a clean table: columns and types by their names, and no blank rows.
    """
    from pyxform.xls2json import workbook_to_json  # heavy: only who loads a form pays
    from pyxform.xls2json_backends import DefinitionData

    tables = {
        name: _table(found[name], columns)
        for name, columns in _XLSFORM.items()
        if name in found and found[name].rows
    }
    heads = {
        f"{name}_header": [dict.fromkeys(columns)]
        for name, columns in _XLSFORM.items()
        if name in tables
    }
    workbook = DefinitionData(**tables, **heads, sheet_names=list(tables))
    try:
        workbook_to_json(workbook, form_name="form", fallback_form_name="form")
    except Exception as error:  # its own, and whatever its parsers break on
        said = _ROW.search(str(error))
        rows = found["survey"].rows
        place = int(said[1]) - 2 if said else -1  # pyxform counts the heads as row 1
        number = rows[place].number if 0 <= place < len(rows) else 0
        yield Fault("survey", number, "", "pyxform")


def _table(sheet: Sheet, columns: Sequence[str]) -> list[dict[str, str]]:
    return [
        {column: _clean(row, column) for column in columns if row[column]} for row in sheet.rows
    ]


def _clean(row: Row, column: str) -> str:
    if column != "type":
        return row[column]
    found = type_of(row["type"])
    return f"{found.name} {found.list_name}".strip() if found.name != "itself" else row["type"]
