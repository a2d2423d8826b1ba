"""The parts of a workbook that a table needs, wherever they lie: sheets, texts, number formats."""

import io
import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias
from xml.parsers import expat

from chalicelib.rules.files import workbook_parts
from chalicelib.rules.files.upload import NotTaken

_PIECE = 65_536
_NOT_WEIGHED = {"encrypted": "password"}
# Number formats that a file does not spell out; where a day's order is the country's, as here.
_OWN_FORMATS = {9: "0%", 10: "0.00%", 22: "dd/mm/yyyy h:mm"}
_OWN_FORMATS |= dict.fromkeys((*range(14, 18), *range(27, 37), *range(50, 59)), "dd/mm/yyyy")
_OWN_FORMATS |= dict.fromkeys((*range(18, 22), 45, 46, 47), "h:mm")

Event: TypeAlias = tuple[str, str, dict[str, str]]  # start, end or text; the name or the text


@dataclass(frozen=True, slots=True)
class SheetPart:
    name: str
    path: str
    hidden: bool


@dataclass(slots=True)
class Book:
    """An opened workbook. Its parts are known by their names without case."""

    archive: zipfile.ZipFile
    merged: dict[str, list[str]]  # by part
    sheets: list[SheetPart] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)  # by a cell's style
    from_1904: bool = False
    names: dict[str, str] = field(default_factory=dict)

    def fed(self, path: str, listener: "Listener") -> Iterator[None]:
        """Tells the listener what the part says, and stops for breath after each piece of it;
        nothing of a part that is not there. Raises NotTaken.
        """
        name = self.names.get(path.lower())
        if name is None:
            return
        parser = _parser(listener)
        try:
            with self.archive.open(name) as part:
                while piece := part.read(_PIECE):
                    parser.Parse(piece, False)
                    yield
                parser.Parse(b"", True)
        except (expat.ExpatError, ValueError, IndexError, OverflowError):  # what no writer stores
            raise NotTaken("damaged") from None
        yield

    def events(self, path: str) -> Iterator[Event]:
        """What a small part says, in order."""
        heard = _Heard()
        for _ in self.fed(path, heard):
            yield from heard.events
            heard.events.clear()


class Listener(Protocol):
    """Hears names without the prefix of their namespace, which is another in Strict Open XML."""

    def start(self, name: str, given: dict[str, str], /) -> None: ...
    def text(self, said: str, /) -> None: ...
    def end(self, name: str, /) -> None: ...


class _Heard:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def start(self, name: str, given: dict[str, str]) -> None:
        attributes = {_bare(key): said for key, said in given.items()}
        self.events.append(("start", name, attributes))

    def text(self, said: str) -> None:
        self.events.append(("text", said, {}))

    def end(self, name: str) -> None:
        self.events.append(("end", name, {}))


def _bare(name: str) -> str:
    return name.rpartition(":")[2]


def _parser(listener: Listener) -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    start, end = listener.start, listener.end
    parser.StartElementHandler = lambda name, given: start(
        _bare(name) if ":" in name else name, given
    )
    parser.EndElementHandler = lambda name: end(_bare(name) if ":" in name else name)
    parser.CharacterDataHandler = listener.text
    return parser


def opened(content: bytes) -> Book:
    """A workbook that was weighed first, and is as Excel or another writer laid it out."""
    try:
        merged = workbook_parts.weighed(content).merged
    except workbook_parts.NotWeighed as refused:
        raise NotTaken(_NOT_WEIGHED.get(refused.problem, refused.problem)) from None
    book = Book(zipfile.ZipFile(io.BytesIO(content)), {})
    book.names = {_path(name): name for name in book.archive.namelist()}
    book.merged = {_path(name): cells for name, cells in merged.items()}
    (start, _), *_ = [*_related(book, "", "officeDocument").values(), ("xl/workbook.xml", "")]
    parts = _related(book, start, "worksheet", "sharedStrings", "styles")
    for name, attributes in _begun(book, start):
        if name == "sheet" and (of := parts.get(attributes.get("id", ""), ("", "")))[1]:
            hidden = attributes.get("state", "visible") != "visible"
            book.sheets.append(SheetPart(attributes.get("name", ""), of[0], hidden))
        elif name == "workbookPr":
            book.from_1904 = attributes.get("date1904", "") in ("1", "true", "on")
    if not book.sheets:
        raise NotTaken("no_workbook")
    for path, kind in parts.values():
        if kind == "sharedStrings":
            book.texts = list(_texts(book, path))
        elif kind == "styles":
            book.formats = list(_formats(book, path))
    return book


def _path(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _related(book: Book, path: str, *kinds: str) -> dict[str, tuple[str, str]]:
    """By its id, where each part of these kinds lies that this part names, and its kind."""
    folder, base = posixpath.split(path)
    found = {}
    for name, attributes in _begun(book, posixpath.join(folder, "_rels", f"{base}.rels")):
        kind = attributes.get("Type", "").rpartition("/")[2]
        if name == "Relationship" and kind in kinds:
            where = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", "")))
            found[attributes.get("Id", "")] = where.lstrip("/"), kind
    return found


def _begun(book: Book, path: str) -> Iterator[tuple[str, dict[str, str]]]:
    return ((name, given) for what, name, given in book.events(path) if what == "start")


def _texts(book: Book, path: str) -> Iterator[str]:
    """The shared texts, without how they are to be pronounced."""
    said, spoken = "", False
    for what, name, _ in book.events(path):
        if what == "start":
            said = "" if name == "si" else said
            spoken = name == "rPh" or (spoken and name == "t")
        elif what == "text":
            said += "" if spoken else name
        elif name == "si":
            yield said


def _formats(book: Book, path: str) -> Iterator[str]:
    """The number format of each style that a cell may name."""
    spelt, inside = dict(_OWN_FORMATS), ""
    for what, name, given in book.events(path):
        if name in ("numFmts", "cellXfs"):
            inside = name if what == "start" else ""
        elif what == "start" and inside:
            key = int(given.get("numFmtId", "0")) if given.get("numFmtId", "").isdecimal() else 0
            if name == "numFmt" and inside == "numFmts":
                spelt[key] = given.get("formatCode", "")
            elif name == "xf" and inside == "cellXfs":
                yield spelt.get(key, "")
