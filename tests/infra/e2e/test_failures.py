"""What fails on the deployed stage is left over with its error, and the next run is whole."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.edges.table import Key
from chalicelib.store import keys
from tests.deployed import BROKEN, OFFICER, Deployed, P, mailbox, until
from tests.independent import assert_equal, independent
from tests.stage import nothing_was_refused, received, send_one, summed

pytestmark = pytest.mark.e2e


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
