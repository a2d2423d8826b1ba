"""A unit list as it comes: CSV and workbooks, what is taken, and each row that is not."""

import tracemalloc
from contextlib import suppress
from datetime import date, datetime, time

import pytest
from hypothesis import given, strategies

from chalicelib.messages.units import authoring
from chalicelib.messages.units import units as words
from chalicelib.rules.files.upload import NotTaken
from chalicelib.rules.units.list_reader import MOST_ROWS, Faulty
from chalicelib.rules.units.listed import COLUMNS
from tests.builders import BLOCS, unhurried, unit, units_csv
from tests.unit_files import HEADS, book, read, read_csv

LINE = "T01,THPT Phan Liêm,T,2021-01-01,"
DAY = date(2021, 1, 1)


def faults(content, blocs=BLOCS):
    with pytest.raises(Faulty) as faulty:
        read_csv(content, blocs)
    return faulty.value.faults


def test_a_list_is_read_with_every_column():
    header = "code,name,bloc,parent,order,aliases,email,phone,valid_from,valid_to"
    row = "T07,Trường THPT Lê Quí Đôn,T,SO,16,THPT Lê Quý Đôn; Lê Quý Đôn;,t07@so.example,"
    (read,) = read_csv(units_csv([row + "0270 000 0000,2021-01-01,30/06/2025"], header), BLOCS)
    assert read == unit(
        "T07",
        name="Trường THPT Lê Quí Đôn",
        parent="SO",
        order=16,
        aliases=("THPT Lê Quý Đôn", "Lê Quý Đôn"),
        email="t07@so.example",
        phone="0270 000 0000",
        valid_to="2025-06-30",
    )


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_commas_semicolons_marks_and_line_ends_all_read_alike(bom, newline, delimiter):
    plain = units_csv([LINE]).decode()
    content = plain.replace(",", delimiter).replace("\n", newline).encode()
    assert read_csv(bom + content, BLOCS) == [unit("T01", name="THPT Phan Liêm")]


def test_a_list_of_the_four_needed_columns_reads_with_semicolons_too():
    content = units_csv(["T01;THPT Phan Liêm;T;2021-01-01"], "code;name;bloc;valid_from")
    assert read_csv(content, BLOCS) == [unit("T01", name="THPT Phan Liêm")]


def test_names_are_kept_in_their_composed_form():
    (read,) = read_csv(units_csv(["T01, Phan Lie\u0302m ,T,2021-01-01,"]), BLOCS)
    assert read.name == "Phan Liêm"


def test_days_are_read_both_ways():
    (read,) = read_csv(units_csv(["T01,Tên,T,01/07/2021,2025-06-30"]), BLOCS)
    assert (read.valid_from, read.valid_to) == (date(2021, 7, 1), date(2025, 6, 30))


@pytest.mark.parametrize(
    "day", ["31/02/2021", "2021-02-30", "30/06/25", "hôm nay", "2021", "46023", "0", "1/2021"]
)
def test_what_is_no_day_is_refused(day):
    ((line, column, _),) = faults(units_csv([f"T01,Tên,T,{day},"]))
    assert (line, column) == (2, "valid_from")


def test_empty_lines_are_passed_over_but_counted():
    content = units_csv(["", LINE, ",,,,", "T02,Tên,Z,2021-01-01,"])
    assert faults(content) == [(5, "bloc", "unknown_bloc")]


def test_every_fault_of_a_list_is_named_at_once():
    content = units_csv(
        [
            LINE,
            "T02,,T,2021-01-01,",
            "T 3,Tên,T,2021-01-01,",
            "T04,Tên,Z,2021-01-01,",
            "T05,Tên,T,31/02/2021,",
            "T06,Tên,T,2025-01-01,2024-12-31",
            LINE,
            "T08,Tên,T,,",
        ]
    )
    assert faults(content) == [
        (3, "name", "missing"),
        (4, "code", "string_pattern_mismatch"),
        (5, "bloc", "unknown_bloc"),
        (6, "valid_from", "value_error"),
        (7, "valid_to", "ends_before_it_begins"),
        (8, "code", "twice"),
        (9, "valid_from", "missing"),
    ]


