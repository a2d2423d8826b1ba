"""Urging by mail, by its pages and at the table: each unit at most once a day, and known how."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html import unescape
from pathlib import Path

import pytest

import app
from chalicelib.edges.ports import NotSent, Site
from chalicelib.jobs import remind
from chalicelib.pages.frame import render
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.progress import reminder
from chalicelib.rules.progress.reminder import Case, Round
from chalicelib.rules.reports.exempt_or_extended import Terms
from chalicelib.rules.reports.report import Sender
from chalicelib.rules.review.act import Act
from chalicelib.rules.units.contact import Contact
from chalicelib.store import (
    access,
    acts,
    contacts,
    exempt_or_extended,
    links,
    programmes,
    reminders,
    reports,
)
from chalicelib.store.reports import Sending
from infra.gateway import Reply
from infra.visitor import Visitor
from tests import officer
from tests.builders import content, instant
from tests.conftest import HERE, NEW, Clock, on_aws
from tests.contract import parallel
from tests.faulty import Calls, FaultyTable, Killed
from tests.sizes import Figure, size

Q4 = "2026-Q4"
URGE = f"/desk/{NEW}/{Q4}/urge"
OFFICER = "chuyenvien@vinhlong.example"
ALL = 36

Staff = Callable[..., Visitor]
Outbox = Callable[[], list[EmailMessage]]


class Post:
    """A mail edge that does as it is told for each mail; what went out stays in `sent`."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str]] = []
        self.does: Callable[[str], None] = lambda _: None

    def send(self, to: str, subject: str, text: str, now: datetime) -> None:  # noqa: ARG002
        self.does(to)
        self.sent.append((to, subject, text))

    def refuses(self) -> None:
        def refuse(_: str) -> None:
            raise NotSent("planted")

        self.does = refuse

    def works(self) -> None:
        self.does = lambda _: None

    @property
    def counts(self) -> Counter[str]:
        return Counter(to for to, _, _ in self.sent)


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def posted(site: Site, post: Post, visitor: Callable[[], Visitor]) -> Site:
    """The installation with that mail edge; browsers made before or after use it."""
    made = replace(site, mail=post)
    app.use(made)
    return made


def period_of(site: Site) -> Period:
    return next(one for one in programmes.periods(site.table, NEW) if one.key == Q4)


def programme_of(site: Site) -> Programme:
    found = programmes.programme(site.table, NEW)
    assert found is not None
    return found


def report_in(site: Site, unit: str, now: datetime | None = None) -> None:
    period = period_of(site)
    own = exempt_or_extended.of(site.table, NEW, Q4, unit)
    sender = Sender("Trần Thị Mẫu", "Văn thư", "0270 000 0000", approved=True)
    sending = Sending(NEW, period, unit, content({"i1_5": 1}), 0, period.form, sender, terms=own)
    reports.send(site.table, sending, now or site.clock())


def keep_terms(site: Site, given: Terms) -> None:
    act = Act(site.clock(), OFFICER, "accept", NEW, Q4, given.unit)
    acts.commit(site.table, act, exempt_or_extended.put(NEW, Q4, given))


def keep_contact(site: Site, unit: str, given: Contact) -> None:
    act = Act(site.clock(), OFFICER, "accept", NEW)
    acts.commit(site.table, act, contacts.put(NEW, unit, given))


def written(case: Case, token: str) -> tuple[str, str]:
    return f"Báo cáo {case.unit.code}", f"{HERE}/u/{token}"


def round_of(site: Site, *units: str, id: str = "") -> Round:
    now = site.clock()
    made = Round(id or reminder.new_round(), reminder.day_of(now), units, "", OFFICER, now)
    reminders.begin(site.table, NEW, Q4, made)
    return made


def step(site: Site, round: Round, *, again: bool = False) -> Counter[reminder.State]:
    args = site, programme_of(site), period_of(site), round, OFFICER, written
    return remind.step(*args, again=again)


def ends(site: Site, day: str = "") -> dict[str, str]:
    now = site.clock()
    found = reminders.reminders(site.table, NEW, Q4, day or reminder.day_of(now))
    return {one.unit: one.ended(now) for one in found}


def said(reply: Reply) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", reply.body.decode()))


def body(mail: EmailMessage) -> str:
    return str(mail.get_content()).replace("\r\n", "\n")


def figures(page: Reply) -> list[int]:
    """Sent, still to be sent, failed, unknown."""
    found = re.search(r'<ul class="figures">(.*?)</ul>', page.body.decode(), re.DOTALL)
    assert found is not None
    return [int(number) for number in re.findall(r"<b>(\d+)</b>", found[1])]


def urged(browser: Visitor, **fields: str) -> Reply:
    """The page of the round that these choices begin."""
    preview = browser.submit(browser.get(URGE), "/urge", **fields)
    return browser.follow(browser.submit(preview, "/begin"))


# ---------------------------------------------------------------- the text


