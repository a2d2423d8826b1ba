"""A unit asks for more time or a reopening; an officer grants or refuses: the whole handler."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

import app
from chalicelib.edges.ports import Site
from chalicelib.edges.table import Change, Table
from chalicelib.rules.programmes.period import end_of
from chalicelib.rules.review.act import Act
from chalicelib.store import access, acts, exempt_or_extended, moves, reports, unit_requests
from chalicelib.store import links as store_links
from infra.gateway import Reply
from infra.visitor import Forms, Visitor
from tests.conftest import ENGINES, NEW, Clock
from tests.contract import parallel
from tests.officer import move
from tests.pages.reports.test_moves import OFFICER, SECOND, corrected, state
from tests.pages.unit.test_form import Q4, sent, text

INBOX = f"/desk/{NEW}/{Q4}/requests"
ASK = f"/report/{Q4}/ask"
AFTER_DUE, AFTER_LOCK = (datetime(2026, 12, day, 3, tzinfo=UTC) for day in (18, 23))
AS_UNIT, AS_STAFF = Callable[..., Visitor], Callable[..., Visitor]


def asked(browser: Visitor, **typed: str) -> Reply:
    page = browser.get(ASK)
    return browser.submit(page, "/ask", **({"reason": "Bão số 9"} | typed))


def more_time(browser: Visitor, day: str = "2026-12-24", **typed: str) -> Reply:
    return asked(browser, wanted=day, **typed)


def answered(officer: Visitor, page: Reply | None = None, **typed: str) -> Reply:
    """The first request of the inbox, as one of its buttons answers it."""
    page = page or officer.get(INBOX)
    return officer.submit(page, "/requests", **typed)


def taken_in(site: Site, unit: str = "T01") -> None:
    moves.move(site.table, Act(site.clock(), SECOND, "accept", NEW, Q4, unit), "accept")


@pytest.fixture
def second(site: Site, as_staff: AS_STAFF) -> Visitor:
    access.keep_staff(site.table, SECOND, "officer")
    return as_staff(SECOND)


# ------------------------------------------------------------------ more time


@pytest.mark.parametrize("engine", ENGINES)
def test_more_time_is_asked_for_granted_and_holds(
    site: Site, as_unit: AS_UNIT, as_staff: AS_STAFF, clock: Clock
) -> None:
    """Granted after the lock: the unit sends once more, and in time."""
    clock.now = AFTER_LOCK
    unit, officer = as_unit(), as_staff(OFFICER)
    assert unit.get(f"/report/{Q4}").status == 409  # locked
    assert "Xin gia hạn" in text(unit.get("/report"))
    waiting = unit.follow(more_time(unit, "2026-12-30"))
    assert "Đang chờ Sở trả lời" in text(waiting)
    assert "Đang chờ Sở trả lời" in text(unit.get("/report"))
    page = officer.get(INBOX)
    assert "Bão số 9" in text(page)
    assert "Xin gia hạn đến hết ngày 30/12/2026" in text(page)
    done = officer.follow(answered(officer, page, do="grant", until="2026-12-28"))
    assert "Sở đã chấp thuận đến hết ngày 28/12/2026" in text(done)
    assert "Không có đề nghị nào đang chờ" in text(done)
    terms = exempt_or_extended.of(site.table, NEW, Q4, "T01")
    assert terms.due == end_of(date(2026, 12, 28))
    home = text(unit.get("/report"))
    assert "28/12/2026 (đã gia hạn)" in home
    assert "Sở đã chấp thuận" in home
    assert "Đúng hạn" in text(sent(site, unit, i1_5="12"))
    said = text(officer.get(f"/desk/{NEW}/{Q4}/reports/T01"))
    assert "Đơn vị xin gia hạn đến hết ngày 30/12/2026" in said
    assert f"{OFFICER} chấp thuận gia hạn đến hết ngày 28/12/2026" in said


def test_a_returned_report_gets_another_due_of_its_return(
    site: Site, as_unit: AS_UNIT, as_staff: AS_STAFF
) -> None:
    unit, officer = as_unit(), as_staff(OFFICER)
    sent(site, unit, i1_5="12")
    due = end_of(date(2026, 11, 25))
    act = Act(site.clock(), OFFICER, "return", NEW, Q4, "T01", {"general": "Xem lại số liệu"})
    moves.move(site.table, act, "return", return_due=due)
    assert unit.sees(more_time(unit, "2026-11-25")).status == 422  # no later than it is
    assert more_time(unit, "2026-11-30").status == 303
    assert answered(officer, do="grant").status == 303
    head = reports.head(site.table, NEW, Q4, "T01")
    assert head is not None
    assert (head.state, head.return_due) == ("returned", end_of(date(2026, 11, 30)))
    assert exempt_or_extended.of(site.table, NEW, Q4, "T01").due is None
    said = text(unit.get(f"/report/{Q4}"))
    assert "Xem lại số liệu" in said  # the comments of the return still stand
    assert "30/11/2026" in said


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"reason": ""}, "Lý do: Vui lòng ghi lý do"),
        ({"reason": "x" * 1_001}, "Lý do: Nội dung dài quá 1.000 ký tự"),
        ({"reason": "a\x00b"}, "Lý do: Ô này có ký tự không đọc được"),
        ({"day": ""}, "Xin gia hạn đến hết ngày: Vui lòng nhập ngày"),
        ({"day": "17/12/2026"}, "không muộn hơn hạn hiện nay"),
        ({"day": "1/1/2031"}, "quá xa"),
        ({"day": "hôm sau"}, "Ngày không đọc được"),
    ],
)
def test_a_request_that_is_not_taken_keeps_what_was_typed(
    site: Site, as_unit: AS_UNIT, typed: dict[str, str], sentence: str
) -> None:
    unit = as_unit()
    reply = unit.sees(more_time(unit, **typed))
    assert reply.status == 422
    assert sentence in text(reply)
    fields = next(f for where, f in Forms(reply.body.decode()).forms if where.endswith("/ask"))
    for name, said in typed.items():
        box = "wanted" if name == "day" else name
        assert fields[box].replace("\x00", "") == said.replace("\x00", "")
    assert list(unit_requests.of_period(site.table, NEW, Q4)) == []


@pytest.mark.parametrize(
    ("day", "sentence"),
    [("", "Vui lòng nhập ngày"), ("2026-12-17", "không muộn hơn"), ("x", "không đọc được")],
)
def test_more_time_is_granted_until_a_day_that_can_be(
    site: Site, as_unit: AS_UNIT, as_staff: AS_STAFF, day: str, sentence: str
) -> None:
    more_time(as_unit())
    officer = as_staff(OFFICER)
    reply = answered(officer, do="grant", until=day, answer="Đồng ý")
    assert reply.status == 422
    assert sentence in text(reply)
    fields = next(f for where, f in Forms(reply.body.decode()).forms if where.endswith("/requests"))
    assert (fields["until"], fields["answer"]) == (day, "Đồng ý")
    assert exempt_or_extended.of(site.table, NEW, Q4, "T01").due is None


# ------------------------------------------------------------------ reopening


def test_a_report_taken_in_is_reopened_on_request(
    site: Site, as_unit: AS_UNIT, as_staff: AS_STAFF
) -> None:
    unit, officer = as_unit(), as_staff(OFFICER)
    sent(site, unit, i1_5="12")
    taken_in(site)
    assert "Xin mở lại" in text(unit.get(f"/report/{Q4}/receipt/1"))
    assert asked(unit, reason="Nhập nhầm số học sinh").status == 303
    assert "Đang chờ Sở trả lời" in text(unit.get(f"/report/{Q4}/receipt/1"))
    assert answered(officer, do="grant", answer="Chỉ sửa mục 1.5").status == 303
    assert state(site) == "reopened"
    assert "Chỉ sửa mục 1.5" in text(unit.get(f"/report/{Q4}"))
    assert "Chỉ sửa mục 1.5" in text(unit.get("/report"))
    assert "2026-Q4/T01/2" in text(corrected(unit, i1_5="13"))


@pytest.mark.guards("taken in and reopened on request: both or neither, on record in that order")
def test_what_was_sent_and_locked_is_taken_in_and_reopened(
    site: Site, as_unit: AS_UNIT, as_staff: AS_STAFF, clock: Clock
) -> None:
    unit = as_unit()
    sent(site, unit, i1_5="12")
    assert "không cần đề nghị gì" in text(unit.get(ASK))  # it can still correct it by itself
    clock.now = AFTER_LOCK
    unit, officer = as_unit(), as_staff(OFFICER)
    assert asked(unit).status == 303
    clock.now = AFTER_LOCK.replace(hour=4)
    assert answered(officer, do="grant").status == 303
    assert state(site) == "reopened"
    events = acts.events(site.table, NEW, Q4, "T01")
    assert [act.verb for act in events] == ["ask_reopen", "accept", "grant_reopen"]
    assert events[1].detail == {"version": 1}
    said = text(officer.get(f"/desk/{NEW}/{Q4}/reports/T01")).split("Diễn biến")[1]
    assert said.index("chấp thuận mở lại") < said.index("tiếp nhận lần gửi 1")  # the newest first


def test_a_refusal_needs_words_and_the_unit_reads_them(
    site: Site, as_unit: AS_UNIT, as_staff: AS_STAFF
) -> None:
    unit, officer = as_unit(), as_staff(OFFICER)
    more_time(unit)
    reply = answered(officer, do="refuse")
    assert reply.status == 422
    assert "Vui lòng ghi lý do không chấp thuận" in text(reply)
    assert answered(officer, do="refuse", answer="Đã gia hạn một lần").status == 303
    for page in ("/report", ASK):
        assert "Sở không chấp thuận" in text(unit.get(page))
        assert "Đã gia hạn một lần" in text(unit.get(page))
    assert more_time(unit, reason="Lũ").status == 303  # may ask anew, with another reason
    (ask,) = unit_requests.of_period(site.table, NEW, Q4)
    assert (ask.state, ask.reason, ask.answer) == ("open", "Lũ", "")


# ------------------------------------------------------------------ twice, too late, meanwhile


@pytest.mark.guards("asked once", "written again ✓")
def test_asking_twice_is_one_request(site: Site, as_unit: AS_UNIT, clock: Clock) -> None:
    unit = as_unit()
    page = unit.get(ASK)
    typed = {"wanted": "24/12/2026", "reason": "Bão số 9"}
    assert unit.submit(page, "/ask", **typed).status == 303
    first = list(unit_requests.of_period(site.table, NEW, Q4))
    clock.now = clock.now.replace(hour=5)
    assert unit.submit(page, "/ask", **typed).status == 303
    assert list(unit_requests.of_period(site.table, NEW, Q4)) == first
    assert len(acts.events(site.table, NEW, Q4, "T01")) == 1
    assert more_time(unit, reason="Bão số 10").status == 303
    (ask,) = unit_requests.of_period(site.table, NEW, Q4)
    assert (ask.reason, ask.asked) == ("Bão số 10", first[0].asked)


def test_an_answer_given_twice_is_one_and_another_officer_is_told(
    site: Site, as_unit: AS_UNIT, as_staff: AS_STAFF, second: Visitor
) -> None:
    officer = as_staff(OFFICER)
    more_time(as_unit())
    page, theirs = officer.get(INBOX), second.get(INBOX)
    grant = {"do": "grant", "until": "2026-12-24", "answer": "Đồng ý"}
    assert [answered(officer, page, **grant).status for _ in range(2)] == [303, 303]
    events = acts.events(site.table, NEW, Q4, "T01")
    assert sorted(act.verb for act in events) == ["ask_extend", "grant_extend"]
    reply = answered(second, theirs, do="refuse", answer="Không được")
    assert reply.status == 409
    assert f"{OFFICER} đã trả lời đề nghị này lúc 10:00 ngày 23/11/2026" in text(reply)
    assert exempt_or_extended.of(site.table, NEW, Q4, "T01").due == end_of(date(2026, 12, 24))


@pytest.mark.guards(
    "answered as it stands",
    "its revision not compared ✓ (the first)",
    "over any revision ✓ (the second)",
)
def test_a_request_changed_meanwhile_is_read_again_first(
    site: Site, as_unit: AS_UNIT, as_staff: AS_STAFF
) -> None:
    unit, officer = as_unit(), as_staff(OFFICER)
    more_time(unit)
    page = officer.get(INBOX)
    more_time(unit, reason="Xin rút ngắn", day="2026-12-20")
    reply = answered(officer, page, do="grant")
    assert reply.status == 409
    assert "Đề nghị này, hoặc báo cáo của đơn vị, vừa thay đổi" in text(reply)
    assert "Xin rút ngắn" in text(reply)


@pytest.mark.guards(
    "granted only where it still helps",
    "not asked again ✓ (the first)",
    "no check of the head ✓ (the second)",
)
def test_what_is_no_longer_needed_is_said_and_closed(
    site: Site, as_unit: AS_UNIT, as_staff: AS_STAFF
) -> None:
    """The unit asked, and then sent its report all the same."""
    unit, officer = as_unit(), as_staff(OFFICER)
    more_time(unit)
    page = officer.get(INBOX)
    sent(site, unit, i1_5="12")
    reply = answered(officer, page, do="grant")
    assert reply.status == 409
    assert "không cần gia hạn nữa" in text(reply)
    assert exempt_or_extended.of(site.table, NEW, Q4, "T01").due is None
    assert "Chấp thuận gia hạn" not in text(reply)
    assert answered(officer, reply, do="close").status == 303
    (ask,) = unit_requests.of_period(site.table, NEW, Q4)
    assert ask.state == "closed"
    assert "Không có đề nghị nào đang chờ" in text(officer.get(INBOX))


class SendsMeanwhile:
    """A table where something happens between the officer's reading and writing."""

    def __init__(self, table: Table, act: Callable[[], object]) -> None:
        self._table, self._act = table, act

    def __getattr__(self, name: str) -> object:
        return getattr(self._table, name)

    def write(self, *changes: Change) -> None:
        if self._act and any("ASK#" in change.key.sort for change in changes):
            act, self._act = self._act, None  # type: ignore[assignment]
            act()
        self._table.write(*changes)


