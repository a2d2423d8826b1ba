"""Words about units' links: on the desk, on paper, in mails, and for a unit that hands over."""

from collections.abc import Mapping

from chalicelib.messages.frame.mails import WRITTEN
from chalicelib.messages.own_words import BLOC, ITSELF

STATES: Mapping[str, str] = {
    "none": "Chưa cấp",
    "working": "Đang dùng",
    "ended": "Đã thu hồi",
}

# What an officer's act on chosen units needs before anything is done.
FAULTS: Mapping[str, str] = {
    "no_action": "Vui lòng chọn việc cần làm bằng một trong các nút bên dưới.",
    "none_chosen": "Chưa chọn đơn vị nào. Vui lòng đánh dấu đơn vị trong danh sách, "
    "hoặc chọn “Tất cả đơn vị trong danh sách”.",
    "too_many": f"Vui lòng đánh dấu tối đa {{most}} đơn vị một lần, hoặc lọc theo {BLOC} rồi "
    "chọn “Tất cả đơn vị trong danh sách”.",
    "not_sure": "Việc này làm đường dẫn và tờ mã QR đã phát của đơn vị không còn dùng được. "
    "Vui lòng đánh dấu ô xác nhận rồi bấm lại.",
    "unread_page": "Trang này không còn đúng. Vui lòng tải lại trang rồi chọn lại.",
}

DONE: Mapping[str, str] = {
    "issue": "Đã cấp đường dẫn cho {n} đơn vị.",
    "reissue": "Đã cấp lại đường dẫn cho {n} đơn vị. Đường dẫn cũ không dùng được nữa; báo "
    "cáo đã đóng trên các máy đang mở.",
    "revoke": "Đã thu hồi đường dẫn của {n} đơn vị. Báo cáo đã đóng trên các máy đang mở.",
}
NOTHING_DONE = "Chưa có gì thay đổi."
SKIPPED: Mapping[str, str] = {
    "issue": "đã có đường dẫn đang dùng",
    "reissue": "đường dẫn vừa được thay đổi sau khi trang trước mở",
    "revoke": "không có đường dẫn đang dùng, hoặc vừa được thay đổi sau khi trang trước mở",
}
LEFT = "Còn {left} đơn vị chưa được xử lý."

MAILINGS: Mapping[str, str] = {
    "queued": "Chờ gửi",
    "sending": "Đang gửi",
    "unknown": "Chưa rõ đã gửi hay chưa",
    "sent": "Đã gửi",
    "written": WRITTEN,
    "failed": "Không gửi được",
    "no_mailbox": "Chưa có hộp thư",
    "no_link": "Chưa có đường dẫn gửi được",
}

MAIL_SUBJECT = "Đường dẫn báo cáo của {unit}"

RESEND: Mapping[str, str] = {
    "empty": "Vui lòng nhập mã đơn vị, tên đơn vị, hoặc địa chỉ thư điện tử của đơn vị.",
    "unreadable": "Nội dung này không đọc được, vui lòng xóa và gõ lại.",
    "too_long": "Nội dung quá dài. Vui lòng nhập mã đơn vị, tên đơn vị, hoặc địa chỉ thư điện tử.",
}

HANDOVER: Mapping[str, str] = {
    "not_sure": "Vui lòng đánh dấu ô xác nhận rồi bấm lại.",
    "no_mailbox": "Đơn vị chưa có hộp thư đã đăng ký nên chưa bàn giao được ở đây: đường dẫn mới "
    f"không có nơi để gửi. Vui lòng đề nghị hộp thư ở trang “Thông tin liên hệ” và chờ {ITSELF} "
    f"xác nhận, hoặc gọi cho {ITSELF} theo số bên dưới để được cấp đường dẫn mới.",
    "mail_failed": "Thư có đường dẫn mới chưa gửi được, hoặc chưa rõ đã gửi hay chưa, nên chưa có "
    "gì thay đổi: đường dẫn cũ vẫn dùng được. Vui lòng thử lại sau ít phút, hoặc gọi cho "
    f"{ITSELF} theo số bên dưới.",
}
HANDED_OVER: Mapping[str, str] = {
    "sent": "Đã bàn giao: đường dẫn cũ không dùng được nữa, báo cáo đã đóng trên các máy đang "
    "mở; bản nháp vẫn còn. "
    "Đường dẫn mới đã gửi đến hộp thư của đơn vị.",
    "written": "Đã bàn giao: đường dẫn cũ không dùng được nữa, báo cáo đã đóng trên các máy đang "
    "mở; bản nháp vẫn còn. "
    "Thư có đường dẫn mới chỉ ghi vào hộp thư đi của máy này, không gửi ra ngoài.",
    "failed": "Đã bàn giao: đường dẫn cũ không dùng được nữa, báo cáo đã đóng trên các máy đang "
    "mở; bản nháp vẫn còn. "
    "Thư có đường dẫn mới chưa gửi được; vui lòng in tờ mã QR, hoặc gửi thư lại sau.",
    "unknown": "Đã bàn giao: đường dẫn cũ không dùng được nữa, báo cáo đã đóng trên các máy đang "
    "mở; bản nháp vẫn còn. "
    "Chưa rõ thư có đường dẫn mới đã gửi hay chưa; vui lòng hỏi đơn vị, hoặc in tờ mã QR.",
    "paper": "Đã bàn giao: đường dẫn cũ không dùng được nữa, báo cáo đã đóng trên các máy đang "
    "mở; bản nháp vẫn còn. "
    "Vui lòng in tờ mã QR có đường dẫn mới cho đơn vị.",
    "revoked": "Đã thu hồi đường dẫn; báo cáo đã đóng trên các máy đang mở. Muốn đơn vị "
    "báo cáo tiếp, "
    "vui lòng bàn giao hoặc cấp đường dẫn mới.",
    "changed": "Đường dẫn của đơn vị vừa được thay đổi sau khi trang này mở. Lần bấm này "
    "chưa thực hiện gì; vui lòng xem lại tình trạng bên dưới.",
}
REASONS: Mapping[str, str] = {
    "clerk": "Đổi người lập báo cáo",
    "phone": "Mất hoặc đổi điện thoại",
    "leak": "Đường dẫn bị lộ",
}
