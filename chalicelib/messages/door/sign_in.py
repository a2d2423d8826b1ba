"""What who signs in hears."""

from collections.abc import Mapping

SIGN_IN: Mapping[str, str] = {
    "bad_email": "Vui lòng nhập địa chỉ thư điện tử công vụ.",
    "bad_code": "Mã không đúng hoặc đã hết hạn. Vui lòng kiểm tra lại, bấm đường dẫn trong thư, "
    "hoặc xin mã mới.",
    "waiting": "Đã có nhiều mã sai nên mã vừa nhập chưa được kiểm tra. "
    "Vui lòng bấm đường dẫn trong thư mới nhất để vào ngay.",
    "again": "Muốn nhập mã, vui lòng thử lại lúc {at}, với mã mới nếu mã này đã quá 15 phút.",
    "subject": "Mã đăng nhập hệ thống báo cáo: {code}",
}
