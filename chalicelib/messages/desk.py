"""Words for the department's officers."""

from collections.abc import Mapping

# What the record of acts calls each; a key of `audit.Act.verb`.
ACTS: Mapping[str, str] = {
    "accept": "Tiếp nhận báo cáo",
    "return": "Trả lại báo cáo",
    "reopen": "Mở lại báo cáo",
    "units_import": "Nhập danh sách đơn vị",
    "unit_change": "Thay đổi đơn vị",
    "unit_end": "Kết thúc đơn vị",
}
