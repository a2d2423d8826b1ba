"""The form in Chromium on a poor network, against a bare HTML form with the same fields."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import cast

from playwright.sync_api import Browser

import app
from bench import scene
from bench.rows import Row, row
from chalicelib.edges.table import ANYTHING, Delete
from chalicelib.rules.forms.form import Indicator, Section
from chalicelib.store import keys, programmes
from infra.browser import PHONE, chromium, free_port
from infra.crowd import Guest
from infra.gateway import Gateway, Reply
from infra.local import Server
from infra.wire import Head

_BOUND = 1.15
_ROUNDS = 9
_NETWORK = {
    "offline": False,
    "latency": 400,
    "downloadThroughput": 400_000 / 8,
    "uploadThroughput": 400_000 / 8,
}
_SLOWER = 4
_PATIENCE = 30

# The same for both pages. It focuses the first box to type in as soon as it is there, and tells
# when the first key has changed it: keys are pressed from outside all the time.
_WATCH = """
addEventListener("input", () => { window.typed ??= performance.now(); }, true);
(function look() {
  const first = document.querySelector("form input:not([type])");
  if (first && first.getClientRects().length) first.focus();
  else requestAnimationFrame(look);
})();
"""


def bare_page(sections: tuple[Section, ...]) -> str:
    """The same fields with the same labels, and nothing else: no style, no script, no hint."""
    lines = ["<!doctype html><html lang=vi><meta charset=utf-8>"]
    lines.append('<meta name="viewport" content="width=device-width, initial-scale=1">')
    lines.append("<title>Báo cáo</title><form method=post>")
    for section in sections:
        lines.append(f"<h2>{escape(section.label)}</h2>")
        lines += [f"<p>{_bare_field(one)}</p>" for one in section.indicators]
    lines.append("<button>Kiểm tra</button></form>")
    return "\n".join(lines)


def _bare_field(one: Indicator) -> str:
    label, code = escape(one.label), one.code
    state = (
        f'<select name="{code}.state"><option value="value">Có số liệu</option><option value="nil">'
        'Không phát sinh</option><option value="na">Không áp dụng</option></select>'
    )
    if one.kind == "ratio":
        boxes = (("num", one.num_label), ("den", one.den_label))
        return label + "".join(
            f'<label>{escape(text)} <input name="{code}.{part}"></label>' for part, text in boxes
        ) + state  # fmt: skip
    if one.kind in ("yesno", "choice"):
        return label + "".join(
            f'<label><input type="radio" name="{code}" value="{choice.name}">'
            f"{escape(choice.label)}</label>"
            for choice in one.choices
        ) + state  # fmt: skip
    if one.is_text:
        return f'<label>{label} <textarea name="{code}"></textarea></label>'
    return f'<label>{label} <input name="{code}"></label> {escape(one.measured_in)} {state}'


class _Both(Server):
    """The local server, which answers one more address with the bare page."""

    bare = ""

    def reply(self, head: Head, body: bytes, guest: Guest) -> Reply:
        if head.target == "/bare":
            headers = [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store")]
            return Reply(200, headers, self.bare.encode())
        return super().reply(head, body, guest)


@contextmanager
def _served() -> Iterator[tuple[str, scene.Scene]]:
    """The local server with both pages, and its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    held = scene.set_up(url)
    held.table.write(Delete(keys.draft(scene.PROGRAMME, scene.PERIOD, scene.UNIT), ANYTHING))
    app.use(held.site)
    period = next(
        one for one in programmes.periods(held.table, scene.PROGRAMME) if one.key == scene.PERIOD
    )
    form = programmes.form(held.table, scene.PROGRAMME, period.form)
    _Both.bare = bare_page(form.asked_of("T", scene.PERIOD, period.end))
    with _Both("127.0.0.1", port) as server:
        server.site, server.gateway = held.site, Gateway(app)
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        try:
            yield url, held
        finally:
            server.shutdown()


def _until_typed(browser: Browser, url: str, path: str, token: str) -> float:
    """Seconds from the start of the navigation until a key has changed the first field."""
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    try:
        context.add_cookies([{"name": "bc-unit", "value": token, "url": url}])
        page = context.new_page()
        wire = context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.send("Network.emulateNetworkConditions", _NETWORK)
        wire.send("Emulation.setCPUThrottlingRate", {"rate": _SLOWER})
        page.add_init_script(_WATCH)
        page.goto(f"{url}{path}", wait_until="commit")
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            for kind in ("keyDown", "keyUp"):
                key = {"type": kind, "key": "7", "code": "Digit7"}
                wire.send(
                    "Input.dispatchKeyEvent", key | ({"text": "7"} if kind == "keyDown" else {})
                )
            typed = page.evaluate("window.typed")
            if typed is not None:
                return cast(float, typed) / 1000
        raise TimeoutError(f"{path} took no key")
    finally:
        context.close()


def measure(rounds: int = _ROUNDS) -> list[Row]:
    spent: dict[str, list[float]] = {f"/report/{scene.PERIOD}": [], "/bare": []}
    with _served() as (url, held), chromium() as browser:
        for path in spent:  # the first page of a browser starts more than the page
            _until_typed(browser, url, path, held.token)
        for _ in range(rounds):
            for path, seconds in spent.items():
                seconds.append(_until_typed(browser, url, path, held.token))
    what = "The form in Chromium until a key is taken (400 ms, 400 kbit/s, CPU 4 ×)"
    return [row(what, *spent.values(), "bare HTML form", _BOUND)]
