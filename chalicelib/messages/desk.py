"""Words for the department's officers."""

from collections.abc import Mapping

# What the record of acts calls each; a key of `audit.Act.verb`.
ACTS: Mapping[str, str] = {
    "accept": "Tiếp nhận báo cáo",
    "return": "Trả lại báo cáo",
    "reopen": "Mở lại báo cáo",
    "paper": "Nhập báo cáo giấy",
    "ask_extend": "Đơn vị xin gia hạn",
    "ask_reopen": "Đơn vị xin mở lại",
    "grant_extend": "Chấp thuận gia hạn",
    "grant_reopen": "Chấp thuận mở lại",
    "refuse_extend": "Không chấp thuận gia hạn",
    "refuse_reopen": "Không chấp thuận mở lại",
    "close_extend": "Khép lại đề nghị gia hạn",
    "close_reopen": "Khép lại đề nghị mở lại",
}
