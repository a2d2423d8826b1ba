"""The table on DynamoDB: a single table, transactions, strongly consistent reads to the last page.

Beside its key an item has `version`, `body` (the whole body as one JSON text: the wire format
costs most of a long query, so there is little of it) and, where it ends, `expires` (the TTL).
"""

import json
import random
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

from chalicelib.edges import request_cost
from chalicelib.edges.table import (
    ANYTHING,
    NOTHING,
    Busy,
    Change,
    Conflict,
    Delete,
    Item,
    Key,
    Put,
    as_text,
    can_stand,
    checked,
)

_TRIES = 6
_BATCH = 25  # items of one BatchWriteItem
_FIRST_WAIT, _LONGEST_WAIT = 0.02, 0.6  # seconds; the wait is a random part of it ("full jitter")

# What passes by itself: as a whole answer, or as the reason of a cancelled transaction.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
_PASSING = {
    "ProvisionedThroughputExceededException",
    "ProvisionedThroughputExceeded",
    "ThrottlingException",
    "ThrottlingError",
    "RequestLimitExceeded",
    "TransactionConflictException",
    "TransactionConflict",
    "TransactionInProgressException",
    "InternalServerError",
    "ServiceUnavailable",
    "LimitExceededException",
}
_BROKEN = "ConditionalCheckFailed"
_VERSION = "version = :expected"
_FREE = "attribute_not_exists(pk)"


class DynamoTable:
    """The table on DynamoDB, through a botocore or boto3 client. Safe from many threads."""

    def __init__(
        self, client: Any, name: str, wait: Callable[[float], object] = time.sleep
    ) -> None:
        self._client = client
        self._name = name
        self._wait = wait

    def get(self, key: Key) -> Item | None:
        if not can_stand(key):
            return None
        reply = self._call(
            "get_item", Key=_wire(key), ConsistentRead=True, ReturnConsumedCapacity="TOTAL"
        )
        request_cost.called(reads=_units(reply))
        return _item(reply["Item"]) if "Item" in reply else None

    def query(self, partition: str, prefix: str = "") -> Iterator[Item]:
        if not can_stand(Key(partition, prefix or "-")):
            return iter(())
        condition, values = "pk = :pk", {":pk": {"S": partition}}
        if prefix:
            condition += " AND begins_with(sk, :sk)"
            values[":sk"] = {"S": prefix}
        asked = {
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ConsistentRead": True,
        }
        return self._pages("query", asked)

    def everything(self) -> Iterator[Item]:
        return self._pages("scan", {"ConsistentRead": True})

    def _pages(self, operation: str, asked: Mapping[str, Any]) -> Iterator[Item]:
        """One page in memory at a time; DynamoDB turns it at 1 MB."""
        after: dict[str, Any] = {}
        while True:
            reply = self._call(operation, **asked, **after, ReturnConsumedCapacity="TOTAL")
            request_cost.called(reads=_units(reply))
            yield from map(_item, reply["Items"])
            if not reply.get("LastEvaluatedKey"):
                return
            after = {"ExclusiveStartKey": reply["LastEvaluatedKey"]}

    def fill(self, items: Iterable[Item]) -> None:
        waiting = iter(items)
        while batch := list(islice(waiting, _BATCH)):
            puts: Any = {self._name: [{"PutRequest": {"Item": _whole(item)}} for item in batch]}
            for place in range(_TRIES):
                puts = self._call("batch_write_item", named=False, RequestItems=puts).get(
                    "UnprocessedItems"
                )
                if not puts:
                    break
                self._pause(place, Busy("UnprocessedItems"))

    def write(self, *changes: Change) -> None:
        texts = checked(changes)
        # One token for all tries of this write: a try whose answer was lost is not made again.
        asked = {
            "TransactItems": [self._change(change, texts) for change in changes],
            "ClientRequestToken": str(uuid.uuid4()),
        }
        for place in range(_TRIES):
            try:
                reply = self._call(
                    "transact_write_items", named=False, **asked, ReturnConsumedCapacity="TOTAL"
                )
            except ClientError as error:
                _judge(error, changes)
                self._pause(place, error)
                continue
            request_cost.called(writes=_units(reply))
            return

    def _change(self, change: Change, texts: Mapping[Key, str]) -> dict[str, Any]:
        """A change as DynamoDB takes it: the condition is what the change expects to find."""
        common: dict[str, Any] = {"TableName": self._name}
        values: dict[str, Any] = {}
        if change.expects == NOTHING:
            common["ConditionExpression"] = _FREE
        elif change.expects != ANYTHING:
            common["ConditionExpression"] = _VERSION
            values[":expected"] = {"N": str(change.expects)}
        if isinstance(change, Put):
            return _put(change, texts[change.key], common, values)
        common |= _given(values)
        if isinstance(change, Delete):
            return {"Delete": {**common, "Key": _wire(change.key)}}
        if change.expects == ANYTHING:
            common["ConditionExpression"] = f"{_FREE} OR attribute_exists(pk)"  # it wants one
        return {"ConditionCheck": {**common, "Key": _wire(change.key)}}

    def _call(self, operation: str, *, named: bool = True, **asked: Any) -> Any:
        """One call, tried again while DynamoDB says that it passes. Raises Busy in the end.

        A broken connection or a time-out was tried again by the client already.
        """
        if named:
            asked["TableName"] = self._name
        for place in range(_TRIES):
            try:
                return getattr(self._client, operation)(**asked)
            except (NoConnection, HTTPClientError) as error:
                raise Busy(type(error).__name__) from error
            except ClientError as error:
                if _code(error) not in _PASSING:
                    raise
                self._pause(place, error)
        raise AssertionError("the last pause raises")

    def _pause(self, place: int, error: ClientError | Busy) -> None:
        """Wait before the next try. Raises Busy after the last one."""
        if place == _TRIES - 1:
            raise Busy(_code(error) if isinstance(error, ClientError) else str(error)) from error
        longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2**place)
        self._wait(random.uniform(0, longest))  # noqa: S311 - it spreads tries, it hides nothing


