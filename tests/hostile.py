"""Bodies that cost much: what a stranger may send to stop the house, at any size."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

FORM = "application/x-www-form-urlencoded"
_LINE = "frontier"
_MULTIPART = f"multipart/form-data; boundary={_LINE}"
_MARKS = "\u0301\u0323"  # in the wrong order, so that each is moved past all before it


class Costly(NamedTuple):
    kind: str
    body: bytes


def _part(head: str, content: bytes = b"x") -> bytes:
    return (
        f"--{_LINE}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n"
    )


def _parts(*parts: bytes) -> Costly:
    return Costly(_MULTIPART, b"".join(parts) + f"--{_LINE}--\r\n".encode())


def _field(content: str) -> Costly:
    return Costly(FORM, b"email=" + content.encode())


def _many(size: int, part: Callable[[int], bytes]) -> Costly:
    each = len(part(10_000))
    return _parts(*(part(number) for number in range(max(1, size // each))))


# name -> the body of about so many bytes
KINDS: Mapping[str, Callable[[int], Costly]] = {
    "marks": lambda size: _field("%CC%81%CC%A3" * (size // 12)),
    "marks apart by what nobody sees": lambda size: _field(
        ("%CC%81%CC%A3" * 15 + "%C2%AD") * (size // 186)
    ),
    "marks in a part": lambda size: _parts(_part('name="email"', (_MARKS * (size // 4)).encode())),
    "marks in a file's name": lambda size: _parts(
        _part(f'name="file"; filename="{_MARKS * (size // 4)}"')
    ),
    "marks in a field's name": lambda size: Costly(FORM, b"%CC%81%CC%A3" * (size // 12) + b"=1"),
    "many fields": lambda size: Costly(
        FORM, b"&".join(b"f%05d=1" % number for number in range(size // 9))
    ),
    "one name again and again": lambda size: _field("1" + "&email=1" * (size // 8)),
    "separators alone": lambda size: Costly(FORM, b"&" * size),
    "percent sequences": lambda size: _field("%E1%BA%BF" * (size // 9)),
    "bare percent signs": lambda size: _field("%" * size),
    "deep brackets": lambda size: _field("[" * size),
    "a huge number": lambda size: _field("9" * size),
    "a sign and blanks": lambda size: _field("-" + "+" * size + "x"),
    "an address without an end": lambda size: _field("a@" * (size // 2)),
    "a boundary that never ends": lambda size: Costly(
        _MULTIPART, f"\r\n--{_LINE}".encode() * (size // (len(_LINE) + 4))
    ),
    "all but a boundary": lambda size: Costly(
        _MULTIPART, f"--{_LINE}\r\n\r\n".encode() + f"\r\n--{_LINE[:-1]}".encode() * (size // 11)
    ),
    "headers of a part": lambda size: Costly(
        _MULTIPART, f"--{_LINE}\r\n".encode() + b"X-A: b\r\n" * (size // 8)
    ),
    "one long header of a part": lambda size: Costly(
        _MULTIPART, f"--{_LINE}\r\nX-A: ".encode() + b"; a" * (size // 3)
    ),
    "many files": lambda size: _many(
        size, lambda number: _part(f'name="f{number}"; filename="f{number}"')
    ),
    "many parts": lambda size: _many(size, lambda number: _part(f'name="f{number}"')),
}
