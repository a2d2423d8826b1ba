"""What the terminal does when the desk can't, on both engines: let in, lift a mark, a new key."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from chalicelib.edges import aws, embedded
from chalicelib.edges.ports import Site, Unusable
from chalicelib.jobs import bounces
from chalicelib.rules.access import access as rules
from chalicelib.rules.review.act import Act
from chalicelib.store import access, acts, devices, keys, links, programmes, unreachable
from infra import rescue, server_key, stack
from infra.server_key import ServerKey
from infra.visitor import Visitor
from tests.conftest import NEW, OLD, Clock
from tests.ministack import REGION, Ministack

OFFICER, DIRECTOR = "chuyenvien@vinhlong.example", "giamdoc@vinhlong.example"
NEWCOMER = "canbo.moi@vinhlong.example"
ENTER = Callable[[], Visitor]


def on_record(site: Site, who: str, p: str = "") -> list[Act]:
    return [act for act in acts.acts(site.table, p, "2026-11") if act.who == who]


# ------------------------------------------------------------------ an officer


@pytest.mark.guards("an officer gets in without mail, on record", "no record ✓")
@pytest.mark.parametrize("mail", [NEWCOMER, OFFICER, DIRECTOR, NEWCOMER.upper()])
def test_the_printed_link_signs_an_officer_in_once(site: Site, visitor: ENTER, mail: str) -> None:
    link = rescue.officer(site, mail)
    assert link.startswith(f"{site.public_url}/s/")
    path, browser = urlsplit(link).path, visitor()
    page = browser.get(path)
    browser.follow(browser.submit(page, path.rpartition("/")[2]))
    assert browser.get("/desk/staff").status == 200
    assert access.staff_role(site.table, mail.lower()) == "officer"
    assert visitor().get(path).status == 404
    printed = [act for act in on_record(site, "make officer") if act.verb == "print_sign_in"]
    assert [act.detail for act in printed] == [{"account": mail.lower()}]


@pytest.mark.guards("an officer gets in without mail, on record")
def test_a_new_officer_is_on_record_as_one_and_a_known_one_is_not_made_again(site: Site) -> None:
    for _ in range(2):
        rescue.officer(site, NEWCOMER)
    verbs = sorted(act.verb for act in on_record(site, "make officer"))
    assert verbs == ["add_staff", "print_sign_in", "print_sign_in"]


@pytest.mark.parametrize("mail", ["", "canbo", "a@b", "a@b.example,c@d.example", "ă@b.example"])
def test_what_is_no_address_makes_no_account(site: Site, mail: str) -> None:
    before = dict(access.staff(site.table))
    with pytest.raises(Unusable, match="is no mail address"):
        rescue.officer(site, mail)
    assert dict(access.staff(site.table)) == before


# ------------------------------------------------------------------ a marked mailbox


def test_a_mark_is_lifted_on_record_and_the_services_own_list_too(site: Site, clock: Clock) -> None:
    unreachable.mark(site.table, NEWCOMER, "bounce", clock.now)
    asked: list[str] = []
    told = rescue.reachable(site, NEWCOMER.upper(), lambda one: asked.append(one) or True)  # type: ignore[func-returns-value]
    assert asked == [NEWCOMER]
    assert "is mailed again (mails to it came back)" in told
    assert "off SES's own list" in told
    bounces.careful(site).mail.send(NEWCOMER, "Chào", "Chào", clock.now)
    (act,) = on_record(site, "make reachable")
    assert (act.verb, act.detail) == ("lift_mark", {"mailbox": NEWCOMER})
    assert "was not marked" in rescue.reachable(site, NEWCOMER, lambda _: False)
    assert len(on_record(site, "make reachable")) == 1


def test_who_is_not_on_the_services_list_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def answering(code: str) -> Callable[[str], object]:
        class Client:
            def delete_suppressed_destination(self, EmailAddress: str) -> None:  # noqa: N803
                if code:
                    raise ClientError({"Error": {"Code": code}}, EmailAddress)  # type: ignore[typeddict-item]

        return lambda _: Client()

    monkeypatch.setattr(stack, "client", answering("NotFoundException"))
    assert stack.forget_suppressed(NEWCOMER) is False
    monkeypatch.setattr(stack, "client", answering(""))
    assert stack.forget_suppressed(NEWCOMER) is True
    monkeypatch.setattr(stack, "client", answering("AccessDeniedException"))
    with pytest.raises(ClientError):
        stack.forget_suppressed(NEWCOMER)


# ------------------------------------------------------------------ the server key


@dataclass
class Turning:
    """An installation whose key can be changed, and what is said and waited for."""

    site: Site
    keys: list[bytes]
    yes: bool = True
    slow: timedelta = timedelta()
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)

    def rotate(self, say: Callable[[str], None] | None = None) -> int:
        def ask(question: str) -> bool:
            self.asked.append(question)
            return self.yes

        def change() -> None:
            self.keys.append(secrets.token_bytes(32))

        key = ServerKey(self.site.clock, change, self.slow)
        return rescue.rotate(self.site, key, ask, say or self.said.append, self.waited.append)

    def tokens(self, p: str = NEW) -> dict[str, str]:
        """What can be printed, by unit."""
        standing = links.standings(self.site.table, p)
        return {unit: links.token(self.site.key, one) for unit, one in standing.items()}


@pytest.fixture
def turning(site: Site) -> Turning:
    known = [site.key]
    return Turning(replace(site, server_key=lambda: known[-1]), known)


@pytest.mark.guards(
    "a new key ends every link once, and says whose",
    "links of the present key replaced, too ✓ (the last two)",
)
def test_every_unit_of_every_programme_has_a_new_link_and_is_named(turning: Turning) -> None:
    table, old = turning.site.table, turning.tokens()
    links.revoke(table, NEW, "T02")
    session = devices.enter(table, old["T01"], turning.site.clock())
    assert session is not None
    count = turning.rotate()
    new = turning.tokens()
    for unit, token in old.items():
        assert access.link(table, token) is None
        assert (access.link(table, new[unit]) is not None) == (unit != "T02")
    assert new["T02"] == ""  # what was revoked stays so
    assert access.session(table, session.token, turning.site.clock()) is None
    units = {one.code for one in programmes.units(table, programmes.programme(table, NEW))}  # type: ignore[arg-type]
    named = {line.split()[1] for line in turning.said if line.startswith(NEW)}
    assert named == units - {"T02"}
    assert len(turning.said) == len(set(turning.said)) == count
    assert {line.split()[0] for line in turning.said} == set(programmes.programme_keys(table))
    assert [act.verb for act in on_record(turning.site, "make rotate")] == ["rotate_key"]
    recorded = {act.unit for act in on_record(turning.site, "make rotate", NEW)}
    assert recorded == named


def test_without_a_yes_nothing_changes(turning: Turning) -> None:
    before = turning.tokens()
    turning.yes = False
    with pytest.raises(Unusable, match="nothing was changed"):
        turning.rotate()
    assert turning.tokens() == before
    assert "make a new server key" in turning.asked[0]


@pytest.mark.guards("cut off, it goes on", "another key at each run ✓")
def test_cut_off_it_goes_on_with_the_same_key_and_ends_each_link_once(turning: Turning) -> None:
    table, old = turning.site.table, turning.tokens()

    class Off(Exception):
        pass

    def until_the_fifth(line: str) -> None:
        turning.said.append(line)
        if len(turning.said) == 5:
            raise Off

    with suppress(Off):
        turning.rotate(until_the_fifth)
    halfway = {unit: token for unit, token in turning.tokens(OLD).items() if token}
    assert len(halfway) == 5  # its units come first
    standing = [token for unit, token in old.items() if access.link(table, token)]
    assert standing  # each works until its own turn
    made = len(turning.keys)
    turning.rotate()
    assert len(turning.keys) == made
    assert "stand on a server key of before" in turning.asked[-1]
    assert turning.tokens(OLD).items() >= halfway.items()
    already = {line.split()[1] for line in turning.said if "has one of this key already" in line}
    assert already == halfway.keys()
    assert all(turning.tokens().values())
    assert len(turning.said) == len(set(turning.said))


@pytest.mark.guards("a new key ends every link once, and says whose")
def test_nobody_who_has_been_given_a_link_meanwhile_loses_it(turning: Turning) -> None:
    """An officer replaces a link with the new key while the others wait for theirs."""
    given: list[str] = []

    def and_at_once(line: str) -> None:
        if not given:
            given.append(links.reissue_link(turning.site.table, turning.site.key, NEW, "T09"))
        turning.said.append(line)

    turning.rotate(and_at_once)
    assert access.link(turning.site.table, given[0]) is not None
    assert f"{NEW} T09" not in turning.said


@pytest.mark.guards(
    "no process makes links with the old key",
    "no wait ✓ (the first)",
    "a key kept for good ✓ (the second)",
)
def test_it_waits_until_nobody_knows_the_old_key(turning: Turning) -> None:
    turning.slow = timedelta(seconds=330)
    turning.rotate()
    assert turning.waited == [330.0]
    assert "waiting 330 s" in turning.said[0]


@pytest.mark.guards("no process makes links with the old key")
def test_a_server_that_runs_on_one_machine_knows_the_new_key_at_once(
    tmp_path: Path, clock: Clock
) -> None:
    site = embedded.open_site(tmp_path, "http://x.example", clock)
    old, link = site.key, site.files.link("a/b.csv", "b.csv", clock.now)
    site.files.write("a/b.csv", b"1")
    path = tmp_path / "key"
    server_key.in_a_file(path).replace()
    assert site.key != old
    assert site.key == path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.glob(".key*")] == []
    name, _, query = link.partition("/_files/")[2].partition("?")
    assert site.files.opened(name, query, clock.now) is None  # type: ignore[attr-defined]
    site.table.close()  # type: ignore[attr-defined]


@pytest.fixture
def stage(ministack: Ministack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ministack]:
    """A stage's environment, as the commands find it."""
    for name, told in (
        ("AWS_ENDPOINT_URL", ministack.url),
        ("AWS_DEFAULT_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("KEY_PARAMETER", "/baocao/rotated/server-key"),
    ):
        monkeypatch.setenv(name, told)
    monkeypatch.delenv("STAGE", raising=False)
    aws._client.cache_clear()
    aws._key.cache_clear()
    yield ministack
    aws._client.cache_clear()
    aws._key.cache_clear()


@pytest.mark.guards("no process makes links with the old key")
def test_on_aws_a_process_learns_the_new_key_within_five_minutes(stage: Ministack) -> None:
    name = "/baocao/rotated/server-key"
    stage.client("ssm").put_parameter(
        Name=name, Value="ab" * 32, Type="SecureString", Overwrite=True
    )
    now = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    clock = Clock(now)
    told = {"TABLE": "t", "BUCKET": "b", "SENDER": "a@b.example", "PUBLIC_URL": "https://x.example"}
    site = aws.open_site(clock, {**told, "KEY_PARAMETER": name})
    assert site.key == bytes.fromhex("ab" * 32)
    stage.client("ssm").put_parameter(
        Name=name, Value="cd" * 32, Type="SecureString", Overwrite=True
    )
    clock.now = now + timedelta(seconds=aws.KEY_SECONDS - 1)
    assert site.key == bytes.fromhex("ab" * 32)
    clock.now = now + timedelta(seconds=aws.KEY_SECONDS)
    assert site.key == bytes.fromhex("cd" * 32)


def test_on_aws_the_command_puts_another_key_and_knows_when(stage: Ministack) -> None:
    name = "/baocao/rotated/server-key"
    parameters = stage.client("ssm")
    parameters.put_parameter(Name=name, Value="ab" * 32, Type="SecureString", Overwrite=True)
    key = server_key.on_aws()
    assert key.made().tzinfo is not None
    assert key.slow >= timedelta(seconds=aws.KEY_SECONDS)
    key.replace()
    after = parameters.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    assert (after["Type"], len(bytes.fromhex(after["Value"]))) == ("SecureString", 32)
    assert after["Value"] != "ab" * 32


@pytest.mark.guards("a new key ends every link once, and says whose")
def test_a_link_of_the_present_key_is_left_alone(site: Site) -> None:
    act = Act(site.clock(), "make rotate", "reissue_link", NEW, unit="T01")
    before = site.table.get(keys.link(NEW, "T01"))
    assert links.under(site.table, site.key, NEW, "T01", act) is False
    assert site.table.get(keys.link(NEW, "T01")) == before
    assert links.under(site.table, b"n" * 32, NEW, "T01", act) is True
    token = links.token(b"n" * 32, links.standing(site.table, NEW, "T01"))
    assert access.link(site.table, token) == rules.Link(NEW, "T01", 2)
    links.revoke(site.table, NEW, "T01")
    assert links.under(site.table, b"m" * 32, NEW, "T01", act) is False  # nobody is let in again
