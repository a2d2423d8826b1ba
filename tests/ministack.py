"""Emulated AWS in a process of its own, on a free loopback port: the judge of races on DynamoDB."""

import contextlib
import ipaddress
import json
import os
import secrets
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config

from infra.browser import ROOT, free_port

_PROGRAM = ROOT / ".venv-ministack" / "bin" / "ministack"
_PATIENCE = 60  # seconds
_KEY = "key.pem"
REGION = "ap-southeast-1"
_OWNER: Mapping[str, str] = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


class NoMinistack(Exception):
    """Its environment was not built on this machine."""


class Ministack:
    """Start with `running`; makes clients, and tables and buckets that hold nothing yet."""

    def __init__(self, port: int, certificate: Path | None = None) -> None:
        self.port = port
        self.scheme = "https" if certificate else "http"
        self.url = f"{self.scheme}://127.0.0.1:{port}"
        self.certificate = certificate
        self.pid = 0  # known where `running` started it
        self._session = botocore.session.Session()  # keeps what it has read of the services

    def client(self, service: str, keys: Mapping[str, str] = _OWNER, **config: Any) -> Any:
        """As the product's own client is, but for the address; by default the account's owner's."""
        patience = Config(
            connect_timeout=5,
            read_timeout=30,
            retries={"mode": "standard", "max_attempts": 3},
            signature_version="s3v4" if service == "s3" else None,
            s3={"addressing_style": "path"},
        ).merge(Config(**config))
        return self._session.create_client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            config=patience,
            verify=str(self.certificate) if self.certificate else None,
            **keys,
        )

    def mails(self) -> list[EmailMessage]:
        """Every message that went out, the oldest first."""
        with _opened(f"{self.url}/_ministack/ses/messages", self.certificate) as answer:
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
def running(folder: Path, *, strict: bool = False) -> Iterator[Ministack]:
    """Raises NoMinistack where `make test` has not built its environment.

    A strict one judges every call by the caller's policies, and, since our bucket's own policy
    wants it, speaks TLS only.
    """
    if not _PROGRAM.exists():
        raise NoMinistack("no emulated AWS here: python3 infra/bootstrap.py --emulator")
    found = Ministack(free_port(), _certificate(folder) if strict else None)
    own = {
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "GATEWAY_PORT": str(found.port),
        "PERSIST_STATE": "0",
        "STATE_DIR": str(folder / "state"),
        "S3_DATA_DIR": str(folder / "s3"),
        "AWS_ENDPOINT_URL": found.url,
        "LOG_LEVEL": "ERROR",
    }
    if strict:
        own |= {"AUTH": "true", "USE_SSL": "1", "AWS_CA_BUNDLE": str(found.certificate)}
        own |= {
            "MINISTACK_SSL_CERT": str(found.certificate),
            "MINISTACK_SSL_KEY": str(folder / _KEY),
        }
    kept = {name: text for name, text in os.environ.items() if not name.startswith("AWS_")}
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen([_PROGRAM], env=kept | own, stdout=log, stderr=log) as process,
    ):
        try:
            _await(process, f"{found.url}/_ministack/health", found.certificate)
            found.pid = process.pid
            yield found
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


def _await(process: "subprocess.Popen[bytes]", url: str, certificate: Path | None) -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        with contextlib.suppress(OSError), _opened(url, certificate):
            return
        if process.poll() is not None or time.monotonic() > until:
            raise AssertionError("emulated AWS did not start")
        time.sleep(0.05)


def _opened(url: str, certificate: Path | None) -> Any:
    trusted = ssl.create_default_context(cafile=certificate) if certificate else None
    return urllib.request.urlopen(url, timeout=5, context=trusted)  # noqa: S310


def _certificate(folder: Path) -> Path:
    """One for this machine's own address, trusted by nobody but this test."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "emulated AWS")])
    begins = datetime.now(UTC) - timedelta(hours=1)
    known = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(known), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / _KEY).write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    path = folder / "certificate.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return path
