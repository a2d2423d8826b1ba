"""Phone numbers of a cell: without their first 0, several of them, in a number's cell."""

import re

from chalicelib.rules.units import contact

# "máy lẻ 12", "số lẻ 12", "(nhánh 5)", "ext. 12", with accents or without.
_EXTENSION = re.compile(r"\s*\(?(?:m\wy l\w|s\w l\w|nh\wnh|ext\.?)\s*:?\s*\d+\)?$", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*[;,/|\n]\s*|\s+[-–]\s+")


def numbers(said: str) -> list[str]:
    """Those that can be called, as they are dialled; the text itself where none can be.

    An extension is left out: nobody can be called by it alone.
    """
    parts = [dialled(_EXTENSION.sub("", part)) for part in _BETWEEN.split(said) if part]
    if len(parts) < 2:
        return parts or [said]
    callable_ = [part for part in parts if is_one(part)]
    whole = " ".join(parts)  # an area code behind which a stroke stands
    return callable_ or [whole if is_one(whole) else said]


def dialled(said: str) -> str:
    """With its first 0: nine digits are a mobile's, ten that begin with 2 a landline's."""
    digits = re.sub(r"\D", "", said)
    lost = len(digits) == 9 or (len(digits) == 10 and digits[0] == "2")
    if not lost or digits[0] == "0" or "+" in said:
        return said
    return re.sub(r"(\d)", r"0\1", said, count=1)


def is_one(said: str) -> bool:
    return said != "" and "phone" not in contact.read({"phone": said})[1]
