"""Words about the devices that a unit's report is open on."""

from collections.abc import Mapping

from chalicelib.rules.access.device import LONGEST

_SYSTEMS: Mapping[str, str] = {
    "iphone": "iPhone",
    "ipad": "iPad",
    "android": "Điện thoại Android",
    "tablet": "Máy tính bảng Android",
    "windows": "Máy tính Windows",
    "chromebook": "Máy tính Chromebook",
    "mac": "Máy tính Mac",
    "linux": "Máy tính Linux",
}
_BROWSERS: Mapping[str, str] = {
    "zalo": "Zalo",
    "facebook": "Facebook",
    "coccoc": "Cốc Cốc",
    "edge": "Edge",
    "opera": "Opera",
    "samsung": "Samsung Internet",
    "uc": "UC Browser",
    "firefox": "Firefox",
    "chrome": "Chrome",
    "safari": "Safari",
}

FAULTS: Mapping[str, str] = {
    "too_long": f"Họ tên và chức vụ dài tối đa {LONGEST} ký tự. Vui lòng viết gọn, hoặc để trống.",
    "unreadable": "Họ tên hoặc chức vụ có ký tự không đọc được. Vui lòng xóa và gõ lại, "
    "hoặc để trống.",
    "gone": "Máy đó đã được đóng trước đó. Dưới đây là các máy còn đang mở.",
}
DONE: Mapping[str, str] = {
    "ended": "Đã đóng báo cáo trên máy đó.",
    "others": "Đã đóng báo cáo trên các máy khác. Chỉ còn máy này đang mở.",
    "kept": "Đã lưu họ tên và chức vụ của người dùng máy này.",
}


def kind(said: str) -> str:
    """A device's kind in plain words."""
    system, _, browser = said.partition("/")
    known = _SYSTEMS.get(system, "Máy chưa rõ loại")
    return f"{known}, {_BROWSERS[browser]}" if browser in _BROWSERS else known
