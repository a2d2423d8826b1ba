"""What a report, a value and a total are called: states, lateness, ways of adding up."""

from collections.abc import Mapping
from types import EllipsisType

from chalicelib.rules.forms import value
from chalicelib.rules.forms.form import Indicator
from chalicelib.rules.forms.value import Figure, Text

STATES: Mapping[str, str] = {
    "missing": "Chưa gửi",
    "locked": "Chưa gửi (kỳ đã khóa)",
    "before": "Không thu (kỳ trước khi chương trình bắt đầu)",
    "submitted": "Đã gửi",
    "accepted": "Đã tiếp nhận",
    "returned": "Đang trả lại",
    "reopened": "Đang mở lại",
    "reopening_over": "Đã hết thời hạn mở lại",
}

MISSING = "Chưa có"
LEFT_EMPTY = "(để trống)"  # a text that nobody wrote states nothing
TIMING: Mapping[bool, str] = {False: "Đúng hạn", True: "Gửi trễ hạn"}
YES, NO = "Có", "Không"
PERCENT = "{share}\u00a0%"
NIL_REPORT = "Không phát sinh cả kỳ"
NIL_WHY = "Vì sao không phát sinh cả kỳ"
TOLD = "Có số liệu"  # of a field that has a value
# Of a field: what else it says than its value.
STATE_OF, NOTE_OF, NOTE = "{label} (tình trạng)", "Giải thích: {label}", "{label} (giải thích)"
WHY_OF = "{label} (vì sao thay đổi nhiều)"
VALUE_STATES: Mapping[str, str] = {"nil": "Không phát sinh", "na": "Không áp dụng"}

AGGREGATES: Mapping[str, str] = {
    "sum": "Tổng trong kỳ",
    "latest": "Tổng tại thời điểm chốt",
    "ratio": "Tỷ lệ trong kỳ",
    "latest_ratio": "Tỷ lệ tại thời điểm chốt",
    "list": "Danh sách",
    "count_yes": "Số đơn vị trả lời có",
    "none": "Không cộng",
}


def entered(indicator: Indicator, found: Figure | Text | EllipsisType) -> str:
    """What the department entered, also the states that are no value; empty for nothing (...)."""
    if found is ...:
        return ""
    if found is value.NIL or found is value.NOT_APPLICABLE:
        return VALUE_STATES["nil" if found is value.NIL else "na"]
    return value.shown(indicator, found)
