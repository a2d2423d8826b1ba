"""The product's sums held against an independent one, in assertions (infra/second_sum.py adds)."""

import io
from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.edges.table import Table
from infra import second_sum
from infra.held_against import compared
from infra.second_sum import COUNTS, COVERAGE, owes

__all__ = ["COVERAGE", "Raw", "assert_equal", "assert_in_the_workbook", "independent", "owes"]

independent = second_sum.second_sum

_SAID: Mapping[str, str | tuple[str, ...]] = {
    "met": "Đạt",
    "missed": "Chưa đạt",
    "breached": ("Đã vượt ngưỡng: ", "Không thể đạt"),
    "incomplete": "Chưa đủ số liệu",
    "none": "",
}


class Raw(second_sum.Raw):
    """Also of a table that is no file on this machine."""

    @classmethod
    def of_table(cls, table: Table) -> "Raw":
        """From any engine, through the one call that reads everything."""
        return cls((*item.key, dict(item.body)) for item in table.everything())


def assert_equal(whole: Mapping[str, Any], right: Mapping[str, Any]) -> None:
    """The product's document against the independent sum, figure by figure."""
    for name, found, must in compared(whole, right):
        assert (name, found) == (name, must)
    for line in whole["indicators"] + whole["narratives"]:
        if "not_applicable_units" in line:
            assert len(line["not_applicable_units"]) == line["not_applicable"]
        for part in (line, *line["blocs"].values()):
            found = part["with_value"] + part["nil"] + part["missing"]
            assert found == part["expected"]


def assert_in_the_workbook(
    content: bytes, whole: Mapping[str, Any], right: Mapping[str, Any]
) -> int:
    """The XLSX against the independent sum, cell by cell. How many figures it compared."""
    from openpyxl import load_workbook

    sheet = load_workbook(io.BytesIO(content))["Tổng hợp"]
    assert [sheet.cell(row, 3).value for row in range(3, 9)] == [right[name] for name in COVERAGE]
    lines = {row[0].value: [cell.value for cell in row] for row in sheet.iter_rows(min_row=11)}
    labels = {
        one["code"]: {each["name"]: each["label"] for each in one.get("answers", ())}
        for one in whole["indicators"]
    }
    kinds = {one["code"]: one["kind"] for one in whole["indicators"]}
    assert lines.keys() == kinds.keys()
    for code, cells in lines.items():
        line = right["lines"][code]
        value = None if kinds[code] in ("text", "list") else line["value"]
        if kinds[code] == "choice" and line["answers"]:
            for name, count in line["answers"].items():
                assert f"{labels[code][name]}: {count} (" in cells[6]
        else:
            right_value = None if value is None else pytest.approx(float(value))
            assert (code, cells[6]) == (code, right_value)
        said = _SAID[line["verdicts"][whole["locked"]]]
        assert (code, (cells[5] or "").startswith(said)) == (code, True)
        assert (code, bool(cells[5])) == (code, said != "")
        assert (code, cells[7:9]) == (code, [line["numerator"], line["denominator"]])
        assert (code, cells[9:14]) == (code, [line[name] for name in COUNTS])
    return sum(isinstance(cells[6], int | float) for cells in lines.values())
