"""Facts about Vietnamese text: normal form, folding, the alphabet's order, file names."""

import sys
import time
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, strategies

from chalicelib.rules.texts import text
from chalicelib.rules.texts.number import NotRead, read_amount
from tests.builders import unhurried

_LETTERS = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_TONES = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")
_VOWELS = "aăâeêioôơuưy"
_MARKED = [unicodedata.normalize("NFC", v + tone) for v in _VOWELS for tone in _TONES]
vietnamese = strategies.text(
    sorted({*_LETTERS, *_LETTERS.upper(), *_MARKED, *map(str.upper, _MARKED), *"019 -&"}),
    max_size=12,
)


def test_a_text_is_kept_in_its_composed_form():
    assert text.tidy(unicodedata.normalize("NFD", "Phòng Giáo dục huyện Mỏ Cày Bắc")) == (
        "Phòng Giáo dục huyện Mỏ Cày Bắc"
    )


def test_line_ends_become_unix_and_the_ends_are_trimmed():
    assert text.tidy(" \ufeff\tdòng một\r\ndòng hai\rdòng ba\u00a0\n") == (
        "dòng một\ndòng hai\ndòng ba"
    )


def test_blanks_alone_are_nothing():
    assert text.tidy(" \t\r\n\u00a0\u3000") == ""


@given(strategies.text())
@unhurried
def test_tidying_twice_changes_nothing_more(given_text):
    once = text.tidy(given_text)
    assert text.tidy(once) == once
    assert unicodedata.is_normalized("NFC", once)


@pytest.mark.guards("invisible characters stop nobody")
@pytest.mark.parametrize(
    ("pasted", "tidied"),
    [
        ("Tr\u200bường\u00ad", "Trường"),
        ("\u2060\u202a0270\u202c", "0270"),
        ("dòng một\x0bdòng hai\u2028dòng ba\x0cdòng bốn", "dòng một\ndòng hai\ndòng ba\ndòng bốn"),
        ("a\u200d\ufe0fb", "ab"),
        ("e\u034f\u0301", "é"),
        ("\u200d\u3164\U000e0041", ""),
    ],
    ids=ascii,
)
def test_what_word_and_chats_hide_in_a_text_is_dropped(pasted, tidied):
    assert text.tidy(pasted) == tidied


@pytest.mark.guards("nothing visible is taken away")
@pytest.mark.parametrize("kept", ["ក\u200dខ", "👩\u200d🏫", "❤\ufe0f", "م\u200cن"], ids=ascii)
def test_khmer_and_pictures_keep_the_joiners_that_shape_them(kept):
    assert text.tidy(f"a {kept} b") == f"a {kept} b"


@pytest.mark.parametrize("sign", ["\u202b", "\u202e", "\u2067"])
def test_what_turns_the_direction_is_not_dropped_but_refused(sign):
    assert text.forbidden(text.tidy(f"một{sign}hai"))


@pytest.mark.parametrize("sign", ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\ud800", "\u202e"])
def test_controls_and_direction_overrides_are_forbidden(sign):
    assert text.forbidden(f"một{sign}hai")


@pytest.mark.parametrize("sign", ["\n", "\t", "ế", "“", "–", "₫", "😀", "\u200b"])
def test_line_feeds_marks_and_signs_are_not_forbidden(sign):
    assert not text.forbidden(f"một{sign}hai")


def only_marks(char):
    return all(map(unicodedata.combining, unicodedata.normalize("NFKD", char)))


@pytest.mark.guards("no text costs more than its length, also with marks hidden apart")
def test_every_character_that_becomes_marks_is_counted_as_one():
    """A run of those that are passed over would be ordered in one long call."""
    marks = [char for char in map(chr, range(sys.maxunicode + 1)) if only_marks(char)]
    assert len(marks) > 900
    assert [ascii(char) for char in marks if not text.stacked(char * 31)] == []


@pytest.mark.guards("no text costs more than its length, also with marks hidden apart")
@pytest.mark.parametrize(
    "between", ["", "\u00ad", "\u034f", "\u200b", "\u200d", "\ufe0f"], ids=ascii
)
def test_what_has_more_marks_on_a_letter_than_any_language_is_refused(between):
    """With signs between that nobody sees, too: they are dropped, and leave one long row."""
    typed = "a" + ("\u0301\u0323" * 10 + between) * 2
    assert text.forbidden(text.tidy(typed))
    assert text.tidy(text.tidy(typed)) == text.tidy(typed)


@pytest.mark.guards("languages with many marks are taken")
def test_thirty_marks_on_a_letter_are_taken_and_ordered():
    typed = "a" + "\u0301\u0323" * 15
    assert text.tidy(typed) == unicodedata.normalize("NFC", typed) != typed
    assert not text.forbidden(text.tidy(typed))


@pytest.mark.guards("languages with many marks are taken", "one mark at most ✓ (the second)")
@pytest.mark.parametrize("words", ["ភាសាខ្មែរ", "עִבְרִית מְנֻקֶּדֶת", "اَلْعَرَبِيَّةُ", "ไทยที่นี่", "বাংলা"])
def test_languages_with_many_marks_are_taken(words):
    assert not text.forbidden(text.tidy(words * 40))


@pytest.mark.guards(
    "no text costs more than its length, also with marks hidden apart",
    "normalised without a look (the first: it did not end in 90 s) ✓",
    "characters of class 0 that become marks not counted ✓ (the second)",
)
@pytest.mark.parametrize("sign", ["\u0301\u0323", "\u0f73", "\uff9e\u0323"], ids=ascii)
@pytest.mark.parametrize("between", ["", "\u00ad", "\u200d"], ids=ascii)
def test_no_text_costs_more_than_its_length(sign, between):
    """240 kB of marks that stand in the wrong order stopped the whole house for 17 seconds."""
    typed = (sign * 15 + between) * 8_000
    began = time.process_time()
    for one in (text.tidy(typed), typed):
        text.forbidden(one), text.fold(one), text.slug(one), text.alphabetical(one[:2_000])
        text.quoted(one)
        with pytest.raises(NotRead):
            read_amount(one)
    assert time.process_time() - began < 3


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("dinh chieu", "Nguyễn Đình Chiểu"),
        ("DINH CHIEU", "Nguyễn Đình Chiểu"),
        ("nguyen thi dinh", "Trường THPT Nguyễn Thị Định"),
        ("che ghe-va-ra", "Chê Ghê-va-ra"),
        ("uong", "Trương Vĩnh Ký"),
    ],
)
def test_a_name_is_found_without_its_marks(typed, name):
    assert text.fold(typed) in text.fold(name)


