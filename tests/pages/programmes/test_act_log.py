"""The log of acts as staff reads it: filters, pages, XLSX; and that nothing rewrites it."""

import ast
import io
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook

from chalicelib.edges.ports import Site
from chalicelib.edges.table import NOTHING, Conflict, Put
from chalicelib.messages.own_words import filled
from chalicelib.messages.programmes import act_log as words
from chalicelib.pages.programmes import act_log as log
from chalicelib.rules.review import act_log
from chalicelib.rules.review.act import UNIT, Act
from chalicelib.rules.review.act_log import Wanted
from chalicelib.store import acts, keys
from infra.visitor import Visitor
from tests.conftest import NEW, OLD
from tests.pages.summaries.test_summary import opened
from tests.pages.unit.test_form import text

ROOT = Path(__file__).resolve().parents[3]
LOG = f"/desk/{NEW}/audit"
ONE, OTHER = "chuyenvien@vinhlong.example", "canbo@vinhlong.example"
AT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
Staff = Callable[..., Visitor]


def done(
    site: Site, at: datetime = AT, who: str = ONE, verb: str = "accept", **more: object
) -> Act:
    given = {"programme": NEW, "period": "2026-Q4", "unit": "T01"} | more
    made = Act(at, who, verb, **given)  # type: ignore[arg-type]
    acts.commit(site.table, made)
    return made


def rows(page: str) -> list[str]:
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return [
        re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).strip() for row in body.split("</tr>")
    ][:-1]


def test_who_did_what_to_what_and_when_stands_in_one_row(site: Site, as_staff: Staff) -> None:
    detail = {"reason": "Thiếu số liệu", "due": "2026-12-18T16:59:59.000000Z", "empty": ""}
    done(site, verb="return", unit="T02", detail=detail)
    done(site, at=AT + timedelta(hours=1), who=UNIT, verb="reopen")
    page = as_staff().get(LOG)
    assert [re.sub(r" +", " ", row) for row in rows(page.body.decode())] == [
        "11:00 ngày 20/11/2026 Đơn vị Mở lại báo cáo 2026-Q4 Trường THPT Chuyên Bến Tre –",
        f"10:00 ngày 20/11/2026 {ONE} Trả lại báo cáo 2026-Q4 Trường THPT Nguyễn Đình Chiểu "
        "hạn: 23:59 ngày 18/12/2026; lý do: Thiếu số liệu",
    ]


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("", 4),
        (f"who={ONE}", 2),
        ("unit=T02", 1),
        ("verb=return", 2),
        (f"who={OTHER}&verb=return", 1),
        ("who=nobody", 0),
        ("month=2026-10", 1),
        ("month=1999-01", 4),
        ("month=x&before=%00&verb=%3Cb%3E", 0),
    ],
)
def test_the_log_is_filtered_by_month_person_unit_and_verb(
    site: Site, as_staff: Staff, query: str, left: int
) -> None:
    done(site)
    done(site, verb="return")
    done(site, who=OTHER, verb="return", unit="T02")
    done(site, who=OTHER, verb="reopen", unit="")
    done(site, at=AT - timedelta(days=30))
    done(site, programme=OLD)
    page = as_staff().get(f"{LOG}?{query}")
    assert page.status == 200
    assert len(rows(page.body.decode())) == left


@pytest.mark.guards(
    "the log as it is read",
    "months of UTC",
    "pages by instant alone",
    "no filter",
    "formulas let in: each ✓",
)
def test_a_month_is_viet_nams(site: Site, as_staff: Staff) -> None:
    """The first of the month at five in the morning is still the thirtieth in UTC."""
    done(site, at=datetime(2026, 10, 31, 17, 0, tzinfo=UTC), verb="reopen")
    done(site, at=datetime(2026, 10, 31, 16, 59, 59, tzinfo=UTC), verb="return")
    november = rows(as_staff().get(f"{LOG}?month=2026-11").body.decode())
    october = rows(as_staff().get(f"{LOG}?month=2026-10").body.decode())
    assert [len(november), len(october)] == [1, 1]
    assert "00:00 ngày 01/11/2026" in november[0]
    assert "23:59 ngày 31/10/2026" in october[0]


