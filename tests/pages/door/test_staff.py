"""Staff accounts: added, changed, removed, on record; sessions end; an officer always stays."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

import app
from chalicelib.edges.ports import NotSent, Site
from chalicelib.edges.table import ANYTHING, Conflict, Delete, Table
from chalicelib.rules.access.access import Role
from chalicelib.rules.review.act import Act
from chalicelib.store import access, acts, keys, sign_ins, staff
from chalicelib.store.staff import NotChanged
from infra import samples
from infra.visitor import Visitor
from tests.builders import instant
from tests.conftest import Clock, on_aws
from tests.contract import parallel
from tests.faulty import Calls, FaultyTable
from tests.pages.reports.test_decision_notice import Post
from tests.pages.unit.test_form import text
from tests.sizes import Figure, size

OFFICER, DIRECTOR = "chuyenvien@vinhlong.example", "giamdoc@vinhlong.example"
SECOND = "canbo@vinhlong.example"
Staff = Callable[..., Visitor]


def act(verb: str = "add_staff") -> Act:
    return Act(instant(16), OFFICER, verb)


def roles(table: Table) -> dict[str, Role]:
    return dict(access.staff(table))


@pytest.fixture
def alone(site: Site) -> Site:
    """With one officer left of the samples' two."""
    site.table.write(Delete(keys.staff("chuyenvien@bentre.example"), ANYTHING))
    return site


def change(browser: Visitor, do: str, email: str, role: str = "") -> int:
    page = browser.get("/desk/staff")
    return browser.submit(page, "/staff", do=do, email=email, role=role).status


def on_record(site: Site) -> list[Act]:
    """What was done to the accounts since the samples were loaded."""
    found = acts.acts(site.table, "", "2026-11")
    return [act for act in found if act.who != "make load"]


def test_an_officer_adds_a_person_who_can_then_sign_in_and_act(site: Site, as_staff: Staff) -> None:
    browser = as_staff(OFFICER)
    page = browser.get("/desk/staff")
    done = browser.submit(page, "/staff", do="add", email=SECOND.upper(), role="officer")
    assert "Đã thêm tài khoản" in text(browser.follow(done))
    assert roles(site.table)[SECOND] == "officer"
    assert as_staff(SECOND).get("/desk/staff").status == 200


@pytest.mark.guards(
    "a new colleague is mailed once where to sign in, and added whatever becomes of it",
    "told by a second tap ✓ (the first)",
    "a failed mail let through ✓ (the second)",
)
def test_a_new_colleague_is_mailed_once_where_to_sign_in(
    site: Site, as_staff: Staff, outbox: Callable[[], list[EmailMessage]]
) -> None:
    browser = as_staff(OFFICER)
    page = browser.get("/desk/staff")
    for _ in range(2):
        done = browser.submit(page, "/staff", do="add", email=SECOND, role="director")
    (mail,) = outbox()
    assert mail["To"] == SECOND
    said = str(mail.get_content())
    assert f"{site.public_url}/signin" in said.splitlines()
    assert OFFICER in said
    assert "Giám đốc" in said
    assert "/s/" not in said
    assert done.status == 303
    assert change(browser, "role", SECOND, "officer") == 303
    assert change(browser, "remove", SECOND) == 303
    assert len(outbox()) == 1


@pytest.mark.guards(
    "a new colleague is mailed once where to sign in, and added whatever becomes of it"
)
@pytest.mark.parametrize(
    ("error", "sentence"),
    [(NotSent("planted"), "không gửi được"), (TimeoutError("planted"), "Chưa rõ thư")],
)
def test_a_colleague_whose_mail_fails_is_added_and_the_officer_says_where_to_sign_in(
    site: Site, as_staff: Staff, error: Exception, sentence: str
) -> None:
    browser = as_staff(OFFICER)
    app.use(replace(site, mail=Post(error)))
    page = browser.get("/desk/staff")
    done = browser.submit(page, "/staff", do="add", email=SECOND, role="officer")
    said = text(browser.follow(done))
    assert roles(site.table)[SECOND] == "officer"
    assert sentence in said
    assert f"{site.public_url}/signin" in said


@pytest.mark.guards(
    "one’s own second tap is done, and not told as somebody else’s act",
    "the record not looked at",
    "whoever acted taken for oneself: each ✓",
)
def test_ones_own_second_tap_is_not_told_as_somebody_elses(
    site: Site, as_staff: Staff, clock: Clock
) -> None:
    browser, other = as_staff(OFFICER), as_staff("chuyenvien@bentre.example")
    for _ in range(2):
        assert change(browser, "add", SECOND, "director") == 303
    assert change(other, "add", SECOND, "director") == 422
    assert change(browser, "add", SECOND, "officer") == 422
    clock.now += timedelta(seconds=1)
    for _ in range(2):
        assert change(browser, "remove", SECOND) == 303
    assert change(other, "remove", SECOND) == 422
    assert len(on_record(site)) == 2


