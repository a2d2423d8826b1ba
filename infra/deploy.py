"""`make deploy`, `make destroy`: what would change is shown first; a failed try is run again."""

import argparse
import hashlib
import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from chalicelib.edges.ports import Site
from chalicelib.edges.table import Busy, Conflict
from chalicelib.rules.texts.clock import iso, now
from chalicelib.rules.units import contact
from chalicelib.store import schema
from infra import rescue
from infra.asking import Ask, asking
from infra.package import NotPackaged, Package, as_text, package, placed
from infra.stack import (
    STAGES,
    Account,
    NotDeployed,
    Stack,
    account,
    failures,
    key_parameter,
    named,
    resources,
    settings,
    settled,
    stack,
)

_KEPT = {"Table", "Files"}  # what holds the reports
_NOTHING = ("didn't contain changes", "No updates are to be performed")
_PATIENCE = 15.0  # minutes for one stack
_STALE = 60  # seconds in which a stack may not say yet that it is being changed
_IN_FLIGHT = 30  # seconds that a request to the former package may still take

Say = Callable[[str], None]


def deploy(
    here: Account, stage: str, made: Package, given: Mapping[str, str], ask: Ask, say: Say
) -> Stack:
    """Bring the stage to this package. Raises NotDeployed in plain words."""
    found = _ready(here, stage, say)
    _not_newer(found, stage)
    wanted = _parameters(here, stage, found, made, given)
    url = _uploaded(here, made, say)
    _server_key(here, stage, say)
    changes = _change_set(here, found, url, wanted)
    if changes is None:
        say("nothing to change: this package is what runs")
        return found
    name, listed = changes
    for line in _lines(listed):
        say(line)
    if lost := [one for one in listed if _loses_reports(one)]:
        _drop(here, found, name)
        kept = ", ".join(one["LogicalResourceId"] for one in lost)
        raise NotDeployed(f"{kept} would be replaced, and what is kept in it left behind: stopped")
    if not ask(f"apply these {len(listed)} changes to {found.name}?"):
        _drop(here, found, name)
        raise NotDeployed("nothing was changed")
    return _applied(here, stage, name, found)


def _ready(here: Account, stage: str, say: Say) -> Stack:
    """The stack as something that a change set can be made for."""
    found = stack(here, stage)
    if found.is_busy:
        raise NotDeployed(
            f"{found.name} is being changed right now ({found.status}): wait, then try again"
        )
    if found.is_stillborn:
        say(f"the first creation of {found.name} failed and was taken back: it holds nothing")
        say("deleting what is left of it, then from the beginning …")
        here.client("cloudformation").delete_stack(StackName=found.name)
        found = settled(here, stage)
    if found.is_unborn or found.works:
        return found
    if found.status == "UPDATE_ROLLBACK_FAILED":
        raise NotDeployed(
            f"{found.name} could not be taken back after a failed change. Mend what it names, "
            f"then: aws cloudformation continue-update-rollback --stack-name {found.name}\n"
            + "\n".join(failures(here, found.name))
        )
    raise NotDeployed(
        f"{found.name} is {found.status}: look at its events in the CloudFormation console"
    )


def _not_newer(found: Stack, stage: str) -> None:
    """An older package must not run on data that a newer one has written (decision 0020)."""
    if found.is_unborn or not found.outputs:
        return
    mark = schema.mark(_site(stage).table)
    if mark and mark.schema > schema.SCHEMA:
        raise NotDeployed(
            f"the data of {found.name} has schema {mark.schema}, newer than this package's "
            f"{schema.SCHEMA}: deploy the newer program again, or restore an archive from before "
            "it into a new stage. Nothing was changed"
        )


def _site(stage: str) -> Site:
    """The stage's installation, worked on from here."""
    from chalicelib.edges import aws

    return aws.open_site(now, settings(stage))


# ------------------------------------------------------------------ what is uploaded


