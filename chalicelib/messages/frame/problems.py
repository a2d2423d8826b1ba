"""What stands on a page instead of what was asked for: refused moves, and every problem."""

from collections.abc import Mapping

from chalicelib.messages.own_words import ITSELF, ITSELF_FIRST

REFUSALS: Mapping[str, str] = {
    "not_open_yet": "Kỳ báo cáo này chưa mở.",
    "locked": f"Kỳ báo cáo này đã khóa. Nếu cần điều chỉnh, quý đơn vị vui lòng liên hệ {ITSELF}.",
    "exempt": "Quý đơn vị được miễn báo cáo kỳ này.",
    "newer_version": "Đơn vị vừa gửi lần mới hơn lần mà quý vị đã xem. "
    "Vui lòng xem lại báo cáo rồi thực hiện lại.",
    "paper_exempt": "Đơn vị này được miễn báo cáo kỳ này.",
    "asked_of_exempt": "Đơn vị được miễn báo cáo kỳ này nên không gửi lại được. "
    "Vui lòng bỏ miễn trước khi trả lại hoặc mở lại báo cáo.",
    "paper_from_submitted": "Đơn vị đã gửi báo cáo kỳ này nên không nhập báo cáo giấy. "
    "Nếu bản giấy khác với bản đã gửi, vui lòng trả lại hoặc mở lại báo cáo trước.",
    "no_reason": "Vui lòng ghi lý do điều chỉnh.",
    "session_ended": "Báo cáo vừa được đóng trên máy này và chưa được gửi; "
    "vui lòng mở lại đường dẫn của đơn vị rồi gửi lại.",
    "period_changed": f"{ITSELF_FIRST} vừa điều chỉnh kỳ báo cáo này. "
    "Vui lòng xem lại hạn gửi rồi gửi lần nữa.",
    "sent_often": "Quý đơn vị đã gửi báo cáo này nhiều lần trong một giờ qua. "
    "Vui lòng thử lại sau.",
    "try_again": "Hệ thống đang bận. Báo cáo chưa được gửi, vui lòng bấm gửi lần nữa.",
    "submit_from_accepted": f"{ITSELF_FIRST} đã tiếp nhận báo cáo này. "
    f"Nếu cần điều chỉnh, quý đơn vị vui lòng liên hệ {ITSELF} để mở lại.",
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
    "reopening_over": "Thời hạn gửi lại của báo cáo mở lại đã hết; báo cáo đã gửi vẫn được tính. "
    "Nếu còn cần điều chỉnh, quý đơn vị vui lòng đề nghị mở lại.",
}

