"""What a summary can't hold in memory while it is made: small in memory, large in a file."""

from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile
from typing import IO
from weakref import finalize

_IN_MEMORY = 1 << 18  # bytes of one spool; beyond them it goes on in a temporary file
_PIECE = 1 << 16
_SHARE = 2_048  # places whose records share a file
_WRITE = 32  # records that are written in one go


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
    """A few texts a place, kept in any order and read back in the order of the places.

    Places that stand together share a file, which is read whole: nothing is looked for. The
    texts may hold neither a tab nor the end of a line, as JSON and numbers don't.
    """

    def __init__(self, places: int) -> None:
        self._files = [_opened(self) for _ in range(0, places, _SHARE)]
        self._waiting: list[list[bytes]] = [[] for _ in self._files]

    def keep(self, place: int, *texts: str) -> None:
        share = place // _SHARE
        waiting = self._waiting[share]
        waiting.append(b"\t".join((b"%d" % place, *map(str.encode, texts))))
        if len(waiting) == _WRITE:
            self._write(share)

    def _write(self, share: int) -> None:
        waiting = self._waiting[share]
        waiting.append(b"")  # the last one ends its line too
        self._files[share].write(b"\n".join(waiting))
        waiting.clear()

    def __iter__(self) -> Iterator[tuple[int, list[bytes]]]:
        for share, file in enumerate(self._files):
            if self._waiting[share]:
                self._write(share)
            file.seek(0)
            kept = [line.split(b"\t") for line in file.read().split(b"\n")[:-1]]
            file.seek(0, 2)
            yield from sorted((int(place), texts) for place, *texts in kept)
