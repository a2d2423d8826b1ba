"""The product's sums held against an independent one, in assertions (infra/second_sum.py adds)."""

import io
from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.edges.table import Table
from infra import second_sum
from infra.second_sum import COUNTS, COVERAGE, compared, owes

__all__ = ["COVERAGE", "Raw", "assert_equal", "assert_in_the_workbook", "independent", "owes"]

independent = second_sum.second_sum


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
    kinds = {one["code"]: one["kind"] for one in whole["indicators"]}
    assert lines.keys() == kinds.keys()
    for code, cells in lines.items():
        line = right["lines"][code]
        value = None if kinds[code] in ("text", "list") else line["value"]
        assert (code, cells[6]) == (code, None if value is None else pytest.approx(float(value)))
        assert (code, cells[7:9]) == (code, [line["numerator"], line["denominator"]])
        assert (code, cells[9:14]) == (code, [line[name] for name in COUNTS])
    return sum(isinstance(cells[6], int | float) for cells in lines.values())
