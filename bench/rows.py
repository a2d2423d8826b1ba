"""A measured line: what, the product, the baseline, their ratio and its bound."""

from collections.abc import Sequence
from statistics import median

Row = tuple[str, str, str, str]

BROKEN = "BROKEN"


def row(
    what: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    whose: str,
    bound: float,
    *,
    below: bool = False,
) -> Row:
    """From the seconds of each round; the ratio is the median of the rounds' own ratios, so that
    a machine that slows down slows both sides. It may be the bound, or with `below` not quite.
    """
    ratio = median(one / other for one, other in zip(ours, theirs, strict=True))
    kept = ratio < bound if below else ratio <= bound
    told = f"{ratio:.3f} ({'<' if below else '≤'} {bound:g})"
    return what, _shown(ours), f"{_shown(theirs)} ({whose})", told if kept else f"{told} {BROKEN}"


def _shown(seconds: Sequence[float]) -> str:
    milliseconds = median(seconds) * 1000
    return f"{milliseconds:.{0 if milliseconds > 100 else 2}f} ms"
