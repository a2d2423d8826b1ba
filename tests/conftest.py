"""What every test may ask for: an installation in a folder, a clock, a visitor, a browser."""

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import app
from chalicelib.edges import embedded
from chalicelib.edges.aws import DynamoTable, S3Files, SesMail
from chalicelib.edges.ports import Site
from chalicelib.edges.table import Item
from chalicelib.rules.texts.clock import now
from chalicelib.store import links, sign_ins
from infra import samples
from infra.browser import served
from infra.gateway import Gateway
from infra.package import Package, package
from infra.schedule import Schedule
from infra.visitor import Visitor
from tests.ministack import Ministack, NoMinistack, new_bucket, new_table, running
from tests.sizes import Figure

if TYPE_CHECKING:
    from playwright.sync_api import Browser

OLD, NEW = "thi-dua-2021-2025", "thi-dua-2026-2030"
HERE = "http://127.0.0.1:8000"
KEY = b"k" * 32
SENDER = "no-reply@baocao.example"
MIDDLE_OF_Q4 = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
IN_MEMORY, ROOM = Path("/dev/shm"), 6_000_000_000  # noqa: S108 (pytest makes its own in it); bytes


def pytest_configure() -> None:
    """Folders of tests lie in memory, where there is room: they waited for the disk above all.

    Each write still asks for it as always, and who kills a process loses no less.
    """
    if "TMPDIR" in os.environ or not os.access(IN_MEMORY, os.W_OK):
        return
    if shutil.disk_usage(IN_MEMORY).free > ROOM:
        os.environ["TMPDIR"] = tempfile.tempdir = str(IN_MEMORY)


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


