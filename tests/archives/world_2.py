"""Fills a small installation of schema 2 with the code of its commit: run in a checkout of that.

    PYTHONPATH=CHECKOUT python tests/archives/world_2.py DATA ARCHIVE

README.md beside it says of which commit. Everything goes through the pages, as people do it.
"""

import json
import sys
from contextlib import redirect_stdout
from datetime import timedelta
from pathlib import Path

import world as first

from chalicelib.edges.table import Item
from chalicelib.jobs import summarise
from chalicelib.rules.access.access import csrf_token
from chalicelib.store import links, sign_ins
from infra import backup, migrations
from infra.visitor import Visitor
from tests.world import Q3, Q4, P, World, figures

OFFICER = "chuyenvien@so.example"
DESK = f"/desk/{P}/{Q4}"
_HEADS = (*first.FORM[0], "entered_by")
_OWN = ("integer", "k1", "2.1 Thứ hạng", "", "latest", "", "", "department")
FORM = [
    _HEADS,
    *((*row, "") if len(row) > 1 else row for row in first.FORM[1:]),
    ("begin_group", "s2", "2. Sở theo dõi", "", "", "", "", ""),
    _OWN,
    ("end_group", "", "", "", "", "", "", ""),
]


class Office(World):
    """With an officer at the desk; every visitor stays, and its cookies are told."""

    def __init__(self, data: Path) -> None:
        super().__init__(data)
        migrations.migrate(self.site.table, print)  # as `make run` says the schema
        self.officer = self.signed_in()
        self.kept: dict[str, str] = {}

    def signed_in(self) -> Visitor:
        token, _, _ = sign_ins.ask_sign_in(self.site.table, OFFICER, self.clock.now)
        visitor = Visitor(first.app, self.gateway)
        visitor.follow(visitor.submit(visitor.get(f"/s/{token}"), token))
        return visitor

    def act(self, path: str, action: str, **fields: str) -> None:
        reply = self.officer.submit(self.officer.get(path), action, **_dotted(fields))
        assert reply.status == 303, (path, reply.status, reply.body.decode()[-3000:])
        self.wait(2)

    def open(self, code: str, name: str) -> Visitor:
        visitor = self.unit(code)
        self.kept[name] = visitor.cookies["bc-unit"]
        return visitor

    def wait(self, minutes: int) -> None:
        self.clock.now += timedelta(minutes=minutes)


def _dotted(fields: dict[str, str]) -> dict[str, str]:
    return {name.replace("__", "."): content for name, content in fields.items()}


def reported(office: Office) -> None:
    """As world.py has it, decided on the desk."""
    for place, code in enumerate(("T01", "T02", "T03", "T04", "G01"), start=1):
        y1 = {"T04": "no"}.get(code, "yes" if code[0] == "T" else "")
        office.send(code, Q3, **figures(place, "1,5", 9 + place, 15, y1, n_done="Đã triển khai"))
    office.send("G02", Q3, nil="1")
    summarise.run(office.site, everything=True)
    office.on(23, 11)
    office.officer = office.signed_in()
    office.send(
        "T01", Q4, **figures(10, "2,25", 98, 100, l1="Đọc sách\nVườn trường", n_done="Xong")
    )
    office.send("T02", Q4, **figures(21, "0,5", 91, 100, "no"))
    office.send("T04", Q4, **figures(40, "4", 40, 40))
    office.send("G01", Q4, **figures(50, "5", 50, 50, ""))
    notes = {"i1.note": "Kết nạp dồn", "r1.note": "Chưa chốt"}
    office.save("T03", Q4, i1="33", l1="Đang gõ", n_done="Đang viết", **notes)
    office.save("G02", Q4, i1="7")