def test_each_unit_gets_its_own_name_due_and_link_in_a_mail_of_its_own(
    site: Site, as_staff: Staff, outbox: Outbox, clock: Clock
) -> None:
    clock.now = instant(16)
    keep_terms(site, Terms("T02", due=instant(19, 16)))
    keep_contact(site, "T01", Contact(mailbox="hieutruong@t01.example"))
    page = urged(as_staff(OFFICER), **{"unit.T01": "1", "unit.T02": "1"})
    assert figures(page) == [2, 0, 0, 0]
    mails = {mail["To"]: mail for mail in outbox()}
    assert set(mails) == {"hieutruong@t01.example", "t02@donvi.example"}
    for unit, box, due in (
        ("T01", "hieutruong@t01.example", "23:59 ngày 17/12/2026"),
        ("T02", "t02@donvi.example", "23:00 ngày 19/12/2026"),
    ):
        whole = body(mails[box])
        assert f"{HERE}/u/{links.issue_link(site.table, site.key, NEW, unit)}\n" in whole
        assert whole.count("/u/") == 1
        assert due in whole
        assert "trân trọng đề nghị quý đơn vị gửi báo cáo Quý IV năm 2026" in whole
        assert "đôn đốc" not in whole.lower()
        assert "\n\n\n" not in whole
    assert "Trường THPT Chuyên Bến Tre" in body(mails["hieutruong@t01.example"])
    assert "hạn 17/12/2026" in str(mails["hieutruong@t01.example"]["Subject"])


def test_the_text_says_what_the_state_asks_for(
    site: Site, as_staff: Staff, outbox: Outbox, clock: Clock
) -> None:
    clock.now = instant(15)
    report_in(site, "T03")
    officer.move(site.table, NEW, Q4, "T03", "return", return_due=instant(20, 16))
    clock.now = instant(18)
    browser = as_staff(OFFICER)
    preview = browser.submit(browser.get(URGE), "/urge", **{"unit.T01": "1", "unit.T03": "1"})
    for text in ("Chưa gửi, quá hạn: 1 đơn vị", "Đang trả lại: 1 đơn vị", "hạn gửi lại là 23:00"):
        assert text in said(preview)
    browser.follow(browser.submit(preview, "/begin", note="Sở đã gọi điện sáng nay."))
    late, returned = sorted(outbox(), key=lambda mail: str(mail["To"]))
    assert "chưa nhận được báo cáo" in body(late)
    assert "(đã quá hạn 17/12/2026)" in str(late["Subject"])
    assert "xem ý kiến ghi trong biểu mẫu và gửi lại" in body(returned)
    for mail in (late, returned):
        assert "\n\nSở đã gọi điện sáng nay.\n\n" in body(mail)


@pytest.mark.guards(
    "names with `&` or quotes read as written in mails and texts to copy",
    "autoescape for every template ✓",
)
def test_names_with_signs_of_html_stand_in_mails_and_texts_as_they_are_written(
    site: Site, as_staff: Staff, outbox: Outbox, clock: Clock
) -> None:
    """In a mail as written; on a page escaped once, so that what is copied is what is written."""
    clock.now = instant(18)
    (first,) = (one for one in programmes.units(site.table, NEW) if one.code == "T01")
    name = 'Phòng GD&ĐT "Mẫu" <1>'
    programmes.keep_units(site.table, NEW, [first.model_copy(update={"name": name})])
    browser = as_staff(OFFICER)
    preview = browser.submit(browser.get(URGE), "/urge", **{"unit.T01": "1"})
    pages = preview, browser.get(f"{URGE}/unit/T01"), browser.get(f"{URGE}/group")
    for page in pages:
        (shown,) = re.findall(r"<(?:pre|textarea)[^>]*>([^<]*GD[^<]*)", page.body.decode())[:1]
        assert name in unescape(shown)
    browser.follow(browser.submit(preview, "/begin", note='Sở đã gọi "A & B".'))
    (mail,) = outbox()
    assert f"Kính gửi {name},\n" in body(mail)
    assert '\nSở đã gọi "A & B".\n' in body(mail)


@pytest.mark.guards("no text for several holds a link or a phone")
@pytest.mark.parametrize(
    ("note", "told"),
    [
        ("x" * 501, "dài quá 500 ký tự"),
        ("Mở http://127.0.0.1:8000/u/abc", "không được chứa đường dẫn"),
        ("vào /u/abc", "không được chứa đường dẫn"),
        ("a\x00b", "ký tự không đọc được"),
    ],
)
def test_an_addition_that_many_may_not_read_is_refused_and_stays(
    site: Site, as_staff: Staff, outbox: Outbox, note: str, told: str
) -> None:
    browser = as_staff(OFFICER)
    preview = browser.submit(browser.get(URGE), "/urge", **{"unit.T01": "1"})
    reply = browser.submit(preview, "/begin", note=note)
    assert reply.status == 422
    assert told in said(reply)
    assert note.replace("\x00", "\x00") in reply.body.decode()
    assert outbox() == []
    assert reminders.rounds(site.table, NEW, Q4) == []
    assert browser.submit(preview, "/begin", note="x" * 500).status == 303


