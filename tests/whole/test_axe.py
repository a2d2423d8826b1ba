"""Every page in a real Chromium: axe finds nothing, nothing runs off the side."""

import pickle
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, Route, ViewportSize

from chalicelib.edges import embedded
from chalicelib.pages.frame import render
from chalicelib.ways import WAYS
from infra.browser import DESK, PHONE
from infra.gateway import Reply
from tests import everything
from tests.conftest import HERE, MIDDLE_OF_Q4, Clock, made_once
from tests.walk import Shown, Walk, room_of
from tests.whole.test_browser import open_sections, phone, to_the_form

pytestmark = pytest.mark.browser

ROOMS = sorted({"frame", *map(room_of, WAYS)})
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
_OPEN = "for (const one of document.querySelectorAll('details')) one.open = true"
_TELLING, _EMPTY = {"class", "type", "role", "scope"}, {"meta", "link", "input", "br", "img", "col"}
_NOTHING = {None: "nothing", "": "nothing", "mailto:": "nothing", "tel:": "nothing"}
# Of rows, items and questions that are alike in all but their words three stay: axe reads each.
_FEW = """() => {
  const told = ["class", "type", "role", "scope"];
  const kind = e => e.tagName + [...e.attributes].map(
    a => a.name + (told.includes(a.name) ? "=" + a.value : a.value ? "" : "=")) + inside(e);
  const inside = e => "(" + [...e.childNodes].map(
    n => n.nodeType === 1 ? kind(n) : n.nodeType === 3 && n.data.trim() ? "word" : "") + ")";
  for (const around of document.querySelectorAll("main *")) {
    const known = {};
    for (const one of [...around.children].filter(e => !["TD", "TH"].includes(e.tagName))) {
      const its = kind(one);
      known[its] = (known[its] || 0) + 1;
      if (known[its] > 3) one.remove();
    }
  }
}"""
_RUN = """async () => (await axe.run({ resultTypes: ["violations"] })).violations.map(
  one => `${one.id}: ${one.nodes[0].html.slice(0, 120)}`)"""


@dataclass(frozen=True)
class Seen:
    """What a walk has shown: the pages, and by which ways and templates."""

    pages: list[Shown]
    ways: set[tuple[str, str]]
    templates: set[str]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, filled: Path) -> Seen:
    """One walk for every process of this test run."""

    def walk(folder: Path) -> None:
        data = shutil.copytree(filled, folder / "data")
        site = embedded.open_site(data, HERE, Clock(MIDDLE_OF_Q4))
        town = everything.Town(site)
        render._environment.cache_clear()
        walked = Walk(town, data / "outbox")
        pages = walked.pages()
        site.table.close()
        templates = {name for _, name in render._environment().cache or {}}
        found = Seen(with_every_place(pages), walked.walked, templates)
        (folder / "seen").write_bytes(pickle.dumps(found))

    folder = made_once(tmp_path_factory, "walk", walk)
    found: Seen = pickle.loads((folder / "seen").read_bytes())  # noqa: S301 - our own
    return found


class Places(HTMLParser):
    """Every kind of element of a page with all kinds around it: of its attributes those that axe
    reads by what they say, of others whether they say anything; and whether it holds words.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[tuple[str, ...]] = set()
        self._around: list[tuple[str, str]] = []
        self._words = 0  # so many of those around hold some
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kind = [
            (name, text if name in _TELLING else _NOTHING.get(text, "")) for name, text in attrs
        ]
        self._around.append((tag, f"{tag} {kind}"))
        if tag in _EMPTY:
            self._leave()

    def handle_data(self, data: str) -> None:
        self._words = len(self._around) if data.strip() else self._words

    def handle_endtag(self, tag: str) -> None:
        while self._around and self._leave() != tag:
            pass

    def _leave(self) -> str:
        with_words = str(self._words >= len(self._around))
        self.found.add((*(kind for _, kind in self._around), with_words))
        tag, _ = self._around.pop()
        self._words = min(self._words, len(self._around))
        return tag


def with_every_place(pages: list[Shown]) -> list[Shown]:
    """The long pages, and those with an element where no longer one has it: axe is slow."""
    known: set[tuple[str, ...]] = set()
    chosen = []
    for one in sorted(pages, key=lambda one: -len(one.reply.body)):
        found = Places(one.reply.body.decode()).found
        if found - known:
            known |= found
            chosen.append(one)
    return chosen


class Glass:
    """A browser's page that shows replies as they came, with their headers and scripts."""

    def __init__(self, browser: Browser) -> None:
        self.page = browser.new_context(viewport=PHONE).new_page()
        self.page.route("**/*", self._answer)

    def show(self, reply: Reply) -> Page:
        self._reply = reply
        self.page.goto(HERE)
        self.page.evaluate(_OPEN)
        return self.page

    def _answer(self, route: Route) -> None:
        script = render.script(route.request.url.rpartition("/")[2])
        if route.request.resource_type == "document":
            headers = {name: text for name, text in self._reply.headers if name != "Set-Cookie"}
            route.fulfill(status=self._reply.status, headers=headers, body=self._reply.body)
        elif script:
            route.fulfill(status=script.status, headers=script.headers, body=script.body)
        else:
            route.abort()


