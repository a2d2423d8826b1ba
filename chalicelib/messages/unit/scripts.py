"""What our scripts say on a page: handed to each with its tag, and to a page only what it needs."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from chalicelib.messages.unit import report as report_words
from chalicelib.rules.forms import box_rules

_PRESS: Mapping[str, str] = {
    "offline": "đang mất mạng",
    "busy": "hệ thống đang bận",
    "doing": "Đang thực hiện…",
    "failed": "Chưa thực hiện được: {why}. {where}; vui lòng bấm lại sau ít phút.",
    "device": "Nội dung trang này vẫn giữ trên máy này",
    "page": "Nội dung trang này vẫn còn nguyên",
}
_FORM: Mapping[str, str] = {
    **_PRESS,
    "moment": "{time} ngày {day}",
    "held": "vẫn giữ trên máy này",
    "unheld": "chưa giữ được trên máy này, vui lòng đừng đóng trang",
    "count": "{filled}/{all} chỉ tiêu",
    "state": "{label} (tình trạng)",
    "yes": "Có",
    "no": "Không",
    "empty": "(trống)",
    "here": "Máy này",
    "hereAt": "Máy này, nhập lúc {at}",
    "there": "Nơi khác",
    "thereAt": "Nơi khác, lưu lúc {at}",
    "stands": "Đang có",
    "useHere": "Dùng nội dung máy này",
    "useThere": "Dùng nội dung nơi khác",
    "use": "Dùng lại",
    "drop": "Bỏ",
    "choose": "{label}: có hai nội dung, vui lòng chọn",
    "left": "còn {number} ô có hai nội dung, vui lòng chọn",
    "kept": "đã giữ trên máy này",
    "saving": "đang lưu…",
    "saved": "đã lưu {at}",
    "unsaved": "chưa lưu, {where}",
    "seeTop": "chưa lưu, {where}; vui lòng xem đầu trang",
    "because": "{why}: chưa lưu, {where}",
    "long": "nội dung quá dài, vui lòng viết gọn",
    "typed": "{problem} Nội dung vừa nhập vẫn giữ trên máy này.",
    "see": "Xem nội dung vừa nhập và bản đã gửi",
    "stale": "Máy này còn giữ nội dung nhập lúc {at}, khác với nội dung đang có.",
    "look": "Xem, dùng lại hoặc bỏ",
    "restored": "đã khôi phục nội dung nhập lúc {at}",
    "unread": "Chưa mở được: {why}.",
    "which": "Số “{text}” là:",
    "faults": "Có {left} chỗ cần sửa",
    "percent": "{share}\u00a0%",
}
_SIGN_OUT: Mapping[str, str] = {
    "moment": "{time} ngày {day}",
    "report": "Đơn vị {unit}, kỳ {period}",
    "beside": "{name}: lý do, giải thích ở trang kiểm tra.",
    "typed": "{name}: nhập lúc {at}.",
    "see": "Xem\u00a0lại",
    "open": "Vui lòng mở lại đường dẫn của đơn vị này để xem.",
    "lead": "Máy này còn giữ nội dung chưa lưu. Nếu đăng xuất, các nội dung này sẽ bị bỏ.",
    "stay": "Không đăng xuất",
    "leave": "Đăng xuất và bỏ",
    "empty": "(trống)",
    "nil": "Không phát sinh",
    "na": "Không áp dụng",
    "value": "Có số liệu",
    "yes": "Có",
    "no": "Chưa",
}
_SHARE: Mapping[str, str] = {"copied": "Đã chép.", "byHand": "Vui lòng chép bằng tay."}

_OF = {"form": _FORM, "press": _PRESS, "sign_out": _SIGN_OUT, "share": _SHARE}


@cache
def rules() -> str:
    """What the form page judges its boxes by, and says of them, as JSON."""
    faults = {problem: report_words.FAULTS[problem] for problem in box_rules.PROBLEMS}
    return _json({"rules": box_rules.table(), "faults": faults})


@cache
def words(of: str) -> str:
    """Those of one script as JSON; `press` is what form.js says where there is no form."""
    return _json(_OF[of])


def _json(told: Mapping[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))
