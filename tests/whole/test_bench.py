"""What the benches rest on: a table that keeps the port, equal pages, bounds that bite.

Nothing here measures time: that is `make bench`.
"""

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

import pytest

import app
from bench import grid, page, scene
from bench.handler import FORM, SEND
from bench.memory import MemoryTable
from bench.rows import BROKEN, row
from chalicelib.store import programmes, reports
from tests import contract

ROOT = Path(__file__).resolve().parents[2]
NAMES = r'<(?:input|select|textarea)[^>]* name="([^"]+)"'


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable()


class TestMemoryTable(contract.TableContract):
    """The table in memory keeps the port as the engines do."""


@pytest.fixture
def held() -> scene.Scene:
    held = scene.set_up()
    app.use(held.site)
    return held


@pytest.mark.guards(
    "benches compare equals",
    "states left out of the bare page ✓",
    "no check of the origin or token ✓",
    "expectations not looked at ✓",
)
def test_the_bare_page_has_the_fields_of_the_form(held: scene.Scene) -> None:
    drawn = app.app(scene.event(held, "GET", FORM), None)["body"]
    hidden = set(re.findall(r'<input type="hidden" name="([^"]+)"', drawn))
    period = next(
        one for one in programmes.periods(held.table, scene.PROGRAMME) if one.key == scene.PERIOD
    )
    form = programmes.form(held.table, scene.PROGRAMME, period.form)
    bare = page.bare_page(form.asked_of("T", period.key, period.end))
    assert set(re.findall(NAMES, bare)) == set(re.findall(NAMES, drawn)) - hidden - {"nil"}


def test_the_scene_is_a_whole_report_that_is_kept(held: scene.Scene) -> None:
    answer = app.app(scene.event(held, "POST", SEND, held.sent), None)
    assert answer["statusCode"] == 303
    head = reports.head(held.table, scene.PROGRAMME, scene.PERIOD, scene.UNIT)
    assert head is not None
    assert head.version == 1
    assert len(urlencode(held.typed)) > 3_000


@pytest.mark.guards("benches compare equals")
@pytest.mark.parametrize("change", [{"Cookie": "__Host-unit=x"}, {"Origin": "https://a.example"}])
def test_the_scene_passes_the_gate_and_a_stranger_does_not(
    held: scene.Scene, change: dict[str, str]
) -> None:
    event = scene.event(held, "POST", SEND, held.sent)
    event["headers"] |= change
    event["multiValueHeaders"] |= {name: [content] for name, content in change.items()}
    assert app.app(event, None)["statusCode"] in (401, 403)


def test_the_grid_of_the_bench_has_every_unit_in_every_fate_and_is_one_on_both_tables(
    tmp_path: Path,
) -> None:
    made = grid.site(tmp_path, 120)
    pages = []
    for site in (made, grid.in_memory(made)):
        app.use(site)
        answer = app.app(grid.event(grid.at_the_desk(site)), None)
        assert answer["statusCode"] == 200
        pages.append(re.sub(r'name="csrf" value="[^"]+"', "", answer["body"]))
    assert pages[0] == pages[1]
    assert len(set(re.findall(r'name="unit\.(\w+)"', pages[0]))) == 120
    assert len(set(re.findall(r'href="tel:(\d{10})"', pages[0]))) > 110
    for word in ("Chưa gửi", "Đã tiếp nhận", "Đang trả lại", "Đang mở lại", "Trễ ", "gia hạn đến"):
        assert word in pages[0].partition("<h2>")[2]
    made.table.close()  # type: ignore[attr-defined]


@pytest.mark.guards("a broken bound fails `make bench`", "every ratio kept ✓")
def test_a_ratio_beyond_its_bound_is_broken() -> None:
    assert BROKEN not in row("form", [1.5], [1], "bare", 1.5)[3]
    assert BROKEN in row("form", [1.51], [1], "bare", 1.5)[3]
    assert BROKEN in row("form", [1], [1], "peer", 1, below=True)[3]


@pytest.mark.guards(
    "a cold form reads only what it needs", "summarising imported by the desk’s module ✓"
)
def test_a_cold_form_reads_no_module_that_it_does_not_need() -> None:
    """Summarising, workbooks, XLSForms and mails start with whoever needs them."""
    look = "import sys, app; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True
    )
    late = (
        "rules.progress.progress",
        "rules.progress.years",
        "rules.reports.extension",
        "rules.files.table_writer",
        "messages.reports.progress",
        "jobs.summarise",
        "pages.door.doors",
        "pages.door.public",
        "pages.unit.sending",
        "store.rates",
        "store.typed",
        "rules.summaries.summary",
        "rules.summaries.workbook",
        "rules.summaries.cells",
        "rules.forms.xlsform_reader",
        "rules.forms.xlsform_columns",
        "rules.files.source_rows",
        "rules.files.spreadsheet_rows",
        "edges.mail",
    )
    foreign = {"html.entities", "pydantic.plugin._loader"}
    assert not ({f"chalicelib.{name}" for name in late} | foreign) & set(done.stdout.split())
