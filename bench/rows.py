"""A measured line: what, the product, the baseline, their ratio and its bound."""

Row = tuple[str, str, str, str]

BROKEN = "BROKEN"


def row(
    what: str, ours: float, theirs: float, whose: str, bound: float, *, below: bool = False
) -> Row:
    """From seconds. The ratio may be the bound itself, or with `below` must stay under it."""
    ratio = ours / theirs
    kept = ratio < bound if below else ratio <= bound
    told = f"{ratio:.3f} ({'<' if below else '≤'} {bound:g})"
    return what, _shown(ours), f"{_shown(theirs)} ({whose})", told if kept else f"{told} {BROKEN}"


def _shown(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms"