@pytest.mark.guards(
    "no text for several holds a link or a phone",
    "a link in the group's text ✓, in the preview ✓ (the first)",
    "an addition not looked at ✓ (the second)",
)
def test_what_several_units_may_read_holds_no_link(
    site: Site, as_staff: Staff, clock: Clock
) -> None:
    """Nor a phone number; the text for one unit is the only page with its link."""
    clock.now = instant(18)
    keep_contact(site, "T04", Contact(phone="0903 111 222", preparer="Nguyễn Thị Thử"))
    browser = as_staff(OFFICER)
    page = browser.get(URGE)
    preview = browser.submit(page, "/urge", which="all")
    round = browser.follow(browser.submit(preview, "/begin"))
    tokens = [links.issue_link(site.table, site.key, NEW, f"T{place:02}") for place in range(1, 37)]
    several = {
        "choose": page,
        "preview": preview,
        "round": round,
        "group": browser.get(f"{URGE}/group"),
        "log": browser.get(f"{URGE}/log"),
        "begun": browser.get(URGE),
    }
    for name, reply in several.items():
        shown = reply.body.decode()
        assert reply.status == 200, name
        assert "Nguyễn Đình Chiểu" in shown, name
        assert not re.search(r"/u/[\w-]", shown), name
        assert not [token for token in tokens if token in shown], name
        assert "0903" not in shown, name
    for area in re.findall(r"<textarea[^>]*>([^<]*)", several["group"].body.decode()):
        assert not reminder.holds_link(area)
        assert not re.search(r"\d{3}[ .]?\d{3}", area)
    own = browser.get(f"{URGE}/unit/T05").body.decode()
    assert [token for token in tokens if token in own] == [tokens[4]]


@pytest.mark.guards("no text for several holds a link or a phone")
@pytest.mark.parametrize("template", ["reminder_group.txt"])
def test_the_template_for_a_group_is_not_even_handed_a_link(template: str) -> None:
    source = (Path(render.__file__).parents[3] / "templates" / "messages" / template).read_text()
    assert not re.search(r"link|token|phone|url|mailbox", source)


@pytest.mark.guards(
    "a group reads the names of the overdue, no reason; one unit what its state asks for",
    "all that have not sent ✓ (the first)",
    "no text before the due ✓ (the first)",
    "the former words ✓ (the second)",
)
def test_a_groups_text_names_the_overdue_alone_and_no_reason(
    site: Site, as_staff: Staff, clock: Clock
) -> None:
    clock.now = instant(16)
    report_in(site, "T01")
    report_in(site, "T02")
    officer.move(site.table, NEW, Q4, "T02", "return", return_due=instant(17))
    keep_terms(site, Terms("T03", exempt="Đang sáp nhập"))
    keep_terms(site, Terms("T04", due=instant(19)))
    early = as_staff(OFFICER).get(f"{URGE}/group").body.decode()
    area = re.findall(r"<textarea[^>]*>([^<]*)", early)[0]
    assert "có hạn gửi: 23:59 ngày 17/12/2026" in area
    assert "quá hạn" not in area
    assert "://" not in area
    names = re.findall(r"\n- (.*)", area)
    assert len(names) == ALL - 4  # T04 has a due of its own, which no group is told
    clock.now = instant(18)
    shown = as_staff(OFFICER).get(f"{URGE}/group").body.decode()
    area = re.findall(r"<textarea[^>]*>([^<]*)", shown)[0]
    for name in ("Chuyên Bến Tre", "Nguyễn Đình Chiểu", "Lạc Long Quân", "Võ Trường Toản"):
        assert name not in area
    names = re.findall(r"\n- (.*)", area)
    assert len(names) == ALL - 4
    assert not [name for name in names if "(" in name]
    clock.now = instant(20)
    shown = as_staff(OFFICER).get(f"{URGE}/group").body.decode()
    assert "\n- Trường THPT Võ Trường Toản\n" in re.findall(r"<textarea[^>]*>([^<]*)", shown)[0]
    clock.now = instant(22)
    late = said(as_staff(OFFICER).get(f"{URGE}/group"))
    assert f"{ALL - 3} đơn vị chưa gửi (kỳ đã khóa), chỉ gửi được khi được gia hạn" in late
    assert "Không có đơn vị nào" not in late


@pytest.mark.guards(
    "a group reads the names of the overdue, no reason; one unit what its state asks for"
)
def test_a_text_for_one_unit_says_what_its_state_asks_for(
    site: Site, as_staff: Staff, clock: Clock
) -> None:
    clock.now = instant(16)
    report_in(site, "T02")
    officer.move(site.table, NEW, Q4, "T02", "return")
    clock.now = instant(18)
    browser = as_staff(OFFICER)
    for unit, begins in (
        ("T01", "Báo cáo Quý IV năm 2026 đã quá hạn 17/12/2026; Sở "),
        ("T02", "Báo cáo Quý IV năm 2026 đã được trả lại để điều chỉnh; Sở "),
    ):
        shown = browser.get(f"{URGE}/unit/{unit}").body.decode()
        (area,) = re.findall(r"<textarea[^>]*>([^<]*)", shown)
        assert re.search(rf"^\s*Kính gửi Trường THPT [^\n]*,\n\n{begins}", area)
        assert "\n\nĐường dẫn riêng của quý đơn vị" in area


