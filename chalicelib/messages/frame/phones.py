"""What is said of a number that nobody can call, wherever one is typed."""

BAD_PHONE = "Số điện thoại có từ 8 đến 15 chữ số, ví dụ 0270 000 0000."
