"""Cold start of the least: boto3's DynamoDB client, pydantic, Jinja2, the same form rendered.

Run by itself it writes the form; under Lambda's own client `handler` answers with it.
"""

import json
import sys
from pathlib import Path
from typing import Any

import boto3
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel, ConfigDict, Field

SCENE = json.loads(Path("least.json").read_text("utf-8"))
__all__ = ["BaseModel", "ConfigDict", "Field"]


class Box:
    """One field with what was typed in it."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.__dict__.update(data)

    def text(self, part: str = "") -> str:
        return self.boxes.get(part, "")  # type: ignore[attr-defined]


def _url(*parts: str, **query: str) -> str:
    asked = "&".join(f"{name}={content}" for name, content in query.items())
    return "/" + "/".join(parts) + (f"?{asked}" if asked else "")


def handler(*_: object) -> dict[str, Any]:
    boto3.client("dynamodb", region_name=SCENE["region"])
    environment = Environment(
        loader=FileSystemLoader("templates"),
        autoescape=True,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    filters = ("day", "moment", "number", "amount", "percent", "target", "grouped")
    environment.filters |= dict.fromkeys(filters, lambda text, *_: text)
    environment.globals |= {
        "states": {},
        "aggregates": {},
        "script_words": lambda _: SCENE["words"],
        "script_rules": lambda: SCENE["rules"],
    }
    context = SCENE["context"]
    for part in context["sections"]:
        part["fields"] = [Box(field) for field in part["fields"]]
    page = environment.get_template("unit/form.html").render(
        **context,
        url=_url,
        asset=lambda name: SCENE["assets"][name],
    )
    headers = {"Content-Type": "text/html; charset=utf-8"}
    return {"statusCode": 200, "headers": headers, "body": page}


if __name__ == "__main__":
    sys.stdout.write(handler()["body"])