def test_marks_typed_in_another_order_fold_alike():
    acute_first, circumflex_first = "e\u0301\u0302", "e\u0302\u0301"
    assert text.tidy(acute_first) != text.tidy(circumflex_first) == "ế"
    assert text.fold(acute_first) == text.fold("ế") == "e"


@given(vietnamese)
@unhurried
def test_folding_leaves_ascii_and_is_the_same_for_every_normal_form(word):
    folded = text.fold(word)
    assert folded.isascii()
    assert folded == folded.lower() == text.fold(folded)
    assert folded == text.fold(unicodedata.normalize("NFD", word))


def test_the_letters_stand_in_the_alphabets_order():
    ordered = list("aăâbcdđeêghiklmnoôơpqrstuưvxy")
    by_code_point = sorted(ordered)
    assert by_code_point != ordered
    assert sorted(by_code_point, key=text.alphabetical) == ordered


def test_tones_stand_level_huyen_hoi_nga_sac_nang():
    assert sorted(["mạ", "má", "mã", "mả", "mà", "ma"], key=text.alphabetical) == (
        ["ma", "mà", "mả", "mã", "má", "mạ"]
    )


def test_letters_count_before_tones_and_tones_before_case():
    names = ["Bà", "ba", "Bạc", "bà", "Ba", "Bác", "Ban", "bá"]
    assert sorted(names, key=text.alphabetical) == (
        ["ba", "Ba", "bà", "Bà", "bá", "Bác", "Bạc", "Ban"]
    )


def test_districts_stand_as_an_office_would_list_them():
    listed = ["Ba Tri", "Bình Đại", "Châu Thành", "Chợ Lách", "Giồng Trôm", "Mỏ Cày Bắc"]
    listed += ["Mỏ Cày Nam", "Thạnh Phú", "TP Bến Tre"]
    listed.sort(key=text.alphabetical)
    assert listed.index("Châu Thành") < listed.index("Chợ Lách") < listed.index("Giồng Trôm")
    assert listed.index("Thạnh Phú") < listed.index("TP Bến Tre")
    assert sorted(["Đông", "Dương", "Em"], key=text.alphabetical) == ["Dương", "Đông", "Em"]


def test_numbers_and_blanks_stand_before_letters():
    assert sorted(["THPTa", "THPT 2", "THPT"], key=text.alphabetical) == ["THPT", "THPT 2", "THPTa"]


@given(vietnamese, vietnamese)
@unhurried
def test_only_equal_names_have_equal_places(one, other):
    assert (text.alphabetical(one) == text.alphabetical(other)) == (one == other)


@given(strategies.lists(vietnamese, min_size=2, max_size=6))
@unhurried
def test_the_order_is_total_whatever_the_normal_form(words):
    ordered = sorted(words, key=text.alphabetical)
    apart = [unicodedata.normalize("NFD", word) for word in reversed(words)]
    assert [unicodedata.normalize("NFC", w) for w in sorted(apart, key=text.alphabetical)] == (
        ordered
    )
    assert all(text.alphabetical(a) <= text.alphabetical(b) for a, b in pairwise(ordered))


def test_a_file_name_is_plain_ascii():
    assert text.slug("Quý IV năm 2026") == "quy-iv-nam-2026"
    assert text.slug("  Đồng Khởi mới / đợt 2 ") == "dong-khoi-moi-dot-2"
