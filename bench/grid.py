"""The grid of 1,000 units: the whole handler against its bare template, and the page's weight."""

import gzip
import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import app
from bench import scene, stored
from bench.handler import _bare, _log_to_nobody, capture, interleaved
from bench.memory import MemoryTable
from bench.rows import BROKEN, Row, row
from chalicelib.edges.ports import Site
from chalicelib.edges.table import ANYTHING, MOST_CHANGES, Change, Delete, Put
from chalicelib.rules.programmes.period import Period, end_of
from chalicelib.rules.reports.exempt_or_extended import Terms
from chalicelib.rules.texts.clock import iso
from chalicelib.rules.units.contact import Contact
from chalicelib.rules.units.unit import Unit
from chalicelib.store import access, contacts, exempt_or_extended, keys

GRID = "/desk/{programme}/{period}/reports"
UNITS = 1_000
HEAVIEST = 60_000  # bytes, packed
MOST = 2  # times the bare template
OFFICER = "chuyenvien@vinhlong.example"
_ROUNDS = 60
_SCHOOLS = ("Trường THPT", "Trường THCS", "Trường Tiểu học", "Trường Mầm non", "Trung tâm GDTX")
_NAMED = (
    "Nguyễn Đình Chiểu,Lạc Long Quân,Võ Trường Toản,Lê Hoàng Chiếu,Huỳnh Tấn Phát,Lê Quí Đôn,"
    "Trần Văn Ơn,Mạc Đĩnh Chi,Nguyễn Huệ,Diệp Minh Châu,Trần Văn Kiết,Trương Vĩnh Ký,Võ Văn Kiệt,"
    "Ngô Văn Cấn,Lê Anh Xuân,Nhuận Phú Tân,Chê Ghê-va-ra,Ca Văn Thỉnh,Nguyễn Thị Minh Khai,"
    "Lê Hoài Đôn,Đoàn Thị Điểm,Trần Trường Sinh,Lương Thế Vinh,Phan Thanh Giản,Sương Nguyệt Anh,"
    "Phan Ngọc Tòng,Tán Kế,Phan Liêm,Phan Văn Trị,Nguyễn Ngọc Thăng,Nguyễn Thị Định,Nguyễn Trãi"
)
_PLACES = (
    "Ba Tri,Bình Đại,Châu Thành,Chợ Lách,Giồng Trôm,Mỏ Cày,Thạnh Phú,An Thới,Thạnh Phước,Phú Túc,"
    "Tân Thủy,An Ngãi Trung,Lương Hòa,Phước Long,Tiên Thủy,Quới Điền,Đại Điền,Hưng Khánh Trung,"
    "Vĩnh Thành,Phước Mỹ Trung,Tân Thành Bình,Thới Thuận,Lộc Thuận,Châu Hưng,Bảo Thạnh,Mỹ Chánh Hòa"
)
_PEOPLE = ("Trần Thị", "Lê Văn", "Nguyễn Thị", "Phạm Minh", "Võ Thị", "Huỳnh Văn", "Đặng Thị")
_GIVEN = ("Mẫu", "Thử", "Ví Dụ", "Minh Họa", "Giả Định", "Tập Huấn", "Thí Dụ")


@dataclass(frozen=True, slots=True)
class Desk:
    """An officer at the desk of an installation, as `scene.event` takes its visitor."""

    site: Site
    token: str


def drawn(chance: random.Random, unit: Unit, period: Period) -> Iterator[Change]:
    """What makes one unit unlike the others: its name, its people, when and how it has sent."""
    person, place = chance.choice(_NAMED.split(",")), chance.choice(_PLACES.split(","))
    named = f"{chance.choice(_SCHOOLS)} {person}, {place}"
    phone = f"09{chance.randint(0, 99):02} {chance.randint(0, 999):03} {chance.randint(0, 999):03}"
    named_so = unit.model_copy(update={"name": f"{named} {chance.randint(1, 9)}", "phone": phone})
    p, k = stored.PROGRAMME, period.key
    yield Put(
        keys.unit(p, unit.code, unit.valid_from), {"json": named_so.model_dump_json()}, ANYTHING
    )
    if chance.random() < 0.5:  # the others have what the list of units says
        person = f"{chance.choice(_PEOPLE)} {chance.choice(_GIVEN)}"
        mailbox = f"{unit.code.lower()}@donvi.example"
        yield contacts.put(p, unit.code, Contact(mailbox, person, person, phone))
    if chance.random() < 0.05:
        yield exempt_or_extended.put(p, k, Terms(unit.code, "Đơn vị đang sáp nhập"))
    elif chance.random() < 0.05:
        yield exempt_or_extended.put(p, k, Terms(unit.code, due=end_of(date(2026, 12, 25))))


