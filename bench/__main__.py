"""Every bench in turn, each in a process of its own; the table that they give; RESULTS.md."""

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from bench.rows import BROKEN, Row

HERE = Path(__file__).resolve().parent
# Each module here with a `measure` is one.
BENCHES = sorted(path.stem for path in HERE.glob("*.py") if "\ndef measure(" in path.read_text())
_HEADINGS: Row = ("what", "product", "beside", "ratio (bound)")
_VERSIONS = (
    "chalice",
    "boto3",
    "jinja2",
    "pydantic",
    "fastapi",
    "mangum",
    "flask",
    "apig-wsgi",
    "aws-lambda-powertools",
    "xlsxwriter",
    "playwright",
)


def measured(name: str) -> list[Row]:
    """The rows of one bench, from a process that nothing else has warmed."""
    command = [sys.executable, "-m", "bench", "--rows", name]
    done = subprocess.run(command, cwd=HERE.parent, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        return [(name, "–", "–", f"did not run: {BROKEN}")]
    return [tuple(row) for row in json.loads(done.stdout.splitlines()[-1])]  # type: ignore[misc]


def table(rows: list[Row]) -> str:
    lines = [_HEADINGS, tuple("---" for _ in _HEADINGS), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def machine() -> str:
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        if line.startswith("model name")
    ]
    return f"{os.cpu_count()} cores of {models[0]}, Python {platform.python_version()}"


def keep(rows: list[Row]) -> None:
    versions = ", ".join(f"{name} {version(name)}" for name in _VERSIONS)
    (HERE / "RESULTS.md").write_text(
        f"""# What `make bench` measured

Command: `make bench`, on {datetime.now(UTC):%d/%m/%Y}.
Machine: {machine()}.
Versions: {versions}.

{table(rows)}

Medians; the two sides of a ratio are of one run, in turn. What each side holds, and why, stands in
[docs/decisions/0013](../docs/decisions/0013-benches-are-ratios-of-one-run.md).
""",
        "utf-8",
    )


def main() -> int:
    arguments = sys.argv[1:]
    if arguments[:1] == ["--rows"]:
        print(json.dumps(import_module(f"bench.{arguments[1]}").measure()))
        return 0
    rows: list[Row] = []
    for name in arguments if arguments else BENCHES:
        print(f"bench: {name} …", file=sys.stderr, flush=True)
        found = measured(name)
        print("\n".join(" | ".join(line) for line in found), flush=True)
        rows += found
    if not arguments:  # a part of the benches is no result to keep
        keep(rows)
    return any(BROKEN in row[3] for row in rows)


sys.exit(main())
