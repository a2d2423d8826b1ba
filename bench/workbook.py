"""The product's workbook, against xlsxwriter alone writing the same cells with the same options."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import IO, Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from bench import stored
from bench.summarising import Row, against, cpu, shown
from chalicelib.messages.summaries.files import words
from chalicelib.rules.summaries import summary, workbook
from chalicelib.rules.summaries.cells import UnitRow
from chalicelib.rules.summaries.tally import Tally
from chalicelib.rules.units.unit import owing
from chalicelib.store import programmes
from chalicelib.store.current import current

SIZES = ((1_000, 3), (100_000, 1))  # rows, and how often each is measured
MOST = 1.5
WRITERS = ("_write_string", "_write_number", "_write_datetime", "_write_formula")

# One cell: the sheet, the writer, row, column, and what it is given: value, format, …
Cell = tuple[str, str, int, int, tuple[Any, ...]]


class Period:
    """One period of so many units, read and added up: what a workbook is made of."""

    def __init__(self, folder: Path, count: int) -> None:
        site = stored.site(folder, count, reported=True)
        self._programme, self._period, form = stored.at(site)
        sections = form.running(self._period.key, self._period.end)
        units = owing(programmes.units(site.table, stored.PROGRAMME), self._period.end)
        self._tally = Tally(sections, units)
        owes = self._tally.owes
        self._tally.take(current(site.table, stored.PROGRAMME, stored.PERIOD, owes))
        period = self._period
        self._whole = summary.document(self._tally, stored.PROGRAMME, period, period.due)
        self._ready = dict(self._tally.texts)
        site.table.close()

    def write(self, file: IO[bytes]) -> None:
        rows = (UnitRow(unit, sent) for unit, sent in self._tally.rows())
        named = (self._programme.name, self._programme.blocs)
        due = self._period.due
        workbook.as_xlsx(file, self._whole, *named, self._tally.sections, rows, due, words(None))


@contextmanager
def recorded(cells: list[Cell]) -> Iterator[None]:
    """Every cell that is written meanwhile, as xlsxwriter's own writers are given it."""
    originals = {name: getattr(Worksheet, name) for name in WRITERS}

    def recording(name: str) -> Any:
        def write(sheet: Any, row: int, column: int, *given: Any) -> Any:
            cells.append((sheet.name, name.removeprefix("_"), row, column, given))
            return originals[name](sheet, row, column, *given)

        return write

    for name in WRITERS:
        setattr(Worksheet, name, recording(name))
    try:
        yield
    finally:
        for name, original in originals.items():
            setattr(Worksheet, name, original)


def bare(file: IO[bytes], cells: Iterator[Cell]) -> None:
    """The same cells and formats by themselves: the calls a program makes that has them ready."""
    book = xlsxwriter.Workbook(
        file,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    formats: dict[int, Any] = {}
    sheets: dict[str, Any] = {}
    for name, writer, row, column, given in cells:
        if name not in sheets:
            sheets[name] = book.add_worksheet(name)
        value, *more = given
        if more and more[0] is not None:
            its = formats.get(id(more[0]))
            if its is None:
                its = formats[id(more[0])] = book.add_format({"num_format": more[0].num_format})
            more[0] = its
        getattr(sheets[name], writer)(row, column, value, *more)
    book.close()


def repeated(cells: list[Cell], times: int) -> Iterator[Cell]:
    """The cells of many times as many units: each sheet's moved down by its height."""
    height: dict[str, int] = {}
    for name, _, row, _, _ in cells:
        height[name] = max(height.get(name, 0), row + 1)
    for block in range(times):
        for name, writer, row, column, given in cells:
            yield name, writer, row + block * height[name], column, given


def of_size(folder: Path, count: int, times: int) -> Row:
    sample = min(count, 1_000)
    small = Period(folder / "small", sample)
    cells: list[Cell] = []
    with tempfile.TemporaryFile() as file, recorded(cells):
        small.write(file)
    made = small if count == sample else Period(folder / "large", count)

    def ours() -> None:
        with tempfile.TemporaryFile() as file:
            made.write(file)

    def theirs() -> None:
        with tempfile.TemporaryFile() as file:
            bare(file, repeated(cells, count // sample))

    took = [(cpu(theirs), cpu(ours)) for _ in range(times)]
    base, spent = (median(each) for each in zip(*took, strict=True))
    ratio = f"{spent / base:.2f}{against(MOST, spent / base)}"
    return f"XLSX of {count:,} units", f"{spent:.2f} s", f"{base:.2f} s", ratio


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        return [of_size(Path(folder) / str(count), count, times) for count, times in SIZES]


if __name__ == "__main__":
    sys.exit(shown(measure()))
