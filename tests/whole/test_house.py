"""The shape of the house, read from the source: who may import whom, what stands where."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import app

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "chalicelib").rglob("*.py"))
OURS = [*SOURCES, ROOT / "app.py", *sorted((ROOT / "infra").glob("*.py"))]

# What each layer may import, besides itself. What runs the product is known to none of them.
LAYERS: dict[str, set[str]] = {
    "rules": set(),
    "messages": {"rules"},
    "edges": {"rules"},
    "store": {"rules", "edges.table"},
    "jobs": {"rules", "messages", "edges", "store"},
    "pages": {"rules", "messages", "edges", "store", "jobs"},
    "ways": {"edges", "pages"},
}
# A room of the rules imports only those that stand before it.
ORDER = (
    "texts",
    "files",
    "forms",
    "programmes",
    "units",
    "reports",
    "progress",
    "review",
    "summaries",
    "access",
)
ENGINES = {"edges.aws", "edges.embedded"}
LETTERS = "[\u00c0-\u1ef9]"  # of Việt Nam, that no other code has
LONGEST, LONGEST_FUNCTION = 300, 40  # lines of a file, of a function
MOSTLY = 22  # lines of 95 of 100 functions
HEAVY = {"multipart", "openpyxl", "pyxform", "xlsxwriter", "boto3", "botocore"}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@cache
def imported(path: Path) -> tuple[str, ...]:
    """Every dotted name that the file imports, wherever in it."""
    found: list[str] = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            found += [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(found)


def module(path: Path) -> str:
    """chalicelib/store/reports.py is store.reports, a room's __init__.py the room itself."""
    parts = path.relative_to(ROOT / "chalicelib").with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


MODULES = {module(path): path for path in SOURCES}


def used(path: Path) -> set[str]:
    """The modules of chalicelib that the file imports, without the rooms around them."""
    named = {name.removeprefix("chalicelib.") for name in imported(path)} & MODULES.keys()
    return {name for name in named if not any(one.startswith(f"{name}.") for one in named)}


def room(name: str) -> str:
    """pages.unit.form stands in pages.unit, store.reports in store, ways in ways."""
    if name in ENGINES or name == "ways":
        return name
    return name.rpartition(".")[0] or name


def is_in(name: str, others: set[str]) -> bool:
    return any(name == other or name.startswith(f"{other}.") for other in others)


def pairs() -> Iterator[tuple[str, str]]:
    for name, path in MODULES.items():
        yield from ((name, other) for other in used(path))


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.guards("imports run one way", "a noun imports the store ✓ (the first)")
def test_layers_import_one_way() -> None:
    wrong = [
        f"{name} imports {other}"
        for name, other in pairs()
        if (layer := name.partition(".")[0]) in LAYERS and not is_in(other, LAYERS[layer] | {layer})
    ]
    assert wrong == []


def test_everything_stands_in_a_layer() -> None:
    assert {name.partition(".")[0] for name in MODULES} == {"", *LAYERS}


@pytest.mark.guards(
    "rooms stand in order, and no two import each other", "a room that imports a later one ✓"
)
def test_a_room_of_rules_imports_only_those_before_it() -> None:
    rules = {name: name.split(".")[1] for name in MODULES if name.count(".") > 1}
    rules = {name: its for name, its in rules.items() if name.startswith("rules.")}
    assert set(rules.values()) == set(ORDER)
    wrong = [
        f"{name} imports {other}"
        for name, other in pairs()
        if name in rules and other in rules and ORDER.index(rules[name]) < ORDER.index(rules[other])
    ]
    assert wrong == []


def test_no_two_rooms_import_one_another() -> None:
    both = {(room(name), room(other)) for name, other in pairs()}
    assert {pair for pair in both if pair[0] < pair[1] and pair[::-1] in both} == set()


@pytest.mark.guards("pages write nothing themselves", "a page that imports keys ✓")
def test_pages_leave_writing_to_the_store() -> None:
    """They hand over acts, and see neither changes nor keys nor an item's body; who tries again
    after a Conflict is the store.
    """
    seen = {"Conflict", "Busy"}  # what became of a write
    wrong = []
    for name, path in MODULES.items():
        if not name.startswith("pages."):
            continue
        text = path.read_text("utf-8")
        named_here = {one.rpartition(".")[2] for one in imported(path) if ".edges.table." in one}
        wrong += [f"{name} imports table.{one}" for one in sorted(named_here - seen)]
        wrong += [f"{name} imports store.keys"] if "store.keys" in used(path) else []
        calls = (
            r"\btable\.(?:write|get|query)\(|\bacts\.(?:commit|records)\("
            r"|head_body\(|range\(_TRIES\)"
        )
        wrong += [f"{name}: {found}" for found in re.findall(calls, text)]
    assert wrong == []


@pytest.mark.guards(
    "a second language is a second set of messages and templates",
    "a Vietnamese word in a page's code ✓",
)
def test_a_sentence_stands_in_messages_or_in_a_template() -> None:
    """Of the letters of Việt Nam the rules know the alphabet, its syllables and old codes, and one
    unit of measure of forms.
    """
    known: dict[str, set[str] | None] = {
        **dict.fromkeys(f"rules.texts.{one}" for one in ("text", "syllable", "old_encodings")),
        "rules.forms.xlsform_survey": {"hạng"},
    }
    wrong = []
    for name, path in MODULES.items():
        if name.startswith("messages") or known.get(name, set()) is None:
            continue
        nodes = list(ast.walk(tree(path)))
        said = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}  # docstrings
        texts = [node for node in nodes if isinstance(node, ast.Constant) and id(node) not in said]
        found = {str(node.value) for node in texts if re.search(LETTERS, str(node.value))}
        wrong += [f"{name}: {one}" for one in sorted(found - (known.get(name) or set()))]
    scripts = sorted((ROOT / "templates" / "assets").glob("*.js"))  # the page hands them theirs
    wrong += [named(path) for path in scripts if re.search(LETTERS, path.read_text("utf-8"))]
    assert wrong == []


