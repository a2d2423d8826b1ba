"""Words of the unit list: its columns, what is wrong with a file or a row, what changes."""

from collections.abc import Mapping
from datetime import date

from chalicelib.messages.frame import uploads
from chalicelib.messages.frame.dates import day
from chalicelib.messages.own_words import BLOC, BLOC_FIRST, filled
from chalicelib.rules.programmes.programme import Department, Programme
from chalicelib.rules.texts import text
from chalicelib.rules.units.list_heads import Heads
from chalicelib.rules.units.list_workbook import Labels
from chalicelib.rules.units.listed import LEFT_OUT

# Column -> its title in our own workbook, and what else its head may say (compared folded).
TITLES: Mapping[str, str] = {
    "code": "Mã đơn vị",
    "name": "Tên đơn vị",
    "bloc": BLOC_FIRST,
    "parent": "Trực thuộc",
    "order": "Thứ tự",
    "aliases": "Tên gọi khác",
    "email": "Thư điện tử",
    "phone": "Điện thoại",
    "valid_from": "Từ ngày",
    "valid_to": "Đến ngày",
    "successors": "Đơn vị kế thừa",
}
SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "code": ("Mã", "Mã số", "Mã trường", "Mã ĐV", "Mã cơ sở", "Mã định danh", "Mã đơn vị báo cáo"),
    "name": ("Tên", "Đơn vị", "Tên trường", "Tên ĐV", "Tên cơ sở", "Tên cơ quan", "Trường",
             "Tên đơn vị báo cáo"),
    "bloc": ("Khối", "Khối thi đua", "Mã khối thi đua", f"Mã {BLOC}", "Cấp học", "Loại hình",
             "Loại đơn vị", "Nhóm"),
    "parent": ("Đơn vị cấp trên", "Cấp trên", "Đơn vị quản lý", "Cơ quan quản lý", "Thuộc",
               "Đơn vị chủ quản", "Thuộc xã, phường", "Trực thuộc xã, phường", "Thuộc xã/phường",
               "Thuộc xã"),
    "order": ("TT", "STT", "Số thứ tự", "Số TT"),
    "aliases": ("Tên khác", "Tên viết tắt", "Tên cũ"),
    "email": ("Email", "E-mail", "Mail", "Hộp thư", "Hộp thư điện tử", "Thư điện tử công vụ",
              "Địa chỉ email", "Địa chỉ thư điện tử", "Email công vụ", "Thư công vụ"),
    "phone": ("Số điện thoại", "ĐT", "SĐT", "Số ĐT", "Điện thoại liên hệ", "Di động", "Tel",
              "Điện thoại cơ quan", "Điện thoại di động", "ĐT liên hệ"),
    "valid_from": ("Ngày bắt đầu", "Hiệu lực từ", "Hiệu lực từ ngày", "Ngày hiệu lực", "Từ",
                   "Áp dụng từ", "Áp dụng từ ngày"),
    "valid_to": ("Ngày kết thúc", "Hiệu lực đến", "Hiệu lực đến ngày", "Đến"),
    "successors": ("Kế thừa", "Mã đơn vị kế thừa"),
}  # fmt: skip
FILE = "don-vi-{programme}.xlsx"
SHEET = "Đơn vị"
GUIDE = "Hướng dẫn"
GUIDE_LINES = (
    "Mỗi dòng là một đơn vị kể từ một ngày. Dòng 1 là tên cột; xin giữ nguyên.",
    f"Mã đơn vị không đổi khi đơn vị đổi tên. Đổi tên hoặc đổi {BLOC} từ một ngày: thêm một "
    "dòng cùng mã, với “Từ ngày” là ngày đó; kỳ cũ vẫn giữ tên cũ.",
    "Đơn vị kết thúc: ghi “Đến ngày” là ngày cuối cùng, và mã các đơn vị kế thừa (cách nhau bởi "
    "dấu ;) nếu có. Đơn vị kế thừa phải có hiệu lực từ ngày hôm sau.",
    "Đơn vị không có trong tệp thì giữ nguyên; cột không có trong tệp cũng giữ nguyên.",
    "Ngày ghi dạng 30/06/2025. Điện thoại ghi dạng chữ để không mất số 0 ở đầu.",
    "Không dùng công thức. Tệp có tối đa 10.000 dòng và 4 MB.",
)

GUIDE_BLOC = f"{BLOC_FIRST} {{code}}: {{label}}"


def _titles(department: Department | None) -> Mapping[str, str]:
    return {column: filled(title, department) for column, title in TITLES.items()}


def heads(department: Department | None) -> Heads:
    """What its lists may call their columns."""
    spellings = {c: [filled(one, department) for one in all_] for c, all_ in SPELLINGS.items()}
    return Heads(_titles(department), spellings, SHEET)


def is_taken(department: Department) -> bool:
    """Whether its word for blocs is what a list calls another column."""
    others = {text.fold(one) for c in TITLES if c != "bloc" for one in (TITLES[c], *SPELLINGS[c])}
    own = (BLOC_FIRST, f"Mã {BLOC}")
    return any(text.fold(filled(head, department)) in others for head in own)


def labels(programme: Programme) -> Labels:
    """What the workbook of the present list says besides the units."""
    department, blocs = programme.department, programme.blocs.items()
    named = (GUIDE_BLOC.format(code=code, label=label) for code, label in blocs)
    guide = [filled(line, department) for line in (*GUIDE_LINES, *named)]
    return Labels(SHEET, _titles(department), GUIDE, tuple(guide))


