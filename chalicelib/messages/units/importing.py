"""What the preview of an import says: what was read, mended, passed over, and what it asks."""

from collections.abc import Mapping

from chalicelib.messages.own_words import BLOC_FIRST
from chalicelib.rules.files.spreadsheet_rows import letters, spans
from chalicelib.rules.texts import text
from chalicelib.rules.units.listed import LEFT_OUT, THIS, Listed, Question

HEAD = "Tên cột đọc ở dòng {line} của tệp."
NO_HEAD = (
    "Không tìm thấy dòng tên cột trong 15 dòng đầu của tệp. Vui lòng ghi tên cột như trong mẫu."
)
HIDDEN = "Các dòng đang ẩn trong tệp vẫn được đọc: {rows}."
STAGED_GONE = "Bản xem trước này không còn dùng được. Vui lòng tải tệp lên lại."
STAGED_OLD = (
    "Danh sách hoặc chương trình vừa thay đổi sau lúc xem trước, nên chưa có gì được ghi. "
    "Dưới đây là bản xem trước mới; vui lòng xem lại rồi xác nhận."
)
OTHER_COLUMNS = (
    "Quý vị vừa chọn lại cột, nên chưa có gì được ghi. Dưới đây là bản xem trước theo cột mới; "
    "vui lòng xem lại rồi xác nhận."
)
OPEN = "Còn câu hỏi chưa trả lời, nên chưa có gì được ghi. Vui lòng chọn ở phần dưới."

# Why a cell is taken otherwise than it stands in the file.
MENDED: Mapping[str, str] = {
    "blanks": "Bỏ dấu cách thừa, nối các dòng trong ô",
    "nothing": "Dấu gạch, “không có” được hiểu là để trống",
    "zero": "Thêm số 0 ở đầu số điện thoại",
    "phone": "Số điện thoại được viết lại",
    "sign": "Ngày, số thứ tự được viết lại",
    "code": "Mã được viết lại như trong danh sách",
}

# Why a row is not read as a unit.
PASSED: Mapping[str, str] = {
    "title": "tiêu đề phía trên bảng",
    "heads": "tên cột lặp lại",
    "numbers": "dòng đánh số cột",
    "group": "dòng nhóm",
    "total": "dòng cộng",
    "footer": "phần ký tên, ghi chú dưới bảng",
    "same": "giống hệt một dòng ở trên",
    "left_out": "không ghi, theo lựa chọn",
}

ENCODINGS: Mapping[str, str] = {
    "tcvn3": "chữ theo bảng mã TCVN3 (ABC)",
    "vni": "chữ theo bảng mã VNI",
    "utf8": "chữ Unicode bị đọc sai bảng mã",
}

_NOT_SEEN = str.maketrans({"\n": "↵", "\u00a0": "␣", "\u00ad": "‐", "\t": "␣"})


def head(listed: Listed) -> str:
    """Which row the columns' names were read in."""
    if listed.head:
        return HEAD.format(line=listed.head)
    return NO_HEAD if listed.faults else ""


def hidden(listed: Listed) -> str:
    """Which rows are read though nobody sees them in the file."""
    rows = [line for line in listed.hidden if line > listed.head]
    return HIDDEN.format(rows=spans(rows)) if rows else ""


def asked(one: Question) -> str:
    """What is asked about a row, in one sentence."""
    said = as_it_stands(one.said)
    if one.kind == "text":
        return f"Dòng {one.line}: “{said}” có lẽ là {ENCODINGS[one.detail[0]]}."
    if one.kind == "code":
        return (
            f"Dòng {one.line}: mã “{said}” ({one.detail[0]}) chỉ khác mã {one.choices[0]} ở chữ "
            "hoa, số 0."
        )
    if one.kind == "twin":
        line, first, this = one.detail
        return (
            f"Dòng {one.line} ({this}) trùng mã {said} và ngày bắt đầu với dòng {line} ({first})."
        )
    if one.kind == "phone":
        return f"Dòng {one.line}: ô có {len(one.choices)} số điện thoại. Chỉ một số được ghi."
    return (
        f"{BLOC_FIRST} “{said}” (từ dòng {one.line}) không có trong chương trình. "
        "Các dòng ấy thuộc đâu?"
    )


def choice(one: Question, value: str, blocs: Mapping[str, str], names: Mapping[str, str]) -> str:
    """What an answer is called."""
    if value == LEFT_OUT:
        return "Không ghi các dòng này" if one.kind == "bloc" else "Không ghi dòng này"
    if one.kind == "bloc":
        return blocs[value]
    if one.kind == "code":
        return f"Là {value} {names.get(value, '')}".strip()
    if one.kind == "twin":
        return f"Lấy dòng {one.line}" if value == THIS else f"Giữ dòng {one.detail[0]}"
    return value


def as_it_stands(said: str) -> str:
    """A cell's text with the signs that nobody sees: blanks at its ends, breaks of a line."""
    bare = said.strip()
    before, after = len(said) - len(said.lstrip()), len(said) - len(said.rstrip())
    shown = bare.translate(_NOT_SEEN).replace("  ", "␣␣")
    return text.quoted("␣" * before + shown + ("␣" * after if bare else ""))


def letter(place: int) -> str:
    """The letter of a column, counted from 0."""
    return letters(place + 1)
