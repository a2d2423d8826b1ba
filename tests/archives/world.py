"""Fills a small installation with the code of an old commit: run in a checkout of that commit.

    PYTHONPATH=CHECKOUT python tests/archives/world.py DATA [ARCHIVE]

README.md beside it says of which commits. Names, addresses and telephone numbers are made up.
"""

import shutil
import sys
from contextlib import redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

import app
from chalicelib.edges import embedded
from chalicelib.jobs import summarise
from chalicelib.store import links, reports, sign_ins
from infra import samples
from infra.gateway import Gateway
from infra.visitor import Visitor

P, Q3, Q4 = "thu-nghiem", "2026-Q3", "2026-Q4"
KEY = b"k" * 32
BY = {"by.name": "Trần Thị Mẫu", "by.post": "Văn thư", "by.phone": "0270 000 0000", "approved": "1"}

PROGRAMME = """\
key = "thu-nghiem"
name = "Phong trào thử nghiệm"
short = "Thử nghiệm"
valid_from = 2026-01-01
valid_to = 2026-12-31

[department]
name = "Sở Giáo dục và Đào tạo thử nghiệm"
parent = "UBND tỉnh thử nghiệm"
place = "Thử nghiệm"
contact = "Văn phòng Sở"
phone = "0270 000 0000"
email = "vanphong@so.example"

[blocs]
T = "THPT"
G = "GDTX"

[regime]
collects = ["Q3", "Q4"]
first_year = 2026
last_year = 2026
due_day = 17
lock_day = 20

[holidays]
2026 = [2026-09-02]

[[staff]]
email = "chuyenvien@so.example"
role = "officer"

[[staff]]
email = "giamdoc@so.example"
role = "director"
"""

UNITS = """\
code,name,bloc,parent,order,aliases,email,phone,valid_from,valid_to
T01,Trường THPT Thử Một,T,SO,1,Thử Một,t01@donvi.example,,2026-01-01,
T02,Trường THPT Thử Hai,T,SO,2,,t02@donvi.example,,2026-01-01,
T03,Trường THPT Thử Ba,T,SO,3,,t03@donvi.example,,2026-01-01,
T04,Trường THPT Thử Bốn,T,SO,4,,,,2026-01-01,
G01,Trung tâm GDTX Thử Năm,G,SO,5,,g01@donvi.example,0270 000 0000,2026-01-01,
G02,Trung tâm GDTX Thử Sáu,G,SO,6,,,,2026-01-01,
"""

FORM = [
    ("type", "name", "label", "appearance", "aggregate", "target", "blocs"),
    ("begin_group", "s1", "1. Nội dung", "", "", "", ""),
    ("integer", "i1", "1.1 Số lượng", "", "sum", "", ""),
    ("decimal", "a1", "1.2 Số tiền", "", "sum", "", ""),
    ("begin_group", "r1", "1.3 Tỷ lệ", "", "ratio", ">=98%", ""),
    ("integer", "r1_num", "Đã đạt", "", "", "", ""),
    ("integer", "r1_den", "Tổng số", "", "", "", ""),
    ("end_group", "", "", "", "", "", ""),
    ("select_one yes_no", "y1", "1.4 Đã ban hành", "", "count_yes", "", "T"),
    ("text", "l1", "1.5 Tên mô hình", "multiline", "list", "", ""),
    ("end_group", "", "", "", "", "", ""),
    ("begin_group", "narratives", "Đánh giá", "", "", "", ""),
    ("text", "n_done", "Đã triển khai", "multiline", "", "", ""),
    ("end_group", "", "", "", "", "", ""),
]


