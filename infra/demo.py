"""Realistic, seeded reports for every unit and period that has begun, sent through the handler.

In a period that is open the first unit sends nothing: its link is printed for whoever tries it.
"""

import random
import sys
import tomllib
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import app
from chalicelib.edges.ports import Site, Unusable
from chalicelib.rules.forms.form import Form, Indicator, indicators
from chalicelib.rules.forms.value import fields
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.units.unit import Unit, owing
from chalicelib.store import links, programmes, reports
from infra.gateway import Gateway
from infra.samples import FOLDER
from infra.visitor import Visitor

_POSTS = ("Phó Hiệu trưởng", "Văn thư", "Thư ký Hội đồng", "Giáo viên")
_LISTS = (
    "Mô hình “Mỗi tuần một câu chuyện về Bác”: mỗi lớp kể một lần trong tuần",
    "Câu lạc bộ sách và hành động, sinh hoạt hai tuần một lần",
    "Tuyến đường hoa trước cổng trường do học sinh chăm sóc",
    "Quỹ “Tiếp bước đến trường” giúp học sinh khó khăn",
    "Nhóm học sinh giúp dọn trường lớp sau đợt mưa lớn",
)
_NARRATIVES: Mapping[str, tuple[str, ...]] = {
    "n_done": (
        "Đơn vị đã phổ biến kế hoạch đến toàn thể viên chức và phân công cụ thể cho từng tổ.",
        "Đã ban hành kế hoạch, đưa nội dung thi đua vào sinh hoạt chuyên môn hằng tháng.",
    ),
    "n_best": (
        "Phong trào đọc sách được duy trì đều, học sinh tham gia đông.",
        "Tổ Hóa - Sinh có hai giải pháp được áp dụng trong toàn trường.",
    ),
    "n_limits": ("Một số chỉ tiêu chuyển đổi số còn chậm do thiết bị cũ.", ""),
    "n_causes": ("Kinh phí mua sắm còn hạn chế.", ""),
    "n_asks": ("Kính đề nghị Sở tổ chức thêm lớp tập huấn về học bạ điện tử.", "", ""),
}
_AHEAD = {"+": 0.985, "-": 0.004, "0": 0.6}  # the usual share of a ratio, by its direction


@dataclass(frozen=True, slots=True)
class Fate:
    """What one unit does in one period."""

    first: datetime
    corrected: datetime | None
    nil: bool


def refuse_real(site: Site, *, on_aws: bool) -> None:
    """Raises Unusable where somebody works for real: an own programme, or reports on a stage."""
    ours = {tomllib.loads(one.read_text("utf-8"))["key"] for one in FOLDER.glob("*/programme.toml")}
    if own := sorted(set(programmes.programme_keys(site.table)) - ours):
        raise Unusable(f"{own[0]} is no sample: no made-up reports are put beside real ones")
    if on_aws and any(
        next(iter(reports.revisions(site.table, p, period.key)), None)
        for p in ours
        for period in programmes.periods(site.table, p)
    ):
        raise Unusable("this stage holds reports: no made-up ones are put beside them")


def _begun(site: Site, now: datetime) -> list[tuple[Programme, Period]]:
    return [
        (programme, period)
        for programme in programmes.programmes(site.table)
        for period in programmes.periods(site.table, programme.key)
        if period.has_begun(now)
    ]


def fill(site: Site) -> None:
    """Send what is not there yet. A second run sends nothing; the same seed gives the same."""
    now = site.clock()
    clock = _Clock(now)
    app.use(Site(site.table, site.files, site.mail, site.server_key, site.public_url, clock))
    gateway = Gateway(app)
    begun, total = _begun(site, now), 0
    _ask_from_their_beginning(site, begun)
    for place, (programme, period) in enumerate(begun, start=1):
        form = programmes.form(site.table, programme.key, period.form)
        units = owing(programmes.units(site.table, programme), period.end)
        sending = units[1:] if period.is_open(now) else units
        sent = sum(
            _report(Visitor(app, gateway), site, clock, programme, period, form, unit, now)
            for unit in sending
        )
        total += sent
        line = (
            f"{place}/{len(begun)} {programme.key} {period.key}: {sent} of {len(units)} units sent"
        )
        print(line, file=sys.stderr, flush=True)
    print(f"{total} reports sent")


def _ask_from_their_beginning(site: Site, begun: Iterable[tuple[Programme, Period]]) -> None:
    """As if the programme had begun with its first period: who sends nothing owes it."""
    for programme, period in begun:
        if period.was_over:
            asked = period.model_copy(update={"taken_in": None})
            programmes.keep_periods(site.table, programme.key, [asked])


class _Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def _report(
    visitor: Visitor,
    site: Site,
    clock: _Clock,
    programme: Programme,
    period: Period,
    form: Form,
    unit: Unit,
    now: datetime,
) -> bool:
    """Send one unit's report as its office would. False where it sends none."""
    if reports.head(site.table, programme.key, period.key, unit.code):
        return False
    chance = seeded(programme.key, period.key, unit.code)
    fate = fate_of(chance, period, now)
    if fate is None:
        return False
    asked = list(indicators(form.asked_of(unit.bloc, period.key, period.end)))
    typed = answers(chance, unit, asked)
    clock.now = fate.first
    token = links.issue_link(site.table, site.key, programme.key, unit.code)
    visitor.submit(visitor.get(f"/u/{token}"), token)
    nil = {"nil": "1", "nil.note": "Đơn vị tạm nghỉ để sửa chữa trường"}
    _send(visitor, period, chance, nil if fate.nil else typed)
    if fate.corrected:
        clock.now = fate.corrected
        visitor.submit(visitor.get(f"/u/{token}"), token)  # a session lasts thirty days
        code = next(one.code for one in asked if one.kind == "count" and one.aggregate == "sum")
        typed[code] = str(int(typed.get(code) or 0) + 1)
        typed[f"{code}.state"] = "value"
        _send(visitor, period, chance, typed, reason="Bổ sung số liệu của tổ gửi muộn")
    return True


