"""Links, sessions, sign-ins in the table: once, in time, ended together, only as hashes."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.edges.embedded import SqliteTable
from chalicelib.edges.table import ANYTHING, Change, Conflict, Delete, Item, Key, Table
from chalicelib.rules.access import access as rules
from chalicelib.rules.access.access import Link
from chalicelib.store import access, devices, keys, links, rates, sign_ins
from tests.contract import parallel
from tests.devices import left_open, let_in, standing

KEY = b"k" * 32
P, U = "thi-dua", "T01"
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
EMAIL = "giamdoc@vinhlong.example"
SECOND = timedelta(seconds=1)


@pytest.fixture
def table(tmp_path: Path) -> Iterator[SqliteTable]:
    opened = SqliteTable(tmp_path / "baocao.sqlite3")
    yield opened
    opened.close()


def use_code(table: Table, ask: str, code: str, now: datetime) -> str | None:
    return sign_ins.use_code(table, ask, code, now).email or None


def everything_written(table: Table) -> str:
    return "\n".join(f"{item.key} {dict(item.body)}" for item in table.everything())


def test_a_units_link_is_the_same_each_time(table: Table) -> None:
    first = links.issue_link(table, KEY, P, U)
    before = everything_written(table)
    assert [links.issue_link(table, KEY, P, U) for _ in range(3)] == [first] * 3
    assert everything_written(table) == before
    assert access.link(table, first) == Link(P, U, 1)


def test_links_issued_at_one_moment_are_one_link(table: Table) -> None:
    assert len(set(parallel(8, lambda _: links.issue_link(table, KEY, P, U)))) == 1


def test_units_and_programmes_have_links_of_their_own(table: Table) -> None:
    whose = [(p, u) for p in ("a", "a-b") for u in ("T1", "T10", "t1")]
    tokens = [links.issue_link(table, KEY, p, u) for p, u in whose]
    assert len(set(tokens)) == len(whose)
    assert [access.link(table, token) for token in tokens] == [Link(p, u, 1) for p, u in whose]


def test_a_link_can_not_be_guessed(table: Table) -> None:
    token = links.issue_link(table, KEY, P, U)
    assert len(token) >= 22  # 22 signs of six bits are more than 128
    assert token != rules.link_token(b"o" * 32, Link(P, U, 1))


@pytest.mark.parametrize("token", ["", "x", "TOKEN", "../..", "ếch", "a" * 5_000])
def test_an_unknown_token_is_no_link(table: Table, token: str) -> None:
    links.issue_link(table, KEY, P, U)
    assert access.link(table, token) is None


def test_a_reissued_link_ends_the_old_one_and_its_sessions(table: Table) -> None:
    old = links.issue_link(table, KEY, P, U)
    sessions = [let_in(table, KEY, P, U, NOW) for _ in range(3)]
    new = links.reissue_link(table, KEY, P, U)
    assert new != old
    assert access.link(table, old) is None
    assert access.link(table, new) == Link(P, U, 2)
    assert [access.session(table, one.token, NOW) for one in sessions] == [None] * 3
    assert links.issue_link(table, KEY, P, U) == new


def test_links_reissued_again_and_again_leave_one_that_works(table: Table) -> None:
    tokens = [links.issue_link(table, KEY, P, U)]
    tokens += [links.reissue_link(table, KEY, P, U) for _ in range(11)]
    found = [access.link(table, token) for token in tokens]
    assert found == [None] * 11 + [Link(P, U, 12)]


def test_reissuing_touches_no_other_unit(table: Table) -> None:
    others = [("thi-dua", "T10"), ("thi-dua", "T1"), ("thi-dua-2", "T01"), ("thi-du", "aT01")]
    tokens = [links.issue_link(table, KEY, p, u) for p, u in others]
    sessions = [let_in(table, KEY, p, u, NOW) for p, u in others]
    links.issue_link(table, KEY, P, U)
    links.reissue_link(table, KEY, P, U)
    assert all(access.link(table, token) for token in tokens)
    assert all(access.session(table, session.token, NOW) for session in sessions)


def test_a_unit_without_a_link_may_be_reissued(table: Table) -> None:
    token = links.reissue_link(table, KEY, P, U)
    assert access.link(table, token) == Link(P, U, 1)


def test_revoking_ends_the_link_and_a_hundred_sessions(table: Table) -> None:
    token = links.issue_link(table, KEY, P, U)
    sessions = left_open(table, Link(P, U, 1), NOW, 120, older=False)
    assert standing(table, sessions, NOW) == 120
    links.revoke(table, P, U)
    assert access.link(table, token) is None
    assert standing(table, sessions, NOW) == 0


def test_a_link_printed_under_a_new_key_works(table: Table) -> None:
    """Backups leave the key out: after restoring one, the printed links must be real ones."""
    links.issue_link(table, KEY, P, U)
    printed = links.issue_link(table, b"new" * 11, P, U)
    found = access.link(table, printed)
    assert found is not None
    assert (found.programme, found.unit) == (P, U)


@pytest.mark.guards("sessions end by the clock", "`until` not looked at ✓")
def test_a_units_session_lasts_thirty_days_by_the_clock(table: Table) -> None:
    opened = let_in(table, KEY, P, U, NOW)
    assert opened.until == NOW + timedelta(days=30)
    assert access.session(table, opened.token, opened.until - SECOND) == opened
    assert access.session(table, opened.token, opened.until) is None


@pytest.mark.parametrize("role", ["officer", "director"])
def test_a_staff_session_lasts_twelve_hours_by_the_clock(table: Table, role: Any) -> None:
    access.keep_staff(table, EMAIL, role)
    opened = access.open_session(table, role, NOW, email=EMAIL)
    assert opened.until == NOW + timedelta(hours=12)
    found = access.session(table, opened.token, opened.until - SECOND)
    assert found == opened
    assert (opened.role, opened.email, opened.unit) == (role, EMAIL, "")
    assert access.session(table, opened.token, opened.until) is None


def test_a_closed_session_is_over_and_the_others_are_not(table: Table) -> None:
    first, second = (let_in(table, KEY, P, U, NOW) for _ in range(2))
    access.close_session(table, first)
    assert access.session(table, first.token, NOW) is None
    assert access.session(table, second.token, NOW) == second
    access.close_session(table, first)


def test_no_token_opens_what_it_was_not_made_for(table: Table) -> None:
    link = links.issue_link(table, KEY, P, U)
    session = let_in(table, KEY, P, U, NOW).token
    sign_in, _, ask = sign_ins.ask_sign_in(table, EMAIL, NOW)
    for token in (session, sign_in, ask):
        assert access.link(table, token) is None
    for token in (link, sign_in, ask):
        assert access.session(table, token, NOW) is None
    for token in (link, session, ask):
        assert sign_ins.sign_in(table, token, NOW) is None
        assert sign_ins.use_link(table, token, NOW) is None
    for token in (link, session, sign_in):
        assert use_code(table, token, "000000", NOW) is None


def test_a_sign_in_link_names_the_account_and_works_once(table: Table) -> None:
    link, _, _ = sign_ins.ask_sign_in(table, EMAIL, NOW)
    for _ in range(3):  # a preview robot may look as often as it likes
        found = sign_ins.sign_in(table, link, NOW)
        assert found is not None
        assert found == EMAIL
    assert sign_ins.use_link(table, link, NOW) == EMAIL
    assert sign_ins.use_link(table, link, NOW) is None
    assert sign_ins.sign_in(table, link, NOW) is None


def test_a_used_link_ends_its_code_and_a_used_code_its_link(table: Table) -> None:
    link, code, ask = sign_ins.ask_sign_in(table, EMAIL, NOW)
    assert sign_ins.use_link(table, link, NOW) == EMAIL
    assert use_code(table, ask, code, NOW) is None
    link, code, ask = sign_ins.ask_sign_in(table, EMAIL, NOW)
    assert use_code(table, ask, code, NOW) == EMAIL
    assert sign_ins.use_link(table, link, NOW) is None
    assert use_code(table, ask, code, NOW) is None


def test_links_and_codes_used_at_one_moment_let_one_in(table: Table) -> None:
    for _ in range(10):
        link, code, ask = sign_ins.ask_sign_in(table, EMAIL, NOW)

        def use(place: int, link: str = link, code: str = code, ask: str = ask) -> str | None:
            if place % 2:
                return sign_ins.use_link(table, link, NOW)
            return use_code(table, ask, code, NOW)

        assert parallel(6, use).count(EMAIL) == 1


def test_a_sign_in_lasts_fifteen_minutes_by_the_clock(table: Table) -> None:
    late = NOW + timedelta(minutes=15)
    link, code, ask = sign_ins.ask_sign_in(table, EMAIL, NOW)
    assert sign_ins.sign_in(table, link, late) is None
    assert sign_ins.use_link(table, link, late) is None
    assert use_code(table, ask, code, late) is None
    assert sign_ins.sign_in(table, link, late - SECOND) is not None
    assert use_code(table, ask, code, late - SECOND) == EMAIL


def test_a_code_works_in_the_browser_that_asked_alone(table: Table) -> None:
    _, code, ask = sign_ins.ask_sign_in(table, EMAIL, NOW)
    _, _, other = sign_ins.ask_sign_in(table, "chuyenvien@vinhlong.example", NOW)
    assert use_code(table, rules.new_token(), code, NOW) is None
    assert use_code(table, other, code, NOW) is None
    assert use_code(table, ask, code, NOW) == EMAIL


def wrong(code: str, place: int = 1) -> str:
    return f"{(int(code) + place) % 1_000_000:06}"


def test_the_right_code_works_at_the_fifth_try(table: Table) -> None:
    _, code, ask = sign_ins.ask_sign_in(table, EMAIL, NOW)
    for place in range(1, 5):
        assert use_code(table, ask, wrong(code, place), NOW) is None
    assert use_code(table, ask, code, NOW) == EMAIL


@pytest.mark.guards(
    "after five wrong codes the next waits 1, 2, 4 … 60 minutes, whoever asks; none that waits "
    "is judged or written",
    "no wait ✓ (the first)",
    "a waiting one counted ✓ (the second)",
    "wrong ones not counted ✓ (the fourth)",
)
def test_after_five_wrong_codes_the_next_waits_one_minute_two_four_up_to_sixty(
    table: Table,
) -> None:
    """However many askings they came from; the wait is told before it, and with each wrong one."""
    now, waited = NOW, []
    for place in range(14):
        _, code, ask = sign_ins.ask_sign_in(table, EMAIL, now)
        tried = sign_ins.use_code(table, ask, wrong(code, place + 1), now)
        assert (tried.email, tried.judged) == ("", True)
        waited.append(tried.again - now if tried.again else timedelta())
        if tried.again:
            early = sign_ins.use_code(table, ask, code, tried.again - SECOND)
            assert early == sign_ins.Tried(judged=False, again=tried.again)
            now = tried.again
    minutes = [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert waited == [timedelta(minutes=one) for one in minutes]
    link, code, ask = sign_ins.ask_sign_in(table, EMAIL, now)
    assert sign_ins.use_link(table, link, now) == EMAIL
    _, code, ask = sign_ins.ask_sign_in(table, EMAIL, now)
    assert use_code(table, ask, code, now) == EMAIL


@pytest.mark.guards(
    "after five wrong codes the next waits 1, 2, 4 … 60 minutes, whoever asks; none that waits "
    "is judged or written"
)
def test_a_code_that_waits_writes_nothing(table: Table) -> None:
    _, code, ask = sign_ins.ask_sign_in(table, EMAIL, NOW)
    for place in range(1, 6):
        assert use_code(table, ask, wrong(code, place), NOW) is None
    before = everything_written(table)
    for place in range(100):
        assert use_code(table, ask, wrong(code, place), NOW + place * SECOND / 2) is None
    assert everything_written(table) == before


@pytest.mark.guards(
    "… a right one neither uses tries up nor gives a guesser new ones", "not given back ✓"
)
def test_a_right_code_leaves_the_tries_as_they_were(table: Table) -> None:
    """Else who signs in each morning would give a guesser new tries, or use up their own."""
    row = keys.tries("code-")
    for _ in range(8):
        _, code, ask = sign_ins.ask_sign_in(table, EMAIL, NOW)
        assert use_code(table, ask, code, NOW) == EMAIL
        assert table.get(row) is None
    _, code, ask = sign_ins.ask_sign_in(table, EMAIL, NOW)
    for place in range(1, 4):
        assert use_code(table, ask, wrong(code, place), NOW) is None
    before = table.get(row)
    assert use_code(table, ask, code, NOW + SECOND) == EMAIL
    after = table.get(row)
    assert before is not None
    assert after is not None
    assert (after.body, after.expires) == (before.body, before.expires)


@pytest.mark.guards(
    "after five wrong codes the next waits 1, 2, 4 … 60 minutes, whoever asks; none that waits "
    "is judged or written"
)
def test_wrong_codes_are_forgotten_a_day_after_the_last(table: Table) -> None:
    _, code, ask = sign_ins.ask_sign_in(table, EMAIL, NOW)
    for place in range(1, 6):
        assert use_code(table, ask, wrong(code, place), NOW) is None
    for later, count in ((timedelta(days=1) - SECOND, 6), (timedelta(days=2), 1)):
        now = NOW + later
        _, code, ask = sign_ins.ask_sign_in(table, EMAIL, now)
        assert use_code(table, ask, wrong(code), now) is None
        row = table.get(keys.tries("code-"))
        assert row is not None
        assert row.body["count"] == count
        assert row.expires == int((now + timedelta(days=1)).timestamp())


@pytest.mark.guards(
    "a browser that has signed in before has tries and mails that strangers can't use up, and "
    "links never wait"
)
def test_each_reserve_has_its_own_tries(table: Table) -> None:
    """Strangers use up theirs; a browser that has signed in before is not held up."""
    _, code, ask = sign_ins.ask_sign_in(table, EMAIL, NOW, reserve="account")
    for place in range(1, 6):
        assert use_code(table, ask, wrong(code, place), NOW) is None
    assert not sign_ins.use_code(table, ask, code, NOW).judged
    _, code, ask = sign_ins.ask_sign_in(table, EMAIL, NOW, reserve="account.browser")
    assert use_code(table, ask, code, NOW) == EMAIL


def test_a_browsers_token_gets_one_mail(table: Table) -> None:
    _, _, ask = sign_ins.ask_sign_in(table, EMAIL, NOW)
    with pytest.raises(Conflict):
        sign_ins.ask_sign_in(table, EMAIL, NOW, ask)


@pytest.mark.parametrize("code", ["", "0", "12345", "1234567", "١٢٣٤٥٦", "không", "\x00" * 6])
def test_an_odd_code_is_a_wrong_one(table: Table, code: str) -> None:
    _, _, ask = sign_ins.ask_sign_in(table, EMAIL, NOW)
    assert use_code(table, ask, code, NOW) is None


@pytest.mark.guards(
    "a role or account that ends, ends its sessions",
    "a session whatever the account",
    "the same grant again: each ✓",
)
@pytest.mark.parametrize("end", ["another role", "removed", "removed and back"])
def test_a_staff_session_ends_with_its_account_or_role(table: Table, end: str) -> None:
    access.keep_staff(table, EMAIL, "director")
    opened = access.open_session(table, "director", NOW, email=EMAIL)
    if end == "another role":
        access.keep_staff(table, EMAIL, "officer")
    else:
        table.write(Delete(keys.staff(EMAIL), ANYTHING))
    if end == "removed and back":
        access.keep_staff(table, EMAIL, "director")
    assert access.session(table, opened.token, NOW) is None


@pytest.mark.guards("a role or account that ends, ends its sessions")
def test_a_role_given_back_does_not_give_back_its_sessions(table: Table) -> None:
    access.keep_staff(table, EMAIL, "director")
    opened = access.open_session(table, "director", NOW, email=EMAIL)
    access.keep_staff(table, EMAIL, "officer")
    access.keep_staff(table, EMAIL, "director")
    assert access.session(table, opened.token, NOW) is None


def test_a_programme_loaded_again_ends_no_session(table: Table) -> None:
    access.keep_staff(table, EMAIL, "director")
    opened = access.open_session(table, "director", NOW, email=EMAIL)
    before = everything_written(table)
    access.keep_staff(table, EMAIL, "director")
    assert everything_written(table) == before
    assert access.session(table, opened.token, NOW) == opened


@pytest.mark.guards(
    "no session slips through", "no check at opening", "links and sessions ended at once: each ✓"
)
def test_no_session_begins_with_a_role_that_changes_meanwhile(table: Table) -> None:
    access.keep_staff(table, EMAIL, "director")
    between = Between(table, lambda: access.keep_staff(table, EMAIL, "officer"))
    with pytest.raises(Conflict):
        access.open_session(between, "director", NOW, email=EMAIL)
    assert not [item for item in table.everything() if "SESSION" in item.key.sort]


@pytest.mark.guards("no session slips through")
def test_no_session_begins_while_its_link_is_revoked(table: Table) -> None:
    """Between looking for the sessions and ending the link one more could have been opened."""
    token = links.issue_link(table, KEY, P, U)
    opened: list[Any] = []
    between = Between(table, lambda: opened.append(devices.enter(table, token, NOW)))
    links.revoke(between, P, U)
    assert len(opened) == 1
    assert opened[0] is None or access.session(table, opened[0].token, NOW) is None


class Between:
    """A table where something happens once, just before the first write."""

    def __init__(self, table: Table, happens: Callable[[], object]) -> None:
        self._table = table
        self._happens: Callable[[], object] | None = happens

    def get(self, key: Key) -> Item | None:
        return self._table.get(key)

    def query(self, partition: str, prefix: str = "") -> Iterator[Item]:
        return self._table.query(partition, prefix)

    def write(self, *changes: Change) -> None:
        happens, self._happens = self._happens, None
        if happens:
            happens()
        self._table.write(*changes)

    def everything(self) -> Iterator[Item]:
        return self._table.everything()


class Crowd:
    """A table whose readers all read before the first of them writes."""

    def __init__(self, table: Table, readers: int) -> None:
        self._table = table
        self._ready = threading.Barrier(readers)
        self._here = threading.local()

    def get(self, key: Key) -> Item | None:
        item = self._table.get(key)
        if not getattr(self._here, "has_read", False):
            self._here.has_read = True
            self._ready.wait(10)
        return item

    def query(self, partition: str, prefix: str = "") -> Iterator[Item]:
        return self._table.query(partition, prefix)

    def write(self, *changes: Change) -> None:
        self._table.write(*changes)

    def everything(self) -> Iterator[Item]:
        return self._table.everything()


@pytest.mark.guards(
    "after five wrong codes the next waits 1, 2, 4 … 60 minutes, whoever asks; none that waits "
    "is judged or written"
)
def test_tries_at_one_moment_are_five_all_the_same(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who asks in the director's name may guess from a thousand connections."""
    _, code, ask = sign_ins.ask_sign_in(table, EMAIL, NOW)
    compared: list[str] = []
    same = rules.same

    def counting(given: str, right: str) -> bool:
        compared.append(given)
        return same(given, right)

    monkeypatch.setattr(rules, "same", counting)
    for wave in range(6):
        crowd = Crowd(table, 8)

        def guess(place: int, crowd: Crowd = crowd, wave: int = wave) -> object:
            return use_code(crowd, ask, wrong(code, 1 + wave * 8 + place), NOW)

        assert parallel(8, guess) == [None] * 8
    assert len(compared) <= rules.CODE_TRIES


