"""What failed for good: shown and left, or tried again and taken off, on emulated AWS."""

import json
import secrets
from typing import Any

import pytest

from infra import left_over
from tests.ministack import Ministack

ARN = "arn:aws:lambda:ap-southeast-1:000000000000:function:baocao-dev-Period-1:$LATEST"


def failed(period: str) -> str:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"""
    return json.dumps(
        {
            "version": "1.0",
            "timestamp": "2026-11-25T03:00:00.000Z",
            "requestContext": {"functionArn": ARN, "condition": "RetriesExhausted"},
            "requestPayload": {"programme": "thi-dua", "period": period, "run": "r1"},
            "responsePayload": {"errorMessage": "the table is busy", "errorType": "Busy"},
        }
    )


@pytest.fixture
def queue(ministack: Ministack) -> tuple[Any, str]:
    client = ministack.client("sqs")
    return client, client.create_queue(QueueName=f"left-{secrets.token_hex(4)}")["QueueUrl"]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The emulator's queue has one place: there is nothing to wait for."""
    monkeypatch.setattr(left_over, "_PATIENCE", 0)


def put(queue: tuple[Any, str], *bodies: str) -> None:
    for body in bodies:
        queue[0].send_message(QueueUrl=queue[1], MessageBody=body)


def lying(queue: tuple[Any, str]) -> int:
    """Seen or hidden for a while."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = queue[0].get_queue_attributes(QueueUrl=queue[1], AttributeNames=names)["Attributes"]
    return sum(map(int, told.values()))


def test_looking_says_what_failed_and_why_and_leaves_it(queue: tuple[Any, str]) -> None:
    put(queue, *(failed(f"2026-M{n:02}") for n in range(1, 13)))
    for _ in range(2):
        said: list[str] = []
        assert left_over.look(*queue, said.append) == 12
        assert (
            "2026-11-25T03:00:00.000Z baocao-dev-Period-1 thi-dua/2026-M01: Busy the table is busy"
        ) in said


@pytest.mark.guards(
    "what failed for good is tried again and none is lost",
    "never taken off ✓ (the first)",
    "taken off before it is handed over ✓ (the second)",
)
def test_trying_again_hands_each_event_over_once_and_empties_the_queue(
    queue: tuple[Any, str],
) -> None:
    put(queue, failed("2026-Q3"), failed("2026-Q4"))
    handed: list[tuple[str, Any]] = []
    invoke = lambda arn, event: handed.append((arn, json.loads(event)))  # noqa: E731
    assert left_over.again(*queue, invoke, lambda _: None) == 2
    assert sorted(event["period"] for _, event in handed) == ["2026-Q3", "2026-Q4"]
    assert {arn for arn, _ in handed} == {ARN}
    assert lying(queue) == 0


@pytest.mark.guards(
    "a message of the queue that comes twice is handed over once",
    "known ones taken again ✓ (it never ends)",
)
def test_a_message_that_comes_twice_is_shown_and_handed_over_once() -> None:
    class Queue:
        """One that takes so long that what was hidden shows again."""

        asked: int = 0

        def receive_message(self, **_: Any) -> dict[str, Any]:
            self.asked += 1
            names = ("a", "b") if self.asked == 1 else ("b", "c") if self.asked == 2 else ("a",)
            return {"Messages": [message(name) for name in names]}

        def delete_message(self, **asked: str) -> None:
            pass

    def message(name: str) -> dict[str, str]:
        return {"MessageId": name, "ReceiptHandle": name, "Body": failed(name)}

    handed: list[str] = []
    invoke = lambda _, event: handed.append(json.loads(event)["period"])  # noqa: E731
    assert left_over.again(Queue(), "", invoke, lambda _: None) == 3
    assert handed == ["a", "b", "c"]


@pytest.mark.guards("what failed for good is tried again and none is lost")
def test_what_can_not_be_handed_over_stays(queue: tuple[Any, str]) -> None:
    put(queue, failed("2026-Q4"))

    def invoke(_: str, __: bytes) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        left_over.again(*queue, invoke, lambda _: None)
    assert lying(queue) == 1


@pytest.mark.parametrize("body", ["", "no json", "[]", "{}", '{"requestContext": 1}'])
def test_a_foreign_message_is_said_and_stays(queue: tuple[Any, str], body: str) -> None:
    put(queue, body or " ")
    said: list[str] = []
    assert left_over.again(*queue, lambda _, __: None, said.append) == 0
    assert said == ["– : a message that no run of ours left"]
    assert lying(queue) == 1


def test_addresses_of_a_bounced_mail_are_not_shown() -> None:
    told = json.loads(failed("x"))
    told["requestPayload"] = {"Records": [{"Sns": {"Message": "a@b.example"}}]}
    one = left_over._left({"ReceiptHandle": "r", "Body": json.dumps(told)})
    assert "a@b.example" not in one.shown
