"""Facts about the summary's files: reopened, every cell stands against the summary itself."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from openpyxl import load_workbook
from openpyxl.utils import range_boundaries

from chalicelib.messages.reports import states as state_words
from chalicelib.messages.summaries import verdicts
from chalicelib.messages.summaries.files import words
from chalicelib.rules.reports.report import compact
from chalicelib.rules.summaries import workbook
from chalicelib.rules.summaries.cells import UnitRow
from chalicelib.rules.summaries.summary import document
from chalicelib.rules.summaries.tally import Tally
from tests.builders import (
    BLOCS,
    content,
    golden,
    head,
    indicator,
    instant,
    period,
    section,
    standing,
    unit,
)

HEADS = (
    *("Mã", "Chỉ tiêu", "Đơn vị tính", "Cách tổng hợp", "Mục tiêu", "Đánh giá", "Kết quả", "Tử số"),
    *(
        "Mẫu số",
        "Số đơn vị phải báo cáo",
        "Có số liệu",
        "Không phát sinh",
        "Không áp dụng",
        "Chưa có",
    ),
)
FIRST = 11  # the first line of the summary's table


def summed(whole):
    tally = Tally(whole.sections, whole.units)
    tally.take((standing(one), compact(whole.texts.get(one.unit, {}))) for one in whole.heads)
    return document(tally, "thi-dua", whole.period, instant(18))


def rows_of(whole):
    heads = {one.unit: one for one in whole.heads}
    return [UnitRow(one, heads.get(one.code)) for one in whole.units]


def made_xlsx(*what):
    file = io.BytesIO()
    workbook.as_xlsx(file, *what, words(None))
    return file.getvalue()


def xlsx(whole):
    due = whole.period.due
    name = "Phong trào thi đua"
    return made_xlsx(summed(whole), name, BLOCS, whole.sections, rows_of(whole), due)


def opened(content, *, values=False):
    return load_workbook(io.BytesIO(content), data_only=values)


@pytest.fixture(scope="module")
def book():
    return opened(xlsx(golden()))


def values(sheet, row, first=1, last=None):
    return [
        sheet.cell(row, column).value for column in range(first, (last or sheet.max_column) + 1)
    ]


def number_of(written):
    return None if written is None else Decimal(written)


def expected_result(part, kind):
    if kind == "choice" and part["answers"]:
        said = ((one["label"], one["count"], one["share"]) for one in part["answers"])
        return "; ".join(f"{label}: {n} ({share.replace('.', ',')} %)" for label, n, share in said)
    return None if kind in ("text", "list") else number_of(part["value"])


def expected_cells(line):
    result = expected_result(line, line["kind"])
    states = ("expected", "with_value", "nil", "not_applicable", "missing")
    counts = [line[name] for name in states]
    cells = [
        line["code"],
        line["label"],
        line["measured_in"] or None,
        "Sở nhập" if line["code"] == "k1" else state_words.AGGREGATES[line["aggregate"]],
        line["target"] or None,
        verdicts.said(line) or None,
        result,
        line["numerator"],
        line["denominator"],
        *counts,
    ]
    for bloc in BLOCS:
        part = line["blocs"].get(bloc)
        if part is None:
            cells += [None] * 6
        else:
            cells += [expected_result(part, line["kind"]), *(part[name] for name in states)]
    return cells


def as_read(cells):
    return [Decimal(str(c)) if isinstance(c, int | float | Decimal) else c for c in cells]


# ------------------------------------------------------------------ XLSX


def test_the_workbook_has_four_sheets(book):
    assert book.sheetnames == ["Tổng hợp", "Theo đơn vị", "Nội dung", "Tình hình gửi"]


def test_the_first_sheet_says_what_and_when_and_who_has_sent(book):
    sheet, found = book["Tổng hợp"], summed(golden())
    assert sheet["A1"].value == "Phong trào thi đua"
    assert sheet["A2"].value == "Quý IV năm 2026, tổng hợp lúc 10:00 ngày 18/12/2026"
    names = ("expected", "received", "on_time", "late", "returned", "missing")
    assert [sheet.cell(row, 3).value for row in range(3, 9)] == [found[name] for name in names]
    assert [sheet.cell(row, 2).value for row in range(3, 9)] == [
        "Phải gửi",
        "Đã gửi",
        "Đúng hạn",
        "Gửi trễ hạn",
        "Đang trả lại",
        "Chưa gửi",
    ]


@pytest.mark.guards("page, XLSX, CSV, JSON alike")
def test_every_cell_of_the_summary_sheet_equals_the_summary(book):
    sheet, found = book["Tổng hợp"], summed(golden())
    words = ("phải báo cáo", "có số liệu", "không phát sinh", "không áp dụng", "chưa có")
    blocs = [f"{BLOCS[b]}: {part}" for b in BLOCS for part in ("kết quả", *words)]
    assert values(sheet, FIRST - 1) == [*HEADS, *blocs]
    for row, line in enumerate(found["indicators"], start=FIRST):
        assert as_read(values(sheet, row)) == as_read(expected_cells(line)), line["code"]
    assert sheet.max_row == FIRST + len(found["indicators"]) - 1


def test_numbers_are_typed_and_texts_are_texts(book):
    sheet = book["Tổng hợp"]
    for row in range(FIRST, sheet.max_row + 1):
        assert [sheet.cell(row, column).data_type for column in range(1, 7)] == (
            ["s" if sheet.cell(row, column).value is not None else "n" for column in range(1, 7)]
        )
        texts = [c for c in range(7, 24) if sheet.cell(row, c).data_type != "n"]
        shared = [7, 15, 21]  # a choice's answers with their shares: of all, and of its blocs
        assert set(texts) <= (set(shared) if sheet.cell(row, 1).value == "h1" else set())


def test_the_counts_reconcile_by_a_formula(book):
    assert book["Tổng hợp"]["C9"].value == '=IF(AND(C3=C4+C7+C8,C4=C5+C6),"Khớp","Không khớp")'
    assert opened(xlsx(golden()), values=True)["Tổng hợp"]["C9"].value == "Khớp"


@pytest.mark.guards("no formula from a text", "no quote ✓ (the second)")
def test_a_text_that_begins_like_a_formula_stays_text(book):
    assert [
        cell.coordinate for row in book["Nội dung"] for cell in row if cell.data_type == "f"
    ] == []
    label = book["Tổng hợp"].cell(FIRST + 1, 2)
    assert (label.value, label.data_type) == ("=1+1", "s")
    texts = {row[4].value: row[4].data_type for row in book["Nội dung"].iter_rows(min_row=2)}
    assert {texts["=SUM(A1)"], texts["+84 270"], texts["-1"]} == {"s"}


def test_an_address_in_a_text_becomes_no_link():
    units = (unit("T01"),)
    one = section(indicator("t1", "text"))
    tally = Tally([one], units)
    tally.take([(standing(head("T01")), compact({"t1": "https://so.example"}))])
    found = document(tally, "x", period(), instant(18))
    made = made_xlsx(found, "x", BLOCS, [one], [UnitRow(units[0], None)], period().due)
    cell = opened(made)["Nội dung"]["E2"]
    assert (cell.value, cell.hyperlink) == ("https://so.example", None)


def by_unit(book):
    sheet = book["Theo đơn vị"]
    columns = {sheet.cell(1, c).value: c for c in range(1, sheet.max_column + 1)}
    rows = {sheet.cell(r, 1).value: r for r in range(3, 3 + len(golden().units))}
    return sheet, columns, rows


def test_the_sheet_by_unit_has_a_row_a_unit_in_official_order(book):
    sheet, _, rows = by_unit(book)
    assert list(rows) == ["P01", "T01", "T02", "T03", "G01", "G02"]
    states = [sheet.cell(row, 4).value for row in rows.values()]
    assert states == ["Đã gửi", "Đã tiếp nhận", "Đang mở lại", "Đã gửi", "Đang trả lại", "Chưa gửi"]


@pytest.mark.parametrize(
    ("code", "column", "cell"),
    [
        ("P01", "c1", 3),
        ("T01", "c1", 0),
        ("T02", "c1", "Không áp dụng"),
        ("T03", "c1", "Không phát sinh"),
        ("G01", "c1", 1000),
        ("G02", "c1", "Chưa có"),
        ("P01", "c2", 1250),
        ("P01", "a1", 12.5),
        ("T02", "a1", 0.05),
        ("P01", "r1", 97),
        ("P01", "r1.num", 97),
        ("P01", "r1.den", 100),
        ("P01", "r2", None),
        ("P01", "r2.num", None),
        ("T02", "r2", 0),
        ("T02", "r2.den", 99),
        ("P01", "z1", None),
        ("P01", "z1.den", 0),
        ("T03", "z1.num", "Không phát sinh"),
        ("P01", "y1", "Có"),
        ("T01", "y1", "Chưa"),
        ("T02", "h1", "Khá"),
    ],
)
def test_the_sheet_by_unit_shows_each_value_or_why_there_is_none(book, code, column, cell):
    sheet, columns, rows = by_unit(book)
    assert sheet.cell(rows[code], columns[column]).value == cell


def test_texts_have_a_sheet_of_their_own(book):
    sheet = book["Nội dung"]
    assert values(sheet, 1) == ["Mã đơn vị", "Đơn vị", "Mã", "Chỉ tiêu", "Nội dung"]
    assert [[c.value for c in row] for row in sheet.iter_rows(min_row=2)] == [
        ["P01", "Đơn vị P01", "l1", "Chỉ tiêu l1", "Mô hình “Kể chuyện về Bác”"],
        ["P01", "Đơn vị P01", "l1", "Chỉ tiêu l1", "Câu lạc bộ sách"],
        ["T02", "Đơn vị T02", "l1", "Chỉ tiêu l1", "=SUM(A1)"],
        ["P01", "Đơn vị P01", "t1", "Chỉ tiêu t1", "Số 5/KH"],
        ["T02", "Đơn vị T02", "t1", "Chỉ tiêu t1", "+84 270"],
        [
            "P01",
            "Đơn vị P01",
            "n_done",
            "Chỉ tiêu n_done",
            "Đã phổ biến đến từng tổ.\nĐã phân công.",
        ],
        ["T02", "Đơn vị T02", "n_done", "Chỉ tiêu n_done", "-1"],
    ]


def recomputed(sheet, formula):
    """What a spreadsheet makes of =SUMIF(states,"<>word",numbers)."""
    where, word, what = re.fullmatch(r'=SUMIF\((.+),"<>(.+)",(.+)\)', formula).groups()
    column, first, _, last = range_boundaries(where.replace("$", ""))
    summed_column, *_ = range_boundaries(what)
    assert (first, last) == (3, 2 + len(golden().units))
    return sum(
        Decimal(str(sheet.cell(row, summed_column).value))
        for row in range(first, last + 1)
        if sheet.cell(row, column).value != word
        and sheet.cell(row, summed_column).data_type == "n"
        and sheet.cell(row, summed_column).value is not None
    )


@pytest.mark.parametrize(
    "code", ["c1", "c2", "a1", "r1.num", "r1.den", "r2.num", "r2.den", "z1.num", "z1.den"]
)
def test_the_sheets_own_sum_reconciles_with_the_summary(book, code):
    sheet, columns, _ = by_unit(book)
    line = {one["code"]: one for one in summed(golden())["indicators"]}[code.partition(".")[0]]
    name = {"num": "numerator", "den": "denominator"}.get(code.partition(".")[2], "value")
    own, stated = (sheet.cell(row, columns[code]).value for row in (9, 10))
    assert recomputed(sheet, own) == Decimal(str(stated)) == Decimal(line[name])
    cached = opened(xlsx(golden()), values=True)["Theo đơn vị"].cell(9, columns[code]).value
    assert Decimal(str(cached)) == Decimal(line[name])


def test_what_the_department_enters_is_in_no_units_row(book):
    assert "k1" not in by_unit(book)[1]


@pytest.mark.guards("answers stand below their units, as the summary has them", "left out ✓")
@pytest.mark.parametrize(
    ("code", "said"),
    [("y1", "Có: 2 (66,67 %); Chưa: 1 (33,33 %)"), ("h1", "Tốt: 1 (50,00 %); Khá: 1 (50,00 %)")],
)
def test_answers_are_counted_below_their_units(book, code, said):
    sheet, columns, _ = by_unit(book)
    assert [sheet.cell(row, columns[code]).value for row in (9, 10)] == [None, said]


@pytest.mark.parametrize("code", ["r1", "x1"])
def test_what_does_not_add_up_has_no_sum(book, code):
    sheet, columns, _ = by_unit(book)
    assert [sheet.cell(row, columns[code]).value for row in (9, 10)] == [None, None]


def test_the_last_sheet_says_who_has_sent_when(book):
    sheet = book["Tình hình gửi"]
    due = datetime(2026, 12, 17, 23, 59, 59)  # noqa: DTZ001 - a cell has no zone
    first = [datetime(2026, 12, day, 10) for day in (15, 18)]  # noqa: DTZ001
    assert [[c.value for c in row] for row in sheet.iter_rows(min_row=2)] == [
        [1, "P01", "Đơn vị P01", "Phòng GD&ĐT", "Đã gửi", "Đúng hạn", first[0], first[0], 1, due],
        [2, "T01", "Đơn vị T01", "THPT", "Đã tiếp nhận", "Gửi trễ hạn", first[1], first[1], 1, due],
        [3, "T02", "Đơn vị T02", "THPT", "Đang mở lại", "Đúng hạn", first[0], first[0], 2, due],
        [4, "T03", "Đơn vị T03", "THPT", "Đã gửi", "Đúng hạn", first[0], first[0], 1, due],
        [5, "G01", "Đơn vị G01", "GDTX", "Đang trả lại", "Đúng hạn", first[0], first[0], 1, due],
        [6, "G02", "Đơn vị G02", "GDTX", "Chưa gửi", None, None, None, None, due],
    ]


def test_an_instant_is_shown_in_vietnam_across_midnight():
    units, late = (unit("T01"),), datetime(2026, 12, 17, 17, 0, 1, tzinfo=UTC)
    one = [section(indicator())]
    tally = Tally(one, units)
    row = UnitRow(units[0], head("T01", first_sent=late, last_sent=late + timedelta(hours=1)))
    found = document(tally, "x", period(), instant(18))
    sheet = opened(made_xlsx(found, "x", BLOCS, one, [row], period().due))["Tình hình gửi"]
    assert str(sheet["G2"].value) == "2026-12-18 00:00:01"
    assert str(sheet["H2"].value) == "2026-12-18 01:00:01"


def single(kind, figure, **more):
    one = section(indicator("i", kind, **more))
    units = (unit("T01"),)
    sent = head("T01", content({"i": figure}))
    tally = Tally([one], units)
    tally.take([(standing(sent), compact({}))])
    found = document(tally, "x", period(), instant(18))
    made = made_xlsx(found, "x", BLOCS, [one], [UnitRow(units[0], sent)], period().due)
    return opened(made)


@pytest.mark.parametrize(
    ("kind", "figure"),
    [
        ("count", 999_999_999_999_999),
        ("amount", "99999999999999.9"),
        ("amount", "1234567.89"),
        ("amount", "0.00000000000001"),
    ],
)
def test_fifteen_digits_stay_a_number_and_none_is_lost(kind, figure):
    cell = single(kind, figure)["Tổng hợp"].cell(FIRST, 7)
    assert cell.data_type == "n"
    assert Decimal(str(cell.value)) == Decimal(figure)


def test_a_sum_of_sixteen_digits_is_kept_exactly_as_text():
    one, units = section(indicator("i")), (unit("T01"), unit("T02"))
    tally = Tally([one], units)
    heads = [head(code, content({"i": 10**15 - 1})) for code in ("T01", "T02")]
    tally.take((standing(one), compact({})) for one in heads)
    found = document(tally, "x", period(), instant(18))
    rows = [UnitRow(owing, None) for owing in units]
    book = opened(made_xlsx(found, "x", BLOCS, [one], rows, period().due))
    assert book["Tổng hợp"].cell(FIRST, 7).value == "1999999999999998"


def test_a_whole_amount_is_shown_without_a_bare_comma():
    book = single("amount", "12")
    for sheet, place in (("Tổng hợp", (FIRST, 7)), ("Theo đơn vị", (3, 5))):
        assert not book[sheet].cell(*place).number_format.endswith(".##")


def test_both_rows_of_heads_repeat_on_every_printed_page(book):
    assert book["Theo đơn vị"].print_title_rows == "$1:$2"
    assert book["Tổng hợp"].print_title_rows == "$10:$10"


def test_the_same_summary_makes_the_same_bytes():
    assert xlsx(golden()) == xlsx(golden())


# ------------------------------------------------------------------ CSV


def csv_rows():
    made = workbook.as_csv(summed(golden()), BLOCS, words(None))
    return made, list(csv.reader(io.StringIO(made.decode("utf-8-sig"), newline=""), delimiter=";"))


def test_a_csv_opens_by_a_double_click_where_it_is_read():
    made, rows = csv_rows()
    assert made.startswith(b"\xef\xbb\xbf")
    assert made.count(b"\r\n") == made.count(b"\n") == len(rows)
    assert rows[0][: len(HEADS)] == list(HEADS)


def test_the_csv_holds_the_same_numbers_as_the_summary():
    _, rows = csv_rows()
    found = summed(golden())["indicators"]
    assert len(rows) == len(found) + 1
    for row, line in zip(rows[1:], found, strict=True):
        read = [
            cell.replace(",", ".") if re.fullmatch(r"\d+(,\d+)?", cell) else cell for cell in row
        ]
        wanted = ["" if cell is None else cell for cell in expected_cells(line)]
        for place, (cell, want) in enumerate(zip(read, wanted, strict=True)):
            if isinstance(want, Decimal | int) and place >= 6:
                assert Decimal(cell) == want, line["code"]
            else:
                assert cell.removeprefix("'") == str(want), line["code"]


def test_decimals_have_a_comma_and_counts_no_separator():
    _, rows = csv_rows()
    results = {row[0]: row[6] for row in rows[1:]}
    assert (results["a1"], results["c2"], results["z1"]) == ("12,55", "1254", "")
    assert results["r1"] == "97,03"


@pytest.mark.guards("no formula from a text")
def test_a_csv_cell_never_begins_like_a_formula():
    _, rows = csv_rows()
    assert {row[0]: row[1] for row in rows[1:]}["c2"] == "'=1+1"


def test_a_csv_head_never_begins_like_a_formula():
    text = workbook.as_csv(summed(golden()), BLOCS | {"T": "=cmd()"}, words(None)).decode(
        "utf-8-sig"
    )
    heads = next(csv.reader(io.StringIO(text), delimiter=";"))
    assert [head for head in heads if head.startswith(("=", "+", "-", "@"))] == []
