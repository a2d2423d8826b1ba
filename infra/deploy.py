"""A stage brought to a package: what would change is shown first; a failed try is run again."""

import json
from collections.abc import Collection, Mapping

from chalicelib.edges.ports import Site
from chalicelib.rules.texts.clock import now
from chalicelib.rules.units import contact
from chalicelib.store import schema
from infra import artefacts, change_set, sending_identity
from infra.artefacts import Say
from infra.asking import Ask
from infra.package import Package
from infra.stack import Account, NotDeployed, Stack, failures, settings, settled, stack


def deploy(
    here: Account, stage: str, made: Package, given: Mapping[str, str], ask: Ask, say: Say
) -> Stack:
    """Bring the stage to this package. Raises NotDeployed in plain words."""
    found = _ready(here, stage, say)
    _not_newer(found, stage)
    wanted = _parameters(here, stage, found, made, given)
    url = artefacts.uploaded(here, made, say)
    artefacts.server_key(here, stage, say)
    changes = change_set.prepared(here, found, url, wanted)
    if changes is None:
        say("nothing to change: this package is what runs")
        return found
    name, listed = changes
    for line in change_set.lines(listed):
        say(line)
    if lost := [one for one in listed if change_set.loses_reports(one)]:
        change_set.drop(here, found, name)
        kept = ", ".join(one["LogicalResourceId"] for one in lost)
        raise NotDeployed(f"{kept} would be replaced, and what is kept in it left behind: stopped")
    if not ask(f"apply these {len(listed)} changes to {found.name}?"):
        change_set.drop(here, found, name)
        raise NotDeployed("nothing was changed")
    return change_set.applied(here, stage, name, found)


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
    mark = schema.mark(site_of(stage).table)
    if mark and mark.schema > schema.SCHEMA:
        raise NotDeployed(
            f"the data of {found.name} has schema {mark.schema}, newer than this package's "
            f"{schema.SCHEMA}: deploy the newer program again, or restore an archive from before "
            "it into a new stage. Nothing was changed"
        )


def site_of(stage: str) -> Site:
    """The stage's installation, worked on from here."""
    from chalicelib.edges import aws

    return aws.open_site(now, settings(stage))


def _check_given(given: Mapping[str, str], stage: str, known: Collection[str]) -> None:
    """Raises NotDeployed for a setting that the template has not, or that is said elsewhere."""
    if unknown := sorted(given.keys() - set(known)):
        raise NotDeployed(f"no such setting: {', '.join(unknown)}; there are {', '.join(known)}")
    if given.get("Stage", stage) != stage:
        raise NotDeployed(f"Stage is said by STAGE={stage}, not by SET")


def _check_mailboxes(wanted: Mapping[str, str]) -> None:
    if not wanted.get("Sender"):
        raise NotDeployed("who sends the mails? e.g. SENDER=no-reply@baocao.example")
    for name, variable in (("Sender", "SENDER"), ("AlarmMail", "AlarmMail")):
        if (address := wanted.get(name, "")) and not contact.is_mailbox(address):
            raise NotDeployed(f"{variable}={address} is no mail address like canbo@so.example")


def _parameters(
    here: Account, stage: str, found: Stack, made: Package, given: Mapping[str, str]
) -> dict[str, str]:
    """What is given now, else what it was told before, else what can be seen in the account."""
    known = json.loads(made.template.read_text("utf-8"))["Parameters"]
    _check_given(given, stage, known)
    before = {} if found.is_unborn else dict(found.parameters)
    wanted = {**before, **given, "Stage": stage}
    _check_mailboxes(wanted)
    wanted.setdefault("SenderIdentity", wanted["Sender"])
    wanted["SesSandbox"] = "yes" if sending_identity.in_sandbox(here) else "no"
    if "MakeIdentity" not in wanted or wanted["SenderIdentity"] != before.get("SenderIdentity"):
        there = sending_identity.identity(here, wanted["SenderIdentity"])
        wanted["MakeIdentity"] = given.get("MakeIdentity", "no" if there else "yes")
    if "LogRole" not in given and not here.client("apigateway").get_account().get(
        "cloudwatchRoleArn"
    ):
        wanted["LogRole"] = "yes"
    return {name: text for name, text in wanted.items() if name in known}
