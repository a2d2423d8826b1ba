"""The unit's side over the whole handler: every answer a phone can get."""

import gzip
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from chalicelib.edges.ports import Site
from chalicelib.edges.table import Delete
from chalicelib.pages.frame.bodies import read_form
from chalicelib.pages.frame.web import Request
from chalicelib.rules.access import access as rules
from chalicelib.rules.forms.form import Form, indicators
from chalicelib.rules.reports import submission
from chalicelib.store import drafts, programmes, reports
from chalicelib.store import links as store_links
from infra.gateway import Reply
from infra.visitor import Forms, Visitor
from tests import officer
from tests.conftest import ENGINES, NEW, OLD, Clock
from tests.filling import all_nil

Q4 = "2026-Q4"
BY = {"by.name": "Trần Thị Mẫu", "by.post": "Văn thư", "by.phone": "0270 000 0000", "approved": "1"}


def text(reply: Reply) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", reply.body.decode()))


def codes(site: Site, bloc: str = "T", programme: str = NEW, period: str = Q4) -> list[str]:
    found = next(p for p in programmes.periods(site.table, programme) if p.key == period)
    form = programmes.form(site.table, programme, found.form)
    asked = indicators(form.asked_of(bloc, period, found.end))
    return [one.code for one in asked if not one.is_text]


def filled(site: Site, **typed: str) -> dict[str, str]:
    """Everything nil but what is typed."""
    given = {name.partition(".")[0] for name in typed}
    return {**{f"{c}.state": "nil" for c in codes(site) if c not in given}, **typed}


def sent(site: Site, browser: Visitor, **typed: str) -> Reply:
    """The receipt of a whole report."""
    page = browser.get(f"/report/{Q4}")
    check = browser.follow(browser.submit(page, Q4, do="check", **filled(site, **typed)))
    return browser.follow(browser.submit(check, "send", **BY))


@pytest.mark.guards("one browser, two units", "the unit in the form not compared ✓")
@pytest.mark.parametrize("action", ["save", "check", "send", "draft"])
def test_a_form_of_one_unit_is_never_taken_for_another_of_the_same_browser(
    site: Site, as_unit: Callable[..., Visitor], visitor: Callable[[], Visitor], action: str
) -> None:
    """T01's page stands open; then somebody opens T02's link, and so changes the session."""
    browser = as_unit("T01")
    form = browser.get(f"/report/{Q4}")
    check = browser.follow(browser.submit(form, Q4, do="check", **filled(site, i1_5="12")))
    browser.cookies |= as_unit("T02").cookies
    if action == "send":
        reply = browser.submit(check, "send", **BY)
    elif action == "draft":
        fields = next(f for where, f in Forms(form.body.decode()).forms if where.endswith(Q4))
        fresh = browser.get(f"/report/{Q4}")
        theirs = next(f for where, f in Forms(fresh.body.decode()).forms if where.endswith(Q4))
        reply = browser.post(f"/report/{Q4}/draft", {**fields, "csrf": theirs["csrf"]})
    else:
        reply = browser.submit(form, Q4, do=action, i1_5="12")
    assert reply.status == 403
    assert "Báo cáo của đơn vị khác" in text(reply)
    forms = [where for where, _ in Forms(reply.body.decode()).forms]
    assert [where for where in forms if not where.endswith("signout")] == []
    assert reports.head(site.table, NEW, Q4, "T02") is None
    assert drafts.draft(site.table, NEW, Q4, "T02") is None


@pytest.mark.guards("a GET opens nothing", "landing opens the session ✓")
def test_the_landing_names_the_unit_and_opens_nothing(
    site: Site, visitor: Callable[[], Visitor]
) -> None:
    token = store_links.issue_link(site.table, site.key, NEW, "T01")
    before = sum(1 for _ in site.table.everything())
    page = visitor().get(f"/u/{token}")
    assert page.status == 200
    assert "Trường THPT Chuyên Bến Tre" in text(page)
    assert page.header("set-cookie") == ""
    assert sum(1 for _ in site.table.everything()) == before


