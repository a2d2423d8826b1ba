"""A QR code read back as a camera would: from pixels."""

import re

import pytest
import zxingcpp

from chalicelib.rules.access import qr

LINKS = (
    "http://127.0.0.1:8000/u/" + "A" * 27,
    "https://baocao.sogddt.vinhlong.example/api/u/_BBiJTpoJX-izVAj2CCH14md1tg",
)
SCALE = 4


def pixels(svg: str) -> memoryview:
    """The drawing as grey pixels: strokes of width 1 along the middle of rows, moves relative."""
    side = int(re.findall(r'viewBox="0 0 (\d+) \1"', svg)[0])
    rows = [bytearray(b"\xff" * side) for _ in range(side)]
    x, y = 0.0, 0.0
    for step, across, down in re.findall(r"([Mmh])(-?[\d.]+)(?: (-?[\d.]+))?", svg):
        if step == "M":
            x, y = float(across), float(down)
        elif step == "m":
            x, y = x + float(across), y + float(down)
        else:
            for place in range(int(x), int(x + float(across))):
                rows[int(y)][place] = 0
            x += float(across)
    wide = [bytes(b for b in row for _ in range(SCALE)) for row in rows for _ in range(SCALE)]
    return memoryview(b"".join(wide)).cast("B", [side * SCALE, side * SCALE])


@pytest.mark.guards(
    "what a camera reads is the unit's own link, from pixels and from paper",
    "another text in the code ✓",
    "no page breaks ✓, slips too high ✓ (the third)",
)
@pytest.mark.parametrize("link", LINKS)
def test_what_a_camera_reads_is_the_link(link: str) -> None:
    (found,) = zxingcpp.read_barcodes(pixels(qr.drawn(link)))
    assert found.text == link


def test_a_dirty_corner_does_not_matter() -> None:
    grey = pixels(qr.drawn(LINKS[1]))
    side = grey.shape[0]  # type: ignore[index]
    spoiled = bytearray(grey.tobytes())
    for row in range(side // 2, side // 2 + side // 6):
        spoiled[row * side + side // 2 : row * side + side // 2 + side // 3] = b"\x00" * (side // 3)
    (found,) = zxingcpp.read_barcodes(memoryview(spoiled).cast("B", [side, side]))
    assert found.text == LINKS[1]


def test_the_page_needs_no_style_of_the_drawing() -> None:
    """The policy of our pages lets no style attribute in."""
    assert "style" not in qr.drawn(LINKS[0])