def _artefacts(here: Account, say: Say) -> str:
    """The bucket for packages, one an account and region, made when it is missing."""
    from botocore.exceptions import ClientError

    client, name = here.client("s3"), f"baocao-artefacts-{here.number}-{here.region}"
    try:
        client.head_bucket(Bucket=name, ExpectedBucketOwner=here.number)
        return name
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchBucket"):
            raise NotDeployed(f"the bucket {name} is not ours to use: {error}") from error
    say(f"making the bucket for packages, {name}")
    place: Any = {"LocationConstraint": here.region}
    own = {} if here.region == "us-east-1" else {"CreateBucketConfiguration": place}
    client.create_bucket(Bucket=name, **own)
    client.put_public_access_block(
        Bucket=name,
        PublicAccessBlockConfiguration=dict.fromkeys(
            (
                "BlockPublicAcls",
                "IgnorePublicAcls",
                "BlockPublicPolicy",
                "RestrictPublicBuckets",
            ),
            True,
        ),
    )
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    client.put_bucket_encryption(
        Bucket=name, ServerSideEncryptionConfiguration={"Rules": [default]}
    )
    return name


def _uploaded(here: Account, made: Package, say: Say) -> str:
    """Both files in the bucket under names by their content. The template's address."""
    from botocore.exceptions import ClientError

    client, bucket = here.client("s3"), _artefacts(here, say)
    key = f"{made.digest}.zip"
    text = as_text(placed(json.loads(made.template.read_text("utf-8")), bucket, key)).encode()
    place = f"{hashlib.sha256(text).hexdigest()}.json"
    for name, content in ((key, made.zip.read_bytes()), (place, text)):
        try:
            client.head_object(Bucket=bucket, Key=name)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("404", "NoSuchKey"):
                raise
            say(f"uploading {name[:12]}… ({len(content) / 1e6:.1f} MB)")
            client.put_object(Bucket=bucket, Key=name, Body=content)
    return f"{client.meta.endpoint_url}/{bucket}/{place}"


def _server_key(here: Account, stage: str, say: Say) -> None:
    """Made once, never shown: every unit's link hangs on it (decision 0008)."""
    from botocore.exceptions import ClientError

    client, name = here.client("ssm"), key_parameter(stage)
    try:
        client.get_parameter(Name=name)
        return
    except ClientError as error:
        if error.response["Error"]["Code"] != "ParameterNotFound":
            raise
    say(f"making the server key, {name}")
    client.put_parameter(Name=name, Value=secrets.token_hex(32), Type="SecureString")


# ------------------------------------------------------------------ what it is told


def _parameters(
    here: Account, stage: str, found: Stack, made: Package, given: Mapping[str, str]
) -> dict[str, str]:
    """What is given now, else what it was told before, else what can be seen in the account."""
    known = json.loads(made.template.read_text("utf-8"))["Parameters"]
    if unknown := sorted(given.keys() - known.keys()):
        raise NotDeployed(f"no such setting: {', '.join(unknown)}; there are {', '.join(known)}")
    if given.get("Stage", stage) != stage:
        raise NotDeployed(f"Stage is said by STAGE={stage}, not by SET")
    before = {} if found.is_unborn else dict(found.parameters)
    wanted = {**before, **given, "Stage": stage}
    if not wanted.get("Sender"):
        raise NotDeployed("who sends the mails? e.g. SENDER=no-reply@baocao.example")
    for name, variable in (("Sender", "SENDER"), ("AlarmMail", "AlarmMail")):
        if (address := wanted.get(name, "")) and not contact.is_mailbox(address):
            raise NotDeployed(f"{variable}={address} is no mail address like canbo@so.example")
    wanted.setdefault("SenderIdentity", wanted["Sender"])
    wanted["SesSandbox"] = "yes" if _in_sandbox(here) else "no"
    if "MakeIdentity" not in wanted or wanted["SenderIdentity"] != before.get("SenderIdentity"):
        there = _identity(here, wanted["SenderIdentity"])
        wanted["MakeIdentity"] = given.get("MakeIdentity", "no" if there else "yes")
    if "LogRole" not in given and not here.client("apigateway").get_account().get(
        "cloudwatchRoleArn"
    ):
        wanted["LogRole"] = "yes"
    return {name: text for name, text in wanted.items() if name in known}