def test_two_versions_of_one_unit_begin_on_different_days():
    two = [LINE, "T01,Tên mới,T,2025-07-01,"]
    assert [one.name for one in read_csv(units_csv(two), BLOCS)] == ["THPT Phan Liêm", "Tên mới"]


def test_unknown_and_lacking_columns_are_named():
    assert faults(units_csv([], "code,ghi_chu,bloc,valid_from")) == [
        (1, "ghi_chu", "unknown_column"),
        (1, "name", "no_column"),
    ]


def test_a_column_given_twice_is_a_fault():
    row = "T01,Tên,Tên khác,T,2021-01-01"
    assert [line for line, _, _ in faults(units_csv([row], "code,name,name,bloc,valid_from"))] == [
        1
    ]


def test_a_list_in_another_encoding_is_refused():
    assert faults(units_csv([LINE]).decode().encode("cp1258", "replace")) == [(1, "", "not_utf8")]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_what_spreadsheets_call_unicode_is_read(encoding):
    mark = "\ufeff".encode(encoding)
    content = units_csv([LINE]).decode().replace(",", "\t").encode(encoding)
    assert read_csv(mark + content, BLOCS) == [unit("T01", name="THPT Phan Liêm")]


def test_a_file_that_is_no_table_is_refused_as_a_faulty_one():
    assert faults(units_csv([f"T01,{'a' * 200_000},T,2021-01-01,"]))


def test_a_csv_has_no_more_columns_than_a_workbook():
    with pytest.raises(NotTaken) as refused:
        read(("," * 100_000 + "x").encode(), BLOCS)
    assert refused.value.problem == "too_wide"


def test_an_empty_file_is_refused_as_one():
    assert faults(b"") == [(1, "", "empty_file")]
    assert faults(b"\n\n") == [(1, "", "empty_file")]


# ------------------------------------------------------------------ heads as people write them


def test_every_column_is_known_by_its_vietnamese_title_and_by_its_own_name():
    plain = (
        "T01",
        "Tên",
        "T",
        "SO",
        1,
        "Tên khác",
        "t01@so.example",
        "0270 000 0",
        DAY,
        None,
        None,
    )
    titles = words.heads(None).titles
    for heads in (titles.values(), COLUMNS, [t.upper() for t in titles.values()]):
        listed = read(book([plain], list(heads)), BLOCS)
        assert listed.faults == []
        ((line, one),) = listed.rows
        assert (line, one) == (
            2,
            unit("T01", name="Tên", parent="SO", order=1, aliases=("Tên khác",)).model_copy(
                update={"email": "t01@so.example", "phone": "0270 000 0"}
            ),
        )


def test_heads_are_compared_without_accents_and_whatever_order_their_marks_came_in():
    heads = ("ma", "TEN DON VI", "Kho\u0302\u0301i thi đua", "tu ngay")
    assert read(book([("T01", "Tên", "T", DAY)], heads), BLOCS).rows[0][1].code == "T01"


def test_a_title_above_the_heads_is_passed_over():
    rows = [("SỞ GIÁO DỤC VÀ ĐÀO TẠO",), (), HEADS, ("T01", "Tên", "T", DAY)]
    listed = read(book(rows, ("UBND TỈNH",)), BLOCS)
    assert [(line, one.code) for line, one in listed.rows] == [(5, "T01")]


def test_a_bloc_may_be_named_by_its_code_or_by_its_label():
    rows = [("T01", "A", "T", DAY), ("P01", "B", "phòng gd&đt", DAY), ("G01", "C", " GDTX ", DAY)]
    assert [one.bloc for _, one in read(book(rows), BLOCS).rows] == ["T", "P", "G"]


def test_names_of_a_workbook_are_composed_too():
    ((_, one),) = read(book([("T01", "Phan Lie\u0302m", "T", DAY)]), BLOCS).rows
    assert one.name == "Phan Liêm"


def test_days_may_be_days_texts_or_excels_numbers():
    days = [DAY, datetime.combine(DAY, time()), "2021-01-01", "01/01/2021", "1/1/2021", 44197]
    rows = [(f"T{n}", "Tên", "T", day) for n, day in enumerate(days)]
    listed = read(book(rows), BLOCS)
    assert listed.faults == []
    assert {one.valid_from for _, one in listed.rows} == {DAY}