def test_a_unit_that_has_sent_or_has_no_link_gets_no_text_by_hand(
    site: Site, as_staff: Staff
) -> None:
    report_in(site, "T01")
    links.revoke(site.table, NEW, "T02")
    browser = as_staff(OFFICER)
    assert "Đã gửi báo cáo" in said(browser.get(f"{URGE}/unit/T01"))
    assert "đường dẫn đã thu hồi" in said(browser.get(f"{URGE}/unit/T02"))
    for unit in ("T01", "T02"):
        assert "/u/" not in browser.get(f"{URGE}/unit/{unit}").body.decode()
    assert browser.get(f"{URGE}/unit/X99").status == 404


# ---------------------------------------------------------------- whom


def test_choosing_nobody_is_said_and_unknown_units_are_named(
    as_staff: Staff, outbox: Outbox
) -> None:
    browser = as_staff(OFFICER)
    nobody = browser.submit(browser.get(URGE), "/urge")
    assert nobody.status == 422
    assert "chọn ít nhất một đơn vị" in said(nobody)
    stray = browser.submit(browser.get(URGE), "/urge", **{"unit.T01": "1", "unit.X99": "1"})
    assert "X99 Không phải gửi báo cáo kỳ này" in said(stray)
    alone = browser.submit(browser.get(URGE), "/urge", **{"unit.X99": "1"})
    assert alone.status == 422
    assert outbox() == []


@pytest.mark.guards("nobody who has sent is urged, exempt neither")
def test_all_that_owe_leaves_out_who_has_sent_the_exempt_and_who_has_no_mailbox(
    site: Site, as_staff: Staff, outbox: Outbox, clock: Clock
) -> None:
    report_in(site, "T01")
    keep_terms(site, Terms("T02", exempt="Đang sáp nhập"))
    (third,) = (one for one in programmes.units(site.table, NEW) if one.code == "T03")
    programmes.keep_units(site.table, NEW, [third.model_copy(update={"email": ""})])
    browser = as_staff(OFFICER)
    page = browser.get(URGE)
    assert "Trường THPT Lạc Long Quân T03 Chưa có hộp thư" in said(page)
    assert "Trường THPT Nguyễn Đình Chiểu T02 Được miễn báo cáo kỳ này" in said(page)
    urged(browser, which="all")
    sent_to = {str(mail["To"]) for mail in outbox()}
    assert len(sent_to) == ALL - 3
    assert not sent_to & {f"t0{place}@donvi.example" for place in (1, 2, 3)}


def test_only_the_overdue_can_be_chosen_together(site: Site, as_staff: Staff, clock: Clock) -> None:
    clock.now = instant(18)
    keep_terms(site, Terms("T02", due=instant(19)))
    preview = as_staff(OFFICER)
    page = preview.submit(preview.get(URGE), "/urge", which="overdue")
    assert f"Gửi {ALL - 1} thư" in said(page)


@pytest.mark.guards("nobody who has sent is urged, exempt neither")
def test_nobody_who_sends_between_the_preview_and_the_mail_is_urged(
    site: Site, as_staff: Staff, outbox: Outbox
) -> None:
    browser = as_staff(OFFICER)
    preview = browser.submit(browser.get(URGE), "/urge", **{"unit.T01": "1", "unit.T02": "1"})
    report_in(site, "T01")
    page = browser.follow(browser.submit(preview, "/begin"))
    assert [str(mail["To"]) for mail in outbox()] == ["t02@donvi.example"]
    assert figures(page) == [1, 0, 0, 0]


@pytest.mark.guards(
    "at the very moment of the reservation",
    "no check of the head, of the terms, of the period",
    "a reservation over anything: each ✓ (the first)",
)
@pytest.mark.parametrize("act", ["sends", "is exempted", "is urged", "period moves"])
def test_what_happens_at_any_call_before_the_reservation_is_seen(
    posted: Site, post: Post, act: str
) -> None:
    """The last moment is the reservation itself: it checks all that the unit was judged by."""
    calls = Calls()
    faulty = replace(posted, table=FaultyTable(posted.table, calls))

    def happens() -> None:
        if act == "sends":
            report_in(posted, "T01")
        elif act == "is exempted":
            keep_terms(posted, Terms("T01", exempt="Đang sáp nhập"))
        elif act == "is urged":
            step(posted, round_of(posted, "T01"))
        else:
            moved = period_of(posted).model_copy(update={"due": instant(18)})
            programmes.keep_periods(posted.table, NEW, [moved])

    period, programme = period_of(posted), programme_of(posted)
    mine = round_of(posted, "T01")
    args = faulty, programme, period, mine, OFFICER, written
    calls.arm(99, "before")
    dry = replace(posted, table=FaultyTable(posted.table, calls), mail=Post())
    remind.step(dry, *args[1:3], round_of(posted, "T09"), OFFICER, written)
    place = next(p for p, call in enumerate(calls.made) if call.startswith("write REMINDER"))
    calls.arm(place, "before", happens)
    told = remind.step(*args)
    assert calls.fired
    mails = [to for to, _, _ in post.sent]
    assert mails == (["t01@donvi.example"] if act == "is urged" else [])
    assert told.total() == 0


