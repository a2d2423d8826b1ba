"""The real package on emulated AWS, from `make deploy` to the director's workbook, over HTTP."""

import json
import os
import re
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from itertools import product
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError

from chalicelib.edges.table import Key
from chalicelib.store import keys
from infra.visitor import Visitor
from tests.conftest import Figure
from tests.deployed import (
    BROKEN,
    DIRECTOR,
    KILLED,
    OFFICER,
    SENDER,
    STORY,
    Deployed,
    P,
    deployed,
    mailbox,
    until,
)
from tests.held_line import credentials, held, kill, processes
from tests.independent import assert_equal, assert_in_the_workbook, independent
from tests.ministack import REGION, NoMinistack
from tests.unit_files import book, upload

pytestmark = pytest.mark.e2e

CODES = [f"T{place:02}" for place in range(1, 13)]  # of the folder; each story takes its own


@pytest.fixture(
    scope="module",
    params=[pytest.param(False, id="open"), pytest.param(True, id="strict")],
)
def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployed]:
    """Once with every call allowed, and once under the policies of the functions."""
    try:
        folder = tmp_path_factory.mktemp("e2e")
        with deployed(folder, CODES, strict=request.param) as found:
            yield found
    except NoMinistack as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))


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


# ------------------------------------------------------------------ a period, from list to workbook

TWENTY = [f"T{place}" for place in range(21, 41)]
DOUBLE = TWENTY[::4]  # those who tap twice


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


def nothing_was_refused(stage: Deployed) -> None:
    """Also where the product goes on without: a mail, a mark on an old file."""
    for group in ("ApiLog", "ScheduleLog", "PeriodLog", "MailerLog", "BouncedLog"):
        assert "AccessDenied" not in stage.logged(group)


# ------------------------------------------------------------------ what fails is left over


@pytest.mark.guards(
    "what fails on AWS is left over with its error, the next run is whole; a bounce marks",
    "`period` without its destination ✓, the greatest for the sum ✓ (the first)",
    "marks not looked at ✓ (the second)",
)
def test_a_period_that_can_not_be_summed_is_left_over_and_the_next_run_is_whole(
    stage: Deployed,
) -> None:
    send_one(stage, "T01", BROKEN)
    stage.tick()
    until(lambda: received(stage, BROKEN) == 1)
    send_one(stage, "T02", BROKEN)
    key = keys.texts(P, BROKEN, "T01")
    whole = spoil(stage, key, '{"texts": ')
    try:
        stage.tick()
        left = until(lambda: [one for one in stage.left_over() if of_period(one)])
        assert [of_period(one) for one in left] == [BROKEN]
        assert left[0]["requestContext"]["condition"] == "RetriesExhausted"
        assert "Expecting value" in left[0]["responsePayload"]["errorMessage"]
        assert received(stage, BROKEN) == 1
    finally:
        spoil(stage, key, whole)
    stage.tick()
    until(lambda: received(stage, BROKEN) == 2)
    assert_equal(summed(stage, BROKEN), independent(stage.raw(), P, BROKEN))
    nothing_was_refused(stage)


def of_period(left: Mapping[str, Any]) -> str:
    return str(left["requestPayload"].get("period", ""))


def send_one(stage: Deployed, code: str, period: str) -> None:
    browser = stage.entered(stage.links[code])
    sent = stage.send(browser, stage.at_the_check_page(browser, period, code))
    assert sent.status == 303


def spoil(stage: Deployed, key: Key, body: str) -> str:
    """Put this in the item's place for its content, as no write of the product would. The old."""
    reply = stage.client("dynamodb").update_item(
        TableName=stage.there["Table"],
        Key={"pk": {"S": key.partition}, "sk": {"S": key.sort}},
        UpdateExpression="SET body = :body",
        ExpressionAttributeValues={":body": {"S": body}},
        ReturnValues="UPDATED_OLD",
    )
    return str(reply["Attributes"]["body"]["S"])


def received(stage: Deployed, period: str) -> int:
    """By the stored summary; none is as good as one without reports."""
    return int(summed(stage, period)["received"]) if stage.item(keys.summary(P, period)) else 0


def summed(stage: Deployed, period: str) -> dict[str, Any]:
    """The stored summary that its item points to, with the owner's eyes."""
    item = stage.item(keys.summary(P, period))
    assert item is not None
    name = json.loads(str(item.body["files"]))["json"]
    kept = stage.client("s3").get_object(Bucket=stage.there["Files"], Key=name)
    found: dict[str, Any] = json.loads(kept["Body"].read())
    return found


