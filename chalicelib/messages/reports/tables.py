"""Words of the spreadsheets about who has reported: of one period, and of a year's periods."""

from chalicelib.messages.own_words import BLOC, BLOC_FIRST

HEADS: tuple[tuple[str, int], ...] = (  # with the width of each column in letters
    ("TT", 6),
    ("Mã", 10),
    ("Đơn vị", 44),
    (BLOC_FIRST, 14),
    ("Trạng thái", 16),
    ("Thời hạn", 26),
    ("Trễ (giờ)", 9),
    ("Hạn gửi", 17),
    ("Gửi lần đầu", 17),
    ("Gửi gần nhất", 17),
    ("Lần gửi", 8),
    ("Hạn gửi lại", 17),
    ("Lý do miễn", 30),
    ("Người lập báo cáo", 24),
    ("Điện thoại", 16),
    ("Hộp thư", 28),
)
TITLE = "Tình hình gửi báo cáo {period}, lúc {moment}"
SHEETS = ("Tình hình gửi", f"Theo {BLOC}")
FILE = "tinh-hinh-gui-{programme}-{period}.xlsx"

NARROWED_BY = {
    "bloc": f"{BLOC} {{given}}",
    "state": "trạng thái “{given}”",
    "words": "tìm “{given}”",
}
EVERYONE = "Tất cả {count} đơn vị"
NARROWED = "{shown}/{count} đơn vị: {by}"

BLOC_HEAD = (BLOC_FIRST, 20)
RATES = ("Tỷ lệ đã gửi", "Tỷ lệ đúng hạn", "Được miễn")
ALL = "Tất cả"

YEARS_TITLE = "Các kỳ báo cáo năm {year}, lúc {moment}"
YEARS_NOTE = "Tên đơn vị hiện nay; cột “Tên trong các kỳ này” ghi tên khác đã dùng trong kỳ"
YEARS_HEADS: tuple[tuple[str, int], ...] = (
    ("Mã", 10),
    ("Đơn vị", 44),
    (BLOC_FIRST, 14),
    ("Kết thúc", 12),
)
FORMER_NAMES = ("Tên trong các kỳ này", 44)
YEARS_SHEET = "Năm {year}"
YEARS_FILE = "cac-ky-{programme}-{year}.xlsx"