def test_successors_stand_in_one_cell():
    ((_, one),) = read(book([("P1", "A", "P", DAY, "30/06/2025", "X1; X2;")]), BLOCS).rows
    assert one.successors == ("X1", "X2")


@pytest.mark.guards("bad files, refused in words and in bounded memory")
@pytest.mark.parametrize(
    ("row", "column", "problem"),
    [
        (("T01", "=A1&B1", "T", DAY), "name", "formula"),
        (("T01", "#N/A", "T", DAY), "name", "error_cell"),
        (("T01", "Tên", "T", 12), "valid_from", "not_a_day"),
        (("T01", "Tên", "T", datetime.combine(DAY, time(7, 30))), "valid_from", "not_a_day"),
        (("T01", "Tên", "T", "1 tháng 1"), "valid_from", "value_error"),
        (("T 01", "Tên", "T", DAY), "code", "string_pattern_mismatch"),
        (("T01", None, "T", DAY), "name", "missing"),
        (("T01", "Tên\u202e", "T", DAY), "name", "forbidden_character"),
        (("T01", "Tên", "T", DAY, date(2020, 1, 1)), "valid_to", "ends_before_it_begins"),
        (("T01", "Tên", "T", DAY, None, "X 1/2"), "successors", "string_pattern_mismatch"),
        (("T01", "x" * 201, "T", DAY), "name", "string_too_long"),
        (("T01", "Tên", "T", date(2400, 1, 1)), "valid_from", "value_error"),
    ],
    ids=lambda part: str(part)[:40],
)
def test_a_row_that_cannot_be_taken_is_named_with_its_column(row, column, problem):
    listed = read(book([("T99", "Dòng đúng", "T", DAY), row]), BLOCS)
    assert listed.faults == [(3, column, problem)]
    assert [one.code for _, one in listed.rows] == ["T99"]
    assert authoring.unit_reason(problem, column) != "nội dung không hợp lệ"


def test_a_code_twice_on_one_day_is_a_fault_where_nobody_can_be_asked():
    assert faults(units_csv([LINE, "T01,Tên khác,T,2021-01-01,"])) == [(3, "code", "twice")]
    assert faults(units_csv([LINE, LINE])) == [(3, "code", "twice")]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("T02,Tr\u00adêng NguyÔn §×nh,T,2021-01-01,", (3, "name", "old_encoding")),
        ("t01,Tên,T,2022-01-01,", (3, "code", "code_in_other_case")),
        ("T001,Tên,T,2022-01-01,", (3, "code", "code_in_other_case")),
        ("T02,Tên,Khối 12,2021-01-01,", (3, "bloc", "unknown_bloc")),
    ],
)
def test_a_question_is_a_fault_where_nobody_can_be_asked(row, fault):
    assert faults(units_csv([LINE, row])) == [fault]


def test_a_head_given_twice_in_two_languages_is_refused():
    listed = read(book([("T01", "A", "B", "T", DAY)], ("Mã", "Tên", "name", *HEADS[2:4])), BLOCS)
    assert listed.faults == [(1, "name", "column_twice")]


# ------------------------------------------------------------------ ten thousand rows


def many(count):
    return [
        (f"T{n:05}", f"Trường THPT Nguyễn Đình Chiểu {n}", "T", DAY, None, None)
        for n in range(count)
    ]


@pytest.mark.guards("bad files, refused in words and in bounded memory")
def test_ten_thousand_rows_are_taken_and_one_more_is_not():
    lines = [",".join(row[:3]) + ",2021-01-01," for row in many(MOST_ROWS + 1)]
    assert len(read(units_csv(lines[:-1]), BLOCS).rows) == MOST_ROWS
    with pytest.raises(NotTaken) as refused:
        read(units_csv(lines), BLOCS)
    assert refused.value.problem == "too_many_rows"


