"""What doesn't fit in memory comes back as it was kept, in the order of the places."""

import json
import random

import pytest

from chalicelib.rules.files import spool
from chalicelib.rules.files.spool import Lines, Records

# What JSON leaves as it is, and Python may take for the end of a line.
ODD = "một\u2028hai\x85ba\x1cbốn\x0bnăm"


@pytest.mark.guards(
    "official order, whatever the order of the codes; texts whole",
    "records as they came ✓",
    "`splitlines` ✓ (the last)",
)
def test_records_come_back_in_the_order_of_their_places_over_several_files():
    count = 3 * spool._SHARE + 5
    places = list(range(0, count, 3))
    random.Random(1).shuffle(places)  # noqa: S311 - an order, no secret
    kept = Records(count)
    for place in places:
        kept.keep(place, str(place), json.dumps(ODD, ensure_ascii=False))
    for _ in range(2):
        read = list(kept)
        assert [place for place, _ in read] == sorted(places)
        assert all(json.loads(texts[1]) == ODD for _, texts in read)
        assert all(int(texts[0]) == place for place, texts in read)


def test_a_record_kept_after_a_reading_is_in_the_next():
    kept = Records(3)
    kept.keep(2, "b")
    assert list(kept) == [(2, [b"b"])]
    kept.keep(0, "a")
    assert list(kept) == [(0, [b"a"]), (2, [b"b"])]


@pytest.mark.guards("official order, whatever the order of the codes; texts whole")
def test_lines_come_back_whole_whatever_they_hold():
    written = [f"{n} {ODD * (n % 50)}" for n in range(3_000)]
    lines = Lines()
    for start in range(0, 3_000, 700):
        lines.add(written[start : start + 700])
        list(lines)  # a reading between two writings
    assert list(lines) == written
    assert b"".join(lines.pieces()) == "".join(f"{one}\n" for one in written).encode()
    assert all(piece.endswith(b"\n") for piece in lines.pieces())


def test_nothing_kept_is_nothing_read():
    assert list(Lines()) == list(Records(0)) == list(Records(9)) == []
