"""Words for the department's officers."""

from collections.abc import Mapping

# What the record of acts calls each; a key of `audit.Act.verb`.
ACTS: Mapping[str, str] = {
    "accept": "Tiếp nhận báo cáo",
    "return": "Trả lại báo cáo",
    "reopen": "Mở lại báo cáo",
    "offer_form": "Tải lên biểu mẫu để xem trước",
    "adopt_form": "Áp dụng biểu mẫu",
    "open_period": "Mở kỳ báo cáo",
    "lock_period": "Khóa kỳ báo cáo",
    "move_period": "Đổi ngày của kỳ báo cáo",
    "add_period": "Thêm kỳ báo cáo",
    "change_holidays": "Đổi ngày nghỉ",
    "enter_figures": "Nhập số liệu của Sở",
}
