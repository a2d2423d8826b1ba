"""What requests cost, measured through the real handlers, against the table in the documents."""

import random
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bench import stored
from chalicelib.edges import request_cost
from chalicelib.edges.ports import Site
from chalicelib.edges.request_cost import Spent
from chalicelib.jobs import summarise as summing
from chalicelib.rules.forms.form import indicators
from chalicelib.rules.reports.report import read
from infra import demo
from infra.visitor import Visitor
from tests.conftest import NEW, Clock

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "data-model.md"
HEADING = "## Capacity units"
MOST_FOR_A_SEND = 18
K = "2026-Q4"
BY = {"by.name": "Nguyễn Thị Thử", "by.post": "Văn thư", "by.phone": "0270 000 0000"}


def told() -> dict[str, tuple[int, int, int]]:
    """The table of the document: what -> calls, read units, write units."""
    part = DOCUMENT.read_text("utf-8").partition(f"{HEADING}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+?) \| (\d+) \| (\d+) \| (\d+) \|", part, re.MULTILINE)
    return {what: (int(calls), int(reads), int(writes)) for what, calls, reads, writes in rows}


def spent_by(work: Callable[[], Any]) -> tuple[int, int, int]:
    spent: Spent
    with request_cost.counted() as spent:
        work()
    return spent.calls, spent.reads, spent.writes


def median_report(site: Site) -> dict[str, str]:
    """Of what the demo would type for every school, the one whose content is of median size."""
    _, period, form = stored.at(site)
    asked = list(indicators(form.asked_of("T", K, period.end)))
    filled = []
    for place in range(99):
        chance = random.Random(f"median {place}")  # noqa: S311 - repeatable is what is wanted
        typed = demo.answers(chance, next(iter(stored.units(1))), asked)
        filled.append((len(read(asked, typed).content.canonical().encode()), place, typed))
    return sorted(filled)[len(filled) // 2][2]


def measured_of_a_unit(
    site: Site, browser: Visitor, clock: Clock
) -> dict[str, tuple[int, int, int]]:
    typed = median_report(site)
    form = browser.get(f"/report/{K}")  # the form's version is read once in a process
    found = {"form": spent_by(lambda: browser.get(f"/report/{K}"))}
    found["draft save"] = spent_by(lambda: browser.submit(form, K, do="save", **typed))
    form = browser.get(f"/report/{K}")
    replies = []
    found["check"] = spent_by(lambda: replies.append(browser.submit(form, K, do="check", **typed)))
    found["check page"] = spent_by(lambda: replies.append(browser.follow(replies[0])))
    page = replies[1]
    found["send"] = spent_by(
        lambda: replies.append(browser.submit(page, "send", **BY, approved="1"))
    )
    found["receipt"] = spent_by(lambda: browser.follow(replies[2]))
    found["the same send again"] = spent_by(
        lambda: browser.submit(page, "send", **BY, approved="1")
    )
    clock.now += timedelta(days=1)
    found["receipt, first of a day"] = spent_by(lambda: browser.follow(replies[2]))
    return found


def measured_of_a_thousand(folder: Path) -> dict[str, tuple[int, int, int]]:
    site = stored.site(folder, 1_000, reported=True)
    programme, period, _ = stored.at(site)

    def summarise() -> None:
        summing.summarise(site, programme, period)

    found = {"summarising 1,000": spent_by(summarise)}
    found["summarising 1,000, unchanged"] = spent_by(summarise)
    site.table.close()
    return found


@pytest.fixture
def measured(
    site: Site, as_unit: Callable[..., Visitor], tmp_path: Path, clock: Clock
) -> dict[str, tuple[int, int, int]]:
    return measured_of_a_unit(site, as_unit("T01", NEW), clock) | measured_of_a_thousand(
        tmp_path / "thousand"
    )


@pytest.mark.guards(
    "what requests cost; a send at most 18 write units", "2 kB more in a draft ✓ (the first)"
)
def test_the_table_of_capacity_units_is_what_is_measured(
    measured: dict[str, tuple[int, int, int]],
) -> None:
    right = "\n".join(
        f"| {what} | {calls} | {reads} | {writes} |"
        for what, (calls, reads, writes) in measured.items()
    )
    assert told() == measured, f"replace the rows under “{HEADING}” in {DOCUMENT} by\n{right}"


@pytest.mark.guards("what requests cost; a send at most 18 write units")
def test_a_send_of_a_median_report_costs_at_most_eighteen_write_units(
    measured: dict[str, tuple[int, int, int]],
) -> None:
    assert measured["send"][2] <= MOST_FOR_A_SEND
