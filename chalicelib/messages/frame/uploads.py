"""Why a file as a whole is not taken, whatever it was to hold, and what to do about it."""

from collections.abc import Mapping

FAULTS: Mapping[str, str] = {
    "empty_file": "Tệp không có nội dung. Vui lòng chọn tệp khác.",
    "too_large": "Tệp lớn hơn 4 MB nên không được đọc. Vui lòng bỏ hình ảnh, định dạng và trang "
    "thừa rồi tải lên lại.",
    "pdf": "Đây là tệp PDF, dù tên có thể khác. Vui lòng chọn tệp Excel (.xlsx) hoặc CSV gốc.",
    "password": "Tệp có mật khẩu nên không mở được. Vui lòng mở bằng Excel, bỏ mật khẩu, lưu lại "
    "dạng .xlsx rồi tải lên lại.",
    "old_excel": "Đây là tệp Excel kiểu cũ (.xls). Vui lòng mở bằng Excel và lưu lại dạng .xlsx.",
    "old_xml": "Đây là bảng tính XML kiểu cũ (Excel 2003), dù tên có thể khác. Vui lòng mở bằng "
    "Excel và lưu lại dạng .xlsx.",
    "binary_workbook": "Đây là tệp Excel nhị phân (.xlsb). Vui lòng mở bằng Excel và lưu lại dạng "
    ".xlsx.",
    "ods": "Đây là tệp OpenDocument (.ods). Vui lòng lưu lại dạng .xlsx rồi tải lên lại.",
    "html": "Đây là trang web (HTML), dù tên có thể là .xls hoặc .xlsx. Vui lòng mở bằng Excel và "
    "lưu lại dạng .xlsx.",
    "no_workbook": "Tệp không phải bảng tính Excel (.xlsx), dù tên có thể giống. Vui lòng mở bằng "
    "phần mềm đã tạo ra tệp và lưu lại dạng .xlsx.",
    "damaged": "Tệp hỏng hoặc tải lên chưa trọn. Vui lòng mở thử, lưu lại rồi tải lên lại.",
    "bomb": "Tệp nở ra quá lớn khi giải nén, hoặc có thành phần lạ, nên không được đọc. Vui lòng "
    "chép nội dung sang một tệp mới rồi tải lên lại.",
    "macros": "Tệp có macro (.xlsm) nên không được đọc. Vui lòng lưu lại dạng .xlsx.",
    "not_utf8": "Tệp không phải bảng tính .xlsx, cũng không phải văn bản mã UTF-8. Trong Excel, "
    "vui lòng lưu lại dạng .xlsx hoặc “CSV UTF-8”.",
    "no_text": "Tệp không phải bảng tính .xlsx, cũng không phải văn bản. Vui lòng chọn tệp khác.",
    "not_a_table": "Không đọc được tệp như một bảng CSV (UTF-8). Vui lòng lưu lại dạng .xlsx.",
    "too_much": "Tệp có quá nhiều dòng, ô hoặc định dạng (kể cả dòng, ô trống) nên không được đọc. "
    "Vui lòng chép riêng phần cần dùng sang một tệp mới rồi tải lên lại.",
    "too_wide": "Tệp có nội dung ngoài cột thứ 200. Vui lòng chỉ giữ các cột của mẫu.",
}
