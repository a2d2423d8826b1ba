"""The unit list from a file, over HTTP: looked at first, then made current by one switch."""

from collections.abc import Callable
from datetime import date

import pytest

from chalicelib.edges import Site
from chalicelib.store import acts
from chalicelib.table import Item
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.conftest import NEW
from tests.unit_files import book, upload

OFFICER = "chuyenvien@vinhlong.example"
ROWS = [
    ("T01", "Trường THPT Chuyên Bến Tre", "T", date(2026, 1, 1)),  # as it is
    ("T02", "Trường THPT Đồ Chiểu", "T", date(2027, 1, 1)),  # renamed from a day on
    ("T03", "Trường THPT Lạc Long Quân", "GDTX", date(2027, 1, 1)),  # moved, by the bloc's name
    ("T04", "Trường THPT Võ Trường Toản", "T", date(2026, 1, 1), date(2026, 12, 31), "T01"),
    ("T90", "Trường THPT Mới", "T", date(2027, 1, 1)),
]


@pytest.fixture
def officer(as_staff: Callable[..., Visitor]) -> Visitor:
    return as_staff(OFFICER)


def look(officer: Visitor, content: bytes, name: str = "don-vi.xlsx", p: str = NEW) -> Reply:
    return upload(officer, officer.get(f"/desk/{p}/units/import"), content, name)


def stored(site: Site) -> list[Item]:
    """Everything but sessions and the record of acts."""
    return [i for i in site.table.everything() if i.key.partition.startswith(("UNITS", "PROGR"))]


def test_a_file_is_looked_at_before_anything_changes(site: Site, officer: Visitor) -> None:
    before = stored(site)
    page = look(officer, book(ROWS))
    assert page.status == 200
    said = page.body.decode()
    for words in ("Mới (1)", "Kết thúc (1)", "Đổi tên (1)", "Chuyển khối, cấp trên (1)"):
        assert words in said
    assert "<s>Trường THPT Nguyễn Đình Chiểu</s> → Trường THPT Đồ Chiểu" in said
    assert "Xác nhận ghi 4 thay đổi" in said
    assert stored(site) == before
    assert list(acts.acts(site.table, NEW, "2026-11")) == []