def test_a_director_reads_and_has_nothing_to_press(site: Site, as_staff: Staff) -> None:
    director = as_staff()
    assert director.get(f"{URGE}/log").status == 200
    page = director.get(URGE)
    assert "Trường THPT Chuyên Bến Tre" in said(page)
    shown = page.body.decode().partition("<main>")[2]
    assert not re.search(r"<button|checkbox|urge/(unit|group|round)", shown)
    assert director.submit(page, "/urge", which="all").status == 403
    for way in ("group", "unit/T01"):
        assert director.get(f"{URGE}/{way}").status == 403
    for link in re.findall(r'href="(/desk/staff[^"]*)', director.get("/desk").body.decode()):
        assert director.get(link).status == 200


def test_units_ticked_in_the_grid_come_to_the_preview(as_staff: Staff) -> None:
    browser = as_staff(OFFICER)
    grid = browser.get(f"/desk/{NEW}/{Q4}/reports").body.decode()
    assert f'formaction="{URGE}"' in grid
    assert 'name="unit.T01"' in grid
    preview = browser.post(URGE, csrf_of(browser) | {"unit.T01": "1", "unit.T02": "1", "sort": "a"})
    assert "Gửi 2 thư" in said(preview)


# ---------------------------------------------------------------- once a day, and how it ends


@pytest.mark.guards(
    "one mail a unit and day of Việt Nam",
    "days of UTC ✓",
    "a round that goes on after midnight ✓ (the second)",
)
def test_a_unit_gets_one_mail_a_day_and_the_next_on_the_next_day(
    site: Site, as_staff: Staff, outbox: Outbox, clock: Clock
) -> None:
    browser = as_staff(OFFICER)
    urged(browser, **{"unit.T01": "1"})
    preview = browser.post(URGE, csrf_of(browser) | {"unit.T01": "1"})
    assert preview.status == 422
    assert "Hôm nay đã có thư lúc 10:00" in said(preview)
    assert browser.post(f"{URGE}/begin", csrf_of(browser) | {"unit.T01": "1"}).status == 422
    assert len(outbox()) == 1
    clock.now += timedelta(hours=14)  # midnight in Việt Nam
    urged(as_staff(OFFICER), **{"unit.T01": "1"})
    assert len(outbox()) == 2


@pytest.fixture
def also_open(site: Site) -> Period:
    """Another period, open at the same time."""
    (other,) = (one for one in programmes.periods(site.table, NEW) if one.key == "2027-Q1")
    moved = other.model_copy(update={"opens": site.clock() - timedelta(days=1)})
    programmes.keep_periods(site.table, NEW, [moved])
    return next(one for one in programmes.periods(site.table, NEW) if one.key == "2027-Q1")


@pytest.mark.guards(
    "… also where two periods are open; the other one is named",
    "no place of the day in the write ✓",
    "over anything ✓ (the second)",
)
def test_a_unit_gets_one_mail_a_day_whichever_period_it_is_about(
    posted: Site, post: Post, also_open: Period, as_staff: Staff, clock: Clock
) -> None:
    def moody(to: str) -> None:
        if to == "t02@donvi.example":
            raise NotSent("planted")
        if to == "t03@donvi.example":
            raise TimeoutError("planted")

    post.does = moody
    browser = as_staff(OFFICER)
    urged(browser, **{f"unit.T0{place}": "1" for place in (1, 2, 3)})
    post.works()
    where = f"/desk/{NEW}/{also_open.key}/urge"
    for unit in ("Trường THPT Chuyên Bến Tre T01", "Trường THPT Lạc Long Quân T03"):
        reason = f"{unit} Hôm nay đã có thư về Quý IV năm 2026"
        assert reason in said(browser.get(where))
        preview = browser.submit(browser.get(where), "/urge", which="all")
        assert f"Gửi {ALL - 2} thư" in said(preview)
    ticked = {f"unit.T0{place}": "1" for place in (1, 2, 3, 4)}
    preview = browser.post(where, csrf_of(browser) | ticked)
    assert "Hôm nay đã có thư về Quý IV năm 2026" in said(preview)
    page = browser.follow(browser.submit(preview, "/begin"))
    assert figures(page) == [2, 0, 0, 0]
    begun = replace(round_of(posted, "T01"), id=reminder.new_round())
    reminders.begin(posted.table, NEW, also_open.key, begun)
    reason = "Không gửi: hôm nay đã có thư về Quý IV năm 2026"
    assert reason in said(browser.get(f"{where}/round/{begun.id}"))
    assert post.counts == Counter({f"t0{place}@donvi.example": 1 for place in (1, 2, 4)})
    assert "Hôm nay đã có thư về Quý I năm 2027" in said(browser.get(URGE))
    clock.now += timedelta(days=1)
    urged(as_staff(OFFICER), **{"unit.T04": "1"})
    assert post.counts["t04@donvi.example"] == 2


