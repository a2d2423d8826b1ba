"""Words of the grid, of the years and of the terms of a unit, for the department's officers."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from chalicelib.messages.own_words import BLOC_FIRST, ITSELF, ITSELF_FIRST
from chalicelib.rules.progress.progress import Timing
from chalicelib.rules.texts.clock import VIETNAM

# What the grid can be narrowed to; the keys of progress.STATES.
CHOICES: Mapping[str, str] = {
    "missing": "Chưa gửi",
    "overdue": "Quá hạn chưa gửi",
    "locked": "Chưa gửi (kỳ đã khóa)",
    "received": "Đã gửi",
    "submitted": "Đã gửi, chờ tiếp nhận",
    "accepted": "Đã tiếp nhận",
    "returned": "Đang trả lại",
    "reopened": "Đang mở lại",
    "on_time": "Gửi đúng hạn",
    "late": "Gửi trễ hạn",
    "extended": "Được gia hạn",
    "exempt": "Được miễn",
}
ORDERS: Mapping[str, str] = {"official": "Thứ tự chính thức", "alphabet": "Thứ tự chữ cái"}
FIELDS: Mapping[str, str] = {
    "q": "Tìm đơn vị",
    "bloc": BLOC_FIRST,
    "state": "Trạng thái",
    "order": "Thứ tự",
    "year": "Năm",
}
COUNTS: Mapping[str, str] = {
    "expected": "Phải gửi",
    "received": "Đã gửi",
    "on_time": "Đúng hạn",
    "late": "Trễ hạn",
    "returned": "Đang trả lại",
    "missing": "Chưa gửi",
}

EXEMPT = "Được miễn"
HOUR = timedelta(hours=1)

_TIMES: Mapping[str, str] = {
    "exempt": "",
    "on_time": "Đúng hạn",
    "late": "Trễ {by}",
    "left": "",
    "overdue": "Quá hạn {by}",
    "locked": "",
    "before": "",
    "answer_left": "Còn {by} để gửi lại",
    "answer_overdue": "Quá hạn gửi lại {by}",
    "being_answered": "Chờ gửi lại",
}

# A sign and a word for each cell of unit × period; the sign alone says nothing to anybody.
CELLS: Mapping[str, tuple[str, str]] = {
    "submitted": ("✓", "Đã gửi"),
    "accepted": ("✓", "Đã tiếp nhận"),
    "reopened": ("↻", "Mở lại"),
    "returned": ("↩", "Trả lại"),
    "missing": ("○", "Chưa gửi"),
    "overdue": ("✗", "Quá hạn"),
    "locked": ("✗", "Chưa gửi (kỳ đã khóa)"),
    "before": ("·", "Không thu"),
    "exempt": ("–", "Miễn"),
    "ended": ("■", "Đã kết thúc"),
    "not_yet": ("·", "Chưa có"),
    "not_owed": ("·", "Không phải gửi"),
}
CELL_LATE = "trễ"
LEGEND: tuple[tuple[str, str], ...] = (
    ("✓ Đã gửi", f"chờ {ITSELF} tiếp nhận"),
    ("✓ Đã tiếp nhận", f"{ITSELF_FIRST} đã xem và tiếp nhận"),
    ("· trễ", "lần gửi đầu sau hạn"),
    ("↩ Trả lại", f"{ITSELF_FIRST} trả lại, chờ đơn vị gửi lại"),
    ("↻ Mở lại", f"{ITSELF_FIRST} mở lại, số liệu vẫn được tính"),
    ("○ Chưa gửi", "chưa đến hạn"),
    ("✗ Quá hạn", "đã hết hạn, chưa gửi, vẫn còn gửi được"),
    ("✗ Chưa gửi (kỳ đã khóa)", "không còn gửi được, trừ khi được gia hạn"),
    ("· Không thu", "kỳ đã khóa trước khi chương trình bắt đầu trên hệ thống"),
    ("– Miễn", "được miễn kỳ này"),
    ("■ Đã kết thúc", "đơn vị kết thúc trước ngày chốt"),
    ("· Chưa có", "đơn vị chưa có vào ngày chốt"),
    ("· Không phải gửi", "đã gửi nhưng không thuộc danh sách phải gửi của kỳ"),
)

TERM_FAULTS: Mapping[str, str] = {
    "no_unit": "Vui lòng chọn một đơn vị phải gửi báo cáo kỳ này.",
    "no_reason": "Vui lòng ghi lý do.",
    "reason_too_long": "Lý do dài quá 500 ký tự, vui lòng viết gọn.",
    "forbidden_character": "Lý do có ký tự không đọc được, vui lòng xóa và gõ lại.",
    "no_day": "Vui lòng ghi ngày theo dạng 25/12/2026.",
    "not_after_due": "Ngày gia hạn phải sau hạn chung của kỳ báo cáo.",
    "day_is_past": "Ngày gia hạn đã qua, vui lòng chọn từ hôm nay trở đi.",
    "day_too_far": "Ngày gia hạn cách hạn chung quá một năm, vui lòng kiểm tra lại.",
    "is_exempt": "Đơn vị đang được miễn kỳ này; vui lòng bỏ miễn trước khi gia hạn.",
    "changed": "Việc miễn, gia hạn của đơn vị này vừa được thay đổi; hiện nay như ghi dưới đây. "
    "Chưa có gì được thực hiện; vui lòng xem lại rồi bấm lần nữa.",
    "shorter": "Ngày này sớm hơn hạn mà đơn vị đang có. "
    "Nếu muốn rút ngắn, vui lòng đánh dấu “Rút ngắn hạn đã cho” rồi bấm lần nữa.",
    "sent_meanwhile": "Báo cáo của đơn vị vừa thay đổi. Chưa có gì được thực hiện; "
    "vui lòng xem lại rồi bấm lần nữa.",
}
DONE: Mapping[str, str] = {
    "exempt": "Đã miễn báo cáo kỳ này.",
    "unexempt": "Đã bỏ miễn; đơn vị lại phải gửi báo cáo kỳ này.",
    "extend": "Đã gia hạn.",
    "unextend": "Đã bỏ gia hạn; đơn vị theo hạn chung.",
}
# What became of each unit of a bloc that was given more time.
OUTCOMES: Mapping[str, str] = {
    "extend": "Chưa thực hiện, vui lòng gia hạn lại",
    "done": "Đã gia hạn đến ngày này",
    "later": "Giữ hạn muộn hơn đã cho",
    "exempt": "Được miễn, không cần gia hạn",
}


def lasting(span: timedelta) -> str:
    """Days and hours, or what is less; never more than has passed."""
    minutes = span // timedelta(minutes=1)
    if minutes < 1:
        return "dưới 1 phút"
    if minutes < 60:
        return f"{minutes} phút"
    days, hours = divmod(minutes // 60, 24)
    parts = ([f"{days} ngày"] if days else []) + ([f"{hours} giờ"] if hours else [])
    return " ".join(parts)


def told(timing: Timing) -> str:
    """Where a unit stands in time; empty where its state says it all."""
    if timing.name == "late" and timing.by is None:
        return "Gửi trễ hạn"
    return _TIMES[timing.name].format(by=lasting(timing.by) if timing.by is not None else "")


def stamp(instant: datetime) -> str:
    """As "17/12/2026 16:05", in Việt Nam: short enough for a table."""
    return instant.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M")


def cell(kind: str, *, late: bool) -> str:
    """A cell of unit × period in words."""
    word = CELLS[kind][1]
    return f"{word}, {CELL_LATE}" if late else word
