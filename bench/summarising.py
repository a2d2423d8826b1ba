"""Summarising stored reports, against decoding the same figures and texts; and its memory."""

import gc
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from bench import dynamo, stored
from chalicelib.edges.ports import Site
from chalicelib.edges.table import Table
from chalicelib.jobs import summarise
from chalicelib.rules.summaries import summary
from chalicelib.rules.summaries.tally import Tally
from chalicelib.rules.units.unit import owing
from chalicelib.store import programmes, reports
from chalicelib.store.current import current

SIZES = ((1_000, 11), (10_000, 5), (100_000, 3))  # reports, and how often each is measured
MOST, MOST_MEMORY = 4.0, 40  # times; MB
LINEAR = 1.3  # a report among 100,000 against one among 1,000

Row = tuple[str, str, str, str]  # what, product, baseline, ratio and bound
BROKEN = "broken"  # in the last part of a row whose bound does not hold


def against(bound: float, found: float, unit: str = "") -> str:
    """The bound, and whether what was found keeps it."""
    return f" (≤ {bound:g}{unit})" if found <= bound else f" (≤ {bound:g}{unit}: {BROKEN})"


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of one call, begun without garbage of what went before."""
    gc.collect()
    begun = time.process_time()
    work()
    return time.process_time() - begun


class Summed:
    """One installation's period, ready to be read and added up again and again."""

    def __init__(self, site: Site, table: Table) -> None:
        self._programme, self._period, form = stored.at(site)
        self._sections = form.running(self._period.key, self._period.end)
        versions = programmes.units(site.table, stored.PROGRAMME)
        self._units = owing(versions, self._period.end)
        self._table = table

    def add_up(self) -> summary.Document:
        """Everything but the writing of files: both readings, merged, added up, judged."""
        tally = Tally(self._sections, self._units)
        tally.take(current(self._table, stored.PROGRAMME, stored.PERIOD, tally.owes))
        return summary.document(tally, stored.PROGRAMME, self._period, self._period.due)

    def write(self) -> None:
        for _ in summary.pieces(self.add_up()):
            pass


def strings(site: Site) -> list[str]:
    p, k = stored.PROGRAMME, stored.PERIOD
    figures = [head.figures for head in reports.heads(site.table, p, k)]
    return figures + [text for _, _, text in reports.texts(site.table, p, k)]


def decode(all_strings: list[str]) -> None:
    for one in all_strings:
        json.loads(one)


def of_size(count: int, times: int) -> Iterator[tuple[Row, float]]:
    """The rows of one size, and in the first the product's seconds a report."""
    with tempfile.TemporaryDirectory() as folder:
        site = stored.site(Path(folder), count, reported=True)
        every, sql = strings(site), Summed(site, site.table)
        replayed = Summed(site, dynamo.replayed(site.table))
        took: dict[str, list[float]] = {"base": [], "sql": [], "json": [], "dynamo": []}
        for _ in range(times):  # in turn, so that a busy moment of the machine meets them all
            took["base"].append(cpu(lambda: decode(every)))
            took["sql"].append(cpu(sql.add_up))
        for _ in range(min(times, 3)):
            took["json"].append(cpu(sql.write))
            took["dynamo"].append(cpu(replayed.add_up))
        site.table.close()
    base = median(took["base"])

    def row(what: str, name: str, bound: str) -> Row:
        spent = median(took[name])
        return (
            f"{what}, {count:,} reports",
            f"{spent:.3f} s",
            f"{base:.3f} s",
            f"{spent / base:.2f}{bound}",
        )

    spent = median(took["sql"])
    yield row("Summarising on SQLite", "sql", against(MOST, spent / base)), spent / count
    yield row("… and its JSON document written", "json", ""), 0
    yield row("… on DynamoDB's recorded pages", "dynamo", ""), 0


def peak(count: int, *, reported: bool) -> float:
    """MB at the highest of a whole run, workbook and all, in a process of its own."""
    asked = [sys.executable, "-m", "bench.summarising", "peak", str(count), str(int(reported))]
    return float(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)


def _peak(count: int, *, reported: bool) -> float:
    with tempfile.TemporaryDirectory() as folder:
        asked = [sys.executable, "-m", "bench.summarising", "make", folder, str(count)]
        subprocess.run([*asked, str(int(reported))], check=True)
        site = stored.opened(Path(folder))
        programme, period, _ = stored.at(site)
        summarise.summarise(site, programme, period)
        site.table.close()
    # Not getrusage's: that one begins with the peak of the process that started this one.
    status = Path("/proc/self/status").read_text("utf-8")
    (kilobytes,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
    return int(kilobytes) / 1024


def measure() -> list[Row]:
    rows, each = [], {}
    for count, times in SIZES:
        for row, spent in of_size(count, times):
            rows.append(row)
            if spent:
                each[count] = spent
    smallest, largest = each[SIZES[0][0]], each[SIZES[-1][0]]
    growth = largest / smallest
    rows.append(
        (
            "One report among 100,000 against one among 1,000",
            f"{largest * 1e6:.1f} µs",
            f"{smallest * 1e6:.1f} µs",
            f"{growth:.2f}{against(LINEAR, growth)}",
        )
    )
    count = SIZES[-1][0]
    full, empty = peak(count, reported=True), peak(count, reported=False)
    rows.append(
        (
            f"Memory of a whole run, {count:,} reports against none",
            f"{full:.0f} MB",
            f"{empty:.0f} MB",
            f"{full - empty:+.0f} MB{against(MOST_MEMORY, full - empty, ' MB')}",
        )
    )
    return rows


def main(arguments: list[str]) -> Any:
    match arguments:
        case ["peak", count, reported]:
            print(_peak(int(count), reported=reported == "1"))
            return 0
        case ["make", folder, count, reported]:
            stored.site(Path(folder), int(count), reported=reported == "1").table.close()
            return 0
    return shown(measure())


def shown(rows: list[Row]) -> int:
    """Print the rows; 1 where a bound is broken."""
    for row in rows:
        print(" | ".join(row))
    return int(any(BROKEN in row[-1] for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
