"""Words for the department's officers."""

from collections.abc import Mapping

from chalicelib.messages.own_words import ITSELF

FILE = "tong-hop-{programme}-{period}.{ending}"  # of a summary

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
    "enter_figures": f"Nhập số liệu của {ITSELF}",
    "issue_link": "Cấp đường dẫn",
    "reissue_link": "Cấp lại đường dẫn",
    "revoke_link": "Thu hồi đường dẫn",
    "handover": "Bàn giao đường dẫn",
    "queue_links": "Xếp hàng gửi thư có đường dẫn",
    "mail_link": "Gửi thư có đường dẫn",
    "link_mailed": "Kết quả gửi thư có đường dẫn",
    "resend_link": "Gửi lại đường dẫn theo yêu cầu ở trang chung",
    "change_contact": "Sửa thông tin liên hệ",
    "propose_mailbox": "Đề nghị đổi hộp thư",
    "confirm_mailbox": "Xác nhận hộp thư",
    "refuse_mailbox": "Từ chối hộp thư đề nghị",
    "exempt": "Miễn báo cáo",
    "unexempt": "Bỏ miễn báo cáo",
    "extend": "Gia hạn gửi báo cáo",
    "unextend": "Bỏ gia hạn gửi báo cáo",
    "paper": "Nhập báo cáo giấy",
    "ask_extend": "Đơn vị xin gia hạn",
    "ask_reopen": "Đơn vị xin mở lại",
    "grant_extend": "Chấp thuận gia hạn",
    "grant_reopen": "Chấp thuận mở lại",
    "refuse_extend": "Không chấp thuận gia hạn",
    "refuse_reopen": "Không chấp thuận mở lại",
    "close_extend": "Khép lại đề nghị gia hạn",
    "close_reopen": "Khép lại đề nghị mở lại",
    "urge": "Bắt đầu một lượt đôn đốc",
    "remind": "Đôn đốc qua thư",
    "remind_again": "Đôn đốc qua thư lần nữa sau khi không gửi được",
    "remind_failed": "Thư đôn đốc không gửi được",
    "remind_unknown": "Thư đôn đốc chưa rõ đã gửi hay chưa",
    "add_staff": "Thêm tài khoản cán bộ",
    "change_staff": "Đổi vai trò của tài khoản cán bộ",
    "remove_staff": "Gỡ tài khoản cán bộ",
    "print_sign_in": "In đường dẫn đăng nhập của cán bộ trên máy chủ",
    "rotate_key": "Thay khóa máy chủ",
    "lift_mark": "Bỏ dấu hộp thư không nhận",
    "units_import": "Nhập danh sách đơn vị",
    "unit_change": "Thay đổi đơn vị",
    "unit_end": "Kết thúc đơn vị",
}

# A period with many units is summed by itself while the page is shown.
SUMMING = (
    "Đang tổng hợp. Bản dưới đây là của lần tổng hợp lúc {at}; vui lòng tải lại trang sau khoảng "
    "một phút. Nếu không có báo cáo nào thay đổi thì bản này giữ nguyên."
)
SUMMING_FIRST = "Đang tổng hợp lần đầu. Vui lòng tải lại trang sau khoảng một phút."
SUMMED = "Đã tổng hợp xong lúc {at}."
NOT_SUMMED = (
    "Lần tổng hợp yêu cầu lúc {pressed} chưa có bản mới: không có gì thay đổi, hoặc tổng hợp chưa "
    "xong. Vui lòng bấm lại nếu có báo cáo đã thay đổi; hệ thống cũng tự tổng hợp mỗi giờ."
)

# Mails that strangers may ask for, once they have used up an hour's; a key of `ceilings.used_up`.
PAUSED: Mapping[str, str] = {
    "links": "Thư gửi lại đường dẫn tạm dừng đến {at}: trong giờ này, thư do người chưa đăng "
    f"nhập yêu cầu đã gần đủ {{most}} thư cho phép. Thư do cán bộ {ITSELF} gửi vẫn đi bình "
    "thường; đơn vị nào cần gấp, quý vị gửi từ trang “Đường dẫn”. Nếu không rõ vì sao, vui lòng "
    "báo người quản trị hệ thống.",
    "all": "Thư gửi lại đường dẫn, và thư đăng nhập cho máy chưa từng đăng nhập, tạm dừng đến "
    "{at}: trong giờ này, thư do người chưa đăng nhập yêu cầu đã đủ {most} thư cho phép. Máy đã "
    f"từng đăng nhập vẫn nhận được mã, thư do cán bộ {ITSELF} gửi vẫn đi bình thường. "
    "Nếu không rõ vì sao, vui lòng báo người quản trị hệ thống.",
}