@pytest.mark.guards("… also where two periods are open; the other one is named")
def test_of_two_periods_that_urge_a_unit_at_one_moment_one_mails_it(
    posted: Site, post: Post, also_open: Period
) -> None:
    calls = Calls()
    faulty = replace(posted, table=FaultyTable(posted.table, calls))
    mine, now = round_of(posted, "T01"), posted.clock()
    theirs = Round(reminder.new_round(), mine.day, ("T01",), "", OFFICER, now)
    args = programme_of(posted), also_open, theirs, OFFICER, written
    calls.arm(99, "before")
    remind.step(replace(faulty, mail=Post()), *args[:2], replace(theirs, units=("T09",)), *args[3:])
    place = next(p for p, call in enumerate(calls.made) if call.startswith("write REMINDER"))
    calls.arm(place, "before", lambda: step(posted, mine))
    assert remind.step(faulty, *args).total() == 0
    assert calls.fired
    assert post.counts == Counter({"t01@donvi.example": 1})


def csrf_of(browser: Visitor) -> dict[str, str]:
    found = re.search(r'name="csrf" value="([^"]+)"', browser.get(URGE).body.decode())
    assert found is not None
    return {"csrf": found[1]}


def test_a_second_tap_begins_no_second_round(site: Site, as_staff: Staff, outbox: Outbox) -> None:
    browser = as_staff(OFFICER)
    preview = browser.submit(browser.get(URGE), "/urge", **{"unit.T01": "1"})
    first, second = (browser.submit(preview, "/begin") for _ in range(2))
    assert first.header("location") == second.header("location")
    assert len(outbox()) == len(reminders.rounds(site.table, NEW, Q4)) == 1


@pytest.mark.guards(
    "slices",
    "no end",
    "no patience",
    "no order by tries",
    "a missing link counted as an outage: each ✓",
)
def test_many_are_sent_in_slices_and_gone_on_with(
    site: Site, as_staff: Staff, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminder, "SLICE", 15)
    browser = as_staff(OFFICER)
    page = urged(browser, which="all")
    told = [figures(page)]
    while "Gửi tiếp (còn" in said(page):
        page = browser.follow(browser.submit(page, page_of(page), do="next"))
        told.append(figures(page))
    assert told == [[15, 21, 0, 0], [30, 6, 0, 0], [36, 0, 0, 0]]
    assert Counter(str(mail["To"]) for mail in outbox()).most_common(1)[0][1] == 1
    assert len(outbox()) == ALL


def page_of(page: Reply) -> str:
    found = re.search(r'action="[^"]*(/round/[0-9a-f]{16})"', page.body.decode())
    assert found is not None
    return found[1]


@pytest.mark.guards("slices")
def test_a_slice_begins_no_mail_after_its_time(posted: Site, post: Post, clock: Clock) -> None:
    def slowly(_: str) -> None:
        clock.now += timedelta(seconds=6)

    post.does = slowly
    assert step(posted, round_of(posted, *(f"T{n:02}" for n in range(1, 9)))).total() == 3


@pytest.mark.guards(
    "sent, failed or unknown; only failed again, and asked for",
    "a time-out taken for a refusal ✓",
    "unknown sent again ✓",
    "no stop after five ✓ (the first)",
)
def test_mail_that_fails_for_an_hour_leaves_everything_known_and_nothing_twice(
    posted: Site, post: Post, clock: Clock, as_staff: Staff
) -> None:
    """Units go on sending meanwhile; afterwards each mail is sent, failed or unknown."""
    browser = as_staff(OFFICER)
    post.refuses()
    page = urged(browser, which="all")
    assert figures(page) == [0, 31, 5, 0], "it stops where one mail fails after another"
    reported = [f"T{place:02}" for place in range(20, 26)]
    for unit in reported:
        clock.now += timedelta(minutes=10)
        report_in(posted, unit)
        page = browser.follow(browser.submit(page, page_of(page), do="next"))
    assert post.sent == []
    assert set(ends(posted).values()) == {"failed"}
    post.does = unsure
    page = browser.follow(browser.submit(page, page_of(page), do="again"))
    assert figures(page)[3] == 5
    post.works()
    page = browser.follow(browser.submit(page, page_of(page), do="again"))
    assert "/round/" not in page.body.decode(), "nothing is left to send"
    found = ends(posted)
    failed = {unit for unit, end in found.items() if end == "failed"}
    assert Counter(found.values())["unknown"] == 5
    assert failed <= set(reported), "what is left as failed has reported meanwhile"
    assert len(found) + len(set(reported) - found.keys()) == ALL
    assert set(post.counts.values()) == {1}
    assert len(post.sent) == Counter(found.values())["sent"]
    assert len(list(reports.heads(posted.table, NEW, Q4))) == len(reported)
    log = said(browser.get(f"{URGE}/log"))
    assert log.count("Chưa rõ đã gửi hay chưa") == 5
    assert log.count("Đã gửi thư") == len(post.sent)