def test_a_large_workbook_is_read_within_bounded_memory(figure):
    content = book(many(5_000))
    tracemalloc.start()
    listed = read(content, BLOCS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(listed.rows) == 5_000
    figure(f"5,000 rows, {len(content)} bytes: peak {peak / 1e6:.1f} MB")
    assert peak < 60_000_000


NOISE = strategies.lists(
    strategies.tuples(strategies.integers(0, 60), strategies.integers(0, 255)), max_size=6
)


@unhurried
@given(NOISE)
def test_noise_is_refused_or_taken_and_never_breaks(noise):
    noisy = bytearray(units_csv([LINE]))
    for place, byte in noise:
        noisy[place] = byte
    with suppress(NotTaken):
        read(bytes(noisy), BLOCS)


# ------------------------------------------------------------------ as the department's sheets are


def titled(*merged, rows=15):
    """An official list: a title over merged cells, a note, then the heads in row `rows`."""
    above = [("Năm học 2026–2027, kèm Công văn số 12",)] + [()] * (rows - 3)

    def merge(made):
        for reference in merged:
            made.active.merge_cells(reference)

    lines = [*above, HEADS, ("T01", "Tên", "T", DAY)]
    return book(lines, ("DANH SÁCH ĐƠN VỊ",), more=merge)


@pytest.mark.guards(
    "a title stands above the heads, in the first rows",
    "ten rows ✓",
    "no end ✓ (the second)",
)
def test_a_merged_title_above_the_heads_is_passed_over_and_the_row_of_the_heads_is_known():
    for rows in (3, 15):
        listed = read(titled("A1:F1", "A2:F2", rows=rows), BLOCS)
        assert listed.head == rows
        assert [(line, one.code) for line, one in listed.rows] == [(rows + 1, "T01")]


@pytest.mark.guards("a title stands above the heads, in the first rows")
def test_heads_below_the_first_rows_are_not_looked_for():
    listed = read(titled(rows=16), BLOCS)
    assert listed.head == 0
    assert (1, "code", "no_column") in listed.faults


@pytest.mark.guards(
    "commas, semicolons and tabs, whatever a title holds", "the first line decides ✓"
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_title_with_other_signs_does_not_decide_the_delimiter(delimiter):
    heads = delimiter.join(HEADS[:4])
    row = delimiter.join(("T01", "Tên", "T", "2021-01-01"))
    content = f"Danh sách, năm 2026; kèm công văn, số 12;\n{heads}\n{row}\n".encode("utf-8-sig")
    listed = read(content, BLOCS)
    assert listed.head == 2
    assert [one.code for _, one in listed.rows] == ["T01"]


@pytest.mark.guards(
    "a fault quotes what the cell holds: short, escaped", "whole ✓", "as it is ✓", "`safe` ✓"
)
def test_what_a_faulty_cell_holds_is_quoted_short_and_on_one_line():
    bad = ("T 3", "=A1&B1", "Khối\nkhác " + "x" * 80, datetime.combine(DAY, time(7, 30)))
    listed = read(book([bad, ("T05", "Tên", "T", DAY, "#N/A")]), BLOCS)
    quoted = {column: words.quoted(listed.found(line, column)) for line, column, _ in listed.faults}
    assert quoted["name"] == "=A1&B1"
    assert quoted["valid_from"] == "01/01/2021 07:30"
    assert quoted["valid_to"] == "#N/A"
    listed = read(book([("T " + "x" * 80, "Tên", "T", DAY)]), BLOCS)
    assert words.quoted(listed.found(2, "code")) == "T " + "x" * 57 + "…"
    assert len(words.quoted(listed.found(2, "code"))) == 60
    assert words.quoted(listed.found(9, "name")) == ""


@pytest.mark.guards("a fault quotes what the cell holds: short, escaped")
def test_a_character_that_no_page_shows_is_quoted_as_a_sign_for_it():
    listed = read(units_csv(["T01,Phan\x08Liêm,T,2021-01-01,"]), BLOCS)
    assert listed.faults == [(2, "name", "forbidden_character")]
    assert words.quoted(listed.found(2, "name")) == "Phan\ufffdLiêm"


def test_every_column_has_a_title_and_the_spellings_of_lists():
    assert tuple(words.TITLES) == COLUMNS
    assert words.SPELLINGS.keys() == words.TITLES.keys()
