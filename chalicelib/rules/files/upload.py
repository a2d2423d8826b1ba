"""What an uploaded file really is: judged by its bytes before any parser opens it."""

import codecs
import io
import re
import zipfile
from pathlib import PurePath
from typing import Literal, TypeAlias

FileType: TypeAlias = Literal["md", "csv", "xlsx"]

LARGEST = 4_000_000  # bytes
LARGEST_UNPACKED = 20_000_000  # bytes of all parts of a workbook: parsers read some of them whole
LARGEST_RATIO = 400  # of one part; a sheet of equal rows packs to about 1:60
_SMALL = 1_000_000  # below that, no ratio is a danger
_MOST_PARTS = 1_000
_HEAD = 2_048  # bytes that say what a text is

_ZIP, _OLE, _PDF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"%PDF-"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BLINDLY = (("utf-16-le", slice(1, None, 2)), ("utf-16-be", slice(0, None, 2)))  # no mark says so
_SHORTEST = 16  # bytes of a table in it
_MOSTLY = 2  # of heads in Latin letters more than one half of the high bytes is 0
_ENCRYPTED_NAME = "EncryptedPackage".encode("utf-16-le")  # of an .xlsx with a password
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument.spreadsheet"
# What spreadsheets call .xls and is none: pages of HTML, the XML of before 2007, flat OpenDocument.
_MARKED_UP = (
    ("ods", re.compile(r"<office:document\b")),
    ("old_xml", re.compile(r"urn:schemas-microsoft-com:office:spreadsheet|<\?mso-application")),
    ("html", re.compile(r"<(?:!doctype html|html|head|meta|body|table|style)\b", re.IGNORECASE)),
)


class NotTaken(Exception):
    """The file as a whole is refused; `problem` is a key of messages.frame.uploads.FAULTS."""

    def __init__(self, problem: str, detail: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.detail = detail


def guard(content: bytes, filename: str = "") -> FileType:
    """How to read the file: xlsx, md where its name says so, else csv. Raises NotTaken."""
    if not content.strip():
        raise NotTaken("empty_file")
    if len(content) > LARGEST:
        raise NotTaken("too_large")
    if _PDF in content[:_HEAD]:
        raise NotTaken("pdf")
    if content.startswith(_OLE):
        raise NotTaken("password" if _ENCRYPTED_NAME in content else "old_excel")
    if content.startswith(_ZIP):
        _guard_workbook(content)
        return "xlsx"
    head = decoded(content)[:_HEAD].lstrip()
    if "\x00" in head:
        raise NotTaken("no_text")
    for problem, known in _MARKED_UP if head.startswith("<") else ():
        if known.search(head):
            raise NotTaken(problem)
    return "md" if PurePath(filename).suffix.lower() == ".md" else "csv"


def decoded(content: bytes) -> str:
    """A text in UTF-8, or in the UTF-16 that spreadsheets call Unicode. Raises NotTaken."""
    try:
        return content.decode(_encoding(content))
    except UnicodeDecodeError:
        raise NotTaken("not_utf8") from None


def _encoding(content: bytes) -> str:
    """By its mark; without one by its zeros, which no text in UTF-8 holds."""
    if content.startswith(_UTF16):
        return "utf-16"
    head = content[:_HEAD]
    may_be = len(content) % 2 == 0 and len(content) > _SHORTEST
    for name, high in _BLINDLY if may_be else ():
        if head[high].count(0) * _MOSTLY > len(head[high]):
            return name
    return "utf-8-sig"


def _guard_workbook(content: bytes) -> None:
    """Only the list of parts is read, nothing is unpacked: a part gives no more than it states."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise NotTaken("damaged") from None
    if any(part.flag_bits & 1 for part in parts):
        raise NotTaken("password")
    names = {part.filename.lower() for part in parts}
    if _is_bomb(parts) or len(names) < len(parts):
        raise NotTaken("bomb")
    if any(name.endswith("vbaproject.bin") for name in names):
        raise NotTaken("macros")
    if _OPEN_DOCUMENT in content[:_HEAD]:  # its first part says so, unpacked
        raise NotTaken("ods")
    if any(name.endswith("workbook.bin") for name in names):
        raise NotTaken("binary_workbook")
    if "[content_types].xml" not in names or any(n.startswith(("word/", "ppt/")) for n in names):
        raise NotTaken("no_workbook")


def _is_bomb(parts: list[zipfile.ZipInfo]) -> bool:
    return (
        len(parts) > _MOST_PARTS
        or sum(part.file_size for part in parts) > LARGEST_UNPACKED
        or any(part.file_size > max(_SMALL, LARGEST_RATIO * part.compress_size) for part in parts)
    )
