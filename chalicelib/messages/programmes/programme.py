"""Sentences for those who keep a programme's form, periods and holidays."""

from collections.abc import Mapping

from chalicelib.messages.frame import uploads
from chalicelib.messages.own_words import BLOC, ITSELF_FIRST

FORM_FILE = "bieu-mau-{programme}-phien-ban-{version}.xlsx"

UPLOAD_FAULTS: Mapping[str, str] = {
    "no_file": "Vui lòng chọn tệp biểu mẫu (.xlsx, .csv hoặc .md).",
    **uploads.FAULTS,
    "form_too_large": "Biểu mẫu quá dài. Vui lòng rút gọn giải thích hoặc bớt chỉ tiêu.",
}

# What a column of an XLSForm, or a property of the form, is called on the page.
COLUMNS: Mapping[str, str] = {
    "title": "tên biểu mẫu",
    "label": "tên",
    "hint": "gợi ý",
    "about": "giải thích",
    "num_label": "tên tử số",
    "den_label": "tên mẫu số",
    "choices": "phương án",
    "section": "nội dung",
    "kind": "kiểu",
    "parts": "kiểu của tử số, mẫu số",
    "entered_by": "nơi nhập",
    "aggregate": "cách tổng hợp",
    "measured_in": "đơn vị tính",
    "direction": "chiều",
    "decimals": "số chữ số thập phân",
    "target": "mục tiêu",
    "blocs": BLOC,
    "asked": "kỳ hỏi",
    "as_of": "theo năm học, học kỳ",
    "valid_from": "từ ngày",
    "valid_to": "đến ngày",
    "jump": "ngưỡng báo thay đổi",
}

KINDS: Mapping[str, str] = {
    "count": "số đếm",
    "amount": "số lượng có phần thập phân",
    "ratio": "tỷ lệ",
    "yesno": "có/chưa",
    "choice": "chọn một",
    "text": "văn bản",
    "list": "danh sách",
    "rank": "thứ hạng",
    "unit": "đơn vị nhập",
    "department": f"{ITSELF_FIRST} nhập",
}

PERIOD_STATES: Mapping[str, str] = {
    "soon": "chưa mở",
    "open": "đang mở",
    "overdue": "đang mở, đã quá hạn gửi",
    "locked": "đã khóa",
}

DAYS: Mapping[str, str] = {
    "start": "Số liệu từ ngày",
    "end": "Đến ngày (ngày chốt số liệu)",
    "opens": "Ngày mở",
    "due": "Hạn gửi",
    "locks": "Ngày khóa",
}

PERIOD_FAULTS: Mapping[str, str] = {
    "empty": "Vui lòng nhập ô này.",
    "bad_day": "Vui lòng nhập ngày có thật dạng 17/12/2026.",
    "in_the_past": "Ngày này đã qua, vui lòng chọn từ hôm nay trở đi.",
    "already_open": "Kỳ này đã mở, không đổi ngày mở được nữa.",
    "not_open": "Kỳ này chưa mở nên chưa khóa được.",
    "already_locked": "Kỳ này đã khóa. Để mở lại, vui lòng dời ngày khóa.",
    "locks_before_opening": "Ngày khóa đã qua. Vui lòng dời ngày khóa trước khi mở.",
    "locks_before_due": "Ngày khóa không được trước hạn gửi.",
    "due_after_lock": "Hạn gửi không được sau ngày khóa. Vui lòng dời cả ngày khóa.",
    "opens_after_due": "Ngày mở không được sau hạn gửi.",
    "due_before_end": "Hạn gửi phải sau ngày chốt số liệu.",
    "ends_before_start": "Ngày chốt số liệu không được trước ngày đầu.",
    "nothing_changed": "Chưa có ngày nào thay đổi.",
    "no_reason": "Vui lòng ghi lý do.",
    "reason_too_long": "Lý do dài quá 300 ký tự, vui lòng viết gọn.",
    "forbidden_character": "Ô này có ký tự không đọc được, vui lòng xóa và gõ lại.",
    "bad_slug": "Mã kỳ gồm chữ thường không dấu, chữ số và dấu gạch nối, dài tối đa 38 ký tự, "
    "ví dụ an-toan-he.",
    "slug_taken": "Mã kỳ này đã có, vui lòng chọn mã khác.",
    "bad_label": "Tên kỳ dài quá 120 ký tự hoặc có ký tự không đọc được.",
    "no_such_form": "Vui lòng chọn một phiên bản biểu mẫu có trong danh sách.",
    "bad_year": "Vui lòng chọn năm của chương trình.",
    "bad_holiday": "Có dòng không phải ngày trong năm này: {given}. Mỗi dòng một ngày, "
    "dạng 30/04/2026.",
    "too_many_days": "Một năm không quá 60 ngày nghỉ.",
    "too_many_periods": "Quá nhiều kỳ trong một lần ({given} kỳ); vui lòng chọn kỳ muộn hơn.",
    "no_such_period": "Vui lòng chọn một kỳ có trong danh sách.",
    "changed_meanwhile": "Vừa có người khác thay đổi phần này, nên yêu cầu của quý vị chưa được "
    "thực hiện. Dưới đây là nội dung mới nhất; vui lòng xem lại rồi thực hiện lại.",
}
