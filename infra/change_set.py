"""A change set of CloudFormation: what it would change; dropped, or carried out to its end."""

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infra.stack import Account, NotDeployed, Stack, failures, named, stack

_KEPT = {"Table", "Files"}  # what holds the reports
_NOTHING = ("didn't contain changes", "No updates are to be performed")
_PATIENCE = 15.0  # minutes for one stack
_STALE = 60  # seconds in which a stack may not say yet that it is being changed


def prepared(
    here: Account, found: Stack, url: str, wanted: Mapping[str, str]
) -> tuple[str, list[dict[str, Any]]] | None:
    """Its name and what it would change; None where nothing."""
    client = here.client("cloudformation")
    name = f"deploy-{secrets.token_hex(6)}"
    client.create_change_set(
        StackName=found.name,
        ChangeSetName=name,
        ChangeSetType="CREATE" if found.is_unborn else "UPDATE",
        TemplateURL=url,
        Parameters=[{"ParameterKey": k, "ParameterValue": text} for k, text in wanted.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Tags=[{"Key": "baocao", "Value": wanted["Stage"]}],
    )
    changes = _ready(here, found, name)
    return None if changes is None else (name, changes)


def _ready(here: Account, found: Stack, name: str) -> list[dict[str, Any]] | None:
    """What the change set would change, as soon as that is known; None where nothing."""
    client = here.client("cloudformation")
    until = time.monotonic() + 60 * _PATIENCE
    while True:
        told = client.describe_change_set(StackName=found.name, ChangeSetName=name)
        if told["Status"] == "CREATE_COMPLETE":
            return _all_changes(client, found.name, name)
        if told["Status"] == "FAILED":
            reason = told.get("StatusReason", "no reason given")
            drop(here, found, name)
            if any(words in reason for words in _NOTHING):
                return None
            raise NotDeployed(f"CloudFormation does not take this package: {reason}")
        if time.monotonic() > until:
            raise NotDeployed(f"the change set {name} does not get ready: look in the console")
        time.sleep(1)


def _all_changes(client: Any, stack_name: str, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    asked = {"StackName": stack_name, "ChangeSetName": name}
    while True:
        reply = client.describe_change_set(**asked)
        found += [one["ResourceChange"] for one in reply.get("Changes", [])]
        if not (token := reply.get("NextToken")):
            return found
        asked["NextToken"] = token


def lines(changes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in sorted(changes, key=lambda one: (one["Action"], one["LogicalResourceId"])):
        anew = " (made anew)" if one.get("Replacement") == "True" else ""
        kind = str(one["ResourceType"]).removeprefix("AWS::")
        yield f"  {one['Action'].lower():8} {one['LogicalResourceId']:32} {kind}{anew}"


def loses_reports(change: Mapping[str, Any]) -> bool:
    gone = change["Action"] == "Remove" or change.get("Replacement") == "True"
    return gone and change["LogicalResourceId"] in _KEPT


def drop(here: Account, found: Stack, name: str) -> None:
    client = here.client("cloudformation")
    client.delete_change_set(StackName=found.name, ChangeSetName=name)


def applied(here: Account, stage: str, change_set: str, before: Stack) -> Stack:
    client, name = here.client("cloudformation"), named(stage)
    client.execute_change_set(StackName=name, ChangeSetName=change_set)
    begun = time.monotonic()
    until = begun + 60 * _PATIENCE
    while True:
        time.sleep(1)
        after = stack(here, stage)
        if after == before and time.monotonic() < begun + _STALE:
            continue  # what it says is still of before
        if after.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return after
        if not after.is_busy and not after.is_unborn:
            told = "\n".join(failures(here, name))
            raise NotDeployed(
                f"{name} could not be changed and was taken back ({after.status}).\n{told}\n"
                "Mend what it names and run the same command again"
            )
        if time.monotonic() > until:
            raise NotDeployed(f"{name} is still {after.status}: look in the console, then again")
