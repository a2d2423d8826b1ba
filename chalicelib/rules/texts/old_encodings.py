"""Vietnamese in encodings of before Unicode, and UTF-8 read as Latin-1: recognised, read aright.

Such a text is lawful Unicode that only looks wrong. It has to come here before it is tidied: the
soft hyphen, which nobody sees, is the letter ư of TCVN3.
"""

import re
from collections.abc import Callable, Mapping
from itertools import product
from typing import Literal, NamedTuple

from chalicelib.rules.texts import syllable
from chalicelib.rules.texts.text import normal

Encoding = Literal["tcvn3", "vni", "utf8"]


class Recognised(NamedTuple):
    """In what a text was written, and what it says."""

    encoding: Encoding
    text: str


# TCVN3 (ABC) is TCVN 5712:1993 without its capitals that carry a tone.
_TCVN3_CODES = "¡¢£¤¥¦§¨©ª«¬\u00ad®µ¶·¸¹»¼½¾ÆÇÈÉÊËÌÎÏÐÑÒÓÔÕÖ×ØÜÝÞßáâãäåæçèéêëìíîïñòóôõö÷øùúûüýþ"
_TCVN3_LETTERS = "ĂÂÊÔƠƯĐăâêôơưđàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ"
TCVN3: Mapping[str, str] = dict(zip(_TCVN3_CODES, _TCVN3_LETTERS, strict=True))

# VNI writes a vowel and behind it a sign for its marks: circumflex or breve with their tones.
_TONES = dict(zip("\u0301\u0300\u0309\u0303\u0323", "ùøûõï", strict=True))
_OVER_CIRCUMFLEX = dict(zip("\u0301\u0300\u0309\u0303\u0323", "áàåãä", strict=True)) | {"": "â"}
_OVER_BREVE = dict(zip("\u0301\u0300\u0309\u0303\u0323", "éèúüë", strict=True)) | {"": "ê"}
_VNI_ALONE = {
    "ô": "ơ",
    "ö": "ư",
    "ñ": "đ",
    "æ": "ỉ",
    "ó": "ĩ",
    "ò": "ị",
    "î": "ỵ",
    "í": "í",
    "ì": "ì",
}


def _vni() -> dict[str, str]:
    """Every sequence of VNI and its letter, in both cases, a capital also with a small sign."""
    small = dict(_VNI_ALONE)
    for tone, sign in _TONES.items():
        small |= {vowel + sign: normal("NFC", vowel + tone) for vowel in "aeouy"}
        small |= {"ô" + sign: normal("NFC", "ơ" + tone), "ö" + sign: normal("NFC", "ư" + tone)}
    for tone, sign in _OVER_CIRCUMFLEX.items():
        small |= {vowel + sign: normal("NFC", vowel + "\u0302" + tone) for vowel in "aeo"}
    for tone, sign in _OVER_BREVE.items():
        small["a" + sign] = normal("NFC", "a\u0306" + tone)
    del small["yï"]  # ỵ has a sign of its own
    capital = {code.upper(): letter.upper() for code, letter in small.items()}
    begun = {code.capitalize(): letter.upper() for code, letter in small.items()}
    return small | begun | capital


VNI: Mapping[str, str] = _vni()
_VNI_CODE = re.compile("|".join(sorted(map(re.escape, VNI), key=len, reverse=True)))

# Neither letter nor sign of these encodings: what words are parted by, ASCII and of print.
_BETWEEN = "\x00-\x40\x5b-\x60\x7b-\x7f\u00a0\u2010-\u2027\u2030-\u203a"
_WORDS = re.compile(f"[^{_BETWEEN}]+")
_BEYOND = re.compile(f"[^{_BETWEEN}A-Za-z\u00a1-\u00ff]")  # what neither of both can hold
_INITIALS = re.compile("[A-ZĐ]{2,8}")
_LETTER = re.compile("[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff]")


def recognised(text: str) -> Recognised | None:
    """What a text says that was written in such an encoding; None for any other text."""
    if text.isascii():
        return None
    if (repaired := _of_utf8(text)) is not None:
        return Recognised("utf8", repaired)
    if _BEYOND.search(text):
        return None
    words = _judged(text)
    as_it_is = sum(not syllable.is_one(word) for word in words)
    ways: tuple[tuple[Encoding, Callable[[str], str]], ...] = (("tcvn3", _tcvn3), ("vni", _of_vni))
    odd, place = min(
        (sum(not _is_read(word, way) for word in words), place)
        for place, (_, way) in enumerate(ways)
    )
    if odd >= as_it_is or (odd and (len(words) < 3 or odd * 3 > len(words))):
        return None
    encoding, way = ways[place]
    return Recognised(encoding, _WORDS.sub(lambda found: way(found[0]), text))