@pytest.mark.guards("granted only where it still helps")
def test_more_time_is_not_granted_over_a_report_that_came_that_moment(
    site: Site, as_unit: AS_UNIT, as_staff: AS_STAFF
) -> None:
    unit, officer = as_unit(), as_staff(OFFICER)
    more_time(unit)
    page = officer.get(INBOX)

    def send() -> None:
        app.use(site)
        sent(site, unit, i1_5="12")

    table = SendsMeanwhile(site.table, send)
    app.use(replace(site, table=table))  # type: ignore[arg-type]
    reply = answered(officer, page, do="grant")
    assert reply.status == 409
    assert exempt_or_extended.of(site.table, NEW, Q4, "T01").due is None
    (ask,) = unit_requests.of_period(site.table, NEW, Q4)
    assert ask.state == "open"


@pytest.mark.guards("nothing is asked back of a unit that is exempt, or becomes so that moment")
@pytest.mark.parametrize("stands", ["returned", "accepted"])
def test_nothing_is_granted_to_a_unit_that_was_exempted_that_moment(
    site: Site, as_unit: AS_UNIT, as_staff: AS_STAFF, stands: str
) -> None:
    """It could not send what it was given time for, nor correct what was reopened."""
    unit, officer = as_unit(), as_staff(OFFICER)
    sent(site, unit, i1_5="12")
    if stands == "returned":
        move(site.table, NEW, Q4, "T01", "return", end_of(date(2026, 11, 25)))
        more_time(unit)
    else:
        taken_in(site)
        asked(unit)
    page, before = officer.get(INBOX), reports.head(site.table, NEW, Q4, "T01")

    def exempt() -> None:
        its = exempt_or_extended.of(site.table, NEW, Q4, "T01")._replace(exempt="Đang sáp nhập")
        site.table.write(exempt_or_extended.put(NEW, Q4, its))

    app.use(replace(site, table=SendsMeanwhile(site.table, exempt)))  # type: ignore[arg-type]
    for _ in range(2):  # at that moment, and again from the page that is still there
        reply = answered(officer, page, do="grant")
        assert reply.status == 409
        assert "Đơn vị đã được miễn báo cáo kỳ này nên không cần nữa" in text(reply)
    assert reports.head(site.table, NEW, Q4, "T01") == before
    (ask,) = unit_requests.of_period(site.table, NEW, Q4)
    assert ask.state == "open"


