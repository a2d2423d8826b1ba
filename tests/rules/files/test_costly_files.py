"""Small files that would cost much: refused in a sentence, in little time and memory."""

import re
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import date
from io import BytesIO

import pytest

from chalicelib.messages.frame import uploads
from chalicelib.messages.units import authoring, units
from chalicelib.rules.files import outside_table, upload
from chalicelib.rules.forms import xlsform_judge, xlsform_reader
from chalicelib.rules.forms.form import Form
from chalicelib.rules.units import list_reader
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.builders import BLOCS
from tests.rules.forms.test_xlsform_reader import TOO_MUCH
from tests.sizes import Figure, size
from tests.unit_files import book, changed
from tests.unit_files import upload as send

MOST_SECONDS = 3.0  # of a processor; half a minute and more without the limits
MOST_MEMORY = 60_000_000
LARGEST_ANSWER = 1_000_000  # Lambda's own limit is six times that

SHEET, STRINGS, STYLES = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"
GOOD = book([("T01", "Tên", "T", date(2021, 1, 1))])
MAIN = b' xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def sheet(rows: bytes) -> bytes:
    whole = b"<worksheet" + MAIN + b"><sheetData>" + rows + b"</sheetData></worksheet>"
    return changed(GOOD, {SHEET: whole})


def styled(formats: bytes) -> bytes:
    with zipfile.ZipFile(BytesIO(GOOD)) as archive:
        styles = archive.read(STYLES)
    place = styles.index(b">", styles.index(b"<cellXfs")) + 1
    return changed(GOOD, {STYLES: styles[:place] + formats + styles[place:]})


def far(cell: bytes) -> bytes:
    """Rows that are empty up to their last column."""
    return sheet((b"<row>" + cell + b"</row>") * size(12_000, 90_000))


