"""A report's states and the moves between them; anything else is refused with the reason."""

from collections.abc import Mapping
from typing import Literal

State = Literal["submitted", "accepted", "returned", "reopened"]
Move = Literal["submit", "accept", "return", "reopen"]

# from, move -> to; anything else is refused with the reason.
MOVES: Mapping[tuple[State | None, Move], State] = {
    (None, "submit"): "submitted",
    ("submitted", "submit"): "submitted",
    ("submitted", "accept"): "accepted",
    ("submitted", "return"): "returned",
    ("returned", "submit"): "submitted",
    ("accepted", "reopen"): "reopened",
    ("reopened", "submit"): "submitted",
    ("reopened", "accept"): "accepted",
}


class Refused(Exception):
    """The move is not allowed from here; `reason` is a key of messages.frame.problems.REFUSALS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def moved(state: State | None, move: Move) -> State:
    """The state after a move. Raises Refused."""
    if (state, move) not in MOVES:
        raise Refused(f"{move}_from_{state or 'missing'}")
    return MOVES[state, move]
