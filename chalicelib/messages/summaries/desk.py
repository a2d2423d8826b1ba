"""Words for the department's officers."""

from collections.abc import Mapping

from chalicelib.messages.own_words import ITSELF

FILE = "tong-hop-{programme}-{period}.{ending}"  # of a summary

# A period with many units is summed by itself while the page is shown.
SUMMING = (
    "Đang tổng hợp. Bản dưới đây là của lần tổng hợp lúc {at}; vui lòng tải lại trang sau khoảng "
    "một phút. Nếu không có báo cáo nào thay đổi thì bản này giữ nguyên."
)
SUMMING_FIRST = "Đang tổng hợp lần đầu. Vui lòng tải lại trang sau khoảng một phút."
SUMMED = "Đã tổng hợp xong lúc {at}."
NOT_SUMMED = (
    "Lần tổng hợp yêu cầu lúc {pressed} chưa có bản mới: không có gì thay đổi, hoặc tổng hợp chưa "
    "xong. Vui lòng bấm lại nếu có báo cáo đã thay đổi; hệ thống cũng tự tổng hợp mỗi giờ."
)

# Mails that strangers may ask for, once they have used up an hour's; a key of `ceilings.used_up`.
PAUSED: Mapping[str, str] = {
    "links": "Thư gửi lại đường dẫn tạm dừng đến {at}: trong giờ này, thư do người chưa đăng "
    f"nhập yêu cầu đã gần đủ {{most}} thư cho phép. Thư do cán bộ {ITSELF} gửi vẫn đi bình "
    "thường; đơn vị nào cần gấp, quý vị gửi từ trang “Đường dẫn”. Nếu không rõ vì sao, vui lòng "
    "báo người quản trị hệ thống.",
    "all": "Thư gửi lại đường dẫn, và thư đăng nhập cho máy chưa từng đăng nhập, tạm dừng đến "
    "{at}: trong giờ này, thư do người chưa đăng nhập yêu cầu đã đủ {most} thư cho phép. Máy đã "
    f"từng đăng nhập vẫn nhận được mã, thư do cán bộ {ITSELF} gửi vẫn đi bình thường. "
    "Nếu không rõ vì sao, vui lòng báo người quản trị hệ thống.",
}
