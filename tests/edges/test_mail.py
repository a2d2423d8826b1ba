"""The bytes of a mail, read by a decoder that had no part in writing them."""

import re
from email.header import decode_header, make_header

import pytest

from chalicelib.edges import mail
from tests.builders import instant

WORDS = "Trân trọng đề nghị gửi báo cáo Quý IV năm 2026 (đã quá hạn 17/12/2026) Phòng GD&ĐT "


def raw_subject(subject: str) -> str:
    whole = mail.written("so@a.example", "t01@b.example", subject, "Nội dung", instant(16))
    head = whole.partition(b"\r\n\r\n")[0].decode("ascii")
    found = re.search(r"^Subject: ([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", head, re.MULTILINE)
    assert found is not None
    return found[1]


@pytest.mark.guards(
    "a subject reads as it was written, whatever its length",
    "folded by `EmailPolicy` ✓ (the first)",
    "not folded ✓ (the second)",
)
@pytest.mark.parametrize("words", [WORDS, "Report Q4 of 2026, due on 17/12/2026 "])
def test_a_subject_of_any_length_reads_as_it_was_written(words: str) -> None:
    """Other letters come in encoded words, which join without the blanks between them."""
    for length in range(1, 300):
        subject = (words * 4)[:length].strip()
        unfolded = raw_subject(subject).replace("\r\n", "")
        assert str(make_header(decode_header(unfolded))) == subject


@pytest.mark.guards("a subject reads as it was written, whatever its length")
def test_no_line_of_a_subject_is_longer_than_mail_programs_take() -> None:
    for line in f"Subject: {raw_subject((WORDS * 4).strip())}".split("\r\n"):
        assert len(line) <= 78
        assert all(len(word) <= 75 for word in line.split())
