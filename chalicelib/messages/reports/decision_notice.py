"""What a unit is told of a decision: the subject of its mail, and what the officer reads of it."""

from collections.abc import Callable, Mapping
from datetime import datetime

from chalicelib.messages.frame import dates
from chalicelib.messages.own_words import ITSELF_FIRST
from chalicelib.rules.review.notice import Notice

# verb of the act -> the subject of the mail
SUBJECTS: Mapping[str, str] = {
    "return": f"Báo cáo {{period}}: {ITSELF_FIRST} trả lại để điều chỉnh, "
    "gửi lại chậm nhất ngày {until}",
    "reopen": f"Báo cáo {{period}}: {ITSELF_FIRST} mở lại để điều chỉnh, "
    "gửi lại chậm nhất ngày {until}",
    "grant_extend": "Báo cáo {period}: gia hạn đến hết ngày {until}",
    "refuse_extend": f"Báo cáo {{period}}: {ITSELF_FIRST} chưa chấp thuận gia hạn, "
    "hạn vẫn là ngày {until}",
    "grant_reopen": f"Báo cáo {{period}}: {ITSELF_FIRST} chấp thuận mở lại, "
    "gửi lại chậm nhất ngày {until}",
    "refuse_reopen": f"Báo cáo {{period}}: {ITSELF_FIRST} chưa chấp thuận mở lại",
}

_CALL = "Vui lòng gọi hoặc nhắn Zalo cho đơn vị."
ENDS: Mapping[str, str] = {
    "sent": "Đã gửi thư báo đến {mailbox}.",
    "written": "Thư báo đến {mailbox} chỉ ghi vào hộp thư đi của máy này, không gửi ra ngoài. "
    f"{_CALL}",
    "reserved": "Đang gửi thư báo đến {mailbox}. Vui lòng tải lại trang sau ít phút.",
    "failed": f"Thư báo đến {{mailbox}} không gửi được. {_CALL}",
    "unknown": f"Chưa rõ thư báo đến {{mailbox}} đã đi hay chưa. {_CALL}",
    "no_mailbox": f"Đơn vị chưa có hộp thư nên không có thư báo. {_CALL}",
}
LABEL = "Thư báo đơn vị"


def subject(notice: Notice, period: str) -> str:
    until = dates.day(notice.until) if notice.until else ""
    return SUBJECTS[notice.verb].format(period=period, until=until)


def ended(notice: Notice, now: datetime, mail_end: Callable[[str], str]) -> str:
    """What became of the mail, and what the officer must do himself."""
    return ENDS[mail_end(notice.ended(now))].format(mailbox=notice.mailbox)
