"""Nouns for tests, complete by default and changed by keyword; the golden period; small folders."""

import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from hypothesis import settings, strategies

from chalicelib.rules.forms.form import Choice, Form, Indicator, Section
from chalicelib.rules.programmes.period import Period, end_of, start_of
from chalicelib.rules.reports import report, submission
from chalicelib.rules.reports.report import Content, Head, Sender, Standing, Version
from chalicelib.rules.texts.clock import iso
from chalicelib.rules.units.unit import Unit

# The first example of a run pays for imports, so no example is judged by its time.
unhurried = settings(deadline=None)

YES_NO = (Choice(name="yes", label="Có"), Choice(name="no", label="Chưa"))
GRADES = (Choice(name="tot", label="Tốt"), Choice(name="kha", label="Khá"))
BLOCS = {"P": "Phòng GD&ĐT", "T": "THPT", "G": "GDTX"}

_AGGREGATES = {
    "count": "sum",
    "amount": "sum",
    "ratio": "ratio",
    "yesno": "count_yes",
    "list": "list",
    "rank": "latest",
}
_CHOICES = {"yesno": YES_NO, "choice": GRADES}


def instant(day: int, hour: int = 3, month: int = 12, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def indicator(code: str = "i1_6", kind: str = "count", **more: Any) -> Indicator:
    given: dict[str, Any] = {
        "code": code,
        "kind": kind,
        "label": f"Chỉ tiêu {code}",
        "aggregate": _AGGREGATES.get(kind, "none"),
        "choices": _CHOICES.get(kind, ()),
    }
    if kind == "ratio":
        given |= {"num_label": "Đã đạt", "den_label": "Tổng số"}
    return Indicator(**(given | more))


def section(*indicators: Indicator, code: str = "s1", **more: Any) -> Section:
    return Section(**({"code": code, "label": f"Nội dung {code}", "indicators": indicators} | more))


def form(*sections: Section, **more: Any) -> Form:
    given = {"version": 1, "title": "Thi đua", "sections": sections or (section(indicator()),)}
    return Form(**(given | more))


def unit(code: str = "T01", **more: Any) -> Unit:
    given = {"code": code, "name": f"Đơn vị {code}", "bloc": code[0], "valid_from": "2021-01-01"}
    return Unit.model_validate(given | more)


def period(key: str = "2026-Q4", **more: Any) -> Period:
    """The fourth quarter of 2026: due on 17/12, locked on 21/12."""
    given = {
        "key": key,
        "label": "Quý IV năm 2026",
        "start": date(2026, 9, 15),
        "end": date(2026, 12, 14),
        "opens": start_of(date(2026, 9, 15)),
        "due": end_of(date(2026, 12, 17)),
        "locks": end_of(date(2026, 12, 21)),
        "form": 1,
    }
    return Period(**(given | more))


def content(
    figures: Mapping[str, Any] | None = None, texts: Mapping[str, Any] | None = None, **more: Any
) -> Content:
    return Content(figures={"i1_6": 5} if figures is None else figures, texts=texts or {}, **more)


def head(code: str = "T01", sent: Content | None = None, **more: Any) -> Head:
    sent = sent or content()
    given = {
        "unit": code,
        "period": "2026-Q4",
        "state": "submitted",
        "version": 1,
        "first_sent": instant(15),
        "last_sent": instant(15),
        "late": False,
        "nil": sent.nil,
        "form": 1,
        "hash": sent.hash(),
        "figures": report.compact(sent.figures),
        "revision": 1,
    }
    return Head(**(given | more))


def standing(head: Head) -> Standing:
    """The head as a summary reads it back."""
    kept = head._asdict() | {name: iso(getattr(head, name)) for name in ("first_sent", "last_sent")}
    return Standing(**{name: kept[name] for name in Standing._fields})


def submit(before: Head | None = None, **more: Any) -> tuple[Version, Head]:
    """A sending on 15/12/2026, in time; a correction carries its reason."""
    given = {
        "period": period(),
        "unit": "T01",
        "content": content(),
        "now": instant(15),
        "form": 1,
        "sender": Sender("Nguyễn Thị Định", "Văn thư", "0270 000 0000", True),
        "reason": "Bổ sung số liệu" if before else "",
    }
    return submission.submit(before, **(given | more))


# ------------------------------------------------------------------ the golden period


@dataclass(frozen=True)
class Golden:
    """One period with every kind of indicator and every fate of a report."""

    sections: tuple[Section, ...]
    units: tuple[Unit, ...]  # those that owe, in official order
    heads: tuple[Head, ...]
    texts: Mapping[str, Mapping[str, Any]]
    period: Period


_SENT = {
    "P01": content(
        {"c1": 3, "c2": 1250, "a1": "12.5", "r1": [97, 100], "z1": [0, 0], "y1": "yes", "h1": "tot"}
        | {"x1": 7},
        {"l1": ["Mô hình “Kể chuyện về Bác”", "Câu lạc bộ sách"], "t1": "Số 5/KH"}
        | {"n_done": "Đã phổ biến đến từng tổ.\nĐã phân công."},
    ),
    "T01": content(
        {"c1": 0, "c2": 4, "a1": None, "r1": [1, 1], "r2": [1, 1], "z1": [0, 0], "y1": "no"}
        | {"h1": None, "x1": 8},
        {"l1": None, "t1": None, "n_done": None},
    ),
    "T02": content(
        {"c1": False, "c2": 0, "a1": "0.05", "r1": None, "r2": [0, 99], "z1": None, "y1": "yes"}
        | {"h1": "kha", "x1": None},
        {"l1": ["=SUM(A1)"], "t1": "+84 270", "n_done": "-1"},
    ),
    "T03": content(
        dict.fromkeys(("c1", "c2", "a1", "r1", "r2", "z1", "y1", "h1", "x1")),
        {"l1": None, "t1": None, "n_done": None},
        nil=True,
    ),
    "G01": content(
        {"c1": 1000, "c2": 1000, "a1": "1000", "r1": [1000, 1000], "z1": [1, 1], "y1": "no"}
        | {"h1": "tot", "x1": 1000},
        {"l1": ["bị trả lại"], "t1": "bị trả lại", "n_done": "bị trả lại"},
    ),
    "T09": content({"c1": 500, "c2": 500}, {"l1": ["đã giải thể"]}),
}
_FATE: Mapping[str, Mapping[str, Any]] = {
    "T01": {"state": "accepted", "late": True, "first_sent": instant(18), "last_sent": instant(18)},
    "T02": {"state": "reopened", "version": 2, "revision": 4},
    "G01": {"state": "returned"},
}


def golden() -> Golden:
    """P01, T01 late, T02 reopened, T03 wholly nil, G01 returned, G02 missing, T09 ended."""
    asked = section(
        indicator("c1", target="0", direction="-", measured_in="người"),
        indicator("c2", aggregate="latest", label="=1+1"),
        indicator("a1", "amount", target=">12.5", decimals=1, measured_in="triệu đồng"),
        indicator("r1", "ratio", target=">=98%"),
        indicator("r2", "ratio", aggregate="latest_ratio", target=">=1%", blocs=("T",)),
        indicator("z1", "ratio", target=">=50%"),
        indicator("y1", "yesno", target="100%"),
        indicator("h1", "choice"),
        indicator("x1", aggregate="none", target="theo kế hoạch"),
        indicator("k1", "rank", target="<=5", entered_by="department"),
        indicator("l1", "list"),
        indicator("t1", "text"),
    )
    narratives = section(indicator("n_done", "text"), code="narratives")
    units = tuple(
        unit(code, order=order, phone="0270 000 0000")
        for order, code in enumerate(("P01", "T01", "T02", "T03", "G01", "G02"))
    )
    heads = tuple(head(code, sent, **_FATE.get(code, {})) for code, sent in _SENT.items())
    texts = {code: sent.texts for code, sent in _SENT.items()}
    return Golden((asked, narratives), units, heads, texts, period())


# ------------------------------------------------------------------ what people might type

_LINE = strategies.text(
    strategies.characters(codec="utf-8", categories=("L", "M", "N", "P", "S")), min_size=1
)
_COUNT = strategies.integers(0, 10**15 - 1)


@strategies.composite
def amounts(draw: Any) -> str:
    """The canonical text of an amount of at most 15 digits."""
    digits = draw(strategies.text(string.digits, min_size=1, max_size=15))
    places = draw(strategies.integers(0, len(digits) - 1))
    whole, part = digits[: len(digits) - places], digits[len(digits) - places :].rstrip("0")
    return f"{int(whole)}.{part}" if part else str(int(whole))


_VALUES = {
    "count": _COUNT,
    "rank": _COUNT,
    "amount": amounts(),
    "ratio": strategies.tuples(_COUNT, _COUNT).map(sorted),
    "yesno": strategies.sampled_from(["yes", "no"]),
    "choice": strategies.sampled_from(["tot", "kha"]),
    "text": _LINE,
    "list": strategies.lists(_LINE, min_size=1, max_size=50),
}
KINDS = tuple(_VALUES)


def figures_of(kind: str) -> strategies.SearchStrategy[Any]:
    """Any value of this kind, nil, or not applicable."""
    return strategies.one_of(_VALUES[kind], strategies.none(), strategies.just(False))


# ------------------------------------------------------------------ XLSForms and folders

Sheets = Mapping[str, Sequence[Sequence[str]]]

SURVEY_COLUMNS = ("type", "name", "label", "aggregate")


def survey(*rows: Sequence[str], columns: Sequence[str] = SURVEY_COLUMNS) -> list[Sequence[str]]:
    """A survey sheet with these rows inside one section: header in row 1, section in row 2."""
    return [columns, ("begin_group", "s1", "Nội dung"), *rows, ("end_group",)]


def as_markdown(sheets: Sheets) -> bytes:
    lines = []
    for name, rows in sheets.items():
        lines.append(f"| {name} |")
        for row in rows:
            lines.append("| | " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")
    return ("\n".join(lines) + "\n").encode()


def simple_form(*rows: Sequence[str]) -> bytes:
    plain = ("integer", "i1_6", "1.6 Đảng viên mới kết nạp", "sum")
    return as_markdown(
        {
            "survey": survey(*(rows or (plain,))),
            "choices": [("list_name", "name", "label"), ("co", "yes", "Có"), ("co", "no", "Chưa")],
            "settings": [("form_title",), ("Thi đua",)],
        }
    )


_TOML = """key = "thu-nghiem"
name = "Phong trào thử nghiệm"
short = "Thử nghiệm"
valid_from = 2026-01-01
valid_to = 2027-12-31
[department]
name = "Sở"
parent = "UBND tỉnh"
place = "Vĩnh Long"
contact = "Văn phòng"
phone = "0270 000 0000"
email = "so@so.example"
[blocs]
P = "Phòng GD&ĐT"
T = "THPT"
[regime]
collects = ["Q3", "Q4"]
first_year = 2026
last_year = 2027
due_day = 17
lock_day = 20
[holidays]
2027 = []
[[staff]]
email = "Can.Bo@so.example"
role = "officer"
"""

_UNITS = (
    "code,name,bloc,valid_from\nP01,Phòng Ba Tri,P,2021-01-01\nT01,THPT Phan Liêm,T,2021-01-01\n"
)


def folder(
    path: Path, *, toml: str = _TOML, form: bytes | None = None, units: str = _UNITS
) -> Path:
    """A programme's folder with one indicator and two units."""
    path.mkdir(parents=True, exist_ok=True)
    (path / "programme.toml").write_text(toml, "utf-8")
    (path / "form.md").write_bytes(form or simple_form())
    (path / "units.csv").write_text(units, "utf-8")
    return path


def settings_with(old: str, new: str) -> str:
    """The small folder's programme.toml with one text replaced."""
    assert old in _TOML
    return _TOML.replace(old, new)


def units_csv(rows: Iterable[str], header: str = "code,name,bloc,valid_from,valid_to") -> bytes:
    return "\n".join([header, *rows, ""]).encode()
