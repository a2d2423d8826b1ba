"""How large a run is: small for `make test`, full for `make soak`; and the figures it prints."""

import os
from collections.abc import Callable
from typing import TypeAlias

FULL = os.environ.get("SOAK") == "1"

# figure("duplicate sends", 1000, "receipts", 1): printed at the end of the run, whoever ran it.
Figure: TypeAlias = Callable[..., None]


def size(small: int, full: int) -> int:
    """A count that `make soak` (SOAK=1) raises to its full size."""
    return full if FULL else small
