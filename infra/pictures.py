"""The README's pictures, taken from the running product with the demo's reports in it."""

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.edges import embedded
from chalicelib.rules.texts import clock
from infra import demo, samples
from infra.browser import DESK, PHONE, ROOT, NoBrowser, chromium, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FOLDER = ROOT / "docs" / "pictures"


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        site = embedded.open_site(data, "http://127.0.0.1:8000", clock.now)
        samples.load_all(site)
        demo.fill(site)
        try:
            with served(data) as urls, chromium() as browser:
                take(browser, urls)
        except NoBrowser as reason:
            print(f"baocao: {reason}", file=sys.stderr)
            return 1
    for path in sorted(FOLDER.glob("*.png")):
        print(os.path.relpath(path, ROOT), path.stat().st_size)
    return 0


def take(browser: "Browser", urls: dict[str, str]) -> None:
    host = urls["unit"].split("/u/")[0]
    context = browser.new_context(viewport=PHONE, device_scale_factor=2)
    page = context.new_page()
    page.goto(urls["unit"])
    page.get_by_role("button").first.click()
    page.screenshot(path=FOLDER / "home-phone.png")
    page.locator(".cards a.button").last.click()
    page.goto(f"{host}/report/{page.url.split('/report/')[1].split('/')[0]}")
    page.locator("#i1_4").scroll_into_view_if_needed()
    page.screenshot(path=FOLDER / "form-phone.png")
    page.goto(urls["director"])
    page.get_by_role("button").first.click()
    page.locator("table a").nth(1).click()
    page.screenshot(path=FOLDER / "summary-phone.png")
    page.set_viewport_size(DESK)
    page.screenshot(path=FOLDER / "summary-desk.png")
    page.goto(urls["officer"])
    page.get_by_role("button").first.click()
    page.locator("table a").first.click()
    page.get_by_role("link", name="Tình hình gửi").click()
    page.screenshot(path=FOLDER / "reports-desk.png")


if __name__ == "__main__":
    sys.exit(main())
