"""What is typed and posted, over the whole handler: accepted exactly, or refused by name."""

import html
import string
import sys
import unicodedata
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlencode

import pytest

from chalicelib.edges.ports import Site
from chalicelib.edges.table import Item
from chalicelib.rules.access import access as rules
from chalicelib.rules.forms.form import Form
from chalicelib.rules.texts import number
from chalicelib.rules.texts.number import NotRead
from chalicelib.store import drafts, links, programmes, reports, sign_ins
from infra.gateway import Reply
from infra.visitor import Forms, Visitor
from tests.conftest import NEW, OLD, Clock
from tests.pages.unit.test_form import BY, Q4, filled, sent, text
from tests.sizes import FULL

FORM = f"/report/{Q4}"
HERE = "http://127.0.0.1:8000"


def kept(site: Site) -> list[Item]:
    """Everything but the counts of failures, and what was typed and not sent."""
    return [
        item
        for item in site.table.everything()
        if not item.key.partition.startswith("RATE#") and not item.key.sort.startswith("DRAFT")
    ]


def fields(page: Reply, action: str) -> dict[str, str]:
    forms = Forms(page.body.decode()).forms
    return next(given for where, given in forms if where.endswith(action))


def post_pairs(browser: Visitor, path: str, pairs: list[tuple[str, str]]) -> Reply:
    headers = {"content-type": "application/x-www-form-urlencoded", "origin": HERE}
    return browser._call("POST", path, headers, urlencode(pairs).encode())


@pytest.fixture
def check(site: Site, as_unit: Callable[..., Visitor]) -> tuple[Visitor, Reply]:
    """A unit before the button "Gửi báo cáo"."""
    browser = as_unit()
    page = browser.get(FORM)
    return browser, browser.follow(browser.submit(page, Q4, do="check", **filled(site, i1_5="1")))


# ------------------------------------------------------------------ numbers

COUNTS = {
    "12": 12,
    "0": 0,
    "00": 0,
    "1.250": 1250,
    "1 250": 1250,
    "1\u00a0250": 1250,
    "1\u202f250": 1250,
    "\u200b1250\ufeff": 1250,
    "1\u200b250": 1250,
    "12\u00ad50": 1250,
    "\u202a1250\u202c": 1250,
    "１２５０": 1250,
    "１．２５０": 1250,
    "𝟏𝟐": 12,
    "12\t": 12,
}
NO_COUNTS = {
    **dict.fromkeys(("NaN", "nan", "inf", "Infinity", "1e3", "1E3", "0x1f", "1_000"), "nhập số"),
    **dict.fromkeys(("٣", "۱۲", "१२", "១២", "一", "Ⅻ", "½", "10²", "③", "⒈"), "nhập số"),
    **dict.fromkeys(("+5", "5%", "5 người", "=5", "1/2", "1..2", "1,2,3", "'5"), "nhập số"),
    **dict.fromkeys(("-0", "−0", "-5", "－5", "–5"), "không được âm"),
    **dict.fromkeys(("12,5", "12.5", "0,0", "1.250,00"), "số nguyên"),
    **dict.fromkeys(("9" * 16, "0" * 16, "9" * 4_000), "quá 15 chữ số"),
    **dict.fromkeys(("5\x00", "\x1b5", "5\u202e", "5\x85\x86"), "không đọc được"),
}


def test_a_count_is_read_as_people_type_it_and_shown_back(as_unit: Callable[..., Visitor]) -> None:
    browser = as_unit()
    for typed, read in COUNTS.items():
        page = browser.get(FORM)
        checked = browser.follow(browser.submit(page, Q4, do="check", i1_5=typed))
        assert f"{number.shown(read)} lượt" in text(checked), typed


