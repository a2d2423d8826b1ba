"""The printed sheet: whose links stand on it, where its pages break, and what a camera reads."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from playwright.sync_api import Browser, Page

import app
from chalicelib.edges.ports import Site
from chalicelib.edges.table import Put
from chalicelib.pages.links import qr_sheet as pages
from chalicelib.store import access
from chalicelib.store import links as store_links
from infra.visitor import Visitor
from tests.conftest import HERE, NEW
from tests.linkless import without_links
from tests.rules.access.test_qr import pixels

OFFICER = "chuyenvien@vinhlong.example"
WHERE = f"/desk/{NEW}/links/sheet"
AsStaff = Callable[..., Visitor]


@pytest.fixture
def site(site: Site) -> Site:
    return without_links(site)


def issue(site: Site, *units: str) -> dict[str, str]:
    return {u: f"{HERE}/u/{store_links.issue_link(site.table, site.key, NEW, u)}" for u in units}


def read_back(page: str) -> list[str]:
    return [
        zxingcpp.read_barcodes(pixels(svg))[0].text
        for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    ]


def printed(page: str) -> list[str]:
    """The links in letters, under the codes."""
    return re.findall(r'<p class="mono">(\S+)</p>', page)


@pytest.mark.guards("what a camera reads is the unit's own link, from pixels and from paper")
def test_code_and_letters_are_each_units_own_link(site: Site, as_staff: AsStaff) -> None:
    links = issue(site, "T01", "T02", "G01")
    for query in ("", "?cut=1"):
        reply = as_staff(OFFICER).get(WHERE + query)
        page = reply.body.decode()
        assert read_back(page) == printed(page) == [links[u] for u in ("T01", "T02", "G01")]
        assert reply.header("cache-control") == "no-store"


def test_boxes_and_a_bloc_choose_who_is_printed(site: Site, as_staff: AsStaff) -> None:
    links = issue(site, "T01", "T02", "G01")
    officer = as_staff(OFFICER)
    listed = officer.get(f"/desk/{NEW}/links")
    for do in ("sheet", "cut"):
        reply = officer.submit(listed, "/links", do=do, **{"unit.T02": "1", "unit.G01": "1"})
        page = officer.follow(reply).body.decode()
        assert printed(page) == [links["T02"], links["G01"]]
        assert ("Kính gửi:" in page) == (do == "sheet")
    assert printed(officer.get(f"{WHERE}?bloc=G").body.decode()) == [links["G01"]]


@pytest.mark.guards(
    "links made with another server key open, are printed by nobody and ended by nothing unasked"
)
def test_a_link_that_another_server_key_made_is_named_and_goes_on(
    site: Site, as_staff: AsStaff
) -> None:
    known = issue(site, "T01")["T01"]
    officer = as_staff(OFFICER)
    app.use(replace(site, server_key=lambda: b"n" * 32))
    page = officer.get(f"{WHERE}?units=T01").body.decode()
    assert printed(page) == []
    assert "1 đơn vị có đường dẫn đang dùng nhưng không in lại được" in page
    assert "chưa có đường dẫn" not in page
    assert access.link(site.table, known.rpartition("/")[2]) is not None


@pytest.mark.guards("no dead link is printed, and looking makes none")
def test_a_unit_without_a_link_is_named_and_gets_none_by_looking(
    site: Site, as_staff: AsStaff
) -> None:
    links = issue(site, "T01")
    store_links.issue_link(site.table, site.key, NEW, "T02")
    store_links.revoke(site.table, NEW, "T02")
    before = list(site.table.query(f"LINKS#{NEW}"))
    officer = as_staff(OFFICER)
    page = officer.get(f"{WHERE}?units=T01.T02.T03").body.decode()
    assert printed(page) == [links["T01"]]
    assert "2 đơn vị chưa có đường dẫn đang dùng nên không in" in page
    assert "(T02)" in page
    assert "(T03)" in page
    assert list(site.table.query(f"LINKS#{NEW}")) == before


def test_more_units_than_one_answer_holds_are_counted_and_not_dropped_in_silence(
    site: Site, as_staff: AsStaff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "MOST", 2)
    links = issue(site, "T01", "T02", "T03")
    page = as_staff(OFFICER).get(f"{WHERE}?units=T01.T02.T03").body.decode()
    assert printed(page) == [links["T01"], links["T02"]]
    assert "còn 1 đơn vị chưa in" in page


def test_a_sheet_for_nobody_says_so(as_staff: AsStaff) -> None:
    for odd in ("?units=KHONG", "?units=%3Cscript%3E", "?bloc=X", ""):
        page = as_staff(OFFICER).get(WHERE + odd)
        assert page.status == 200
        assert "Không có đơn vị nào để in." in page.body.decode()


def on_paper(page: Page, html: bytes, path: Path) -> list[tuple[list[str], str]]:
    """Of each page of the print: what a camera reads, in the order of the page, and the letters."""
    page.set_content(html.decode())
    page.pdf(path=str(path), prefer_css_page_size=True)
    document = pypdfium2.PdfDocument(str(path))
    try:
        return [(codes_of(paper), letters_of(paper)) for paper in document]
    finally:
        document.close()


def letters_of(paper: pypdfium2.PdfPage) -> str:
    """Without blanks and line ends: where a link breaks says nothing.

    pdfium says U+FFFE for a hyphen at the end of a line.
    """
    text = paper.get_textpage().get_text_range().replace("\ufffe", "-")
    return "".join(text.split())


def codes_of(paper: pypdfium2.PdfPage) -> list[str]:
    width, height = paper.get_size()
    assert (round(width), round(height)) == (595, 842)  # A4 in points
    drawn = paper.render(scale=3, grayscale=True)
    grey = memoryview(bytes(drawn.buffer)).cast("B", [drawn.height, drawn.stride])
    found = zxingcpp.read_barcodes(grey)
    return [one.text for one in sorted(found, key=place_of)]


def place_of(code: zxingcpp.Barcode) -> tuple[int, int]:
    corner = code.position.top_left
    return corner.y // 100, corner.x


def with_long_names(site: Site, units: list[str]) -> None:
    """Two hundred letters, the most that a unit's name may have."""
    for unit in units:
        (item,) = site.table.query(f"UNITS#{NEW}", f"UNIT#{unit}#")
        name = ("Trung tâm Giáo dục nghề nghiệp, Giáo dục thường xuyên " * 4)[:200]
        text = re.sub(r'"name":"[^"]*"', f'"name":"{name}"', str(item.body["json"]))
        site.table.write(Put(item.key, {"json": text}, item.version))


