"""What came is "đã gửi", what the department took in "đã tiếp nhận": no page says "đã nhận"."""

import re
from pathlib import Path

import pytest

_RECEIVED = re.compile("đã nhận(?! ra)", re.IGNORECASE)  # "nhận ra" is recognised
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.guards("one word for what came, one for what was taken in", "the former words ✓")
@pytest.mark.parametrize("folder", ["chalicelib/messages", "templates", "infra", "docs"])
def test_nobody_says_received_of_what_was_only_sent(folder: str) -> None:
    files = [one for one in (ROOT / folder).rglob("*.*") if one.suffix not in (".png", ".pyc")]
    saying = [one.name for one in files if _RECEIVED.search(one.read_text("utf-8"))]
    assert len(files) > 5
    assert saying == []