@pytest.mark.guards(
    "taken in and reopened on request: both or neither, on record in that order",
    "two writes ✓ (the first)",
    "both of one instant ✓, the taking in after the answer ✓ (the second)",
)
def test_a_reopening_that_is_not_granted_takes_nothing_in_either(
    site: Site, as_unit: AS_UNIT, as_staff: AS_STAFF, clock: Clock
) -> None:
    """The request changed between the officer's reading and writing: nothing is done of it."""
    unit = as_unit()
    sent(site, unit, i1_5="12")
    clock.now = AFTER_LOCK
    unit, officer = as_unit(), as_staff(OFFICER)
    asked(unit)
    page = officer.get(INBOX)
    clock.now = AFTER_LOCK.replace(hour=4)

    def change() -> None:
        app.use(site)
        asked(unit, reason="Nhầm mục 1.5")

    app.use(replace(site, table=SendsMeanwhile(site.table, change)))  # type: ignore[arg-type]
    assert answered(officer, page, do="grant").status == 409
    assert state(site) == "submitted"
    verbs = [act.verb for act in acts.events(site.table, NEW, Q4, "T01")]
    assert verbs == ["ask_reopen", "ask_reopen"]


@pytest.mark.guards("answered as it stands")
def test_a_request_changed_at_that_moment_is_not_answered_as_it_was(
    site: Site, as_unit: AS_UNIT, as_staff: AS_STAFF
) -> None:
    unit, officer = as_unit(), as_staff(OFFICER)
    more_time(unit)
    page = officer.get(INBOX)

    def change() -> None:
        app.use(site)
        more_time(unit, "2026-12-20", reason="Xin rút ngắn")

    table = SendsMeanwhile(site.table, change)
    app.use(replace(site, table=table))  # type: ignore[arg-type]
    reply = answered(officer, page, do="refuse", answer="Quá lâu")
    assert reply.status == 409
    assert "Xin rút ngắn" in text(reply)
    (ask,) = unit_requests.of_period(site.table, NEW, Q4)
    assert (ask.state, ask.reason) == ("open", "Xin rút ngắn")


