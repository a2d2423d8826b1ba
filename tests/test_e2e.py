"""The real package on emulated AWS, from `make deploy` to the director's workbook, over HTTP."""

import json
import os
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.store import keys
from infra.gateway import Reply
from infra.package import Package
from infra.visitor import Visitor
from tests.conftest import Figure
from tests.deployed import DIRECTOR, OFFICER, STORY, Deployed, P, deployed, mailbox, until
from tests.independent import Raw, assert_equal, assert_in_the_workbook, independent
from tests.ministack import NoMinistack
from tests.unit_files import book, upload

pytestmark = pytest.mark.e2e

CODES = ["T01", "T02", "T03", "G01"]


@pytest.fixture(
    scope="module",
    params=[pytest.param(False, id="open"), pytest.param(True, id="strict")],
)
def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, made: Package
) -> Iterator[Deployed]:
    """Once with every call allowed, and once under the policies of the functions."""
    try:
        folder = tmp_path_factory.mktemp("e2e")
        with deployed(folder, made, CODES, strict=request.param) as found:
            yield found
    except NoMinistack as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))


def test_a_stage_deployed_twice_keeps_its_package(stage: Deployed) -> None:
    assert not [line for line in stage.said if line.startswith("uploading") and "MB" in line]


def test_staff_sign_in_by_the_mailed_link_and_by_the_code(stage: Deployed) -> None:
    assert "Đăng xuất" in stage.signed_in(OFFICER).get(f"{stage.prefix}/desk").body.decode()
    browser, mail, asked = stage.asked_for_a_mail(DIRECTOR)
    (code,) = re.findall(r"\b\d{6}\b", str(mail.get_content()))
    home = browser.follow(browser.submit(asked, "/signin/code", code=code))
    assert (home.status, "Đăng xuất" in home.body.decode()) == (200, True)


# ------------------------------------------------------------------ a period, from list to workbook

TWENTY = [f"T{place}" for place in range(11, 31)]
DOUBLE = TWENTY[::4]  # those who tap twice


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


def the_list_is_imported(stage: Deployed, officer: Visitor) -> None:
    heads = ("Mã", "Tên đơn vị", "Khối", "STT", "Email", "Từ ngày")
    rows = [
        (code, f"Trường THPT số {code}", "THPT", place, mailbox(code), date(2020, 1, 1))
        for place, code in enumerate(TWENTY, 10)
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
    raw = stage.raw()
    return {code: len(raw.under(f"REPORT#{P}#{STORY}#{code}", "VERSION#")) for code in links}


def the_schedule_fires(stage: Deployed) -> int:
    """The deployed rule, with its target and its permission, at a shorter rate. After how long."""
    client, name = stage.client("events"), stage.there["HourlyHourlyEvent"]
    assert client.describe_rule(Name=name)["ScheduleExpression"] == "rate(1 hour)"
    assert stage.item(keys.summary(P, STORY)) is None
    began = datetime.now(UTC)
    client.put_rule(Name=name, ScheduleExpression="rate(1 minute)")
    try:
        until(lambda: stage.item(keys.summary(P, STORY)))
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
