"""Mailboxes that bounce or complain: marked as SES says it, and mailed no more for a while."""

import json
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest

import app
from chalicelib.edges.ports import NotSent, Site
from chalicelib.jobs import bounces
from chalicelib.store import item_kinds, unreachable
from infra.visitor import Visitor
from tests.conftest import Clock

BOX = "vanthu@truong-a.example"


def bounce(kind: str = "Permanent", *addresses: str) -> str:
    each = [{"emailAddress": one} for one in addresses or (BOX,)]
    return json.dumps(
        {"eventType": "Bounce", "bounce": {"bounceType": kind, "bouncedRecipients": each}}
    )


def complaint(*addresses: str) -> str:
    each = [{"emailAddress": one} for one in addresses]
    return json.dumps({"eventType": "Complaint", "complaint": {"complainedRecipients": each}})


def test_a_mailbox_that_is_gone_is_marked_however_it_is_written(site: Site, clock: Clock) -> None:
    message = bounce("Permanent", f"Văn thư <{BOX.upper()}>", "x@b.example")
    assert bounces.take(site.table, message, clock.now) == 2
    assert unreachable.why(site.table, BOX, clock.now) == "bounce"
    assert unreachable.why(site.table, BOX.title(), clock.now) == "bounce"
    assert unreachable.why(site.table, "y@b.example", clock.now) == ""


@pytest.mark.guards("… no address hides its own line; links that were replaced are not counted")
@pytest.mark.parametrize("strange", ["văn@a.example", "a\x1b@a.example", "a" * 400 + "@a.example"])
def test_what_no_key_may_hold_is_not_marked(site: Site, clock: Clock, strange: str) -> None:
    assert bounces.take(site.table, bounce("Permanent", strange, "o'a#b@b.example"), clock.now) == 1
    assert [item_kinds.of(one.key).name for one in site.table.everything()].count(
        "unreachable"
    ) == 1


def test_who_complains_is_left_in_peace_for_a_year(site: Site, clock: Clock) -> None:
    bounces.take(site.table, complaint(BOX), clock.now)
    assert unreachable.why(site.table, BOX, clock.now + timedelta(days=364)) == "complaint"
    assert unreachable.why(site.table, BOX, clock.now + timedelta(days=365)) == ""


@pytest.mark.guards("a mailbox that bounces is mailed no more for a while")
def test_a_mark_of_a_bounce_ends_by_the_clock_after_a_month(site: Site, clock: Clock) -> None:
    bounces.take(site.table, bounce(), clock.now)
    assert unreachable.why(site.table, BOX, clock.now + timedelta(days=29)) == "bounce"
    assert unreachable.why(site.table, BOX, clock.now + timedelta(days=30)) == ""


@pytest.mark.guards("a mailbox that bounces is mailed no more for a while")
@pytest.mark.parametrize("kind", ["Transient", "Undetermined"])
def test_a_full_mailbox_is_no_reason(site: Site, clock: Clock, kind: str) -> None:
    assert bounces.take(site.table, bounce(kind), clock.now) == 0
    assert unreachable.why(site.table, BOX, clock.now) == ""


@pytest.mark.parametrize(
    "message",
    [
        "rubbish",
        "[]",
        "{}",
        '{"eventType": "Bounce"}',
        '{"eventType": "Bounce", "bounce": 1}',
        '{"eventType": "Complaint", "complaint": {"complainedRecipients": [7]}}',
    ],
)
def test_what_is_no_event_of_ses_fails_so_that_somebody_looks(
    site: Site, clock: Clock, message: str
) -> None:
    with pytest.raises(ValueError, match=r"no event of SES|Expecting value"):
        bounces.take(site.table, message, clock.now)


@pytest.mark.guards(
    "a mailbox that bounces is mailed no more for a while",
    "marks not looked at ✓",
    "a full mailbox marked ✓",
    "a mark without end ✓",
)
def test_no_mail_goes_to_a_marked_mailbox_and_others_get_theirs(
    site: Site, clock: Clock, outbox: Callable[[], list[EmailMessage]]
) -> None:
    careful = bounces.careful(site)
    bounces.take(site.table, bounce(), clock.now)
    with pytest.raises(NotSent, match="bounce"):
        careful.mail.send(BOX, "Báo cáo", "Nội dung", clock.now)
    careful.mail.send("x@b.example", "Báo cáo", "Nội dung", clock.now)
    assert [mail["To"] for mail in outbox()] == ["x@b.example"]


def test_who_asks_to_sign_in_is_told_nothing_of_a_mark(
    site: Site, clock: Clock, visitor: Callable[[], Visitor]
) -> None:
    browser = visitor()
    app.use(bounces.careful(site))
    bounces.take(site.table, bounce("Permanent", "giamdoc@vinhlong.example"), clock.now)
    known, unknown = (
        browser.submit(browser.get("/signin"), "/signin", email=email)
        for email in ("giamdoc@vinhlong.example", "nobody@vinhlong.example")
    )
    assert (known.status, unknown.status) == (200, 200)


def test_the_function_takes_what_sns_hands_it(site: Site, clock: Clock) -> None:
    app.use(site)
    event: Any = {"Records": [{"Sns": {"Message": bounce()}}, {"Sns": {"Message": complaint(BOX)}}]}
    app.bounced(event, None)
    assert unreachable.why(site.table, BOX, clock.now) == "complaint"