def _put(put: Put, text: str, common: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """Where the version is not known, an Update: only so does the item get the next one."""
    kept = {"body": {"S": text}}
    if put.expires is not None:
        kept["expires"] = {"N": str(put.expires)}
    if put.expects != ANYTHING:
        whole = {**_wire(put.key), "version": {"N": str(put.expects + 1)}, **kept}
        return {"Put": {**common, "Item": whole, **_given(values)}}
    update = ", ".join(f"{name} = :{name}" for name in kept)
    update = f"SET version = if_not_exists(version, :none) + :one, {update}"
    if put.expires is None:
        update += " REMOVE expires"
    values |= {":none": {"N": "0"}, ":one": {"N": "1"}}
    values |= {f":{name}": content for name, content in kept.items()}
    named = {"Key": _wire(put.key), "UpdateExpression": update}
    return {"Update": {**common, **named, **_given(values)}}


def _whole(item: Item) -> dict[str, Any]:
    kept = {"version": {"N": str(item.version)}, "body": {"S": as_text(item.key, item.body)}}
    if item.expires is not None:
        kept["expires"] = {"N": str(item.expires)}
    return {**_wire(item.key), **kept}


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    """DynamoDB refuses an empty map of values."""
    return {"ExpressionAttributeValues": values} if values else {}


def _judge(error: ClientError, changes: tuple[Change, ...]) -> None:
    """Raise what a cancelled transaction means; return where it may be tried again."""
    reasons = [str(one.get("Code")) for one in error.response.get("CancellationReasons", [])]
    for change, reason in zip(changes, reasons, strict=False):
        if reason == _BROKEN:
            raise Conflict(change.key) from error
    if not _PASSING & set(reasons):
        raise error


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _wire(key: Key) -> dict[str, Any]:
    return {"pk": {"S": key.partition}, "sk": {"S": key.sort}}


def _item(found: Mapping[str, Any]) -> Item:
    expires = found.get("expires")
    return Item(
        Key(found["pk"]["S"], found["sk"]["S"]),
        int(found["version"]["N"]),
        json.loads(found["body"]["S"]),
        int(expires["N"]) if expires else None,
    )


def _units(reply: Mapping[str, Any]) -> int:
    """What the call cost, as DynamoDB says it: one table, or one entry a table."""
    told = reply.get("ConsumedCapacity") or []
    each = [told] if isinstance(told, Mapping) else told
    return sum(round(one.get("CapacityUnits", 0)) for one in each)
