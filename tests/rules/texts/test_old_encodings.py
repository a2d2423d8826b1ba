"""TCVN3, VNI and UTF-8 read as Latin-1 are recognised, by every letter; right text stays."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.rules.texts import old_encodings, syllable
from chalicelib.rules.texts.old_encodings import TCVN3, VNI, recognised
from chalicelib.rules.texts.text import tidy

ROOT = Path(__file__).resolve().parents[3]
# In the alphabet's order: written apart from the module's tables, which go by codes and by marks.
ALPHABET = "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ"
IN_TCVN3 = "µ¸¶·¹¨»¾¼½Æ©ÇÊÈÉË®ÌÐÎÏÑªÒÕÓÔÖ×ÝØÜÞßãáâä«åèæçé¬êíëìîïóñòô\u00adõøö÷ùúýûüþ"
IN_VNI = re.findall(
    r"\S+",
    "aø aù aû aõ aï aê aè aé aú aü aë aâ aà aá aå aã aä ñ eø eù eû eõ eï eâ eà eá eå eã eä "
    "ì í æ ó ò oø où oû oõ oï oâ oà oá oå oã oä ô ôø ôù ôû ôõ ôï uø uù uû uõ uï ö öø öù öû öõ öï "
    "yø yù yû yõ î",
)
CAPITALS = dict(zip("ĂÂĐÊÔƠƯ", "¡¢§£¤¥¦", strict=True))
SENTENCES = (
    "Trường THPT Nguyễn Đình Chiểu",
    "Trường Mầm non Hoà Bình",
    "Phòng Giáo dục và Đào tạo huyện Giồng Trôm",
    "Trạm Y tế xã Thạnh Phú, ấp Thới Thuận",
    "Trung tâm GDNN - GDTX thị xã Duyên Hải",
    "Sở Y tế (cơ sở 2)",
    "Trường TH Võ Thị Sáu",
    "UBND huyện Krông Pắk, tỉnh Đắk Lắk",
    "Thư viện",
    "GDTX Bến Tre",
    "Phòng GD&ĐT Ba Tri",
    "Số 5, đường Lý Tự Trọng",
)
CAPITAL_SENTENCES = ("TRƯỜNG TIỂU HỌC LÊ QUÝ ĐÔN", "TRƯỜNG THPT NGUYỄN ĐÌNH CHIỂU", "HỘI ĐỒNG")


def in_tcvn3(text: str) -> str:
    codes = dict(zip(ALPHABET, IN_TCVN3, strict=True)) | CAPITALS
    return "".join(codes.get(one, codes.get(one.lower(), one)) for one in text)


def in_vni(text: str) -> str:
    codes = dict(zip(ALPHABET, IN_VNI, strict=True))
    codes |= {letter.upper(): code.upper() for letter, code in codes.items()}
    return "".join(codes.get(one, one) for one in text)


def in_latin(text: str, codec: str) -> str:
    """Undefined codes of Windows-1252 stay as they are, as browsers and Excel leave them."""
    undefined = b"\x81\x8d\x8f\x90\x9d"
    bytes_ = text.encode()
    if codec == "latin-1":
        return bytes_.decode("latin-1")
    return "".join(chr(b) if b in undefined else bytes([b]).decode("cp1252") for b in bytes_)


def test_every_letter_of_tcvn3_is_in_its_table() -> None:
    known = dict(zip(IN_TCVN3, ALPHABET, strict=True)) | {
        c: letter for letter, c in CAPITALS.items()
    }
    assert known == TCVN3
    assert len(TCVN3) == 67 + 7


def test_every_letter_of_vni_is_in_its_table_in_both_cases() -> None:
    known = dict(zip(IN_VNI, ALPHABET, strict=True))
    capitals = {code.upper(): letter.upper() for code, letter in known.items()}
    begun = {code.capitalize(): letter.upper() for code, letter in known.items()}
    assert begun | known | capitals == VNI


@pytest.mark.parametrize("letter", ALPHABET)
def test_a_word_with_any_letter_is_read_in_its_sentence(letter: str) -> None:
    for sentence in (f"Trường Tiểu học {letter}", f"Xã Mỹ Thạnh, {letter} Đông", f"{letter} Sở"):
        assert recognised(in_tcvn3(sentence)) == ("tcvn3", sentence)
        assert recognised(in_vni(sentence)) == ("vni", sentence)
        for codec in ("latin-1", "cp1252"):
            assert recognised(in_latin(sentence, codec)) == ("utf8", sentence)


@pytest.mark.guards(
    "TCVN3, VNI and misread UTF-8 are recognised before anything is tidied",
    "the soft hyphen dropped first ✓",
    "a letter missing from a table ✓",
)
@pytest.mark.parametrize("sentence", [*SENTENCES, *CAPITAL_SENTENCES])
def test_sentences_are_read_in_every_encoding(sentence: str) -> None:
    assert recognised(in_tcvn3(sentence)) == ("tcvn3", sentence)
    assert recognised(in_vni(sentence)) == ("vni", sentence)
    assert recognised(in_latin(sentence, "latin-1")) == ("utf8", sentence)
    assert recognised(in_latin(sentence, "cp1252")) == ("utf8", sentence)
    assert recognised(in_latin(in_latin(sentence, "cp1252"), "cp1252")) == ("utf8", sentence)


def test_what_tidying_takes_away_cannot_be_read_any_more() -> None:
    written = in_tcvn3("Thư viện trường")
    read = recognised(tidy(written))
    assert read is None or read.text != "Thư viện trường"


def test_a_second_half_that_became_a_blank_is_read_all_the_same() -> None:
    broken = in_latin("Trường Hoà Bình và", "latin-1").replace("\u00a0", " ").rstrip()
    assert recognised(broken) == ("utf8", "Trường Hoà Bình và")


@pytest.mark.parametrize("sentence", SENTENCES)
def test_codes_that_windows_leaves_out_are_put_back_by_what_makes_a_word(sentence: str) -> None:
    broken = "".join(one for one in in_latin(sentence, "cp1252") if not "\x80" <= one <= "\x9f")
    assert recognised(broken) == ("utf8", sentence)


@pytest.mark.parametrize(
    "text",
    [
        "", "T01", "Café São Paulo", "Côte d'Ivoire", "Müller", "naïve Ångström", "XÃ\u00a0AN",
        "XÃ AN", "XÃ BÌNH", "“XÔ”", "HÔ…", "«Má»", "(Cá»", "ÄÃ", "Chú Ý Ã",
        "TH · THCS", "25°C, 3 m²", "«Hoà»", "§ 3", "© 2026",
        "Hoà", "Võ", "hoà bình", "CÔNG TÁC XÃ", "Tà Lài", "Ê-đê", "± 5", "½", "â", "Sê San",
        "Phan Lie\u0302m", "Tr\u00adường", "Xã Lương Hoà", "Krông Ana", "tỷ lệ ≥ 90 %",
        "ភាសាខ្មែរ", "한국", "Ω", "🙂", "\u202e", "a\u0301" * 40,
    ],
)  # fmt: skip
def test_what_is_written_aright_or_in_another_tongue_is_left_alone(text: str) -> None:
    assert recognised(text) is None


def vietnamese_lines() -> Iterator[str]:
    """Every line of ours, whole and in its words: sentences, pages, forms, papers."""
    found = [*ROOT.glob("templates/**/*"), *ROOT.glob("chalicelib/messages/**/*.py")]
    found += [*ROOT.glob("programmes/*/*"), *ROOT.glob("docs/**/*.md")]
    for path in found:
        if path.is_file():
            for line in path.read_text("utf-8").splitlines():
                yield line.strip()
                yield from re.findall(r"[^\s\"<>{}()]+", line)


@pytest.mark.guards("no right text is taken for one of an old encoding", "words not judged ✓")
def test_no_line_or_word_of_ours_is_taken_for_another_encoding() -> None:
    lines = set(vietnamese_lines())
    assert len(lines) > 10_000
    assert sum(not line.isascii() for line in lines) > 3_000
    assert {line: recognised(line) for line in lines if recognised(line)} == {}


def test_every_cell_of_the_samples_is_left_alone_and_is_read_from_each_encoding() -> None:
    cells: set[str] = set()
    for path in ROOT.glob("programmes/*/units.csv"):
        for row in csv.DictReader(path.read_text("utf-8").splitlines()):
            cells |= {*row.values(), *row["aliases"].split(";")}
    assert len(cells) > 200
    for cell in cells:
        assert recognised(cell) is None
        if not cell.isascii():
            for written in (in_tcvn3(cell), in_vni(cell), in_latin(cell, "cp1252")):
                read = recognised(written)
                # Of TCVN3 no capital carries a tone; a name of abroad is no Vietnamese word.
                assert (read and read.text.lower() == cell.lower()) or "Ghêvara" in cell


@pytest.mark.parametrize(
    "word",
    [
        "nghiêng",
        "Quốc",
        "GIÀ",
        "quá",
        "của",
        "mùa",
        "khuya",
        "thuý",
        "thúy",
        "gì",
        "giếng",
        "hoà",
        "hòa",
        "khuỷu",
        "thuở",
        "Đắk",
        "xoong",
        "quýt",
        "Ô",
    ],
)
def test_a_syllable_is_one(word: str) -> None:
    assert syllable.is_one(word)


@pytest.mark.parametrize(
    "word",
    [
        "BÕn",
        "eõ",
        "Cheõ",
        "maì",
        "Tr\u00adêng",
        "hộc̣",
        "ãc",
        "hàt",
        "Müller",
        "fà",
        "THPT",
        "ngo\u0301\u0300",
        "",
    ],
)
def test_what_no_vietnamese_says_is_no_syllable(word: str) -> None:
    assert not syllable.is_one(word)


def test_a_long_text_of_signs_is_judged_at_once() -> None:
    assert recognised("Ã" * 100_000) is None
    assert old_encodings.recognised("Ã¡" * 50_000) is not None
