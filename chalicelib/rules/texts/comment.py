"""What one writes to another in a box of free text: how long it may be, and what may be in it."""

from collections.abc import Mapping

from chalicelib.rules.texts import text

LONGEST = 1_000  # characters: of one comment, one reason

Faults = Mapping[str, str]  # name of the box -> key of messages.reports.moves.FAULTS


def unfit(box: str, said: str) -> dict[str, str]:
    """What is wrong with one comment or reason; an empty one is nothing wrong here."""
    if len(said) > LONGEST:
        return {box: "too_long"}
    return {box: "forbidden_character"} if text.forbidden(said) else {}