@pytest.mark.guards("answered as it stands")
@pytest.mark.parametrize("engine", ENGINES)
def test_of_many_answers_at_one_moment_one_is_kept(
    site: Site, as_unit: AS_UNIT, as_staff: AS_STAFF
) -> None:
    more_time(as_unit())
    officers = []
    for place in range(4):
        access.keep_staff(site.table, f"canbo{place}@vinhlong.example", "officer")
        officers.append(as_staff(f"canbo{place}@vinhlong.example"))
    pages = [officer.get(INBOX) for officer in officers]

    def answer(place: int) -> int:
        typed = {"do": "grant", "until": f"2026-12-2{4 + place}"}
        return answered(officers[place], pages[place], **typed).status

    ended = parallel(4, answer)
    assert sorted(ended) == [303, 409, 409, 409]  # type: ignore[type-var]
    won = ended.index(303)
    assert exempt_or_extended.of(site.table, NEW, Q4, "T01").due == end_of(date(2026, 12, 24 + won))
    events = acts.events(site.table, NEW, Q4, "T01")
    assert sorted(act.verb for act in events) == ["ask_extend", "grant_extend"]


def test_a_request_of_another_kind_than_stands_is_refused(
    site: Site, as_unit: AS_UNIT, clock: Clock
) -> None:
    """The page was opened before the report was sent and taken in."""
    unit = as_unit()
    page = unit.get(ASK)
    sent(site, unit, i1_5="12")
    taken_in(site)
    reply = unit.sees(unit.submit(page, "/ask", reason="Bão", wanted="2026-12-24"))
    assert reply.status == 409
    assert list(unit_requests.of_period(site.table, NEW, Q4)) == []


