"""What may be a syllable of Vietnamese: its onset, its rime, its tone."""

import re
from functools import lru_cache

from chalicelib.rules.texts.text import normal

_TONES = "\u0300\u0301\u0303\u0309\u0323"
_ACUTE_OR_DOT = "\u0301\u0323"  # what a syllable that ends in a stop may carry
_WORDS = re.compile(r"\S+")
_ONSETS = frozenset(
    _WORDS.findall(
        "ngh gh gi kh ng nh ph qu th tr ch b c d đ g h k l m n p r s t v x "
        "kr br bl pl gl kl"  # of Ê-đê, Gia-rai and others, in names of places
    )
)
_RIMES = frozenset(
    _WORDS.findall(
        "a ac ach ai ak am an ang anh ao ap at au ay ă ăc ăk ăm ăn ăng ăp ăt "
        "â âc âk âm ân âng âp ât âu ây e ec em en eng eo ep et ê êch êm ên ênh êp êt êu "
        "i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu "
        "o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăp oăt "
        "oc oe oem oen oeo oet oi ok om on ong ooc oong op ot ô ôc ôi ôk ôm ôn ông ôông ôp ôt "
        "ơ ơi ơm ơn ơp ơt u ua uc ui uk um un ung uôc uôi uôm uôn uông uôt up ut uơ "
        "uâc uân uâng uât uây uê uêch uên uênh uêt uy uya uych uyên uyêt uynh uyn uyt uyu uyp "
        "ư ưa ưc ưi ưk ưm ưn ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu "
        "y yêm yên yêng yêt yêu ych ynh yn yt"
    )
)
_VOWELS = "aăâeêioôơuưy"
_END_STRESSED = ("oa", "uy")
_STOPS = ("c", "ch", "k", "p", "t")


@lru_cache(8192)
def is_one(word: str) -> bool:
    """Whether a word can be read as one syllable, in the letters' case that words are written in.

    Of two ways to set a tone (hoà, hòa) both are right.
    """
    if not (word[1:].islower() or word.isupper() or word.islower()):
        return False
    letters = [normal("NFD", letter) for letter in normal("NFC", word.lower())]
    tones = [
        (place, mark) for place, marks in enumerate(letters) for mark in marks if mark in _TONES
    ]
    bare = normal("NFC", "".join(_without_tone(letter) for letter in letters))
    onset, rime = _parted(bare)
    if len(tones) > 1 or rime not in _RIMES or (onset and onset not in _ONSETS):
        return False
    return not tones or _may_carry(rime, tones[0][1], tones[0][0] - len(onset))


def _without_tone(letter: str) -> str:
    return "".join(mark for mark in letter if mark not in _TONES)


def _may_carry(rime: str, tone: str, place: int) -> bool:
    """A stop takes two of the tones; the glide at a rime's end takes none."""
    if rime.endswith(_STOPS):
        return tone in _ACUTE_OR_DOT
    glide = len(rime) > 1 and rime[-1] in "aiouy" and rime not in _END_STRESSED
    return not (glide and place == len(rime) - 1)


def _parted(bare: str) -> tuple[str, str]:
    """Onset and rime; the vowel of "gi" also begins the rime (gì, giếng)."""
    first = next((place for place, sign in enumerate(bare) if sign in _VOWELS), len(bare))
    onset, rime = bare[:first], bare[first:]
    if onset == "q" and rime.startswith("u"):
        return "qu", rime[1:]
    if onset == "g" and rime.startswith("i") and rime[1:] in _RIMES:
        return "gi", rime[1:]
    return onset, rime
