"""What pages without a draft keep: each device's own, for ninety days, also an older program's."""

from datetime import timedelta

import pytest

from chalicelib.edges.ports import Site
from chalicelib.edges.table import ANYTHING, Put, Table
from chalicelib.rules.reports import report
from chalicelib.store import keys, typed
from chalicelib.store.draft_items import TooLarge
from tests.conftest import KEY, MIDDLE_OF_Q4, NEW
from tests.devices import let_in
from tests.faulty import Calls, FaultyTable

P, U, NOW = NEW, "T01", MIDDLE_OF_Q4
HERE = keys.typed_contacts(P, U)


@pytest.fixture
def table(site: Site) -> Table:
    return site.table


def test_what_devices_typed_at_one_moment_each_keeps(table: Table) -> None:
    one, two = (let_in(table, KEY, P, U, NOW) for _ in range(2))
    calls = Calls()
    calls.arm("write CONTACTS", "before", lambda: typed.keep(table, HERE, two, {"a": "2"}, NOW))
    typed.keep(FaultyTable(table, calls), HERE, one, {"a": "1"}, NOW)
    assert calls.fired
    assert [typed.of(table, HERE, who) for who in (one, two)] == [{"a": "1"}, {"a": "2"}]
    typed.empty(table, HERE, one, NOW)
    assert [typed.of(table, HERE, who) for who in (one, two)] == [{}, {"a": "2"}]


def test_it_is_kept_for_ninety_days(table: Table) -> None:
    one, two = (let_in(table, KEY, P, U, NOW) for _ in range(2))
    for who, day in ((one, 0), (two, 89)):
        typed.keep(table, HERE, who, {"a": "1"}, NOW + timedelta(days=day))
    assert typed.of(table, HERE, one) == {"a": "1"}
    typed.keep(table, HERE, two, {"a": "2"}, NOW + timedelta(days=90))
    assert typed.of(table, HERE, one) == {}


def test_what_an_older_program_kept_is_shown_until_it_is_taken(table: Table) -> None:
    one = let_in(table, KEY, P, U, NOW)
    table.write(Put(HERE, {"typed": report.compact({"a": "1"})}, ANYTHING))
    assert typed.of(table, HERE, one) == {"a": "1"}
    typed.empty(table, HERE, one, NOW)
    assert typed.of(table, HERE, one) == {}


def test_no_devices_together_keep_more_than_fits(table: Table) -> None:
    one, two = (let_in(table, KEY, P, U, NOW) for _ in range(2))
    typed.keep(table, HERE, one, {"a": "x" * 30_000}, NOW)
    with pytest.raises(TooLarge):
        typed.keep(table, HERE, two, {"a": "x" * 30_000}, NOW)
    assert len(typed.of(table, HERE, one)["a"]) == 30_000