@pytest.mark.guards("a number is read one way or refused, over all of Unicode")
def test_what_is_no_count_is_refused_with_its_reason_and_stays_as_typed(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    browser = as_unit()
    for typed, reason in NO_COUNTS.items():
        reply = browser.sees(browser.submit(browser.get(FORM), Q4, do="check", i1_5=typed))
        assert reply.status == 422, typed
        assert reason in text(reply), typed
        assert 'href="#i1_5"' in reply.body.decode()
        if "\x00" not in typed:  # the parser of this test reads no NUL
            assert fields(reply, Q4)["i1_5"] == typed.strip()
    assert reports.head(site.table, NEW, Q4, "T01") is None


_PLAIN = {"Lo", "Ll", "Lu", "Cn", "Co", "Cs"}  # categories: letters, none, private


@pytest.mark.guards(
    "a number is read one way or refused, over all of Unicode",
    "`isdigit` for `isnumeric` (⑩ read as 10) ✓ (the first)",
)
@pytest.mark.soak
def test_every_character_beside_digits_is_read_one_way_or_refused() -> None:
    """Between two digits: nothing but a group mark and digits counts. `make soak` takes the whole
    of Unicode, `make test` leaves out what is a letter, private or nothing, and no number.
    """
    digits, signs = set(), set()
    for point in range(sys.maxunicode + 1):
        sign = chr(point)
        if not FULL and unicodedata.category(sign) in _PLAIN and not sign.isnumeric():
            continue
        for typed, read in ((f"1{sign}2", number.read_count), (f"1{sign}2", number.read_amount)):
            try:
                found = read(typed)
            except NotRead:
                continue
            if unicodedata.normalize("NFKC", sign) in (".", ","):
                signs.add(sign)
                assert found == Decimal("1.2")
                continue
            assert sign.isdecimal(), ascii(sign)
            assert found == int(f"1{unicodedata.decimal(sign)}2")
            digits.add(unicodedata.decimal(sign))
    assert digits == set(range(10))
    assert signs == set(".․．﹒,，﹐︐")  # each looks like the sign that it is read as
    for script in ("٠١٢٣", "۰۱۲", "០១២"):
        with pytest.raises(NotRead):
            number.read_count(script)


# ------------------------------------------------------------------ invisible and forbidden

PASTED = {
    "Nguyễn\u200b Thị\u00ad Định": "Nguyễn Thị Định",
    "\ufeffTrần Văn Ơn": "Trần Văn Ơn",
    "\u202aLê Thị Riêng\u202c": "Lê Thị Riêng",
    "\u200eHồ\u00a0Thị Kỷ\u200f": "Hồ\u00a0Thị Kỷ",
    "Võ\u200d\ufe0f Thị Sáu": "Võ Thị Sáu",
    unicodedata.normalize("NFD", "Phạm Ngũ Lão"): "Phạm Ngũ Lão",
    "Tr\u01b0\u0323ng": "Trựng",
    "Tru\u0323\u031bng": "Trựng",
}


@pytest.mark.guards("invisible characters stop nobody", "kept ✓")
@pytest.mark.parametrize("typed", PASTED, ids=ascii)
def test_what_nobody_sees_stops_no_clerk(check: tuple[Visitor, Reply], typed: str) -> None:
    browser, page = check
    receipt = browser.follow(
        browser.submit(
            page, "send", **{**BY, "by.name": typed, "by.phone": "\u202d0270\u202c 000 0000"}
        )
    )
    assert f"{PASTED[typed]}, Văn thư, 0270 000 0000" in receipt.body.decode()


@pytest.mark.guards(
    "controls and right-to-left signs are refused, with the box",
    "let through ✓",
    "the sender not looked at ✓",
    "the box not named ✓ (the first)",
)
@pytest.mark.parametrize("field", ["by.name", "by.post", "by.phone", "reason"])
@pytest.mark.parametrize(
    "sign", ["\x00", "\x1b", "\x85", "\u202e", "\u2067", "\ufdd0", "\U0001ffff"]
)
def test_a_forbidden_character_is_said_with_the_box_that_holds_it(
    site: Site, as_unit: Callable[..., Visitor], field: str, sign: str
) -> None:
    browser = as_unit()
    sent(site, browser, i1_5="12")
    page = browser.follow(browser.submit(browser.get(FORM), Q4, do="check", i1_5="13"))
    before = kept(site)
    given = {**BY, "reason": "Đếm sót", field: f"một{sign}hai"}
    refused = browser.sees(browser.submit(page, "send", **given))
    label = {"by.name": "Họ và tên", "by.post": "Chức vụ", "by.phone": "Số điện thoại"}
    assert refused.status == 422
    assert f"{label.get(field, 'Lý do điều chỉnh')}: Ô này có ký tự" in text(refused)
    if sign != "\x00":
        assert fields(refused, "send")[field] == given[field]
    assert kept(site) == before


@pytest.mark.guards("controls and right-to-left signs are refused, with the box")
def test_a_forbidden_character_in_a_text_names_its_box_and_keeps_the_rest(
    as_unit: Callable[..., Visitor], site: Site
) -> None:
    browser = as_unit()
    reply = browser.sees(
        browser.submit(browser.get(FORM), Q4, do="check", n_done="a\u202eb", n_best="giữ")
    )
    assert reply.status == 422
    assert 'href="#n_done"' in reply.body.decode()
    assert fields(reply, Q4)["n_best"] == "giữ"
    assert fields(reply, Q4)["n_done"] == "a\u202eb"


# ------------------------------------------------------------------ fields


@pytest.mark.guards("a field twice with two contents is named", "the last one wins ✓")
@pytest.mark.parametrize("where", [FORM, f"{FORM}/draft", f"{FORM}/check", f"{FORM}/send"])
def test_a_field_sent_twice_with_two_contents_is_named_and_nothing_kept(
    site: Site, check: tuple[Visitor, Reply], where: str
) -> None:
    browser, page = check
    pairs = [*(fields(page, "send") | BY).items(), ("i1_5", "2")]
    before = kept(site)
    refused = post_pairs(browser, where, pairs)
    assert refused.status == 400
    assert "“i1_5” được gửi hai lần" in text(refused)
    assert kept(site) == before


def test_a_field_sent_twice_with_one_content_is_one_field(check: tuple[Visitor, Reply]) -> None:
    browser, page = check
    pairs = [*(fields(page, "send") | BY).items(), ("i1_5", " 1\u200b ")]
    assert post_pairs(browser, f"{FORM}/send", pairs).status == 303


@pytest.mark.guards(
    "a field that is not asked is not dropped in silence",
    "not looked at when sending ✓, when checking ✓ (the first)",
)
@pytest.mark.parametrize("name", ["i9_9", "i1_5.more", "N_DONE", "i1_5 ", "i1_5[]", "", "<b>"])
def test_what_no_form_asks_is_never_dropped_in_silence(
    site: Site, check: tuple[Visitor, Reply], name: str
) -> None:
    browser, page = check
    before = kept(site)
    refused = browser.sees(browser.submit(page, "send", **{**BY, name: "17"}))
    assert refused.status == 422
    assert "Có nội dung không thuộc báo cáo này" in text(refused)
    assert kept(site) == before
    assert browser.submit(refused, "send").status == 303
    again = browser.sees(browser.submit(browser.get(FORM), Q4, do="check", **{name: "17"}))
    assert again.status == 422
    assert "Có nội dung không thuộc báo cáo này" in text(again)


def test_an_empty_field_that_no_form_asks_says_nothing(check: tuple[Visitor, Reply]) -> None:
    browser, page = check
    assert browser.submit(page, "send", **BY, i9_9=" \u200b").status == 303


def test_a_missing_figure_is_asked_for_and_nothing_kept(
    site: Site, check: tuple[Visitor, Reply]
) -> None:
    browser, page = check
    given = {n: c for n, c in (fields(page, "send") | BY).items() if n != "i1_5"}
    before = kept(site)
    refused = browser.sees(browser.post(f"{FORM}/send", given))
    assert refused.status == 422
    assert "Còn 1 chỉ tiêu chưa có số liệu" in text(refused)
    assert kept(site) == before


@pytest.mark.parametrize("base", ["", "-1", "1.0", "٠", "9" * 30, "x", "1"])
def test_an_odd_base_never_overwrites(
    site: Site, as_unit: Callable[..., Visitor], base: str
) -> None:
    browser = as_unit()
    sent(site, browser, i1_5="12")
    page = browser.follow(browser.submit(browser.get(FORM), Q4, do="check", i1_5="14"))
    given = fields(page, "send") | BY | {"reason": "Đếm sót", "base": base}
    reply = browser.follow(browser.post(f"{FORM}/send", given))
    assert reply.status == (200 if base == "1" else 409)
    first, *more = reports.versions(site.table, NEW, Q4, "T01")
    assert '"i1_5":12' in first.content
    assert len(more) == (1 if base == "1" else 0)


@pytest.mark.parametrize("name", ["base", "draft", "page", "place"])
@pytest.mark.parametrize("odd", ["", "-1", "x" * 10_000, "\x00", "9" * 400, "ế", "\u202e"])
def test_an_odd_hidden_field_of_a_draft_never_overwrites_nor_breaks(
    site: Site, as_unit: Callable[..., Visitor], name: str, odd: str
) -> None:
    one, two = as_unit(), as_unit()
    page = two.get(FORM)
    assert one.submit(one.get(FORM), Q4, do="save", i1_5="11").status == 303
    reply = two.post(f"{FORM}/draft", {**fields(page, Q4), "i1_5": "22", name: odd})
    assert reply.status == 409
    draft = drafts.draft(site.table, NEW, Q4, "T01")
    assert draft is not None
    assert draft.typed["i1_5"] == "11"


# ------------------------------------------------------------------ mail addresses and codes


@pytest.mark.guards("no mail to what is no address", "an @ is enough ✓")
@pytest.mark.parametrize(
    "email",
    [
        "",
        "nobody",
        "@",
        "a@",
        "@b",
        "a@b@c",
        "giamdoc@vinhlong.example\r\nBcc: x@y.example",
        "giamdoc@vinhlong.example\nx@y.example",
        "giamdoc@vinhlong.example x@y.example",
        "giamdoc@vinhlong.example\x00",
        "\x1bgiamdoc@vinhlong.example",
        "a" * 200 + "@b.example",
    ],
    ids=ascii,
)
def test_what_is_no_address_is_refused_and_mails_nothing(
    site: Site, visitor: Callable[[], Visitor], outbox: Callable[[], list[object]], email: str
) -> None:
    before = kept(site)
    reply = visitor().post("/signin", {"email": email})
    assert reply.status == 422
    assert "địa chỉ thư điện tử" in text(reply)
    assert outbox() == []
    assert kept(site) == before


@pytest.mark.guards("invisible characters stop nobody")
def test_a_pasted_address_is_the_account_s(
    visitor: Callable[[], Visitor], outbox: Callable[[], list[object]]
) -> None:
    typed = " \ufeffGiamDoc@VinhLong.example\u200b "
    assert visitor().post("/signin", {"email": typed}).status == 200
    assert len(outbox()) == 1


@pytest.mark.parametrize("email", ['"><script>x</script>@b.example', "'><b/onclick=x>@b.example"])
def test_markup_in_an_address_stays_text(visitor: Callable[[], Visitor], email: str) -> None:
    page = visitor().post("/signin", {"email": email}).body.decode()
    assert html.escape(email).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in page
    assert email not in page


# ------------------------------------------------------------------ tokens


def near_misses(token: str) -> list[str]:
    """Another letter in each place, one more, one less, another case, and what a chat adds."""
    letters = string.ascii_letters + string.digits + "-_"
    changed = [
        token[:place] + letters[(letters.index(old) + 1) % 64] + token[place + 1 :]
        for place, old in enumerate(token)
    ]
    return [
        *changed,
        token[:-1],
        token + "A",
        token[1:],
        token.swapcase(),
        f"{token}.",
        f"{token}=",
    ]


def strangers(site: Site, visitor: Callable[[], Visitor]) -> Callable[[], Visitor]:
    """Each try from an address of its own, so that no count of failures answers for the token."""
    places = iter(range(1, 10_000))

    def one() -> Visitor:
        browser = visitor()
        browser.address = f"192.0.2.{next(places)}"
        return browser

    return one


@pytest.mark.guards(
    "a token missed by one character is nobody's; each opens one door",
    "CSRF not compared ✓ (the second)",
    "the kind not looked at ✓ (the third)",
)
def test_a_link_missed_by_one_character_is_nobody_s(
    site: Site, visitor: Callable[[], Visitor]
) -> None:
    token = links.issue_link(site.table, site.key, NEW, "T01")
    stranger, before = strangers(site, visitor), kept(site)
    unknown = stranger().get("/u/AAAAAAAAAAAAAAAAAAAAAAAAAAA").body
    for missed in near_misses(token):
        for reply in (stranger().get(f"/u/{missed}"), stranger().post(f"/u/{missed}", {})):
            assert (reply.status, reply.body) == (404, unknown)
            assert reply.header("set-cookie") == ""
    assert kept(site) == before


def test_a_session_missed_by_one_character_is_nobody_s(
    as_unit: Callable[..., Visitor],
    as_staff: Callable[..., Visitor],
    visitor: Callable[[], Visitor],
) -> None:
    for who, cookie, path in ((as_unit(), "bc-unit", "/report"), (as_staff(), "bc-staff", "/desk")):
        assert who.get(path).status == 200
        browser = visitor()
        for place, missed in enumerate(near_misses(who.cookies[cookie])):
            browser.cookies = {cookie: missed}
            browser.address = f"10.0.{place // 10}.1"  # or the guessing itself would be told
            assert browser.get(path).status == 401


@pytest.mark.guards("a token missed by one character is nobody's; each opens one door")
def test_a_csrf_token_missed_by_one_character_is_refused(check: tuple[Visitor, Reply]) -> None:
    browser, page = check
    right = rules.csrf_token(browser.cookies["bc-unit"])
    for missed in ["", *near_misses(right)]:
        refused = browser.submit(page, "send", **BY, csrf=missed)
        assert refused.status == 403
        assert "chưa được thực hiện" in text(refused)
        assert fields(refused, "")["i1_5"] == "1"
    assert browser.submit(page, "send", **BY).status == 303


@pytest.mark.guards("a token missed by one character is nobody's; each opens one door")
def test_a_token_opens_only_the_door_that_it_was_made_for(
    site: Site, visitor: Callable[[], Visitor], as_unit: Callable[..., Visitor]
) -> None:
    link = links.issue_link(site.table, site.key, NEW, "T01")
    sign_in, code, ask = sign_ins.ask_sign_in(site.table, "giamdoc@vinhlong.example", site.clock())
    session = as_unit().cookies["bc-unit"]
    stranger = strangers(site, visitor)
    for token in (sign_in, ask, code, session, rules.digest(link), rules.csrf_token(session)):
        assert stranger().get(f"/u/{token}").status == 404
        assert stranger().post(f"/u/{token}", {}).status == 404
    for token in (link, ask, code, session, rules.digest(sign_in)):
        assert stranger().get(f"/s/{token}").status == 404
        assert stranger().post(f"/s/{token}", {}).status == 404
    for token in (link, sign_in, ask, code, session, rules.digest(session)):
        browser = stranger()
        browser.cookies = {"bc-staff": token, "bc-unit": rules.digest(token)}
        assert browser.get("/desk").status in (401, 403)
        assert browser.get("/report").status == 401
    assert stranger().post(f"/s/{sign_in}", {}).status == 303


@pytest.mark.guards("a token missed by one character is nobody's; each opens one door")
def test_expired_revoked_and_reissued_get_the_answer_of_the_unknown(
    site: Site, visitor: Callable[[], Visitor], clock: Clock
) -> None:
    stranger = strangers(site, visitor)
    sign_in, _, _ = sign_ins.ask_sign_in(site.table, "giamdoc@vinhlong.example", site.clock())
    revoked = links.issue_link(site.table, site.key, NEW, "T05")
    links.revoke(site.table, NEW, "T05")
    replaced = links.issue_link(site.table, site.key, NEW, "T06")
    links.reissue_link(site.table, site.key, NEW, "T06")
    clock.now += timedelta(minutes=15)
    for door, tokens in (("u", (revoked, replaced)), ("s", (sign_in,))):
        unknown = stranger().get(f"/{door}/{'A' * 27}").body
        for token in tokens:
            for method in ("GET", "POST"):
                browser = stranger()
                there = f"/{door}/{token}"
                reply = browser.get(there) if method == "GET" else browser.post(there, {})
                assert (reply.status, reply.body) == (404, unknown)


def test_another_unit_s_and_another_programme_s_pages_stay_shut(
    site: Site, as_unit: Callable[..., Visitor]
) -> None:
    sent(site, as_unit("T01"), i1_5="12", n_done="chỉ của T01")
    other, older = as_unit("T02"), as_unit("T01", OLD)
    mine = kept(site)
    for browser, status in ((other, 404), (older, 404)):
        assert browser.get(f"{FORM}/receipt/1").status == status
        assert "chỉ của T01" not in browser.get(FORM).body.decode()
        assert "chỉ của T01" not in browser.get("/report").body.decode()
    page = as_unit("T02").get(FORM)
    stolen = fields(page, Q4) | {"csrf": rules.csrf_token(older.cookies["bc-unit"])}
    assert older.post(FORM, {**stolen, "do": "save"}).status == 403  # it says whose it is
    del stolen["of.unit"]
    assert older.post(FORM, {**stolen, "do": "save"}).status == 404
    assert [i for i in kept(site) if i.key.partition.startswith("REPORT#")] == (
        [i for i in mine if i.key.partition.startswith("REPORT#")]
    )


# ------------------------------------------------------------------ requests of other sites

FOREIGN = [
    {"origin": "https://elsewhere.example"},
    {"origin": "null"},
    {"origin": ""},
    {"origin": f"{HERE}/"},
    {"origin": f"{HERE}.elsewhere.example"},
    {"origin": f"{HERE}, {HERE}"},
    {"origin": "https://127.0.0.1:8000"},
    {"origin": "http://127.0.0.1"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "none"},
    {"sec-fetch-site": ""},
    {"origin": "null", "sec-fetch-site": "same-origin"},
    {"origin": "https://elsewhere.example", "referer": HERE},
]


@pytest.mark.guards(
    "no other site acts or signs anyone in",
    "origin compared by its beginning ✓",
    "the guard only with a session ✓ (the second)",
)
@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_what_another_site_sends_in_a_unit_s_name_is_refused(
    site: Site, check: tuple[Visitor, Reply], headers: dict[str, str]
) -> None:
    browser, page = check
    before = kept(site)
    for where in (FORM, f"{FORM}/draft", f"{FORM}/check", f"{FORM}/send", "/report/signout"):
        refused = browser.post(where, fields(page, "send") | BY, **headers)
        assert refused.status == 403
        assert "không đến từ trang này" in text(refused)
        assert refused.header("set-cookie") == ""
    assert kept(site) == before
    assert browser.submit(page, "send", **BY).status == 303


@pytest.mark.guards("no other site acts or signs anyone in")
@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_no_other_site_signs_anyone_in(
    site: Site, visitor: Callable[[], Visitor], headers: dict[str, str]
) -> None:
    """Login CSRF: the victim would fill in a report in the attacker's name."""
    link = links.issue_link(site.table, site.key, NEW, "T01")
    sign_in, code, ask = sign_ins.ask_sign_in(site.table, "giamdoc@vinhlong.example", site.clock())
    before, browser = kept(site), visitor()
    browser.cookies = {"bc-ask": ask}
    posts: list[tuple[str, dict[str, str]]] = [(f"/u/{link}", {}), (f"/s/{sign_in}", {})]
    posts += [("/signin/code", {"code": code}), ("/signin", {"email": "giamdoc@vinhlong.example"})]
    for where, given in posts:
        refused = browser.post(where, given, **headers)
        assert refused.status == 403
        assert refused.header("set-cookie") == ""
    assert kept(site) == before


@pytest.mark.guards("no other site acts or signs anyone in")
@pytest.mark.parametrize(
    ("referer", "status"),
    [
        (f"{HERE}/report/{Q4}", 303),
        (HERE, 303),
        (f"{HERE}@elsewhere.example/", 403),
        (f"{HERE}.elsewhere.example/", 403),
        ("https://elsewhere.example/?" + HERE, 403),
        ("http://[", 403),
        ("", 403),
        ("about:blank", 403),
    ],
)
def test_an_old_web_view_is_known_by_the_page_that_it_came_from(
    check: tuple[Visitor, Reply], referer: str, status: int
) -> None:
    browser, page = check
    headers = {"content-type": "application/x-www-form-urlencoded", "referer": referer}
    body = urlencode(fields(page, "send") | BY).encode()
    assert browser._call("POST", f"{FORM}/send", headers, body).status == status


@pytest.mark.parametrize("whose", ["another unit", "the same unit's other phone", "staff"])
def test_another_session_s_token_is_refused_and_what_was_typed_stays(
    site: Site,
    check: tuple[Visitor, Reply],
    as_unit: Callable[..., Visitor],
    as_staff: Callable[..., Visitor],
    whose: str,
) -> None:
    browser, page = check
    other = {"another unit": as_unit, "staff": as_staff}.get(whose, lambda: as_unit("T01"))
    stranger = as_unit("T02") if whose == "another unit" else other()
    (token,) = stranger.sessions
    before = kept(site)
    refused = browser.submit(page, "send", **BY, csrf=rules.csrf_token(token))
    assert refused.status == 403
    assert fields(refused, "")["i1_5"] == "1"
    assert kept(site) == before


# ------------------------------------------------------------------ a form that changed meanwhile


@pytest.mark.guards("a field that is not asked is not dropped in silence")
def test_an_answer_to_a_question_that_is_gone_is_said_before_it_is_dropped(
    site: Site, check: tuple[Visitor, Reply], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check page showed 1.5; by the tap on "Gửi" the department no longer asks it."""
    browser, page = check
    load = programmes.form

    def without(table: object, p: str, version: int) -> object:
        form = load(site.table, p, version)
        fewer = tuple(
            one.model_copy(
                update={"indicators": tuple(i for i in one.indicators if i.code != "i1_5")}
            )
            for one in form.sections
        )
        return Form(version=form.version, title=form.title, sections=fewer)

    monkeypatch.setattr(programmes, "form", without)
    refused = browser.sees(browser.submit(page, "send", **BY))
    assert refused.status == 422
    assert "biểu mẫu vừa thay đổi" in text(refused)
    assert reports.head(site.table, NEW, Q4, "T01") is None
    assert browser.submit(refused, "send").status == 303
