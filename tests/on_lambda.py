"""The package deployed to a runtime here: the template's own settings, events as API Gateway's."""

import base64
import contextlib
import json
import re
import secrets
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import app
from chalicelib.edges.ports import Site
from chalicelib.edges.table import Item
from infra.gateway import Gateway
from infra.lambda_runtime import REGION, Function, close, running, unzip
from infra.package import Package
from infra.visitor import Visitor
from tests.conftest import SENDER, Clock, on_aws
from tests.ministack import Ministack

STAGE, API = "api", "abcdefghij"
ADDRESS = f"https://{API}.execute-api.{REGION}.amazonaws.com/{STAGE}"
# What the two may say to the other: a key that API Gateway does not know is a 502 there.
_ANSWER = {"statusCode": int, "headers": dict, "multiValueHeaders": dict, "body": str}
_OF_ITS_TIME = """\
import os
from datetime import datetime
from chalicelib.rules.texts import clock
clock.now = lambda: datetime.fromisoformat(os.environ["NOW"])
from app import app, bounced, every_night, hourly, mailer, one_period
"""


class HandedOver(ThreadingHTTPServer):
    """Lambda's own address for one purpose: it takes whatever is handed over."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, dict[str, str]]] = []  # function, event
        super().__init__(("127.0.0.1", 0), _Invoked)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Invoked(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        function = self.path.split("/")[3]
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.headers["X-Amz-Invocation-Type"] == "Event"
        cast(HandedOver, self.server).taken.append((function, event))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None: ...


class Proxy(Gateway):
    """API Gateway's proxy integration before the function: whole events, answers looked at."""

    def __init__(self, site: Site, function: Function) -> None:
        super().__init__(cast(Any, SimpleNamespace(app=app.app, site=lambda: site)))
        self._function = function
        self.asked: set[tuple[str, str]] = set()  # the ways that came through here

    def answer(self, event: dict[str, Any]) -> Mapping[str, Any]:
        whole = proxied(event)
        self.asked.add((whole["httpMethod"], whole["resource"]))
        answer = self._function.invoke(whole)
        assert_valid(answer)
        return cast(dict[str, Any], answer)


def proxied(event: dict[str, Any]) -> dict[str, Any]:
    """The local gateway's event with all that REST API's proxy integration says.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
    """
    given, body, query = (
        event["requestContext"],
        event["body"],
        event["multiValueQueryStringParameters"],
    )
    headers = event["headers"] | {"host": f"{API}.execute-api.{REGION}.amazonaws.com"}
    packed = headers.get("content-type", "").startswith("multipart/")  # a binary type of the API
    text = None if not body else base64.b64encode(body).decode() if packed else body.decode()
    return {
        "resource": given["resourcePath"],
        "path": given["path"],
        "httpMethod": given["httpMethod"],
        "headers": headers,
        "multiValueHeaders": {name: [content] for name, content in headers.items()},
        "queryStringParameters": query and {name: contents[-1] for name, contents in query.items()},
        "multiValueQueryStringParameters": query,
        "pathParameters": event["pathParameters"] or None,
        "stageVariables": None,
        "requestContext": {
            **given,
            "accountId": "000000000000",
            "apiId": API,
            "domainName": headers["host"],
            "domainPrefix": API,
            "path": f"/{STAGE}{given['path']}",
            "protocol": "HTTP/1.1",
            "resourceId": "abc123",
            "stage": STAGE,
        },
        "body": text,
        "isBase64Encoded": bool(text) and packed,
    }


def assert_valid(answer: Any) -> None:
    """An answer that is anything else is a 502 at API Gateway."""
    assert answer.keys() <= _ANSWER.keys() | {"isBase64Encoded"}, answer.keys()
    for name, kind in _ANSWER.items():
        assert type(answer.get(name, kind())) is kind, (name, answer)
    assert 200 <= answer["statusCode"] < 600
    texts = [*answer["headers"].items()]
    for name, contents in answer.get("multiValueHeaders", {}).items():
        assert type(contents) is list, name
        texts += [(name, content) for content in contents]
    assert all(type(text) is str and "\n" not in text for pair in texts for text in pair), texts
    assert answer.get("isBase64Encoded", False) is False


class Deployed:
    """One package, one installation on emulated AWS, and each function when it is asked for."""

    def __init__(
        self, code: Path, logs: Path, made: Package, ministack: Ministack, clock: Clock
    ) -> None:
        self._code = code
        self._logs = logs
        self._template = json.loads(made.template.read_text("utf-8"))
        here = on_aws(ministack, clock)
        self.site = replace(here, public_url=ADDRESS)
        self._known = {
            "Table": here.table._name,  # type: ignore[attr-defined]
            "Files": here.files._bucket,  # type: ignore[attr-defined]
            "Sender": SENDER,
            "Stage": f"t{secrets.token_hex(6)}",
            "MailSettings": f"m{secrets.token_hex(6)}",
            "Period": "baocao-test-period",
            "Mailer": "baocao-test-mailer",
            "AskedMailsAnHour": "200",
            "RestAPI": API,
            "AWS::Region": REGION,
            "AWS::URLSuffix": "amazonaws.com",
        }
        self._endpoint = ministack.url
        ministack.client("ssm").put_parameter(
            Name=f"/baocao/{self._known['Stage']}/server-key",
            Value=self.site.key.hex(),
            Type="SecureString",
        )
        ministack.client("sesv2").create_configuration_set(
            ConfigurationSetName=self._known["MailSettings"]
        )

    def fill(self, items: list[Item]) -> None:
        self.site.table.fill(items)  # type: ignore[attr-defined]

    def settings(self, function: str) -> dict[str, str]:
        """What the template gives this function, and nothing that it does not."""
        given = self._template["Resources"][function]["Properties"]["Environment"]["Variables"]
        return {name: self._said(value) for name, value in given.items()}

    def _said(self, value: Any) -> str:
        """A stage without a domain of its own, as CloudFormation works it out."""
        if isinstance(value, str):
            return value
        ((how, what),) = value.items()
        if how == "Ref":
            return self._known[what]
        if how == "Fn::Sub":
            return re.sub(r"\$\{([\w:]+)\}", lambda found: self._known[found[1]], what)
        assert how == "Fn::If", value
        condition, _, otherwise = what
        assert condition in ("HasPublicUrl", "HasDomain")
        return self._said(otherwise)

    @contextlib.contextmanager
    def function(self, name: str, *, at: datetime | None = None, **more: str) -> Iterator[Function]:
        """A new process of this function of the template; by the real clock, or `at` an instant."""
        handler = self._template["Resources"][name]["Properties"]["Handler"]
        own = self.settings(name) | {"AWS_ENDPOINT_URL": self._endpoint} | more
        if at:
            handler = handler.replace("app.", "of_its_time.", 1)
            own["NOW"] = at.isoformat()
        log = self._logs / f"{name}-{secrets.token_hex(4)}.log"
        with running(self._code, handler, own, log) as started:
            yield started

    def visitor(self, proxy: Proxy) -> Visitor:
        return Visitor(proxy._module, proxy)


def laid_out(package: Path, folder: Path) -> Path:
    """The package as Lambda has it, and beside it what sets its clock."""
    unzip(package, folder)
    (folder / "of_its_time.py").write_text(_OF_ITS_TIME)
    close(folder)
    return folder


@contextlib.contextmanager
def handing_over() -> Iterator[HandedOver]:
    server = HandedOver()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
