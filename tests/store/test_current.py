"""Heads and texts, read as two ordered streams, come together unit by unit."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.edges import request_cost
from chalicelib.edges.embedded import SqliteTable
from chalicelib.edges.table import ANYTHING, Delete, Put
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.reports.report import Content, Sender
from chalicelib.store import keys, programmes, reports
from chalicelib.store.current import current
from chalicelib.store.reports import Sending
from tests import builders

P, K = "thi-dua", "2026-Q4"
NOW = datetime(2026, 12, 15, 3, 0, tzinfo=UTC)
SENDER = Sender("Nguyễn Thị Thử", "Văn thư", "0270 000 0000", approved=True)
# In the order of bytes; some are the beginning of others.
ALIKE = ("G9", "P", "P-1", "P-10", "P0", "P01", "P1", "P1-", "P10", "P1_", "P1a", "P_1", "Pa", "p1")


@pytest.fixture
def table(tmp_path: Path) -> Iterator[SqliteTable]:
    made = SqliteTable(tmp_path / "table.sqlite3")
    yield made
    made.close()


@pytest.fixture
def period(table: SqliteTable) -> Period:
    programmes.keep_periods(table, P, [builders.period()])
    return programmes.periods(table, P)[0]


def send(table: SqliteTable, period: Period, unit: str, text: str, base: int = 0) -> None:
    sent = Content({"i1": base}, {"t1": text})
    reason = "Bổ sung" if base else ""
    reports.send(table, Sending(P, period, unit, sent, base, 1, SENDER, reason), NOW)


def read(table: SqliteTable, *units: str) -> list[tuple[str, int, Any]]:
    found = current(table, P, K, lambda unit: not units or unit in units)
    return [(head.unit, head.version, json.loads(texts).get("t1")) for head, texts in found]


def put_texts(table: SqliteTable, unit: str, number: int, text: str) -> None:
    body = {"version": number, "texts": json.dumps({"t1": text})}
    table.write(Put(keys.texts(P, K, unit), body, ANYTHING))


@pytest.mark.guards(
    "texts and heads stay with their unit, over pages, prefixes and other versions",
    "texts taken by unit alone ✓ (the third)",
)
def test_codes_that_begin_alike_keep_their_own_texts(table: SqliteTable, period: Period) -> None:
    for unit in reversed(ALIKE):
        send(table, period, unit, f"của {unit}")
    assert read(table) == [(unit, 1, f"của {unit}") for unit in ALIKE]


@pytest.mark.guards("texts and heads stay with their unit, over pages, prefixes and other versions")
def test_more_units_than_a_page_holds_all_come(table: SqliteTable, period: Period) -> None:
    units = [f"T{n}" for n in range(450)]
    for unit in units:
        send(table, period, unit, f"của {unit}")
    for unit in units[::3]:
        send(table, period, unit, f"mới của {unit}", base=1)
    right = {(u, 1, f"của {u}") for u in units} - {(u, 1, f"của {u}") for u in units[::3]}
    assert set(read(table)) == right | {(u, 2, f"mới của {u}") for u in units[::3]}
    assert [unit for unit, _, _ in read(table)] == sorted(units)


@pytest.mark.guards("texts and heads stay with their unit, over pages, prefixes and other versions")
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_unit_without_texts_is_read_from_its_version(
    table: SqliteTable, period: Period, place: int
) -> None:
    units = ("T1", "T2", "T3")
    for unit in units:
        send(table, period, unit, f"của {unit}")
    table.write(Delete(keys.texts(P, K, units[place]), ANYTHING))
    assert read(table) == [(unit, 1, f"của {unit}") for unit in units]


@pytest.mark.guards("texts and heads stay with their unit, over pages, prefixes and other versions")
@pytest.mark.parametrize("number", [1, 3])
def test_texts_older_or_newer_than_the_head_are_not_taken(
    table: SqliteTable, period: Period, number: int
) -> None:
    for unit in ("T1", "T2", "T3"):
        send(table, period, unit, "một")
    send(table, period, "T2", "hai", base=1)
    put_texts(table, "T2", number, "của lần gửi khác")
    assert read(table) == [("T1", 1, "một"), ("T2", 2, "hai"), ("T3", 1, "một")]


def test_texts_without_a_head_belong_to_nobody(table: SqliteTable, period: Period) -> None:
    for unit in ("T2", "T4"):
        send(table, period, unit, unit)
    for unit in ("T1", "T3", "T5"):
        put_texts(table, unit, 1, "chưa có báo cáo")
    assert read(table) == [("T2", 1, "T2"), ("T4", 1, "T4")]


@pytest.mark.guards(
    "the two readings go on together; what nobody wants is not looked into",
    "one step for several",
    "every head looked into: each ✓",
)
def test_texts_without_a_head_cost_no_reading_of_a_version(
    table: SqliteTable, period: Period
) -> None:
    for unit in ("T2", "T4", "T6"):
        send(table, period, unit, unit)
    for unit in ("T1", "T11", "T3", "T5"):
        put_texts(table, unit, 1, "chưa có báo cáo")
    with request_cost.counted() as spent:
        read(table)
    assert spent.calls == 2


@pytest.mark.guards("the two readings go on together; what nobody wants is not looked into")
def test_a_report_that_nobody_wants_is_not_looked_into(table: SqliteTable, period: Period) -> None:
    for unit in ("T1", "T2"):
        send(table, period, unit, unit)
    table.write(Delete(keys.texts(P, K, "T1"), ANYTHING))
    table.write(Delete(keys.version(P, K, "T1", 1), ANYTHING))
    assert read(table, "T2") == [("T2", 1, "T2")]
    with pytest.raises(LookupError, match="T1"):
        read(table)