# Why a period's list matters already.
WHY: Mapping[str, str] = {
    "locked": "đã khóa",
    "due": "đã đến hạn",
    "summed": "đã tổng hợp",
    "reported": "có đơn vị bị bớt đã gửi báo cáo",
}

KINDS: Mapping[str, str] = {
    "new": "Mới",
    "ended": "Kết thúc",
    "renamed": "Đổi tên",
    "moved": f"Chuyển {BLOC}, cấp trên",
    "changed": "Thay đổi khác",
}

FAULTS: Mapping[str, str] = {
    # of the whole file
    **uploads.FAULTS,
    "no_file": "Vui lòng chọn tệp danh sách đơn vị.",
    "no_sheet": "Mọi trang tính trong tệp đều ẩn. Vui lòng hiện trang cần dùng rồi lưu lại.",
    "several_sheets": "Tệp có nhiều trang tính có thể là danh sách ({detail}). Vui lòng chỉ giữ "
    "một trang, hoặc đặt tên trang cần dùng là “Đơn vị”.",
    "too_many_rows": "Tệp có hơn 10.000 dòng đơn vị. Vui lòng chia làm nhiều tệp.",
    "no_rows": "Tệp không có dòng đơn vị nào dưới dòng tên cột.",
    # of a cell
    "formula": "ô có công thức; vui lòng dán lại dạng giá trị",
    "error_cell": "ô báo lỗi của Excel; vui lòng sửa công thức hoặc gõ lại nội dung",
    "not_a_day": "cần một ngày có trong lịch, dạng 30/06/2025",
    "phone_as_number": "số điện thoại đang là dạng số nên có thể đã mất số 0 ở đầu; vui lòng đổi ô "
    "sang dạng chữ và gõ lại",
    "bad_mailbox": "cần một địa chỉ thư, ví dụ vanthu@donvi.example",
    "bad_phone": "cần số điện thoại có từ 8 đến 15 chữ số",
    "old_encoding": "chữ viết theo bảng mã cũ (TCVN3, VNI) hoặc bị đọc sai; vui lòng chuyển sang "
    "Unicode",
    "two_phones": "ô có nhiều số điện thoại; vui lòng chỉ ghi một số",
    "no_head": "có nội dung ngoài các cột có tên",
    "too_long": "có quá nhiều mục trong một ô",
    # of a version in the list
    "code_in_other_case": "mã chỉ khác một đơn vị đã có ở chữ hoa, chữ thường",
    "successors_without_end": "có đơn vị kế thừa thì phải có “Đến ngày”",
    "successor_twice": "một đơn vị kế thừa được ghi hai lần",
    "unknown_successor": "đơn vị kế thừa không có trong danh sách",
    "successor_not_there": "đơn vị kế thừa phải có hiệu lực vào ngày ngay sau “Đến ngày”",
}

# What a column wants, where "not as it should be" would not help.
PATTERNS: Mapping[str, str] = {
    "code": "mã chỉ gồm chữ không dấu, chữ số, dấu - và _, dài tối đa 32 ký tự",
    "successors": "ghi mã các đơn vị, cách nhau bởi dấu ;",
    "email": "cần địa chỉ thư dạng ten@coquan.example",
    "phone": "số điện thoại chỉ gồm chữ số, dấu cách, + ( ) . -, dài tối đa 30 ký tự",
}

# What stands by a box of a unit's own page.
FORM_FAULTS: Mapping[str, str] = {
    "no_name": "Vui lòng nhập tên đơn vị.",
    "bad_text": "Nội dung quá dài hoặc có ký tự không đọc được.",
    "unknown_bloc": f"Vui lòng chọn một {BLOC} của chương trình.",
    "not_a_day": "Vui lòng nhập ngày dạng 30/06/2025.",
    "not_there": "Đơn vị không có hiệu lực vào ngày này. Vui lòng chọn ngày khác.",
    "nothing_new": "Chưa có gì khác với hiện tại, nên chưa có gì được lưu.",
    "no_last_day": "Vui lòng nhập ngày cuối cùng của đơn vị.",
    "changed_meanwhile": "Danh sách vừa được người khác thay đổi nên chưa có gì được lưu. Dưới đây "
    "là hiện trạng mới; nội dung đã nhập vẫn còn, vui lòng xem lại rồi bấm lần nữa.",
    "to_agree": "Thay đổi này làm khác danh sách phải gửi của kỳ đã có người dùng đến (đã đến hạn, "
    "đã khóa, đã tổng hợp hoặc đã có báo cáo). Vui lòng xem phần dưới, đánh dấu đồng ý rồi bấm lần "
    "nữa.",
}

EMPTY = "(trống)"
WAITS = "(chờ chọn)"  # the bloc of a row that is asked about


def said(value: object, blocs: Mapping[str, str], column: str = "") -> str:
    """A field of a unit as a person reads it."""
    if isinstance(value, date):
        return day(value)
    if isinstance(value, tuple):
        value = "; ".join(value)
    if column == "bloc":
        value = WAITS if value == LEFT_OUT else blocs.get(str(value), value)
    return str(value) if value not in ("", None) else EMPTY


def quoted(found: object) -> str:
    """What a faulty cell holds, cut to one short line; nothing for an empty one."""
    return text.quoted(said(found, {})) if found not in (None, "", ()) else ""
