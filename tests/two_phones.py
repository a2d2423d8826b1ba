"""Two phones at one unit's form in Chromium, what people do there, and a ledger of what they typed.

The ledger knows nothing of the product. Each text is typed once and found again by itself: it must
stand on the server, or somebody who was shown it typed over it, or its owner is being asked, or its
owner was asked and threw it away.
"""

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Error, Locator, Page, Request, Route

from chalicelib.edges import embedded
from chalicelib.edges.table import Table
from chalicelib.store import keys
from chalicelib.store.links import standing_or_first_link
from infra import samples
from infra.browser import PHONE
from tests import builders
from tests.browser import close
from tests.server import Server
from tests.world import BEGAN, BY, HERE, REASON, K, P, mailbox_of

_FORM = (
    ("integer", "i1", "Số lượng", "sum"),
    ("text", "t1", "Số văn bản", "none"),
    ("text", "l1", "Tên mô hình", "list"),
)
FIELDS = ("i1", "t1", "l1")
_TOKEN = re.compile(r"\b(?:77\d{5}|chữ\d+x)\b")
_PATIENCE = 4000  # milliseconds until a page must have come to rest

# What stands in a box and what is typed over it, in one breath: nothing can come between.
_TYPE = """([name, text]) => {
  const box = document.querySelector(`#form [name="${name}"]`);
  const before = box.value;
  box.value = text;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  return before;
}"""
_BOXES = """names => Object.fromEntries(names.map(
  name => [name, (document.querySelector(`#form [name="${name}"]`) || {}).value || ""]))"""
_ALL_TEXT = """() => {
  for (const one of document.querySelectorAll("details")) one.open = true;
  return document.body.innerText;
}"""
_HELD = """own => Object.keys(localStorage).filter(key => key.startsWith(own)).flatMap(
  key => Object.values(JSON.parse(localStorage[key]).fields).map(one => one.text)).join(" ")"""
_KIND = """() => document.getElementById("form") ? "form"
  : document.querySelector("form[action$='/check']") ? "empties"
  : document.getElementById("send") ? "send"
  : document.querySelector("button[value=drop]") ? "parked" : "other" """


@dataclass(frozen=True)
class Office:
    """A served programme of three boxes: the table, and each unit's link."""

    table: Table
    links: dict[str, str]


@contextmanager
def office(folder: Path, units: int, form: bytes = b"") -> Iterator[Office]:
    """With its three boxes, or with another form."""
    codes = [f"T{number:03}" for number in range(units)]
    rows = "".join(f"{code},Trường {code},T,{mailbox_of(code)},2021-01-01\n" for code in codes)
    programme = builders.folder(
        folder / "programme",
        form=form or builders.simple_form(*_FORM),
        units=f"code,name,bloc,email,valid_from\n{rows}",
    )
    site = embedded.open_site(folder / "data", HERE, lambda: BEGAN)
    samples.load(site, programme)
    made = {code: standing_or_first_link(site.table, site.key, P, code) for code in codes}
    with Server(folder / "data", day=BEGAN + timedelta(minutes=1)) as server:
        yield Office(site.table, {code: f"{server.url}/u/{one}" for code, one in made.items()})
    site.table.close()  # type: ignore[attr-defined]


@dataclass
class Typed:
    phone: str
    box: str
    seen_and_replaced: bool = False


@dataclass
class Ledger:
    """Every text that was typed, by its token."""

    texts: dict[str, Typed] = field(default_factory=dict)
    acts: list[str] = field(default_factory=list)

    def replaced(self, *shown: str) -> None:
        """Somebody who saw these texts chose another, or none."""
        for text in shown:
            for token in _TOKEN.findall(text):
                if token in self.texts:
                    self.texts[token].seen_and_replaced = True

    def open(self) -> dict[str, Typed]:
        return {token: one for token, one in self.texts.items() if not one.seen_and_replaced}


def tokens(text: str, box: str = "") -> set[str]:
    found = set(_TOKEN.findall(text))
    return {one for one in found if not box or one.startswith("77") == (box == "i1")}


@dataclass
class Stored:
    """What the server holds for a unit, read from its table and not through any page."""

    table: Table
    unit: str

    def draft(self) -> tuple[str, bool]:
        """All that the draft's item says, and whether it builds on what was sent last."""
        item = self.table.get(keys.draft(P, K, self.unit))
        head = self.table.get(keys.head(P, K, self.unit))
        if item is None:
            return "", True
        version = int(head.body["version"]) if head else 0
        return json.dumps(item.body, ensure_ascii=False), int(item.body["base"]) == version

    def sent(self) -> str:
        found = self.table.query(f"REPORT#{P}#{K}#{self.unit}", "VERSION#")
        return "\n".join(str(item.body["content"]) for item in found)


