"""What runs have left in the queue of a stage: shown, and handed to its function once more."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Invoke = Callable[[str, bytes], None]  # a function's ARN, its event
Say = Callable[[str], None]

_HIDDEN_SECONDS = 120  # from another who looks at the same moment
_PATIENCE = 2  # seconds that SQS asks all of its places for


@dataclass(frozen=True, slots=True)
class Left:
    """One event that failed for good, as Lambda's OnFailure writes it."""

    receipt: str
    function: str
    event: Any
    at: str
    error: str

    @property
    def shown(self) -> str:
        """Without the event of a bounced mail: that holds addresses."""
        name = self.function.partition(":function:")[2].partition(":")[0]
        period = ""
        if isinstance(self.event, dict) and "period" in self.event:
            period = f" {self.event.get('programme')}/{self.event['period']}"
        return f"{self.at} {name}{period}: {self.error}"


def left(queue: Any, url: str) -> Iterator[Left]:
    """Every message once, until the queue shows no more. Each is hidden for a while.

    A queue may show nothing at first though something lies there: so we wait a little for it.
    """
    known = set[str]()
    while True:
        reply = queue.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=_HIDDEN_SECONDS,
            WaitTimeSeconds=_PATIENCE,
        )
        found = [one for one in reply.get("Messages", []) if one["MessageId"] not in known]
        if not found:
            return
        for message in found:
            known.add(message["MessageId"])
            yield _left(message)


def _left(message: Any) -> Left:
    try:
        told = json.loads(message["Body"])
        error = told.get("responsePayload") or {}
        said = f"{error.get('errorType', 'no answer')} {error.get('errorMessage', '')}".strip()
        arn = told["requestContext"]["functionArn"]
        return Left(message["ReceiptHandle"], arn, told["requestPayload"], told["timestamp"], said)
    except (ValueError, KeyError, TypeError, AttributeError):
        return Left(message["ReceiptHandle"], "", None, "–", "a message that no run of ours left")


def look(queue: Any, url: str, say: Say) -> int:
    """Say what lies there, and leave it there. How many."""
    found = list(left(queue, url))
    for one in found:
        say(one.shown)
        queue.change_message_visibility(
            QueueUrl=url, ReceiptHandle=one.receipt, VisibilityTimeout=0
        )
    return len(found)


def again(queue: Any, url: str, invoke: Invoke, say: Say) -> int:
    """Hand each to its function, then take it off the queue: cut off, one goes twice, none is
    lost, and a run that goes twice is harmless. What is not ours stays. How many."""
    count = 0
    for one in left(queue, url):
        say(one.shown)
        if one.function:
            invoke(one.function, json.dumps(one.event).encode())
            queue.delete_message(QueueUrl=url, ReceiptHandle=one.receipt)
            count += 1
    return count
