"""Cold start of the packaged zip under Lambda's own client: with its .pyc, without, and bare."""

import compileall
import json
import py_compile
import random
import shutil
import tempfile
from pathlib import Path
from typing import Any

from bench.rows import Row, row
from bench.start import both, same
from infra.lambda_runtime import close, running, unzip
from infra.package import package

_UNCHECKED = py_compile.PycInvalidationMode.UNCHECKED_HASH
# Which handler, in which folder.
_SIDES = {
    "shipped": ("product.handler", "shipped"),
    "without": ("product.handler", "plain"),
    "bare": ("least.handler", "shipped"),
}


def _laid_out(folder: Path) -> dict[str, Any]:
    """The zip as Lambda has it, and the zip without .pyc; in each the two handlers."""
    made = package("dev", folder)
    (folder / "scene").mkdir()
    event = both(folder / "scene")
    for name, compiled in (("shipped", True), ("plain", False)):
        unzip(made.zip, folder / name, compiled=compiled)
        shutil.copytree(folder / "scene", folder / name, dirs_exist_ok=True)
        if compiled:
            for handler in ("product.py", "least.py"):
                compileall.compile_file(
                    folder / name / handler, quiet=1, invalidation_mode=_UNCHECKED
                )
        close(folder / name)
    return event


def _first_form(folder: Path, side: str, event: object) -> tuple[float, str]:
    """CPU seconds of the process until the form is with Lambda, and the form."""
    handler, where = _SIDES[side]
    with running(folder / where, handler, {}, folder / "log") as function:
        answer = function.invoke(event)
    if answer["statusCode"] != 200:
        raise RuntimeError(f"{side} answers {answer['statusCode']}: {function.said()}")
    return function.seconds, answer["body"]


def measure(rounds: int = 25) -> list[Row]:
    spent: dict[str, list[float]] = {side: [] for side in _SIDES}
    chance = random.Random(rounds)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        event = json.loads(json.dumps(_laid_out(folder)))
        if len({same(_first_form(folder, side, event)[1]) for side in _SIDES}) > 1:
            raise AssertionError("the three starts end with different pages")
        for _ in range(rounds):
            for side in chance.sample(list(_SIDES), len(_SIDES)):
                spent[side].append(_first_form(folder, side, event)[0])
    what, ours = "Cold start of the zip under Lambda's client", spent["shipped"]
    return [
        row(f"{what}, its .pyc", ours, spent["without"], "the same zip without", 0.7),
        row("… to the first form", ours, spent["bare"], "a bare handler in that zip", 1.15),
    ]