@pytest.mark.guards("only hashes in the table", "a token kept as it is ✓")
def test_the_table_holds_no_token_and_no_code(table: Table) -> None:
    secrets = [links.issue_link(table, KEY, P, U), links.reissue_link(table, KEY, P, U)]
    secrets.append(let_in(table, KEY, P, U, NOW).token)
    secrets.append(access.open_session(table, "director", NOW, email=EMAIL).token)
    for _ in range(5):
        secrets += sign_ins.ask_sign_in(table, EMAIL, NOW)
    used = sign_ins.ask_sign_in(table, EMAIL, NOW)
    use_code(table, used[2], wrong(used[1]), NOW)
    secrets += used
    tokens = [secret for secret in secrets if len(secret) > 6]
    codes = [secret for secret in secrets if len(secret) == 6]
    written = everything_written(table)
    assert tokens
    assert codes
    for token in tokens:
        assert token not in written
    for item in table.everything():
        for content in (*item.key, *map(str, item.body.values())):
            assert content not in codes


def test_a_guessed_code_can_not_be_checked_against_the_table_alone(table: Table) -> None:
    """A million codes are soon hashed: the hash must be bound to what the table does not hold."""
    _, code, _ = sign_ins.ask_sign_in(table, EMAIL, NOW)
    written = everything_written(table)
    assert rules.digest(code) not in written