def _in_sandbox(here: Account) -> bool:
    return not here.client("sesv2").get_account().get("ProductionAccessEnabled")


def _identity(here: Account, name: str) -> Mapping[str, Any] | None:
    from botocore.exceptions import ClientError

    try:
        found: Mapping[str, Any] = here.client("sesv2").get_email_identity(EmailIdentity=name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NotFoundException":
            return None
        raise
    return found


# ------------------------------------------------------------------ the change set


def _change_set(
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
    until = time.monotonic() + 60 * _PATIENCE
    while True:
        told = client.describe_change_set(StackName=found.name, ChangeSetName=name)
        if told["Status"] == "CREATE_COMPLETE":
            return name, _all_changes(client, found.name, name)
        if told["Status"] == "FAILED":
            reason = told.get("StatusReason", "no reason given")
            _drop(here, found, name)
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


def _lines(changes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in sorted(changes, key=lambda one: (one["Action"], one["LogicalResourceId"])):
        anew = " (made anew)" if one.get("Replacement") == "True" else ""
        kind = str(one["ResourceType"]).removeprefix("AWS::")
        yield f"  {one['Action'].lower():8} {one['LogicalResourceId']:32} {kind}{anew}"


def _loses_reports(change: Mapping[str, Any]) -> bool:
    gone = change["Action"] == "Remove" or change.get("Replacement") == "True"
    return gone and change["LogicalResourceId"] in _KEPT


def _drop(here: Account, found: Stack, name: str) -> None:
    client = here.client("cloudformation")
    client.delete_change_set(StackName=found.name, ChangeSetName=name)


def _applied(here: Account, stage: str, change_set: str, before: Stack) -> Stack:
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


# ------------------------------------------------------------------ once it stands


def _officer(stage: str, mail: str, say: Say) -> None:
    """The first who may sign in. With an officer there, the desk has a page for the others."""
    from chalicelib.store import access

    site = _site(stage)
    if mail:
        email = rescue.appoint(site, "make deploy", mail)
        say(f"officer {email}: sign in at {site.public_url}/signin")
    elif not list(access.staff(site.table)):
        say(
            f"nobody may sign in yet: make officer STAGE={stage} MAIL=mail, or, to move an "
            f"installation here, STAGE={stage} make restore FILE=baocao.zip"
        )


def _migrated(stage: str, say: Say) -> None:
    """Its data in the shape of the package that runs now. Cut off, the same command goes on."""
    from infra import migrations

    table = _site(stage).table
    try:
        if migrations.found(table).schema < schema.SCHEMA:
            say(f"waiting {_IN_FLIGHT} s until nothing of the former package writes any more …")
            time.sleep(_IN_FLIGHT)
        migrations.migrate(table, say)
    except (Busy, Conflict) as error:
        raise NotDeployed(
            f"the package runs, but its data is not all in its shape yet ({error}): "
            "run the same command again"
        ) from None


def _mail_words(here: Account, found: Stack) -> Iterator[str]:
    """What keeps mails from going out."""
    name = found.parameters.get("SenderIdentity", "")
    known = _identity(here, name)
    if known and not known.get("VerifiedForSendingStatus"):
        tokens = known.get("DkimAttributes", {}).get("Tokens", [])
        if "@" in name:
            yield f"SES waits for {name}: press the link in the mail that AWS has sent there"
        else:
            yield f"SES waits for {name}: put these three records into its DNS"
        for token in tokens if "@" not in name else []:
            yield f"  {token}._domainkey.{name} CNAME {token}.dkim.amazonses.com"
    if _in_sandbox(here):
        yield (
            "SES is in its sandbox: mails reach verified addresses only, 200 a day. Verify the "
            "officer's address in the SES console now, and ask there for production access"
        )


def _run_at_once(here: Account, found: Stack) -> None:
    """The nightly run: its alarm waits for it, and a new package may shape summaries anew."""
    payload, name = json.dumps(scheduled(here)).encode(), found.outputs["NightlyName"]
    here.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=payload)


def scheduled(here: Account) -> dict[str, Any]:
    """What EventBridge tells a function when its time has come."""
    return {
        "version": "0",
        "id": "first",
        "source": "aws.events",
        "resources": [],
        "detail": {},
        "detail-type": "Scheduled Event",
        "account": here.number,
        "region": here.region,
        "time": iso(now()),
    }


# ------------------------------------------------------------------ destroy


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
    there = resources(here, found.name)
    if name := there.get("Files"):
        say(f"emptying the bucket {name}")
        _delete_bucket(here, name)
    if name := there.get("Table"):
        say(f"deleting the table {name}")
        _ignoring("ResourceNotFoundException", here.client("dynamodb").delete_table, TableName=name)
    say(f"deleting {found.name}")
    here.client("cloudformation").delete_stack(StackName=found.name)
    if (after := settled(here, stage)).status not in ("", "DELETE_COMPLETE"):
        told = "\n".join(failures(here, found.name))
        raise NotDeployed(f"{found.name} is {after.status}: run it again\n{told}")
    _forgotten_key(here, stage)


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


# ------------------------------------------------------------------ the commands


def _say(line: str) -> None:
    print(line, flush=True)


def _given(words: str) -> dict[str, str]:
    """Name=value, apart by blanks."""
    pairs = [word.partition("=") for word in words.split()]
    if wrong := [name for name, sign, _ in pairs if not sign]:
        raise NotDeployed(f"SET wants Name=value, not {wrong[0]}")
    return {name: text for name, _, text in pairs}


def _deploy(given: argparse.Namespace) -> None:
    if given.officer and not contact.is_mailbox(given.officer.lower()):
        raise NotDeployed(f"OFFICER={given.officer} is no mail address like canbo@so.example")
    here = account()
    told = _given(given.set)
    if given.sender:
        told["Sender"] = given.sender
    _say(f"packaging for {given.stage}, account {here.number}, {here.region} …")
    made = package(given.stage, given.out)
    after = deploy(here, given.stage, made, told, asking(yes=given.yes), _say)
    _migrated(given.stage, _say)
    _run_at_once(here, after)
    _officer(given.stage, given.officer, _say)
    for line in _mail_words(here, after):
        _say(line)
    if given.stage == "prod" and not after.parameters.get("AlarmMail"):
        _say('nobody hears the alarms yet: SET="AlarmMail=cntt@so.example"')
    if given.stage == "prod" and not after.parameters.get("DomainName"):
        _say("prod has no domain of its own yet: schools distrust a bare AWS address")
    if target := after.outputs.get("DomainTarget"):
        _say(f"its CNAME points to {target}")
    _say(f"{after.name} stands: {after.outputs['PublicUrl']}")


def _destroy(given: argparse.Namespace) -> None:
    destroy(account(), given.stage, asking(yes=given.yes), _say)
    _say(f"{named(given.stage)} is gone")


def main(arguments: Sequence[str]) -> int:
    from botocore.exceptions import BotoCoreError, ClientError

    from chalicelib.edges.ports import Unusable

    parser = argparse.ArgumentParser(prog="infra", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name, action in (("deploy", _deploy), ("destroy", _destroy)):
        command = commands.add_parser(name)
        command.set_defaults(action=action)
        command.add_argument("--stage", default="", help=" or ".join(STAGES))
        command.add_argument("--yes", action="store_true", help="don't ask")
        if action is _deploy:
            command.add_argument("--officer", default="", help="mail address that may sign in")
            command.add_argument("--sender", default="", help="mail address that mails come from")
            command.add_argument("--set", default="", help="Name=value of the template's settings")
            command.add_argument("--out", type=Path, default=Path("out"))
    given = parser.parse_args(arguments)
    os.umask(0o077)
    try:
        if given.stage not in STAGES:
            raise NotDeployed(f"which stage? STAGE={', STAGE='.join(STAGES)}")
        given.action(given)
    except (NotDeployed, NotPackaged, Unusable) as problem:
        print(f"baocao: {problem}", file=sys.stderr)
        return 1
    except (ClientError, BotoCoreError) as error:
        print(f"baocao: AWS says: {error}", file=sys.stderr)
        return 1
    return 0