def reported(chance: random.Random, body: dict[str, Any], period: Period) -> dict[str, Any]:
    """A head as it may stand: sent before the due instant or after it, corrected, in any state."""
    late = chance.random() < 0.2
    first = period.due + timedelta(minutes=chance.randint(1, 5_000) * (1 if late else -3))
    version = chance.choice((1, 1, 1, 2, 3))
    last = first + timedelta(minutes=chance.randint(1, 900)) * (version > 1)
    states = ("submitted", "submitted", "accepted", "accepted", "returned", "reopened")
    more = {"state": chance.choice(states), "version": version, "late": late}
    return {**body, **more, "first_sent": iso(first), "last_sent": iso(last)}


def site(folder: Path, count: int = UNITS) -> Site:
    """Units that differ as those of a province do; nine of ten have reported."""
    made = stored.site(folder, count, reported=True)
    _, period, _ = stored.at(made)
    chance = random.Random(f"grid {count}")
    changes: list[Change] = []
    for unit in stored.units(count):
        changes += drawn(chance, unit, period)
        key = keys.head(stored.PROGRAMME, period.key, unit.code)
        found = made.table.get(key)
        if found is None:
            raise LookupError(unit.code)
        body = reported(chance, dict(found.body), period)
        changes.append(Put(key, body, ANYTHING) if chance.random() < 0.9 else Delete(key, ANYTHING))
    for start in range(0, len(changes), MOST_CHANGES):
        made.table.write(*changes[start : start + MOST_CHANGES])
    return replace(made, public_url=scene.URL, server_key=lambda: b"k" * 32)


def at_the_desk(made: Site) -> Desk:
    """An officer who has just signed in."""
    session = access.open_session(made.table, "officer", made.clock(), email=OFFICER)
    return Desk(made, session.token)


def event(desk: Desk) -> Any:
    """What API Gateway hands over when the officer opens the grid."""
    asked = scene.event(desk, "GET", GRID, programme=stored.PROGRAMME)
    cookie = f"__Host-staff={desk.token}"
    asked["headers"]["Cookie"] = cookie
    asked["multiValueHeaders"]["Cookie"] = [cookie]
    return asked


def packed(body: str) -> int:
    """As the runner and API Gateway pack it."""
    return len(gzip.compress(body.encode(), 6))


def in_memory(made: Site) -> Site:
    """The same without an engine: what is measured is above the table."""
    table = MemoryTable()
    table.fill(made.table.everything())
    return replace(made, table=table)


def _compared(what: str, made: Site) -> Row:
    app.use(made)
    asked = event(at_the_desk(made))
    bare = _bare(*capture(lambda: app.app(asked, None)))
    spent = interleaved({"product": lambda: app.app(asked, None), "bare": bare}, _ROUNDS)
    return row(what, spent["product"], spent["bare"], "bare: the template", MOST)


def measure() -> list[Row]:
    _log_to_nobody()
    with tempfile.TemporaryDirectory() as folder:
        made = site(Path(folder))
        rows = [_compared(f"Grid of {UNITS:,} units, whole handler", in_memory(made))]
        what, ours, bare, found = _compared("… on SQLite, the engine's own reading included", made)
        rows.append((what, ours, bare, found.partition(" (")[0]))  # told beside it, not bound
        app.use(made)
        weight = packed(app.app(event(at_the_desk(made)), None)["body"])
    kept = "" if weight <= HEAVIEST else f" {BROKEN}"
    told = f"≤ {HEAVIEST / 1000:g} kB{kept}"
    rows.append((f"… its page, packed, of {UNITS:,} units", f"{weight / 1000:.1f} kB", "–", told))
    return rows
