"""What a person types, one function a command. One clear line when it can't be done."""

import argparse
import logging
import os
import sqlite3
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from chalicelib.edges import logs as journal
from chalicelib.edges.embedded import Unusable
from chalicelib.edges.ports import Site
from chalicelib.edges.table import Busy, Conflict
from chalicelib.jobs import summarise as summing
from chalicelib.pages.frame.web import absolute, unencrypted
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.review.act import Act
from chalicelib.rules.units.list_codes import alike
from chalicelib.rules.units.unit import Unit, owing
from chalicelib.store import links as store_links
from chalicelib.store import programmes
from chalicelib.store.links import standing_or_first_link
from infra import installation, rescue, samples, server_key
from infra import logs as kept_logs
from infra.archiving import backup, drill, other_key, restore
from infra.asking import asking
from infra.samples import NotLoaded
from infra.ways_in import in_use_now, print_ways_in


def run(_: argparse.Namespace) -> None:
    """Serve on HOST:PORT; print where to click, one a line."""
    import app
    from chalicelib.edges.embedded.queue import Queue
    from chalicelib.pages.door import doors
    from infra.gateway import Gateway
    from infra.local import Server, serve, stop_on_signals

    if os.environ.get("STAGE"):
        raise Unusable("STAGE names what runs on AWS; this serves on one machine: leave it out")
    host, port = installation.address()
    try:
        server = Server(host, port)
    except OSError as error:
        raise Unusable(f"can't listen on {host}:{port}: {error.strerror}") from error
    with server:
        stop_on_signals(server)
        site = installation.opened()
        journal.begin(os.environ["LOG"], kept_logs.keeper(installation.data_folder()))
        if installation.wants_samples():
            samples.load_all(site)
        asked = Queue(partial(doors.serve, site))
        site = replace(site, afterwards=asked.put)
        app.use(site)
        _warn(site)
        server.site, server.gateway, server.data = site, Gateway(app), installation.data_folder()
        server.one_address = not os.environ.get("PUBLIC_URL")
        if installation.wants_samples():
            print_ways_in(site)
        else:  # what is printed is kept by the machine's journal: nothing that lets anybody in
            print("serving", site.public_url, flush=True)
        serve(server, asked)


def _warn(site: Site) -> None:
    """Of what lets it serve, and should not stay so: one line each."""
    from infra import nightly_archives

    if unencrypted(site):
        installation.tell(
            f"{site.public_url} is not encrypted: links and reports can be read on the way. "
            "Put a proxy with HTTPS in front, and say PUBLIC_URL=https://…"
        )
    data = installation.data_folder()
    try:
        folder, owner = installation.backups_folder(data), installation.owner_of_backups(data)
        nightly_archives.judge(folder, owner)
    except (OSError, Unusable) as error:
        installation.tell(f"no archive is made: {error}")


def demo(_: argparse.Namespace) -> None:
    """Fill every begun period with seeded reports, and add them up."""
    from infra import demo

    if os.environ.get("STAGE") == "prod" or not installation.wants_samples():
        raise Unusable("here are real reports: no made-up ones are put beside them")
    site = installation.opened()
    demo.refuse_real(site, on_aws=bool(installation.on_aws()))
    samples.load_all(site)
    demo.fill(site)
    _summarise(site)


def summarise(_: argparse.Namespace) -> None:
    """The scheduled job, now, for every period."""
    _summarise(installation.filled())


def _summarise(site: Site) -> None:
    done = summing.run(site, everything=True)
    print(f"{len(done.written)} summarised, {len(done.unchanged)} unchanged")


def links(given: argparse.Namespace) -> None:
    """The link of every unit of the programme in use: unit-code URL."""
    site = installation.filled()
    programme, period = in_use_now(site, given.programme)
    units = owing(programmes.units(site.table, programme), period.end)
    if given.reissue:
        code = _the_one(given.reissue, programme, units)
        act = Act(site.clock(), "make links", "reissue_link", programme.key, unit=code)
        token = store_links.reissue_link(site.table, site.key, programme.key, code, act)
        print(code, absolute(site, "u", token))
        return
    lost = 0
    for unit in units:
        if token := standing_or_first_link(site.table, site.key, programme.key, unit.code):
            print(unit.code, absolute(site, "u", token))
        lost += not token
    if lost:
        raise Unusable(other_key(lost, len(units)))


def _the_one(typed: str, programme: Programme, units: Sequence[Unit]) -> str:
    """The code that was meant, whatever its case or leading zeros. Raises NotLoaded."""
    meant = [unit.code for unit in units if alike(unit.code) == alike(typed.strip())]
    if typed in meant:
        return typed
    if len(meant) > 1:
        raise NotLoaded(f"which unit of {programme.key}? there are {', '.join(meant)}")
    if not meant:
        raise NotLoaded(f"{programme.key} has no unit {typed}")
    return meant[0]


