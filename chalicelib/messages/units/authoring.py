"""Sentences for those who write unit lists and forms: where in the file, and what is wrong."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from chalicelib.messages.own_words import BLOC, filled
from chalicelib.messages.units import units
from chalicelib.rules.programmes.programme import Department

if TYPE_CHECKING:  # only authors of forms meet them: no page needs that module
    from chalicelib.rules.forms.xlsform_columns import Fault as FormFault

UNIT_FAULTS: Mapping[str, str] = {
    "not_utf8": "tệp không phải văn bản UTF-8",
    "not_a_table": "không đọc được tệp; cần CSV (UTF-8)",
    "unknown_column": "cột không có trong mẫu danh sách",
    "no_column": "thiếu cột bắt buộc",
    "unknown_bloc": f"{BLOC} không có trong chương trình",
    "twice": "mã đơn vị này đã có ở dòng trên với cùng ngày bắt đầu",
    "ends_before_it_begins": "ngày kết thúc trước ngày bắt đầu",
    "missing": "thiếu nội dung",
    "string_pattern_mismatch": "nội dung không đúng mẫu",
    "int_parsing": "cần số nguyên",
    "forbidden_character": "có ký tự không đọc được",
    "greater_than_equal": "cần số từ 0 trở lên",
    "string_too_long": "nội dung quá dài",
    "column_twice": "cột này có hai lần",
    "less_than_equal": "số quá lớn",
    "value_error": "cần ngày dạng 30/06/2025 hoặc 2025-06-30",
    "date_from_datetime_parsing": "cần ngày dạng 30/06/2025 hoặc 2025-06-30",
}

FORM_FAULTS: Mapping[str, str] = {
    "not_a_table": "không đọc được tệp; cần XLSForm dạng .xlsx, .csv (UTF-8) hoặc .md",
    "too_much": "tệp có quá nhiều dòng, ô hoặc định dạng (kể cả dòng, ô trống) nên chưa được đọc; "
    "xin chép riêng phần biểu mẫu sang tệp mới",
    "too_many_rows": "trang này có quá 2.000 dòng; biểu mẫu nào cũng cần ít hơn thế",
    "cell_too_long": "ô này dài quá 4.000 ký tự",
    "too_long": "nội dung của tệp dài quá 400.000 ký tự; xin rút gọn giải thích hoặc bớt chỉ tiêu",
    "too_many_choices": "các chỉ tiêu select_one có tổng cộng quá 4.000 phương án; xin rút gọn "
    "danh sách phương án",
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
    "ambiguous_target": "số này có thể hiểu hai cách; ví dụ 1.000: ghi 1000 nếu là một nghìn, "
    "ghi 1,0 nếu là một",
    "unknown_bloc": f"{BLOC} không có trong chương trình",
    "unknown_tag": "loại kỳ không đúng; ví dụ Q2 Q4, H1, Y, 9M, M06",
    "bad_day": "cần ngày dạng 2025-06-30",
    "ends_before_it_begins": "ngày kết thúc trước ngày bắt đầu",
    "forbidden_character": "có ký tự không đọc được (ký tự điều khiển hoặc đảo chiều chữ)",
    "bad_jump": "cần số lớn hơn 1, hoặc none",
    "pyxform": "bộ kiểm tra XLSForm báo",
}


def form_fault(found: "FormFault", department: Department | None) -> str:
    """One line for the author: sheet, row, column, what is wrong, what stands there."""
    place = f"{found.sheet or 'tệp'}, dòng {found.row}" if found.row else found.sheet or "tệp"
    column = f", cột {found.column}" if found.column else ""
    given = f": “{found.given}”" if found.given else ""
    return f"{place}{column}: {filled(FORM_FAULTS[found.problem], department)}{given}"


def unit_reason(problem: str, column: str = "") -> str:
    """What is wrong with a row of a unit list, or with the whole of it."""
    if problem == "string_pattern_mismatch" and column in units.PATTERNS:
        return units.PATTERNS[column]
    return UNIT_FAULTS.get(problem) or units.FAULTS.get(problem, "nội dung không hợp lệ")


def unit_fault(fault: tuple[int, str, str], department: Department | None) -> str:
    line, column, problem = fault
    place = f"dòng {line}{f', cột {column}' if column else ''}"
    return f"{place}: {filled(unit_reason(problem, column), department)}"