def decided(office: Office) -> None:
    """A return with its notice, an acceptance reopened, terms, requests, contacts, an offer."""
    office.act(
        f"{DESK}/reports/T04", "/T04", do="return", general="Xem lại mục 1.", due="01/12/2026"
    )
    office.act(f"{DESK}/reports/G01", "/G01", do="accept")
    office.act(f"{DESK}/reports/G01", "/G01", do="reopen", reason="Bổ sung.")
    office.act(f"{DESK}/terms?unit=G02", "/extend", day="19/12/2026", reason="Bão số 9")
    asks = office.unit("T03")
    page = asks.get(f"/report/{Q4}/ask")
    assert asks.submit(page, "/ask", reason="Bão số 9", wanted="2026-12-19").status == 303
    reply = asks.submit(asks.get("/report/contacts"), "/contacts", **CONTACT)
    assert reply.status == 303, reply.body.decode()[-2000:]
    office.act(f"/desk/{P}/contacts/G02", "/G02", mailbox="g02@donvi.example")
    urge(office, "G02")
    offer(office)


CONTACT = {"head": "Lê Văn Mẫu", "phone": "0270 000 0001", "mailbox": "vanthu@t03.example"}


def urge(office: Office, unit: str) -> None:
    page = office.officer.get(f"{DESK}/urge")
    preview = office.officer.submit(page, "/urge", **{f"unit.{unit}": "1"})
    office.officer.follow(office.officer.submit(preview, "/begin", note="Sở đã gọi điện."))


def offer(office: Office) -> None:
    """Another form, uploaded and not confirmed."""
    rows = [("survey", ""), *(("", *row) for row in FORM)]
    rows += [("choices", ""), ("", "list_name", "name", "label")]
    rows += [("", "yes_no", "yes", "Có"), ("", "yes_no", "no", "Chưa")]
    rows += [("settings", ""), ("", "form_title"), ("", "Thử nghiệm, bản mới")]
    form = "".join(f"| {' | '.join(row)} |\n" for row in rows).replace("1.1 Số", "1.1 Tổng số")
    fields = {"csrf": csrf_token(office.officer.cookies["bc-staff"])}
    reply = office.officer.upload(f"/desk/{P}/form", fields, {"form": ("moi.md", form.encode())})
    assert reply.status == 303, reply.body.decode()[-3000:]


def opened(office: Office) -> None:
    """Open sessions of units, each under the name that the test calls it by."""
    office.on(25, 11)
    office.open("T01", "T01 first")
    office.wait(5)
    office.open("T01", "T01 second")
    office.open("T03", "T03 before its new link")
    office.open("T04", "T04 before its new link")
    office.open("G02", "G02 before its link was revoked")
    office.wait(5)
    office.officer = office.signed_in()
    table, there = office.site.table, _sessions(office)
    office.act(f"/desk/{P}/links/of/T03", "/T03", sure="1", reason="clerk", do="hand_over")
    links.reissue_link(table, office.site.key, P, "T04")  # from a terminal: no act tells when
    office.act(f"/desk/{P}/links/of/G02", "/G02", sure="1", do="revoke")
    # As where the server was killed before it had ended them: they are there, and work again.
    table.fill([item for item in there if table.get(item.key) is None])
    office.wait(5)
    office.open("T03", "T03 with its new link")
    office.open("T04", "T04 with its new link")
    office.kept["officer"] = office.officer.cookies["bc-staff"]


def _sessions(office: Office) -> list[Item]:
    found = office.site.table.everything()
    return [one for one in found if one.key.sort[:8] == "SESSION#" or "role" in one.body]


def main() -> None:
    data, archive = Path(sys.argv[1]), Path(sys.argv[2])
    first.FORM[:] = FORM
    with redirect_stdout(sys.stderr):
        office = Office(data)
        reported(office)
        decided(office)
        summarise.run(office.site, everything=True)
        backup.write(office.site, archive)  # before the figures: it broke on them
        office.act(f"{DESK}/department", "/department", k1="7")
        office.act(f"{DESK}/department", "/department", k1="5")
        opened(office)
    (data / "cookies.json").write_text(json.dumps(office.kept, indent=1), "utf-8")
    office.site.table.close()


if __name__ == "__main__":
    main()
