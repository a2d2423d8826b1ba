"""A unit's devices: fifty at most, seen and ended by the unit, dead with their link."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

import app
from chalicelib.edges.embedded import SqliteTable
from chalicelib.edges.ports import Site
from chalicelib.edges.table import Conflict, Table
from chalicelib.messages.links import devices as words
from chalicelib.rules.access import access as rules
from chalicelib.rules.access import device
from chalicelib.rules.access.access import Link, Session
from chalicelib.rules.access.device import About
from chalicelib.store import access, devices, keys, links
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.conftest import KEY, MIDDLE_OF_Q4, NEW, Clock, on_aws
from tests.contract import parallel
from tests.devices import left_open, let_in, standing
from tests.faulty import Calls, FaultyTable
from tests.filling import all_nil
from tests.pages.unit.test_form import BY, Q4, filled
from tests.sizes import Figure, size

P, U, NOW = NEW, "T01", MIDDLE_OF_Q4
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
MOST = rules.MOST_DEVICES
PAGE = "/report/devices"
ANDROID = "Mozilla/5.0 (Linux; Android 14) Chrome/120.0"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/120.0"
AsUnit = Callable[..., Visitor]
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)


@pytest.fixture(params=["sqlite", "dynamodb"])
def table(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Table]:
    if request.param == "dynamodb":
        yield on_aws(request.getfixturevalue("ministack"), clock).table
        return
    opened = SqliteTable(tmp_path / "baocao.sqlite3")
    yield opened
    opened.close()


def listed(table: Table) -> int:
    return len(list(table.query(keys.unit_access(P, U), "SESSION#")))


@pytest.mark.guards("fifty devices, whoever opens the link at one moment")
def test_of_fifty_devices_the_longest_unused_goes_for_one_more(table: Table) -> None:
    opened = [let_in(table, KEY, P, U, NOW + place * MINUTE) for place in range(MOST)]
    used = access.session(table, opened[0].token, NOW + DAY)
    assert used is not None
    devices.note_use(table, used, NOW + DAY)
    newest = let_in(table, KEY, P, U, NOW + DAY)
    alive = [bool(access.session(table, one.token, NOW + DAY)) for one in [*opened, newest]]
    assert alive == [True, False, *[True] * (MOST - 1)]
    assert listed(table) == MOST


def test_any_number_that_an_older_program_left_comes_down_to_fifty(table: Table) -> None:
    links.issue_link(table, KEY, P, U)
    tokens = left_open(table, Link(P, U, 1), NOW, 180, older=True)
    fresh = let_in(table, KEY, P, U, NOW + MINUTE)
    assert standing(table, tokens, NOW + MINUTE) == MOST - 1
    assert access.session(table, fresh.token, NOW + MINUTE) is not None


@pytest.mark.guards(
    "fifty devices, whoever opens the link at one moment",
    "the roster written over anything ✓ (the first: 59)",
)
@pytest.mark.soak
def test_many_who_open_the_link_at_one_moment_are_never_more_than_fifty(
    table: Table, figure: Figure
) -> None:
    people, turns = size(12, 30), size(2, 10)
    let_in(table, KEY, P, U, NOW)
    link, done, refused = links.issue_link(table, KEY, P, U), 0, 0
    left_open(table, Link(P, U, 1), NOW, MOST - 4, older=False)

    def enter(_: int) -> Session | None:
        try:
            return devices.enter(table, link, NOW + MINUTE)
        except Conflict:
            return None

    for _ in range(turns):
        sessions = parallel(people, enter)
        done += sum(one is not None for one in sessions)
        refused += sum(one is None for one in sessions)
        assert listed(table) <= MOST
    assert listed(table) == MOST
    assert done
    figure("people", people, "turns", turns, "let in", done, "asked to try again", refused)


def test_a_link_changed_while_somebody_enters_lets_nobody_in(table: Table) -> None:
    token = links.issue_link(table, KEY, P, U)
    calls = Calls()
    calls.arm("write TOKEN", "before", lambda: links.reissue_link(table, KEY, P, U))
    assert devices.enter(FaultyTable(table, calls), token, NOW) is None
    assert calls.fired
    assert listed(table) == 0


@pytest.mark.guards("an ended device keeps nothing that is on its way")
def test_a_day_of_use_is_one_write_and_brings_no_ended_session_back(table: Table) -> None:
    session = let_in(table, KEY, P, U, NOW)
    calls = Calls()
    faulty = FaultyTable(table, calls)
    devices.note_use(faulty, session, NOW + MINUTE)
    assert calls.made == []
    held = access.session(table, session.token, NOW + DAY)
    assert held is not None
    calls.arm("write TOKEN", "before", lambda: access.close_session(table, session))
    devices.note_use(faulty, held, NOW + DAY)
    assert calls.fired
    assert access.session(table, session.token, NOW + DAY) is None
    assert listed(table) == 0


@pytest.mark.guards(
    "a day of use cuts no session that was just opened again", "its former end written ✓"
)
def test_a_day_of_use_cuts_no_session_that_was_just_opened_again(table: Table) -> None:
    session = let_in(table, KEY, P, U, NOW)
    later = NOW + 20 * DAY
    held = access.session(table, session.token, later)
    assert held is not None
    calls = Calls()
    calls.arm("get TOKEN", "before", lambda: devices.go_on(table, held, later, About()))
    devices.note_use(FaultyTable(table, calls), held, later)
    longer = access.session(table, session.token, later)
    assert longer is not None
    assert longer.until == later + rules.UNIT_SESSION


@pytest.mark.guards(
    "an ended device keeps nothing that is on its way", "the link’s item not written ✓ (the first)"
)
def test_what_an_ended_device_has_on_its_way_is_not_kept(table: Table) -> None:
    this, other = (let_in(table, KEY, P, U, NOW + place * MINUTE) for place in (1, 2))
    on_its_way = access.session(table, other.token, NOW + 3 * MINUTE)
    assert on_its_way is not None
    check = access.still_open(on_its_way)
    table.write(check)
    chosen = [
        one for one in devices.devices(table, P, U, NOW) if one.id == rules.digest(other.token)
    ]
    devices.end(table, this, chosen)
    with pytest.raises(Conflict):
        table.write(check)
    assert access.session(table, other.token, NOW) is None
    assert access.session(table, this.token, NOW) is not None


# ------------------------------------------------------------------ on the pages


def text(reply: object) -> str:
    words = re.sub(r"<[^>]+>", " ", reply.body.decode())  # type: ignore[attr-defined]
    return " ".join(words.split())


def opens(site: Site, browser: Visitor, **told: str) -> Visitor:
    token = links.issue_link(site.table, site.key, NEW, U)
    fields = {name.replace("_", "."): content for name, content in told.items()}
    reply = browser.post(f"/u/{token}", fields, **{"user-agent": IPHONE})
    assert reply.status == 303
    return browser


def test_the_unit_sees_whose_devices_are_open_and_which_is_this(
    site: Site, as_unit: AsUnit, visitor: Callable[[], Visitor], clock: Clock
) -> None:
    clock.now -= DAY
    opens(site, visitor(), by_name="Trần Thị Mẫu", by_post="Văn thư")
    clock.now += DAY
    this = as_unit(U)
    said = text(this.get(PAGE))
    assert "iPhone, Safari Trần Thị Mẫu, Văn thư" in said
    assert "Mở lúc 10:00 ngày 22/11/2026, dùng gần nhất ngày 22/11/2026" in said
    assert said.count("(máy này)") == 1
    assert "Chưa ghi họ tên" in said


@pytest.mark.guards(
    "who uses a device is asked once, need not be said, and is the unit's alone",
    "asked at every opening ✓ (the first)",
)
def test_a_device_is_asked_once_and_goes_on_in_its_session(
    site: Site, visitor: Callable[[], Visitor], clock: Clock
) -> None:
    browser = visitor()
    path = f"/u/{links.issue_link(site.table, site.key, NEW, U)}"
    assert 'name="by.name"' in browser.get(path).body.decode()
    opens(site, browser, by_name="Trần Thị Mẫu", by_post="Văn thư")
    held = browser.cookies["bc-unit"]
    assert 'name="by.name"' not in browser.get(path).body.decode()
    opens(site, browser)
    assert browser.cookies["bc-unit"] == held
    assert listed(site.table) == 1
    assert "Trần Thị Mẫu, Văn thư" in text(browser.get(PAGE))
    links.reissue_link(site.table, site.key, NEW, U)
    path = f"/u/{links.issue_link(site.table, site.key, NEW, U)}"
    assert 'name="by.name"' in browser.get(path).body.decode()


@pytest.mark.parametrize("told", ["x" * 101, "a\x00b"])
def test_a_name_that_can_not_be_kept_is_said_and_stays_typed(
    site: Site, visitor: Callable[[], Visitor], told: str
) -> None:
    browser = visitor()
    token = links.issue_link(site.table, site.key, NEW, U)
    reply = browser.post(f"/u/{token}", {"by.name": told, "by.post": "Văn thư"})
    assert reply.status == 422
    assert 'value="Văn thư"' in reply.body.decode()
    assert browser.get("/report").status == 401
    assert listed(site.table) == 0


def test_one_device_or_all_others_are_ended(site: Site, as_unit: AsUnit, clock: Clock) -> None:
    browsers = []
    for _ in range(4):
        clock.now += MINUTE
        browsers.append(as_unit(U))
    this = browsers[0]
    page = this.get(PAGE)
    done = this.submit(page, "/devices", do="end")
    assert "Đã đóng báo cáo trên máy đó" in text(this.follow(done))
    assert [one.get("/report").status for one in browsers] == [200, 200, 200, 401]
    again = this.submit(page, "/devices", do="end")
    assert again.status == 409
    assert "đã được đóng trước đó" in text(again)
    this.follow(this.submit(this.get(PAGE), "/devices", do="others"))
    assert [one.get("/report").status for one in browsers] == [200, 401, 401, 401]


def check_page(site: Site, phone: Visitor) -> Reply:
    form = phone.get(f"/report/{Q4}")
    return phone.follow(phone.submit(form, Q4, do="check", **filled(site, i1_5="12")))


PRESSES: dict[str, tuple[Callable[[Site, Visitor], Reply], str, dict[str, str]]] = {
    "a report": (check_page, "send", BY),
    "whom to reach": (
        lambda _, phone: phone.get("/report/contacts"),
        "contacts",
        {"head": "Nguyễn Văn Mẫu"},
    ),
    "a request": (
        lambda _, phone: phone.get(f"/report/{Q4}/ask"),
        "/ask",
        {"reason": "Bão số 9", "wanted": "2026-12-28"},
    ),
    "a handing over": (lambda _, phone: phone.get("/report/handover"), "handover", {"sure": "1"}),
}


@pytest.mark.guards(
    "… and stops nobody else: what another device sends, asks, changes, hands over at that "
    "moment goes through",
    "each of the four not tried again ✓",
)
@pytest.mark.parametrize("what", PRESSES)
def test_what_is_on_its_way_is_kept_while_another_device_is_ended(
    site: Site, as_unit: AsUnit, outbox: Callable[[], list[EmailMessage]], what: str
) -> None:
    phone, _, third = (as_unit(U) for _ in range(3))
    page, action, typed = PRESSES[what]
    shown, ending, mails = page(site, phone), third.get(PAGE), len(outbox())
    calls = Calls()
    app.use(replace(site, table=FaultyTable(site.table, calls)))

    def end_another() -> None:
        with calls.paused():
            assert third.submit(ending, "/devices", do="end", device=second).status == 303

    this, last = (rules.digest(one.cookies["bc-unit"]) for one in (phone, third))
    second = next(
        one.id for one in devices.devices(site.table, P, U, NOW) if one.id not in (this, last)
    )
    calls.arm("write ", "before", end_another)
    reply = phone.submit(shown, action, **typed)
    assert calls.fired
    assert reply.status == 303, text(reply)
    assert "check" not in reply.header("location")
    link_mails = [mail for mail in outbox()[mails:] if "/u/" in str(mail.get_content())]
    assert len(link_mails) == (what == "a handing over")
    for mail in link_mails:
        link = re.findall(r"/u/\S+", str(mail.get_content()))[0]
        assert phone.get(link).status == 200


@pytest.mark.guards("an ended device keeps nothing that is on its way")
@pytest.mark.parametrize("what", [what for what in PRESSES if what != "a handing over"])
def test_what_is_on_its_way_dies_with_its_own_device(
    site: Site, as_unit: AsUnit, what: str
) -> None:
    phone, third = as_unit(U), as_unit(U)
    page, action, typed = PRESSES[what]
    shown, ending = page(site, phone), third.get(PAGE)
    calls = Calls()
    app.use(replace(site, table=FaultyTable(site.table, calls)))

    def end_this() -> None:
        with calls.paused():
            third.submit(ending, "/devices", do="end", device=rules.digest(token))

    token = phone.cookies["bc-unit"]
    calls.arm("write ", "before", end_this)
    reply = phone.submit(shown, action, **typed)
    assert calls.fired
    assert reply.status in (401, 409), text(reply)
    assert phone.get("/report").status == 401


@pytest.mark.guards("who uses a device is asked once, need not be said, and is the unit's alone")
def test_another_units_device_is_not_to_be_ended(site: Site, as_unit: AsUnit) -> None:
    own, other = as_unit(U), as_unit("T03")
    as_unit(U)
    page = own.get(PAGE)
    theirs = rules.digest(other.cookies["bc-unit"])
    assert own.submit(page, "/devices", do="end", device=theirs).status == 409
    assert other.get("/report").status == 200


def test_who_uses_this_device_is_said_later_and_stands_on_the_check_page(
    site: Site, as_unit: AsUnit
) -> None:
    unit = as_unit(U)
    fields = {"do": "name", "by.name": "Lê Thị Mẫu", "by.post": "Hiệu phó"}
    csrf = rules.csrf_token(unit.cookies["bc-unit"])
    done = unit.post(PAGE, {"csrf": csrf, **fields})
    assert "Đã lưu họ tên" in text(unit.follow(done))
    page = unit.get("/report/2026-Q4")
    check = unit.follow(unit.submit(page, "2026-Q4", do="check"))
    check = all_nil(unit, check)
    said = check.body.decode()
    assert 'value="Lê Thị Mẫu"' in said
    assert 'value="Hiệu phó"' in said


@pytest.mark.guards("who uses a device is asked once, need not be said, and is the unit's alone")
def test_the_officers_page_names_nobody_of_the_devices(
    site: Site, visitor: Callable[[], Visitor], as_staff: Callable[..., Visitor]
) -> None:
    opens(site, visitor(), by_name="Trần Thị Mẫu", by_post="Văn thư")
    page = text(as_staff("chuyenvien@vinhlong.example").get(f"/desk/{NEW}/links/of/T01"))
    assert "Máy đang mở 1 · mở gần nhất" in page
    assert "Trần Thị Mẫu" not in page


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (IPHONE, "iPhone, Safari"),
        (f"{ANDROID} Mobile Safari/537.36 Zalo/1", "Điện thoại Android, Zalo"),
        (f"{ANDROID} Safari/537.36", "Máy tính bảng Android, Chrome"),
        (f"{WINDOWS} Safari/537.36 coc_coc_browser/120", "Máy tính Windows, Cốc Cốc"),
        (f"{WINDOWS} Safari/537.36 Edg/120", "Máy tính Windows, Edge"),
        ("", "Máy chưa rõ loại"),
        ("<script>", "Máy chưa rõ loại"),
    ],
)
def test_a_device_is_named_in_plain_words(said: str, kind: str) -> None:
    assert words.kind(device.kind(said)) == kind


def test_every_kind_has_its_word() -> None:
    for marks, known in ((device._SYSTEMS, words._SYSTEMS), (device._BROWSERS, words._BROWSERS)):
        assert {name for _, name in marks} <= known.keys()
    assert About() == About("", "", "")
