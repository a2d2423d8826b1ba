"""A period on the deployed stage, from the mailed link to the director's workbook, over HTTP.

First of all files here: after runs were killed, its schedule was not seen to fire within its time.
"""

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.store import keys
from infra.visitor import Visitor
from tests.conftest import Figure
from tests.deployed import DIRECTOR, OFFICER, STORY, Deployed, P, mailbox, until
from tests.independent import assert_equal, assert_in_the_workbook, independent
from tests.stage import nothing_was_refused, versions
from tests.unit_files import book, upload

pytestmark = pytest.mark.e2e
TWENTY = [f"T{place}" for place in range(21, 41)]
DOUBLE = TWENTY[::4]  # those who tap twice


@pytest.mark.guards(
    "the deployed package, over HTTP: sign-in from the mail, twenty at once with double taps, "
    "the schedule by itself, the director’s workbook",
    "pages without the stage’s prefix ✓ (the first)",
    "a policy without one action ✓ (the second, `[strict]`)",
)
def test_staff_sign_in_by_the_mailed_link_and_by_the_code(stage: Deployed) -> None:
    assert "Đăng xuất" in stage.signed_in(OFFICER).get(f"{stage.prefix}/desk").body.decode()
    browser, mail, asked = stage.asked_for_a_mail(DIRECTOR)
    (code,) = re.findall(r"\b\d{6}\b", str(mail.get_content()))
    home = browser.follow(browser.submit(asked, "/signin/code", code=code))
    assert (home.status, "Đăng xuất" in home.body.decode()) == (200, True)


@pytest.mark.guards(
    "the deployed package, over HTTP: sign-in from the mail, twenty at once with double taps, "
    "the schedule by itself, the director’s workbook"
)
def test_twenty_units_send_at_once_the_schedule_sums_by_itself_and_the_director_has_the_workbook(
    stage: Deployed, figure: Figure
) -> None:
    officer = stage.signed_in(OFFICER)
    the_list_is_imported(stage, officer)
    links = links_are_mailed(stage, officer)
    versions = all_send_at_once(stage, links)
    assert versions == dict.fromkeys(TWENTY, 1)
    seconds = the_schedule_fires(stage)
    figure("units", len(TWENTY), "double taps", len(DOUBLE), "summed", seconds, "s later")
    the_director_has_the_workbook(stage)
    nothing_was_refused(stage)


def the_list_is_imported(stage: Deployed, officer: Visitor) -> None:
    heads = ("Mã", "Tên đơn vị", "Khối", "STT", "Email", "Từ ngày")
    rows = [
        (code, f"Trường THPT số {code}", "THPT", place, mailbox(code), date(2020, 1, 1))
        for place, code in enumerate(TWENTY, 20)
    ]
    page = officer.get(f"{stage.prefix}/desk/{P}/units/import")
    seen = upload(officer, page, book(rows, heads))
    assert f"Mới ({len(TWENTY)})" in seen.body.decode()
    done = officer.follow(officer.submit(seen, "confirm"))
    assert "Đã ghi danh sách mới" in done.body.decode()


def links_are_mailed(stage: Deployed, officer: Visitor) -> dict[str, str]:
    """Unit -> the path of the link in its mail."""
    for act in ("issue", "mail"):
        page = officer.get(f"{stage.prefix}/desk/{P}/links")
        shown = officer.follow(officer.submit(page, "/links", which="all", do=act))
        assert shown.status == 200
    while "Gửi tiếp" in shown.body.decode():  # a slow machine sends them in slices
        shown = officer.follow(officer.submit(shown, "/links/mail"))
    mails = {code: stage.mails(mailbox(code)) for code in TWENTY}
    assert {len(found) for found in mails.values()} == {1}
    return {code: stage.link_in(mail, "u") for code, (mail,) in mails.items()}


def all_send_at_once(stage: Deployed, links: dict[str, str]) -> dict[str, int]:
    """Unit -> how many versions are kept. Each has its receipt, those who tap twice the same."""
    together = threading.Barrier(len(links))

    def one(code: str) -> set[str]:
        browser = stage.entered(links[code])
        check = stage.at_the_check_page(browser, STORY, code)
        together.wait(timeout=120)
        taps = 2 if code in DOUBLE else 1
        with ThreadPoolExecutor(taps) as fingers:
            sent = list(fingers.map(lambda _: stage.send(browser, check), range(taps)))
        assert [reply.status for reply in sent] == [303] * taps
        (receipt,) = {reply.header("location") for reply in sent}
        assert "Xác nhận đã gửi báo cáo" in browser.get(receipt).body.decode()
        return {receipt}

    with ThreadPoolExecutor(len(links)) as people:
        receipts = list(people.map(one, links))
    assert receipts == [{f"{stage.prefix}/report/{STORY}/receipt/1"}] * len(links)
    return {code: versions(stage, code, STORY) for code in links}


def the_schedule_fires(stage: Deployed) -> int:
    """The deployed rule, with its target and its permission, at a shorter rate. After how long."""
    client, name = stage.client("events"), stage.there["HourlyHourlyEvent"]
    assert client.describe_rule(Name=name)["ScheduleExpression"] == "rate(1 hour)"
    before, began = stage.item(keys.summary(P, STORY)), datetime.now(UTC)
    client.put_rule(Name=name, ScheduleExpression="rate(1 minute)")
    try:
        until(lambda: stage.item(keys.summary(P, STORY)) != before)
    finally:
        client.put_rule(Name=name, ScheduleExpression="rate(1 hour)")
    return round((datetime.now(UTC) - began).total_seconds())


def the_director_has_the_workbook(stage: Deployed) -> None:
    director, desk = stage.signed_in(DIRECTOR), f"/desk/{P}/{STORY}"
    right = independent(stage.raw(), P, STORY)
    assert right["received"] == len(TWENTY)
    page = director.get(f"{stage.prefix}{desk}").body.decode()
    assert f"<b>{len(TWENTY)}/{right['expected']}</b>" in page
    whole = json.loads(director.get(f"{stage.prefix}{desk}/summary.json").body)
    assert_equal(whole, right)
    link, workbook = stage.downloaded(director, f"{desk}/summary.xlsx")
    assert assert_in_the_workbook(workbook, whole, right) > 30
    assert "X-Amz-Signature" in parse_qs(urlsplit(link).query)
    status, _ = stage.fetched(re.sub(r"(Signature=)\w{8}", r"\g<1>00000000", link))
    assert status == 403