@pytest.mark.guards("both engines serve the pages")
@pytest.mark.parametrize("engine", ENGINES)
def test_a_whole_report_ends_in_a_receipt(site: Site, as_unit: Callable[..., Visitor]) -> None:
    receipt = sent(site, as_unit(), i1_5="12", **{"i1_2.num": "40", "i1_2.den": "41"})
    said = text(receipt)
    assert "2026-Q4/T01/1" in said
    assert "Đúng hạn" in said
    assert "40/41 (97,56" in said
    head = reports.head(site.table, NEW, Q4, "T01")
    assert head is not None
    assert (head.state, head.version, head.late) == ("submitted", 1, False)
    assert head.hash in said.replace(" ", "")


@pytest.mark.guards("bad input: 422, named, kept", "a fault lost")
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"i1_5": "mười hai"}, "Vui lòng nhập số"),
        ({"i1_5": "-3"}, "Số liệu không được âm"),
        ({"i1_5": "2,5"}, "vui lòng nhập số nguyên"),
        ({"i1_5": "1234567890123456"}, "quá 15 chữ số"),
        ({"i1_2.num": "5", "i1_2.den": "3"}, "không được lớn hơn ô tổng số"),
        ({"i1_2.num": "5"}, "nhập đủ cả hai ô"),
        ({"i1_5": "3", "i1_5.state": "nil"}, "vẫn có số liệu"),
        ({"i5_6": "1.250"}, "hiểu theo hai cách"),
        ({"n_done": "a" * 4001}, "dài quá 4.000 ký tự"),
        ({"i1_4_list": "x\n" * 51}, "quá 50 dòng"),
        ({"i1_4_list": "y" * 301}, "dòng dài quá 300"),
        ({"n_done": "a\x00b"}, "ký tự không đọc được"),
        ({"i1_1": "perhaps"}, "chọn một trong các phương án"),
        ({"i1_5.state": "whatever"}, "Lựa chọn không hợp lệ"),
        ({"nil": "1", "i1_5": "3"}, "không phát sinh cho cả kỳ"),
    ],
)
def test_bad_input_comes_back_as_it_was_typed(
    site: Site, as_unit: Callable[..., Visitor], typed: dict[str, str], sentence: str
) -> None:
    browser = as_unit()
    page = browser.get(f"/report/{Q4}")
    reply = browser.sees(browser.submit(page, Q4, do="check", **typed))
    assert reply.status == 422
    assert sentence in text(reply)
    links = re.findall(r'<li><a href="#([^"]+)"', reply.body.decode())
    assert links
    assert all(f'id="{link}"' in reply.body.decode() for link in links)
    fields = next(
        fields for where, fields in Forms(reply.body.decode()).forms if where.endswith(Q4)
    )
    for name, content in typed.items():
        if name not in ("i1_1", "i1_5.state") or content == "nil":
            assert fields[name].replace("\x00", "") == content.strip().replace("\x00", "")
    assert reports.head(site.table, NEW, Q4, "T01") is None


