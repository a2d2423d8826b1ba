"""The product running for real, for tests and pictures: a server process, and a Chromium."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ViewportSize

ROOT = Path(__file__).resolve().parents[1]
PHONE: "ViewportSize" = {"width": 360, "height": 740}
DESK: "ViewportSize" = {"width": 1280, "height": 800}
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class NoBrowser(Exception):
    """There is no Chromium on this machine."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(data: Path) -> Iterator[dict[str, str]]:
    """`python -m infra run` on a free port: the URLs that it prints, by their word."""
    environment = {**os.environ, "PORT": str(free_port()), "DATA": str(data), "LOG": "ERROR"}
    environment.pop("PUBLIC_URL", None)
    command = [sys.executable, "-m", "infra", "run"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline().split() for _ in range(4)]
            yield {line[0]: line[1] for line in lines}
        finally:
            process.terminate()
            process.wait(timeout=20)


@contextmanager
def chromium() -> "Iterator[Browser]":
    """Raises NoBrowser."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        raise NoBrowser("no Chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=_FLAGS,
            # Off by default there, on in people's browsers: Back shows the page as it was left.
            ignore_default_args=["--disable-back-forward-cache"],
        )
        try:
            yield browser
        finally:
            browser.close()
