"""`make deploy`, `make destroy`: what is typed, what is said, and in which order it is done."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from chalicelib.rules.units import contact
from infra import after_deploy, deploy, destroy, sending_identity
from infra.asking import asking
from infra.package import NotPackaged, package
from infra.stack import STAGES, NotDeployed, account, named


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
    after = deploy.deploy(here, given.stage, made, told, asking(yes=given.yes), _say)
    after_deploy.migrated(given.stage, _say)
    after_deploy.run_at_once(here, after)
    after_deploy.officer(given.stage, given.officer, _say)
    for line in sending_identity.mail_words(here, after):
        _say(line)
    if given.stage == "prod" and not after.parameters.get("AlarmMail"):
        _say('nobody hears the alarms yet: SET="AlarmMail=cntt@so.example"')
    if given.stage == "prod" and not after.parameters.get("DomainName"):
        _say("prod has no domain of its own yet: schools distrust a bare AWS address")
    if target := after.outputs.get("DomainTarget"):
        _say(f"its CNAME points to {target}")
    _say(f"{after.name} stands: {after.outputs['PublicUrl']}")


def _destroy(given: argparse.Namespace) -> None:
    destroy.destroy(account(), given.stage, asking(yes=given.yes), _say)
    _say(f"{named(given.stage)} is gone")


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="infra", description="make deploy, make destroy")
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
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    from botocore.exceptions import BotoCoreError, ClientError

    from chalicelib.edges.ports import Unusable

    given = _parsed(arguments)
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
