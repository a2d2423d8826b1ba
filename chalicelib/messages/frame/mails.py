"""Words of mails that never leave the machine: where it is tried out, they end in a folder."""

WRITTEN = "Đã ghi vào hộp thư đi của máy này, không gửi ra ngoài"
