"""Which installation a command works on: what the environment names, and in which shape it is."""

import os
import socket
import sys
from pathlib import Path

from chalicelib.edges import embedded
from chalicelib.edges.embedded import Unusable
from chalicelib.edges.ports import Site, public_address
from chalicelib.rules.texts import clock
from infra import samples

_EVERYWHERE = "0.0.0.0"  # noqa: S104 - compared with, not bound to


def public_url() -> str:
    """PUBLIC_URL, or where HOST and PORT will be reached from the same network."""
    host, port = address()
    if host == _EVERYWHERE:
        host = _own_address()
    return public_address(os.environ.get("PUBLIC_URL") or f"http://{host}:{port}")


def address() -> tuple[str, int]:
    """HOST and PORT. Raises Unusable for a port that is no number."""
    port = os.environ.get("PORT") or "8000"
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise Unusable(f"PORT={port} is no port number (1 to 65535)")
    return os.environ.get("HOST") or "127.0.0.1", int(port)


def _own_address() -> str:
    """This machine's address on its network. Connecting a UDP socket sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def data_folder() -> Path:
    return Path(os.environ.get("DATA") or ".data")


def backups_folder(data: Path) -> Path:
    """Where each night's archive of this DATA goes."""
    given = os.environ.get("BACKUPS")
    return Path(given) if given else data / "backups"


def owner_of_backups(data: Path) -> str:
    """This installation among all that could write there; empty where no other can."""
    if backups_folder(data).resolve().is_relative_to(data.resolve()):
        return ""
    return f"{socket.gethostname()}:{data.resolve()}"


def opened() -> Site:
    """The installation that the environment names, its data in today's shape."""
    from infra import migrations

    site = as_it_is()
    if where := on_aws():
        migrations.current(site.table, where)
    else:
        migrations.migrate(site.table, tell)
    return site


def on_aws() -> str:
    """The stage or table on AWS that the environment names; empty on one machine."""
    return os.environ.get("STAGE") or os.environ.get("TABLE") or ""


def tell(line: str) -> None:
    print(f"baocao: {line}", file=sys.stderr, flush=True)


def as_it_is() -> Site:
    """The installation: on AWS where the environment names a stage or a table."""
    if stage := os.environ.get("STAGE"):
        from chalicelib.edges import aws
        from infra.stack import settings

        return aws.open_site(clock.now, settings(stage))
    if os.environ.get("TABLE"):
        from chalicelib.edges import aws

        return aws.open_site(clock.now)
    return embedded.open_site(data_folder(), public_url(), clock.now)


def filled() -> Site:
    """With the samples where it is one machine: what runs on AWS is no place to try."""
    site = opened()
    if not on_aws() and wants_samples():
        samples.load_all(site)
    return site


def wants_samples() -> bool:
    """SAMPLES=no: a department works here, and nobody but it. Raises Unusable."""
    said = os.environ.get("SAMPLES") or "yes"
    if said not in ("yes", "no"):
        raise Unusable(f"SAMPLES={said}: say yes or no")
    return said == "yes"
