"""What the end-to-end tests do and look up on a stage that stands, each in its own way in."""

import json
from typing import Any

import pytest

from chalicelib.store import keys
from tests.deployed import KILLED, Deployed, P

CODES = [f"T{place:02}" for place in range(1, 13)]  # of the folder; each story takes its own
only_open = pytest.mark.parametrize("stage", [False], ids=["open"], indirect=True)
only_strict = pytest.mark.parametrize("stage", [True], ids=["strict"], indirect=True)


def send_one(stage: Deployed, code: str, period: str) -> None:
    browser = stage.entered(stage.links[code])
    sent = stage.send(browser, stage.at_the_check_page(browser, period, code))
    assert sent.status == 303


def versions(stage: Deployed, code: str, period: str = KILLED) -> int:
    return len(stage.raw().under(f"REPORT#{P}#{period}#{code}", "VERSION#"))


def received(stage: Deployed, period: str) -> int:
    """By the stored summary; none is as good as one without reports."""
    return int(summed(stage, period)["received"]) if stage.item(keys.summary(P, period)) else 0


def summed(stage: Deployed, period: str) -> dict[str, Any]:
    """The stored summary that its item points to, with the owner's eyes."""
    item = stage.item(keys.summary(P, period))
    assert item is not None
    name = json.loads(str(item.body["files"]))["json"]
    kept = stage.client("s3").get_object(Bucket=stage.there["Files"], Key=name)
    found: dict[str, Any] = json.loads(kept["Body"].read())
    return found


def nothing_was_refused(stage: Deployed) -> None:
    """Also where the product goes on without: a mail, a mark on an old file."""
    for group in ("ApiLog", "ScheduleLog", "PeriodLog", "MailerLog", "BouncedLog"):
        assert "AccessDenied" not in stage.logged(group)
