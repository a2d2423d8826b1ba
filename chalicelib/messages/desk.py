"""Words for the department's officers."""

from collections.abc import Mapping

# What the record of acts calls each; a key of `audit.Act.verb`.
ACTS: Mapping[str, str] = {
    "accept": "Tiếp nhận báo cáo",
    "return": "Trả lại báo cáo",
    "reopen": "Mở lại báo cáo",
    "urge": "Bắt đầu một lượt đôn đốc",
    "remind": "Đôn đốc qua thư",
    "remind_again": "Đôn đốc qua thư lần nữa sau khi không gửi được",
    "remind_failed": "Thư đôn đốc không gửi được",
    "remind_unknown": "Thư đôn đốc chưa rõ đã gửi hay chưa",
    "add_staff": "Thêm tài khoản cán bộ",
    "change_staff": "Đổi vai trò của tài khoản cán bộ",
    "remove_staff": "Gỡ tài khoản cán bộ",
}
