"""A form with files, as browsers send it: multipart/form-data, in memory, within limits."""

from collections.abc import Mapping
from io import BytesIO

from chalicelib import text
from chalicelib.pages.web import (
    LARGEST_UPLOAD,
    MOST_FIELDS,
    MULTIPART,
    Problem,
    Sent,
    Upload,
    one_each,
)


def read(headers: Mapping[str, str], body: bytes) -> Sent:
    """Raises Problem: 413 for too much, 415 for another kind of body, 400 for a broken one."""
    from multipart import MultipartError, MultipartParser, parse_options_header

    kind, options = parse_options_header(headers.get("content-type", ""))
    packed = headers.get("content-encoding", "identity").strip().lower() != "identity"
    if kind != MULTIPART or packed or not options.get("boundary"):
        raise Problem(415, "unreadable_form")
    pairs, files = [], {}
    try:
        for part in MultipartParser(
            BytesIO(body),
            options["boundary"],
            content_length=len(body),
            part_limit=MOST_FIELDS,
            spool_limit=len(body),
            memory_limit=len(body),
            strict=True,
        ):
            if part.filename is None:
                pairs.append((part.name, part.raw.decode("utf-8")))
            elif part.size > LARGEST_UPLOAD:
                raise Problem(413, "file_too_large")
            elif part.filename or part.size:  # a file box left empty sends an empty part
                files[part.name] = Upload(text.tidy(part.filename)[:200], part.raw)
    except (MultipartError, UnicodeDecodeError):
        raise Problem(400, "unreadable_form") from None
    return Sent(one_each(pairs), files)
