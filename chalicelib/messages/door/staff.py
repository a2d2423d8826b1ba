"""Words of the page of staff accounts."""

from collections.abc import Mapping

from chalicelib.messages.own_words import ITSELF

ROLES: Mapping[str, str] = {"officer": f"Cán bộ {ITSELF}", "director": "Giám đốc"}

FAULTS: Mapping[str, str] = {
    "bad_email": "Vui lòng nhập địa chỉ thư điện tử công vụ, ví dụ chuyenvien@so.example.",
    "bad_role": "Vui lòng chọn vai trò.",
    "known": "Địa chỉ này đã có tài khoản; vui lòng đổi vai trò ở danh sách.",
    "unknown": "Không còn tài khoản này, có thể vừa được gỡ.",
    "last_officer": "Đây là cán bộ duy nhất còn lại nên không gỡ hoặc đổi vai trò được. "
    "Vui lòng thêm một cán bộ khác trước.",
    "bad_change": "Vui lòng chọn việc cần làm ở danh sách bên dưới.",
}

DONE: Mapping[str, str] = {
    "add": "Đã thêm tài khoản.",
    "role": "Đã đổi vai trò; phiên đăng nhập cũ của tài khoản đó đã kết thúc.",
    "remove": "Đã gỡ tài khoản; các phiên đăng nhập của tài khoản đó đã kết thúc.",
}

ADDED_SUBJECT = f"Tài khoản của quý vị trong hệ thống báo cáo của {ITSELF}"
# What became of the mail that tells a new colleague where to sign in.
MAILED: Mapping[str, str] = {
    "sent": "Đã gửi thư hướng dẫn đăng nhập đến người đó.",
    "written": "Thư hướng dẫn đăng nhập chỉ ghi vào hộp thư đi của máy này, không gửi ra ngoài. "
    "Vui lòng báo cho người đó đăng nhập tại:",
    "failed": "Thư hướng dẫn đăng nhập không gửi được. Vui lòng xem lại địa chỉ, rồi báo cho "
    "người đó đăng nhập tại:",
    "unknown": "Chưa rõ thư hướng dẫn đăng nhập đã đi hay chưa. Vui lòng báo cho người đó đăng "
    "nhập tại:",
}

LEAVER = "Cán bộ thôi phụ trách"  # why a link was replaced, as the log says it
