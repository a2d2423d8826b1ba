"""Facts about uploaded files: their bytes say what they are, before a parser opens them."""

import io
import struct
import zipfile

import pytest
from openpyxl import Workbook

from chalicelib.rules.files import upload
from chalicelib.rules.files.upload import NotTaken, guard

PARTS = {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"}


def packed(parts=PARTS, **more):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in (parts | more).items():
            file.writestr(name, content)
    return out.getvalue()


def workbook():
    out = io.BytesIO()
    Workbook().save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (b"survey,type\n", "mau.csv", "csv"),
        (b"\xef\xbb\xbfsurvey,type\n", "MAU.CSV", "csv"),
        ("| survey |\n| | Mẫu |\n".encode(), "mau.md", "md"),
        (workbook(), "mau.xlsx", "xlsx"),
        (workbook(), "mau.csv", "xlsx"),  # by its bytes, whatever it is called
        (b"survey,type\n", "mau.xlsx", "csv"),
        (b"survey\ttype\n", "mau.xls", "csv"),
        (b"survey,type\n", "mau", "csv"),
        ("survey\ttype\n".encode("utf-16"), "mau.txt", "csv"),
    ],
)
def test_what_is_asked_for_is_taken(content, name, kind):
    assert guard(content, name) == kind


def encrypted_zip():
    """A part whose flags say that it needs a password."""
    made = bytearray(packed())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = made.index(mark) + place
        made[at : at + 2] = struct.pack("<H", 1)
    return bytes(made)


def open_document():
    """As every writer begins it: its kind first, unpacked."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        file.writestr("content.xml", "<office:document-content/>")
    return out.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

BAD = {
    "empty_file": [(b"", "a.xlsx"), (b" \n\n", "a.csv")],
    "too_large": [(b"a" * (upload.LARGEST + 1), "a.csv")],
    "pdf": [(b"%PDF-1.7\n", "a.xlsx"), (b"\n%PDF-1.4", "a.csv")],
    "password": [
        (OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "a.xlsx"),
        (encrypted_zip(), "a.xlsx"),
    ],
    "old_excel": [(OLE + b"\0" * 600, "a.xls")],
    "damaged": [(packed()[:40], "a.xlsx"), (b"PK\x03\x04" + b"x" * 90, "a.xlsx")],
    "no_workbook": [
        (packed({"word/document.xml": b"<w/>"}), "a.xlsx"),
        (packed(**{"word/document.xml": b"<w/>"}), "a.xlsx"),
    ],
    "macros": [(packed(**{"xl/vbaProject.bin": b"1"}), "a.xlsm")],
    "bomb": [
        (packed(**{"xl/worksheets/sheet1.xml": b"0" * 15_000_000}), "a.xlsx"),
        (packed(**{f"xl/{n}.xml": b"<a/>" for n in range(1_001)}), "a.xlsx"),
    ],
    "not_utf8": [("Mẫu".encode()[:-1] + b"\xff", "a.csv")],
    "no_text": [(b"a\x00b", "a.csv"), (b"\x01\x00\x02", "a.xlsx")],
    "html": [
        (b"\xef\xbb\xbf\r\n<html><body><table>", "a.xls"),
        (b"<!DOCTYPE html><table>", "a.xlsx"),
        ("<TABLE border=1>".encode("utf-16"), "a.xls"),
        (b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'>", "a.xls"),
    ],
    "old_xml": [
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook>', "a.xls"),
        (b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">', "a.xml"),
    ],
    "ods": [
        (open_document(), "a.xlsx"),
        (b'<?xml version="1.0"?><office:document office:version="1.3">', "a.fods"),
    ],
    "binary_workbook": [(packed(**{"xl/workbook.bin": b"1"}), "a.xlsx")],
}


@pytest.mark.guards(
    "bad files: known by their bytes, bounded, no 500",
    "no limit unpacked ✓",
    "no ratio ✓",
    "a password not seen ✓",
    "a parser's late error let through ✓",
)
@pytest.mark.parametrize(
    ("problem", "content", "name"),
    [(problem, *one) for problem, some in BAD.items() for one in some],
    ids=[f"{problem}-{n}" for problem, some in BAD.items() for n in range(len(some))],
)
def test_anything_else_is_refused_by_what_it_is(problem, content, name):
    with pytest.raises(NotTaken) as refused:
        guard(content, name)
    assert refused.value.problem == problem


@pytest.mark.guards("bad files: known by their bytes, bounded, no 500")
def test_many_parts_that_are_large_together_are_a_bomb():
    block = bytes(range(256)) * 12_000  # each part is below the ratio of a bomb
    parts = {f"xl/worksheets/sheet{n}.xml": block for n in range(8)}
    assert sum(map(len, parts.values())) > upload.LARGEST_UNPACKED
    with pytest.raises(NotTaken) as refused:
        guard(packed(**parts), "a.xlsx")
    assert refused.value.problem == "bomb"


def test_a_workbook_with_large_equal_rows_is_no_bomb():
    rows = b'<row><c t="inlineStr"><is><t>THPT 01</t></is></c></row>' * 30_000
    assert guard(packed(**{"xl/worksheets/sheet1.xml": rows}), "a.xlsx") == "xlsx"


def test_nothing_is_unpacked(monkeypatch):
    content = workbook()

    def never(*_args, **_more):
        raise AssertionError("a part was opened")

    monkeypatch.setattr(zipfile.ZipFile, "open", never)
    assert guard(content, "a.xlsx") == "xlsx"
