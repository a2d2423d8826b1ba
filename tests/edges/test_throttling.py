"""DynamoDB on a bad day, by botocore's own hooks: throttling, time-outs, conflicts."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from chalicelib.edges.table import Busy
from chalicelib.jobs.summarise import Failed
from chalicelib.rules.reports.states import Refused
from tests.ministack import Ministack
from tests.sizes import Figure, size
from tests.world import UNITS, Start, World, client

FAULTS = ("throttled", "limited", "timed out before", "timed out after")


class BadDay:
    """Faults at a share of the calls of one client, each as DynamoDB or the network makes it."""

    def __init__(self, client: Any, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - repeatable is what is wanted here
        self._client = client
        self.share = 0.0
        self.told: Counter[str] = Counter()
        client.meta.events.register("before-send.dynamodb.*", self._send)

    def end(self) -> None:
        self._client.meta.events.unregister("before-send.dynamodb.*", self._send)

    def _send(self, request: Any, **_: Any) -> AWSResponse | None:
        """None lets the request go on; a response stands for DynamoDB's; raising is the network."""
        self.told["calls"] += 1
        if self._chance.random() >= self.share:
            return None
        operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        writes = operation == "TransactWriteItems"
        fault = (
            "conflict" if writes and self._chance.random() < 0.4 else self._chance.choice(FAULTS)
        )
        self.told[fault] += 1
        match fault:
            case "throttled":
                return _error(request, 400, "ProvisionedThroughputExceededException")
            case "limited":
                return _error(request, 400, "ThrottlingException")
            case "conflict":
                count = len(json.loads(request.body)["TransactItems"])
                reasons = [{"Code": "None"} for _ in range(count)]
                reasons[self._chance.randrange(count)] = {"Code": "TransactionConflict"}
                return _error(request, 400, "TransactionCanceledException", reasons)
            case "timed out before":
                raise ConnectTimeoutError(endpoint_url=request.url)
            case _:
                self._client._endpoint.http_session.send(request)  # done, and nobody hears of it
                raise ReadTimeoutError(endpoint_url=request.url)


def _error(
    request: Any, status: int, code: str, reasons: list[dict[str, str]] | None = None
) -> AWSResponse:
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "planted"}
    whole = json.dumps(body | ({"CancellationReasons": reasons} if reasons else {})).encode()
    raw = SimpleNamespace(stream=lambda: iter([whole]), read=lambda *_: whole)
    return AWSResponse(request.url, status, {"x-amzn-RequestId": "planted"}, raw)


@pytest.fixture
def day(ministack: Ministack, monkeypatch: pytest.MonkeyPatch) -> Iterator[BadDay]:
    """The SDK tries as often as in the product, but doesn't sleep in between."""
    import botocore.endpoint

    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=lambda _: None))
    made = BadDay(client(ministack.port), 11)
    yield made
    made.end()


@pytest.fixture
def world(tmp_path: Path, ministack: Ministack) -> World:
    made = World(Start(tmp_path, port=ministack.port).fresh())
    made.table.committed = lambda _: None  # below this table a write may go through unheard
    return made


@pytest.mark.guards(
    "DynamoDB throttled, timed out, in conflict",
    "a code of throttling not known ✓ (the second)",
    "a time-out taken for done, a conflict not known ✓ (the first)",
)
@pytest.mark.soak
@pytest.mark.parametrize("share", [0.01, 0.1, 0.25, 0.5])
def test_no_fault_of_dynamodb_loses_or_doubles_a_report(
    world: World, day: BadDay, share: float, figure: Figure, caplog: pytest.LogCaptureFixture
) -> None:
    """First sends, corrections, answers; drafts, moves and summaries between them."""
    caplog.set_level("CRITICAL", "baocao")
    chance = random.Random(int(share * 100))  # noqa: S311 - repeatable is what is wanted here
    sends = size(6, 150)
    unanswered = 0
    for turn in range(sends):
        world.now += timedelta(minutes=4)  # no unit sends more often than it may
        unit = chance.choice(UNITS)
        phone = world.phone(unit)
        if world.versions(unit) and chance.random() < 0.3:
            with suppress(Refused):
                world.move(unit, "return")
        check = world.ready(phone, chance.randint(1, 5))
        day.share = share
        sent = world.send(phone, check)
        while phone.unanswered is not None:
            unanswered += 1
            day.share = chance.choice([0.0, share])  # the next tap may come at a better moment
            sent = world.tap_again(phone)
        assert sent.status in (303, 409)
        day.share = share
        with suppress(Busy, Failed):
            world.summarise()
        day.share = 0.0
        if turn % 4 == 0:
            world.audit()
    world.audit()
    assert sum(day.told.values()) > day.told["calls"]
    figure(f"at {share:.0%}: sends {sends}, unanswered {unanswered}, lost 0, double 0, wrong 0;")
    figure(", ".join(f"{name} {count}" for name, count in sorted(day.told.items())))


@pytest.mark.guards("DynamoDB throttled, timed out, in conflict")
def test_after_the_answer_was_lost_the_same_write_is_not_made_twice(
    world: World, day: BadDay
) -> None:
    """The SDK sends it again by itself: the receipt comes at the first tap."""
    phone = world.phone("T01")
    check = world.ready(phone, 1)
    lost = [True]

    def lose_once(request: Any, **_: Any) -> None:
        if lost and request.headers["X-Amz-Target"].endswith(b"TransactWriteItems"):
            lost.pop()
            day._client._endpoint.http_session.send(request)
            raise ReadTimeoutError(endpoint_url=request.url)

    day._client.meta.events.register("before-send.dynamodb.*", lose_once)
    try:
        sent = world.send(phone, check)
    finally:
        day._client.meta.events.unregister("before-send.dynamodb.*", lose_once)
    assert not lost
    assert (sent.status, sent.receipt) == (303, 1)
    assert world.versions("T01") == [1]
    world.audit()


@pytest.mark.guards("DynamoDB throttled, timed out, in conflict")
@pytest.mark.parametrize(
    "code", sorted(("ThrottlingException", "ProvisionedThroughputExceededException"))
)
def test_a_table_that_stays_throttled_is_a_clear_page_and_then_a_receipt(
    world: World, day: BadDay, code: str
) -> None:
    phone = world.phone("T01")
    check = world.ready(phone, 1)

    def always(request: Any, **_: Any) -> AWSResponse:
        return _error(request, 400, code)

    day._client.meta.events.register("before-send.dynamodb.*", always)
    try:
        assert world.send(phone, check).status == 503
    finally:
        day._client.meta.events.unregister("before-send.dynamodb.*", always)
    assert world.tap_again(phone).status == 303
    world.audit()
