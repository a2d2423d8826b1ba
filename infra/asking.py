"""A question at the terminal: asked, answered by YES=1, or stopped where nobody sits there."""

import sys
from collections.abc import Callable

from chalicelib.edges.ports import Unusable

Ask = Callable[[str], bool]


def asking(*, yes: bool) -> Ask:
    def ask(question: str) -> bool:
        if yes:
            return True
        if not sys.stdin.isatty():
            raise Unusable(f"{question} Nobody is there to say so: YES=1 with make, else --yes")
        return input(f"baocao: {question} [y/N] ").strip().lower() in ("y", "yes")

    return ask
