"""Vietnamese text: one normal form, search without accents, the alphabet's own order."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

_TONES = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}
_ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
# From 200 on, so that blanks, digits and signs (their code points) stand before letters.
_RANK = {letter: rank for rank, letter in enumerate(_ALPHABET, start=200)}


def _class(ranges: Iterable[tuple[int, int]]) -> str:
    """Code points from first to last, as they stand between the brackets of a pattern."""
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)


# What turns the direction of the text, the code points that are no characters; controls other than
# line feed and tab; halves of surrogate pairs.
SURROGATES = (0xD800, 0xDFFF)
FORBIDDEN = (
    *((0x00, 0x08), (0x0B, 0x1F), (0x7F, 0x9F), SURROGATES, (0x202A, 0x202E), (0x2066, 0x2069)),
    (0xFDD0, 0xFDEF),
    *((plane + 0xFFFE, plane + 0xFFFF) for plane in range(0, 0x110000, 0x10000)),
)
# What Word and web views put between letters and nobody sees. Without them the text reads the
# same; signs that turn its direction to the left are not here: those are refused.
INVISIBLE = (
    *((0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5)),
    *((0x180B, 0x180F), (0x200B, 0x200B), (0x200E, 0x200F), (0x202A, 0x202A), (0x202C, 0x202D)),
    *((0x2060, 0x2066), (0x2068, 0x206F), (0x3164, 0x3164), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0)),
    *((0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
)
# Joiners and variants mean something in Khmer and in pictures, nothing after a Latin letter.
JOINERS = ((0x200C, 0x200D), (0xFE00, 0xFE0F))
IDLE_AFTER = ((0x0, 0x36F), (0x1E00, 0x1EFF), (0x2000, 0x206F))
_FORBIDDEN = re.compile(f"[{_class(FORBIDDEN)}]")
_INVISIBLE = re.compile(f"[{_class(INVISIBLE)}]")
_IDLE_JOINERS = re.compile(f"(?<![^{_class(IDLE_AFTER)}])[{_class(JOINERS)}]+")
# Unicode's Stream-Safe Text Format (UAX #15): no language puts more on one letter. Ordering what
# is more takes time that grows with its square, inside one call that no other thread outlives.
MOST_MARKS = 30
# The marks that people stack: a page looks at these alone, the server at every one.
MARKS = ((0x300, 0x34E), (0x350, 0x36F))
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
