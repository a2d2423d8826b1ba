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
}
