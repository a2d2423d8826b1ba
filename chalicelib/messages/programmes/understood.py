"""What an uploaded form was understood to say: its targets, jumps and days in words."""

from collections.abc import Iterator
from decimal import Decimal

from chalicelib.messages.frame import dates
from chalicelib.messages.programmes.programme import COLUMNS
from chalicelib.rules.forms import indicator_target
from chalicelib.rules.forms.form import Indicator
from chalicelib.rules.texts import number

ONLY_SHOWN = "“{written}”, chỉ hiển thị, không dùng để so sánh"
NEVER, TIMES = "không hỏi", "hỏi khi gấp {factor} lần trở lên"


def cells(one: Indicator) -> Iterator[tuple[str, str, str]]:
    """The cells that are read as more than they say: column, its word, how it is read."""
    if one.target:
        goal = indicator_target.parse(one.target, one.kind)
        shown = indicator_target.shown(one.target, one.kind)
        yield "target", COLUMNS["target"], shown if goal else ONLY_SHOWN.format(written=one.target)
    for column, day in (("valid_from", one.valid_from), ("valid_to", one.valid_to)):
        if day:
            yield column, COLUMNS[column], dates.day(day)
    if one.jump:
        factor = "" if one.jump == "none" else number.shown(Decimal(one.jump))
        yield "jump", COLUMNS["jump"], TIMES.format(factor=factor) if factor else NEVER
