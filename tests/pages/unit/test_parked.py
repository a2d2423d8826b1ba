"""What could not be taken, on the unit's pages: reached by a redirect, decided by one press."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.edges.ports import Site
from chalicelib.store import drafts, keys, reports
from infra.gateway import Reply
from infra.visitor import Forms, Visitor
from tests import officer
from tests.conftest import NEW, Clock
from tests.pages.unit.test_form import BY, Q4, filled, sent, text

FORM = f"/report/{Q4}"
JSON = {"accept": "application/json"}


def fields(page: Reply, action: str = Q4) -> dict[str, str]:
    return next(f for where, f in Forms(page.body.decode()).forms if where.endswith(action))


def draft(site: Site) -> dict[str, str]:
    found = drafts.draft(site.table, NEW, Q4, "T01")
    return dict(found.typed) if found else {}


def copies(site: Site) -> dict[int, dict[str, str]]:
    held = drafts.held(site.table, NEW, Q4, "T01")
    return {number: dict(one.typed) for number, one in held.parked.items()}


def clashed(one: Visitor, two: Visitor) -> Reply:
    """Both opened the empty form; one saved i1_5 and i1_6, and two now does."""
    first, second = one.get(FORM), two.get(FORM)
    one.submit(first, Q4, do="save", i1_5="11", i1_6="12")
    return two.submit(second, Q4, do="save", i1_5="21", i1_6="22", i1_7="23")


def parked_by_a_script(one: Visitor, two: Visitor) -> dict[str, str]:
    """Both changed i1_5 and i1_6; what two's page posts to throw its parked texts away."""
    page = fields(two.get(FORM))
    one.submit(one.get(FORM), Q4, do="save", i1_5="11", i1_6="12")
    two.post(f"{FORM}/draft", page | {"place": "1", "i1_5": "21", "i1_6": "22"})
    return {name: page[name] for name in ("csrf", "of.unit", "page")} | {"do": "drop"}


