"""Cold start of the product: the AWS engine, HTTP stubbed, to the first form. One process.

Run by itself it writes the form; under Lambda's own client `handler` answers with it.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCENE = json.loads(Path("product.json").read_text("utf-8"))
os.environ.update(SCENE["settings"])


class _Raw:
    """A body as urllib3 gives it."""

    def __init__(self, text: str) -> None:
        self._text = text

    def stream(self) -> Iterator[bytes]:
        yield self._text.encode()


def _recorded(_: Any, request: Any) -> Any:
    """DynamoDB's recorded answer to this very request."""
    from botocore.awsrequest import AWSResponse

    reply = SCENE["replies"][request.body.decode()]
    return AWSResponse(
        request.url, 200, {"Content-Type": "application/x-amz-json-1.0"}, _Raw(reply)
    )


def _start() -> Any:
    from botocore.httpsession import URLLib3Session

    import app
    from chalicelib.rules.texts import clock

    URLLib3Session.send = _recorded
    day = clock.from_iso(SCENE["now"])
    clock.now = lambda: day
    return app.app


handler = _start()
if __name__ == "__main__":
    sys.stdout.write(handler(SCENE["event"], None)["body"])
