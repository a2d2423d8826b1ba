"""What an uploaded file really is: judged by its bytes before any parser opens it."""

import io
import zipfile
from pathlib import PurePath

from chalicelib.rules.files.source_rows import FileType

LARGEST = 4_000_000  # bytes
LARGEST_UNPACKED = 20_000_000  # bytes of all parts of a workbook: parsers read some of them whole
LARGEST_RATIO = 400  # of one part; a sheet of equal rows packs to about 1:60
_SMALL = 1_000_000  # below that, no ratio is a danger
_MOST_PARTS = 1_000

_ZIP, _OLE, _PDF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"%PDF-"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_ENCRYPTED_NAME = "EncryptedPackage".encode("utf-16-le")  # of an .xlsx with a password
_TEXT: dict[str, FileType] = {".csv": "csv", ".md": "md"}


class NotTaken(Exception):
    """The file is not what is asked for; `problem` is a key of messages' UPLOAD_FAULTS."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def guard(content: bytes, filename: str) -> FileType:
    """How to read the file: xlsx, csv or md. Raises NotTaken."""
    if not content.strip():
        raise NotTaken("empty")
    if len(content) > LARGEST:
        raise NotTaken("too_large")
    head, ending = content[:1024].lstrip(), PurePath(filename).suffix.lower()
    if _PDF in head:
        raise NotTaken("pdf")
    if content.startswith(_OLE):
        raise NotTaken("password" if _ENCRYPTED_NAME in content else "old_excel")
    if content.startswith(_ZIP):
        _guard_workbook(content)
        return "xlsx"
    if ending in (".xlsx", ".xlsm"):
        raise NotTaken("no_workbook")
    return _text(content, ending)


def _text(content: bytes, ending: str) -> FileType:
    if content.startswith(_UTF16):
        raise NotTaken("utf16")
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotTaken("not_utf8") from None
    if b"\x00" in content or ending not in _TEXT:
        raise NotTaken("unknown_type")
    return _TEXT[ending]


def _guard_workbook(content: bytes) -> None:
    """Only the list of parts is read, nothing is unpacked: a part gives no more than it states."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise NotTaken("damaged") from None
    names = {part.filename.lower() for part in parts}
    if any(part.flag_bits & 1 for part in parts):
        raise NotTaken("password")
    if len(parts) > _MOST_PARTS or len(names) < len(parts):
        raise NotTaken("bomb")
    if sum(part.file_size for part in parts) > LARGEST_UNPACKED:
        raise NotTaken("bomb")
    for part in parts:
        if part.file_size > max(_SMALL, LARGEST_RATIO * part.compress_size):
            raise NotTaken("bomb")
    if any(name.endswith("vbaproject.bin") for name in names):
        raise NotTaken("macros")
    if not {"[content_types].xml", "xl/workbook.xml"} <= names:
        raise NotTaken("no_workbook")
