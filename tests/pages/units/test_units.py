"""The desk's unit list and a unit's own page, over HTTP: searching, changing from a day, ending."""

import re
from collections.abc import Callable
from datetime import date

import pytest

from chalicelib.edges.ports import Site
from chalicelib.edges.table import Change, Conflict, Put
from chalicelib.jobs import summarise
from chalicelib.rules.units.unit import owing
from chalicelib.store import acts, programmes, unit_lists
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.conftest import NEW, OLD, Clock
from tests.filling import all_nil

OFFICER = "chuyenvien@vinhlong.example"


@pytest.fixture
def officer(as_staff: Callable[..., Visitor]) -> Visitor:
    return as_staff(OFFICER)


def text(reply: Reply) -> str:
    return reply.body.decode()


def form(page: Reply, verb: str) -> dict[str, str]:
    """The fields of the page's form for this verb, as they stand."""
    (found,) = re.findall(
        rf'<form method="post">(?:(?!</form>).)*value="{verb}".*?</form>', text(page), re.DOTALL
    )
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', found))
    fields.pop("agreed", None)
    chosen = re.findall(r'<option value="([^"]+)" selected', found)
    return fields | ({"bloc": chosen[0]} if chosen else {})


def change(officer: Visitor, code: str, verb: str, p: str = NEW, **typed: str) -> Reply:
    where = f"/desk/{p}/units/{code}"
    return officer.post(where, {**form(officer.get(where), verb), **typed})


def versions(site: Site, code: str, p: str = NEW) -> list[tuple[str, date, date | None]]:
    return [
        (u.name, u.valid_from, u.valid_to) for u in programmes.unit_versions(site.table, p, code)
    ]


# ------------------------------------------------------------------ the list


def test_the_list_shows_units_in_official_order(officer: Visitor) -> None:
    page = text(officer.get(f"/desk/{NEW}/units"))
    assert "36 đơn vị đang có hiệu lực" in page
    codes = re.findall(r'data-is="Mã">(\w+)<', page)
    assert codes == [*(f"T{n:02}" for n in range(1, 36)), "G01"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=dinh+chieu", ["T02"]),
        ("q=DINH%20CHI%E1%BB%82U", ["T02"]),
        ("q=t02", ["T02"]),
        ("q=le+quy+don", ["T07"]),  # an alias: the list spells it Quí
        ("bloc=G", ["G01"]),
        ("bloc=G&q=dinh", []),
        ("show=ended", []),
        ("q=%3Cscript%3E", []),
    ],
)
def test_units_are_found_without_accents_by_name_code_and_alias(
    officer: Visitor, query: str, found: list[str]
) -> None:
    page = text(officer.get(f"/desk/{NEW}/units?{query}"))
    assert re.findall(r'data-is="Mã">(\w+)<', page) == found
    assert "<script>" not in page


def test_ended_units_are_shown_where_they_are_asked_for(
    as_staff: Callable[..., Visitor],
) -> None:
    officer = as_staff("chuyenvien@bentre.example")
    page = text(officer.get(f"/desk/{OLD}/units"))
    assert "9 đã kết thúc" in page
    assert "Phòng GD&amp;ĐT huyện Ba Tri" not in page
    ended = text(officer.get(f"/desk/{OLD}/units?show=ended"))
    assert ended.count("đã kết thúc</b>") == 9


@pytest.mark.parametrize("where", ["khong-co/units", f"{NEW}/units/X99", f"{NEW}/units/%20"])
def test_what_is_not_there_is_said(officer: Visitor, where: str) -> None:
    assert officer.get(f"/desk/{where}").status == 404


# ------------------------------------------------------------------ from a day on


@pytest.mark.guards("old periods keep old names")
def test_a_unit_renamed_from_a_day_keeps_its_old_name_before(site: Site, officer: Visitor) -> None:
    reply = change(officer, "T05", "alter", name="Trường THPT Tên Mới", since="01/12/2026")
    assert "Đã lưu thay đổi" in text(officer.follow(reply))
    assert versions(site, "T05") == [
        ("Trường THPT Lê Hoàng Chiếu", date(2026, 1, 1), date(2026, 11, 30)),
        ("Trường THPT Tên Mới", date(2026, 12, 1), None),
    ]
    (act,) = acts.acts(site.table, NEW, "2026-11")
    assert (act.who, act.verb, act.unit) == (OFFICER, "unit_change", "T05")
    assert [one["name"] for one in act.detail["versions"]][1] == "Trường THPT Tên Mới"