@pytest.mark.guards("the log as it is read")
def test_two_hundred_a_page_and_the_rest_behind_older(site: Site, as_staff: Staff) -> None:
    made = [done(site, at=AT + timedelta(seconds=(place + 1) // 2)) for place in range(450)]
    browser = as_staff()
    page, seen = browser.get(f"{LOG}?who={ONE}"), []
    sizes = []
    while True:
        found = re.search(r'href="([^"]+)">Cũ hơn', page.body.decode())
        shown = rows(page.body.decode())
        sizes.append(len(shown))
        seen += shown
        if not found:
            break
        done(site, at=AT + timedelta(days=1), who=OTHER)
        page = browser.get(found[1].replace("&amp;", "&"))
    assert sizes == [200, 200, 50]
    assert len(seen) == len(made)
    assert "450 việc" in text(page)


@pytest.mark.guards("the log as it is read")
def test_the_xlsx_holds_the_filtered_month_and_no_text_of_it_is_live(
    site: Site, as_staff: Staff
) -> None:
    done(site, detail={"reason": '=HYPERLINK("http://x.example")'})
    done(site, at=AT + timedelta(hours=1), verb="return", detail={"note": "https://x.example"})
    done(site, who=OTHER)
    reply = as_staff().get(f"{LOG}.xlsx?who={ONE}")
    assert reply.status == 303
    assert f"nhat-ky-{NEW}-2026-11.xlsx" in reply.header("location")
    (sheet,) = load_workbook(io.BytesIO(opened(site, reply))).worksheets
    head, *found = sheet.iter_rows()
    assert tuple(cell.value for cell in head) == words.HEADS
    assert [cell.data_type for cell in found[0]] == ["d", "s", "s", "s", "s", "s"]
    assert found[0][0].value == datetime(2026, 11, 20, 10, 0)  # noqa: DTZ001 - a sheet's own
    assert found[0][5].value == 'lý do: =HYPERLINK("http://x.example")'
    assert [row[2].value for row in found] == ["Tiếp nhận báo cáo", "Trả lại báo cáo"]
    assert sheet._hyperlinks == []


@pytest.mark.guards("the log as it is read")
def test_a_detail_that_begins_like_a_formula_stays_text(tmp_path: Path) -> None:
    act = Act(AT, "=1+1", "=2+2", "p", "=3+3", "=4+4")
    with (tmp_path / "log.xlsx").open("w+b") as file:
        log.as_xlsx(file, [act], {}, None, AT)
    (sheet,) = load_workbook(tmp_path / "log.xlsx").worksheets
    assert [cell.data_type for cell in sheet[2]][1:5] == ["s"] * 4


def test_what_was_set_up_before_a_programme_begins_is_in_the_log_too(
    site: Site, as_staff: Staff
) -> None:
    """This programme begins on 01/01/2026. The name of an import's list tells nobody anything."""
    early = datetime(2025, 11, 20, 3, tzinfo=UTC)
    detail = {"file": "a.xlsx", "roll": "f" * 32}
    done(site, early, verb="units_import", period="", unit="", detail=detail)
    page = as_staff(ONE).get(f"{LOG}?month=2025-11").body.decode()
    assert "a.xlsx" in page
    assert "f" * 32 not in page


def test_months_go_back_to_the_first_one() -> None:
    assert act_log.months(date(2025, 11, 30), AT.replace(month=2)) == [
        "2026-02",
        "2026-01",
        "2025-12",
        "2025-11",
    ]
    assert act_log.months(date(2030, 1, 1), AT) == ["2026-11"]


def test_a_filter_takes_what_all_of_its_parts_take() -> None:
    act = Act(AT, ONE, "accept", "p", "k", "T01")
    assert Wanted().takes(act)
    assert Wanted(ONE, "T01", "accept").takes(act)
    for other in (Wanted(who=OTHER), Wanted(unit="T02"), Wanted(verb="return")):
        assert not other.takes(act)


@pytest.mark.parametrize(
    ("detail", "told"),
    [
        ({"role": "officer", "units": 3, "ok": True}, "ok: có; vai trò: Cán bộ Sở; đơn vị: 3"),
        ({"comments": {"s1": "Thiếu số"}, "general": ""}, "ý kiến theo nội dung: s1 Thiếu số"),
        ({"added": ["2026-04-30", "2026-05-01"]}, "thêm: 30/04/2026, 01/05/2026"),
        (
            {"due": ["2026-12-17T16:59:59.000000Z", "2026-12-18T16:59:59.000000Z"]},
            "hạn: 23:59 ngày 17/12/2026 → 23:59 ngày 18/12/2026",
        ),
        ({"d_3_1": [None, "5"]}, "d_3_1: – → 5"),
        ({"old": {"phone": ""}, "new": {"phone": "0270"}}, "mới: điện thoại 0270"),
        ({"why": "returned", "cause": None, "many": []}, "tình trạng: Đang trả lại"),
    ],
)
def test_facts_are_called_by_their_words(detail: dict[str, object], told: str) -> None:
    assert filled(words.detail(Act(AT, ONE, "urge", detail=detail)), None) == told


# ---------------------------------------------------------------- nothing rewrites it


@pytest.mark.guards("nothing rewrites the log")
def test_the_same_place_in_the_log_is_never_written_twice(site: Site) -> None:
    made = done(site)
    other = Act(made.at, OTHER, "return", NEW, "2026-Q4", "T01", id=made.id)
    with pytest.raises(Conflict):
        site.table.write(*acts.records(other))
    assert list(acts.acts(site.table, NEW, "2026-11")) == [made]


@pytest.mark.guards("nothing rewrites the log", "a record over anything ✓ (the first)")
def test_one_module_writes_the_log_and_it_expects_nothing_there() -> None:
    """Its keys are made in keys.py and used in acts.py alone, where nothing is deleted.

    kinds.py tells them from others, and reads nothing but the key.
    """
    for path in sorted((ROOT / "chalicelib").rglob("*.py")):
        source = path.read_text("utf-8")
        if path.name not in ("keys.py", "item_kinds.py", "acts.py"):
            assert not re.search(
                r"keys\.(act|event|month_of_acts)\b|[\"']f?AUDIT#|EVENT#", source
            ), path
    tree = ast.parse((ROOT / "chalicelib" / "store" / "acts.py").read_text("utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = {node.func.id: node for node in calls if isinstance(node.func, ast.Name)}
    assert "Delete" not in named
    puts = [n for n in calls if isinstance(n.func, ast.Name) and n.func.id == "Put"]
    assert puts
    for put in puts:
        assert isinstance(put.args[2], ast.Name)
        assert put.args[2].id == "NOTHING"


def test_no_way_in_changes_the_log() -> None:
    import app

    assert {way.method for way in app.WAYS if "audit" in way.path} == {"GET"}


def test_an_act_and_its_change_are_kept_together_or_not_at_all(site: Site) -> None:
    taken = Put(keys.staff(ONE), {"role": "officer"}, NOTHING)
    with pytest.raises(Conflict):
        acts.commit(site.table, Act(AT, ONE, "add_staff"), taken)
    assert ONE not in {act.who for act in acts.acts(site.table, "", "2026-11")}
