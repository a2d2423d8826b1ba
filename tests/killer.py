"""A process that does one act at a time in a child of its own, killed at a chosen call.

`python -m tests.killer` reads orders, one a line, and answers how each child ended. It is one
process for many kills because a fresh one would spend its time on imports; the child opens the
installation itself, so that nothing of another process's is in its hands.
"""

import base64
import logging
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import app
from infra.browser import ROOT
from infra.gateway import Gateway
from infra.visitor import Visitor
from tests.faulty import When
from tests.world import Here, Phone, World


@dataclass(frozen=True)
class Order:
    here: Here
    now: datetime
    call: int
    when: When
    # A phone's sending; without it the schedule runs. With `where`, a form posted there.
    unit: str = ""
    cookies: Mapping[str, str] | None = None
    check: Mapping[str, str] | None = None
    where: str = ""


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def obey(order: Order) -> None:
    world = World(order.here, order.now)
    world.calls.arm(order.call, order.when, die)
    if order.check is None:
        world.summarise()
        return
    visitor = Visitor(app, Gateway(app))
    visitor.cookies = dict(order.cookies or {})
    if order.where:
        visitor.post(order.where, order.check)
        return
    world.send(Phone(order.unit, visitor), order.check)


def main() -> None:
    logging.disable(logging.CRITICAL)
    for line in sys.stdin:
        order = pickle.loads(base64.b64decode(line))  # noqa: S301 - our own test's order
        child = os.fork()
        if child == 0:
            obey(order)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


class Killer:
    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def __call__(self, order: Order) -> int:
        """How the child ended: -9 where it was killed, 0 where the call was never reached."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(base64.b64encode(pickle.dumps(order)).decode() + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextmanager
def killer() -> Iterator[Killer]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.killer"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Killer(process)
        assert process.stdin is not None
        process.stdin.close()


if __name__ == "__main__":
    from tests.killer import main as in_the_module  # so that the orders are of its own class

    in_the_module()
