"""Words about whom to reach at a unit."""

from collections.abc import Mapping

from chalicelib.messages.frame.phones import BAD_PHONE
from chalicelib.messages.own_words import ITSELF
from chalicelib.rules.units.contact import LONGEST_NAME

FIELDS: Mapping[str, str] = {
    "mailbox": "Hộp thư điện tử của đơn vị",
    "head": "Thủ trưởng đơn vị",
    "preparer": "Người lập báo cáo",
    "phone": "Số điện thoại liên hệ",
}

FAULTS: Mapping[str, str] = {
    "bad_mailbox": "Địa chỉ thư chưa đúng, ví dụ đúng: vanthu@donvi.example.",
    "bad_phone": BAD_PHONE,
    "name_too_long": f"Nội dung dài quá {LONGEST_NAME} ký tự, vui lòng viết gọn.",
    "several_lines": "Vui lòng viết trên một dòng.",
    "forbidden_character": "Ô này có ký tự không đọc được, vui lòng xóa và gõ lại.",
    "changed": "Thông tin liên hệ vừa được sửa ở nơi khác, nên chưa lưu. "
    "Vui lòng đối chiếu với thông tin đang lưu rồi bấm lưu lần nữa.",
}

KEPT: Mapping[str, str] = {
    "kept": "Đã lưu thông tin liên hệ.",
    "proposed": f"Đã lưu. Hộp thư mới chờ {ITSELF} xác nhận; "
    "trong khi chờ, thư vẫn gửi đến hộp thư cũ.",
    "confirmed": "Đã xác nhận hộp thư mới của {unit}.",
    "refused": "Đã từ chối hộp thư do {unit} đề nghị; hộp thư đã đăng ký giữ nguyên.",
    "other": "Đề nghị của {unit} vừa thay đổi hoặc đã được xử lý, nên chưa có gì thay đổi. "
    "Vui lòng xem lại danh sách.",
}
NOTICE: Mapping[str, str] = {
    "sent": "Đã gửi thư báo cho hộp thư cũ.",
    "written": "Thư báo cho hộp thư cũ chỉ ghi vào hộp thư đi của máy này, không gửi ra ngoài.",
    "failed": "Thư báo cho hộp thư cũ chưa gửi được.",
    "unknown": "Chưa rõ thư báo cho hộp thư cũ đã gửi hay chưa.",
    "none": "",
}
NO_MAILBOX = "(chưa có)"
NOTICE_SUBJECT = "Đã đổi hộp thư đăng ký của {unit}"
