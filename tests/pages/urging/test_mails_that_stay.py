"""Only a mail that has left the machine is said to be sent; elsewhere it lies in a folder."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import app
from chalicelib.edges import embedded
from chalicelib.edges.ports import Site
from chalicelib.rules.units.contact import Contact
from infra.gateway import Reply
from infra.visitor import Visitor
from tests.conftest import HERE, NEW, Clock
from tests.pages.links.test_links import press
from tests.pages.unit.test_form import Q4, sent, text
from tests.pages.urging.test_urging import OFFICER, URGE, keep_contact

STAYS = "hộp thư đi"


@pytest.fixture(params=[False, True], ids=["stays", "leaves"])
def leaves(site: Site, visitor: Callable[[], Visitor], request: pytest.FixtureRequest) -> bool:
    """Whether mails leave this machine; every page is of that installation."""
    assert visitor  # which serves the site that this one takes the place of
    app.use(replace(site, mails_leave=request.param))
    return bool(request.param)


def said_truly(page: Reply, sent_word: str, *, leaves: bool) -> None:
    said = text(page)
    assert (sent_word in said) is leaves
    assert (STAYS in said) is not leaves


@pytest.mark.guards(
    "a mail is said to be sent only where it left the machine", "every folder a mail server ✓"
)
def test_urging_says_what_became_of_its_mails(
    leaves: bool, as_staff: Callable[..., Visitor]
) -> None:
    desk = as_staff(OFFICER)
    preview = desk.submit(desk.get(URGE), "/urge", **{"unit.T01": "1"})
    done = desk.follow(desk.submit(preview, "/begin"))
    said_truly(done, "✓ Đã gửi thư", leaves=leaves)
    for page in (URGE, f"{URGE}/log"):
        said_truly(desk.get(page), "Đã gửi thư", leaves=leaves)


@pytest.mark.guards("a mail is said to be sent only where it left the machine")
def test_the_mails_with_links_say_it_too(
    leaves: bool, as_staff: Callable[..., Visitor], clock: Clock
) -> None:
    desk = as_staff(OFFICER)
    done = press(desk, clock, "mail", "T01")
    page = desk.follow(done) if done.status == 303 else done
    assert (" Đã gửi " in text(page)) is leaves
    assert (STAYS in text(page)) is not leaves


@pytest.mark.guards("a mail is said to be sent only where it left the machine")
def test_a_decision_says_it_too(
    site: Site, leaves: bool, as_staff: Callable[..., Visitor], as_unit: Callable[..., Visitor]
) -> None:
    keep_contact(site, "T01", Contact(mailbox="t01@truong.example"))
    sent(site, as_unit("T01"), i1_5="12")
    desk, where = as_staff(OFFICER), f"/desk/{NEW}/{Q4}/reports/T01"
    page = desk.get(where)
    done = desk.submit(page, where, do="return", general="Rà soát", due="20/12/2026")
    said_truly(desk.follow(done), "Đã gửi thư báo đến", leaves=leaves)
    said_truly(desk.get(f"{where}/notice"), "Đã gửi thư báo đến", leaves=leaves)


@pytest.mark.guards("a mail is said to be sent only where it left the machine")
def test_a_new_colleague_is_said_to_be_told_only_by_a_mail_that_left(
    leaves: bool, as_staff: Callable[..., Visitor]
) -> None:
    desk = as_staff(OFFICER)
    page = desk.get("/desk/staff")
    done = desk.submit(page, "/desk/staff", do="add", email="moi@so.example", role="officer")
    said_truly(desk.follow(done), "Đã gửi thư hướng dẫn đăng nhập", leaves=leaves)


@pytest.mark.guards("a mail is said to be sent only where it left the machine")
def test_who_waits_for_a_mail_is_told_where_it_lies(
    leaves: bool, visitor: Callable[[], Visitor]
) -> None:
    browser = visitor()
    asked = browser.submit(browser.get("/signin"), "/signin", email=OFFICER)
    for page in (browser.get("/links"), browser.follow(asked) if asked.status == 303 else asked):
        assert (STAYS in text(page)) is not leaves


@pytest.mark.guards(
    "a mail is said to be sent only where it left the machine", "every folder a mail server ✓"
)
def test_a_folder_is_no_mail_server(tmp_path: Path, clock: Clock) -> None:
    folder = embedded.open_site(tmp_path, HERE, clock, {})
    assert [folder.mail_end(end) for end in ("sent", "failed")] == ["written", "failed"]
    served = embedded.open_site(
        tmp_path, HERE, clock, {"SMTP_URL": "smtp://127.0.0.1:25", "SENDER": "a@so.example"}
    )
    assert served.mail_end("sent") == "sent"
