"""Links in the table: one that works at most, its change and its record one transaction."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.edges.embedded import SqliteTable
from chalicelib.edges.table import ANYTHING, Change, Delete, Item, Key, Put, Table
from chalicelib.rules.access import access as rules
from chalicelib.rules.access.access import Link
from chalicelib.rules.review.act import Act
from chalicelib.store import access, acts, devices, keys, links
from tests.contract import parallel
from tests.devices import left_open, let_in, standing
from tests.faulty import Calls, FaultyTable, busy

KEY = b"k" * 32
P, U = "thi-dua", "T01"
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
OFFICER = "chuyenvien@vinhlong.example"


@pytest.fixture
def table(tmp_path: Path) -> Iterator[SqliteTable]:
    opened = SqliteTable(tmp_path / "baocao.sqlite3")
    yield opened
    opened.close()


def act(verb: str = "reissue_link", at: datetime = NOW, unit: str = U) -> Act:
    return Act(at, OFFICER, verb, P, unit=unit)


def recorded(table: Table) -> list[tuple[str, str, str]]:
    return [(one.verb, one.who, one.unit) for one in acts.acts(table, P, "2026-11")]


class Counting:
    """A table that counts its writes and may do something just before the n-th."""

    def __init__(
        self, table: Table, before: int = 0, happens: Callable[[], object] | None = None
    ) -> None:
        self._table, self._before, self._happens = table, before, happens
        self.writes: list[tuple[Change, ...]] = []

    def get(self, key: Key) -> Item | None:
        return self._table.get(key)

    def query(self, partition: str, prefix: str = "") -> Iterator[Item]:
        return self._table.query(partition, prefix)

    def write(self, *changes: Change) -> None:
        self.writes.append(changes)
        if self._happens and len(self.writes) == self._before:
            self._happens()
        self._table.write(*changes)

    def everything(self) -> Iterator[Item]:
        return self._table.everything()


@pytest.mark.guards(
    "a unit's session is of its link's generation: whatever is killed, none works beside a new link"
)
@pytest.mark.guards(
    "a link's change, its sessions and its record are one transaction",
    "the record in a write of its own ✓",
)
def test_a_new_link_the_end_of_the_old_its_sessions_and_the_record_are_one_write(
    table: Table,
) -> None:
    """What is swept afterwards has ended with it: the same with nothing swept."""
    old = links.issue_link(table, KEY, P, U)
    opened = left_open(table, Link(P, U, 1), NOW, 120, older=False)
    calls = Calls()
    calls.arm(3, "before", busy)
    new = links.reissue_link(FaultyTable(table, calls), KEY, P, U, act())
    assert [made.partition(" ")[0] for made in calls.made] == ["get", "write", "query", "write"]
    assert calls.fired
    assert access.link(table, old) is None
    assert access.link(table, new) == Link(P, U, 2)
    assert standing(table, opened, NOW) == 0
    assert recorded(table) == [("reissue_link", OFFICER, U)]


@pytest.mark.guards("no session outlives its link")
def test_what_ended_is_swept_and_what_the_new_link_opened_stays(table: Table) -> None:
    links.issue_link(table, KEY, P, U)
    left_open(table, Link(P, U, 1), NOW, 120, older=False)
    left_open(table, Link(P, U, 1), NOW, 3, older=True)
    fresh: list[str] = []

    def meanwhile() -> None:
        fresh.append(let_in(table, KEY, P, U, NOW).token)

    calls = Calls()
    calls.arm("query", "before", meanwhile)
    links.reissue_link(FaultyTable(table, calls), KEY, P, U, act())
    assert standing(table, fresh, NOW) == 1
    assert len(list(table.query(keys.unit_access(P, U), "SESSION#"))) == 1
    links.revoke(table, P, U, act("revoke_link", NOW + MINUTE))
    assert standing(table, fresh, NOW) == 0
    assert not list(table.query(keys.unit_access(P, U), "SESSION#"))


@pytest.mark.guards("no session outlives its link", "all swept, of whatever generation")
def test_a_session_that_begins_while_the_link_is_replaced_ends(table: Table) -> None:
    token = links.issue_link(table, KEY, P, U)
    opened: list[rules.Session | None] = []
    between = Counting(table, 1, lambda: opened.append(devices.enter(table, token, NOW)))
    links.reissue_link(between, KEY, P, U, act())
    assert len(opened) == 1
    assert opened[0] is not None
    assert access.session(table, opened[0].token, NOW) is None


@pytest.mark.guards(
    "one link works, whoever replaces it at one moment", "the index written over anything ✓"
)
def test_of_links_replaced_at_one_moment_one_works(table: Table) -> None:
    links.issue_link(table, KEY, P, U)
    made = parallel(6, lambda _: links.reissue_link(table, KEY, P, U, act()))
    assert len(set(made)) == 6
    assert len([token for token in made if access.link(table, token)]) == 1
    assert len(recorded(table)) == 6


@pytest.mark.guards("a second press ends no new link", "`seen` not compared ✓")
def test_what_somebody_changed_since_is_not_changed_again(table: Table) -> None:
    """A double tap, or an older page of another officer: the link just printed must live."""
    links.issue_link(table, KEY, P, U, act("issue_link"))
    seen = NOW + MINUTE
    new = links.reissue_link(table, KEY, P, U, act(at=NOW + 2 * MINUTE), seen)
    with pytest.raises(links.Changed):
        links.reissue_link(table, KEY, P, U, act(at=NOW + 3 * MINUTE), seen)
    with pytest.raises(links.Changed):
        links.revoke(table, P, U, act("revoke_link", NOW + 3 * MINUTE), seen)
    assert access.link(table, new)
    assert [verb for verb, _, _ in recorded(table)] == ["issue_link", "reissue_link"]


@pytest.mark.guards("a link's change, its sessions and its record are one transaction")
def test_the_record_stands_only_where_something_changed(table: Table) -> None:
    assert not links.revoke(table, P, U, act("revoke_link"))
    first = links.issue_link(table, KEY, P, U, act("issue_link"))
    assert links.issue_link(table, KEY, P, U, act("issue_link")) == first
    assert links.revoke(table, P, U, act("revoke_link", NOW + MINUTE))
    assert not links.revoke(table, P, U, act("revoke_link", NOW + MINUTE))
    assert [verb for verb, _, _ in recorded(table)] == ["issue_link", "revoke_link"]


def test_one_query_says_where_every_units_link_stands(table: Table) -> None:
    links.issue_link(table, KEY, P, "T01", act("issue_link"))
    links.reissue_link(table, KEY, P, "T01", act(at=NOW + MINUTE))
    links.issue_link(table, KEY, P, "T02", act("issue_link", unit="T02"))
    links.revoke(table, P, "T02", act("revoke_link", NOW + MINUTE, "T02"))
    found = links.standings(table, P)
    assert {u: (one.generation, one.works, one.changed) for u, one in found.items()} == {
        "T01": (2, True, NOW + MINUTE),
        "T02": (1, False, NOW + MINUTE),
    }
    assert links.token(KEY, found["T01"]) == links.issue_link(table, KEY, P, "T01")
    assert links.token(KEY, found["T02"]) == ""
    assert links.token(KEY, None) == ""


@pytest.mark.guards(
    "no dead link is printed, and looking makes none",
    "the hash not compared ✓",
    "a link issued by looking ✓",
)
def test_a_link_of_another_server_key_is_not_handed_out(table: Table) -> None:
    """Printed, it would open nothing."""
    links.issue_link(table, KEY, P, U)
    known = links.standing(table, P, U)
    assert known is not None
    assert known.works
    assert links.token(b"new" * 11, known) == ""


def as_before_the_index(table: Table) -> None:
    table.write(Delete(keys.link(P, U), ANYTHING))


def test_a_link_older_than_the_index_goes_on(table: Table) -> None:
    links.issue_link(table, KEY, P, U)
    old = links.reissue_link(table, KEY, P, U)
    as_before_the_index(table)
    assert links.standings(table, P) == {}
    found = links.standing(table, P, U)
    assert found is not None
    assert (found.generation, found.works) == (2, True)
    assert links.issue_link(table, KEY, P, U) == old
    assert links.standings(table, P)[U].generation == 2
    as_before_the_index(table)
    new = links.reissue_link(table, KEY, P, U)
    assert access.link(table, old) is None
    assert access.link(table, new) == Link(P, U, 3)
    as_before_the_index(table)
    assert links.revoke(table, P, U)
    assert access.link(table, new) is None


def test_the_next_link_is_known_before_it_opens_anything(table: Table) -> None:
    links.issue_link(table, KEY, P, U)
    known = links.standing(table, P, U)
    coming = links.next_token(KEY, P, U, known)
    assert access.link(table, coming) is None
    assert links.renew(table, KEY, P, U, known, act("handover")) == coming
    assert access.link(table, coming) == Link(P, U, 2)


def test_an_act_whose_reply_was_lost_is_done_once(table: Table) -> None:
    """The SDK's second try meets its own first one."""
    links.issue_link(table, KEY, P, U, act("issue_link"))

    class Twice(Counting):
        def write(self, *changes: Change) -> None:
            if any(isinstance(c, Put) and c.key == keys.link(P, U) for c in changes):
                self._table.write(*changes)
            super().write(*changes)

    links.reissue_link(Twice(table), KEY, P, U, act(at=NOW + MINUTE))
    assert [verb for verb, _, _ in recorded(table)] == ["issue_link", "reissue_link"]
    known = links.standing(table, P, U)
    assert known is not None
    assert known.generation == 2
