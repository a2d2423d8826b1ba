"""Emulated AWS in a process of its own, on a free loopback port: the judge of races on DynamoDB."""

import contextlib
import json
import os
import secrets
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config

from infra.browser import ROOT, free_port

_PROGRAM = ROOT / ".venv-ministack" / "bin" / "ministack"
_PATIENCE = 60  # seconds
REGION = "ap-southeast-1"
_CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


class NoMinistack(Exception):
    """Its environment was not built on this machine."""


class Ministack:
    """Start with `running`; makes clients, and tables and buckets that hold nothing yet."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._session = botocore.session.Session()  # keeps what it has read of the services

    def client(self, service: str, **config: Any) -> Any:
        """As the product's own client is, but for the address."""
        patience = Config(
            connect_timeout=5,
            read_timeout=30,
            retries={"mode": "standard", "max_attempts": 3},
            signature_version="s3v4" if service == "s3" else None,
            s3={"addressing_style": "path"},
        ).merge(Config(**config))
        return self._session.create_client(
            service, region_name=REGION, endpoint_url=self.url, config=patience, **_CREDENTIALS
        )

    def mails(self) -> list[EmailMessage]:
        """Every message that went out, the oldest first."""
        with urllib.request.urlopen(f"{self.url}/_ministack/ses/messages") as answer:  # noqa: S310
            found = json.load(answer)["messages"]
        return [_mail(one) for account in found.values() for one in account]


def _mail(kept: Mapping[str, Any]) -> EmailMessage:
    message = EmailMessage()
    message["To"], message["Subject"] = ", ".join(kept["To"]), kept["Subject"]
    message.set_content(kept["BodyText"].replace("\r\n", "\n"))
    return message


def new_table(client: Any) -> str:
    """The table as a deployment makes it."""
    name = f"baocao-{secrets.token_hex(6)}"
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
    )
    return name


def new_bucket(client: Any) -> str:
    name = f"baocao-{secrets.token_hex(6)}"
    client.create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": client.meta.region_name}
    )
    return name


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Ministack]:
    """Raises NoMinistack where `make test` has not built its environment."""
    if not _PROGRAM.exists():
        raise NoMinistack("no emulated AWS here: python3 infra/bootstrap.py --emulator")
    port = free_port()
    own = {
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "GATEWAY_PORT": str(port),
        "PERSIST_STATE": "0",
        "STATE_DIR": str(folder / "state"),
        "S3_DATA_DIR": str(folder / "s3"),
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "LOG_LEVEL": "ERROR",
    }
    kept = {name: text for name, text in os.environ.items() if not name.startswith("AWS_")}
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen([_PROGRAM], env=kept | own, stdout=log, stderr=log) as process,
    ):
        try:
            _await(process, f"http://127.0.0.1:{port}/_ministack/health")
            yield Ministack(port)
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


def _await(process: "subprocess.Popen[bytes]", url: str) -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):  # noqa: S310
            return
        if process.poll() is not None or time.monotonic() > until:
            raise AssertionError("emulated AWS did not start")
        time.sleep(0.05)