def load(given: argparse.Namespace) -> None:
    """Load a programme's folder, or bring a loaded one up to date."""
    if not given.folder:
        raise Unusable("which folder? make load FOLDER=programmes/…")
    site = installation.opened()
    programme, passed = samples.load(site, Path(given.folder))
    count = len({unit.code for unit in programmes.units(site.table, programme.key)})
    periods = len(programmes.periods(site.table, programme.key))
    print(f"{programme.key} loaded: {count} units, {periods} periods")
    for one in passed:
        print(one)


def logs(given: argparse.Namespace) -> None:
    """The log of the server, newest last: where it broke, how long it took, what it cost."""
    if os.environ.get("STAGE") and not given.stdin:
        raise Unusable(
            "the log of a stage is in CloudWatch: docs/operations.md, Logs, has the line to read it"
        )
    wanted, data = kept_logs.Wanted(given.id, given.status, given.last), installation.data_folder()
    try:
        lines = sys.stdin if given.stdin else kept_logs.kept(data, follow=given.follow)
        kept_logs.show(lines, wanted)
    except FileNotFoundError:
        raise Unusable(f"DATA={data} has no log yet: start the server with `make run`") from None


def officer(given: argparse.Namespace) -> None:
    """Print a sign-in link for an officer, made one where needed: once, within 15 minutes."""
    print(rescue.officer(installation.opened(), given.mail))
    print("baocao: it signs in once, within 15 minutes", file=sys.stderr)


def reachable(given: argparse.Namespace) -> None:
    """Mail an address again that is marked because its mails came back."""
    from infra.stack import forget_suppressed

    forget = forget_suppressed if installation.on_aws() else lambda _: False
    print(rescue.reachable(installation.opened(), given.mail, forget))


def rotate(given: argparse.Namespace) -> None:
    """Make a new server key and a new link for every unit; print whom to send one."""
    key = (
        server_key.on_aws()
        if installation.on_aws()
        else server_key.in_a_file(installation.data_folder() / "key")
    )
    count = rescue.rotate(installation.opened(), key, asking(yes=given.yes), print)
    print(f"{count} units have a new link; the old one and what it opened ended. Send the new ones")


def leftover(given: argparse.Namespace) -> None:
    """What a stage's runs have left in the queue after failing for good; or try it again."""
    from infra import left_over, stack

    if not (stage := os.environ.get("STAGE")):
        raise Unusable("which stage? STAGE=prod make leftover")
    url, queue = stack.left_over_queue(stage), stack.client("sqs")
    if not given.again:
        print(f"{left_over.look(queue, url, print)} lie in the queue")
        return
    count = left_over.again(queue, url, stack.invoke, print)
    print(f"{count} were handed to their functions again")


def _failures_of_aws() -> tuple[type[Exception], ...]:
    from botocore.exceptions import BotoCoreError, ClientError

    return BotoCoreError, ClientError


_COMMANDS: tuple[Callable[[argparse.Namespace], None], ...] = (
    *(run, demo, summarise, links, load, logs, backup, restore, drill),
    *(officer, reachable, rotate, leftover),
)


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="infra", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for action in _COMMANDS:
        command = commands.add_parser(action.__name__, help=action.__doc__)
        command.set_defaults(action=action)
        if action is links:
            command.add_argument("--programme", metavar="KEY", default="", help="another programme")
            again = "end a unit's link, make a new one"
            command.add_argument("--reissue", metavar="CODE", help=again)
        if action is load:
            command.add_argument("folder", nargs="?", default="")
        if action is logs:
            _of_logs(command)
        if action in (officer, reachable):
            command.add_argument("mail")
        if action is leftover:
            command.add_argument("--again", action="store_true", help="and try each once more")
        if action in (rotate, restore):
            command.add_argument("--yes", action="store_true", help="don't ask")
        if action in (backup, restore, drill):
            command.add_argument("file", nargs="?", default="")
    return parser.parse_args()


def _of_logs(command: argparse.ArgumentParser) -> None:
    command.add_argument("--id", default="", help="of this request or run")
    command.add_argument("--status", default="", help="404, or 5 for every 5xx")
    command.add_argument("--last", type=int, default=200, help="how many old lines")
    command.add_argument("--follow", action="store_true", help="and those to come")
    command.add_argument("--stdin", action="store_true", help="read standard input")


def main() -> int:
    given = _parsed()
    os.umask(0o077)  # what is kept is for the account that runs this, not for the machine
    os.environ.setdefault("LOG", "INFO" if given.action is run else "WARNING")
    if os.environ["LOG"] not in logging.getLevelNamesMapping():
        print(f"baocao: LOG={os.environ['LOG']} is no level: try INFO", file=sys.stderr)
        return 1
    journal.begin(os.environ["LOG"])
    try:
        given.action(given)
    except BrokenPipeError:  # `make links | head`: the reader has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except summing.Failed as failed:
        print(f"baocao: could not be summarised: {failed}", file=sys.stderr)
        return 1
    except (Unusable, NotLoaded, Busy, Conflict, sqlite3.Error, OSError) as problem:
        print(f"baocao: {problem}", file=sys.stderr)
        return 1
    except _failures_of_aws() as problem:
        print(f"baocao: AWS says: {problem}", file=sys.stderr)
        return 1
    return 0
