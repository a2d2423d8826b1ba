"""A measured line: what, the product, the baseline, their ratio and its bound."""

Row = tuple[str, str, str, str]


def row(what: str, ours: float, least: float, whose: str, bound: float | None = None) -> Row:
    """Seconds as milliseconds; "broken" marks a ratio beyond its bound."""
    ratio = ours / least
    told = f"{ratio:.2f}"
    if bound is not None:
        told += f" (≤ {bound})" if ratio <= bound else f" (≤ {bound}) BROKEN"
    return what, f"{ours * 1000:.2f} ms", f"{least * 1000:.2f} ms ({whose})", told
