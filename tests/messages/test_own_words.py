"""Facts about what a department calls itself, its sector and its blocs, wherever that stands."""

import re
from pathlib import Path

import pytest

import app
from chalicelib.messages import own_words
from chalicelib.messages.units import units as words
from chalicelib.rules.programmes.programme import Called, Department
from chalicelib.rules.units import list_reader
from chalicelib.store import programmes, sign_ins
from infra import samples
from infra.gateway import Gateway
from infra.samples import NotLoaded
from infra.visitor import Visitor
from tests.builders import folder, settings_with
from tests.unit_files import book

ROOT = Path(__file__).resolve().parents[2]
DEFAULTS = re.compile(r"\bSở\b|ngành Giáo dục|[kK]hối\b")
MARK = re.compile("[\ufdd0-\ufdef]")
HEALTH = '[department.called]\nitself = "sở Y & tế"\nsector = "ngành Y tế"\nbloc = "nhóm đơn vị"\n'


def department(**called: str) -> Department:
    facts = dict.fromkeys(("name", "parent", "place", "contact", "phone", "email"), "x")
    return Department(**facts, called=Called(**called))


def told(path: Path) -> str:
    """The file without its spellings of heads: those are read, not said."""
    return re.sub(r"\nSPELLINGS.*?\n}\n", "\n", path.read_text("utf-8"), flags=re.DOTALL)


@pytest.mark.guards("a department's own words stand on every page, file and mail", "“Sở” in one ✓")
def test_no_sentence_holds_what_is_the_departments_own() -> None:
    own = ROOT / "chalicelib/messages/own_words.py"
    sources = [path for path in (ROOT / "chalicelib/messages").rglob("*.py") if path != own]
    sources += [path for path in (ROOT / "templates").rglob("*.*") if path.suffix != ".css"]
    found = [(path.name, line) for path in sources for line in told(path).splitlines()]
    assert [one for one in found if DEFAULTS.search(one[1])] == []


def test_a_mark_is_filled_with_the_departments_word_or_with_the_usual_one() -> None:
    sentence = f"{own_words.BLOC_FIRST} A, {own_words.BLOC} B: {own_words.ITSELF}"
    assert own_words.filled(sentence, None) == "Khối thi đua A, khối thi đua B: Sở"
    assert own_words.filled(sentence, department()) == "Khối thi đua A, khối thi đua B: Sở"
    assert own_words.filled(sentence, department(bloc="cụm", itself="Cục")) == "Cụm A, cụm B: Cục"


def test_a_page_says_the_sector_of_the_department_that_it_is_of_and_else_none() -> None:
    assert own_words.sector(department()) == "ngành Giáo dục"
    assert own_words.sector(department(sector="ngành Y tế")) == "ngành Y tế"
    assert own_words.sector(None) == ""


@pytest.mark.guards(
    "a department's own words stand on every page, file and mail",
    "a word written into HTML as it is ✓",
)
def test_a_programmes_folder_says_what_its_department_calls_things(empty_site, tmp_path) -> None:
    path = folder(tmp_path / "one", toml=settings_with("[blocs]", HEALTH + "[blocs]"))
    samples.load(empty_site, path)
    app.use(empty_site)
    front = Visitor(app, Gateway(app)).get("/").body.decode()
    assert "Hệ thống báo cáo định kỳ của ngành Y tế" in front
    assert "Cán bộ sở Y &amp; tế" in front
    assert not MARK.search(front)


NONE = ["<b>", "a\\nb", "\ufdd0", "x" * 27, " sở", "sở ", "cụm/khối", "nhóm: A", "cụm'", "a\u2028b"]
TAKEN = ["đơn vị", "Tên", "đơn vị cấp trên"]


@pytest.mark.guards(
    "a department's own words stand on every page, file and mail",
    "a word that a sheet's name can't hold",
    "the head of another column",
)
@pytest.mark.parametrize("word", [*NONE, *TAKEN])
def test_a_word_that_is_none_is_refused_by_its_name(empty_site, tmp_path, word: str) -> None:
    called = f'[department.called]\nbloc = "{word}"\n[blocs]'
    path = folder(tmp_path / "one", toml=settings_with("[blocs]", called))
    with pytest.raises(NotLoaded, match=r"department\.called\.bloc"):
        samples.load(empty_site, path)
    assert programmes.programme_keys(empty_site.table) == []


def test_a_list_of_units_is_read_under_the_departments_head_and_under_the_usual_one() -> None:
    heads = words.heads(department(bloc="nhóm đơn vị"))
    for head in ("Nhóm đơn vị", "Mã nhóm đơn vị", "Khối thi đua"):
        made = book([("T01", "THPT A", "T", "01/01/2026")], ("Mã", "Tên", head, "Từ ngày"))
        listed = list_reader.read(made, {"T": "THPT"}, heads)
        assert [unit.bloc for _, unit in listed.rows] == ["T"], head


def test_a_sheet_can_be_named_by_the_longest_word(empty_site, tmp_path) -> None:
    """Excel takes 31 signs."""
    called = f'[department.called]\nbloc = "{"nhóm & cụm-" * 2}đơn"\n[blocs]'
    samples.load(empty_site, folder(tmp_path / "one", toml=settings_with("[blocs]", called)))
    app.use(empty_site)
    officer = Visitor(app, Gateway(app))
    token, _, _ = sign_ins.ask_sign_in(empty_site.table, "can.bo@so.example", empty_site.clock())
    officer.follow(officer.submit(officer.get(f"/s/{token}"), token))
    assert officer.get("/desk/thu-nghiem/2026-Q4/reports.xlsx").status == 303


@pytest.mark.guards("what was typed stays as it was typed", "a mark that can be typed ✓")
def test_what_looks_like_a_mark_is_shown_as_it_was_typed() -> None:
    """A page shows again what it refused, also signs that no text may hold."""
    typed = "".join(map(chr, range(0xFDD0, 0xFDF0)))
    assert own_words.filled(f"{typed}{own_words.ITSELF}", None) == f"{typed}Sở"
