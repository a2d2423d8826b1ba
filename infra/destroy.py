"""A stage taken away with all that it keeps; safe to run again after a failed try."""

from collections.abc import Callable
from typing import Any

from infra.artefacts import Say
from infra.asking import Ask
from infra.stack import (
    Account,
    NotDeployed,
    Stack,
    failures,
    key_parameter,
    resources,
    settled,
    stack,
)


def destroy(here: Account, stage: str, ask: Ask, say: Say) -> None:
    """The stage with all that it keeps. Safe to run again after a failed try."""
    if stage == "prod":
        raise NotDeployed("prod is not destroyed by a command: docs/operations.md says by what")
    found = stack(here, stage)
    if found.status in ("", "DELETE_COMPLETE"):
        if _forgotten_key(here, stage):
            say("no stack, and the server key of a try that failed: deleted")
            return
        raise NotDeployed(f"{found.name} is not there")
    if found.is_busy:
        raise NotDeployed(f"{found.name} is being changed right now ({found.status}): wait")
    if not ask(f"destroy {found.name} with every report, file and the server key in it?"):
        raise NotDeployed("nothing was destroyed")
    _delete_kept(here, found, say)
    say(f"deleting {found.name}")
    here.client("cloudformation").delete_stack(StackName=found.name)
    if (after := settled(here, stage)).status not in ("", "DELETE_COMPLETE"):
        told = "\n".join(failures(here, found.name))
        raise NotDeployed(f"{found.name} is {after.status}: run it again\n{told}")
    _forgotten_key(here, stage)


def _delete_kept(here: Account, found: Stack, say: Say) -> None:
    """What the stack keeps when it goes itself: files and items."""
    there = resources(here, found.name)
    if name := there.get("Files"):
        say(f"emptying the bucket {name}")
        _delete_bucket(here, name)
    if name := there.get("Table"):
        say(f"deleting the table {name}")
        _ignoring("ResourceNotFoundException", here.client("dynamodb").delete_table, TableName=name)


def _forgotten_key(here: Account, stage: str) -> bool:
    """Delete the server key. False where there is none."""
    delete, name = here.client("ssm").delete_parameter, key_parameter(stage)
    return _ignoring("ParameterNotFound", delete, Name=name) is not None


def _delete_bucket(here: Account, name: str) -> None:
    """Every version of every file, then the bucket."""
    client = here.client("s3")
    while True:
        page = _ignoring("NoSuchBucket", client.list_object_versions, Bucket=name)
        if page is None:
            return
        found = page.get("Versions", []) + page.get("DeleteMarkers", [])
        if not found:
            break
        each = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
        client.delete_objects(Bucket=name, Delete={"Objects": each, "Quiet": True})
    client.delete_bucket(Bucket=name)


def _ignoring(code: str, call: Callable[..., Any], **asked: Any) -> Any:
    from botocore.exceptions import ClientError

    try:
        return call(**asked)
    except ClientError as error:
        if error.response["Error"]["Code"] != code:
            raise
        return None