def unsure(_: str) -> None:
    raise TimeoutError("planted: the answer did not come")


@pytest.mark.guards("sent, failed or unknown; only failed again, and asked for")
def test_what_is_unknown_waits_for_tomorrow_and_what_failed_for_a_click(
    posted: Site, post: Post, clock: Clock
) -> None:
    def mixed(to: str) -> None:
        if to == "t01@donvi.example":
            raise NotSent("planted")
        if to == "t02@donvi.example":
            raise TimeoutError("planted")

    post.does = mixed
    round = round_of(posted, "T01", "T02", "T03")
    assert step(posted, round) == Counter(failed=1, unknown=1, sent=1)
    post.works()
    assert step(posted, round).total() == 0
    assert step(posted, round, again=True) == Counter(sent=1)
    assert ends(posted) == {"T01": "sent", "T02": "unknown", "T03": "sent"}
    clock.now += timedelta(days=1)
    assert step(posted, round).total() == 0, "a round ends with its day"
    assert step(posted, round_of(posted, "T02")) == Counter(sent=1)
    assert post.counts == Counter({f"t0{place}@donvi.example": 1 for place in (1, 2, 3)})


@pytest.mark.guards("sent, failed or unknown; only failed again, and asked for")
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_at_the_mail_leaves_a_reservation_that_ends_as_unknown(
    posted: Site, post: Post, clock: Clock, when: str
) -> None:
    def dies(to: str) -> None:
        if when == "after":
            post.sent.append((to, "", ""))
        raise Killed

    post.does = dies
    round = round_of(posted, "T01", "T02")
    with pytest.raises(Killed):
        step(posted, round)
    assert ends(posted) == {"T01": "reserved"}
    post.works()
    assert step(posted, round) == Counter(sent=1)
    clock.now += timedelta(minutes=3)
    assert ends(posted) == {"T01": "unknown", "T02": "sent"}
    assert step(posted, round, again=True).total() == 0
    assert post.counts["t01@donvi.example"] == (1 if when == "after" else 0)


def test_the_sdks_second_try_of_any_call_sends_nothing_twice(posted: Site, post: Post) -> None:
    calls = Calls()
    faulty = replace(posted, table=FaultyTable(posted.table, calls))
    for place in range(99):
        unit = f"T{place + 1:02}"
        if place >= ALL:
            break
        round = round_of(posted, unit)
        calls.arm(place, "again")
        step(faulty, round)
        if not calls.disarm() and place >= len(calls.made):
            break
        assert ends(posted)[unit] == "sent"
    assert set(post.counts.values()) == {1}


def test_a_unit_without_a_link_fails_and_can_be_sent_once_it_has_one(
    posted: Site, post: Post
) -> None:
    links.revoke(posted.table, NEW, "T01")
    round = round_of(posted, "T01")
    assert step(posted, round) == Counter(failed=1)
    assert post.sent == []
    (kept,) = reminders.reminders(posted.table, NEW, Q4, round.day)
    assert (kept.cause, kept.tries) == ("no_link", 1)
    token = links.issue_link(posted.table, posted.key, NEW, "T01")
    assert step(posted, round, again=True) == Counter(sent=1)
    assert post.sent[0][2] == f"{HERE}/u/{token}"


@pytest.mark.guards("slices")
def test_units_without_a_link_stop_no_slice_and_a_first_link_comes_with_the_mail(
    posted: Site, post: Post
) -> None:
    (unit,) = (one for one in programmes.units(posted.table, NEW) if one.code == "T01")
    fresh = unit.model_copy(update={"code": "X01", "email": "x01@donvi.example"})
    programmes.keep_units(posted.table, NEW, [fresh])
    revoked = [f"T{place:02}" for place in range(1, 9)]
    for code in revoked:
        links.revoke(posted.table, NEW, code)
    assert step(posted, round_of(posted, *revoked, "X01")) == Counter(failed=8, sent=1)
    (mail,) = post.sent
    link = access.link(posted.table, mail[2].rpartition("/")[2])
    assert link is not None
    assert (mail[0], link.unit) == ("x01@donvi.example", "X01")


@pytest.mark.guards("slices")
def test_mailboxes_that_always_refuse_do_not_stand_before_the_others(
    posted: Site, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminder, "SLICE", 3)
    round = round_of(posted, *(f"T{n:02}" for n in range(1, 7)))
    post.refuses()
    step(posted, round)
    step(posted, round)

    def three_refuse(to: str) -> None:
        if to < "t04":
            raise NotSent("planted")

    post.does = three_refuse
    step(posted, round, again=True)
    step(posted, round, again=True)
    assert sorted(post.counts) == [f"t0{place}@donvi.example" for place in (4, 5, 6)]


