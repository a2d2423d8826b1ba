"""What the department says when it gives a report back."""

from datetime import UTC, datetime

import pytest

from chalicelib.rules.review import remarks
from chalicelib.rules.review.remarks import Remarks
from chalicelib.rules.texts.comment import LONGEST

NOW = datetime(2026, 12, 15, 3, tzinfo=UTC)
DUE = datetime(2026, 12, 20, 16, 59, 59, tzinfo=UTC)


def read(**form: str) -> tuple[Remarks, remarks.Faults]:
    typed = {name.replace("__", "."): said for name, said in form.items()}
    return remarks.read(("s1", "s2"), {"due": "2026-12-20"} | typed, NOW)


def test_comments_are_kept_by_section_and_others_are_not_looked_at() -> None:
    found, faults = read(comment__s2="Kiểm tra lại", comment__s9="không có nội dung này")
    assert found == Remarks({"s2": "Kiểm tra lại"}, "", DUE)
    assert not faults
    assert found.count == 1


def test_at_least_one_comment_is_needed() -> None:
    assert read()[1] == {"general": "no_comment"}
    assert not read(general="Thiếu số liệu")[1]


@pytest.mark.parametrize(
    ("form", "faults"),
    [
        ({"general": "a" * (LONGEST + 1)}, {"general": "too_long"}),
        ({"comment__s1": "a" * (LONGEST + 1)}, {"comment.s1": "too_long"}),
        ({"comment__s1": "a\x00b"}, {"comment.s1": "forbidden_character"}),
        ({"general": "Xem lại", "due": ""}, {"due": "no_day"}),
        ({"general": "Xem lại", "due": "14/12/2026"}, {"due": "day_past"}),
    ],
)
def test_each_box_says_what_is_wrong_with_it(form: dict[str, str], faults: dict[str, str]) -> None:
    assert read(**form)[1] == faults


def test_the_longest_comment_is_taken() -> None:
    assert not read(general="ế" * LONGEST)[1]


def test_what_the_record_keeps_reads_back_the_same() -> None:
    said = Remarks({"s1": "Kiểm tra lại"}, "Thiếu", DUE)
    assert remarks.of(remarks.detail(said)) == said
    assert remarks.of({"reason": "Đơn vị xin mở lại", "version": 2}).general == "Đơn vị xin mở lại"