MANY = size(300_000, 1_200_000)
WORKBOOKS: dict[str, Callable[[], bytes]] = {
    "empty rows": lambda: sheet(b"<row/>" * size(400_000, 2_500_000)),
    "empty cells": lambda: sheet((b"<row>" + b"<c/>" * 60 + b"</row>") * (MANY // 20)),
    "cells in cells": lambda: sheet(b"<row>" + b"<c>" * MANY + b"</c>" * MANY + b"</row>"),
    "what no sheet has": lambda: sheet(b"<x/>" * 2 * MANY),
    "attributes": lambda: sheet(b"<row " + b" ".join(b'a%d="1"' % n for n in range(MANY)) + b"/>"),
    "one long cell": lambda: sheet(b"<row><c><v>" + b"x" * 10 * MANY + b"</v></c></row>"),
    "one long number": lambda: sheet(b'<row><c t="n"><v>' + b"9" * 10 * MANY + b"</v></c></row>"),
    "a far column": lambda: sheet(b'<row><c r="' + b"A" * 4 * MANY + b'1"/></row>'),
    "empty cells in the last column": lambda: far(b'<c r="XFD1"/>'),
    "more of them in one row": lambda: far(b'<c t="r" r="xfd1"/><c/><c r="A1"/><c r="XFD1"/>'),
    "the last column without its name": lambda: far(b'<c r="XFC1"/><c/>'),
    "what stands for a cell": lambda: far(b'<x:row xmlns:x="x" r="XFD1"/>'),
    "merged cells without end": lambda: sheet(b"<mergeCell " * MANY),
    "texts": lambda: changed(
        GOOD, {STRINGS: b"<sst" + MAIN + b">" + b"<si/>" * 2 * MANY + b"</sst>"}
    ),
    "formats": lambda: styled(b"<xf/>" * MANY),
}


@pytest.mark.guards(
    "a file that would cost much is refused soon, in a sentence and in little memory",
    "parts not weighed, the columns before a far cell not priced ✓ (the first)",
)
@pytest.mark.soak
@pytest.mark.parametrize("kind", WORKBOOKS)
@pytest.mark.parametrize("reader", ["list", "form", "parts"])
def test_a_workbook_that_would_cost_much_is_refused_soon(
    kind: str, reader: str, figure: Figure
) -> None:
    content = WORKBOOKS[kind]()
    began = time.thread_time()
    said = READERS[reader](content)
    took = time.thread_time() - began
    figure(f"{kind} as a {reader}: {len(content)} bytes refused in {took:.2f} s")
    assert said
    assert took < MOST_SECONDS


def refusal_of_a_list(content: bytes) -> str:
    with pytest.raises(upload.NotTaken) as refused:
        list_reader.read(content, BLOCS, units.heads(None))
    return units.FAULTS[refused.value.problem]


def refusal_of_a_form(content: bytes) -> str:
    try:
        kind = upload.guard(content, "mau.xlsx")
    except upload.NotTaken as refused:
        return uploads.FAULTS[refused.problem] if refused.problem == "bomb" else ""
    with pytest.raises(xlsform_reader.Faulty) as faulty:
        xlsform_reader.read(content, kind, BLOCS, 1)
    return authoring.form_reason(faulty.value.faults[0], None)


def refusal_of_parts(content: bytes) -> str:
    """As if how tightly it is packed had not given it away."""
    with pytest.raises(upload.NotTaken) as refused:
        [list(one.rows) for one in outside_table.of_workbook(content)]
    return uploads.FAULTS[refused.value.problem]


READERS = {"list": refusal_of_a_list, "form": refusal_of_a_form, "parts": refusal_of_parts}


@pytest.mark.guards(
    "a workbook packed otherwise than workbooks are isn't unpacked", "no look at how ✓"
)
@pytest.mark.parametrize("way", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_workbook_that_is_packed_as_none_is_is_refused_unopened(
    way: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = BytesIO()
    with zipfile.ZipFile(BytesIO(GOOD)) as old, zipfile.ZipFile(packed, "w", way) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("it was unpacked"))
    assert refusal_of_a_list(packed.getvalue()) == units.FAULTS["damaged"]


@pytest.mark.guards(
    "a file that would cost much is refused soon, in a sentence and in little memory"
)
def test_empty_rows_take_no_memory_either() -> None:
    content = WORKBOOKS["empty rows"]()
    tracemalloc.start()
    try:
        refusal_of_a_list(content)
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()


@pytest.mark.guards("real files are no burden")
def test_six_thousand_formatted_rows_below_a_list_are_no_burden() -> None:
    rows = b"".join(b'<row r="%d"><c r="A%d" s="1"/></row>' % (n, n) for n in range(3, 6_003))
    with zipfile.ZipFile(BytesIO(GOOD)) as archive:
        xml = archive.read(SHEET)
    content = changed(GOOD, {SHEET: xml.replace(b"</sheetData>", rows + b"</sheetData>")})
    listed = list_reader.read(content, BLOCS, units.heads(None))
    assert [unit.code for _, unit in listed.rows] == ["T01"]


@pytest.mark.guards(
    "a file that would cost much is refused soon, in a sentence and in little memory"
)
@pytest.mark.parametrize(
    "line", ["\n", ";;;;;;;;;;;;\n", '"";""\n'], ids=["blank", "cells", "quoted"]
)
def test_a_text_of_empty_rows_is_refused_soon(line: str) -> None:
    content = (
        "Mã đơn vị;Tên đơn vị;Khối thi đua;Từ ngày\n" + line * (3_900_000 // len(line))
    ).encode()
    began = time.thread_time()
    assert "quá nhiều dòng, ô" in refusal_of_a_list(content)
    with pytest.raises(xlsform_reader.Faulty):
        xlsform_reader.read(content, "csv", BLOCS, 1)
    assert time.thread_time() - began < MOST_SECONDS


# ------------------------------------------------------------------ forms

HEAD = "| survey |\n| | type | name | label | aggregate |\n| | begin_group | s1 | S | |\n"
END = "| | end_group | | | |\n| settings |\n| | form_title |\n| | T |\n"


def form(rows: str, more: str = "") -> bytes:
    return f"{HEAD}{rows}{END}{more}".encode()


def labelled(label: str, count: int = 90) -> bytes:
    return form("".join(f"| | integer | a{n} | {label} | sum |\n" for n in range(count)))


def choices(count: int) -> str:
    rows = "".join(f"| | l | c{n} | C |\n" for n in range(count))
    return f"| choices |\n| | list_name | name | label |\n{rows}"


SELECTS = "".join(f"| | select_one l | a{n} | A | |\n" for n in range(1_000))
FORMS = {
    "too_many_rows": labelled("A", 4_000),
    "cell_too_long": labelled("${a1}" + "${last-saved#" * 5_000, 1),
    "too_long": labelled("a" * 4_000, 120),
    "too_many_choices": form(SELECTS, choices(1_900)),
    "too_much": form("| | x |\n" * 6_000 + "| | integer | a1 | A | sum |\n"),
}
PATTERNS = (
    "${last-saved#",
    "${a1} ",
    "${",
    "(",
    "[",
    "'",
    '"',
    "<",
    "&",
    "a b ",
    "1",
    " ",
    "$",
    "{",
)


def test_each_limit_of_a_form_has_its_fault() -> None:
    assert FORMS.keys() == TOO_MUCH


@pytest.mark.guards("a form is bounded before pyxform", "no limits ✓ (the first)")
@pytest.mark.parametrize("problem", FORMS)
def test_a_form_that_is_too_much_is_refused_before_pyxform_sees_it(
    problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsform_judge, "judged", None)
    began = time.thread_time()
    with pytest.raises(xlsform_reader.Faulty) as faulty:
        xlsform_reader.read(FORMS[problem], "md", BLOCS, 1)
    assert problem in {fault.problem for fault in faulty.value.faults}
    assert time.thread_time() - began < MOST_SECONDS


@pytest.mark.guards("a form is bounded before pyxform")
@pytest.mark.parametrize("pattern", PATTERNS)
def test_within_the_limits_no_form_takes_long(pattern: str, figure: Figure) -> None:
    """As many cells as may be, each as long as may be, of what parsers go back and forth in."""
    content = labelled("x" + pattern * (xlsform_reader.LONGEST_CELL // len(pattern) - 2) + "x")
    assert form_or_fault(labelled("A", 5))  # pyxform is imported
    began = time.thread_time()
    form_or_fault(content)
    took = time.thread_time() - began
    figure(f"a form full of {pattern!r}: {len(content)} bytes in {took:.2f} s")
    assert took < MOST_SECONDS


def form_or_fault(content: bytes) -> Form | str:
    try:
        return xlsform_reader.read(content, "md", BLOCS, 1)
    except xlsform_reader.Faulty as faulty:
        return faulty.faults[0].problem


# ------------------------------------------------------------------ the answers


@pytest.fixture
def officer(as_staff: Callable[..., Visitor]) -> Visitor:
    return as_staff("chuyenvien@vinhlong.example")


def offered(officer: Visitor, content: bytes) -> Reply:
    page = officer.get("/desk/thi-dua-2026-2030/form")
    token = page.body.decode().partition('name="csrf" value="')[2].partition('"')[0]
    return officer.upload(
        "/desk/thi-dua-2026-2030/form", {"csrf": token}, {"form": ("mau.md", content)}
    )


@pytest.mark.guards(
    "no answer grows with what was sent",
    "every fault shown ✓ (the first)",
    "the name of a sheet not cut ✓",
)
def test_of_thousands_of_faults_in_a_form_the_first_are_shown_and_the_rest_counted(
    officer: Visitor, figure: Figure
) -> None:
    """0.1 MB of Markdown had an answer of 5 MB; Lambda sends none of more than six."""
    columns = (
        "| survey |\n| | type | name | label | aggregate | direction | decimals | jump | as_of |\n"
    )
    rows = "| | integer | 1 | | < | < | < | < | < |\n" * 1_900
    content = (columns + rows + END).encode()
    reply = offered(officer, content)
    page = reply.body.decode()
    assert reply.status == 422
    assert page.count('data-is="Lỗi"') == 200
    (faults,) = (int(said.replace(".", "")) for said in re.findall(r"có ([0-9.]+) lỗi nên", page))
    (others,) = (int(said.replace(".", "")) for said in re.findall(r"còn ([0-9.]+) lỗi khác", page))
    assert faults == others + 200 > 10_000
    figure(f"{len(content)} bytes, {faults} faults: an answer of {len(reply.body)} bytes")
    assert len(reply.body) < LARGEST_ANSWER


@pytest.mark.guards("no answer grows with what was sent")
def test_the_name_of_a_sheet_may_be_as_long_as_the_file(officer: Visitor) -> None:
    names = "".join(f"| {'<' * 20_000}{n} |\n| | a |\n| | b |\n" for n in range(100))
    reply = offered(officer, (HEAD + END + names).encode())
    assert reply.status == 422
    assert len(reply.body) < LARGEST_ANSWER


@pytest.mark.guards("no answer grows with what was sent")
def test_of_thousands_of_faults_in_a_list_the_first_are_shown_and_the_rest_counted(
    officer: Visitor, figure: Figure
) -> None:
    rows = [(f"<{n}>" * 9, "<" * 900, "?", "hôm qua") for n in range(1_000)]
    page = officer.get("/desk/thi-dua-2026-2030/units/import")
    reply = send(officer, page, book(rows))
    assert reply.status == 422
    said = reply.body.decode()
    assert said.count('data-is="Cột"') == 200
    assert "lỗi khác.</p>" in said
    figure(f"1,000 faulty rows: an answer of {len(reply.body)} bytes")
    assert len(reply.body) < LARGEST_ANSWER


@pytest.mark.guards("no answer grows with what was sent")
def test_thousands_of_changes_of_a_list_are_counted_too(officer: Visitor) -> None:
    rows = [(f"M{n}", f"Trường {n} " + "<" * 200, "T", date(2026, 1, 1)) for n in range(600)]
    page = officer.get("/desk/thi-dua-2026-2030/units/import")
    reply = send(officer, page, book(rows))
    assert reply.status in (200, 422)
    assert len(reply.body) < LARGEST_ANSWER