@pytest.mark.guards("a number with two readings is asked")
def test_an_ambiguous_amount_is_asked_and_then_kept_exactly(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    browser = as_unit()
    page = browser.get(f"/report/{Q4}")
    asked = browser.sees(browser.submit(page, Q4, do="check", **filled(site, i5_6="1.250")))
    body = asked.body.decode()
    assert re.findall(r'name="i5_6.read" value="([^"]+)"', body) == ["1250", "1.25"]
    chosen = {"do": "check", "i5_6.read": "1.25", **BY}
    check = browser.follow(browser.submit(asked, Q4, **chosen))
    receipt = browser.follow(browser.submit(check, "send", **BY))
    assert "1,25" in text(receipt)
    head = reports.head(site.table, NEW, Q4, "T01")
    assert head is not None
    assert '"i5_6":"1.25"' in head.figures


@pytest.mark.guards("a number with two readings is asked", "asked of single numbers alone ✓")
def test_an_ambiguous_part_of_a_ratio_is_asked_in_its_box_and_then_kept_exactly(
    site: Site, as_unit: Callable[..., Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    load = programmes.form

    def of_amounts(table: object, p: str, version: int) -> Form:
        form = json.loads(load(site.table, p, version).model_dump_json())
        for one in [one for section in form["sections"] for one in section["indicators"]]:
            one["parts"] = "amount" if one["code"] == "i1_2" else one["parts"]
        return Form.model_validate(form)

    monkeypatch.setattr(programmes, "form", of_amounts)
    browser = as_unit()
    page = browser.get(f"/report/{Q4}")
    both = {"i1_2.num": "1.250", "i1_2.den": "2.000,5"}
    asked = browser.sees(browser.submit(page, Q4, do="check", **filled(site, **both)))
    body = asked.body.decode()
    assert re.findall(r'name="(i1_2[.\w]*).read" value="([^"]+)"', body) == [
        ("i1_2.num", "1250"),
        ("i1_2.num", "1.25"),
    ]
    assert re.findall(r'name="i1_2.(num|den)" inputmode="(\w+)"', body) == [
        ("num", "decimal"),
        ("den", "decimal"),
    ]
    check = browser.follow(browser.submit(asked, Q4, do="check", **{"i1_2.num.read": "1250"}, **BY))
    assert "1.250/2.000,5 (62,48 %)" in text(check).replace("\xa0", " ")
    browser.follow(browser.submit(check, "send", **BY))
    head = reports.head(site.table, NEW, Q4, "T01")
    assert head is not None
    assert '"i1_2":["1250","2000.5"]' in head.figures


def test_missing_answers_are_gathered_and_can_be_marked_nil_at_once(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    browser = as_unit()
    page = browser.get(f"/report/{Q4}")
    check = browser.follow(browser.submit(page, Q4, do="check", i1_5="3"))
    missing = len(codes(site)) - 1
    said = text(check)
    assert f"Còn {missing} chỉ tiêu chưa có số liệu" in said
    flows = int(said.partition("Đánh dấu không phát sinh cho ")[2].split()[0])
    marked = text(browser.follow(browser.submit(check, "check", do="nil")))
    assert f"Còn {missing - flows} chỉ tiêu chưa có số liệu" in marked
    assert "chưa có số liệu" not in text(all_nil(browser, browser.get(f"/report/{Q4}/check")))


@pytest.mark.guards(
    "a yes or no is offered no nil; one that was kept is shown", "offered to all ✓", "never shown ✓"
)
def test_a_yes_or_no_is_offered_no_nil_and_one_that_was_kept_stays_readable(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    """A nil report still marks what is empty, and old reports hold some."""
    browser = as_unit()

    def offered(code: str) -> list[str]:
        page = browser.get(f"/report/{Q4}").body.decode()
        select = page.partition(f'<select name="{code}.state"')[2].partition("</select>")[0]
        return re.findall(r'value="(\w+)"', select)

    asked = programmes.form(site.table, NEW, 1).sections
    kinds = {one.code: one.kind for section in asked for one in section.indicators}
    assert kinds["i1_1"] == "yesno"
    assert offered("i1_1") == ["value", "na"]
    assert offered("i1_5") == ["value", "nil", "na"]
    sent(site, browser, i1_5="12")
    assert offered("i1_1") == ["value", "nil", "na"]
    page = browser.get(f"/report/{Q4}").body.decode()
    assert '<option value="nil" selected>' in page.partition('name="i1_1.state"')[2][:200]


def test_a_send_with_missing_answers_is_refused(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    browser = as_unit()
    page = browser.get(f"/report/{Q4}")
    check = browser.follow(browser.submit(page, Q4, do="check", **filled(site, i1_5="3")))
    reply = browser.sees(browser.submit(check, "send", **{**BY, "i1_5": ""}))
    assert reply.status == 422
    assert "Còn 1 chỉ tiêu chưa có số liệu" in text(reply)
    assert reports.head(site.table, NEW, Q4, "T01") is None


@pytest.mark.parametrize("left_out", ["by.name", "by.post", "by.phone", "approved"])
def test_who_prepared_it_and_the_heads_word_are_needed(
    site: Site, as_unit: Callable[..., Visitor], left_out: str
) -> None:
    browser = as_unit()
    page = browser.get(f"/report/{Q4}")
    check = browser.follow(browser.submit(page, Q4, do="check", **filled(site)))
    reply = browser.sees(browser.submit(check, "send", **{**BY, left_out: ""}))
    assert reply.status == 422
    assert f'href="#{left_out}"' in reply.body.decode()
    kept = {name: content for name, content in BY.items() if name != left_out}
    fields = next(f for where, f in Forms(reply.body.decode()).forms if where.endswith("send"))
    assert all(fields[name] == content for name, content in kept.items())
    assert reports.head(site.table, NEW, Q4, "T01") is None


def test_a_draft_takes_anything_and_gives_it_back(as_unit: Callable[..., Visitor]) -> None:
    browser = as_unit()
    typed = {"i1_5": "khoảng mười", "n_done": "Đã làm ‹xong›", "i1_2.num": "9"}
    page = browser.get(f"/report/{Q4}")
    again = browser.follow(browser.submit(page, Q4, do="save", **typed))
    assert "đã lưu" in text(again)
    fields = next(f for where, f in Forms(again.body.decode()).forms if where.endswith(Q4))
    assert all(fields[name] == content for name, content in typed.items())


@pytest.mark.guards("two phones' fields merge; only what both changed is asked")
def test_a_draft_of_another_phone_is_never_overwritten(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    one, two = as_unit(), as_unit()
    first, second = one.get(f"/report/{Q4}"), two.get(f"/report/{Q4}")
    assert one.submit(first, Q4, do="save", i1_5="11").status == 303
    clash = two.sees(two.submit(second, Q4, do="save", i1_5="22", i1_6="6"))
    assert clash.status == 409
    assert "Có ô được nhập hai nội dung khác nhau" in text(clash)
    draft = drafts.draft(site.table, NEW, Q4, "T01")
    assert draft is not None
    assert (draft.typed["i1_5"], draft.typed["i1_6"]) == ("11", "6")
    assert "11 22" in " ".join(re.findall("11|22", text(clash)))  # both, to choose from
    assert "Còn giữ nội dung nhập lúc" in text(one.get(f"/report/{Q4}"))
    chosen = two.submit(clash, Q4, do="take")
    assert chosen.status == 303
    draft = drafts.draft(site.table, NEW, Q4, "T01")
    assert draft is not None
    assert draft.typed["i1_5"] == "22"


def test_a_late_autosave_overwrites_nothing(site: Site, as_unit: Callable[..., Visitor]) -> None:
    browser = as_unit()
    page = browser.get(f"/report/{Q4}")
    fields = next(f for where, f in Forms(page.body.decode()).forms if where.endswith(Q4))
    saved = browser.post(f"/report/{Q4}/draft", {**fields, "i1_5": "1", "place": "2"})
    assert saved.status == 200
    late = browser.post(f"/report/{Q4}/draft", {**fields, "i1_5": "2", "place": "1"})
    assert late.status == 200
    draft = drafts.draft(site.table, NEW, Q4, "T01")
    assert draft is not None
    assert draft.typed["i1_5"] == "1"


def test_a_correction_needs_a_reason_and_makes_version_two(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    browser = as_unit()
    sent(site, browser, i1_5="12")
    page = browser.get(f"/report/{Q4}")
    assert 'value="12"' in page.body.decode()
    check = browser.follow(browser.submit(page, Q4, do="check", i1_5="13"))
    refused = browser.sees(browser.submit(check, "send", **BY))
    assert refused.status == 422
    assert "lý do điều chỉnh" in text(refused)
    receipt = browser.follow(browser.submit(refused, "send", reason="Đếm sót một lượt"))
    assert "2026-Q4/T01/2" in text(receipt)
    assert "Đếm sót một lượt" in text(receipt)


@pytest.mark.guards("two phones")
def test_two_phones_with_different_contents_see_each_other(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    one, two = as_unit(), as_unit()
    page = one.get(f"/report/{Q4}")
    check = one.follow(one.submit(page, Q4, do="check", **filled(site, i1_5="1")))
    assert one.submit(check, "send", **BY).status == 303
    clash = two.sees(two.submit(check, "send", **{**BY, "i1_5": "2", "csrf": csrf_of(two)}))
    assert clash.status == 409
    assert "Trần Thị Mẫu" in text(clash)
    versions = reports.versions(site.table, NEW, Q4, "T01")
    assert [version.number for version in versions] == [1]
    kept = two.follow(two.submit(clash, Q4, do="take"))
    assert 'name="i1_5" inputmode="numeric" value="2"' in kept.body.decode()


def csrf_of(browser: Visitor) -> str:
    return rules.csrf_token(browser.cookies["bc-unit"])


def test_sending_twice_gives_the_same_receipt(site: Site, as_unit: Callable[..., Visitor]) -> None:
    browser = as_unit()
    page = browser.get(f"/report/{Q4}")
    check = browser.follow(browser.submit(page, Q4, do="check", **filled(site, i1_5="1")))
    replies = {browser.submit(check, "send", **BY).header("location") for _ in range(5)}
    assert replies == {f"/report/{Q4}/receipt/1"}
    assert len(reports.versions(site.table, NEW, Q4, "T01")) == 1


@pytest.mark.guards("a stale draft, a page from before the last sending: beside the draft")
def test_a_draft_older_than_the_report_is_offered_and_not_restored(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    one, two = as_unit(), as_unit()
    page = one.get(f"/report/{Q4}")
    check = one.follow(one.submit(page, Q4, do="check", **filled(site, i1_5="1")))
    stale = two.get(f"/report/{Q4}")
    two.submit(stale, Q4, do="save", i1_5="99")
    one.submit(check, "send", **BY)
    now = one.get(f"/report/{Q4}")
    assert 'name="i1_5" inputmode="numeric" value="1"' in now.body.decode()
    assert "Còn giữ bản nháp lưu lúc" in text(now)
    old = one.get(f"/report/{Q4}?parked=0")
    assert re.findall("(?:99|1) ", text(old)), "both, to choose from"
    taken = one.follow(one.submit(old, Q4, do="take"))
    assert 'name="i1_5" inputmode="numeric" value="99"' in taken.body.decode()
    assert "Còn giữ" not in text(taken)


def test_a_locked_period_takes_nothing_more(
    site: Site, as_unit: Callable[..., Visitor], clock: Clock
) -> None:
    browser = as_unit()
    page = browser.get(f"/report/{Q4}")
    check = browser.follow(browser.submit(page, Q4, do="check", **filled(site)))
    clock.now = datetime(2026, 12, 21, 17, 0, tzinfo=UTC)
    reply = browser.sees(browser.submit(check, "send", **BY))
    assert reply.status == 409
    assert "đã khóa" in text(reply)
    assert browser.sees(browser.submit(page, Q4, do="save", i1_5="1")).status == 409
    assert browser.get(f"/report/{Q4}").status == 409
    assert reports.head(site.table, NEW, Q4, "T01") is None


def test_after_the_due_instant_a_report_is_late(
    site: Site, as_unit: Callable[..., Visitor], clock: Clock
) -> None:
    clock.now = datetime(2026, 12, 17, 17, 0, tzinfo=UTC)
    browser = as_unit()
    assert "Đã quá hạn gửi" in text(browser.get(f"/report/{Q4}"))
    assert "Gửi trễ hạn" in text(sent(site, browser))


@pytest.mark.parametrize("period", ["2027-Q1", "2026-Q9", "x-nothing", "2021-H1"])
def test_a_period_not_begun_or_not_known_is_said_so(
    as_unit: Callable[..., Visitor], period: str
) -> None:
    reply = as_unit().get(f"/report/{period}")
    assert reply.status == 404
    assert "kỳ báo cáo" in text(reply).lower()


def test_an_ended_unit_owes_nothing(as_unit: Callable[..., Visitor]) -> None:
    reply = as_unit("P01", OLD).get("/report/2025-H2")
    assert reply.status == 404
    assert "không phải gửi báo cáo" in text(reply)


def test_home_shows_open_periods_first_with_their_receipts(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    browser = as_unit()
    sent(site, browser, i1_5="12")
    asked = [
        one.model_copy(update={"taken_in": None}) for one in programmes.periods(site.table, NEW)
    ]
    programmes.keep_periods(site.table, NEW, asked)  # as if it had begun with the first of them
    said = text(browser.get("/report"))
    assert said.index("Kỳ đang mở") < said.index("Quý IV") < said.index("Kỳ đã qua")
    assert said.index("Quý III") < said.index("Quý II năm") < said.index("Quý I năm")
    assert "Đã gửi" in said
    assert "Chưa gửi" in said


def test_last_periods_values_stand_beside_the_fields_and_a_jump_is_shown(
    site: Site, as_unit: Callable[..., Visitor], clock: Clock
) -> None:
    clock.now = datetime(2026, 9, 15, 3, 0, tzinfo=UTC)
    browser = as_unit()
    page = browser.get("/report/2026-Q3")
    q3 = {f"{code}.state": "nil" for code in codes(site, period="2026-Q3") if code != "i1_5"}
    check = browser.follow(browser.submit(page, "2026-Q3", do="check", i1_5="12", **q3))
    browser.follow(browser.submit(check, "send", **BY))
    clock.now = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    browser = as_unit()
    page = browser.get(f"/report/{Q4}")
    assert "Kỳ trước: 12" in text(page)
    check = browser.follow(browser.submit(page, Q4, do="check", **filled(site, i1_5="37")))
    assert "Kỳ trước 12, kỳ này 37" in text(check)
    noted = browser.submit(check, "send", **BY, **{"i1_5.note": "Thêm đợt thi 20/11"})
    receipt = browser.follow(noted)
    assert receipt.status == 200
    version = reports.version(site.table, NEW, Q4, "T01", 1)
    assert version is not None
    assert '"notes":{"i1_5":"Thêm đợt thi 20/11"}' in version.content


def test_a_nil_report_of_the_whole_period_is_received(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    browser = as_unit()
    page = browser.get(f"/report/{Q4}")
    check = browser.follow(browser.submit(page, Q4, do="check", nil="1"))
    browser.follow(browser.submit(check, "send", **BY))
    head = reports.head(site.table, NEW, Q4, "T01")
    assert head is not None
    assert head.nil


def test_the_definitions_stand_on_a_page_of_their_own(as_unit: Callable[..., Visitor]) -> None:
    browser = as_unit()
    whole = browser.get(f"/report/{Q4}/definitions").body.decode()
    assert re.findall('<h3 id="(.*?)">', whole)[:3] == ["i1_1", "i1_1_doc", "i1_2"]
    one = browser.get(f"/report/{Q4}/definitions?code=i1_2").body.decode()
    assert re.findall('<h3 id="(.*?)">', one) == ["i1_2"]
    assert f'href="/report/{Q4}#i1_2.num"' in one
    gone = browser.get(f"/report/{Q4}/definitions?code=%3Ci%3E")  # a form has it no more
    assert gone.body.decode() == whole


@pytest.mark.guards("what is typed stays text", "autoescape off ✓")
def test_what_is_typed_stays_text_on_every_page(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    hostile = "<script>alert(1)</script>\"'&"
    receipt = sent(site, as_unit(), n_done=hostile)
    assert "<script>alert" not in receipt.body.decode()
    assert "&lt;script&gt;alert(1)" in receipt.body.decode()


@pytest.mark.guards("never another unit's", "a receipt read under another unit's key ✓ (the first)")
def test_another_units_receipt_is_not_to_be_had(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    sent(site, as_unit("T01"), i1_5="12")
    assert as_unit("T02").get(f"/report/{Q4}/receipt/1").status == 404


def test_a_phone_that_speaks_no_utf8_gets_a_page(as_unit: Callable[..., Visitor]) -> None:
    browser = as_unit()
    reply = browser._call(
        "POST",
        f"/report/{Q4}",
        {"content-type": "application/x-www-form-urlencoded", "origin": "http://127.0.0.1:8000"},
        b"i1_5=%ff%fe",
    )
    assert reply.status == 400
    assert "không đọc được" in text(reply)


def test_the_form_reader_normalises_at_the_door() -> None:
    assert read_form(b"a=e%CC%81&b=+x+") == {"a": "é", "b": "x"}


@pytest.mark.guards(
    "≤ 14,600 bytes in one response, nothing third-party",
    "9 kB more",
    "a script from elsewhere each ✓",
)
def test_the_whole_form_is_one_light_response(
    site: Site, as_unit: Callable[..., Visitor], clock: Clock
) -> None:
    """A THPT in a year period, all it can be asked, each figure with its last value."""
    year = next(p for p in programmes.periods(site.table, OLD) if p.key == "2024")
    before = next(p for p in programmes.periods(site.table, OLD) if p.key == "2023")
    for period in (before, year):
        clock.now = period.due
        browser = as_unit("T01", OLD)
        page = browser.get(f"/report/{period.key}")
        if period is year:
            break
        form = programmes.form(site.table, OLD, period.form)
        typed: dict[str, str] = {}
        for place, one in enumerate(indicators(form.asked_of("T", period.key, period.end))):
            if one.kind == "ratio":
                typed |= {f"{one.code}.num": str(100 + 7 * place), f"{one.code}.den": "1234"}
            elif one.kind == "yesno":
                typed[one.code] = "yes"
            elif not one.is_text:
                typed[one.code] = str(13 * place + 1)
        check = browser.follow(browser.submit(page, period.key, do="check", **typed))
        browser.follow(browser.submit(check, "send", **BY))
    body = page.body.decode()
    lasts = body.count("Kỳ trước: ")
    asked = len(codes(site, "T", OLD, "2024"))
    head = "".join(f"{name}: {content}\r\n" for name, content in page.headers)
    weight = len(gzip.compress(page.body, 6)) + len(head.encode()) + len("HTTP/1.1 200 OK\r\n\r\n")
    print(f"form of a THPT in a year: {asked} figures, {lasts} last values, {weight} bytes")
    assert (asked, lasts) == (53, 53)
    assert weight <= 14_600
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', body)
    assert re.findall(r'<link[^>]+href="([^"]+)"', body) == ["data:,"]
    assert re.findall(r"<script[^>]*>", body) == [
        tag for tag in re.findall(r"<script[^>]*>", body) if " defer" in tag and "src=" in tag
    ]


@pytest.mark.guards("script ≤ 8 kB", "a larger one ✓")
def test_the_script_is_small(as_unit: Callable[..., Visitor]) -> None:
    browser = as_unit()
    page = browser.get(f"/report/{Q4}").body.decode()
    path = re.findall(r'<script src="([^"]+)"', page)[0]
    script = browser.get(path)
    assert script.status == 200
    assert "immutable" in script.header("cache-control")
    weight = len(gzip.compress(script.body))
    print(f"the form's script: {weight} bytes")
    assert weight <= 8_000


def test_requests_know_their_cookies() -> None:
    request = Request(
        "GET", "/", {}, {}, {}, {"cookie": "a=1; b=2=3"}, "", datetime(2026, 1, 1, tzinfo=UTC)
    )
    assert request.cookies == {"a": "1", "b": "2=3"}


def test_a_stale_or_missing_token_keeps_what_was_typed(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    browser = as_unit()
    page = browser.get(f"/report/{Q4}")
    for csrf in ("", csrf_of(as_unit("T02"))):
        refused = browser.submit(page, Q4, do="save", i1_5="77", csrf=csrf)
        assert refused.status == 403
        (where, fields), *_ = Forms(refused.body.decode()).forms
        assert (where, fields["i1_5"], fields["do"]) == ("", "77", "save")
        assert drafts.draft(site.table, NEW, Q4, "T01") is None
    assert browser.post(f"/report/{Q4}", fields).status == 303
    draft = drafts.draft(site.table, NEW, Q4, "T01")
    assert draft is not None
    assert draft.typed["i1_5"] == "77"


def test_a_page_may_write_over_its_own_last_saving_but_not_out_of_order(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    browser = as_unit()
    page = browser.get(f"/report/{Q4}")
    fields = next(f for where, f in Forms(page.body.decode()).forms if where.endswith(Q4))
    saves = [({**fields, "i1_5": str(n), "place": str(n)}) for n in (1, 2, 3)]
    where = f"/report/{Q4}/draft"
    statuses = [browser.post(where, saves[n]).status for n in (0, 2, 1)]
    assert statuses == [200, 200, 200]
    draft = drafts.draft(site.table, NEW, Q4, "T01")
    assert draft is not None
    assert draft.typed["i1_5"] == "3"
    assert browser.post(f"/report/{Q4}", {**fields, "do": "save", "i1_5": "4"}).status == 303


def sweep(site: Site, clock: Clock) -> None:
    """Take away all that has expired, as every engine may at any time."""
    for item in list(site.table.everything()):
        if item.expires is not None and item.expires < clock().timestamp():
            site.table.write(Delete(item.key, item.version))


def test_a_return_long_after_the_lock_keeps_its_draft(
    site: Site, as_unit: Callable[..., Visitor], clock: Clock
) -> None:
    sent(site, as_unit(), i1_5="12")
    clock.now = datetime(2027, 9, 1, 3, 0, tzinfo=UTC)
    officer.move(site.table, NEW, Q4, "T01", "return")
    browser = as_unit()
    page = browser.get(f"/report/{Q4}")
    assert "Đang trả lại" in text(page)
    browser.submit(page, Q4, do="save", i1_5="13")
    sweep(site, clock)
    assert drafts.draft(site.table, NEW, Q4, "T01") is not None


def test_a_reopened_report_may_be_sent_again_as_it_was(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    browser = as_unit()
    sent(site, browser, i1_5="12")
    for move in ("accept", "reopen"):
        officer.move(site.table, NEW, Q4, "T01", move)
    check = browser.follow(browser.submit(browser.get(f"/report/{Q4}"), Q4, do="check"))
    receipt = browser.follow(browser.submit(check, "send", **BY, reason="Giữ nguyên số liệu"))
    assert "2026-Q4/T01/2" in text(receipt)
    head = reports.head(site.table, NEW, Q4, "T01")
    assert head is not None
    assert head.state == "submitted"


@pytest.mark.guards("a script is told where to go, and why not")
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_link_ended_while_sending_sends_nothing(
    site: Site, as_unit: Callable[..., Visitor], monkeypatch: pytest.MonkeyPatch, accept: str
) -> None:
    browser = as_unit()
    page = browser.get(f"/report/{Q4}")
    check = browser.follow(browser.submit(page, Q4, do="check", **filled(site)))
    submit = submission.submit

    def revoked_meanwhile(*given: object, **more: object) -> object:
        store_links.revoke(site.table, NEW, "T01")
        return submit(*given, **more)

    monkeypatch.setattr(submission, "submit", revoked_meanwhile)
    shown = next(f for where, f in Forms(check.body.decode()).forms if where.endswith("send"))
    refused = browser.post(f"/report/{Q4}/send", shown | BY, accept=accept)
    assert refused.status == 409
    assert "Báo cáo vừa được đóng trên máy này" in text(refused)
    if accept == "application/json":
        assert list(json.loads(refused.body)) == ["problem"]
    assert reports.head(site.table, NEW, Q4, "T01") is None


def test_an_accepted_report_says_why_it_is_closed(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    browser = as_unit()
    page = browser.get(f"/report/{Q4}")
    sent(site, browser, i1_5="12")
    officer.move(site.table, NEW, Q4, "T01", "accept")
    refused = browser.sees(browser.submit(page, Q4, do="save", i1_5="1"))
    assert refused.status == 409
    assert "đã tiếp nhận" in text(refused)


@pytest.mark.parametrize("letter", ['"', "ế", "\\"])
def test_a_draft_larger_than_any_report_is_refused_and_stays_on_the_page(
    as_unit: Callable[..., Visitor], letter: str
) -> None:
    """Quotes take four bytes where they are kept: no draft may be too large for the table."""
    browser = as_unit()
    page = browser.get(f"/report/{Q4}")
    for length in (70_000, 400_000 // len(letter.encode())):
        reply = browser.submit(page, Q4, do="save", n_done=letter * length)
        assert reply.status in (303, 413)
        if reply.status == 413:
            assert "dài" in text(reply) or "lớn" in text(reply)
    assert reply.status == 413
