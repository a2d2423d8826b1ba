"""What a month costs on AWS: measured calls, units, CPU and bytes, kept in cost.json."""

import gzip
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import app
from bench import grid, prices, scene, stored
from bench.handler import _log_to_nobody
from bench.rows import Row
from chalicelib.edges import request_cost
from chalicelib.edges.ports import Site
from chalicelib.edges.table import Item
from chalicelib.jobs import summarise
from chalicelib.store import links, sign_ins
from infra.gateway import Gateway, Reply
from infra.visitor import Visitor

KEPT = Path(__file__).with_name("cost.json")
DOCUMENT = KEPT.parents[1] / "docs" / "operations.md"
_UNIT = "T000000"
_OVERHEAD = 100  # bytes that DynamoDB adds to each item
_TIMES = 5
_BY = {"by.name": "Nguyễn Thị Thử", "by.post": "Văn thư", "by.phone": "0270 000 0000"}

Figures = dict[str, int]


def spent(work: Callable[[], object], times: int = _TIMES) -> Figures:
    """What one call of it costs: of the last, and the median of the CPU's milliseconds."""
    took = []
    for _ in range(times):
        begun = time.process_time()
        with request_cost.counted() as cost:
            reply = work()
        took.append(time.process_time() - begun)
    found = {"calls": cost.calls, "reads": cost.reads, "writes": cost.writes}
    body = gzip.compress(reply.body) if isinstance(reply, Reply) else b""
    return {**found, "cpu_us": round(median(took) * 1e6), "bytes": len(body)}


def of_a_unit(folder: Path) -> dict[str, Figures]:
    """Each request of a unit, from its link to its receipt, and what it leaves in the table."""
    site = stored.site(folder, min(prices.SIZES), reported=False)
    due = stored.at(site)[1].due
    site = replace(site, clock=lambda: due - timedelta(days=1))
    app.use(site)
    browser, k = Visitor(app, Gateway(app)), stored.PERIOD
    before = _size(site)
    token = links.issue_link(site.table, site.key, stored.PROGRAMME, _UNIT)
    link, replies = f"/u/{token}", list[Reply]()
    found = {"landing": spent(lambda: browser.get(link))}
    landing = browser.get(link)
    found["entering"] = spent(lambda: browser.submit(landing, token))
    found["home"] = spent(lambda: browser.get("/report"))
    found["form"] = spent(lambda: browser.get(f"/report/{k}"))
    period, form = stored.at(site)[1:]
    asked = list(form.asked_of("T", k, period.end))
    typed = scene.filled([one for section in asked for one in section.indicators], 3)
    page = browser.get(f"/report/{k}")
    found["draft save"] = spent(lambda: browser.submit(page, k, do="save", **typed), 1)
    page = browser.get(f"/report/{k}")
    found["check"] = spent(lambda: replies.append(browser.submit(page, k, do="check", **typed)), 1)
    found["check page"] = spent(lambda: browser.follow(replies[0]))
    ready = browser.follow(replies[0])
    found["send"] = spent(
        lambda: replies.append(browser.submit(ready, "send", **_BY, approved="1")), 1
    )
    found["receipt"] = spent(lambda: browser.follow(replies[1]))
    found["kept"] = {"bytes": _size(site) - before}
    site.table.close()
    return found


def _size(site: Site) -> int:
    return sum(map(_of_item, site.table.everything()))


def _of_item(item: Item) -> int:
    body = json.dumps(dict(item.body), ensure_ascii=False, separators=(",", ":"))
    return len("".join(item.key).encode()) + len(body.encode()) + _OVERHEAD


def of_a_run(folder: Path, count: int) -> dict[str, Figures]:
    """A period in which all have reported, summed anew and then unchanged, with its files."""
    site = stored.site(folder, count, reported=True)
    programme, period, _ = stored.at(site)

    def run() -> bool:
        return summarise.summarise(site, programme, period)

    changed = spent(run, 1)
    files = [path for path in (folder / "files").rglob("*") if path.is_file()]
    changed["bytes"] = sum(path.stat().st_size for path in files)
    found = {"run, changed": changed, "run, unchanged": spent(run, 2 if count > 10_000 else 5)}
    if count <= prices.LARGEST_GRID:
        found |= of_the_desk(site)
    site.table.close()
    return found


def of_the_desk(site: Site) -> dict[str, Figures]:
    app.use(site)
    browser = Visitor(app, Gateway(app))
    token, _, _ = sign_ins.ask_sign_in(site.table, grid.OFFICER, site.clock())
    browser.submit(browser.get(f"/s/{token}"), token)
    where = f"/desk/{stored.PROGRAMME}/{stored.PERIOD}"
    raw = len(browser.get(f"{where}/reports").body)
    return {
        "grid": {**spent(lambda: browser.get(f"{where}/reports")), "raw": raw},
        "summary page": spent(lambda: browser.get(where)),
    }


def measured() -> dict[str, Any]:
    found: dict[str, Any] = {"unit": {}, "runs": {}, "desk": {}}
    for count in prices.SIZES:
        print(f"cost: {count:,} units …", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            figures = of_a_run(Path(folder), count)
        runs = {name: figures.pop(name) for name in ("run, changed", "run, unchanged")}
        found["runs"][str(count)] = runs
        desk = {name: figures.pop(name) for name in ("grid", "summary page") if name in figures}
        if desk:
            found["desk"][str(count)] = desk
    with tempfile.TemporaryDirectory() as folder:
        found["unit"] = of_a_unit(Path(folder))
    return found


def measure() -> list[Row]:
    """Measures, keeps the figures, works out the month and puts its table into the runbook."""
    _log_to_nobody()
    found = measured()
    KEPT.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", "utf-8")
    table = prices.table(found)
    print(table, file=sys.stderr)
    begins, ends = prices.MARKS
    before, _, rest = DOCUMENT.read_text("utf-8").partition(f"{begins}\n")
    after = rest.partition(ends)[2]
    DOCUMENT.write_text(f"{before}{begins}\n{table}\n{ends}{after}", "utf-8")
    return [
        (f"A month of {count:,} units on AWS", f"$ {prices.total(found, count):.2f}", "–", "–")
        for count in prices.SIZES
    ]
