"""Facts about units: who owes a report on a day, and how their list is read from CSV."""

from datetime import date

import pytest
from builders import BLOCS, unit, units_csv

from chalicelib.unit import owing
from chalicelib.unit_list import Faulty, read_csv

CUT_OFF = date(2026, 12, 14)
LINE = "T01,THPT Phan Liêm,T,2021-01-01,"


def faults(content, blocs=BLOCS):
    with pytest.raises(Faulty) as faulty:
        read_csv(content, blocs)
    return faulty.value.faults


def test_a_unit_owes_when_it_exists_on_the_cut_off_day():
    units = [
        unit("T01", valid_to="2026-12-13"),
        unit("T02", valid_to="2026-12-14"),
        unit("T03", valid_from="2026-12-14"),
        unit("T04", valid_from="2026-12-15"),
    ]
    assert [one.code for one in owing(units, CUT_OFF)] == ["T02", "T03"]


def test_the_version_of_the_day_gives_the_name_and_the_bloc():
    old = unit("P01", name="Phòng GD&ĐT Ba Tri", valid_to="2025-06-30")
    new = unit("P01", name="Xã Ba Tri", bloc="X", valid_from="2025-07-01")
    for listed in ([old, new], [new, old]):
        assert owing(listed, date(2025, 6, 14)) == [old]
        assert owing(listed, date(2025, 12, 14)) == [new]


def test_a_renamed_unit_that_later_ended_owes_nothing_more():
    first = unit("T01")
    second = unit("T01", name="Tên mới", valid_from="2024-01-01", valid_to="2025-06-30")
    assert owing([first, second], CUT_OFF) == []
    assert owing([first, second], date(2025, 6, 30)) == [second]


def test_units_stand_by_their_number_then_by_the_alphabet():
    units = [
        unit("T03", name="Đoàn Thị Điểm", order=2),
        unit("T02", name="Diệp Minh Châu", order=2),
        unit("T04", name="Lê Anh Xuân", order=2),
        unit("T01", name="Ấp cuối bảng chữ cái", order=3),
        unit("T05", name="Ở đầu danh sách", order=1),
    ]
    assert [one.code for one in owing(units, CUT_OFF)] == ["T05", "T02", "T03", "T04", "T01"]


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
    assert faults(units_csv([LINE]).decode().encode("utf-16")) == [(1, "", "not_utf8")]


def test_a_file_that_is_no_table_is_refused_as_a_faulty_one():
    assert faults(units_csv([f"T01,{'a' * 200_000},T,2021-01-01,"]))


def test_an_empty_file_is_refused_as_one():
    assert faults(b"") == [(1, "", "empty_file")]
    assert {problem for _, _, problem in faults(b"\n\n")} == {"no_column"}
