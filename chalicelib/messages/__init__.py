"""Every sentence that code, not a template, says to a unit: Vietnamese, polite, brief."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from types import EllipsisType

from chalicelib.messages.own_words import ITSELF
from chalicelib.rules.forms import value
from chalicelib.rules.forms.form import Indicator
from chalicelib.rules.forms.value import Figure, Text
from chalicelib.rules.reports.report import Fault
from chalicelib.rules.texts import number
from chalicelib.rules.texts.clock import VIETNAM
from chalicelib.rules.texts.period_key import kind

FAULTS: Mapping[str, str] = {
    "not_a_number": "Vui lòng nhập số, ví dụ 12.",
    "not_whole": "Chỉ tiêu này là số đếm, vui lòng nhập số nguyên.",
    "negative": "Số liệu không được âm, vui lòng kiểm tra lại.",
    "too_many_digits": f"Số có quá {number.MOST_DIGITS} chữ số, vui lòng kiểm tra lại.",
    "ambiguous": "Số này có thể hiểu theo hai cách, vui lòng chọn một.",
    "half_a_ratio": "Vui lòng nhập đủ cả hai ô.",
    "numerator_above_denominator": "Số này không được lớn hơn ô tổng số, vui lòng kiểm tra lại.",
    "nil_beside_value": "Đã chọn “không phát sinh” hoặc “không áp dụng” nhưng vẫn có số liệu. "
    "Vui lòng xóa số liệu hoặc chọn lại “có số liệu”.",
    "value_in_nil_report": "Đã chọn không phát sinh cho cả kỳ nhưng ô này có nội dung. "
    "Vui lòng xóa nội dung ô này, hoặc bỏ chọn không phát sinh cho cả kỳ.",
    "unknown_state": "Lựa chọn không hợp lệ, vui lòng chọn lại.",
    "unknown_choice": "Vui lòng chọn một trong các phương án.",
    "forbidden_character": "Ô này có ký tự không đọc được (ký tự điều khiển hoặc đảo chiều chữ), "
    "vui lòng xóa và gõ lại.",
    "text_too_long": f"Nội dung dài quá {number.shown(value.LONGEST_TEXT)} ký tự, "
    "vui lòng viết gọn.",
    "too_many_lines": f"Danh sách có quá {value.MOST_LINES} dòng, vui lòng rút gọn.",
    "line_too_long": f"Có dòng dài quá {value.LONGEST_LINE} ký tự, vui lòng viết gọn.",
    "note_too_long": f"Giải thích dài quá {value.LONGEST_NOTE} ký tự, vui lòng viết gọn.",
    "report_too_large": "Báo cáo quá dài (hơn 100 kB), vui lòng viết gọn các ô nội dung.",
    "unknown_field": "Có nội dung không thuộc báo cáo này, có thể do biểu mẫu vừa thay đổi. "
    "Nội dung đó chưa được nhận; vui lòng xem lại số liệu rồi bấm lần nữa.",
    "left_empty": "Ô này còn trống.",
    "no_name": "Vui lòng nhập họ tên người lập báo cáo.",
    "no_post": "Vui lòng nhập chức vụ của người lập báo cáo.",
    "no_phone": f"Vui lòng nhập số điện thoại để {ITSELF} liên hệ khi cần.",
    "not_approved": "Báo cáo chỉ được gửi sau khi thủ trưởng đơn vị đã duyệt.",
    "no_reason": "Vui lòng ghi lý do điều chỉnh.",
    "reason_too_long": f"Lý do dài quá {value.LONGEST_NOTE} ký tự, vui lòng viết gọn.",
    "sender_too_long": "Nội dung quá dài, vui lòng viết gọn.",
}

SENDER: Mapping[str, str] = {
    "by.name": "Họ và tên",
    "by.post": "Chức vụ",
    "by.phone": "Số điện thoại",
    "approved": "Đã được thủ trưởng duyệt",
    "reason": "Lý do điều chỉnh",
}

STATES: Mapping[str, str] = {
    "missing": "Chưa gửi",
    "submitted": "Đã gửi",
    "accepted": "Đã tiếp nhận",
    "returned": "Đang trả lại",
    "reopened": "Đang mở lại",
}

MISSING = "Chưa có"
LEFT_EMPTY = "(để trống)"  # a text that nobody wrote states nothing
TIMING: Mapping[bool, str] = {False: "Đúng hạn", True: "Gửi trễ hạn"}
YES, NO = "Có", "Không"
PERCENT = "{share}\u00a0%"
CHANGED = "{old} → {new}"
NIL_REPORT = "Không phát sinh cả kỳ"
TOLD = "Có số liệu"  # of a field that has a value
# Of a field: what else it says than its value.
STATE_OF, NOTE_OF, NOTE = "{label} (tình trạng)", "Giải thích: {label}", "{label} (giải thích)"
VALUE_STATES: Mapping[str, str] = {"nil": "Không phát sinh", "na": "Không áp dụng"}

CLASHED = "Có ô được nhập hai nội dung khác nhau. Cả hai đều được giữ; vui lòng chọn nội dung đúng."
SENT_MEANWHILE = (
    "Quý đơn vị vừa gửi báo cáo từ nơi khác. Nội dung nhập ở đây chưa được gửi và vẫn được giữ."
)
SENT_OFTEN = (
    "Quý đơn vị đã gửi báo cáo này nhiều lần trong một giờ qua. Nội dung vừa nhập đã được giữ; "
    "vui lòng gửi lại từ lúc {moment}."
)
FULL = (
    "Đã có năm nội dung còn giữ nên chưa lưu thêm được. "
    "Vui lòng tải lại trang, dùng lại hoặc bỏ các nội dung đó, rồi lưu lại."
)

SIGN_IN: Mapping[str, str] = {
    "bad_email": "Vui lòng nhập địa chỉ thư điện tử công vụ.",
    "bad_code": "Mã không đúng hoặc đã hết hạn. Vui lòng kiểm tra lại, bấm đường dẫn trong thư, "
    "hoặc xin mã mới.",
    "waiting": "Đã có nhiều mã sai nên mã vừa nhập chưa được kiểm tra. "
    "Vui lòng bấm đường dẫn trong thư mới nhất để vào ngay.",
    "again": "Muốn nhập mã, vui lòng thử lại lúc {at}, với mã mới nếu mã này đã quá 15 phút.",
    "subject": "Mã đăng nhập hệ thống báo cáo: {code}",
}

AGGREGATES: Mapping[str, str] = {
    "sum": "Tổng trong kỳ",
    "latest": "Tổng tại thời điểm chốt",
    "ratio": "Tỷ lệ trong kỳ",
    "latest_ratio": "Tỷ lệ tại thời điểm chốt",
    "list": "Danh sách",
    "count_yes": "Số đơn vị trả lời có",
    "none": "Không cộng",
}

_QUARTERS = {"Q1": "I", "Q2": "II", "Q3": "III", "Q4": "IV"}
_HALVES = {"H1": "6 tháng đầu", "H2": "6 tháng cuối", "9M": "9 tháng"}


def period_label(key: str) -> str:
    """2026-Q4 is "Quý IV năm 2026". Custom periods carry a label of their own."""
    year, _, part = key.partition("-")
    match kind(key):
        case "M":
            return f"Tháng {part[1:]} năm {year}"
        case "Q":
            return f"Quý {_QUARTERS[part]} năm {year}"
        case "Y":
            return f"Năm {year}"
        case _:
            return f"{_HALVES[part]} năm {year}"


def day(instant: datetime | date) -> str:
    """dd/MM/yyyy in Việt Nam."""
    if isinstance(instant, datetime):
        instant = instant.astimezone(VIETNAM).date()
    return instant.strftime("%d/%m/%Y")


def moment(instant: datetime) -> str:
    """As "16:05 ngày 17/12/2026", in Việt Nam."""
    return instant.astimezone(VIETNAM).strftime("%H:%M ngày %d/%m/%Y")


def minute(instant: datetime) -> str:
    """As "16:05", in Việt Nam: the first whole minute that is not before the instant."""
    return whole_minute(instant).astimezone(VIETNAM).strftime("%H:%M")


def whole_minute(instant: datetime) -> datetime:
    """The first that is not before the instant: from when something may be done again."""
    begun = instant.replace(second=0, microsecond=0)
    return begun if begun == instant else begun + timedelta(minutes=1)


def entered(indicator: Indicator, found: Figure | Text | EllipsisType) -> str:
    """What the department entered, also the states that are no value; empty for nothing (...)."""
    if found is ...:
        return ""
    if found is value.NIL or found is value.NOT_APPLICABLE:
        return VALUE_STATES["nil" if found is value.NIL else "na"]
    return value.shown(indicator, found)


def fault(found: Fault, indicator: Indicator | None) -> str:
    """The sentence for one fault, beginning with the field's own name."""
    sentence = FAULTS[found.problem]
    if indicator is None:
        return sentence
    name = indicator.label
    if indicator.kind == "ratio":
        part = indicator.den_label if found.field.endswith(".den") else indicator.num_label
        name = f"{name} ({part})"
    return f"{name}: {sentence}"


def sender_fault(found: Fault) -> str:
    """The sentence for one fault of the check page's own boxes, with the box's name."""
    sentence = FAULTS[found.problem]
    names_itself = found.problem not in ("forbidden_character", "sender_too_long")
    return sentence if names_itself else f"{SENDER[found.field]}: {sentence}"
