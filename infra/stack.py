"""The deployment in an AWS account: its state, its outputs, what it is called."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from chalicelib.edges.ports import Unusable

STAGES = ("dev", "test", "prod")
_POLL_SECONDS = 3.0
_WORKING = "_IN_PROGRESS"


class NotDeployed(Exception):
    """Why it stopped and what to do, in plain words."""


def named(stage: str) -> str:
    return f"baocao-{stage}"


def key_parameter(stage: str) -> str:
    return f"/baocao/{stage}/server-key"


@dataclass(frozen=True, slots=True)
class Account:
    """Where we deploy; AWS_ENDPOINT_URL of the environment may lead to emulated AWS."""

    number: str
    region: str
    session: Any

    def client(self, service: str) -> Any:
        return _client(self.session, service)


@cache
def _client(session: Any, service: str) -> Any:
    from botocore.config import Config

    patience = Config(retries={"mode": "standard", "max_attempts": 5})
    return session.create_client(service, config=patience)


def account() -> Account:
    """Who we are with AWS. Raises NotDeployed in plain words."""
    import botocore.session
    from botocore.exceptions import BotoCoreError, ClientError

    session = botocore.session.get_session()
    try:
        region = session.get_config_variable("region")
        if not region:
            raise NotDeployed(
                "no region: say where, e.g. AWS_DEFAULT_REGION=ap-southeast-1 (Singapore)"
            )
        if session.get_credentials() is None:
            raise NotDeployed(
                "no AWS credentials: sign in with `aws sso login` or `aws configure`, "
                "or set AWS_PROFILE"
            )
        who = _client(session, "sts").get_caller_identity()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise NotDeployed(f"AWS does not take these credentials ({code}): sign in again") from error
    except BotoCoreError as error:
        raise NotDeployed(f"AWS can't be reached or asked: {error}") from error
    return Account(str(who["Account"]), str(region), session)


@dataclass(frozen=True, slots=True)
class Stack:
    name: str
    status: str  # empty where there is none
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]
    updated: str = ""  # when its last change began

    @property
    def works(self) -> bool:
        """It stands and can be updated."""
        return self.status in _STANDING

    @property
    def is_busy(self) -> bool:
        return self.status.endswith(_WORKING) and self.status != "REVIEW_IN_PROGRESS"

    @property
    def is_unborn(self) -> bool:
        """There is none, or only a change set that nobody applied."""
        return self.status in ("", "REVIEW_IN_PROGRESS", "DELETE_COMPLETE")

    @property
    def is_stillborn(self) -> bool:
        """Its first creation failed; it holds nothing and can only be deleted."""
        return self.status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")


_STANDING = {
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
}


def stack(here: Account, stage: str) -> Stack:
    from botocore.exceptions import ClientError

    name = named(stage)
    try:
        (found,) = here.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        return Stack(name, "", {}, {})
    return Stack(
        name,
        found["StackStatus"],
        {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])},
        {one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", [])},
        str(found.get("LastUpdatedTime", "")),
    )


def settled(here: Account, stage: str) -> Stack:
    """Once nothing moves any more."""
    while (found := stack(here, stage)).is_busy:
        time.sleep(_POLL_SECONDS)
    return found


def failures(here: Account, name: str) -> Iterator[str]:
    """What broke in the last try, the first one first."""
    events = here.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    found = []
    for event in events:  # the newest first
        if event.get("ResourceStatus", "").endswith("_FAILED"):
            found.append(
                f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason')}"
            )
        begun = event.get("ResourceStatusReason") == "User Initiated"
        if begun and event["LogicalResourceId"] == name:
            break
    return reversed(found)


def resources(here: Account, name: str) -> Mapping[str, str]:
    """Logical name → physical one."""
    client = here.client("cloudformation")
    found: dict[str, str] = {}
    asked: dict[str, str] = {"StackName": name}
    while True:
        reply = client.list_stack_resources(**asked)
        for one in reply["StackResourceSummaries"]:
            found[one["LogicalResourceId"]] = one.get("PhysicalResourceId", "")
        if not (token := reply.get("NextToken")):
            return found
        asked["NextToken"] = token


def client(service: str) -> Any:
    """For a command that works on a stage from here. Raises Unusable."""
    try:
        return account().client(service)
    except NotDeployed as problem:
        raise Unusable(str(problem)) from None


def not_here(name: str, stage: str) -> str:
    """The likelier cause first: another account or region than the one that was meant."""
    if stage not in STAGES:
        return f"no stage {stage}: there are {', '.join(STAGES)}"
    here = account()
    return (
        f"{name} is not in {here.region} of account {here.number}: is it the right region and "
        f"account? If it was never made: make deploy STAGE={stage}"
    )


def left_over_queue(stage: str) -> str:
    """The address of the queue that failed events end in. Raises Unusable."""
    try:
        found = stack(account(), stage).outputs
    except NotDeployed as problem:
        raise Unusable(str(problem)) from None
    if "LeftOverUrl" not in found:
        raise Unusable(not_here(named(stage), stage))
    return found["LeftOverUrl"]


def invoke(function: str, event: bytes) -> None:
    """As a run does it: Lambda keeps the event and answers before it is done."""
    client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=event)


def forget_suppressed(address: str) -> bool:
    """SES keeps a list of its own of addresses that bounced: it would drop the next mail, and
    tell of one more bounce. False where the address is not on it."""
    from botocore.exceptions import ClientError

    try:
        client("sesv2").delete_suppressed_destination(EmailAddress=address)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NotFoundException":
            raise
        return False
    return True


_FROM_OUTPUTS = {
    "TABLE": "TableName",
    "BUCKET": "BucketName",
    "SENDER": "SenderName",
    "PUBLIC_URL": "PublicUrl",
    "KEY_PARAMETER": "KeyParameter",
    "MAIL_SETTINGS": "MailSettingsName",
}


def settings(stage: str) -> Mapping[str, str]:
    """What the functions of a stage are told, for a command that works on it from here."""
    try:
        found = stack(account(), stage)
    except NotDeployed as problem:
        raise Unusable(str(problem)) from None
    if not found.outputs:
        raise Unusable(not_here(found.name, stage))
    if missing := sorted(set(_FROM_OUTPUTS.values()) - found.outputs.keys()):
        raise Unusable(
            f"{found.name} does not say its {', '.join(missing)}: deploy this program first"
        )
    return {name: found.outputs[output] for name, output in _FROM_OUTPUTS.items()}
