"""Facts about the record of acts: with the act or not at all, once, and never rewritten."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chalicelib.edges.ports import Site
from chalicelib.edges.table import ANYTHING, NOTHING, Change, Conflict, Key, Put, Table
from chalicelib.messages.reports.acts import ACTS
from chalicelib.rules.review.act import Act
from chalicelib.store import acts, keys

AT = datetime(2026, 12, 16, 3, tzinfo=UTC)
ACT = Act(AT, "chuyenvien@vinhlong.example", "accept", "p", "2026-Q4", "T01", {"version": 2})
WHERE = Key("PERIOD#p#2026-Q4", "REPORT#T01")
ROOT = Path(__file__).resolve().parents[2]


def test_an_act_is_on_record_with_what_it_changed(empty_site: Site) -> None:
    table = empty_site.table
    acts.commit(table, ACT, Put(WHERE, {"state": "accepted"}, NOTHING))
    assert list(acts.acts(table, "p", "2026-12")) == [ACT]
    assert acts.events(table, "p", "2026-Q4", "T01") == [ACT]
    assert acts.event(table, "p", "2026-Q4", "T01", ACT.name) == ACT
    assert table.get(WHERE) is not None


def test_an_act_that_could_not_be_done_is_on_no_record(empty_site: Site) -> None:
    table = empty_site.table
    table.write(Put(WHERE, {}, NOTHING))
    with pytest.raises(Conflict) as conflict:
        acts.commit(table, ACT, Put(WHERE, {"state": "accepted"}, NOTHING))
    assert conflict.value.key == WHERE
    assert list(acts.acts(table, "p", "2026-12")) == []
    assert acts.events(table, "p", "2026-Q4", "T01") == []


class Echo:
    """A table whose answer is lost: the SDK tries again, and meets its own first try."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.get, self.query = table.get, table.query

    def write(self, *changes: Change) -> None:
        self._table.write(*changes)
        self._table.write(*changes)


def test_a_second_try_that_meets_its_own_first_is_done(empty_site: Site) -> None:
    table = Echo(empty_site.table)
    acts.commit(table, ACT, Put(WHERE, {"state": "accepted"}, NOTHING))  # type: ignore[arg-type]
    assert list(acts.acts(empty_site.table, "p", "2026-12")) == [ACT]


def test_acts_of_one_instant_stand_side_by_side_in_order(empty_site: Site) -> None:
    table = empty_site.table
    later = replace(ACT, at=AT.replace(hour=4), id="00000000")
    beside = replace(ACT, id="ffffffff")
    for act in (later, beside, replace(ACT, id="11111111")):
        acts.commit(table, act, Put(Key("A", act.id), {}, ANYTHING))
    found = list(acts.acts(table, "p", "2026-12"))
    assert [act.id for act in found] == ["11111111", "ffffffff", "00000000"]


def test_an_act_of_no_programme_has_a_place_too(empty_site: Site) -> None:
    act = Act(AT, "a@b.example", "accept")
    acts.commit(empty_site.table, act, Put(Key("A", "b"), {}, ANYTHING))
    assert list(acts.acts(empty_site.table, "", "2026-12")) == [act]
    assert keys.month_of_acts("", "2026-12") == "AUDIT#-#2026-12"


@pytest.mark.guards("nothing rewrites the log")
def test_nothing_in_the_product_rewrites_or_deletes_the_record() -> None:
    """One module makes these keys, and it only puts."""
    users = [
        path.name
        for path in (ROOT / "chalicelib").rglob("*.py")
        if re.search(r"keys\.(act|event)\b", path.read_text("utf-8"))
    ]
    assert users == ["acts.py"]
    assert "Delete" not in (ROOT / "chalicelib" / "store" / "acts.py").read_text("utf-8")


def test_every_verb_has_its_words() -> None:
    for words in ACTS.values():
        assert words[0].isupper()