def test_sessions_and_sign_ins_expire_by_themselves_and_links_never(table: Table) -> None:
    links.issue_link(table, KEY, P, U)
    kept = {item.key for item in table.everything()}
    opened = let_in(table, KEY, P, U, NOW)
    sign_ins.ask_sign_in(table, EMAIL, NOW)
    for item in table.everything():
        if item.key in kept:
            assert item.expires is None
        else:
            assert item.expires is not None
            assert NOW.timestamp() < item.expires <= opened.until.timestamp()


def test_a_wrong_try_leaves_the_code_as_it_was(table: Table) -> None:
    _, code, ask = sign_ins.ask_sign_in(table, EMAIL, NOW)
    key = keys.token(rules.digest(ask))
    before = table.get(key)
    assert use_code(table, ask, wrong(code), NOW + timedelta(minutes=5)) is None
    assert before is not None
    assert table.get(key) == before


def test_staff_are_kept_with_their_role(table: Table) -> None:
    access.keep_staff(table, EMAIL, "director")
    access.keep_staff(table, "b@b.example", "officer")
    access.keep_staff(table, "b@b.example", "director")
    assert dict(access.staff(table)) == {EMAIL: "director", "b@b.example": "director"}
    assert access.staff_role(table, EMAIL) == "director"
    assert access.staff_role(table, "nobody@b.example") is None
    assert access.staff_role(table, "") is None


