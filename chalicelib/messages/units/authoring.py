"""Sentences for those who write unit lists and forms: where in the file, and what is wrong."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from chalicelib.messages.frame import uploads
from chalicelib.messages.own_words import BLOC, filled
from chalicelib.messages.units import units
from chalicelib.rules.programmes.programme import Department

if TYPE_CHECKING:  # only authors of forms meet them: no page needs that module
    from chalicelib.rules.forms.xlsform_columns import Fault as FormFault
    from chalicelib.rules.forms.xlsform_columns import Passed as FormPassed

UNIT_FAULTS: Mapping[str, str] = {
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
    "value_error": "cần một ngày có trong lịch, dạng 30/06/2025 hoặc 2025-06-30",
    "date_from_datetime_parsing": "cần ngày dạng 30/06/2025 hoặc 2025-06-30",
}

FORM_FAULTS: Mapping[str, str] = {
    "too_many_rows": "trang này có quá 2.000 dòng; biểu mẫu nào cũng cần ít hơn thế",
    "cell_too_long": "ô này dài quá 4.000 ký tự",
    "too_long": "nội dung của tệp dài quá 400.000 ký tự; xin rút gọn giải thích hoặc bớt chỉ tiêu",
    "too_many_choices": "các chỉ tiêu select_one có tổng cộng quá 4.000 phương án; xin rút gọn "
    "danh sách phương án",
    "no_survey": "thiếu trang survey hoặc trang survey không có dòng nào",
    "unknown_sheet": "phần mềm này chưa dùng được trang này của XLSForm; xin bỏ trang",
    "unknown_column": "cột này không dùng được ở đây",
    "column_twice": "cột này có hai lần",
    "no_column": "thiếu cột này",
    "empty": "ô này đang trống",
    "unknown_type": "kiểu này chưa dùng được; chỉ nhận begin_group, end_group, integer, decimal, "
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
    "ratio_parts": "nhóm tỷ lệ cần đúng hai dòng cùng kiểu integer hoặc decimal: MÃ_num rồi MÃ_den",
    "not_in_a_ratio": "trong nhóm tỷ lệ, cột này ghi ở dòng begin_group",
    "outside_a_section": "chỉ tiêu phải nằm trong một nội dung (begin_group)",
    "reserved_name": "đuôi _num và _den chỉ dùng trong nhóm tỷ lệ",
    "no_choices": "trang choices không có danh sách này",
    "narrative_place": "năm ô nhận xét n_done, n_best, n_limits, n_causes, n_asks (kiểu text) "
    "chỉ nằm trong nhóm narratives, và nhóm đó chỉ chứa chúng",
    "not_allowed": "giá trị không dùng được ở đây; trong ngoặc là những gì dùng được, hoặc để "
    "trống",
    "bad_decimals": "số chữ số thập phân từ 0 đến 6",
    "percent_target": "mục tiêu phần trăm chỉ dùng cho tỷ lệ và có/không",
    "share_target": "mục tiêu của tỷ lệ và có/không cần dấu %",
    "ambiguous_target": "số này có thể hiểu hai cách; ví dụ 1.000: ghi 1000 nếu là một nghìn, "
    "ghi 1,0 nếu là một",
    "unknown_bloc": f"{BLOC} không có trong chương trình",
    "unknown_tag": "loại kỳ không đúng; ví dụ Q2 Q4, H1, Y, 9M, M06",
    "bad_day": "cần ngày dạng 30/06/2025 hoặc 2025-06-30",
    "ends_before_it_begins": "ngày kết thúc trước ngày bắt đầu",
    "forbidden_character": "có ký tự không đọc được (ký tự điều khiển hoặc đảo chiều chữ)",
    "bad_jump": "cần số lớn hơn 1, hoặc none",
    "error_cell": "ô báo lỗi {given}; xin sửa công thức hoặc gõ lại nội dung",
    "formula": "ô có công thức chưa có kết quả; xin mở bằng Excel rồi lưu lại, hoặc dán dạng giá "
    "trị",
    "merged": "ô gộp {given} gồm nhiều dòng; xin bỏ gộp và ghi nội dung cho từng dòng",
    "reference": "không dùng được ${{…}} (lấy nội dung của ô khác); xin ghi thành chữ",
    "pyxform": "chỗ này chưa đúng quy cách XLSForm; xin xem lại kiểu, mã, tên và danh sách phương "
    "án, rồi so với tệp mẫu tải từ trang này",
}

# Types of XLSForm that a form of ours has no kind for, as they are called in Việt Nam.
TYPES: Mapping[str, str] = {
    "select_multiple": "chọn nhiều",
    "select_one_from_file": "chọn một từ tệp",
    "select_multiple_from_file": "chọn nhiều từ tệp",
    "select_one_external": "chọn một từ tệp",
    "select_all_that_apply": "chọn nhiều",
    "begin_repeat": "nhóm lặp lại",
    "date": "ngày",
    "time": "giờ",
    "datetime": "ngày giờ",
    "datetime_range": "khoảng thời gian",
    "note": "ghi chú",
    "calculate": "ô tự tính",
    "image": "ảnh",
    "photo": "ảnh",
    "audio": "ghi âm",
    "video": "video",
    "file": "tệp đính kèm",
    "geopoint": "tọa độ",
    "geotrace": "đường đi",
    "geoshape": "vùng trên bản đồ",
    "barcode": "mã vạch",
    "rank": "xếp thứ tự",
    "range": "thang đo",
    "acknowledge": "xác nhận đã đọc",
    "trigger": "xác nhận đã đọc",
    "hidden": "ô ẩn",
    "xml_external": "dữ liệu từ tệp",
    "csv_external": "dữ liệu từ tệp",
}

# What of a file is not in the form, or is in it though nobody sees it there.
PASSED: Mapping[str, str] = {
    "sheet": "Trang “{sheet}” không phải survey, choices, settings nên được bỏ qua.",
    "hidden_sheet": "Trang “{sheet}” đang ẩn trong tệp, vẫn được đọc.",
    "hidden_rows": "Trang “{sheet}”: các dòng đang ẩn trong tệp vẫn được đọc: {said}.",
    "language": "Trang “{sheet}”: cột “{said}” là ngôn ngữ khác nên được bỏ qua.",
    "column": "Trang “{sheet}”: cột “{said}” không có nội dung nên được bỏ qua.",
    "headless": "Trang “{sheet}”: cột {said} không có tên cột nên được bỏ qua.",
    "itself": "Trang “{sheet}”, dòng {row}: “{said}” do phần mềm thu thập tự ghi nên được bỏ qua.",
}


def form_reason(found: "FormFault", department: Department | None) -> str:
    """What is wrong, without where."""
    if found.problem in uploads.FAULTS:
        return uploads.FAULTS[found.problem].format(detail=found.given)
    said = filled(FORM_FAULTS[found.problem], department).format(given=found.given)
    if found.problem == "unknown_type" and (kind := _kind(found.given)):
        return f"{kind}: {said}"
    return said


def _kind(written: str) -> str:
    """select multiple bien_phap is "chọn nhiều"."""
    plain = re.sub(r"[\s_-]+", "_", written.strip().lower())
    known = [kind for kind in TYPES if plain == kind or plain.startswith(f"{kind}_")]
    return TYPES[max(known, key=len)] if known else ""


def form_column(found: "FormFault") -> str:
    """Its head, and where in a spreadsheet it stands."""
    place = f"{found.letter}{found.row}" if found.letter and found.row else ""
    return f"{found.column} (ô {place})" if place else found.column


def form_fault(found: "FormFault", department: Department | None) -> str:
    """One line for the author: sheet, row, column, what is wrong, what stands there."""
    reason = form_reason(found, department)
    if not found.sheet:
        return f"tệp: {reason}"
    place = f"{found.sheet}, dòng {found.row}" if found.row else found.sheet
    column = f", cột {form_column(found)}" if found.column else ""
    given = f": “{found.given}”" if found.given and found.given not in reason else ""
    return f"{place}{column}: {reason}{given}"


def form_passed(found: "FormPassed") -> str:
    return PASSED[found.kind].format(sheet=found.sheet, row=found.row, said=found.said)


def unit_reason(problem: str, column: str = "") -> str:
    """What is wrong with a row of a unit list, or with the whole of it."""
    if problem == "string_pattern_mismatch" and column in units.PATTERNS:
        return units.PATTERNS[column]
    return UNIT_FAULTS.get(problem) or units.FAULTS.get(problem, "nội dung không hợp lệ")


def unit_fault(fault: tuple[int, str, str], department: Department | None) -> str:
    line, column, problem = fault
    if problem in uploads.FAULTS:
        return uploads.FAULTS[problem].format(detail="")
    place = f"dòng {line}{f', cột {column}' if column else ''}"
    return f"{place}: {filled(unit_reason(problem, column), department)}"
