"""Which test guards which promise: read from the tests' own marks, written as docs/guards.md.

A test says it with `@pytest.mark.guards("the promise", "a fault that turns it red ✓", …)`; a file
whose tests all guard one promise, with `pytestmark`. What was planted and seen red ends in ✓.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "guards.md"
HEAD = """# Guards

Which tests guard which promise, and what turns them red; written by `make guards` from the tests'
own marks (`tests/guards.py`). Read `jobs/summarise::an_older_reading` as the test of that name in
`tests/jobs/test_summarise.py`; `contract` is `tests/contract.py`, which the tests of every engine
inherit. **✓**: that fault was planted in a copy, and the tests (or the one named) were seen red.
Before a checker's zero is believed, plant a fault.
"""


class Guard(NamedTuple):
    promise: str
    planted: tuple[str, ...]
    test: str  # as the page names it


def guards() -> Iterator[Guard]:
    """Every mark of every test, in the order of the rooms and files."""
    for path in sorted((ROOT / "tests").rglob("*.py")):
        name = path.relative_to(ROOT / "tests").with_suffix("").as_posix().replace("/test_", "/")
        yield from _of(ast.parse(path.read_text("utf-8")).body, name)


def _of(body: list[ast.stmt], name: str) -> Iterator[Guard]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _of(node.body, name)
        elif isinstance(node, ast.FunctionDef):
            test = f"{name}::{node.name.removeprefix('test_')}"
            yield from (_guard(mark, test) for mark in node.decorator_list if _is_one(mark))
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark":
            marks = node.value.elts if isinstance(node.value, ast.List) else [node.value]
            yield from (_guard(mark, name) for mark in marks if _is_one(mark))


def _is_one(mark: ast.expr) -> bool:
    return isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.guards"


def _guard(mark: ast.expr, test: str) -> Guard:
    assert isinstance(mark, ast.Call)
    promise, *planted = (ast.literal_eval(given) for given in mark.args)
    return Guard(promise, tuple(planted), test)


def page() -> str:
    """A promise stands where its first test does, with all that guard it."""
    by_promise: dict[str, list[Guard]] = {}
    for guard in guards():
        by_promise.setdefault(guard.promise, []).append(guard)
    parts, room = [HEAD], ""
    for promise, found in by_promise.items():
        here = found[0].test.partition("::")[0].rpartition("/")[0] or "every engine"
        if here != room:
            parts.append(f"## {here}\n")
            room = here
        planted = [f"- red: {fault}" for guard in found for fault in guard.planted]
        parts.append(
            "\n".join([f"**{promise}**", *(f"- `{one.test}`" for one in found), *planted, ""])
        )
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
