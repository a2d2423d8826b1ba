"""The shape of the house, read from the source: who may import whom, what stands where."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import app

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "chalicelib").rglob("*.py"))
OURS = [*SOURCES, ROOT / "app.py", *sorted((ROOT / "infra").glob("*.py"))]

# Modules of chalicelib that are no nouns, and what besides nouns each may import.
MAY_IMPORT = {
    "table": set(),
    "edges": {"table"},
    "aws": {"aws", "table", "edges"},
    "embedded": {"embedded", "table", "edges"},
    "store": {"store", "table"},
    "pages": {"pages", "store", "nightly", "urging", "edges", "table"},
    "nightly": {"store", "edges", "table"},
    "urging": {"store", "edges", "table"},
    "bounced": {"store", "edges", "table"},
    "ways": {"pages", "edges"},
}
ENGINES = {"aws", "embedded"}
LONGEST = 300
KNOWN_TO_BE_LONG: dict[str, int] = {}
HEAVY = {"multipart", "openpyxl", "pyxform", "xlsxwriter", "boto3", "botocore"}
FRAMEWORKS = {"chalice", "jinja2"}
SQL = {"sqlite3"}


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imported(path: Path) -> Iterator[str]:
    """Every dotted name that the file imports, wherever in it."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part_of(path: Path) -> str:
    """chalicelib/store/reports.py belongs to store, chalicelib/unit.py is unit."""
    return path.relative_to(ROOT / "chalicelib").parts[0].removesuffix(".py")


PARTS = {part_of(path) for path in SOURCES} - {"__init__"}


def used(path: Path) -> set[str]:
    """The parts of chalicelib that the file imports."""
    found = {name.split(".")[1] for name in imported(path) if name.startswith("chalicelib.")}
    return found & PARTS


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_dependencies_run_one_way(path: Path) -> None:
    nouns = PARTS - MAY_IMPORT.keys()
    allowed = nouns | MAY_IMPORT.get(part_of(path), set())
    assert used(path) - allowed == set()


def test_every_part_that_is_no_noun_is_there() -> None:
    assert MAY_IMPORT.keys() <= PARTS


def test_nouns_go_round_in_no_circle() -> None:
    nouns = {p: used(p) for p in SOURCES if part_of(p) in PARTS - MAY_IMPORT.keys()}
    left = {part_of(path): found - {part_of(path)} for path, found in nouns.items()}
    while left:
        free = [name for name, needs in left.items() if not needs & left.keys()]
        assert free, f"these import one another: {sorted(left)}"
        for name in free:
            del left[name]


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_the_product_knows_neither_its_runner_nor_its_framework(path: Path) -> None:
    roots = {name.partition(".")[0] for name in imported(path)}
    assert not roots & {"infra", "app", "chalice", "tests"}


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_an_engine_is_chosen_outside(path: Path) -> None:
    assert not used(path) & ENGINES or part_of(path) in ENGINES


def test_only_the_embedded_engine_speaks_sql() -> None:
    assert {part_of(path) for path in SOURCES if SQL & set(imported(path))} == {"embedded"}


def test_only_one_function_normalises() -> None:
    """It looks first for marks that would make it slow: `text.normal`."""
    said = {path: path.read_text("utf-8").count("unicodedata.normalize") for path in OURS}
    assert {path.name: count for path, count in said.items() if count} == {"text.py": 1}


def test_only_pages_draw_templates() -> None:
    drawing = {part_of(path) for path in SOURCES if "jinja2" in imported(path)}
    assert drawing <= {"pages"}