@pytest.mark.guards("imports run one way")
def test_modules_go_round_in_no_circle() -> None:
    left = {name: used(path) - {name} for name, path in MODULES.items()}
    while left:
        free = [name for name, needs in left.items() if not needs & left.keys()]
        assert free, f"these import one another: {sorted(left)}"
        for name in free:
            del left[name]


def test_the_product_knows_neither_its_runner_nor_its_framework_nor_its_engine() -> None:
    """SQL and templates stand where they are spoken, and nowhere else."""
    wrong = []
    for name, path in MODULES.items():
        roots = {one.partition(".")[0] for one in imported(path)}
        strange = roots & {"infra", "app", "chalice", "tests"}
        strange |= roots & {"sqlite3"} if room(name) != "edges.embedded" else set()
        strange |= roots & {"jinja2"} if name != "pages.frame.render" else set()
        if not is_in(name, ENGINES):
            strange |= {one for one in used(path) if is_in(one, ENGINES)}
        wrong += [f"{name} imports {one}" for one in sorted(strange)]
    assert wrong == []


@pytest.mark.guards("heavy libraries late", "one at the top of a file ✓")
def test_heavy_libraries_are_imported_where_they_are_needed() -> None:
    """A cold start must not read openpyxl for a page that shows a form.

    Who imports the AWS engine means to use botocore, so it may stand at the top there.
    """
    wrong = []
    for path in OURS:
        allowed = {"botocore"} if path.parent.name == "aws" else set()
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Import | ast.ImportFrom) and node.col_offset == 0:
                both = [node.module] if isinstance(node, ast.ImportFrom) else node.names
                roots = {str(getattr(one, "name", one)).partition(".")[0] for one in both}
                wrong += [f"{named(path)}: {one}" for one in sorted(roots & HEAVY - allowed)]
    assert wrong == []


@pytest.mark.guards("files and functions stay short", "a function of 41 lines ✓")
def test_files_and_functions_are_short() -> None:
    """A file past 300 lines was two, a function past 40 several; ruff holds complexity at ten."""
    files = {named(path): len(path.read_text("utf-8").splitlines()) for path in OURS}
    assert {name: lines for name, lines in files.items() if lines > LONGEST} == {}
    functions = {
        f"{named(path)}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in OURS
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef)
    }
    assert {name: lines for name, lines in functions.items() if lines > LONGEST_FUNCTION} == {}
    lengths = sorted(functions.values())
    assert lengths[len(lengths) * 95 // 100] <= MOSTLY


@pytest.mark.guards("no text costs more than its length, also with marks hidden apart")
@pytest.mark.guards("one clock", "`datetime.now()` in a noun ✓")
def test_the_clock_is_read_and_text_made_normal_in_one_place_each() -> None:
    """`text.normal` looks first for marks that would make it slow."""
    clock = r"\b(?:datetime\.(?:now|utcnow|today)|date\.today|time\.(?:time|localtime|gmtime))\s*\("
    for wanted, home in ((clock, "clock.py"), (r"unicodedata\.normalize", "text.py")):
        found = {path.name: len(re.findall(wanted, path.read_text("utf-8"))) for path in OURS}
        assert {name: count for name, count in found.items() if count} == {home: 1}


def test_a_file_begins_with_what_it_alone_knows() -> None:
    said = {named(path): (ast.get_docstring(tree(path)) or "").partition("\n")[0] for path in OURS}
    assert [name for name, line in said.items() if not line.strip()] == []
    assert len(set(said.values())) == len(said)


def test_nothing_is_left_to_do_later() -> None:
    later = "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"))
    folders = ("templates", "tests", "docs", "programmes")
    kinds = {".py", ".md", ".html", ".txt", ".css", ".js", ".toml", ".csv"}
    others = (path for folder in folders for path in (ROOT / folder).rglob("*.*"))
    texts = [*OURS, *(path for path in others if path.suffix in kinds)]
    left = [
        named(path) for path in texts if re.search(rf"\b(?:{later})\b", path.read_text("utf-8"))
    ]
    assert left == []


@pytest.mark.guards("every route, every method, every visitor")
def test_the_table_of_ways_is_the_apps_own_and_whole() -> None:
    """Two names for one place of a path would hide one of them: the first that fits is taken."""
    ways = [(way.method, way.path) for way in app.WAYS]
    assert len(ways) == len(set(ways))
    assert {(m, path) for path, by in app.app.routes.items() for m in by} == set(ways)
    assert {method for method, _ in ways} == {"GET", "POST"}
    shapes: dict[str, str] = {}
    for way in app.WAYS:
        assert way.visitors
        assert set(way.visitors) <= {"anyone", "unit", "officer", "director"}
        assert shapes.setdefault(re.sub(r"\{[^}]*\}", "{}", way.path), way.path) == way.path


def test_every_schedule_is_known() -> None:
    names = {handler.name for handler in app.app.pure_lambda_functions}
    scheduled = {source.name for source in app.app.event_sources}
    assert scheduled | names == {"hourly", "nightly", "period", "mailer", "bounced"}


def test_the_top_level_holds_what_the_design_names() -> None:
    allowed = {
        "CHANGELOG.md",
        "CONTRIBUTING.md",
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
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert found - {"__pycache__"} - allowed == set()
    assert (ROOT / "vendor" / "templates").resolve() == ROOT / "templates"  # Chalice packs vendor
