"""What a unit hears about its report: what is wrong with a box, what became of a saving."""

from collections.abc import Mapping

from chalicelib.messages.frame.phones import BAD_PHONE
from chalicelib.messages.own_words import ITSELF
from chalicelib.rules.forms import value
from chalicelib.rules.forms.form import Indicator
from chalicelib.rules.reports.note import Answer
from chalicelib.rules.reports.report import Fault
from chalicelib.rules.texts import number

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
    "bad_phone": BAD_PHONE,
    "not_approved": "Báo cáo chỉ được gửi sau khi thủ trưởng đơn vị đã duyệt.",
    "no_reason": "Vui lòng ghi lý do điều chỉnh.",
    "no_na_reason": "Vui lòng ghi vì sao chỉ tiêu này không áp dụng cho quý đơn vị.",
    "no_nil_reason": "Kỳ trước quý đơn vị có số liệu. "
    "Vui lòng ghi vì sao kỳ này không phát sinh số liệu nào.",
    "reason_too_long": f"Lý do dài quá {value.LONGEST_NOTE} ký tự, vui lòng viết gọn.",
    "sender_too_long": "Nội dung quá dài, vui lòng viết gọn.",
}

# What a unit may answer about an odd value, in one tap.
ANSWERS: Mapping[str, str] = {
    "actual": "Số đúng, tăng/giảm thực tế",
    "season": "Theo thời điểm của năm học",
    "before": "Kỳ trước báo cáo chưa đúng",
    "scope": "Thay đổi phạm vi, cách tính",
    "other": "Lý do khác",
}

SENDER: Mapping[str, str] = {
    "by.name": "Họ và tên",
    "by.post": "Chức vụ",
    "by.phone": "Số điện thoại",
    "approved": "Đã được thủ trưởng duyệt",
    "reason": "Lý do điều chỉnh",
}

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


def answer(given: Answer) -> str:
    """An answer in words: its kind, and what was written with it; the text alone says "other"."""
    if given.kind == "other" and given.text:
        return given.text
    return ". ".join(filter(None, (ANSWERS.get(given.kind, ""), given.text)))