def test_a_unit_that_changes_its_bloc_keeps_the_rest(site: Site, officer: Visitor) -> None:
    change(officer, "T05", "alter", bloc="G", since="2026-12-01")
    old, new = programmes.unit_versions(site.table, NEW, "T05")
    assert (old.bloc, new.bloc) == ("T", "G")
    assert (new.email, new.aliases, new.order) == (old.email, old.aliases, old.order)


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"name": ""}, "name", "Vui lòng nhập tên đơn vị."),
        ({"name": "x" * 201}, "name", "Nội dung quá dài"),
        ({"name": "a\u202eb"}, "name", "ký tự không đọc được"),
        ({"name": "=1+1"}, "name", "ký tự không đọc được"),
        ({"parent": "a\nb"}, "parent", "ký tự không đọc được"),
        ({"bloc": "Z"}, "bloc", "Vui lòng chọn một khối thi đua"),
        ({"since": "hôm nay", "name": "Mới"}, "since", "dạng 30/06/2025"),
        ({"since": "31/02/2026", "name": "Mới"}, "since", "dạng 30/06/2025"),
        ({"since": "01/01/1800", "name": "Mới"}, "since", "dạng 30/06/2025"),
        ({"since": "01/01/2020", "name": "Mới"}, "since", "không có hiệu lực vào ngày này"),
        ({}, "", "Chưa có gì khác với hiện tại"),
    ],
    ids=str,
)
def test_what_cannot_be_is_said_by_its_box_and_what_was_typed_stays(
    site: Site, officer: Visitor, typed: dict[str, str], field: str, sentence: str
) -> None:
    before = versions(site, "T05")
    page = change(officer, "T05", "alter", **typed)
    assert page.status == 422
    assert sentence in text(page)
    if field:
        assert f'id="f-{field}-e"' in text(page)
    for content in typed.values():
        if content not in ("", "Z", "a\nb"):
            assert f'value="{content}"' in text(page)
    assert versions(site, "T05") == before


@pytest.mark.guards(
    "a change of what is relied on is warned of", "any tick agrees ✓", "heads not looked at ✓"
)
def test_a_change_inside_a_summed_or_locked_period_needs_a_tick(
    site: Site, officer: Visitor
) -> None:
    typed = {"name": "Trường THPT Tên Mới", "since": "01/02/2026"}
    page = change(officer, "T05", "alter", **typed)
    assert page.status == 422
    said = text(page)
    assert "Quý I năm 2026" in said
    assert "Quý II năm 2026" in said
    assert "đã khóa" in said
    assert len(versions(site, "T05")) == 1
    (digest,) = re.findall(r'name="agreed" value="([0-9a-f]{32})"', said)
    stale = change(officer, "T05", "alter", agreed=digest, **(typed | {"since": "01/05/2026"}))
    assert stale.status == 422  # agreed to something else
    assert change(officer, "T05", "alter", agreed=digest, **typed).status == 303
    assert len(versions(site, "T05")) == 2


def test_an_open_period_that_is_summed_is_warned_of_too(site: Site, officer: Visitor) -> None:
    programme = programmes.programme(site.table, NEW)
    assert programme is not None
    (period,) = [p for p in programmes.periods(site.table, NEW) if p.key == "2026-Q4"]
    typed = {"last_day": "30/11/2026"}
    summarise.summarise(site, programme, period)
    page = change(officer, "T05", "end", **typed)
    assert page.status == 422
    assert "bớt 1 đơn vị phải gửi (T05)" in text(page)
    assert "đã tổng hợp" in text(page)


@pytest.mark.guards("a change of what is relied on is warned of")
def test_ending_a_unit_that_has_reported_already_is_warned_of(
    officer: Visitor, as_unit: Callable[..., Visitor]
) -> None:
    browser = as_unit("T05")
    page = browser.get("/report/2026-Q4")
    check = browser.follow(browser.submit(page, "2026-Q4", do="check"))
    check = all_nil(browser, check)
    by = {
        "by.name": "Nguyễn Văn Thử",
        "by.post": "Văn thư",
        "by.phone": "0270 000 0000",
        "approved": "1",
    }
    assert browser.submit(check, "/send", **by).status == 303
    page = change(officer, "T05", "end", last_day="30/11/2026")
    assert page.status == 422
    assert "có đơn vị bị bớt đã gửi báo cáo" in text(page)
    assert change(officer, "T06", "end", last_day="30/11/2026").status == 303


# ------------------------------------------------------------------ ends


def test_a_unit_ends_with_successors_and_they_know_it(site: Site, officer: Visitor) -> None:
    reply = change(officer, "T05", "end", last_day="30/11/2026", successors="T06, T07")
    page = text(officer.follow(reply))
    assert "kết thúc ngày 30/11/2026" in page
    assert "Trường THPT Huỳnh Tấn Phát" in page
    (unit,) = programmes.unit_versions(site.table, NEW, "T05")
    assert (unit.valid_to, unit.successors) == (date(2026, 11, 30), ("T06", "T07"))
    assert "Trường THPT Lê Hoàng Chiếu" in text(officer.get(f"/desk/{NEW}/units/T06"))
    owed = owing(programmes.units(site.table, NEW), date(2026, 12, 14))
    assert "T05" not in {one.code for one in owed}