@pytest.mark.guards(
    "who is removed is out at once", "sessions left ✓", "the same grant ✓ (the second)"
)
def test_a_removed_person_who_is_signed_in_is_out_at_the_next_request(
    site: Site, as_staff: Staff
) -> None:
    officer, director = as_staff(OFFICER), as_staff(DIRECTOR)
    token, _, _ = sign_ins.ask_sign_in(site.table, DIRECTOR, site.clock())
    assert director.get("/desk").status == 200
    assert change(officer, "remove", DIRECTOR) == 303
    assert director.get("/desk").status == 401
    page = director.get(f"/s/{token}")
    assert director.submit(page, token).status == 404, "a link asked for before opens nothing"
    assert list(site.table.query(keys.staff_access(DIRECTOR))) == []


def test_who_comes_back_signs_in_anew(site: Site, as_staff: Staff) -> None:
    officer, director = as_staff(OFFICER), as_staff(DIRECTOR)
    assert change(officer, "remove", DIRECTOR) == 303
    assert change(officer, "add", DIRECTOR, "director") == 303
    assert director.get("/desk").status == 401
    assert as_staff(DIRECTOR).get("/desk").status == 200


def test_another_role_ends_the_sessions_of_the_former_one(site: Site, as_staff: Staff) -> None:
    officer, director = as_staff(OFFICER), as_staff(DIRECTOR)
    assert change(officer, "role", DIRECTOR, "officer") == 303
    assert director.get("/desk").status == 401
    assert as_staff(DIRECTOR).get("/desk/staff").status == 200
    assert change(as_staff(DIRECTOR), "role", DIRECTOR, "director") == 303
    assert roles(site.table)[DIRECTOR] == "director"
    assert director.get("/desk").status == 401, "the first role is back, its sessions are not"


@pytest.mark.guards("who is removed is out at once")
def test_every_role_given_is_a_grant_that_no_session_has(site: Site) -> None:
    grants = []
    staff.add(site.table, act(), SECOND, "officer")
    for role in ("director", "officer", "director"):
        kept = site.table.get(keys.staff(SECOND))
        assert kept is not None
        grants.append(kept.body["grant"])
        staff.give_role(site.table, act("change_staff"), SECOND, role)  # type: ignore[arg-type]
    assert len(set(grants)) == 3


@pytest.mark.guards(
    "an officer stays", "not looked at ✓", "the roster over anything ✓ (the last two)"
)
@pytest.mark.parametrize(("do", "role"), [("remove", ""), ("role", "director")])
def test_the_last_officer_stays_and_is_told_why(
    alone: Site, as_staff: Staff, do: str, role: str
) -> None:
    browser = as_staff(OFFICER)
    page = browser.get("/desk/staff")
    reply = browser.submit(page, "/staff", do=do, email=OFFICER, role=role)
    assert reply.status == 422
    assert "cán bộ duy nhất còn lại" in text(reply)
    assert roles(alone.table)[OFFICER] == "officer"
    assert on_record(alone) == []
    assert browser.get("/desk/staff").status == 200


@pytest.mark.guards(
    "an account's mailbox is read as a unit's is", "a pattern of the page's own ✓ (three cases)"
)
@pytest.mark.parametrize(
    ("do", "email", "role", "told"),
    [
        ("add", "", "officer", "nhập địa chỉ thư điện tử"),
        ("add", "không phải thư", "officer", "nhập địa chỉ thư điện tử"),
        ("add", "a@b.example,c@d.example", "officer", "nhập địa chỉ thư điện tử"),
        ("add", "a\x00@b.example", "officer", "nhập địa chỉ thư điện tử"),
        ("add", ".moi@so.example", "officer", "nhập địa chỉ thư điện tử"),
        ("add", "moi..hai@so.example", "officer", "nhập địa chỉ thư điện tử"),
        ("add", "moi@-so.example", "officer", "nhập địa chỉ thư điện tử"),
        ("add", f"{'a' * 200}@b.example", "officer", "nhập địa chỉ thư điện tử"),
        ("add", SECOND, "unit", "chọn vai trò"),
        ("add", SECOND, "", "chọn vai trò"),
        ("add", DIRECTOR, "officer", "đã có tài khoản"),
        ("role", SECOND, "officer", "Không còn tài khoản này"),
        ("remove", SECOND, "", "Không còn tài khoản này"),
        ("drop", SECOND, "", "chọn việc cần làm"),
        ("", "", "", "chọn việc cần làm"),
    ],
)
def test_bad_input_is_told_what_is_wrong_and_changes_nothing(
    site: Site, as_staff: Staff, do: str, email: str, role: str, told: str
) -> None:
    before = roles(site.table)
    browser = as_staff(OFFICER)
    reply = browser.submit(browser.get("/desk/staff"), "/staff", do=do, email=email, role=role)
    assert reply.status == 422
    assert told in text(reply)
    assert roles(site.table) == before
    if do == "add" and email:
        assert f'value="{email}"' in reply.body.decode()


