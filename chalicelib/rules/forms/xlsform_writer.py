"""Form to XLSForm: the workbook that reads back as the same form, here and in ODK's tools."""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.rules.files import cell_formats
from chalicelib.rules.forms.form import Choice, Form, Indicator
from chalicelib.rules.forms.xlsform_columns import EXTRA
from chalicelib.rules.forms.xlsform_heads import COLUMNS

_WIDTHS = {"label": 60, "hint": 40, "guidance_hint": 40, "type": 18, "name": 14}
_TYPES = {
    "count": "integer",
    "rank": "integer",
    "amount": "decimal",
    "text": "text",
    "list": "text",
}
_PARTS = {"count": "integer", "amount": "decimal"}  # of a ratio
_YES_NO = "yes_no"
_MADE = datetime(2026, 1, 1)  # noqa: DTZ001 - the same form gives the same bytes

Cells = Mapping[str, str]


def write(form: Form, form_id: str) -> bytes:
    """An .xlsx. What the reader does not take from a file is not in it: see COLUMNS."""
    import xlsxwriter  # heavy: only a download pays

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, dict(cell_formats.IN_MEMORY))
    book.set_properties({"title": form.title, "created": _MADE})
    head = book.add_format(dict(cell_formats.HEAD))
    # Text also where nothing is yet: what is typed there stays as it was typed, 90% and 001 too.
    wrapped = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
    lists = _lists(form)
    settings = {"form_title": form.title, "form_id": form_id, "version": str(form.version)}
    for name, rows in (
        ("survey", _survey(form, lists)),
        ("choices", _choices(lists)),
        ("settings", iter([settings | {"default_language": "vi"}])),
    ):
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        columns = list(COLUMNS[name])
        for place, column in enumerate(columns):
            sheet.set_column(place, place, _WIDTHS.get(column, 12), wrapped)
            sheet.write_string(0, place, column, head)
        _fill(sheet, columns, rows, wrapped)
    book.close()
    return out.getvalue()


def _fill(
    sheet: Any, columns: Sequence[str], rows: Iterable[Mapping[str, str]], style: object
) -> None:
    """Below the heads; an empty cell is not written."""
    for number, row in enumerate(rows, start=1):
        for column, cell in row.items():
            if cell:
                sheet.write_string(number, columns.index(column), cell, style)


def _lists(form: Form) -> dict[tuple[Choice, ...], str]:
    """Equal choices share a list, as their author had it; its name is not kept."""
    lists: dict[tuple[Choice, ...], str] = {}
    for one in form.by_code.values():
        if one.choices and one.choices not in lists:
            is_first_yes_no = one.kind == "yesno" and _YES_NO not in lists.values()
            lists[one.choices] = _YES_NO if is_first_yes_no else f"list_{len(lists) + 1}"
    return lists


def _choices(lists: Mapping[tuple[Choice, ...], str]) -> Iterator[Cells]:
    for choices, name in lists.items():
        for choice in choices:
            yield {"list_name": name, "name": choice.name, "label": choice.label}


def _survey(form: Form, lists: Mapping[tuple[Choice, ...], str]) -> Iterator[Cells]:
    for section in form.sections:
        yield {
            "type": "begin_group",
            "name": section.code,
            "label": section.label,
            "hint": section.hint,
        }
        for one in section.indicators:
            yield from _indicator(one, lists)
        yield {"type": "end_group"}


def _indicator(one: Indicator, lists: Mapping[tuple[Choice, ...], str]) -> Iterator[Cells]:
    said = {"name": one.code, "label": one.label, "hint": one.hint, "guidance_hint": one.about}
    said |= {column: _cell(getattr(one, column)) for column in EXTRA}
    if one.kind == "ratio":
        yield {"type": "begin_group", **said}
        for part, label in (("num", one.num_label), ("den", one.den_label)):
            yield {"type": _PARTS[one.parts], "name": f"{one.code}_{part}", "label": label}
        yield {"type": "end_group"}
    elif one.choices:
        yield {"type": f"select_one {lists[one.choices]}", **said}
    else:
        yield {"type": _TYPES[one.kind], **said}


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " ".join(value)
    return str(value)
