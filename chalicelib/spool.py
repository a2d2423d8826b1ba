"""What a summary can't hold in memory while it is made: small in memory, large in a file."""

from array import array
from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile
from typing import IO
from weakref import finalize

_IN_MEMORY = 1 << 18  # bytes of one spool; beyond them it goes on in a temporary file
_PIECE = 1 << 16


def _opened(owner: object) -> IO[bytes]:
    """An empty file that is closed, and so gone, with its owner."""
    file = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115
    finalize(owner, file.close)
    return file


class Lines:
    """Texts of one line each, read back as they came, as often as wanted."""

    def __init__(self) -> None:
        self._file = _opened(self)

    def add(self, lines: Iterable[str]) -> None:
        self._file.write("".join(f"{line}\n" for line in lines).encode())

    def __iter__(self) -> Iterator[str]:
        # Not splitlines: a text may hold the other characters that end a line for Python.
        return (line for piece in self.pieces() for line in piece.decode()[:-1].split("\n"))

    def pieces(self) -> Iterator[bytes]:
        """The same bytes in large pieces; each ends where a line ends."""
        place, rest = 0, b""
        while True:
            self._file.seek(place)
            piece = self._file.read(_PIECE)
            place += len(piece)
            whole, end, rest = (rest + piece).rpartition(b"\n")
            if end:
                yield whole + end
            if not piece:
                self._file.seek(0, 2)
                return


class Records:
    """One text a place, kept in any order and read back in the order of the places."""

    def __init__(self, places: int) -> None:
        self._file = _opened(self)
        self._starts = array("q", [0]) * places
        self._sizes = array("l", [0]) * places
        self._end = 0

    def keep(self, place: int, text: str) -> None:
        content = text.encode()
        self._starts[place], self._sizes[place] = self._end, len(content)
        self._end += len(content)
        self._file.seek(self._starts[place])
        self._file.write(content)

    def read(self, place: int) -> str:
        """An empty text where nothing was kept."""
        if not self._sizes[place]:
            return ""
        self._file.seek(self._starts[place])
        return self._file.read(self._sizes[place]).decode()