class Clock:
    now = datetime(2026, 9, 10, 3, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def folder(path: Path) -> Path:
    """The programme as `make load` takes it."""
    rows = [("survey", ""), *(("", *row) for row in FORM)]
    rows += [("choices", ""), ("", "list_name", "name", "label")]
    rows += [("", "yes_no", "yes", "Có"), ("", "yes_no", "no", "Chưa")]
    rows += [("settings", ""), ("", "form_title"), ("", "Thử nghiệm")]
    path.mkdir(parents=True)
    (path / "form.md").write_text("".join(f"| {' | '.join(row)} |\n" for row in rows), "utf-8")
    (path / "programme.toml").write_text(PROGRAMME, "utf-8")
    (path / "units.csv").write_text(UNITS, "utf-8")
    return path


class World:
    def __init__(self, data: Path) -> None:
        data.mkdir(parents=True)
        (data / "key").write_bytes(KEY)
        (data / "key").chmod(0o600)
        self.clock = Clock()
        self.site = embedded.open_site(data, "http://127.0.0.1:8000", self.clock)
        samples.load(self.site, folder(data / "programme"))
        shutil.rmtree(data / "programme")
        app.use(self.site)
        self.gateway = Gateway(app)

    def on(self, day: int, month: int) -> None:
        self.clock.now = datetime(2026, month, day, 3, 0, tzinfo=UTC)

    def unit(self, code: str) -> Visitor:
        token = links.issue_link(self.site.table, self.site.key, P, code)
        visitor = Visitor(app, self.gateway)
        visitor.follow(visitor.submit(visitor.get(f"/u/{token}"), token))
        return visitor

    def save(self, code: str, k: str, **typed: str) -> None:
        visitor = self.unit(code)
        visitor.submit(visitor.get(f"/report/{k}"), k, do="save", **_fields(typed))

    def send(self, code: str, k: str, reason: str = "", **typed: str) -> None:
        visitor = self.unit(code)
        page = visitor.get(f"/report/{k}")
        check = visitor.follow(visitor.submit(page, k, do="check", **_fields(typed)))
        more = {"reason": reason} if reason else {}
        visitor.follow(visitor.submit(check, "send", **BY, **more))
        head = reports.head(self.site.table, P, k, code)
        assert head is not None
        assert head.last_sent == self.clock.now, code

    def staff(self, email: str) -> None:
        token, _, _ = sign_ins.ask_sign_in(self.site.table, email, self.clock.now)
        visitor = Visitor(app, self.gateway)
        visitor.follow(visitor.submit(visitor.get(f"/s/{token}"), token))


def _fields(typed: dict[str, str]) -> dict[str, str]:
    return {name.replace("__", "."): content for name, content in typed.items()}


def figures(i1: int, a1: str, num: int, den: int, y1: str = "yes", **more: str) -> dict[str, str]:
    sums = {"i1": str(i1), "a1": a1, "r1__num": str(num), "r1__den": str(den)}
    return sums | ({"y1": y1} if y1 else {}) | more


def fill(world: World) -> None:
    """Two periods: one whole, one under way with a report in each state that there was."""
    for place, code in enumerate(("T01", "T02", "T03", "T04", "G01"), start=1):
        done = {"n_done": "Đã triển khai", "l1": f"Mô hình {place}"}
        y1 = {"T04": "no"}.get(code, "yes" if code[0] == "T" else "")
        world.send(code, Q3, **figures(place, "1,5", 9 + place, 15, y1, **done))
    world.send("G02", Q3, nil="1")
    summarise.run(world.site, everything=True)

    world.on(23, 11)
    world.send("T01", Q4, **figures(10, "2,25", 98, 100, l1="Đọc sách\nVườn trường", n_done="Xong"))
    world.send("T02", Q4, **figures(20, "0,5", 90, 100, "no"))
    world.on(24, 11)
    world.send("T02", Q4, "Bổ sung số liệu", **figures(21, "0,5", 91, 100, "no"))
    world.send("T04", Q4, **figures(40, "4", 40, 40))
    world.send("G01", Q4, **figures(50, "5", 50, 50, ""))
    world.save("T03", Q4, i1="33", l1="Đang gõ")
    table = world.site.table
    reports.move(table, P, Q4, "T04", "return", datetime(2026, 12, 1, 16, 59, 59, tzinfo=UTC))
    reports.move(table, P, Q4, "G01", "accept")
    reports.move(table, P, Q4, "G01", "reopen")
    links.reissue_link(table, world.site.key, P, "T03")
    links.revoke(table, P, "G02")
    world.staff("chuyenvien@so.example")
    summarise.run(world.site, everything=True)

    world.on(25, 11)
    world.send("T01", Q4, "Sửa một ô", **figures(12, "2,25", 98, 100, l1="Đọc sách"))


def main() -> None:
    world = World(Path(sys.argv[1]))
    with redirect_stdout(sys.stderr):
        fill(world)
    if len(sys.argv) > 2:
        from infra import backup

        backup.write(world.site, Path(sys.argv[2]))
    world.site.table.close()


if __name__ == "__main__":
    main()