def _wide(page: Page) -> Iterator[tuple[ViewportSize, int]]:
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > size["width"]:
            yield size, width


def faults_of(page: Page, name: str, number: int = 0) -> list[str]:
    """On a phone in the light and on a desk in the dark, of every second page the other way round.

    What axe judges by size is so judged at both sizes, and colours in both schemes.
    """
    faults = [f"{name} {size['width']} wide: {over}" for size, over in _wide(page)]
    page.evaluate(AXE_SCRIPT)
    page.evaluate(_FEW)
    for size, scheme in zip((PHONE, DESK), ("light", "dark")[:: 1 - number % 2 * 2], strict=True):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = page.evaluate(_RUN)
        faults += [f"{name} {size['width']} {scheme}: {fault}" for fault in found]
    page.set_viewport_size(PHONE)
    return faults


@pytest.mark.guards(
    "readable by everyone: axe finds nothing, nothing runs off the side",
    "a box without a label ✓",
    "two landmarks of one name ✓",
    "a colour without contrast ✓",
    "a table that doesn't fold ✓",
)
@pytest.mark.parametrize("room", ROOMS)
def test_axe_finds_nothing_and_nothing_runs_off_the_side(
    browser: Browser, seen: Seen, room: str
) -> None:
    glass, faults = Glass(browser), []
    for number, one in enumerate(one for one in seen.pages if one.room == room):
        faults += faults_of(glass.show(one.reply), one.name, number)
    glass.page.context.close()
    assert faults == []


@pytest.mark.guards(
    "the sweep sees every way and every template",
    "a way whose page nobody could open ✓",
    "a way by POST that no one presses ✓",
    "a template that nothing shows ✓",
)
def test_every_way_and_every_template_is_in_the_sweep(seen: Seen) -> None:
    every = {(way.method, way.path) for way in WAYS}
    assert every - seen.ways == set()
    templates = {path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html")}
    assert templates - seen.templates == set()


@pytest.mark.guards("readable by everyone: axe finds nothing, nothing runs off the side")
def test_axe_finds_nothing_where_a_script_asks(browser: Browser, urls: dict[str, str]) -> None:
    """A question in its place, a copy on the phone, a form grown stale, and before signing out."""
    faults: list[str] = []
    one, two = phone(browser), phone(browser)
    for page, figure in ((one, "1"), (two, "2")):
        to_the_form(page, urls)
        page.locator("#i1_5").fill(figure)
    for page in (one, two):
        page.get_by_role("button", name="Lưu nháp").click()
        page.locator("#saved", has_text="đã lưu").wait_for()
    two.locator(".asks").wait_for()
    faults += faults_of(two, "a question in its place")
    two.reload()
    two.locator("#notice summary").click()
    faults += faults_of(two, "a copy on the phone", 1)
    open_sections(one)
    for box, typed in (("i1_6", "abc"), ("i5_6", "1.250"), ("i1_2.num", "5")):
        one.locator(f"[id='{box}']").fill(typed)
        one.locator(f"[id='{box}']").blur()
    one.get_by_role("link", name="Cách tính").first.click()
    one.locator(".f .box").wait_for()
    one.locator("#e-i1_2").wait_for()
    faults += faults_of(one, "faults at their fields, a definition opened")
    two.locator('#form [name="csrf"]').evaluate("field => field.value = 'stale'")
    two.get_by_role("button", name="Lưu nháp").click()
    two.locator("#notice").wait_for()
    faults += faults_of(two, "a form that can't be saved any more")
    two.locator("header a").click()
    two.get_by_role("button", name="Đăng xuất", exact=True).click()
    question = two.get_by_role("group", name="Máy này còn giữ")
    question.wait_for()
    faults += faults_of(two, "signing out of a unit's pages", 1)
    two.goto(urls["director"])
    two.get_by_role("button", name="Đăng nhập với tài khoản này").click()
    two.get_by_role("button", name="Đăng xuất").click()
    question.get_by_text(re.compile("Đơn vị T01, kỳ 20.*: nhập lúc")).wait_for()
    faults += faults_of(two, "signing out of the desk")
    one.context.close()
    two.context.close()
    assert faults == []