@pytest.mark.parametrize("path", OURS, ids=named)
def test_heavy_libraries_are_imported_where_they_are_needed(path: Path) -> None:
    """A cold start must not read openpyxl for a page that shows a form.

    Who imports the AWS engine means to use botocore, so it may stand at the top there.
    """
    allowed = {"botocore"} if path.parent.name == "aws" else set()
    at_the_top = [
        node
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Import | ast.ImportFrom) and node.col_offset == 0
    ]
    for node in at_the_top:
        names = [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        assert not {str(name).partition(".")[0] for name in names} & HEAVY - allowed


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_no_file_is_long(path: Path) -> None:
    """A file past about 300 lines was two."""
    lines = len(path.read_text("utf-8").splitlines())
    assert lines <= KNOWN_TO_BE_LONG.get(named(path), LONGEST)


def test_every_file_known_to_be_long_still_is() -> None:
    for name in KNOWN_TO_BE_LONG:
        assert len((ROOT / name).read_text("utf-8").splitlines()) > LONGEST


@pytest.mark.parametrize("path", OURS, ids=named)
def test_the_clock_is_read_in_one_place(path: Path) -> None:
    reads = re.findall(
        r"\b(?:datetime\.(?:now|utcnow|today)|date\.today|time\.(?:time|localtime|gmtime))\s*\(",
        path.read_text("utf-8"),
    )
    assert len(reads) == (1 if path.name == "clock.py" else 0)


@pytest.mark.parametrize("path", OURS, ids=named)
def test_a_file_begins_with_what_it_alone_knows(path: Path) -> None:
    said = ast.get_docstring(tree(path)) or ""
    assert said.partition("\n")[0].strip()


@pytest.mark.parametrize(
    "path",
    [
        *OURS,
        *sorted((ROOT / "templates").rglob("*.*")),
        *sorted((ROOT / "tests").glob("*.py")),
        *sorted((ROOT / "docs").rglob("*.md")),
        *sorted((ROOT / "programmes").rglob("*.*")),
    ],
    ids=named,
)
def test_nothing_is_left_to_do_later(path: Path) -> None:
    later = "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"))
    assert not re.findall(rf"\b(?:{later})\b", path.read_text("utf-8"))


def test_every_way_in_is_there_once() -> None:
    ways = [(way.method, way.path) for way in app.WAYS]
    assert len(ways) == len(set(ways))


def test_the_app_has_the_ways_of_the_table_and_no_other() -> None:
    routes = {(method, path) for path, by in app.app.routes.items() for method in by}
    assert routes == {(way.method, way.path) for way in app.WAYS}


def test_ways_that_share_a_path_agree_on_its_names() -> None:
    """The router matches the first that fits: two names for one place would hide one of them."""
    shapes: dict[str, str] = {}
    for way in app.WAYS:
        shape = re.sub(r"\{[^}]*\}", "{}", way.path)
        assert shapes.setdefault(shape, way.path) == way.path


def test_every_way_names_who_may_use_it() -> None:
    for way in app.WAYS:
        assert way.visitors
        assert set(way.visitors) <= {"anyone", "unit", "officer", "director"}


def test_nothing_but_get_and_post() -> None:
    assert {way.method for way in app.WAYS} == {"GET", "POST"}


def test_every_schedule_is_known() -> None:
    names = {handler.name for handler in app.app.pure_lambda_functions}
    scheduled = {source.name for source in app.app.event_sources}
    assert scheduled | names == {"hourly", "nightly", "period", "mailer", "bounced"}


def test_the_top_level_holds_what_the_design_names() -> None:
    allowed = {
        "CHANGELOG.md",
        "Makefile",
        "README.md",
        "app.py",
        "bench",
        "chalicelib",
        "docs",
        "infra",
        "out",  # what `make package` writes
        "programmes",
        "pyproject.toml",
        "requirements-dev.txt",
        "requirements-local.txt",
        "requirements.txt",
        "templates",
        "tests",
        "vendor",
    }
    found = {
        path.name
        for path in ROOT.iterdir()
        if not path.name.startswith(".") and path.name != "__pycache__"
    }
    assert found - allowed == set()


def test_templates_are_packaged_through_vendor() -> None:
    assert (ROOT / "vendor" / "templates").resolve() == ROOT / "templates"
