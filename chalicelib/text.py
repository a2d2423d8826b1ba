"""Vietnamese text: one normal form, search without accents, the alphabet's own order."""

import re
import unicodedata
from functools import lru_cache

_TONES = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}
_ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
# From 200 on, so that blanks, digits and signs (their code points) stand before letters.
_RANK = {letter: rank for rank, letter in enumerate(_ALPHABET, start=200)}
# Controls other than line feed and tab; halves of surrogate pairs; direction overrides.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufffe\uffff]"
)


def tidy(text: str) -> str:
    """NFC, Unix line ends, no byte-order mark, no blanks at either end."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufeff", "")
    return unicodedata.normalize("NFC", text).strip()


def forbidden(text: str) -> bool:
    """True where the text holds a character that no file format of ours may carry."""
    return _FORBIDDEN.search(text) is not None


def fold(text: str) -> str:
    """For comparing what people type: no case, no marks, whatever order the marks came in."""
    text = unicodedata.normalize("NFC", text).replace("đ", "d").replace("Đ", "D")
    bare = unicodedata.normalize("NFD", text)
    return "".join(c for c in bare if not unicodedata.combining(c)).lower()


@lru_cache(8192)
def alphabetical(text: str) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """A sort key: letters by the Vietnamese alphabet first, tones second, case last."""
    letters, tones, cases = [], [], []
    for char in unicodedata.normalize("NFC", text):
        marks = unicodedata.normalize("NFD", char)
        tone = next((_TONES[m] for m in marks if m in _TONES), 0)
        base = unicodedata.normalize("NFC", "".join(m for m in marks if m not in _TONES))
        small = base.lower() or char
        letters.append(_RANK.get(small, ord(small[0])))
        tones.append(tone)
        cases.append(0 if base == small else 1)
    return tuple(letters), tuple(tones), tuple(cases)


def slug(text: str) -> str:
    """ASCII for file names: "Quý IV năm 2026" becomes quy-iv-nam-2026."""
    return re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-")
