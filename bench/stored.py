"""Any number of units and their stored reports, filled in as the demo fills a form."""

import json
import random
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from chalicelib.edges import embedded
from chalicelib.edges.ports import Site
from chalicelib.edges.table import Key
from chalicelib.rules.forms.form import Form, indicators
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.reports import report, submission
from chalicelib.rules.reports.report import Content, Head, Sender
from chalicelib.rules.texts.clock import now
from chalicelib.rules.units.unit import Unit
from chalicelib.store import keys, programmes, reports
from infra import demo, samples

PROGRAMME, PERIOD = "thi-dua-2026-2030", "2026-Q4"
BLOCS = ("T", "G")  # of the programme
_DIFFERENT = 100  # contents of each bloc; the reports beyond repeat them


def units(count: int) -> Iterator[Unit]:
    """In an official order that is not the order of the codes."""
    for place in range(count):
        yield Unit(
            code=f"{BLOCS[place % len(BLOCS)]}{place * 7919 % 1_000_003:06}",
            name=f"Trường THPT Nguyễn Đình Chiểu {place:06}",
            bloc=BLOCS[place % len(BLOCS)],
            order=place + 1,
            email=f"u{place}@donvi.example",
            phone="0270 000 0000",
            valid_from=date(2026, 1, 1),
        )


def content(chance: random.Random, unit: Unit, form: Form, period: Period) -> Content:
    """One report as the demo types it and the form reads it."""
    asked = list(indicators(form.asked_of(unit.bloc, period.key, period.end)))
    typed = demo.answers(chance, unit, asked)
    return report.read(asked, typed).content


def site(folder: Path, count: int, *, reported: bool) -> Site:
    """An installation with `count` units in the programme; every unit has reported, or none."""
    made = embedded.open_site(folder, "http://127.0.0.1:8000", now)
    samples.load_all(made)
    _, period, form = at(made)
    every = list(units(count))
    items = _unit_items(every)
    _fill(folder, items, f"UNITS#{PROGRAMME}")
    if reported:
        _fill(folder, _report_items(every, form, period), f"PERIOD#{PROGRAMME}#{PERIOD}")
    return replace(made, clock=lambda: period.locks)


def opened(folder: Path) -> Site:
    """The installation that `site` has made."""
    made = embedded.open_site(folder, "http://127.0.0.1:8000", now)
    locks = at(made)[1].locks
    return replace(made, clock=lambda: locks)


def at(made: Site) -> tuple[Programme, Period, Form]:
    programme = programmes.programme(made.table, PROGRAMME)
    if programme is None:
        raise LookupError(PROGRAMME)
    period = next(p for p in programmes.periods(made.table, PROGRAMME) if p.key == PERIOD)
    return programme, period, programmes.form(made.table, PROGRAMME, period.form)


def _unit_items(every: Iterable[Unit]) -> Iterator[tuple[Key, dict[str, Any]]]:
    for unit in every:
        key = keys.unit(PROGRAMME, unit.code, unit.valid_from)
        yield key, {"json": unit.model_dump_json()}


def _report_items(
    every: list[Unit], form: Form, period: Period
) -> Iterator[tuple[Key, dict[str, Any]]]:
    @lru_cache(None)
    def sent(bloc: str, which: int) -> tuple[dict[str, Any], str]:
        unit = next(one for one in every if one.bloc == bloc)
        chance = random.Random(f"{bloc} {which}")
        whole = content(chance, unit, form, period)
        head = _head(unit, period, whole)
        return dict(reports.head_body(head)), report.compact(whole.texts)

    for place, unit in enumerate(every):
        body, texts = sent(unit.bloc, place // len(BLOCS) % _DIFFERENT)
        state = "returned" if place % 50 == 0 else "submitted"
        more = {"unit": unit.code, "late": place % 12 == 0, "state": state}
        yield keys.head(PROGRAMME, PERIOD, unit.code), {**body, **more}
        yield keys.texts(PROGRAMME, PERIOD, unit.code), {"version": 1, "texts": texts}


def _head(unit: Unit, period: Period, whole: Content) -> Head:
    first = period.due - timedelta(days=2)
    sender = Sender("Nguyễn Thị Thử", "Văn thư", "0270 000 0000", approved=True)
    _, head = submission.submit(None, period, unit.code, whole, now=first, form=1, sender=sender)
    return head


def _fill(folder: Path, items: Iterable[tuple[Key, dict[str, Any]]], cleared: str) -> None:
    """Straight into the file: a hundred thousand durable sends are not what is measured."""
    connection = sqlite3.connect(folder / "baocao.sqlite3")
    with connection:
        connection.execute("DELETE FROM item WHERE pk = ?", (cleared,))
        connection.executemany(
            "INSERT INTO item (pk, sk, version, expires, body) VALUES (?, ?, 1, NULL, ?)",
            (
                (*key, json.dumps(body, ensure_ascii=False, separators=(",", ":")))
                for key, body in items
            ),
        )
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # as the file lies after a quiet hour
    connection.close()
