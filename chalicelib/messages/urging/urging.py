"""Words of urging by hand: why a unit is urged or not, how a mail ended, its subject."""

from collections.abc import Mapping

from chalicelib.messages.frame.mails import WRITTEN
from chalicelib.messages.own_words import BLOC
from chalicelib.rules.progress.reminder import LONGEST_NOTE

WHYS: Mapping[str, str] = {
    "before_due": "Chưa gửi, còn hạn",
    "after_due": "Chưa gửi, quá hạn",
    "returned": "Đang trả lại",
}

# reason -> what the officer reads beside the unit's name
NOT_URGED: Mapping[str, str] = {
    "not_open_yet": "Kỳ báo cáo chưa mở",
    "exempt": "Được miễn báo cáo kỳ này",
    "has_sent": "Đã gửi báo cáo",
    "locked": "Chưa gửi (kỳ đã khóa): đơn vị chỉ gửi được khi được gia hạn",
    "before": "Không thu: kỳ đã khóa trước khi chương trình bắt đầu trên hệ thống",
    "no_mailbox": "Chưa có hộp thư",
    "other_period": "Hôm nay đã có thư về {period}",
    "today": "Hôm nay đã có thư của lượt khác",
    "no_link": "Đơn vị chưa có đường dẫn, đường dẫn đã thu hồi, hoặc cần cấp lại",
}

# What an officer reads where there is no text for a group.
NO_GROUP_TEXT: Mapping[str, str] = {
    "not_open_yet": "Kỳ báo cáo chưa mở nên chưa có lời nhắn.",
    "before_due": "Không còn đơn vị nào chưa gửi mà theo hạn chung của kỳ.",
    "after_due": "Không có đơn vị nào quá hạn gửi báo cáo.",
    "locked": "Kỳ đã khóa nên không có lời nhắn chung: {shut} đơn vị chưa gửi (kỳ đã khóa), "
    "chỉ gửi được khi được gia hạn.",
    "before": "Kỳ này không thu: kỳ đã khóa trước khi chương trình bắt đầu trên hệ thống.",
}

ENDS: Mapping[str, str] = {
    "reserved": "Đang gửi",
    "sent": "Đã gửi thư",
    "written": WRITTEN,
    "failed": "Không gửi được",
    "unknown": "Chưa rõ đã gửi hay chưa",
}

CAUSES: Mapping[str, str] = {
    "no_link": "đường dẫn của đơn vị đã thu hồi hoặc cần cấp lại",
    "refused": "máy chủ thư không nhận",
    "no_answer": "máy chủ thư không trả lời",
}

# why -> the subject of the mail
ALL_BLOCS = f"Tất cả các {BLOC}"
PLACE_OF_LINK = "(đường dẫn riêng của từng đơn vị)"  # where a sample of the mail has none
SUBJECTS: Mapping[str, str] = {
    "before_due": "Trân trọng đề nghị gửi báo cáo {period}, hạn {due}",
    "after_due": "Trân trọng đề nghị gửi báo cáo {period} (đã quá hạn {due})",
    "returned": "Trân trọng đề nghị gửi lại báo cáo {period}",
}

FAULTS: Mapping[str, str] = {
    "nobody": "Vui lòng chọn ít nhất một đơn vị.",
    "note_too_long": f"Phần viết thêm dài quá {LONGEST_NOTE} ký tự, vui lòng viết gọn.",
    "note_forbidden": "Phần viết thêm có ký tự không đọc được, vui lòng xóa và gõ lại.",
    "note_link": "Phần viết thêm đến tay nhiều đơn vị nên không được chứa đường dẫn; "
    "thư đã có sẵn đường dẫn riêng của từng đơn vị.",
    "nobody_left": "Không còn đơn vị nào trong số đã chọn nhận được thư lúc này; "
    "lý do ở từng đơn vị bên dưới.",
}
