"""Cold start: a fresh process to its first form, against the least that could render it."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import botocore.session
from botocore.awsrequest import AWSResponse

import app
from bench import scene
from bench.handler import FORM, capture
from bench.rows import Row, row
from chalicelib.edges.aws import DynamoTable
from chalicelib.edges.ports import Site
from chalicelib.edges.table import Item, Key, Table
from chalicelib.messages.frame import dates
from chalicelib.messages.unit import scripts
from chalicelib.pages.frame import render
from chalicelib.pages.unit.fields import Field
from chalicelib.rules.texts import clock

ROOT = Path(__file__).resolve().parents[1]
_BOUND = 1.15
_SETTINGS = {
    "TABLE": "baocao",
    "BUCKET": "baocao",
    "SENDER": "no-reply@baocao.example",
    "KEY_PARAMETER": "baocao",
    "PUBLIC_URL": scene.URL,
    "AWS_DEFAULT_REGION": "ap-southeast-1",
    "AWS_ACCESS_KEY_ID": "example",
    "AWS_SECRET_ACCESS_KEY": "example",
    "AWS_EC2_METADATA_DISABLED": "true",
}
# What of the zip a form needs; boto3 and botocore come with Lambda's runtime.
_ZIPPED = (
    "annotated_types",
    "chalice",
    "jinja2",
    "markupsafe",
    "pydantic",
    "pydantic_core",
    "typing_extensions",
    "typing_inspection",
)
_WITHOUT_PYC = shutil.ignore_patterns("__pycache__")
_NO_DATA = ("url", "asset", "session", "mail_end")  # of a page's context
_WAYS = (
    ("Cold start to the first form, packages compiled", False),
    ("… as Lambda unzips it, nothing in the zip compiled", True),
)


def _plain(context: Mapping[str, Any]) -> dict[str, Any]:
    """The form's context as data that JSON holds; days and moments as they are shown."""
    owed = context["owed"]
    period, department = owed.period, owed.programme.department
    plain = {name: context[name] for name in context if name not in _NO_DATA}
    plain["owed"] = {
        "unit": {"name": owed.unit.name, "code": owed.unit.code},
        "programme": {"key": owed.programme.key, "department": department.model_dump()},
        "period": {
            "key": period.key,
            "label": period.label,
            **{name: dates.day(getattr(period, name)) for name in ("start", "end")},
        },
        "obligation": {
            "due": dates.day(owed.obligation.due),
            "return_due": None,
            "locks": dates.day(owed.obligation.locks),
            "extension": None,
        },
        "head": None,
        "base": owed.base,
        "draft": {"revision": owed.draft.revision, "page": owed.draft.page},
    }
    session = context["session"]
    plain["session"] = {"programme": session.programme, "unit": session.unit}
    plain["sections"] = [
        {
            "code": part.code,
            "label": part.label,
            "filled": part.filled,
            "asked": part.asked,
            "faulty": part.faulty,
            "fields": [_field(field) for field in part.fields],
        }
        for part in context["sections"]
    ]
    return plain


def _field(field: Field) -> dict[str, Any]:
    boxes = ("", ".num", ".den")
    return {
        "indicator": {
            **field.indicator.model_dump(mode="json"),
            "is_text": field.indicator.is_text,
        },
        "boxes": {part: field.text(part) for part in boxes},
        "fault": None,
        "last": field.last,
        "last_period": field.last_period,
        "first": field.first,
        "state": field.state,
        "states": field.states,
        "sentence": "",
        "meanings": [],
    }


def _wire(item: Item) -> dict[str, Any]:
    """As chalicelib/edges/aws keeps it."""
    kept = {
        "pk": {"S": item.key.partition},
        "sk": {"S": item.key.sort},
        "version": {"N": str(item.version)},
        "body": {"S": json.dumps(item.body, ensure_ascii=False)},
    }
    return kept | ({"expires": {"N": str(item.expires)}} if item.expires else {})


