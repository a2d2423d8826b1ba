"""The first thing that runs: builds .venv with nothing but Python, then starts the command."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
INSIDE = "Scripts/python.exe" if os.name == "nt" else "bin/python"
PYTHON = VENV / INSIDE
# Emulated AWS pins another botocore than we do, so it has an environment of its own.
EMULATOR = ROOT / ".venv-ministack"
LAMBDA = ROOT / ".venv-lambda"  # Lambda's Python: its client and boto3 alone
LINT = ROOT / ".venv-lint"  # what judges the template of AWS
BENCH = ROOT / ".venv-bench"  # the public peers, which nothing else needs
PINS = ROOT / ".venv-pins"  # what hashes the pins of all of them

# What is only built: its requirements, its environment, and whether nothing else is in it.
TOOLS = {
    "--emulator": ("requirements-ministack.txt", EMULATOR, False),
    "--lint": ("requirements-lint.txt", LINT, False),
    "--lambda": ("requirements-lambda.txt", LAMBDA, True),
}


def fail(line: str) -> None:
    print(f"baocao: {line}", file=sys.stderr)
    sys.exit(1)


def digest(requirements: Path) -> str:
    files = [ROOT / "requirements.txt", ROOT / "requirements-local.txt", requirements]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def build(requirements: Path, venv: Path = VENV, *, alone: bool = False) -> None:
    """Make the environment, or bring it up to date, unless it already is.

    With `alone` nothing is in it but the requirements, not even pip: so it is made anew each time.
    """
    stamp, python = venv / f"{requirements.stem}.stamp", venv / INSIDE
    wanted = digest(requirements)
    if stamp.exists() and stamp.read_text() == wanted and python.exists():
        return
    print(f"baocao: building the environment in {venv.name} (once) …", file=sys.stderr, flush=True)
    if alone:
        shutil.rmtree(venv, ignore_errors=True)
    if not python.exists():
        begin(venv)
    install = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes"]
    install += ["--requirement", str(requirements)]
    if subprocess.run(install, stdout=sys.stderr, check=False).returncode:
        fail(f"the packages of {requirements.name} could not be installed (see above)")
    if alone:
        spare = [str(python), "-m", "pip", "uninstall", "--quiet", "--yes", "setuptools", "pip"]
        subprocess.run(spare, stdout=sys.stderr, check=True)
    stamp.write_text(wanted)


def begin(venv: Path) -> None:
    """An environment with nothing in it yet but pip."""
    command = [sys.executable, "-m", "venv", str(venv)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        shutil.rmtree(venv, ignore_errors=True)  # half of one would be taken for a whole
        fail("Python can't make an environment: install its venv module (Debian: python3-venv)")


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - it runs before any environment is chosen
        fail(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}")
    arguments = sys.argv[1:]
    dev = arguments[:1] == ["--dev"]
    if arguments and arguments[0] in TOOLS:
        requirements, venv, alone = TOOLS[arguments[0]]
        build(ROOT / "infra" / requirements, venv, alone=alone)
        return
    if arguments[:1] == ["--pins"]:
        build(ROOT / "infra" / "requirements-pins.txt", PINS)
        start(PINS / INSIDE, ["-m", "infra.pins"])
    if arguments[:1] == ["--bench"]:
        build(ROOT / "infra" / "requirements-lambda.txt", LAMBDA, alone=True)
        build(ROOT / "bench" / "requirements.txt", BENCH)
        start(BENCH / INSIDE, ["-m", "bench", *arguments[1:]])
    build(ROOT / ("requirements-dev.txt" if dev else "requirements-local.txt"))
    if dev and len(arguments) == 1:
        return
    start(PYTHON, arguments[1:] if dev else ["-m", "infra", *(arguments or ["run"])])


def start(python: Path, command: list[str]) -> NoReturn:
    """Become this command, at the root of the tree."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for name in ("DATA", "BACKUPS"):
        if folder := environment.get(name):
            environment[name] = str(Path(folder).absolute())
    os.chdir(ROOT)
    if os.name == "nt":
        sys.exit(subprocess.run([str(python), *command], env=environment, check=False).returncode)
    os.execve(str(python), [str(python), *command], environment)


main()
