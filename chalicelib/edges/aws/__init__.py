"""AWS as the edge: DynamoDB, S3 and SES, and the settings that a deployment gives."""

import json
import os
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from chalicelib.edges.aws.dynamo import DynamoTable
from chalicelib.edges.aws.s3_ses import S3Files, SesMail
from chalicelib.edges.ports import Afterwards, Asked, Site, Unusable, asked_mails, public_address

__all__ = [
    "KEY_SECONDS",
    "DynamoTable",
    "S3Files",
    "SesMail",
    "address_of",
    "afterwards_by",
    "forget_key",
    "hand_over_to",
    "open_site",
]

# A process learns a new key at most so late: `make rotate` waits for it.
KEY_SECONDS = 300
_SETTINGS = ("TABLE", "BUCKET", "SENDER", "PUBLIC_URL", "KEY_PARAMETER")
# API Gateway's own names; a domain of the department's stands in PUBLIC_URL.
_OWN_NAME = r"[a-z0-9]+\.execute-api\.[a-z0-9-]+\.amazonaws\.com(\.cn)?"


def open_site(clock: Callable[[], datetime], settings: Mapping[str, str] = os.environ) -> Site:
    """The installation that these settings name. Raises Unusable where one is missing.

    KEY_PARAMETER names the SSM SecureString that holds the server key in hexadecimal; it is
    read when a page needs it, and again after KEY_SECONDS. MAIL_SETTINGS, where given, names
    the configuration set that tells of bounces; WORKER the function that sums a period which is
    handed over, MAILER the one that looks up what was asked for.
    """
    given = {name: settings.get(name, "") for name in _SETTINGS}
    if missing := [name for name, content in given.items() if not content]:
        raise Unusable(f"not set: {', '.join(missing)}")
    return Site(
        table=DynamoTable(_client("dynamodb"), given["TABLE"]),
        files=S3Files(lambda: _client("s3"), given["BUCKET"]),
        mail=SesMail(
            lambda: _client("sesv2"), given["SENDER"], settings=settings.get("MAIL_SETTINGS", "")
        ),
        server_key=lambda: _key(given["KEY_PARAMETER"], int(clock().timestamp()) // KEY_SECONDS),
        public_url=public_address(given["PUBLIC_URL"]),
        clock=clock,
        hand_over=hand_over_to(settings["WORKER"]) if settings.get("WORKER") else None,
        afterwards=afterwards_by(settings["MAILER"]) if settings.get("MAILER") else None,
        asked_mails=asked_mails(settings),
    )


def address_of(context: Mapping[str, Any]) -> str:
    """The public address of the API that this request came through; empty where it says none.

    A deployment without a domain of its own can't be told it: the address is known only after
    the function whose setting it would be (decision 0016).
    """
    name, stage = str(context.get("domainName", "")), str(context.get("stage", ""))
    known = re.fullmatch(_OWN_NAME, name) and re.fullmatch(r"\w+", stage)
    return f"https://{name}/{stage}" if known else ""


def forget_key() -> None:
    """This process has made a new one."""
    _key.cache_clear()


def hand_over_to(function: str) -> Callable[[str, str, str], None]:
    """Give a period of a run to this Lambda function, which tries again by itself."""

    def hand_over(p: str, k: str, run: str) -> None:
        _invoke(function, {"programme": p, "period": k, "run": run})

    return hand_over


def afterwards_by(function: str) -> Afterwards:
    """Give what was asked for to this Lambda function, which never tries again."""

    def afterwards(asked: Asked) -> None:
        _invoke(function, asked.event())

    return afterwards


def _invoke(function: str, event: Mapping[str, str]) -> None:
    """Without waiting for it."""
    _client("lambda").invoke(
        FunctionName=function, InvocationType="Event", Payload=json.dumps(event).encode()
    )


@cache
def _client(service: str) -> Any:
    """botocore's own client, which boto3's is, too: without s3transfer it starts sooner."""
    import botocore.session
    from botocore.config import Config

    # A mail whose answer was lost may have gone out: no second try behind our back.
    attempts = 1 if service == "sesv2" else 4
    patience = Config(
        connect_timeout=2,
        read_timeout=5,
        retries={"mode": "standard", "total_max_attempts": attempts},
        signature_version="s3v4" if service == "s3" else None,
    )
    return botocore.session.get_session().create_client(service, config=patience)


@lru_cache(maxsize=1)
def _key(parameter: str, _span: int) -> bytes:
    """As it stood when it was first asked for in this span of time."""
    reply = _client("ssm").get_parameter(Name=parameter, WithDecryption=True)
    try:
        return bytes.fromhex(reply["Parameter"]["Value"])
    except ValueError:
        raise Unusable(f"the parameter {parameter} holds no server key") from None
