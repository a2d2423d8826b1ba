"""Every sentence that code, not a template, says to a person: Vietnamese, polite, brief."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING

from chalicelib import number, value
from chalicelib.clock import VIETNAM
from chalicelib.period import kind
from chalicelib.programme import Indicator
from chalicelib.report import Fault

if TYPE_CHECKING:  # only authors of forms meet them: no page needs that module
    from chalicelib.columns import Fault as FormFault

FAULTS: Mapping[str, str] = {
    "not_a_number": "Vui lòng nhập số, ví dụ 12.",
    "not_whole": "Chỉ tiêu này là số đếm, vui lòng nhập số nguyên.",
    "negative": "Số liệu không được âm, vui lòng kiểm tra lại.",
    "too_many_digits": f"Số có quá {number.MOST_DIGITS} chữ số, vui lòng kiểm tra lại.",
    "ambiguous": "Số này có thể hiểu theo hai cách, vui lòng chọn một.",
    "half_a_ratio": "Vui lòng nhập đủ cả hai ô.",
    "numerator_above_denominator": "Số này không được lớn hơn ô tổng số, vui lòng kiểm tra lại.",
    "nil_beside_value": "Đã chọn “không phát sinh” hoặc “không áp dụng” nhưng vẫn có số liệu. "
    "Vui lòng xóa số liệu hoặc chọn lại “có số liệu”.",
    "value_in_nil_report": "Đã chọn không phát sinh cho cả kỳ nhưng ô này có nội dung. "
    "Vui lòng xóa nội dung ô này, hoặc bỏ chọn không phát sinh cho cả kỳ.",
    "unknown_state": "Lựa chọn không hợp lệ, vui lòng chọn lại.",
    "unknown_choice": "Vui lòng chọn một trong các phương án.",
    "forbidden_character": "Ô này có ký tự không đọc được (ký tự điều khiển hoặc đảo chiều chữ), "
    "vui lòng xóa và gõ lại.",
    "text_too_long": f"Nội dung dài quá {number.shown(value.LONGEST_TEXT)} ký tự, "
    "vui lòng viết gọn.",
    "too_many_lines": f"Danh sách có quá {value.MOST_LINES} dòng, vui lòng rút gọn.",
    "line_too_long": f"Có dòng dài quá {value.LONGEST_LINE} ký tự, vui lòng viết gọn.",
    "note_too_long": f"Giải thích dài quá {value.LONGEST_NOTE} ký tự, vui lòng viết gọn.",
    "report_too_large": "Báo cáo quá dài (hơn 100 kB), vui lòng viết gọn các ô nội dung.",
    "unknown_field": "Có nội dung không thuộc báo cáo này, có thể do biểu mẫu vừa thay đổi. "
    "Nội dung đó chưa được nhận; vui lòng xem lại số liệu rồi bấm lần nữa.",
    "no_name": "Vui lòng nhập họ tên người lập báo cáo.",
    "no_post": "Vui lòng nhập chức vụ của người lập báo cáo.",
    "no_phone": "Vui lòng nhập số điện thoại để Sở liên hệ khi cần.",
    "not_approved": "Báo cáo chỉ được gửi sau khi thủ trưởng đơn vị đã duyệt.",
    "no_reason": "Vui lòng ghi lý do điều chỉnh.",
    "reason_too_long": f"Lý do dài quá {value.LONGEST_NOTE} ký tự, vui lòng viết gọn.",
    "sender_too_long": "Nội dung quá dài, vui lòng viết gọn.",
}

SENDER: Mapping[str, str] = {
    "by.name": "Họ và tên",
    "by.post": "Chức vụ",
    "by.phone": "Số điện thoại",
    "reason": "Lý do điều chỉnh",
}

REFUSALS: Mapping[str, str] = {
    "not_open_yet": "Kỳ báo cáo này chưa mở.",
    "locked": "Kỳ báo cáo này đã khóa. Nếu cần điều chỉnh, quý đơn vị vui lòng liên hệ Sở.",
    "no_reason": FAULTS["no_reason"],
    "session_ended": "Phiên làm việc vừa kết thúc. Báo cáo chưa được gửi; "
    "vui lòng mở lại đường dẫn của đơn vị rồi gửi lại.",
    "period_changed": "Sở vừa điều chỉnh kỳ báo cáo này. Vui lòng xem lại hạn gửi rồi gửi lần nữa.",
    "try_again": "Hệ thống đang bận. Báo cáo chưa được gửi, vui lòng bấm gửi lần nữa.",
    "submit_from_accepted": "Sở đã tiếp nhận báo cáo này. "
    "Nếu cần điều chỉnh, quý đơn vị vui lòng liên hệ Sở để mở lại.",
    "accept_from_missing": "Đơn vị chưa gửi báo cáo nên chưa thể tiếp nhận.",
    "accept_from_accepted": "Báo cáo này đã được tiếp nhận trước đó.",
    "accept_from_returned": "Báo cáo đang trả lại, cần chờ đơn vị gửi lại.",
    "return_from_missing": "Đơn vị chưa gửi báo cáo nên chưa thể trả lại.",
    "return_from_accepted": "Báo cáo đã tiếp nhận, cần mở lại trước khi trả lại.",
    "return_from_returned": "Báo cáo này đang trả lại.",
    "return_from_reopened": "Báo cáo đang mở lại, cần chờ đơn vị gửi.",
    "reopen_from_missing": "Đơn vị chưa gửi báo cáo nên không cần mở lại.",
    "reopen_from_submitted": "Báo cáo chưa tiếp nhận, đơn vị vẫn tự điều chỉnh được.",
    "reopen_from_returned": "Báo cáo đang trả lại, đơn vị gửi lại được ngay.",
    "reopen_from_reopened": "Báo cáo này đã được mở lại.",
}

STATES: Mapping[str, str] = {
    "missing": "Chưa gửi",
    "submitted": "Đã gửi",
    "accepted": "Đã tiếp nhận",
    "returned": "Đang trả lại",
    "reopened": "Đang mở lại",
}

MISSING = "Chưa có"
LEFT_EMPTY = "(để trống)"  # a text that nobody wrote states nothing
TIMING: Mapping[bool, str] = {False: "Đúng hạn", True: "Gửi trễ hạn"}
VALUE_STATES: Mapping[str, str] = {"nil": "Không phát sinh", "na": "Không áp dụng"}

OVERTAKEN = "Bản nháp vừa được lưu từ máy khác. Nội dung trên máy này vẫn còn, chưa ghi đè."

# name -> title, sentence
PROBLEMS: Mapping[str, tuple[str, str]] = {
    "unknown_link": (
        "Đường dẫn không dùng được",
        "Đường dẫn này không đúng hoặc không còn hiệu lực. "
        "Quý đơn vị vui lòng kiểm tra lại, hoặc liên hệ Sở để nhận đường dẫn mới.",
    ),
    "unknown_sign_in": (
        "Đường dẫn đăng nhập không dùng được",
        "Đường dẫn đăng nhập chỉ dùng một lần trong 15 phút. Vui lòng đăng nhập lại.",
    ),
    "signed_out": (
        "Cần mở lại đường dẫn của đơn vị",
        "Phiên làm việc đã hết hoặc chưa bắt đầu. Vui lòng mở lại đường dẫn mà Sở đã gửi; "
        "những gì đã lưu nháp vẫn còn.",
    ),
    "staff_signed_out": ("Cần đăng nhập", "Trang này dành cho cán bộ Sở. Vui lòng đăng nhập."),
    "not_yours": ("Không có quyền", "Tài khoản của quý vị không dùng được chức năng này."),
    "foreign_request": (
        "Chưa thực hiện",
        "Yêu cầu không đến từ trang này nên chưa được thực hiện. Vui lòng mở lại trang và bấm lại.",
    ),
    "stale_form": (
        "Chưa thực hiện",
        "Trang đã mở quá lâu hoặc phiên làm việc đã đổi nên yêu cầu chưa được thực hiện. "
        "Vui lòng mở lại trang rồi thực hiện lại.",
    ),
    "other_unit": (
        "Báo cáo của đơn vị khác",
        "Trên trình duyệt này vừa mở đường dẫn của một đơn vị khác, nên yêu cầu chưa được thực "
        "hiện. Vui lòng mở lại đường dẫn của đúng đơn vị rồi thực hiện lại.",
    ),
    "unreadable_form": ("Chưa thực hiện", "Nội dung gửi lên không đọc được. Vui lòng gửi lại."),
    "repeated_field": (
        "Chưa thực hiện",
        "Ô “{detail}” được gửi hai lần với nội dung khác nhau nên chưa có gì được nhận. "
        "Vui lòng quay lại, tải lại trang rồi gửi lại.",
    ),
    "no_request": ("Không đọc được yêu cầu", "Vui lòng mở lại trang từ đầu."),
    "too_slow": (
        "Chưa thực hiện",
        "Mạng quá chậm nên nội dung chưa đến đủ, chưa có gì được lưu. Vui lòng gửi lại.",
    ),
    "draft_too_large": (
        "Chưa lưu",
        "Nội dung quá dài. Vui lòng quay lại và viết gọn các ô nội dung.",
    ),
    "no_page": ("Không có trang này", "Vui lòng kiểm tra lại địa chỉ."),
    "no_method": ("Thao tác không hợp lệ", "Vui lòng mở lại trang từ đầu."),
    "no_period": ("Không có kỳ báo cáo này", "Vui lòng quay về trang đầu và chọn kỳ báo cáo."),
    "not_owed": (
        "Quý đơn vị không phải gửi báo cáo kỳ này",
        "Vui lòng quay về trang của đơn vị và chọn kỳ báo cáo khác.",
    ),
    "not_open_yet": ("Kỳ báo cáo chưa mở", "Kỳ báo cáo này chưa mở. Vui lòng quay lại sau."),
    "no_receipt": ("Không có lần gửi này", "Vui lòng quay về trang của đơn vị để xem lại."),
    "no_summary": ("Chưa có báo cáo tổng hợp", "Kỳ này chưa được tổng hợp."),
    "refused": ("Chưa thực hiện được", ""),
    "busy": (
        "Hệ thống đang bận",
        "Chưa rõ yêu cầu đã được thực hiện hay chưa. Vui lòng thử lại sau ít phút; không có gì "
        "bị mất và báo cáo không bị gửi hai lần.",
    ),
    "broken": (
        "Có lỗi xảy ra",
        "Xin lỗi quý vị. Lỗi đã được ghi lại. Vui lòng thử lại; nếu vẫn lỗi, "
        "xin báo cho Sở kèm mã lỗi dưới đây.",
    ),
}

SIGN_IN: Mapping[str, str] = {
    "bad_email": "Vui lòng nhập địa chỉ thư điện tử công vụ.",
    "bad_code": "Mã không đúng hoặc đã hết hạn. Vui lòng kiểm tra lại, bấm đường dẫn trong thư, "
    "hoặc xin mã mới.",
    "subject": "Mã đăng nhập hệ thống báo cáo: {code}",
}

UNIT_FAULTS: Mapping[str, str] = {
    "not_utf8": "tệp không phải văn bản UTF-8",
    "unknown_column": "cột không có trong mẫu danh sách",
    "no_column": "thiếu cột bắt buộc",
    "unknown_bloc": "khối thi đua không có trong chương trình",
    "twice": "mã đơn vị này đã có ở dòng trên với cùng ngày bắt đầu",
    "ends_before_it_begins": "ngày kết thúc trước ngày bắt đầu",
    "missing": "thiếu nội dung",
    "string_pattern_mismatch": "nội dung không đúng mẫu",
    "int_parsing": "cần số nguyên",
    "forbidden_character": "có ký tự không đọc được",
    "greater_than_equal": "cần số từ 0 trở lên",
    "string_too_long": "nội dung quá dài",
    "not_a_table": "không đọc được tệp; cần CSV (UTF-8)",
    "column_twice": "cột này có hai lần",
    "value_error": "cần ngày dạng 30/06/2025 hoặc 2025-06-30",
    "date_from_datetime_parsing": "cần ngày dạng 30/06/2025 hoặc 2025-06-30",
}

FORM_FAULTS: Mapping[str, str] = {
    "not_a_table": "không đọc được tệp; cần XLSForm dạng .xlsx, .csv (UTF-8) hoặc .md",
    "no_survey": "thiếu trang survey hoặc trang survey không có dòng nào",
    "unknown_sheet": "trang này không dùng; chỉ nhận survey, choices, settings",
    "unknown_column": "cột này không dùng được ở đây",
    "column_twice": "cột này có hai lần",
    "no_column": "thiếu cột này",
    "empty": "ô này đang trống",
    "unknown_type": "kiểu này không dùng được; chỉ nhận begin_group, end_group, integer, decimal, "
    "text, select_one",
    "bad_name": "mã gồm chữ thường không dấu, chữ số, dấu gạch dưới, bắt đầu bằng chữ, "
    "dài tối đa 32 ký tự",
    "twice": "mã này đã có ở trên",
    "taken_name": "mã này trang nhập báo cáo đã dùng, xin chọn mã khác",
    "hint_too_long": "gợi ý dài quá 120 ký tự; phần dài hơn xin ghi ở cột guidance_hint",
    "not_on_a_section": "cột này chỉ ghi cho chỉ tiêu, không ghi cho nội dung",
    "too_deep": "nhóm lồng quá sâu: nội dung chỉ chứa chỉ tiêu và nhóm tỷ lệ",
    "nothing_to_end": "end_group thừa",
    "never_ended": "nhóm này thiếu end_group",
    "empty_section": "nội dung này không có chỉ tiêu nào",
    "ratio_parts": "nhóm tỷ lệ cần đúng hai dòng integer: MÃ_num rồi MÃ_den",
    "not_in_a_ratio": "trong nhóm tỷ lệ, cột này ghi ở dòng begin_group",
    "outside_a_section": "chỉ tiêu phải nằm trong một nội dung (begin_group)",
    "reserved_name": "đuôi _num và _den chỉ dùng trong nhóm tỷ lệ",
    "no_choices": "trang choices không có danh sách này",
    "narrative_place": "năm ô nhận xét n_done, n_best, n_limits, n_causes, n_asks (kiểu text) "
    "chỉ nằm trong nhóm narratives, và nhóm đó chỉ chứa chúng",
    "not_allowed": "giá trị không dùng được ở đây",
    "bad_decimals": "số chữ số thập phân từ 0 đến 6",
    "percent_target": "mục tiêu phần trăm chỉ dùng cho tỷ lệ và có/không",
    "share_target": "mục tiêu của tỷ lệ và có/không cần dấu %",
    "unknown_bloc": "khối thi đua không có trong chương trình",
    "unknown_tag": "loại kỳ không đúng; ví dụ Q2 Q4, H1, Y, 9M, M06",
    "bad_day": "cần ngày dạng 2025-06-30",
    "ends_before_it_begins": "ngày kết thúc trước ngày bắt đầu",
    "bad_jump": "cần số lớn hơn 1, hoặc none",
    "pyxform": "bộ kiểm tra XLSForm báo",
}

AGGREGATES: Mapping[str, str] = {
    "sum": "Tổng trong kỳ",
    "latest": "Tổng tại thời điểm chốt",
    "ratio": "Tỷ lệ trong kỳ",
    "latest_ratio": "Tỷ lệ tại thời điểm chốt",
    "list": "Danh sách",
    "count_yes": "Số đơn vị trả lời có",
    "none": "Không cộng",
}

_QUARTERS = {"Q1": "I", "Q2": "II", "Q3": "III", "Q4": "IV"}
_HALVES = {"H1": "6 tháng đầu", "H2": "6 tháng cuối", "9M": "9 tháng"}


def period_label(key: str) -> str:
    """2026-Q4 is "Quý IV năm 2026". Custom periods carry a label of their own."""
    year, _, part = key.partition("-")
    match kind(key):
        case "M":
            return f"Tháng {part[1:]} năm {year}"
        case "Q":
            return f"Quý {_QUARTERS[part]} năm {year}"
        case "Y":
            return f"Năm {year}"
        case _:
            return f"{_HALVES[part]} năm {year}"


def day(instant: datetime | date) -> str:
    """dd/MM/yyyy in Việt Nam."""
    if isinstance(instant, datetime):
        instant = instant.astimezone(VIETNAM).date()
    return instant.strftime("%d/%m/%Y")


def moment(instant: datetime) -> str:
    """As "16:05 ngày 17/12/2026", in Việt Nam."""
    return instant.astimezone(VIETNAM).strftime("%H:%M ngày %d/%m/%Y")


def fault(found: Fault, indicator: Indicator | None) -> str:
    """The sentence for one fault, beginning with the field's own name."""
    sentence = FAULTS[found.problem]
    if indicator is None:
        return sentence
    name = indicator.label
    if indicator.kind == "ratio":
        part = indicator.den_label if found.field.endswith(".den") else indicator.num_label
        name = f"{name} ({part})"
    return f"{name}: {sentence}"


def sender_fault(found: Fault) -> str:
    """The sentence for one fault of the check page's own boxes, with the box's name."""
    sentence = FAULTS[found.problem]
    names_itself = found.problem not in ("forbidden_character", "sender_too_long")
    return sentence if names_itself else f"{SENDER[found.field]}: {sentence}"


def form_fault(found: "FormFault") -> str:
    """One line for the author: sheet, row, column, what is wrong, what stands there."""
    place = f"{found.sheet or 'tệp'}, dòng {found.row}" if found.row else found.sheet or "tệp"
    column = f", cột {found.column}" if found.column else ""
    given = f": “{found.given}”" if found.given else ""
    return f"{place}{column}: {FORM_FAULTS[found.problem]}{given}"


def unit_fault(line: int, column: str, problem: str) -> str:
    sentence = UNIT_FAULTS.get(problem, "nội dung không hợp lệ")
    return f"dòng {line}{f', cột {column}' if column else ''}: {sentence}"