@pytest.mark.parametrize(
    "forged",
    [
        {"unit": "T02"},
        {"kind": "reopen"},
        {"kind": "x"},
        {"do": "x"},
        {"unit": "x" * 3_000},
        {"unit": ""},
    ],
    ids=str,
)
def test_an_answer_to_no_request_is_said_so(
    site: Site, as_unit: AS_UNIT, as_staff: AS_STAFF, forged: dict[str, str]
) -> None:
    more_time(as_unit())
    reply = answered(as_staff(OFFICER), **({"do": "grant"} | forged))
    assert reply.status == 404
    assert "Không có đề nghị này" in text(reply)


def test_the_director_reads_the_inbox(as_unit: AS_UNIT, as_staff: AS_STAFF) -> None:
    more_time(as_unit())
    page = as_staff().get(INBOX)
    assert "Bão số 9" in text(page)
    assert "Chấp thuận gia hạn" not in text(page)


def test_an_exempt_unit_has_nothing_to_ask(site: Site, as_unit: AS_UNIT) -> None:
    terms = exempt_or_extended.of(site.table, NEW, Q4, "T01")._replace(exempt="Đang sáp nhập")
    site.table.write(exempt_or_extended.put(NEW, Q4, terms))
    unit = as_unit()
    assert "được miễn báo cáo" in text(unit.get(ASK))
    assert "Xin gia hạn" not in text(unit.get("/report"))


def test_a_late_unit_finds_the_way_on_its_form(as_unit: AS_UNIT, clock: Clock) -> None:
    clock.now = AFTER_DUE
    links = re.findall(r'href="([^"]+)"', as_unit().get(f"/report/{Q4}").body.decode())
    assert ASK in links


@pytest.mark.guards("a request dies with its session", "no check of the session ✓")
def test_a_request_dies_with_its_session(site: Site, as_unit: AS_UNIT) -> None:
    unit = as_unit()
    page = unit.get(ASK)
    revoking = SendsMeanwhile(site.table, lambda: store_links.revoke(site.table, NEW, "T01"))
    app.use(replace(site, table=revoking))  # type: ignore[arg-type]
    reply = unit.submit(page, "/ask", reason="Bão", wanted="2026-12-24")
    assert reply.status == 401
    assert "Bão" in reply.body.decode()  # to send again
    assert list(unit_requests.of_period(site.table, NEW, Q4)) == []
