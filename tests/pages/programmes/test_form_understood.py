"""The preview of a form says how its cells were read, before anybody confirms them."""

import pytest

from chalicelib.messages.programmes import understood
from tests.builders import indicator


@pytest.mark.guards(
    "the preview of a form shows what was understood",
    "the target as written ✓",
    "no jump shown ✓",
)
@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        ("count", {"target": ">=1.000"}, "mục tiêu: ≥ 1.000"),
        ("ratio", {"target": ">=98,5%"}, "mục tiêu: ≥ 98,5%"),
        ("ratio", {"target": ">=1.000%"}, "mục tiêu: ≥ 1%"),
        ("count", {"target": "Tăng"}, "mục tiêu: “Tăng”, chỉ hiển thị, không dùng để so sánh"),
        ("count", {"jump": "none"}, "ngưỡng báo thay đổi: không hỏi"),
        ("count", {"jump": "2.5"}, "ngưỡng báo thay đổi: hỏi khi gấp 2,5 lần trở lên"),
        ("count", {"valid_from": "2026-01-01"}, "từ ngày: 01/01/2026"),
        ("count", {}, ""),
    ],
)
def test_a_cell_is_said_as_it_is_read(kind: str, given: dict[str, str], said: str) -> None:
    one = indicator(kind=kind, **given)
    assert "; ".join(f"{word}: {how}" for _, word, how in understood.cells(one)) == said