def seeded(programme: str, period: str, unit: str) -> random.Random:
    """What this report's fate and answers are drawn from: the same each time."""
    return random.Random(f"{programme} {period} {unit}")


def fate_of(chance: random.Random, period: Period, now: datetime) -> Fate | None:
    """Some never send, some late, some correct; in an open period many are still to come."""
    draw = chance.random()
    window = period.due - period.opens
    if draw < 0.03:
        return None
    if draw < 0.10:
        first = period.due + (period.locks - period.due) * chance.uniform(0.05, 0.9)
    else:
        first = period.opens + window * min(0.999, 0.55 + 0.44 * chance.random() ** 0.5)
    corrected = None
    if 0.10 <= draw < 0.18:
        corrected = first + (period.locks - first) * chance.uniform(0.1, 0.8)
    if period.locks > now:  # as far as it has come today, at the pace of a real one
        first = period.opens + (now - period.opens) * ((first - period.opens) / window)
        corrected = None
        if draw < 0.35:
            return None
    return Fate(first, corrected, nil=0.18 <= draw < 0.20)


def _send(
    visitor: Visitor, period: Period, chance: random.Random, typed: Mapping[str, str], **more: str
) -> None:
    page = visitor.get(f"/report/{period.key}")
    check = visitor.follow(visitor.submit(page, period.key, do="check", **typed))
    by = {
        "by.name": f"Người lập báo cáo {chance.randint(1, 99):02}",
        "by.post": chance.choice(_POSTS),
        "by.phone": "0270 000 0000",
        "approved": "1",
    }
    visitor.follow(visitor.submit(check, "send", **by, **more))


def answers(chance: random.Random, unit: Unit, asked: list[Indicator]) -> dict[str, str]:
    size = 0.5 + zlib.crc32(unit.code.encode()) % 100 / 60  # a unit is as large each time
    if unit.bloc == "P":
        size *= 12
    typed: dict[str, str] = {}
    for indicator in asked:
        typed |= dict(_field(chance, indicator, size))
    if unit.bloc != "P":
        _one_level(chance, typed)
    return typed


def _one_level(chance: random.Random, typed: dict[str, str]) -> None:
    """A single school stands at one level of a scale, if at any."""
    standard = chance.choice(("i2_1_thpt_1", "i2_1_thpt_1", "i2_1_thpt_2", ""))
    for code in ("i2_1_thpt_1", "i2_1_thpt_2"):
        if f"{code}.num" in typed:
            typed[f"{code}.num"] = str(int(code == standard))
    digital = chance.choice(("i3_7_1", "i3_7_2", "i3_7_2", "i3_7_3"))
    for code in ("i3_7_1", "i3_7_2", "i3_7_3"):
        if code in typed or f"{code}.state" in typed:
            typed[code] = str(int(code == digital))
            typed.pop(f"{code}.state", None)


def _field(chance: random.Random, one: Indicator, size: float) -> Iterator[tuple[str, str]]:
    if one.code in _NARRATIVES:
        yield one.code, chance.choice(_NARRATIVES[one.code])
    elif one.kind == "list":
        lines = chance.sample(_LISTS, chance.choice((0, 1, 1, 2)))
        yield one.code, "\n".join(lines)
    elif one.kind == "text":
        yield one.code, f"Số {chance.randint(5, 60)}/KH, ngày {chance.randint(1, 28):02}/01"
    elif chance.random() < 0.02:
        yield f"{one.code}.state", "na"
        yield f"{one.code}.note", "Đơn vị không có nội dung này"
    elif one.kind in ("yesno", "choice"):
        yield one.code, "yes" if chance.random() < 0.96 else "no"
    elif one.kind == "ratio":
        yield from _ratio(chance, one, size)
    elif one.kind == "amount":
        yield one.code, f"{chance.randint(20, 900) * size:.1f}".replace(".", ",")
    else:
        yield _count(chance, one, size)


def _count(chance: random.Random, one: Indicator, size: float) -> tuple[str, str]:
    """Of what is to go down there is mostly none."""
    often = 0.08 if one.direction == "-" else 0.85
    usual = (1, 1, 2, 3, 5, 9)[zlib.crc32(one.code.encode()) % 6]
    most = 2 if one.direction == "-" else 1 + usual * size
    if chance.random() < often:
        return one.code, str(int(chance.uniform(0, most)))
    return f"{one.code}.state", "nil"


def _ratio(chance: random.Random, one: Indicator, size: float) -> Iterator[tuple[str, str]]:
    den_field, small = fields(one)[1], "trường" in one.measured_in or "tổ chức" in one.measured_in
    den = int((4 if small else chance.randint(60, 400)) * size) or 1
    if "ghi 1" in one.den_label:
        den = 1
    share = _AHEAD[one.direction] + chance.gauss(0, 0.012 if one.direction == "+" else 0.003)
    num = max(0, min(den, round(den * share)))
    yield fields(one)[0], str(num)
    yield den_field, str(den)
