"""What the browser tests share: Chromium or a plain word why not, and waiting."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, TimeoutError

from infra.browser import DESK, NoBrowser, chromium


@contextmanager
def chromium_or_say_so() -> Iterator[Browser]:
    """Without Chromium the tests say so; with CI=1 they fail."""
    try:
        with chromium() as browser:
            yield browser
    except NoBrowser as reason:
        if os.environ.get("CI"):
            pytest.fail(str(reason))
        pytest.skip(str(reason))


def close(page: Page) -> None:
    """Close a page whatever it is doing, as `page.close` can't: that one waits for ever.

    Chromium says that a page is closed and leaves it open where a navigation commits at that
    moment (crbug.com/536385539, microsoft/playwright#42366): it has to be asked once more.
    """
    browser = page.context.browser
    assert browser is not None
    target = page.context.new_cdp_session(page).send("Target.getTargetInfo")["targetInfo"]
    asking = browser.new_browser_cdp_session()
    for _ in range(10):
        with suppress(TimeoutError), page.expect_event("close", timeout=1_000):
            asking.send("Target.closeTarget", {"targetId": target["targetId"]})
        if page.is_closed():
            break
    asking.detach()
    assert page.is_closed()


def at_the_desk(browser: Browser, urls: Mapping[str, str], **more: Any) -> Page:
    """A new page of an officer who has signed in by the printed link."""
    page = browser.new_context(**{"viewport": DESK, **more}).new_page()
    page.set_default_timeout(10_000)
    page.goto(urls["officer"])
    page.get_by_role("button", name="Đăng nhập với tài khoản này").click()
    page.wait_for_url("**/desk")
    return page


def until(condition: Callable[[], bool], seconds: float = 15) -> None:
    """Wait for something that another thread or process does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
