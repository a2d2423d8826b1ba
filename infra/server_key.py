"""Where an installation keeps its server key, since when, and how a new one takes its place."""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chalicelib.edges import embedded
from infra import stack

_LONGEST_REQUEST = 30  # seconds that a function may go on with the key that it began with


@dataclass(frozen=True, slots=True)
class ServerKey:
    """`slow` is how long a process may go on with the old one."""

    made: Callable[[], datetime]
    replace: Callable[[], None]
    slow: timedelta = timedelta()


def in_a_file(path: Path) -> ServerKey:
    """A server that runs reads it at each use."""
    return ServerKey(
        lambda: datetime.fromtimestamp(path.stat().st_mtime, UTC),
        lambda: embedded.replace_key(path),
    )


def on_aws() -> ServerKey:
    """A parameter of SSM, of the stage or as the environment names it."""
    from chalicelib.edges import aws

    stage = os.environ.get("STAGE")
    name = stack.key_parameter(stage) if stage else os.environ["KEY_PARAMETER"]

    def made() -> datetime:
        told = stack.client("ssm").get_parameter(Name=name)["Parameter"]["LastModifiedDate"]
        assert isinstance(told, datetime)
        return told

    def replace() -> None:
        value, kind = secrets.token_hex(32), "SecureString"
        stack.client("ssm").put_parameter(Name=name, Value=value, Type=kind, Overwrite=True)
        aws.forget_key()

    return ServerKey(made, replace, timedelta(seconds=aws.KEY_SECONDS + _LONGEST_REQUEST))
