"""DynamoDB's answers to Query, recorded in its wire format and parsed by botocore as they come."""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import botocore.session
from botocore.awsrequest import AWSResponse

from bench import stored
from chalicelib.edges.aws.dynamo import DynamoTable
from chalicelib.edges.table import Item, Table

_PAGE = 1_000_000  # bytes; DynamoDB turns a page at 1 MB


class Replay:
    """Answers each Query of a partition with its recorded pages, one after the other."""

    def __init__(self, table: Table) -> None:
        partition = f"PERIOD#{stored.PROGRAMME}#{stored.PERIOD}"
        self._pages = {
            partition: list(_pages(table.query(partition, "REPORT#"))),
            f"{partition}#TEXT": list(_pages(table.query(f"{partition}#TEXT"))),
        }

    def __call__(self, request: Any, **_: Any) -> AWSResponse:
        asked = json.loads(request.body)
        pages = self._pages[asked["ExpressionAttributeValues"][":pk"]["S"]]
        after = asked.get("ExclusiveStartKey")
        page = pages[int(after["page"]["N"]) if after else 0]
        return AWSResponse(request.url, 200, _HEADERS, _Raw(page))


_HEADERS = {"content-type": "application/x-amz-json-1.0"}


class _Raw(BytesIO):
    """What botocore reads a body from."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def _pages(items: Iterator[Item]) -> Iterator[bytes]:
    waiting: list[dict[str, Any]] = []
    size, number = 0, 0
    for item in items:
        if size >= _PAGE:
            number += 1
            yield _answer(waiting, {"page": {"N": str(number)}})
            waiting, size = [], 0
        body = json.dumps(item.body, ensure_ascii=False, separators=(",", ":"))
        waiting.append(
            {
                "pk": {"S": item.key.partition},
                "sk": {"S": item.key.sort},
                "version": {"N": str(item.version)},
                "body": {"S": body},
            }
        )
        size += len(body.encode()) + 80
    yield _answer(waiting, None)


def _answer(items: list[dict[str, Any]], after: dict[str, Any] | None) -> bytes:
    whole: dict[str, Any] = {"Items": items, "Count": len(items), "ScannedCount": len(items)}
    if after:
        whole["LastEvaluatedKey"] = after
    return json.dumps(whole, ensure_ascii=False).encode()


def replayed(table: Table) -> DynamoTable:
    """The engine over a real client of botocore's, whose answers were recorded from `table`."""
    session = botocore.session.Session()
    session.set_credentials("key", "secret")
    client = session.create_client("dynamodb", region_name="ap-southeast-1")
    client.meta.events.register("before-send.dynamodb.Query", Replay(table))
    return DynamoTable(client, "baocao")