def test_failures_are_counted_within_the_hour(table: Table) -> None:
    assert [rates.count(table, "a", NOW, 20) for _ in range(3)] == [1, 2, 3]
    assert rates.count(table, "b", NOW, 20) == 1
    assert rates.count(table, "a", NOW + timedelta(hours=1), 20) == 1
    assert rates.count(table, "a", NOW, 20) == 4


def test_past_the_limit_nothing_is_written_any_more(table: Table) -> None:
    for _ in range(25):
        last = rates.count(table, "a", NOW, 20)
    before = everything_written(table), next(iter(table.everything())).version
    assert last == 22
    assert rates.count(table, "a", NOW, 20) == 22
    assert (everything_written(table), next(iter(table.everything())).version) == before


@pytest.mark.guards(
    "strangers' mails have a ceiling an hour, apart from known browsers' and officers', and "
    "the desk says when they pause"
)
def test_of_what_is_taken_at_one_moment_no_more_than_there_is_goes(table: Table) -> None:
    found = parallel(8, lambda _: [rates.take(table, "a", NOW, 20) for _ in range(5)])
    assert sum(map(sum, found)) <= 20
    assert rates.taken(table, "a", NOW) == sum(map(sum, found))
    while rates.take(table, "a", NOW, 20):
        pass
    before = everything_written(table), next(iter(table.everything())).version
    assert not rates.take(table, "a", NOW, 20)
    assert (everything_written(table), next(iter(table.everything())).version) == before
    assert rates.taken(table, "a", NOW) == 20
    assert rates.take(table, "a", NOW + timedelta(hours=1), 20)


