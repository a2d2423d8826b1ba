"""Unit lists as real files, and a browser that uploads one."""

import io
import zipfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from chalicelib.messages.units.units import heads as heads_of
from chalicelib.rules.units import list_reader
from chalicelib.rules.units.listed import Listed
from chalicelib.rules.units.unit import Unit
from infra.gateway import Reply
from infra.visitor import Forms, Visitor

HEADS = ("Mã đơn vị", "Tên đơn vị", "Khối thi đua", "Từ ngày", "Đến ngày", "Đơn vị kế thừa")


def book(
    rows: Iterable[Sequence[Any]],
    heads: Sequence[Any] = HEADS,
    *,
    more: Callable[[Workbook], None] = lambda _: None,
) -> bytes:
    """A workbook as openpyxl writes it."""
    made = Workbook()
    sheet = made.active
    sheet.title = "Sheet1"
    sheet.append(list(heads))
    for row in rows:
        sheet.append(list(row))
    more(made)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def changed(content: bytes, parts: Mapping[str, bytes]) -> bytes:
    """The same archive with some parts replaced or added."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            if entry.filename not in parts:
                new.writestr(entry.filename, old.read(entry))
        for name, part in parts.items():
            new.writestr(name, part)
    return out.getvalue()


def upload(browser: Visitor, page: Reply, content: bytes, filename: str = "don-vi.xlsx") -> Reply:
    """Send the page's form with this file in its box."""
    action, fields = next(
        (where, given) for where, given in Forms(page.body.decode()).forms if "file" in given
    )
    rest = {name: value for name, value in fields.items() if name != "file"}
    return browser.upload(action, rest, {"file": (filename, content)})


CASES = Path(__file__).parent / "cases"  # files as people have them


def case(name: str) -> bytes:
    return (CASES / name).read_bytes()


def read(
    content: bytes,
    blocs: Mapping[str, str],
    known: Collection[str] = (),
    answers: Mapping[str, str] | None = None,
) -> Listed:
    """A list as the desk reads it: by the heads that it knows."""
    return list_reader.read(content, blocs, heads_of(None), known, answers)


def read_csv(content: bytes, blocs: Mapping[str, str]) -> list[Unit]:
    return list_reader.read_csv(content, blocs, heads_of(None))