@pytest.mark.guards("what a camera reads is the unit's own link, from pixels and from paper")
@pytest.mark.browser
def test_on_paper_each_unit_has_its_page_and_eight_share_one_to_cut(
    site: Site, as_staff: AsStaff, browser: Browser, tmp_path: Path
) -> None:
    units = [f"T{number:02}" for number in range(1, 11)]
    links = issue(site, *units)
    officer, page = as_staff(OFFICER), browser.new_page()
    whole = officer.get(f"{WHERE}?units=T01.T02.T03").body
    papers = on_paper(page, whole, tmp_path / "whole.pdf")
    assert [codes for codes, _ in papers] == [[links[u]] for u in units[:3]]
    for codes, letters in papers:
        assert codes[0] in letters
        assert letters.startswith("SởGiáodụcvàĐàotạo")
        assert letters.count("Kínhgửi:") == letters.count("Vuilònggiữkíntờnày") == 1
    with_long_names(site, units[:8])
    cut = officer.get(f"{WHERE}?cut=1").body
    papers = on_paper(page, cut, tmp_path / "cut.pdf")
    halves = [[links[u] for u in units[:8]], [links[u] for u in units[8:]]]
    assert [codes for codes, _ in papers] == halves
    page.emulate_media(media="print")
    slips = "[...document.querySelectorAll('.slip')]"
    assert page.evaluate(f"{slips}.every(one => one.scrollHeight <= one.clientHeight)")
    for codes, letters in papers:
        assert all(link in letters for link in codes)
        assert letters.count("Cầngiúpđỡ:") == len(codes)
