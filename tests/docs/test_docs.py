"""The documents against the house: what they name is there, under that name."""

import ast
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

from chalicelib import VERSION

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [*sorted((ROOT / "docs").rglob("*.md")), *sorted(ROOT.glob("*.md"))]
NAME = re.compile(r"`([A-Za-z_][\w/]*(?:\.[A-Za-z_]\w*)+)(?:\([^`]*\))?`")
# Beginnings that are no module of ours: of Python, of libraries, of the web, of stored things.
FOREIGN = {"boto3", "botocore", "by", "datetime", "http", "requestContext", "zlib"}
# Names of files, no names of functions.
ENDINGS = {
    "example",
    "csv",
    "css",
    "html",
    "js",
    "json",
    "log",
    "md",
    "py",
    "toml",
    "txt",
    "xlsx",
    "yaml",
    "zip",
}


@cache
def modules() -> dict[str, list[set[str]]]:
    """By each ending of its dotted name: what each module of that name defines, with members."""
    found: dict[str, list[set[str]]] = {}
    for folder in ("chalicelib", "infra", "bench", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            names = defined(ast.parse(path.read_text("utf-8")).body)
            for place in range(len(parts)):
                found.setdefault(".".join(parts[place:]), []).append(names)
    found["app"] = [defined(ast.parse((ROOT / "app.py").read_text("utf-8")).body)]
    return found


def defined(body: list[ast.stmt], before: str = "") -> set[str]:
    found = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(before + node.name)
            if isinstance(node, ast.ClassDef):
                found |= defined(node.body, f"{before}{node.name}.")
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = (one for target in targets for one in ast.walk(target))
            found |= {before + one.id for one in names if isinstance(one, ast.Name)}
    return found


def test_every_function_that_documents_name_is_there() -> None:
    gone = []
    classes = {name for many in modules().values() for names in many for name in names}
    for path in DOCUMENTS:
        for name in NAME.findall(path.read_text("utf-8")):
            dotted = name.replace("/", ".")
            parts = dotted.split(".")
            if parts[0] in FOREIGN or parts[-1] in ENDINGS:
                continue
            fits = any(
                ".".join(parts[place:]) in names
                for place in range(1, len(parts))
                for names in modules().get(".".join(parts[:place]), [])
            )
            if not fits and dotted not in classes and dotted not in modules():
                gone.append(f"{path.relative_to(ROOT)}: {name}")
    assert not gone, "\n".join(gone)


FILE = re.compile(
    r"(?<![\w/.{<-])(?:((?:chalicelib|store|rules|pages|edges|jobs|infra|tests|bench)/[\w/]+\.py)"
    r"|(test_\w+\.py))\b"
)


def test_every_file_that_a_text_or_a_comment_names_is_there() -> None:
    folders = ("chalicelib", "infra", "tests", "bench")
    sources = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    gone = []
    for path in (*DOCUMENTS, *sources, ROOT / "Makefile", ROOT / "pyproject.toml"):
        for placed, alone in FILE.findall(path.read_text("utf-8")):
            roots = (ROOT, ROOT / "chalicelib")
            is_there = any((root / placed).is_file() for root in roots) if placed else False
            if not is_there and not (alone and any((ROOT / "tests").rglob(alone))):
                gone.append(f"{path.relative_to(ROOT)}: {placed or alone}")
    assert not gone, "\n".join(gone)


def test_the_index_of_decisions_lists_each_with_its_title() -> None:
    folder = ROOT / "docs" / "decisions"
    rows = re.findall(
        r"^\| \[(\d{4})\]\((.+?)\) \| (.+) \|$", (folder / "README.md").read_text("utf-8"), re.M
    )
    records = sorted(path for path in folder.glob("*.md") if path.name != "README.md")
    titles = [path.read_text("utf-8").partition("\n")[0] for path in records]
    assert [name for _, name, _ in rows] == [path.name for path in records]
    assert [f"# {number} {title}" for number, _, title in rows] == titles


def test_there_is_one_version_and_the_changelog_begins_with_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    newest = re.search(r"^## (\S+), ", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert newest is not None
    said = subprocess.run(
        ["make", "--no-print-directory", "version"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert {project["version"], newest[1], said.stdout.strip()} == {VERSION}


def test_every_table_of_words_that_code_names_is_there() -> None:
    """As "a key of messages.reports.moves.FAULTS", in whatever docstring or comment."""
    named = re.compile(r"\bmessages\.((?:[a-z_]+\.)*)([A-Z][A-Z_]+)")
    gone = []
    for path in sorted((ROOT / "chalicelib").rglob("*.py")):
        for room, name in named.findall(path.read_text("utf-8")):
            module = f"chalicelib.messages.{room}".rstrip(".")
            if not any(name in names for names in modules().get(module, [])):
                gone.append(f"{path.relative_to(ROOT)}: messages.{room}{name}")
    assert gone == []
