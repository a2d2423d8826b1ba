"""A period's key, as 2026-Q2: what kind of period it names, and how a form may name that kind."""

import re

PATTERN = re.compile(
    r"(?P<year>\d{4})(?:-(?P<part>M(?:0[1-9]|1[0-2])|Q[1-4]|H[12]|9M))?"
    r"|x-[a-z0-9]+(?:-[a-z0-9]+)*"
)


def tags(key: str) -> frozenset[str]:
    """How `asked` may name this period: 2026-Q2 is Q and Q2, 2026 is Y, x-slug is X."""
    part = kind(key)
    if key.startswith("x-") or "-" not in key:
        return frozenset({part})
    return frozenset({part, key.partition("-")[2]})


def kind(key: str) -> str:
    """M, Q, H, 9M, Y or X. Periods of one kind are compared with one another."""
    if not PATTERN.fullmatch(key):
        raise ValueError(f"{key!r} is no period key")
    if key.startswith("x-"):
        return "X"
    part = key.partition("-")[2]
    return "Y" if not part else "9M" if part == "9M" else part[0]
