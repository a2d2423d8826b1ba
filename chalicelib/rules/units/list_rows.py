"""Which rows of a list are a unit's: groups, totals, numbers of columns, signatures are not."""

import re
from collections.abc import Mapping, Sequence

from chalicelib.rules.texts import text
from chalicelib.rules.units.unit import CODE

_CODE = re.compile(CODE)
_GROUP_NUMBER = re.compile(r"[IVXLC]+|[A-Z]")
_NUMBER = re.compile(r"\(?(\d{1,2})\)?")
_DIGIT = re.compile(r"\d")
_MANY = 3  # columns: a signature fills one or two
_TOTALS = ("tong", "cong")


def why_passed(given: Mapping[str, str], cells: Sequence[str]) -> str:
    """Why a row is no unit's, a key of messages PASSED; empty for a unit's, also a faulty one.

    `given` is what stands in the columns that are known, `cells` the whole row.
    """
    said = [cell for cell in cells if cell]
    if _are_numbers(said):
        return "numbers"
    known = {column for column, cell in given.items() if cell and column != "order"}
    if not _DIGIT.search(given.get("valid_from", "")):
        known.discard("valid_from")
    if len(said) > 1 and len(set(said)) == 1:  # one text over merged cells
        return "group"
    code = given.get("code", "")
    if _CODE.match(code):
        only_a_title = known <= {"code", "name"} and len(known) > 1
        return "group" if only_a_title and _GROUP_NUMBER.fullmatch(code) else ""
    if len(known) >= _MANY:
        return ""
    return "total" if text.fold(said[0] if said else "").startswith(_TOTALS) else "group"


def _are_numbers(said: Sequence[str]) -> bool:
    """Below the heads of an official table its columns are often counted: (1) (2) (3)."""
    found = [_NUMBER.fullmatch(cell) for cell in said]
    numbers = [int(one[1]) for one in found if one]
    return len(numbers) == len(said) > 3 and numbers == list(
        range(numbers[0], numbers[0] + len(numbers))
    )