# name -> title, sentence
PROBLEMS: Mapping[str, tuple[str, str]] = {
    "unknown_link": (
        "Đường dẫn không dùng được",
        "Đường dẫn này không đúng hoặc không còn hiệu lực. "
        f"Quý đơn vị vui lòng kiểm tra lại, hoặc liên hệ {ITSELF} để nhận đường dẫn mới.",
    ),
    "replaced_link": (
        "Đường dẫn đã được cấp lại",
        f"Ngày {{detail}}, {ITSELF} đã cấp lại đường dẫn của đơn vị nên đường dẫn này không còn "
        "dùng được; báo cáo và bản nháp vẫn còn. Quý đơn vị vui lòng dùng đường dẫn trong thư hoặc "
        "tờ mã QR nhận từ ngày đó; nếu chưa nhận được, vui lòng bấm “Gửi lại đường dẫn” hoặc liên "
        f"hệ {ITSELF}.",
    ),
    "unknown_sign_in": (
        "Đường dẫn đăng nhập không dùng được",
        "Đường dẫn đăng nhập chỉ dùng một lần trong 15 phút. Vui lòng đăng nhập lại.",
    ),
    "signed_out": (
        "Cần mở lại đường dẫn của đơn vị",
        "Máy này chưa mở đường dẫn, hoặc lần mở trước đã hết hạn hay đã được đóng. "
        f"Vui lòng mở lại đường dẫn mà {ITSELF} đã gửi; những gì đã lưu nháp vẫn còn.",
    ),
    "staff_signed_out": (
        "Cần đăng nhập",
        f"Trang này dành cho cán bộ {ITSELF}. Vui lòng đăng nhập.",
    ),
    "not_yours": ("Không có quyền", "Tài khoản của quý vị không dùng được chức năng này."),
    "foreign_request": (
        "Chưa thực hiện",
        "Yêu cầu không đến từ trang này nên chưa được thực hiện. Vui lòng mở lại trang và bấm lại.",
    ),
    "stale_form": (
        "Chưa thực hiện",
        "Trang đã mở quá lâu, hoặc đường dẫn đã được mở lại trên máy này, nên yêu cầu chưa được "
        "thực hiện. "
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
        "Nội dung quá dài nên chưa lưu. Vui lòng viết gọn các ô nội dung rồi lưu lại.",
    ),
    "parked_full": (
        "Chưa lưu",
        "Đã có năm nội dung còn giữ nên chưa giữ thêm được. Vui lòng mở báo cáo ở một thẻ khác, "
        "dùng lại hoặc bỏ các nội dung đó, rồi bấm lại ở đây.",
    ),
    "body_too_large": (
        "Chưa thực hiện",
        "Nội dung gửi lên dài hơn nhiều so với những gì trang này cần. "
        "Vui lòng mở lại trang rồi thực hiện lại.",
    ),
    "asked_too_often": (
        "Đã yêu cầu nhiều lần",
        "Từ nơi này vừa có nhiều yêu cầu gửi lại đường dẫn, nên yêu cầu này chưa được thực hiện. "
        f"Vui lòng thử lại sau một giờ, hoặc gọi cho {ITSELF} để nhận đường dẫn.",
    ),
    "sign_in_asked_too_often": (
        "Đã yêu cầu nhiều lần",
        "Từ nơi này vừa có nhiều yêu cầu đăng nhập, nên yêu cầu này chưa được thực hiện. "
        "Vui lòng mở thư mới nhất trong hộp thư, hoặc thử lại sau một giờ.",
    ),
    "too_many": (
        "Đang có nhiều yêu cầu",
        "Hệ thống nhận quá nhiều yêu cầu cùng lúc nên yêu cầu này chưa được nhận. "
        "Vui lòng chờ một phút rồi thực hiện lại.",
    ),
    "other_host": (
        "Địa chỉ không đúng",
        "Địa chỉ này không phải địa chỉ của hệ thống nên yêu cầu chưa được thực hiện. "
        f"Vui lòng mở lại đường dẫn mà {ITSELF} đã gửi.",
    ),
    "no_page": ("Không có trang này", "Vui lòng kiểm tra lại địa chỉ."),
    "no_method": ("Thao tác không hợp lệ", "Vui lòng mở lại trang từ đầu."),
    "file_too_large": (
        "Tệp quá lớn",
        "Tệp lớn hơn 4 MB nên chưa được nhận. Vui lòng gửi tệp nhỏ hơn.",
    ),
    "no_unit": ("Không có đơn vị này", "Vui lòng quay lại danh sách và chọn đơn vị."),
    "no_round": (
        "Không có lượt gửi này",
        "Vui lòng quay về kỳ báo cáo và chọn lại.",
    ),
    "no_unit_here": (
        "Không có đơn vị này trong kỳ báo cáo",
        "Vui lòng quay về kỳ báo cáo và chọn đơn vị khác.",
    ),
    "no_period": ("Không có kỳ báo cáo này", "Vui lòng quay về trang đầu và chọn kỳ báo cáo."),
    "not_owed": (
        "Quý đơn vị không phải gửi báo cáo kỳ này",
        "Vui lòng quay về trang của đơn vị và chọn kỳ báo cáo khác.",
    ),
    "not_open_yet": ("Kỳ báo cáo chưa mở", "Kỳ báo cáo này chưa mở. Vui lòng quay lại sau."),
    "unit_not_owing": (
        "Đơn vị không phải gửi báo cáo kỳ này",
        "Mã đơn vị không có trong danh sách phải gửi của kỳ. Vui lòng chọn từ tình hình gửi.",
    ),
    "no_version": ("Không có lần gửi này", "Vui lòng mở lại trang báo cáo và chọn hai lần gửi."),
    "no_request_of_unit": ("Không có đề nghị này", "Vui lòng mở lại trang đề nghị của các đơn vị."),
    "no_receipt": ("Không có lần gửi này", "Vui lòng quay về trang của đơn vị để xem lại."),
    "no_form": ("Không có phiên bản này", "Vui lòng quay về trang biểu mẫu và chọn lại."),
    "no_offer": (
        "Tệp xem trước không còn",
        "Tệp tải lên được giữ một ngày để xem trước. Chưa có gì thay đổi; vui lòng tải lên lại.",
    ),
    "list_changed": (
        "Chưa thực hiện",
        "Danh sách đơn vị đang được nhiều người thay đổi cùng lúc nên chưa có gì được lưu. "
        "Vui lòng mở lại trang rồi thực hiện lại.",
    ),
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
        f"xin báo cho {ITSELF} kèm mã lỗi dưới đây.",
    ),
}
