"""What came behind a request's head: how much of it may be, and its fields and files by name."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from io import BytesIO
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from chalicelib.pages.frame.web import Problem, Request, Upload
from chalicelib.rules.texts import text

MOST_FIELDS = 2_000
LARGEST_BODY = 1_000_000  # bytes; a report's content is at most 100 kB
LARGEST_OF_A_STRANGER = 10_000  # to a way that is open to anyone: a name, an address, a code
MOST_FIELDS_OF_A_STRANGER = 20
LARGEST_GIVEN_BACK = 120_000  # of a body that is shown again to someone without a session
LARGEST_UPLOAD = 4_000_000  # of one file; base64 of more would not fit in Lambda's 6 MB
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
_BARE_PERCENT = re.compile(b"%(?![0-9A-Fa-f]{2})")  # no browser sends it, and each costs much


class Sent(NamedTuple):
    """A body as it was read; both by field name."""

    form: Mapping[str, str]
    files: Mapping[str, Upload]


def guard_length(request: Request, *, stranger: bool, uploads: bool) -> None:
    """Refuse a body that is too large for its way, before anything of it is looked at."""
    size = request.body.size if request.body else 0
    kind = request.headers.get("content-type", "")
    if problem := too_large(kind, size, stranger=stranger, uploads=uploads):
        raise Problem(413, problem)


def with_body(request: Request, *, uploads: bool, stranger: bool) -> Request:
    """The request with what its form holds. Raises Problem for what no form of ours has sent."""
    if request.body is None:
        return request
    most = MOST_FIELDS_OF_A_STRANGER if stranger else MOST_FIELDS
    sent = read_body(request.headers, request.body.read(), uploads=uploads, most_fields=most)
    return replace(request, form=sent.form, files=sent.files, body=None)


def unread(request: Request) -> Mapping[str, str]:
    """The fields of a body that nobody may send, as they came, to be shown to who sent them."""
    if request.body is None or request.body.size > LARGEST_GIVEN_BACK:
        return {}
    try:
        _check_is_form(request.headers)
        body = request.body.read()
        return {} if _BARE_PERCENT.search(body) else dict(_pairs(body, MOST_FIELDS))
    except Problem:
        return {}


def read_body(
    headers: Mapping[str, str], body: bytes, *, uploads: bool, most_fields: int = MOST_FIELDS
) -> Sent:
    """What a form of ours sent. Raises Problem for what none can have sent."""
    kind = headers.get("content-type", "")
    if problem := too_large(kind, len(body), stranger=False, uploads=uploads):
        raise Problem(413, problem)
    if uploads:
        return _read_multipart(headers, body)
    _check_is_form(headers)
    return Sent(read_form(body, most_fields), {})


def too_large(content_type: str, size: int, *, stranger: bool, uploads: bool) -> str:
    """The problem with a body of so many bytes for its way; empty where there is none."""
    if stranger:
        return "body_too_large" if size > LARGEST_OF_A_STRANGER else ""
    if uploads and content_type.lower().startswith(MULTIPART):
        return "file_too_large" if size > LARGEST_UPLOAD + LARGEST_BODY else ""
    return "draft_too_large" if size > LARGEST_BODY else ""


def _check_is_form(headers: Mapping[str, str]) -> None:
    """Refuse a body that is not a form as browsers send it: URL-encoded, UTF-8, not packed."""
    kind, *parameters = headers.get("content-type", "").lower().split(";")
    pairs = dict(part.strip().partition("=")[::2] for part in parameters)
    charset = pairs.get("charset", "utf-8").strip('" ')
    packed = headers.get("content-encoding", "identity").strip().lower() != "identity"
    if kind.strip() != FORM or charset not in ("utf-8", "utf8") or packed:
        raise Problem(415, "unreadable_form")


def read_form(body: bytes, most_fields: int = MOST_FIELDS) -> dict[str, str]:
    """An URL-encoded body. Raises Problem for one that no form of ours can have sent."""
    return one_each(_pairs(body, most_fields))


def _pairs(body: bytes, most_fields: int) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=most_fields,
        )
    except ValueError:  # not UTF-8 inside, not ASCII outside, too many fields
        raise Problem(400, "unreadable_form") from None


def one_each(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Fields by name, tidied. Raises Problem for one that is there twice and not the same."""
    form: dict[str, str] = {}
    for name, content in pairs:
        tidied = text.tidy(content)
        if form.setdefault(name, tidied) != tidied:  # taking one of them would lose the other
            raise Problem(400, "repeated_field", name[:100])
    return form


def _boundary(headers: Mapping[str, str]) -> str:
    from multipart import parse_options_header

    kind, options = parse_options_header(headers.get("content-type", ""))
    packed = headers.get("content-encoding", "identity").strip().lower() != "identity"
    if kind != MULTIPART or packed or not options.get("boundary"):
        raise Problem(415, "unreadable_form")
    return str(options["boundary"])


def _parser(body: bytes, boundary: str) -> Iterable[Any]:
    """Nothing of it goes to a disk, and nothing that breaks the standard is guessed at."""
    from multipart import MultipartParser

    parser: Iterable[Any] = MultipartParser(
        BytesIO(body),
        boundary,
        content_length=len(body),
        part_limit=MOST_FIELDS,
        spool_limit=len(body),
        memory_limit=len(body),
        strict=True,
    )
    return parser


def _read_multipart(headers: Mapping[str, str], body: bytes) -> Sent:
    """As browsers send files.

    Raises Problem: 413 for too much, 415 for another kind of body, 400 for a broken one.
    """
    from multipart import MultipartError

    boundary = _boundary(headers)
    pairs, files = [], {}
    try:
        for part in _parser(body, boundary):
            if part.filename is None:
                pairs.append((part.name, part.raw.decode("utf-8")))
            elif part.size > LARGEST_UPLOAD:
                raise Problem(413, "file_too_large")
            elif part.filename or part.size:  # a file box left empty sends an empty part
                files[part.name] = Upload(text.tidy(part.filename)[:200], part.raw)
    except (MultipartError, UnicodeDecodeError):
        raise Problem(400, "unreadable_form") from None
    return Sent(one_each(pairs), files)
