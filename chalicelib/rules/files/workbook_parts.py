"""What the parts of a packed workbook hold, counted piece by piece before a parser builds any."""

import io
import re
import zipfile
from dataclasses import dataclass, field
from typing import IO
from xml.parsers import expat

_LARGEST_UNPACKED = 32_000_000  # bytes of all parts: ten thousand rows have about a quarter
_MOST_PARTS = 200
_PIECE = 65_536
_MOST_ROWS = 100_000  # a list may be followed by as many that are formatted and empty
_DEEPEST = 64
_LONGEST_TAG_OR_TEXT = 4 * _PIECE  # a cell holds at most 32,767 characters
# What an element costs openpyxl, in millionths of a second, measured generously; and all together.
_COST = {"c": 6, "v": 3, "t": 2, "is": 12, "si": 20, "r": 50, "f": 20}
_COST_OF_ANOTHER = 10
_COST_IN_A_WHOLE_PART = 25  # of what openpyxl makes objects of: styles, the list of sheets
_WHOLE_PARTS = ("xl/styles.xml", "xl/workbook.xml", "[content_types].xml")
_MOST_COST = 5_000_000
_COLUMNS_FOR_ONE = 16  # openpyxl makes something of each column before a row's furthest cell
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # as workbooks are
_CELLS = re.compile(r"[A-Z]{1,3}[0-9]{1,7}(:[A-Z]{1,3}[0-9]{1,7})?")


class NotWeighed(Exception):
    """Too much, or no such archive; `problem` is encrypted, bomb, too_much or damaged."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(slots=True)
class Parts:
    """Names of the parts, and the merged cells that each names."""

    merged: dict[str, list[str]] = field(default_factory=dict)
    left: int = _LARGEST_UNPACKED
    cost: int = 0
    rows: int = 0


def weighed(content: bytes) -> Parts:
    """Unpack every part once, keeping nothing: its size is counted and not believed."""
    parts = Parts()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            declared = sum(entry.file_size for entry in entries)
            if len(entries) > _MOST_PARTS or declared > _LARGEST_UNPACKED:
                raise NotWeighed("bomb")
            if any(entry.flag_bits & 1 for entry in entries):
                raise NotWeighed("encrypted")
            if any(entry.compress_type not in _PACKED for entry in entries):
                raise NotWeighed("damaged")
            for entry in entries:
                with archive.open(entry) as opened:
                    _drain(opened, _Part(entry.filename, parts))
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError, ValueError, RuntimeError):
        raise NotWeighed("damaged") from None
    except Exception as error:
        if type(error).__module__ == "zlib":
            raise NotWeighed("damaged") from None
        raise
    return parts


class _Part:
    """Counts the elements of one part as they come by."""

    def __init__(self, name: str, parts: Parts) -> None:
        self.parts = parts
        self._merged = parts.merged.setdefault(name, [])
        self._whole = name.lower() in _WHOLE_PARTS or name.lower().endswith(".rels")
        self._depth = 0
        self._furthest = 0  # column that a cell of this row has named
        self.parser = expat.ParserCreate()
        self.parser.ordered_attributes = True  # a list of them is the cheapest
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _begin(self, name: str, attributes: list[str]) -> None:
        self._depth += 1
        name = name.rpartition(":")[2]
        own = _COST_IN_A_WHOLE_PART if self._whole else _COST.get(name, _COST_OF_ANOTHER)
        self.parts.cost += own + len(attributes) // 2
        if name == "row":
            self.parts.rows += 1
            self._furthest = 0
        elif name == "mergeCell":
            given = dict(zip(attributes[::2], attributes[1::2], strict=True)).get("ref", "")
            self._merged += [given] if _CELLS.fullmatch(given) else []
        if "r" in attributes:
            self._reach(attributes)
        heavy = self.parts.cost > _MOST_COST or self.parts.rows > _MOST_ROWS
        if heavy or self._depth > _DEEPEST:
            raise NotWeighed("too_much")

    def _reach(self, attributes: list[str]) -> None:
        """Price what lies before the named cell. Whatever stands in a row is one to openpyxl."""
        names = attributes[::2]
        if "r" not in names:
            return
        column = _column(attributes[2 * names.index("r") + 1])
        if column > self._furthest:
            self.parts.cost += (column - self._furthest) // _COLUMNS_FOR_ONE
            self._furthest = column

    def _end(self, _: str) -> None:
        self._depth -= 1

    def _doctype(self, *_: object) -> None:
        raise NotWeighed("bomb")


def _column(reference: str) -> int:
    """From 1, of a cell like XFD1 in any case; 0 of a row, which has a number only."""
    column = 0
    for letter in reference[:3].upper():
        if not "A" <= letter <= "Z":
            break
        column = 26 * column + ord(letter) - ord("A") + 1
    return column


def _drain(opened: IO[bytes], part: _Part) -> None:
    """Read to the end. What is no XML, or breaks off being any, is as broken for openpyxl."""
    whole, without_tag = True, 0
    while piece := opened.read(_PIECE):
        part.parts.left -= len(piece)
        without_tag = 0 if b"<" in piece else without_tag + len(piece)
        if part.parts.left < 0 or b"<!DOCTYPE" in piece:
            raise NotWeighed("bomb")
        try:
            if whole:
                part.parser.Parse(piece, False)
        except expat.ExpatError:
            whole = False
        if whole and without_tag > _LONGEST_TAG_OR_TEXT:
            raise NotWeighed("too_much")
