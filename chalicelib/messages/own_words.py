"""What a department calls itself, its sector and its blocs: marks in sentences, filled when shown.

A sentence holds a mark where such a word stands; `filled` puts in the department's own, or what
stands here where it sets none. Pages and mails are filled in `render`, files by who makes them.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from os import urandom

from chalicelib.rules.programmes.programme import Called, Department

# Nobody can type a mark: a page also shows again what it refused.
_OURS = urandom(6).hex()
ITSELF, ITSELF_FIRST, BLOC, BLOC_FIRST = (f"\ufdd0{_OURS}{place}\ufdd1" for place in "abcd")
_ITSELF, _SECTOR, _BLOC = "Sở", "ngành Giáo dục", "khối thi đua"


@lru_cache(64)
def _words(called: Called) -> Mapping[str, str]:
    itself, bloc = called.itself or _ITSELF, called.bloc or _BLOC
    return {
        ITSELF: itself,
        ITSELF_FIRST: itself[0].upper() + itself[1:],
        BLOC: bloc,
        BLOC_FIRST: bloc[0].upper() + bloc[1:],
    }


def filled(text: str, department: Department | None, written: Callable[[str], str] = str) -> str:
    """The text with the words of this department; of none that is known, with those set here.

    `written` makes a word what the text is: HTML.
    """
    for mark, word in _words(department.called if department else Called()).items():
        if mark in text:
            text = text.replace(mark, written(word))
    return text


def sector(department: Department | None) -> str:
    """Its sector; empty where it is not known whose page it is."""
    return (department.called.sector or _SECTOR) if department else ""
