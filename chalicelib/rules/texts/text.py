"""Vietnamese text: one normal form, search without accents, the alphabet's own order."""

import re
import unicodedata
from functools import lru_cache
from typing import Literal

_TONES = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}
_ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
# From 200 on, so that blanks, digits and signs (their code points) stand before letters.
_RANK = {letter: rank for rank, letter in enumerate(_ALPHABET, start=200)}
# Controls other than line feed and tab; halves of surrogate pairs; what turns the direction of
# the text; the code points that are no characters.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef"
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
    )
    + "]"
)
# What Word and web views put between letters and nobody sees. Without them the text reads the
# same; signs that turn its direction to the left are not here: those are refused.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a\u202c\u202d"
    "\u2060-\u2066\u2068-\u206f\u3164\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Joiners and variants mean something in Khmer and in pictures, nothing after a Latin letter.
_IDLE_JOINERS = re.compile(
    "(?<![^\u0000-\u036f\u1e00-\u1eff\u2000-\u206f])[\u200c\u200d\ufe00-\ufe0f]+"
)
# Unicode's Stream-Safe Text Format (UAX #15): no language puts more on one letter. Ordering what
# is more takes time that grows with its square, inside one call that no other thread outlives.
MOST_MARKS = 30
# Marks by what they become when they are taken apart, though their own class is 0.
_ALSO_MARKS = frozenset("\u0f73\u0f75\u0f81\uff9e\uff9f")
# Nothing that Vietnamese is written with is a mark: most texts are passed over here.
_MAY_BE_MARKS = re.compile(
    "[^\x00-\u02ff\u1e00-\u1eff\u2010-\u2027\u2030-\u2069\u20a0-\u20cf]" + f"{{{MOST_MARKS + 1}}}"
)
_LONGEST_QUOTE = 60
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\u2028\u2029]")  # Word breaks a line by a vertical tab


def stacked(text: str) -> bool:
    """True where more marks follow one another than any language writes."""
    if len(text) <= MOST_MARKS or text.isascii() or not _MAY_BE_MARKS.search(text):
        return False
    marks = 0
    for char in text:
        if unicodedata.combining(char) or char in _ALSO_MARKS:
            marks += 1
            if marks > MOST_MARKS:
                return True
        else:
            marks = 0
    return False


def normal(form: Literal["NFC", "NFD", "NFKC"], text: str) -> str:
    """The text in a normal form, or as it came where its marks are stacked: `forbidden` says so.

    The one place that normalises: all that comes from outside passes here.
    """
    return text if stacked(text) else unicodedata.normalize(form, text)


def tidy(text: str) -> str:
    """NFC, Unix line ends, nothing invisible, no blanks at either end.

    Marks that stood apart only by what is dropped are looked at again.
    """
    text = normal("NFC", _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text)))
    return normal("NFC", _IDLE_JOINERS.sub("", text)).strip()


def forbidden(text: str) -> bool:
    """True where the text holds what no file format or page of ours may carry."""
    return _FORBIDDEN.search(text) is not None or stacked(text)


def quoted(text: str) -> str:
    """What somebody typed, short enough to find it by: on one line, nothing that no page shows."""
    plain = " ".join(_FORBIDDEN.sub("\ufffd", text).split())
    return plain if len(plain) <= _LONGEST_QUOTE else f"{plain[: _LONGEST_QUOTE - 1]}…"


def fold(text: str) -> str:
    """For comparing what people type: no case, no marks, whatever order the marks came in."""
    text = normal("NFC", text).replace("đ", "d").replace("Đ", "D")
    bare = normal("NFD", text)
    return "".join(c for c in bare if not unicodedata.combining(c)).lower()


@lru_cache(8192)
def alphabetical(text: str) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """A sort key: letters by the Vietnamese alphabet first, tones second, case last."""
    letters, tones, cases = [], [], []
    for char in normal("NFC", text):
        marks = normal("NFD", char)
        tone = next((_TONES[m] for m in marks if m in _TONES), 0)
        base = normal("NFC", "".join(m for m in marks if m not in _TONES))
        small = base.lower() or char
        letters.append(_RANK.get(small, ord(small[0])))
        tones.append(tone)
        cases.append(0 if base == small else 1)
    return tuple(letters), tuple(tones), tuple(cases)


def slug(text: str) -> str:
    """ASCII for file names: "Quý IV năm 2026" becomes quy-iv-nam-2026."""
    return re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-")