@pytest.mark.guards("two phones' fields merge; only what both changed is asked")
def test_two_phones_on_different_fields_merge_without_a_word(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    one, two = as_unit(), as_unit()
    first, second = one.get(FORM), two.get(FORM)
    one.submit(first, Q4, do="save", i1_5="11")
    shown = two.sees(two.submit(second, Q4, do="save", i1_6="22"))
    assert shown.status == 200
    assert draft(site) == {"i1_5": "11", "i1_6": "22"}
    assert (fields(shown)["i1_5"], fields(shown)["i1_6"]) == ("11", "22")
    assert "Còn giữ" not in text(shown)


@pytest.mark.guards("two phones' fields merge; only what both changed is asked")
def test_a_field_that_both_changed_is_shown_with_both_texts_and_when(
    site: Site, as_unit: Callable[..., Visitor], clock: Clock
) -> None:
    one, two = as_unit(), as_unit()
    first, second = one.get(FORM), two.get(FORM)
    one.submit(first, Q4, do="save", i1_5="11")
    clock.now += timedelta(minutes=7)
    asked = two.sees(two.submit(second, Q4, do="save", i1_5="21", i1_6="22"))
    assert asked.status == 409
    rows = re.findall(r"<dt>(.*?)</dt><dd[^>]*>(.*?)</dd>", asked.body.decode(), re.DOTALL)
    assert rows == [
        ("Nhập lúc 10:07 ngày 23/11/2026", "21"),
        ("Đang có, lưu lúc 10:00 ngày 23/11/2026", "11"),
    ]
    assert draft(site) == {"i1_5": "11", "i1_6": "22"}


@pytest.mark.guards(
    "a parked copy: one a page, never older over newer, leaves when answered, emptied and not "
    "deleted"
)
@pytest.mark.parametrize(("chosen", "stands"), [("i1_5", ("21", "12")), ("i1_6", ("11", "22"))])
def test_only_the_chosen_fields_are_taken_and_the_rest_is_kept(
    site: Site, as_unit: Callable[..., Visitor], chosen: str, stands: tuple[str, str]
) -> None:
    two = as_unit()
    asked = two.sees(clashed(as_unit(), two))
    other = {"f.i1_5": "", "f.i1_6": ""} | {f"f.{chosen}": "1"}
    shown = two.sees(two.submit(asked, Q4, do="take", **other))
    assert (draft(site)["i1_5"], draft(site)["i1_6"]) == stands
    (left,) = {"i1_5", "i1_6"} - {chosen}
    assert copies(site) == {1: {left: {"i1_5": "21", "i1_6": "22"}[left]}}
    assert "Còn giữ nội dung nhập lúc" in text(shown)


@pytest.mark.guards(
    "a parked copy: one a page, never older over newer, leaves when answered, emptied and not "
    "deleted"
)
def test_what_is_thrown_away_is_emptied_and_the_form_says_no_more_of_it(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    two = as_unit()
    asked = two.sees(clashed(as_unit(), two))
    shown = two.sees(two.post(FORM, fields(asked) | {"do": "drop"}))
    assert "Còn giữ" not in text(shown)
    item = site.table.get(keys.parked(NEW, Q4, "T01", 1))
    assert item is not None
    assert item.body["typed"] == "{}"
    assert draft(site) == {"i1_5": "11", "i1_6": "12", "i1_7": "23"}
    assert two.get(f"{FORM}?parked=1").status == 303  # nothing to see any more


def test_a_script_throws_away_only_what_its_own_page_has_parked(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    two = as_unit()
    drop = parked_by_a_script(as_unit(), two)
    two.post(FORM, drop | {"page": "another"}, **JSON)
    assert copies(site) == {1: {"i1_5": "21", "i1_6": "22"}}
    two.post(FORM, drop | {"f.i1_5": "1"}, **JSON)
    assert copies(site) == {1: {"i1_6": "22"}}
    two.post(FORM, drop, **JSON)
    assert copies(site) == {1: {}}


@pytest.mark.guards(
    "a parked copy: one a page, never older over newer, leaves when answered, emptied and not "
    "deleted"
)
def test_a_script_that_throws_away_a_field_that_its_copy_lacks_changes_nothing(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    two = as_unit()
    drop = parked_by_a_script(as_unit(), two)
    two.post(FORM, drop | {"f.i1_5": "1"}, **JSON)  # and once more, as a bad network brings it
    before = site.table.get(keys.parked(NEW, Q4, "T01", 1))
    two.post(FORM, drop | {"f.i1_5": "1"}, **JSON)
    assert site.table.get(keys.parked(NEW, Q4, "T01", 1)) == before
    assert copies(site) == {1: {"i1_6": "22"}}


@pytest.mark.guards(
    "a parked copy: one a page, never older over newer, leaves when answered, emptied and not "
    "deleted"
)
def test_a_copy_that_holds_something_else_by_now_is_shown_before_it_is_decided(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    one, two = as_unit(), as_unit()
    other = two.get(FORM)
    asked = two.sees(clashed(one, two))
    two.submit(asked, Q4, do="drop")
    two.post(FORM, fields(asked) | {"do": "drop"})
    two.submit(other, Q4, do="save", i1_5="31")
    assert copies(site) == {1: {"i1_5": "31"}}
    for do in ("take", "drop"):
        reply = two.post(FORM, fields(asked) | {"do": do})
        assert reply.header("location") == f"{FORM}?parked=1"
    assert copies(site) == {1: {"i1_5": "31"}}


@pytest.mark.guards("a copy that waits is named on every page on the way to a send")
def test_the_check_page_too_names_every_copy_that_waits_for_an_answer(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    one, two = as_unit(), as_unit()
    first, second = one.get(FORM), two.get(FORM)
    one.submit(first, Q4, do="save", **filled(site, i1_5="11"))
    assert "Còn giữ" not in text(one.get(f"{FORM}/check"))
    two.submit(second, Q4, do="save", i1_5="21")
    line = re.compile('<p class="box warn"[^>]*>Còn giữ nội dung nhập lúc .*?</p>')
    (on_form,) = line.findall(one.get(FORM).body.decode())
    check = one.get(f"{FORM}/check")
    assert line.findall(check.body.decode()) == [on_form]
    assert fields(check, "send")["i1_5"] == "11"
    assert f'href="{FORM}?parked=1"' in on_form
    two.submit(two.get(f"{FORM}?parked=1"), Q4, do="drop")
    assert "Còn giữ" not in text(one.get(f"{FORM}/check"))


@pytest.mark.guards(
    "a copy that waits is named on every page on the way to a send",
    "on the form alone ✓ (the second)",
)
def test_every_copy_that_is_kept_is_named_on_the_form_of_every_phone(
    as_unit: Callable[..., Visitor],
) -> None:
    one = as_unit()
    clashed(one, as_unit())
    page = one.get(FORM)
    assert len(re.findall("Còn giữ nội dung nhập lúc", text(page))) == 1
    where = re.findall(r'href="([^"]*parked=[^"]*)"', page.body.decode())
    assert one.get(where[0]).status == 409


@pytest.mark.parametrize("number", ["", "0", "2", "9", "-1", "x", "999999999", "1&do=drop"])
def test_a_copy_that_is_not_there_leads_to_the_form(
    site: Site, as_unit: Callable[..., Visitor], number: str
) -> None:
    two = as_unit()
    asked = two.sees(clashed(as_unit(), two))
    if number:
        assert two.sees(two.get(f"{FORM}?parked={number}")).status in (200, 409)
    before = copies(site)
    reply = two.post(FORM, fields(asked) | {"do": "drop", "parked": number})
    assert two.sees(reply).status == 200
    assert copies(site) == before


@pytest.mark.guards(
    "five copies full: said, with what was typed", "the stale one overwritten ✓ (the second)"
)
def test_with_five_copies_kept_the_next_is_answered_with_what_was_typed(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    one = as_unit()
    pages = [one.get(FORM) for _ in range(7)]
    for number, page in enumerate(pages[:6]):
        one.submit(page, Q4, do="save", i1_5=str(number + 1))
    full = one.submit(pages[6], Q4, do="save", i1_5="77", i1_6="8")
    assert full.status == 409
    assert "Đã có năm nội dung còn giữ" in text(full)
    assert fields(full, "")["i1_5"] == "77"
    assert draft(site) == {"i1_5": "1", "i1_6": "8"}  # all but the question is kept
    told = one.post(f"{FORM}/draft", fields(pages[6]) | {"i1_5": "78", "part": "1"}, **JSON)
    assert (told.status, json.loads(told.body)["full"]) == (409, True)


# ------------------------------------------------------------------ back and reload


@pytest.mark.guards(
    "a press keeps, then leads to a page that can be read again",
    "answered by the POST ✓",
    "the script's refused before it is kept ✓",
    "the sender not kept ✓",
    "a tick shown to whoever comes",
    "refused when late ✓",
    "not emptied when taken ✓",
    "one text for all devices ✓ (both of them)",
)
def test_every_answer_of_a_press_can_be_reloaded(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    """A fault of a figure or of the sender is a page of its own address, however often read."""
    browser = as_unit()
    check = browser.follow(browser.submit(browser.get(FORM), Q4, do="check", **filled(site)))
    nameless = browser.submit(check, "send", **{**BY, "by.name": ""})
    wrong = browser.submit(browser.get(FORM), Q4, do="check", i1_5="mười")
    for press in (nameless, wrong):
        seen = [browser.get(press.header("location")) for _ in range(3)]
        assert {one.status for one in seen} == {422}
        assert "no-store" in seen[0].header("cache-control")


@pytest.mark.guards("a press keeps, then leads to a page that can be read again")
def test_who_sends_and_why_stand_on_the_page_behind_the_redirect(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    browser = as_unit()
    sent(site, browser, i1_5="1")
    check = browser.follow(browser.submit(browser.get(FORM), Q4, do="check", i1_5="2"))
    given = {**BY, "by.phone": "", "reason": "Đếm sót", "approved": "1"}
    refused = browser.sees(browser.submit(check, "send", **given))
    assert refused.status == 422
    kept = fields(refused, "send")
    assert (kept["by.name"], kept["reason"], kept["approved"]) == (BY["by.name"], "Đếm sót", "1")
    later = fields(browser.get(f"{FORM}/check"), "send")
    assert (later["by.name"], later["reason"]) == (BY["by.name"], "Đếm sót")
    assert "approved" not in later  # the head of the unit says it anew each time


def test_a_clash_at_the_send_is_parked_with_who_sent_it_and_can_be_sent_after_all(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    one, two = as_unit(), as_unit()
    checks = [
        phone.follow(phone.submit(phone.get(FORM), Q4, do="check", **filled(site, i1_5=figure)))
        for phone, figure in ((one, "1"), (two, "1"))
    ]
    one.submit(checks[0], "send", **BY)
    clash = two.sees(two.submit(checks[1], "send", **BY, i1_5="2"))
    assert clash.status == 409
    assert "Trần Thị Mẫu" in text(clash)
    assert copies(site)[1]["i1_5"] == "2"
    two.submit(clash, Q4, do="take")
    check = two.follow(two.submit(two.get(FORM), Q4, do="check"))
    receipt = two.follow(two.submit(check, "send", **BY, reason="Đếm sót"))
    assert f"{Q4}/T01/2" in text(receipt)
    assert copies(site)[1] == {name: BY[name] for name in BY if name in copies(site)[1]}


@pytest.mark.guards("a press keeps, then leads to a page that can be read again")
def test_what_was_typed_too_late_is_kept_and_shown_with_the_reason(
    site: Site, as_unit: Callable[..., Visitor], clock: Clock
) -> None:
    browser = as_unit()
    page = browser.get(FORM)
    clock.now = datetime(2026, 12, 21, 17, 0, tzinfo=clock.now.tzinfo)
    late = browser.sees(browser.submit(page, Q4, do="save", i1_5="12"))
    assert late.status == 409
    assert "đã khóa" in text(late)
    assert 'value="12"' in late.body.decode()
    assert draft(site) == {"i1_5": "12"}


@pytest.mark.guards("twenty sends an hour")
def test_a_twenty_first_send_within_the_hour_says_from_when_and_keeps_what_was_typed(
    site: Site, as_unit: Callable[..., Visitor], clock: Clock
) -> None:
    browser = as_unit()
    began = clock.now = clock.now.replace(second=1)
    for number in range(20):
        check = browser.follow(
            browser.submit(browser.get(FORM), Q4, do="check", **filled(site, i1_5=str(number)))
        )
        assert (
            browser.submit(check, "send", **BY, reason="x")
            .header("location")
            .endswith(f"receipt/{number + 1}")
        )
        clock.now += timedelta(minutes=2)
    check = browser.follow(browser.submit(browser.get(FORM), Q4, do="check", i1_5="99"))
    often = browser.sees(browser.submit(check, "send", **BY, reason="lần nữa"))
    assert often.status == 409
    assert "vui lòng gửi lại từ lúc 11:01 ngày 23/11/2026" in text(often)
    assert fields(often, "send")["reason"] == "lần nữa"
    clock.now = began.replace(second=0) + timedelta(minutes=61)
    assert browser.submit(often, "send").header("location").endswith("receipt/21")
    assert len(reports.versions(site.table, NEW, Q4, "T01")) == 21


# ------------------------------------------------------------------ after the lock

LOCKED = datetime(2026, 12, 21, 17, 0, tzinfo=UTC)


def unsent(page: Reply) -> list[str]:
    return re.findall(r'<a href="([^"]*)">Xem nội dung chưa gửi</a>', page.body.decode())


@pytest.mark.guards(
    "after the lock what was never sent can be read", "the pages before ✓ (the first two)"
)
def test_after_the_lock_the_home_page_leads_to_a_draft_and_copies_that_were_never_sent(
    site: Site, as_unit: Callable[..., Visitor], clock: Clock
) -> None:
    one = as_unit()
    clashed(one, as_unit())
    assert unsent(one.get("/report")) == []  # the form itself shows them
    clock.now = LOCKED
    draft_link, copy_link = unsent(one.get("/report"))
    kept = one.get(draft_link)
    assert re.findall(r'<dd class="said">(.*?)</dd>', kept.body.decode()) == ["11", "12", "23"]
    assert "đã khóa" in text(kept)
    parked = one.get(copy_link)
    assert re.findall(r'<dd class="said">(.*?)</dd>', parked.body.decode()) == ["21", "22"]
    for page in (kept, parked):
        assert not re.search('value="take"|<textarea|type="text"', page.body.decode())
        assert 'href="/report"' in page.body.decode()
    assert 'value="drop"' not in kept.body.decode()
    dropped = one.follow(one.submit(parked, Q4, do="drop"))
    assert (dropped.status, unsent(dropped)) == (200, [draft_link])
    clock.now += timedelta(days=91)
    late = as_unit().get("/report")
    assert (late.status, unsent(late)) == (200, [])


@pytest.mark.guards("after the lock what was never sent can be read")
def test_a_taken_in_reports_receipt_leads_to_what_was_not_sent(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    one, two = as_unit(), as_unit()
    page = two.get(FORM)
    sent(site, one, i1_5="1")
    two.submit(page, Q4, do="save", i1_5="2")  # from before the send: parked
    one.submit(one.get(FORM), Q4, do="save", i1_5="3")  # a correction that is never sent
    receipt = f"{FORM}/receipt/1"
    assert unsent(one.get(receipt)) == []
    officer.move(site.table, NEW, Q4, "T01", "accept")
    found = [one.get(where) for where in unsent(one.get(receipt))]
    shown = [re.findall(r'<dd class="said">(.*?)</dd>', seen.body.decode()) for seen in found]
    assert shown == [["3"], ["2"]]


@pytest.mark.guards("after the lock what was never sent can be read")
def test_a_report_that_holds_all_leads_to_nothing_unsent(
    site: Site, as_unit: Callable[..., Visitor], clock: Clock
) -> None:
    one = as_unit()
    sent(site, one, i1_5="1")
    clock.now = LOCKED
    assert unsent(one.get(f"{FORM}/receipt/1")) == unsent(one.get("/report")) == []


# ------------------------------------------------------------------ the script's own answers


@pytest.mark.guards(
    "a script is told where to go, and why not",
    "a redirect",
    "a page ✓",
    "part read as whole ✓",
    "the settled text unsaid ✓, or said where it is asked about ✓",
    "a page where a session has ended ✓",
)
def test_a_script_that_asks_for_json_is_told_where_to_go(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    browser = as_unit()
    page = browser.get(FORM)
    told = browser.post(FORM, fields(page) | {"do": "check", "i1_5": "mười"}, **JSON)
    assert (told.status, json.loads(told.body)) == (200, {"to": f"{FORM}?check=1"})
    right = filled(site, i1_5="10")
    check = browser.follow(browser.submit(browser.get(FORM), Q4, do="check", **right))
    told = browser.post(f"{FORM}/send", fields(check, "send") | BY, **JSON)
    assert json.loads(told.body) == {"to": f"{FORM}/receipt/1"}
    assert told.header("location") == ""


@pytest.mark.guards("a script is told where to go, and why not")
def test_a_script_hears_a_refusal_of_the_gate_in_json(
    site: Site, as_unit: Callable[..., Visitor], visitor: Callable[[], Visitor]
) -> None:
    browser = as_unit()
    page = browser.get(FORM)
    refusals = {
        401: visitor().post(f"{FORM}/draft", fields(page), **JSON),
        403: browser.post(f"{FORM}/draft", {**fields(page), "csrf": "x"}, **JSON),
        413: browser.post(f"{FORM}/draft", {**fields(page), "n_done": '"' * 70_000}, **JSON),
    }
    for status, reply in refusals.items():
        assert reply.status == status
        assert json.loads(reply.body)["problem"]


@pytest.mark.guards("a script is told where to go, and why not")
def test_the_script_saves_only_what_changed_and_hears_the_rest(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    one, two = as_unit(), as_unit()
    first, second = fields(one.get(FORM)), fields(two.get(FORM))
    own = {name: second[name] for name in ("csrf", "of.unit", "base", "draft", "page")}
    one.post(FORM, first | {"do": "save", "i1_5": "11", "i1_6": "12"})
    part = own | {"part": "1", "place": "1", "i1_6": "22", "i1_7": "23", "by.name": "Lan"}
    told = two.post(f"{FORM}/draft", part, **JSON)
    said = json.loads(told.body)
    assert told.status == 409
    assert said["theirs"] == {"i1_5": "11"}
    assert said["asked"] == {"i1_6": {"text": "12", "saved": "10:00 ngày 23/11/2026"}}
    assert (said["draft"], said["place"], said["parked"]) == (2, 1, 1)
    assert draft(site) == {"i1_5": "11", "i1_6": "12", "i1_7": "23", "by.name": "Lan"}
    again = part | {"draft": "2", "place": "2", "i1_5": ""}
    told = two.post(f"{FORM}/draft", again, **JSON)
    assert (told.status, json.loads(told.body)["theirs"]) == (200, {})
    assert draft(site) == {"i1_6": "22", "i1_7": "23", "by.name": "Lan"}
    assert copies(site) == {1: {}}


@pytest.mark.guards("a script is told where to go, and why not")
def test_an_answered_question_is_settled_in_what_the_server_shows(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    browser = as_unit()
    page = fields(browser.get(FORM))
    own = {name: page[name] for name in ("csrf", "of.unit", "base", "draft", "page")}
    browser.post(f"{FORM}/draft", own | {"part": "1", "place": "1", "i5_6": "1.250"}, **JSON)
    answer = own | {"part": "1", "place": "2", "draft": "1", "i5_6.read": "1.25"}
    told = json.loads(browser.post(f"{FORM}/draft", answer, **JSON).body)
    assert told["theirs"] == {"i5_6": "1,25"}
    assert draft(site) == {"i5_6": "1,25"}


@pytest.mark.guards("a script is told where to go, and why not")
def test_an_answered_question_that_both_phones_changed_is_asked_about_and_not_settled(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    one, two = as_unit(), as_unit()
    page = fields(two.get(FORM))
    one.submit(one.get(FORM), Q4, do="save", i5_6="7")
    own = {name: page[name] for name in ("csrf", "of.unit", "base", "draft", "page")}
    answer = own | {"part": "1", "place": "1", "i5_6": "1.250", "i5_6.read": "1.25"}
    told = two.post(f"{FORM}/draft", answer, **JSON)
    said = json.loads(told.body)
    assert (told.status, said["asked"]["i5_6"]["text"], said["theirs"]) == (409, "7", {})
    assert copies(site) == {1: {"i5_6": "1,25"}}
    assert draft(site) == {"i5_6": "7"}


def test_a_page_from_before_a_send_is_told_where_its_text_is(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    one, two = as_unit(), as_unit()
    page = fields(two.get(FORM))
    sent(site, one, i1_5="1")
    own = {name: page[name] for name in ("csrf", "of.unit", "base", "draft", "page")}
    told = two.post(f"{FORM}/draft", own | {"part": "1", "place": "1", "i1_5": "2"}, **JSON)
    said = json.loads(told.body)
    assert (told.status, said["parked"], said["to"]) == (409, 1, f"{FORM}?parked=1")
    same = two.post(f"{FORM}/draft", own | {"part": "1", "place": "2", "i1_5": "1"}, **JSON)
    assert (same.status, json.loads(same.body)["to"]) == (409, FORM)
    officer.move(site.table, NEW, Q4, "T01", "accept")
    closed = two.post(f"{FORM}/draft", own | {"part": "1", "place": "3", "i1_5": "3"}, **JSON)
    assert (closed.status, list(json.loads(closed.body))) == (409, ["problem", "parked"])
    assert copies(site)[1]["i1_5"] == "3"


@pytest.mark.guards("a press keeps, then leads to a page that can be read again")
def test_a_scripts_saving_that_is_too_late_for_the_lock_is_kept_all_the_same(
    site: Site, as_unit: Callable[..., Visitor], clock: Clock
) -> None:
    browser = as_unit()
    page = fields(browser.get(FORM))
    clock.now = datetime(2026, 12, 21, 17, 0, tzinfo=clock.now.tzinfo)
    own = {name: page[name] for name in ("csrf", "of.unit", "base", "draft", "page")}
    late = browser.post(f"{FORM}/draft", own | {"part": "1", "place": "1", "i1_5": "12"}, **JSON)
    assert late.status == 409
    assert "đã khóa" in json.loads(late.body)["problem"]
    assert draft(site) == {"i1_5": "12"}


@pytest.mark.guards("a stale draft, a page from before the last sending: beside the draft")
@pytest.mark.parametrize("note", ["x" * 301, "ghi\x07chú"])
def test_an_unreadable_note_of_a_page_from_before_a_send_is_parked(
    site: Site, as_unit: Callable[..., Visitor], note: str
) -> None:
    one, two = as_unit(), as_unit()
    page = fields(two.get(FORM))
    sent(site, one, i1_5="1")
    own = {name: page[name] for name in ("csrf", "of.unit", "base", "draft", "page")}
    typed = {"i1_5": "1", "i1_5.note": note}
    two.post(f"{FORM}/draft", own | {"part": "1", "place": "1"} | typed, **JSON)
    assert copies(site) == {1: {"i1_5.note": note}}


# ------------------------------------------------------------------ pages without a draft


@pytest.mark.guards("a press keeps, then leads to a page that can be read again")
def test_what_was_typed_of_contacts_is_kept_until_it_is_taken(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    browser = as_unit()
    page = browser.get("/report/contacts")
    bad = browser.submit(page, "contacts", phone="không có", head="Nguyễn Văn Mẫu")
    for _ in range(2):
        refused = browser.sees(bad)
        assert refused.status == 422
        assert fields(refused, "contacts")["head"] == "Nguyễn Văn Mẫu"
        assert fields(refused, "contacts")["phone"] == "không có"
    done = browser.sees(browser.submit(refused, "contacts", phone="0270 000 0001"))
    assert done.status == 200
    kept = site.table.get(keys.typed_contacts(NEW, "T01"))
    assert kept is not None
    assert kept.body == {"devices": "{}"}  # emptied, not deleted
    assert browser.get("/report/contacts?check=1").status == 200


@pytest.mark.guards("a press keeps, then leads to a page that can be read again")
def test_what_one_device_typed_of_contacts_is_neither_lost_nor_shown_by_another(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    devices = [as_unit() for _ in range(3)]
    pages = [browser.get("/report/contacts") for browser in devices]
    refused = [
        browser.submit(page, "contacts", phone="không có", head=f"Nguyễn Văn {name}")
        for browser, page, name in zip(devices[:2], pages[:2], ("Một", "Hai"), strict=True)
    ]
    for browser, reply, name in zip(devices[:2], refused, ("Một", "Hai"), strict=True):
        assert fields(browser.sees(reply), "contacts")["head"] == f"Nguyễn Văn {name}"
    third = devices[2].get("/report/contacts?check=1")
    assert third.status == 200
    assert "Nguyễn Văn" not in third.body.decode()
    taken = devices[0].submit(devices[0].sees(refused[0]), "contacts", phone="0270 000 0001")
    assert devices[0].sees(taken).status == 200
    assert fields(devices[1].sees(refused[1]), "contacts")["head"] == "Nguyễn Văn Hai"


@pytest.mark.guards("a press keeps, then leads to a page that can be read again")
def test_what_one_device_typed_of_a_request_is_neither_lost_nor_shown_by_another(
    as_unit: Callable[..., Visitor],
) -> None:
    one, two = as_unit(), as_unit()
    ask = f"/report/{Q4}/ask"
    pages = [browser.get(ask) for browser in (one, two)]
    first = one.submit(pages[0], "/ask", reason="Bão số 9", wanted="hôm qua")
    second = two.submit(pages[1], "/ask", reason="Mất điện", wanted="hôm qua")
    assert "Bão số 9" in one.sees(first).body.decode()
    assert "Mất điện" in two.sees(second).body.decode()
    assert "Bão số 9" not in two.sees(second).body.decode()


def test_more_than_any_page_of_contacts_holds_is_answered_directly(
    as_unit: Callable[..., Visitor],
) -> None:
    browser = as_unit()
    page = browser.get("/report/contacts")
    assert browser.submit(page, "contacts", phone="9" * 60_000).status == 413