class Tab:
    """One page of a phone, and how many of its requests are on their way."""

    def __init__(self, context: BrowserContext) -> None:
        self.page: Page = context.new_page()
        self.page.set_default_timeout(_PATIENCE)
        self._going: set[Request] = set()
        self.page.on("request", self._begun)
        self.page.on("requestfinished", self._over)
        self.page.on("requestfailed", self._over)
        self.page.on("dialog", lambda dialog: dialog.accept())

    def _begun(self, request: Request) -> None:
        self._going.add(request)

    def _over(self, request: Request) -> None:
        self._going.discard(request)

    @property
    def kind(self) -> str:
        with suppress(Error):
            return str(self.page.evaluate(_KIND))
        return "other"

    def go(self, url: str) -> None:
        with suppress(Error):  # no network: Chromium's own page says so
            self.page.goto(url)
        self.settle()

    def settle(self) -> None:
        """Until nothing is on its way any more, and a moment longer."""
        quiet = 0
        for _ in range(_PATIENCE // 15):
            self.page.wait_for_timeout(15)
            quiet = 0 if self._going else quiet + 1
            if quiet >= 2:
                with suppress(Error):
                    if self.page.evaluate("document.readyState") == "complete":
                        return

    def boxes(self) -> dict[str, str]:
        with suppress(Error):
            found: dict[str, str] = self.page.evaluate(_BOXES, list(FIELDS))
            return found
        return {}

    def text(self) -> str:
        """All words of the page, also those that are folded."""
        return str(self.page.evaluate(_ALL_TEXT))

    def shown(self) -> Locator:
        return self.page.locator("button:visible")


class Handset:
    """One phone: a browser of its own, at most two tabs, a network that comes and goes."""

    def __init__(self, name: str, browser: Browser) -> None:
        self.name = name
        self.link = self.form = ""
        self.context = browser.new_context(viewport=PHONE)
        self.context.clock.install()
        self.tabs: list[Tab] = []
        self._blank: Tab | None = None
        self.weather = ""
        self.offline = False

    def enter(self, link: str) -> None:
        """Through a unit's link, to its form."""
        self.link = link
        self.form = f"{link.split('/u/', maxsplit=1)[0]}/report/{K}"
        self.come_in()
        self.open()

    def come_in(self) -> None:
        here = self.link.split("/u/", maxsplit=1)[0]
        entered = self.context.request.post(self.link, form={}, headers={"Origin": here})
        assert entered.ok, entered.status

    def open(self) -> Tab:
        if self._blank is None:
            self.tabs.append(Tab(self.context))
        else:
            self.tabs.append(self._blank)
            self._blank = None
        self.tabs[-1].go(self.form)
        return self.tabs[-1]

    def rest(self) -> None:
        """The network is there, and no page of ours is open."""
        self.turn("")
        self.network(offline=False)
        for tab in list(self.tabs):
            if self._blank is None:  # making a tab is dear
                self._blank = tab
                self.tabs.remove(tab)
                tab.go("about:blank")
            else:
                self.close(tab)

    def turn(self, weather: str) -> None:
        """429 and 503 as a gateway says them; "lost": stored, and the answer never heard.

        A sign-out gets through: what could not be saved is still there then.
        """
        if self.weather:
            self.context.unroute("**/report/**")
        self.weather = weather
        if weather:
            self.context.route("**/report/**", self._bad_weather)

    def _bad_weather(self, route: Route) -> None:
        with suppress(Error):  # the page may have gone meanwhile
            if route.request.method != "POST" or route.request.url.endswith("/signout"):
                route.continue_()
            elif self.weather == "429":
                route.fulfill(status=429, json={"message": "Too Many Requests"})
            elif self.weather == "503":
                route.fulfill(status=503, content_type="text/html", body="<h1>503</h1>")
            elif self.weather == "lost":
                route.fetch(max_redirects=0)
                route.abort()
            else:
                route.abort()

    def network(self, *, offline: bool) -> None:
        self.offline = offline
        self.context.set_offline(offline)

    def wait(self) -> None:
        """A minute passes: whatever the pages have put off is due."""
        for tab in self.tabs:  # the clock is the phone's, the pages are each their own
            with suppress(Error):
                tab.page.clock.fast_forward(61_000)
                break
        for tab in self.tabs:
            tab.settle()

    def close(self, tab: Tab) -> None:
        self.tabs.remove(tab)
        close(tab.page)


class Story:
    """A seeded order of acts on two phones of one unit."""

    def __init__(self, seed: int, phones: list[Handset], stored: Stored) -> None:
        self.random = random.Random(seed)  # noqa: S311 - a story, no secret
        self.ledger = Ledger()
        self.stored = stored
        self.phones = phones
        self._typed = 0

    def run(self, link: str, acts: int) -> None:
        for phone in self.phones:
            phone.enter(link)
        for _ in range(acts):
            self.one()

    def one(self) -> None:
        phone = self.random.choice(self.phones)
        if not phone.tabs or (len(phone.tabs) < 2 and self.random.random() < 0.1):
            self._say(phone, "opens a tab")
            phone.open()
            return
        if self.random.random() < 0.2:
            self._network(phone)
            return
        tab = self.random.choice(phone.tabs)
        on_page: dict[str, list[Callable[[Handset, Tab], None]]] = {
            "form": [self._type] * 7 + [self._press] * 4 + [self._answer] * 3 + [self._empty],
            "send": [self._send] * 3 + [self._back],
            "empties": [self._no_figures] * 3 + [self._back],
            "parked": [self._decide] * 3 + [self._back],
            "other": [self._reopen] * 3 + [self._back],
        }
        anywhere = [self._reload, self._close, self._wait, self._back, self._sign_out]
        act = self.random.choice(on_page[tab.kind] + anywhere)
        with suppress(Error):
            act(phone, tab)
        if self.random.random() < 0.75 and tab in phone.tabs:
            tab.settle()

    # ------------------------------------------------------------------ what a person does

    def _say(self, phone: Handset, what: str, tab: Tab | None = None) -> None:
        where = f".{phone.tabs.index(tab)}" if tab else ""
        self.ledger.acts.append(f"{phone.name}{where} {what}")

    def _network(self, phone: Handset) -> None:
        if phone.offline or phone.weather:
            self._say(phone, "has its network again")
            phone.turn("")
            phone.network(offline=False)
            return
        weather = self.random.choice(["offline", "429", "503", "lost", "gone"])
        self._say(phone, f"has a network that is {weather}")
        if weather == "offline":
            phone.network(offline=True)
        else:
            phone.turn(weather)

    def _type(self, phone: Handset, tab: Tab) -> None:
        box = self.random.choice(FIELDS)
        self._typed += 1
        token = f"{7700000 + self._typed}" if box == "i1" else f"chữ{self._typed}x"
        before = tab.page.evaluate(_TYPE, [box, token])  # raises where the form has just gone
        self.ledger.texts[token] = Typed(phone.name, box)
        self.ledger.replaced(before)
        self._say(phone, f"types {token} over {before!r} in {box}", tab)
        after = self.random.random()
        if after < 0.15:
            self._close(phone, tab)
        elif after < 0.25:
            self._press(phone, tab)
        elif after < 0.35:
            self._sign_out(phone, tab)

    def _empty(self, phone: Handset, tab: Tab) -> None:
        box = self.random.choice(FIELDS)
        before = tab.page.evaluate(_TYPE, [box, ""])
        self.ledger.replaced(before)
        self._say(phone, f"empties {box}, where {before!r} stood", tab)

    def _press(self, phone: Handset, tab: Tab) -> None:
        what = self.random.choice(["save", "save", "enter", "check", "check"])
        self._say(phone, f"presses {what}", tab)
        self._seen_beside(tab)
        if what == "enter":
            tab.page.locator('#form [name="t1"]').press("Enter")
        else:
            tab.page.locator(f"#form button[value={what}]").click()

    def _seen_beside(self, tab: Tab) -> None:
        """A page that shows two texts beside each other: what is in the boxes is chosen."""
        boxes = tab.boxes()
        for row in tab.page.locator("main > .box table tr").all_inner_texts():
            found = tokens(row)
            kept = found & tokens(" ".join(boxes.values()))
            if kept:
                self.ledger.replaced(*(found - kept))

    def _answer(self, phone: Handset, tab: Tab) -> None:
        """A question in its place, or of the phone's own copy: the chosen text is in the box."""
        rows = tab.page.locator(".asks:visible, #notice:visible")
        if not rows.count():
            return
        row = rows.nth(self.random.randrange(rows.count()))
        for folded in row.locator("details:not([open])").all():
            folded.locator("summary").first.click()
        inner = row.locator(".asks:visible")
        row = inner.nth(self.random.randrange(inner.count())) if inner.count() else row
        before, text = tab.boxes(), row.inner_text()
        buttons = row.locator("button:visible")
        if not buttons.count():  # it only says that nothing can be saved any more
            return
        button = buttons.nth(self.random.randrange(buttons.count()))
        self._say(phone, f"answers {sorted(tokens(text))} with {button.inner_text()!r}", tab)
        button.click()
        tab.settle()
        after = tab.boxes()
        if tab.kind != "form":
            return
        stand = tokens(" ".join(after.values()))
        self.ledger.replaced(*(one for one in before.values() if one not in after.values()))
        self.ledger.replaced(*(tokens(text) - stand))

    def _send(self, phone: Handset, tab: Tab) -> None:
        self._say(phone, "sends", tab)
        for name in ("by.name", "by.post", "by.phone"):
            tab.page.locator(f'#send [name="{name}"]').fill(BY[name])
        if self.random.random() < 0.8:  # or it is forgotten
            tab.page.locator("#approved").check()
        if tab.page.locator("#send #reason").count():
            tab.page.locator("#send #reason").fill(REASON)
        tab.page.locator("#send button").last.click()

    def _no_figures(self, phone: Handset, tab: Tab) -> None:
        self._say(phone, "marks what is empty", tab)
        tab.page.locator("button[form='nil']").click()

    def _decide(self, phone: Handset, tab: Tab) -> None:
        """What the server has parked, shown beside its draft: taken or dropped."""
        do = self.random.choice(["take", "drop"])
        text = tab.text()
        parked = tab.page.locator("[data-parked]").all_inner_texts()
        standing = tab.page.locator("[data-standing]").all_inner_texts()
        self._say(phone, f"sees {sorted(tokens(text))} and presses {do}", tab)
        tab.page.locator(f"button[value={do}]").first.click()
        tab.settle()
        self.ledger.replaced(*(standing if do == "take" else parked))

    def _reload(self, phone: Handset, tab: Tab) -> None:
        self._say(phone, "reloads", tab)
        tab.page.reload()

    def _back(self, phone: Handset, tab: Tab) -> None:
        self._say(phone, "goes back", tab)
        tab.page.evaluate("history.back()")

    def _wait(self, phone: Handset, _: Tab) -> None:
        self._say(phone, "waits a minute")
        phone.wait()

    def _close(self, phone: Handset, tab: Tab) -> None:
        self._say(phone, "closes the tab", tab)
        phone.close(tab)

    def _sign_out(self, phone: Handset, tab: Tab) -> None:
        """On a tab beside the form, where there may be one, and in again by the link. Thrown away
        is only what the question was about.
        """
        if len(phone.tabs) < 2:
            tab = phone.open()
        tab.go(phone.form.removesuffix(f"/{K}"))
        own = f"draft/{P}/{K}/{self.stored.unit}/"  # the phone may hold former stories' too
        held = str(tab.page.evaluate(_HELD, own))
        self._say(phone, f"signs out, holding {sorted(tokens(held))}", tab)
        tab.page.locator("#signout button").click()
        tab.settle()
        question = tab.page.get_by_role("group", name="Máy này còn giữ")
        if question.count():
            ways = question.locator("button, a")
            way = ways.nth(self.random.randrange(ways.count()))
            what = way.inner_text()
            self._say(phone, f"is asked before and chooses {what!r}", tab)
            way.click()
            tab.settle()
            if what != "Đăng xuất và bỏ":
                return
            self.ledger.replaced(held)
        phone.come_in()
        tab.go(phone.form)

    def _reopen(self, phone: Handset, tab: Tab) -> None:
        self._say(phone, "opens the form", tab)
        tab.go(phone.form)

    # ------------------------------------------------------------------ the judgement

    def verdict(self) -> tuple[Counter[str], list[str]]:
        """Both have their network again and open the form: how many of each kind, and the lost."""
        asked = {phone.name: self._asked(phone) for phone in self.phones}
        draft, stands = self.stored.draft()
        there = tokens(self.stored.sent()) | (tokens(draft) if stands else set())
        counts: Counter[str] = Counter(typed=len(self.ledger.texts), acts=len(self.ledger.acts))
        lost = []
        for token, one in self.ledger.open().items():
            if token in there:
                counts["kept"] += 1
            elif token in asked[one.phone]:
                counts["asked"] += 1
            else:
                lost.append(f"{token}, typed on {one.phone} into {one.box}")
        counts["replaced"] = counts["typed"] - counts["kept"] - counts["asked"] - len(lost)
        counts["lost"] = len(lost)
        counts["sign_outs"] = sum(" signs out" in act for act in self.ledger.acts)
        counts["sign_outs_asked"] = sum(" is asked before" in act for act in self.ledger.acts)
        return counts, lost

    def _asked(self, phone: Handset) -> set[str]:
        """What the form itself asks this phone's owner about, when it is opened again."""
        phone.rest()
        tab = phone.open()
        phone.wait()
        found = tokens(tab.text())
        if tab.page.locator("#notice:visible", has_text="còn giữ").count():
            found |= tokens(str(tab.page.evaluate("JSON.stringify(localStorage)")))
        ways = "main > .box a[href*='parked=']:visible, main > .box a[href*='draft=old']:visible"
        links: list[Any] = [one.get_attribute("href") for one in tab.page.locator(ways).all()]
        for href in links:
            tab.go(phone.form.split("/report/")[0] + href if href.startswith("/") else href)
            found |= tokens(tab.text() + " ".join(tab.boxes().values()))
        return found