def _recorded(table: Table, event: Any, settings: Mapping[str, str]) -> dict[str, str]:
    """What DynamoDB answers to each request of one form, from the table in memory."""
    replies: dict[str, str] = {}

    def answer(request: Any, **_: Any) -> AWSResponse:
        asked = json.loads(request.body)
        if "Key" in asked:
            found = table.get(Key(asked["Key"]["pk"]["S"], asked["Key"]["sk"]["S"]))
            reply: dict[str, Any] = {"Item": _wire(found)} if found else {}
        else:
            values = asked["ExpressionAttributeValues"]
            prefix = values.get(":sk", {"S": ""})["S"]
            reply = {"Items": [_wire(one) for one in table.query(values[":pk"]["S"], prefix)]}
        units = {"TableName": settings["TABLE"], "CapacityUnits": 1.0}
        text = json.dumps(reply | {"ConsumedCapacity": units})
        replies[request.body.decode()] = text
        headers = {"Content-Type": "application/x-amz-json-1.0"}
        return AWSResponse(request.url, 200, headers, _Raw(text))

    client = botocore.session.get_session().create_client(
        "dynamodb",
        region_name=settings["AWS_DEFAULT_REGION"],
        aws_access_key_id="example",
        aws_secret_access_key="example",  # noqa: S106 - nobody's
    )
    client.meta.events.register("before-send.dynamodb", answer)
    site = Site(
        DynamoTable(client, settings["TABLE"]),
        *(None, None),  # type: ignore[arg-type]  # neither files nor mail are touched
        lambda: b"",
        scene.URL,
        lambda: scene.NOW,
    )
    app.use(site)
    app.app(event, None)
    return replies


class _Raw:
    """A body as urllib3 gives it."""

    def __init__(self, text: str) -> None:
        self._text = text

    def stream(self) -> Iterator[bytes]:
        yield self._text.encode()


def both(folder: Path) -> dict[str, Any]:
    """The two processes that are compared, with what each reads; the event that is answered."""
    held = scene.set_up()
    app.use(held.site)
    event = scene.event(held, "GET", FORM)
    _, context = capture(lambda: app.app(event, None))
    product = {
        "settings": _SETTINGS,
        "now": clock.iso(scene.NOW),
        "event": event,
        "replies": _recorded(held.table, event, _SETTINGS),
    }
    least = {
        "region": _SETTINGS["AWS_DEFAULT_REGION"],
        "context": _plain(context),
        "assets": {"form.js": render.asset("form.js")[0]},
        "words": scripts.words("form"),
        "rules": scripts.rules(),
    }
    for name, told in (("product", product), ("least", least)):
        (folder / f"{name}.json").write_text(json.dumps(told, ensure_ascii=False), "utf-8")
        shutil.copy(ROOT / "bench" / "cold" / f"{name}.py", folder)
    return dict(event)


def prepare(folder: Path) -> None:
    """Beside them the product's files as they are in the zip."""
    both(folder)
    for name in ("chalicelib", "templates"):
        shutil.copytree(ROOT / name, folder / name, ignore=_WITHOUT_PYC)
    shutil.copy(ROOT / "app.py", folder)
    render.compile_into(folder / render.COMPILED)
    (folder / "zip").mkdir()
    for name in _ZIPPED:
        where = Path(str(find_spec(name).origin))  # type: ignore[union-attr]
        if where.name == "__init__.py":
            shutil.copytree(where.parent, folder / "zip" / name, ignore=_WITHOUT_PYC)
        else:
            shutil.copy(where, folder / "zip")


def _run(name: str, folder: Path, *, zipped: bool = False) -> tuple[float, str]:
    """CPU seconds (user and system) of a process from its start to its end, and what it wrote."""
    kept = {one: os.environ[one] for one in ("PATH", "LANG") if one in os.environ}
    kept |= {"PYTHONDONTWRITEBYTECODE": "1"} | ({"PYTHONPATH": "zip"} if zipped else {})
    command = [sys.executable, f"{name}.py"]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as page:
        process = subprocess.Popen(command, cwd=folder, env=kept, stdout=page)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{command[1]} ended with {process.returncode}")
        page.seek(0)
        return used.ru_utime + used.ru_stime, page.read()


def same(page: str) -> str:
    return re.sub(r'name="page" value="\w+"', "", page)


def measure(rounds: int = 25) -> list[Row]:
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        if same(_run("product", folder)[1]) != same(_run("least", folder)[1]):
            raise AssertionError("the two starts end with different pages")
        for what, zipped in _WAYS:
            spent: dict[str, list[float]] = {"product": [], "least": []}
            for turn in range(rounds):
                for one in ("product", "least") if turn % 2 else ("least", "product"):
                    spent[one].append(_run(one, folder, zipped=zipped)[0])
            rows.append(row(what, *spent.values(), "boto3's client, Jinja2, pydantic", _BOUND))
    return rows
