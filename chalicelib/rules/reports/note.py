"""A note on a value: the answer to a query by its kind, or what the unit wrote itself.

It stands among the content's notes as a text, as notes always did: hashes of older versions stay.
"""

import re
from typing import NamedTuple

# Why a value is far from the last one; `other` is whatever the unit writes.
KINDS = ("actual", "season", "before", "scope", "other")
_ANSWER = re.compile(rf"odd:({'|'.join(KINDS)})(?: (.*))?", re.DOTALL)


class Answer(NamedTuple):
    kind: str = ""  # empty: nothing was answered
    text: str = ""


def answer(note: str) -> Answer:
    """A note without a kind is what a unit wrote: another reason."""
    marked = _ANSWER.fullmatch(note)
    if marked:
        return Answer(marked[1], marked[2] or "")
    return Answer("other", note) if note else Answer()


def of(given: Answer) -> str:
    """The note that says it; `answer` reads it back."""
    if given.kind in ("", "other") and given.text:
        return given.text
    return f"odd:{given.kind} {given.text}".rstrip() if given.kind else ""