@pytest.mark.guards("one mail a unit and day of Việt Nam")
def test_midnight_ends_a_round(posted: Site, post: Post, clock: Clock) -> None:
    clock.now = datetime(2026, 11, 23, 16, 59, 55, tzinfo=UTC)

    def slowly(_: str) -> None:
        clock.now += timedelta(seconds=10)

    post.does = slowly
    round = round_of(posted, "T01", "T02")
    assert step(posted, round) == Counter(sent=1)
    assert step(posted, round).total() == 0
    assert list(post.counts) == ["t01@donvi.example"]


def test_a_round_of_yesterday_sends_nothing_today(
    site: Site, as_staff: Staff, outbox: Outbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminder, "SLICE", 1)
    browser = as_staff(OFFICER)
    page = urged(browser, **{"unit.T01": "1", "unit.T02": "1"})
    clock.now += timedelta(hours=14)
    browser = as_staff(OFFICER)
    where = f"{URGE}{page_of(page)}"
    assert browser.post(where, csrf_of(browser) | {"do": "next"}).status == 303
    assert len(outbox()) == 1
    assert "/log?day=20261123" in browser.get(where).header("location")


# ---------------------------------------------------------------- on record


def test_every_reminder_is_on_record_with_who_when_and_why(
    posted: Site, post: Post, as_staff: Staff
) -> None:
    post.does = lambda to: unsure(to) if to.startswith("t02") else None
    urged(as_staff(OFFICER), **{"unit.T01": "1", "unit.T02": "1"})
    found = list(acts.acts(posted.table, NEW, "2026-11"))
    assert [
        (act.verb, act.unit) for act in sorted(found, key=lambda act: (act.unit, act.verb))
    ] == [
        ("urge", ""),
        ("remind", "T01"),
        ("remind", "T02"),
        ("remind_unknown", "T02"),
    ]
    assert {act.who for act in found} == {OFFICER}
    assert [act.verb for act in acts.events(posted.table, NEW, Q4, "T01")] == ["remind"]
    (begun,) = (act for act in found if act.verb == "urge")
    assert begun.detail == {"units": 2, "note": ""}


def test_no_record_and_no_log_holds_a_token(posted: Site, post: Post, as_staff: Staff) -> None:
    urged(as_staff(OFFICER), which="all")
    tokens = [links.issue_link(posted.table, posted.key, NEW, f"T{n:02}") for n in range(1, 37)]
    kept = "".join(str(item) for item in posted.table.everything())
    assert not [token for token in tokens if token in kept]


# ---------------------------------------------------------------- many at one moment


@pytest.fixture(params=["sqlite", "dynamodb"])
def many(
    request: pytest.FixtureRequest, tmp_path: Path, clock: Clock, post: Post
) -> Iterator[Site]:
    from chalicelib.edges import embedded
    from infra import samples

    if request.param == "dynamodb":
        made = on_aws(request.getfixturevalue("ministack"), clock)
        made.table.fill(request.getfixturevalue("loaded"))  # type: ignore[attr-defined]
        yield replace(made, mail=post)
        return
    made = embedded.open_site(tmp_path / "many", HERE, clock)
    samples.load_all(made)
    yield replace(made, mail=post)
    made.table.close()  # type: ignore[attr-defined]


@pytest.mark.guards(
    "officers together: none twice",
    "the mail before the reservation ✓",
    "a reservation over anything ✓",
)
@pytest.mark.soak
def test_officers_who_press_send_together_send_each_mail_once(
    many: Site, post: Post, figure: Figure
) -> None:
    """The same round from several tabs, and rounds of others with the same units."""
    units = [f"T{n:02}" for n in range(1, 13)]
    turns, threads = size(2, 20), 6
    for turn in range(turns):
        rounds = [round_of(many, *units) for _ in range(3)]
        if turn:
            many.clock.now += timedelta(days=1)  # type: ignore[attr-defined]
            rounds = [round_of(many, *units) for _ in range(3)]
        report_in(many, f"T{20 + turn:02}")

        def press(place: int, rounds: list[Round] = rounds) -> int:
            return step(many, rounds[place % 3]).total()

        told = sum(parallel(threads, press))  # type: ignore[arg-type]
        assert told == len(units)
        assert set(ends(many).values()) == {"sent"}
    assert set(post.counts.values()) == {turns}
    figure("mails", len(post.sent), "threads", threads, "twice 0")


@pytest.mark.guards("at the very moment of the reservation")
def test_a_report_that_arrives_at_the_moment_of_sending_is_before_or_after_the_reservation(
    many: Site, post: Post
) -> None:
    """Whoever was urged had not sent when the place was reserved: the heads and records agree."""
    units = [f"T{n:02}" for n in range(1, 9)]
    round = round_of(many, *units)

    def act(place: int) -> object:
        if place < 2:
            return step(many, round)
        return report_in(many, units[place - 2])

    parallel(2 + len(units), act)
    kept = {one.unit for one in reminders.reminders(many.table, NEW, Q4, round.day)}
    assert {f"{unit.lower()}@donvi.example" for unit in kept} == set(post.counts)
    assert set(post.counts.values()) <= {1}
    assert step(many, round).total() == 0