def test_an_end_can_be_taken_back(site: Site, officer: Visitor) -> None:
    change(officer, "T05", "end", last_day="30/11/2026", successors="T06")
    assert change(officer, "T05", "lift").status == 303
    (unit,) = programmes.unit_versions(site.table, NEW, "T05")
    assert (unit.valid_to, unit.successors) == (None, ())


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"last_day": ""}, "Vui lòng nhập ngày cuối cùng"),
        ({"last_day": "bao giờ"}, "dạng 30/06/2025"),
        ({"last_day": "31/12/2025"}, "ngày kết thúc trước ngày bắt đầu"),
        ({"last_day": "30/11/2026", "successors": "T99"}, "không có trong danh sách"),
        ({"last_day": "30/11/2026", "successors": "T05"}, "phải có hiệu lực vào ngày ngay sau"),
        ({"last_day": "30/11/2026", "successors": "T06 T06"}, "ghi hai lần"),
        ({"last_day": "30/11/2026", "successors": "<b>"}, "không có trong danh sách"),
    ],
    ids=str,
)
def test_an_end_that_cannot_be_is_said(
    site: Site, officer: Visitor, typed: dict[str, str], sentence: str
) -> None:
    page = change(officer, "T05", "end", **typed)
    assert page.status == 422
    assert sentence in text(page)
    assert versions(site, "T05")[0][2] is None


@pytest.mark.guards("two officers")
def test_an_end_that_breaks_anothers_succession_is_refused_and_names_it(
    site: Site, officer: Visitor
) -> None:
    assert change(officer, "T05", "end", last_day="30/11/2026", successors="T06").status == 303
    page = change(officer, "T06", "end", last_day="15/11/2026")
    assert page.status == 422
    assert "T05 (Trường THPT Lê Hoàng Chiếu)" in text(page)
    assert versions(site, "T06")[0][2] is None


def test_a_verb_that_is_none_changes_nothing(officer: Visitor) -> None:
    assert change(officer, "T05", "alter", do="delete", name="Mới").status == 422


# ------------------------------------------------------------------ two officers


@pytest.mark.guards(
    "two officers",
    "what was seen not compared ✓",
    "no second try ✓",
    "only its own succession looked at ✓",
)
def test_of_two_officers_with_one_unit_the_second_is_shown_what_the_first_did(
    site: Site, officer: Visitor
) -> None:
    where = f"/desk/{NEW}/units/T05"
    seen = form(officer.get(where), "alter")
    change(officer, "T05", "alter", name="Tên thứ nhất", since="01/12/2026")
    late = officer.post(where, {**seen, "name": "Tên thứ hai", "since": "01/12/2026"})
    assert late.status == 409
    assert "vừa được người khác thay đổi" in text(late)
    assert 'value="Tên thứ hai"' in text(late)
    assert versions(site, "T05")[1][0] == "Tên thứ nhất"


@pytest.mark.guards("two officers")
def test_edits_of_two_units_at_one_moment_are_both_kept(
    site: Site, officer: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other officer's write comes between our reading and our write."""
    real, edits = unit_lists.amend, iter([True])

    def amended(*args: object) -> None:
        if next(edits, False):
            (other,) = programmes.unit_versions(site.table, NEW, "T06")
            newer = other.model_copy(update={"phone": "0270 000 0000"})
            programmes.keep_units(site.table, NEW, [newer])
        real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(unit_lists, "amend", amended)
    assert change(officer, "T05", "alter", name="Mới", since="01/12/2026").status == 303
    assert versions(site, "T05")[1][0] == "Mới"
    assert programmes.unit_versions(site.table, NEW, "T06")[0].phone == "0270 000 0000"


def test_where_the_list_never_stands_still_that_is_said(
    site: Site, officer: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise Conflict(programmes.put(programmes.programme(site.table, NEW)).key)  # type: ignore[arg-type]

    monkeypatch.setattr(unit_lists, "amend", never)
    reply = change(officer, "T05", "alter", name="Mới", since="01/12/2026")
    assert reply.status == 409
    assert "nhiều người thay đổi cùng lúc" in text(reply)


def test_an_act_and_its_change_are_written_together_or_not_at_all(
    site: Site, officer: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[tuple[Change, ...]] = []
    write = site.table.write
    monkeypatch.setattr(
        type(site.table), "write", lambda _, *changes: (written.append(changes), write(*changes))
    )
    change(officer, "T05", "alter", name="Mới", since="01/12/2026")
    partitions = [{c.key.partition for c in changes if isinstance(c, Put)} for changes in written]
    assert {"PROGRAMMES", f"UNITS#{NEW}", f"AUDIT#{NEW}#2026-11"} in partitions


def test_the_director_reads_a_unit_and_changes_nothing(
    site: Site, as_staff: Callable[..., Visitor], clock: Clock
) -> None:
    director = as_staff("giamdoc@vinhlong.example")
    page = text(director.get(f"/desk/{NEW}/units/T05"))
    assert "Các giai đoạn" in page
    assert "Lưu thay đổi" not in page