def test_every_change_is_on_record(site: Site, as_staff: Staff) -> None:
    browser = as_staff(OFFICER)
    change(browser, "add", SECOND, "director")
    change(browser, "role", SECOND, "officer")
    change(browser, "role", SECOND, "officer")
    change(browser, "remove", SECOND)
    found = {one.verb: (one.who, one.detail) for one in on_record(site)}
    assert found == {
        "add_staff": (OFFICER, {"account": SECOND, "role": "director"}),
        "change_staff": (OFFICER, {"account": SECOND, "role": "officer"}),
        "remove_staff": (OFFICER, {"account": SECOND, "former": "officer"}),
    }
    log = text(browser.get("/desk/staff/audit"))
    assert f"tài khoản: {SECOND}; vai trò: Giám đốc" in log
    assert "Gỡ tài khoản cán bộ" in log


def test_the_samples_bring_no_removed_account_back(site: Site, as_staff: Staff) -> None:
    change(as_staff(OFFICER), "remove", DIRECTOR)
    samples.load_all(site)
    assert DIRECTOR not in roles(site.table)


def test_the_sdks_second_try_of_any_call_of_a_change_is_the_same_change(site: Site) -> None:
    calls = Calls()
    faulty = FaultyTable(site.table, calls)
    for place in range(5):
        calls.arm(place, "again")
        staff.add(faulty, act(), SECOND, "officer")
        staff.remove(faulty, act("remove_staff"), SECOND)
        assert SECOND not in roles(site.table)


@pytest.mark.guards("an officer stays")
def test_a_role_given_while_another_is_removed_is_judged_again(alone: Site) -> None:
    """The reading is old by the time of the write: the roster says so."""
    staff.add(alone.table, act(), SECOND, "officer")
    calls = Calls()
    faulty = FaultyTable(alone.table, calls)
    calls.arm(2, "before", lambda: staff.remove(alone.table, act("remove_staff"), OFFICER))
    with pytest.raises(NotChanged, match="last_officer"):
        staff.give_role(faulty, act("change_staff"), SECOND, "director")
    assert calls.fired
    assert [email for email, role in roles(alone.table).items() if role == "officer"] == [SECOND]


@pytest.fixture(params=["sqlite", "dynamodb"])
def raced(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Table]:
    if request.param == "dynamodb":
        yield on_aws(request.getfixturevalue("ministack"), clock).table
        return
    from chalicelib.edges.embedded import SqliteTable

    table = SqliteTable(tmp_path / "raced.sqlite3")
    yield table
    table.close()


@pytest.mark.guards("an officer stays")
@pytest.mark.soak
def test_of_officers_who_remove_one_another_at_one_moment_one_stays(
    raced: Table, figure: Figure
) -> None:
    turns, chance = size(6, 25), random.Random(3)  # noqa: S311 - repeatable
    kept, last = 0, ""
    for turn in range(turns):
        names = [f"cb{turn}-{place}@so.example" for place in range(4)]
        for name in names:
            staff.add(raced, act(), name, "officer")
        if last:
            staff.remove(raced, act("remove_staff"), last)
        orders = [chance.sample(names, 4) for _ in range(4)]

        def remove(place: int, orders: list[list[str]] = orders) -> None:
            for name in orders[place]:
                try:
                    if place % 2:
                        staff.remove(raced, act("remove_staff"), name)
                    else:
                        staff.give_role(raced, act("change_staff"), name, "director")
                except (NotChanged, Conflict):
                    continue

        parallel(4, remove)
        officers = [email for email, role in roles(raced).items() if role == "officer"]
        assert len(officers) >= 1
        kept += len(officers) == 1
        last = officers[0]
        for name in [name for name in roles(raced) if name != last]:
            staff.remove(raced, act("remove_staff"), name)
    assert kept, "the race came down to the last one at least once"
    figure("turns", turns, "came down to one", kept, "without an officer 0")
