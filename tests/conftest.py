"""What every test may ask for: an installation in a folder, a clock, a visitor, a browser."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import app
from chalicelib import embedded
from chalicelib.edges import Site
from chalicelib.store import access
from infra import samples
from infra.gateway import Gateway
from infra.visitor import Visitor
from tests.sizes import Figure

OLD, NEW = "thi-dua-2021-2025", "thi-dua-2026-2030"
MIDDLE_OF_Q4 = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Figure:
    """Say a figure that the run found; it is printed when everything has ended."""

    def say(*words: object) -> None:
        record_property("figure", " ".join(map(str, words)))

    return say


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Every figure under the name of its test."""
    for kind in ("passed", "failed"):
        for report in terminalreporter.stats.get(kind, []):
            said = [text for name, text in report.user_properties if name == "figure"]
            for text in said if report.when == "call" else []:
                terminalreporter.write_line(f"{report.nodeid.partition('::')[2]}: {text}")


class Clock:
    """A clock that a test sets."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock(MIDDLE_OF_Q4)


@pytest.fixture
def empty_site(tmp_path: Path, clock: Clock) -> Iterator[Site]:
    site = embedded.open_site(tmp_path / "data", "http://127.0.0.1:8000", clock)
    yield site
    site.table.close()


@pytest.fixture
def site(empty_site: Site) -> Site:
    """The two sample programmes, nothing reported yet."""
    samples.load_all(empty_site)
    return empty_site


@pytest.fixture
def visitor(site: Site) -> Callable[[], Visitor]:
    """A new browser at each call, over the app in process."""
    app.use(site)
    gateway = Gateway(app)
    return lambda: Visitor(app, gateway)


@pytest.fixture
def as_unit(site: Site, visitor: Callable[[], Visitor]) -> Callable[..., Visitor]:
    """A browser that has opened a unit's link."""

    def enter(unit: str = "T01", programme: str = NEW) -> Visitor:
        token = access.issue_link(site.table, site.key, programme, unit)
        browser = visitor()
        landing = browser.get(f"/u/{token}")
        browser.follow(browser.submit(landing, token))
        return browser

    return enter


@pytest.fixture
def as_staff(site: Site, visitor: Callable[[], Visitor]) -> Callable[..., Visitor]:
    """A browser signed in with a link from the mail."""

    def enter(email: str = "giamdoc@vinhlong.example") -> Visitor:
        token, _, _ = access.ask_sign_in(site.table, email, site.clock())
        browser = visitor()
        browser.follow(browser.submit(browser.get(f"/s/{token}"), token))
        return browser

    return enter