@pytest.mark.guards(
    "what fails on AWS is left over with its error, the next run is whole; a bounce marks"
)
def test_a_bounce_marks_the_mailbox_and_a_message_that_is_none_is_left_over(
    stage: Deployed,
) -> None:
    topic, box = stage.there["MailEvents"], mailbox("T03")
    told = {"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}}
    told["bounce"]["bouncedRecipients"] = [{"emailAddress": box}]  # type: ignore[index]
    stage.client("sns").publish(TopicArn=topic, Message=json.dumps(told))
    mark = until(lambda: stage.item(keys.unreachable(box)))
    assert mark.body["why"] == "bounce"
    officer, mails = stage.signed_in(OFFICER), len(stage.mails(box))
    page = officer.get(f"{stage.prefix}/desk/{P}/links")
    shown = officer.submit(page, "/links", which="boxes", do="mail", again="1", **{"unit.T03": "1"})
    assert "Không gửi được" in officer.follow(shown).body.decode()
    assert len(stage.mails(box)) == mails
    # Of its own the emulator lets SNS try once, and forgets: SNS invokes asynchronously.
    stage.invoke("Bounced", {"Records": [{"Sns": {"Message": "rubbish"}}]})
    left = until(lambda: [one for one in stage.left_over() if "Records" in one["requestPayload"]])
    assert "Expecting value" in left[0]["responsePayload"]["errorMessage"]
    nothing_was_refused(stage)


# ------------------------------------------------------------------ kill -9


only_open = pytest.mark.parametrize("stage", [False], ids=["open"], indirect=True)
WRITE = "TransactWriteItems"


@pytest.mark.guards(
    "a Lambda process killed in a send or a run costs nobody a report",
    "no recognition of a content already kept ✓ (the first)",
)
@only_open
def test_of_a_send_whose_process_is_killed_the_second_tap_gets_the_receipt(
    stage: Deployed, figure: Figure
) -> None:
    killed: list[int] = []
    places = [("any", "before"), ("Query", "after"), (WRITE, "before"), (WRITE, "after")]
    with held(stage, "APIHandler") as line:
        for code, (call, when) in zip(CODES[4:8], places, strict=True):
            browser = stage.entered(stage.links[code])
            check = stage.at_the_check_page(browser, KILLED, code)
            line.arm(call, when, lambda: killed.append(kill(stage, "APIHandler")))
            assert stage.send(browser, check).status >= 500
            assert line.done.is_set()
            assert versions(stage, code) == int((call, when) == (WRITE, "after"))
            receipt = stage.send(browser, check)
            assert "Xác nhận đã gửi báo cáo" in browser.follow(receipt).body.decode()
            assert versions(stage, code) == 1
    assert len(killed) == len([one for one in killed if one]) == len(places)
    figure("a process killed in flight and then a receipt", len(killed), "times:", places)


def versions(stage: Deployed, code: str, period: str = KILLED) -> int:
    return len(stage.raw().under(f"REPORT#{P}#{period}#{code}", "VERSION#"))


@pytest.mark.guards("a Lambda process killed in a send or a run costs nobody a report")
@only_open
def test_of_a_scheduled_run_whose_process_is_killed_the_next_is_whole(
    stage: Deployed, figure: Figure
) -> None:
    """Twice: also Lambda's own second try is killed, and the period left over."""
    event = {"programme": P, "period": KILLED, "run": "killed"}  # as the hourly run hands it over
    places = [("PUT xlsx", "after"), (WRITE, "before"), (WRITE, "after")]
    killed: list[int] = []

    def die_at(call: str, when: str) -> None:
        line.arm(call, when, lambda: killed.append(kill(stage, "Period")))

    with held(stage, "Period") as line:
        for code, (call, when) in zip(CODES[9:], places, strict=True):
            send_one(stage, code, KILLED)
            right = independent(stage.raw(), P, KILLED)
            die_at(call, when)
            stage.invoke("Period", event)
            until(line.done.is_set)
            die_at("any", "before")
            until(lambda: [one for one in stage.left_over() if one["requestPayload"] == event])
            assert (received(stage, KILLED) == right["received"]) == (
                (call, when) == (WRITE, "after")
            )
            line.watch()
            stage.tick()
            until(lambda sent=right["received"]: received(stage, KILLED) == sent)  # type: ignore[misc]
            assert_equal(summed(stage, KILLED), right)
    assert len(killed) == len([one for one in killed if one]) == 2 * len(places)
    figure("a process killed in flight and then a whole run", len(killed), "times:", places)


# ------------------------------------------------------------------ what no policy names

only_strict = pytest.mark.parametrize("stage", [True], ids=["strict"], indirect=True)


@pytest.mark.guards(
    "the functions’ policies suffice and no more; mails only as the sender",
    "`ConditionCheckItem` left out ✓ (the first)",
    "`Scan` added ✓ (the second)",
    "any identity",
)
@only_strict
def test_what_a_functions_policy_does_not_name_is_refused(stage: Deployed, figure: Figure) -> None:
    stage.signed_in(OFFICER)
    stage.tick()
    until(lambda: stage.item(keys.summary(P, STORY)))
    stage.client("sns").publish(
        TopicArn=stage.there["MailEvents"], Message=json.dumps({"eventType": "Delivery"})
    )
    until(lambda: processes(stage, "Bounced"))
    table, bucket = {"TableName": stage.there["Table"]}, {"Bucket": stage.there["Files"]}
    key = {"Key": {"pk": {"S": "x"}, "sk": {"S": "x"}}}
    name = {"Name": "/baocao/dev/server-key", "WithDecryption": True}
    allowed = [
        ("APIHandler", "dynamodb", "get_item", table | key),
        ("APIHandler", "ssm", "get_parameter", name),
        ("APIHandler", "s3", "put_object", bucket | {"Key": "units/x", "Body": b"x"}),
        ("Period", "s3", "get_object", bucket | {"Key": "units/x"}),
        ("Hourly", "dynamodb", "get_item", table | key),
    ]
    refused = [
        ("APIHandler", "dynamodb", "scan", table),
        ("APIHandler", "dynamodb", "delete_table", table),
        ("APIHandler", "dynamodb", "batch_write_item", batch(stage)),
        ("APIHandler", "ssm", "get_parameter", name | {"Name": "/baocao/prod/server-key"}),
        (
            "APIHandler",
            "ssm",
            "put_parameter",
            {"Name": name["Name"], "Value": "0", "Type": "String"},
        ),
        ("APIHandler", "s3", "delete_object", bucket | {"Key": "units/x"}),
        (
            "APIHandler",
            "s3",
            "list_objects_v2",
            {"Bucket": "baocao-artefacts-000000000000-" + REGION},
        ),
        ("APIHandler", "lambda", "invoke", {"FunctionName": stage.there["Nightly"]}),
        ("Hourly", "dynamodb", "put_item", table | {"Item": key["Key"]}),
        ("Hourly", "ssm", "get_parameter", name),
        ("Hourly", "s3", "get_object", bucket | {"Key": "units/x"}),
        ("Hourly", "lambda", "invoke", {"FunctionName": stage.there["Bounced"]}),
        ("Period", "dynamodb", "delete_item", table | key),
        ("Period", "s3", "delete_object", bucket | {"Key": "units/x"}),
        ("Bounced", "dynamodb", "get_item", table | key),
        ("Bounced", "s3", "get_object", bucket | {"Key": "units/x"}),
        ("Bounced", "ssm", "get_parameter", name),
    ]
    for function, service, call, asked in allowed:
        assert answered(stage, function, service, call, asked) == "", (function, service, call)
    for function, service, call, asked in refused:
        told = answered(stage, function, service, call, asked)
        assert "AccessDenied" in told, (function, service, call, told)
    figure("allowed", len(allowed), "refused", len(refused))


def batch(stage: Deployed) -> dict[str, Any]:
    item = {"pk": {"S": "x"}, "sk": {"S": "x"}}
    return {"RequestItems": {stage.there["Table"]: [{"PutRequest": {"Item": item}}]}}


def answered(
    stage: Deployed, function: str, service: str, call: str, asked: Mapping[str, Any]
) -> str:
    """The code of the refusal that the function's own credentials get; empty for an answer."""
    client = stage.client(service, keys=credentials(stage, function))
    try:
        getattr(client, call)(**asked)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


@pytest.mark.guards("the functions’ policies suffice and no more; mails only as the sender")
@only_strict
def test_mails_go_out_in_the_senders_name_alone(stage: Deployed) -> None:
    """By the policy itself: the emulator asks for the right to send on `*` (decision 0018)."""
    ours = f"arn:aws:ses:{REGION}:000000000000"
    settings = f"{ours}:configuration-set/{stage.there['MailSettings']}"
    senders, actions = ("ApiHandlerRole", "MailerRole"), ("ses:SendEmail", "ses:SendRawEmail")
    for role, action in product(senders, actions):
        assert stage.may(role, action, f"{ours}:identity/{SENDER}")
        assert stage.may(role, action, settings)
        assert not stage.may(role, action, f"{ours}:identity/other@baocao.example")
        for other in ("HourlyRole", "PeriodRole", "BouncedRole"):
            assert not stage.may(other, action, f"{ours}:identity/{SENDER}")
    for role in senders:
        assert not stage.may(role, "ses:CreateEmailIdentity", f"{ours}:identity/{SENDER}")
