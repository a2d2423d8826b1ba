"""Facts about forms with files: what browsers send is taken, anything else is refused."""

from collections.abc import Mapping

import pytest

from chalicelib.pages.frame.bodies import LARGEST_UPLOAD, Sent, read_body
from chalicelib.pages.frame.web import Problem, Upload

BOUNDARY = "----frontier"
FORM = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    file = "" if filename is None else f'; filename="{filename}"'
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def body(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def read(content: bytes, headers: Mapping[str, str] = FORM) -> Sent:
    return read_body(headers, content, uploads=True)


def test_fields_and_a_file_come_in_together() -> None:
    sent = read(body(part("csrf", b"abc"), part("file", b"\x00\xff1,2\r\n", "danh sách.csv")))
    assert sent == Sent({"csrf": "abc"}, {"file": Upload("danh sách.csv", b"\x00\xff1,2\r\n")})


def test_text_beside_a_file_is_tidied_as_everywhere() -> None:
    decomposed = "Lý do\u0301 ".encode()
    assert read(body(part("reason", decomposed))).form == {"reason": "Lý dó"}


def test_a_file_box_left_empty_is_no_file() -> None:
    assert read(body(part("file", b"", ""))).files == {}


def test_an_empty_file_is_a_file() -> None:
    assert read(body(part("file", b"", "a.csv"))).files == {"file": Upload("a.csv", b"")}


def test_a_file_of_the_largest_size_is_taken_and_not_a_byte_more() -> None:
    largest = b"x" * LARGEST_UPLOAD
    assert read(body(part("file", largest, "a"))).files["file"].content == largest
    with pytest.raises(Problem) as problem:
        read(body(part("file", largest + b"x", "a")))
    assert (problem.value.status, problem.value.name) == (413, "file_too_large")
    with pytest.raises(Problem) as problem:
        read(body(part("file", largest * 2, "a")))
    assert problem.value.status == 413


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no parts at all",
        part("a", b"never ended"),
        body(part("a", b"\xff\xfe")),
        body(*(part(f"a{n}", b"") for n in range(2_001))),
        body(part("a", b"1"), part("a", b"2")),
        body(b"--" + BOUNDARY.encode() + b"\r\nX: y\r\n\r\nno name\r\n"),
    ],
    ids=["empty", "text", "cut", "no UTF-8", "too many", "twice", "no name"],
)
def test_what_no_browser_sends_is_refused(content: bytes) -> None:
    with pytest.raises(Problem) as problem:
        read(content)
    assert problem.value.status == 400


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "multipart/form-data"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "text/plain"},
        FORM | {"content-encoding": "gzip"},
    ],
    ids=str,
)
def test_another_kind_of_body_is_no_upload(headers: dict[str, str]) -> None:
    with pytest.raises(Problem) as problem:
        read(body(part("a", b"1")), headers)
    assert problem.value.status == 415


def test_a_way_that_takes_no_files_takes_none() -> None:
    with pytest.raises(Problem) as problem:
        read_body(FORM, body(part("a", b"1")), uploads=False)
    assert problem.value.status == 415
