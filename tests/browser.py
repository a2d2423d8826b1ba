"""What the browser tests share: Chromium or a plain word why not, and waiting."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser

from infra.browser import NoBrowser, chromium


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


def until(condition: Callable[[], bool], seconds: float = 15) -> None:
    """Wait for something that another thread or process does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