def _judged(text: str) -> list[str]:
    """The words to judge by: none of plain ASCII, no single sign, none without a letter."""
    words = [one for one in _WORDS.findall(text) if len(one) > 1 and not one.isascii()]
    return [one for one in words if _LETTER.search(one)]


def _is_read(word: str, way: Callable[[str], str]) -> bool:
    """Whether a word makes sense in this encoding: as a syllable, or as letters that stand for
    words (GDĐT).
    """
    read = way(word)
    return syllable.is_one(read) or _INITIALS.fullmatch(read) is not None


def _tcvn3(word: str) -> str:
    """A toned capital has no code: in a word of capitals its small letter stands for it."""
    if any(sign not in TCVN3 and not sign.isascii() for sign in word):
        return word
    read = "".join(TCVN3.get(sign, sign) for sign in word)
    plain = [sign for sign in word if sign.isascii()]
    return read.upper() if len(plain) > 1 and all(one.isupper() for one in plain) else read


def _of_vni(word: str) -> str:
    return _VNI_CODE.sub(lambda found: VNI[found[0]], word)


# ------------------------------------------------------------------ UTF-8 read as Latin-1

_UNDEFINED = {chr(code): bytes([code]) for code in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}
_LETTERS = "aăâeêioôơuưy"
_VIETNAMESE = frozenset(
    "đĐ“”‘’–—…«»°§×\u00a0" + "".join(_TONES) + "\u0302\u0306\u031b"
    + "".join(
        normal("NFC", letter + tone) for one in _LETTERS for letter in (one, one.upper())
        for tone in ("", *_TONES)
    )
)  # fmt: skip
# Halves that are lost on the way: codes that Windows-1252 leaves undefined, and a blank as one.
_HALVES = "\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_BROKEN = re.compile(f"á»(?![{_HALVES}])|Ä(?![{_HALVES}])|Ã(?![{_HALVES}])")
_WHOLE = {"á»": "ờọềỏỐ", "Ä": "Đ", "Ã": "àÁÍÝ"}
# Pairs that no writer means. A small letter before a capital is one, a quote's end behind á is not.
_PAIR = re.compile(f"[Â-ÆÌ](?!\u00a0)[{_HALVES}]|á[º»][{_HALVES}A-Za-z]|â€|[a-z]Ã(?:[\u00a0 ]|$)")
_MOST_LOST = 3  # in one word


def _of_utf8(text: str) -> str | None:
    """The text that was encoded as UTF-8 and decoded as Latin-1 or Windows-1252, even twice."""
    if not _PAIR.search(text):
        return None
    read = _decoded(text)
    if read is None and (whole := _with_lost_halves(text)) is not None:
        read = _decoded(whole)
    if read is None:
        return None
    again = _of_utf8(read)
    if again is not None:
        return again
    return read if all(sign.isascii() or sign in _VIETNAMESE for sign in read) else None


def _with_lost_halves(text: str) -> str | None:
    """The text with what was lost put back, where that makes words of Vietnamese."""
    parts = [_whole_word(part) for part in re.split("( +)", text.replace("Ã  ", "Ã\u00a0 "))]
    found = [part for part in parts if part is not None]
    return "".join(found) if len(found) == len(parts) else None


def _whole_word(word: str) -> str | None:
    broken = _BROKEN.findall(word)
    if not broken or len(broken) > _MOST_LOST:
        return None if broken else word
    for letters in product(*(_WHOLE[half] for half in broken)):
        whole = word
        for letter in letters:
            whole = _BROKEN.sub(letter.encode().decode("latin-1"), whole, count=1)
        read = _decoded(whole)
        if read is not None and all(_is_read(part, str) for part in _WORDS.findall(read)):
            return whole
    return None


def _decoded(text: str) -> str | None:
    try:
        return b"".join(_byte(sign) for sign in text).decode("utf-8")
    except UnicodeError:
        return None


def _byte(sign: str) -> bytes:
    if sign in _UNDEFINED or "\u0080" <= sign <= "\u009f":
        return bytes([ord(sign)])
    return sign.encode("cp1252")