@pytest.mark.guards(
    "strangers' mails have a ceiling an hour, apart from known browsers' and officers', and "
    "the desk says when they pause"
)
def test_of_any_sixty_minutes_no_more_is_taken_than_there_is(table: Table) -> None:
    """Also of those around a full hour."""
    late, hour = NOW + timedelta(minutes=59), timedelta(hours=1)
    for minute in range(3):
        assert rates.take_within(table, "a", late - timedelta(minutes=minute), 6)
    found = parallel(8, lambda _: rates.take_within(table, "a", late, 6))
    assert sum(found) == 3
    early = late + timedelta(minutes=2)
    assert not rates.take_within(table, "a", early, 6)
    assert rates.take_within(table, "b", early, 6)
    free = late - timedelta(minutes=2) + hour
    assert [rates.take_within(table, "a", free, 6) for _ in range(2)] == [True, False]
    assert rates.take_within(table, "a", late + 2 * hour, 6)


def test_counts_expire(table: Table) -> None:
    rates.count(table, "a", NOW, 20)
    (item,) = table.everything()
    assert item.expires is not None
    assert item.expires >= (NOW + timedelta(hours=1)).timestamp()


def test_counting_at_one_moment_raises_nothing(table: Table) -> None:
    found = parallel(8, lambda _: rates.count(table, "a", NOW, 20))
    assert all(isinstance(total, int) and 1 <= total <= 8 for total in found)