# What stands once for the tests of a file and takes seconds to make: a server and a browser, a walk
# through everything. And the package, for the files that look into it.
_SHARED = re.compile(
    r"(\w+_browser|test_axe|test_browser|test_local|test_on_its_way|test_kills\w*)\.py"
    r"|test_(?:package|deploy|judge)\.py|infra/e2e/.*\[(open|strict)"
)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests that share something dear go to one worker, first; each other wherever one is free.

    xdist's own --dist loadgroup does nothing with this pytest, which no longer reads the name
    that it gives to a grouped test.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByShared(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            shared = _SHARED.search(nodeid)
            return (shared[1] or shared[2] or "package") if shared else nodeid

    return ByShared(config, log)


class Clock:
    """A clock that a test sets."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock(MIDDLE_OF_Q4)


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ministack]:
    """Emulated AWS for all tests of this process; each makes a table and a bucket of its own."""
    try:
        with running(tmp_path_factory.mktemp("ministack")) as started:
            identities = started.client("sesv2")
            identities.create_email_identity(EmailIdentity=SENDER)
            yield started
    except NoMinistack as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))


ENGINES = ("sqlite", "dynamodb")
# Each engine keeps the port's contract (tests/contract.py). Pages run on one; on the other run what
# people do first (`ENGINES` at a test), races, and these, in which the engine itself is judged.
ON_BOTH_ENGINES = ("test_rescue", "test_strangers")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" in metafunc.fixturenames and metafunc.module.__name__.endswith(ON_BOTH_ENGINES):
        metafunc.parametrize("engine", ENGINES)


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def empty_site(
    tmp_path: Path, clock: Clock, engine: str, request: pytest.FixtureRequest
) -> Iterator[Site]:
    if engine == "dynamodb":
        yield on_aws(request.getfixturevalue("ministack"), clock)
        return
    site = embedded.open_site(tmp_path / "data", HERE, clock)
    yield site
    site.table.close()


@pytest.fixture
def site(
    tmp_path: Path, clock: Clock, engine: str, request: pytest.FixtureRequest
) -> Iterator[Site]:
    """The two sample programmes, nothing reported yet. Its outbox stands for a mail server."""
    if engine == "dynamodb":
        made: Site = request.getfixturevalue("empty_site")
        made.table.fill(request.getfixturevalue("loaded"))
        yield made
        return
    shutil.copytree(request.getfixturevalue("sampled"), tmp_path / "data")
    made = replace(embedded.open_site(tmp_path / "data", HERE, clock), mails_leave=True)
    yield made
    made.table.close()


@pytest.fixture(scope="session")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an installation that holds the samples: made once, copied for each test."""
    folder = tmp_path_factory.mktemp("sampled") / "data"
    made = embedded.open_site(folder, HERE, Clock(MIDDLE_OF_Q4))
    samples.load_all(made)
    made.table.close()
    return folder


@pytest.fixture(scope="session")
def summed(tmp_path_factory: pytest.TempPathFactory, sampled: Path) -> Path:
    """The same after its first hour: a server that starts on a copy has nothing to sum."""
    folder = tmp_path_factory.mktemp("summed") / "data"
    made = embedded.open_site(shutil.copytree(sampled, folder), HERE, now)
    Schedule(made, folder / "backups").hour(everything=True)
    made.table.close()
    return folder


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation that holds everything (tests/everything.py): one for every process."""
    from tests import everything

    def fill(folder: Path) -> None:
        made = embedded.open_site(folder / "data", HERE, Clock(MIDDLE_OF_Q4))
        samples.load_all(made)
        everything.fill(made).table.close()  # type: ignore[attr-defined]

    return made_once(tmp_path_factory, "filled", fill) / "data"


@pytest.fixture
def whole(
    tmp_path: Path, filled: Path, clock: Clock, engine: str, request: pytest.FixtureRequest
) -> Iterator[Site]:
    """A copy of it; on DynamoDB its items under its key, without the files."""
    site = embedded.open_site(shutil.copytree(filled, tmp_path / "data"), HERE, clock)
    if engine == "sqlite":
        yield site
    else:
        cloud = on_aws(request.getfixturevalue("ministack"), clock)
        cloud.table.fill(site.table.everything())  # type: ignore[attr-defined]
        yield replace(cloud, server_key=site.server_key)
    site.table.close()  # type: ignore[attr-defined]


@pytest.fixture
def urls(tmp_path: Path, summed: Path) -> Iterator[dict[str, str]]:
    """A server of its own with the samples: who may enter, and by which address."""
    with served(shutil.copytree(summed, tmp_path / "data")) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """One Chromium for the tests of a file; each opens contexts of its own."""
    from tests.browser import chromium_or_say_so

    with chromium_or_say_so() as found:
        yield found


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> list[Item]:
    """What loading the sample programmes leaves in a table: made once, copied for each test."""
    folder = tmp_path_factory.mktemp("loaded")
    made = embedded.open_site(folder, HERE, Clock(MIDDLE_OF_Q4))
    samples.load_all(replace(made, server_key=lambda: KEY))
    items = list(made.table.everything())
    made.table.close()
    return items


def on_aws(ministack: Ministack, clock: Clock) -> Site:
    """An installation on emulated AWS that holds nothing yet."""
    dynamodb, s3 = ministack.client("dynamodb"), ministack.client("s3")
    bucket, ses = new_bucket(s3), ministack.client("sesv2")
    return Site(
        table=DynamoTable(dynamodb, new_table(dynamodb)),
        files=S3Files(lambda: s3, bucket),
        mail=SesMail(lambda: ses, SENDER),
        server_key=lambda: KEY,
        public_url=HERE,
        clock=clock,
    )


@pytest.fixture
def outbox(
    tmp_path: Path, engine: str, request: pytest.FixtureRequest
) -> Callable[[], list[EmailMessage]]:
    """Every mail that this test's product has sent, the oldest first."""
    if engine == "dynamodb":
        emulated: Ministack = request.getfixturevalue("ministack")
        before = len(emulated.mails())
        return lambda: emulated.mails()[before:]
    parser = BytesParser(policy=policy.default)

    def read() -> list[EmailMessage]:
        paths = sorted((tmp_path / "data" / "outbox").glob("*.eml"))
        return [parser.parsebytes(path.read_bytes()) for path in paths]  # type: ignore[misc]

    return read


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
        token = links.issue_link(site.table, site.key, programme, unit)
        browser = visitor()
        landing = browser.get(f"/u/{token}")
        browser.follow(browser.submit(landing, token))
        return browser

    return enter


@pytest.fixture
def as_staff(site: Site, visitor: Callable[[], Visitor]) -> Callable[..., Visitor]:
    """A browser signed in with a link from the mail."""

    def enter(email: str = "giamdoc@vinhlong.example") -> Visitor:
        token, _, _ = sign_ins.ask_sign_in(site.table, email, site.clock())
        browser = visitor()
        browser.follow(browser.submit(browser.get(f"/s/{token}"), token))
        return browser

    return enter


def made_once(
    tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]
) -> Path:
    """A folder that the first process of this test run to want it has filled."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / name
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            make(folder)
            (folder / "done").touch()
    return folder


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """One package for every process of this test run."""

    def make(folder: Path) -> None:
        (folder / "digest").write_text(package("dev", folder).digest)

    folder = made_once(tmp_path_factory, "package", make)
    archive, digest = folder / "deployment.zip", (folder / "digest").read_text()
    return Package(archive, folder / "template.json", digest, archive.stat().st_size)
