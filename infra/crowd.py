"""Who may be connected: how many may wait without a request, how much what they send may hold in
memory, and whose place goes first.
"""

import contextlib
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal

MOST = 512  # connections, each with a thread of its own
_LEAVING = 64  # more, that were shown out and are not quite gone
MOST_OF_ONE = 128  # of one address without a request: a school stands behind one
_MOST_REQUESTS = 64  # that are worked on at once
SMALL = 125_000  # bytes of a body that comes with the place: a report fits, and all are 72 MB
_MOST_HELD = 64_000_000  # bytes of all larger bodies, from their heads until they are answered

Stage = Literal["waits", "comes", "is worked on", "is answered", "ends"]
_NO_REQUEST_YET = ("waits", "comes")


@dataclass(eq=False, slots=True)
class Guest:
    """One connection. It has waited `since`; only what is worked on can't be shown out."""

    line: socket.socket
    peer: str
    stage: Stage = "waits"
    since: float = field(default_factory=time.monotonic)
    holds: int = 0  # bytes of a large body
    group: str = field(init=False)

    def __post_init__(self) -> None:
        """Who holds the place: an IPv6 address is one of 2^64 of whoever has it."""
        address = ip_address(self.peer)
        self.group = self.peer if address.version == 4 else address.exploded[:19]


class Crowd:
    """The connections of one server. Where there is no room, the oldest without a request goes.

    It is taken from the address that has most of them: whoever opens a thousand loses a thousand,
    and who comes with a request finds a place. So it is with the memory that large bodies hold.
    """

    def __init__(
        self, most: int | None = None, of_one: int = MOST_OF_ONE, most_held: int = _MOST_HELD
    ) -> None:
        self._most = most or min(MOST, _files_allowed() // 2)
        self._of_one = of_one
        self._most_held = most_held
        self._guests: set[Guest] = set()
        self._changed = threading.Condition()
        self._closed = False
        self.desks = threading.BoundedSemaphore(_MOST_REQUESTS)

    def admit(self, line: socket.socket, peer: str, *, speaks_for_many: bool) -> Guest:
        """A place for this connection, once there is one."""
        guest = Guest(line, peer)
        with self._changed:
            waiting = [one for one in self._guests if one.stage in _NO_REQUEST_YET]
            mine = [one for one in waiting if one.group == guest.group]
            if len(mine) >= self._of_one and not speaks_for_many:
                self._show_out(mine)
            while not (self._has_room() or self._closed):
                self._changed.wait(1)
            self._guests.add(guest)
        return guest

    def _has_room(self) -> bool:
        """Who was shown out holds a place for a moment still: it is not waited for each time."""
        staying = sum(one.stage != "ends" for one in self._guests)
        if staying >= self._most and not self._make_room():
            return False
        return len(self._guests) < self._most + _LEAVING

    def close(self) -> None:
        """Nobody waits at the door any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def make_room(self) -> None:
        """Also before the bound is reached: the system may have fewer places."""
        with self._changed:
            self._make_room()

    def _make_room(self) -> bool:
        """Whether there was somebody to show out."""
        movable = [one for one in self._guests if one.stage not in ("is worked on", "ends")]
        if not movable:
            return False
        held = Counter(one.group for one in movable)
        most = max(held.values())
        self._show_out([one for one in movable if held[one.group] == most])
        return True

    @staticmethod
    def _show_out(among: list[Guest]) -> None:
        """The oldest of them. Its thread, which waits for bytes, finds that none come."""
        oldest = min(among, key=lambda one: one.since)
        oldest.stage, oldest.holds = "ends", 0
        with contextlib.suppress(OSError):
            oldest.line.shutdown(socket.SHUT_RDWR)

    def has_room_for(self, guest: Guest, size: int) -> bool:
        """Whether a body of so many bytes may come: a large one only within the budget of all."""
        if size <= SMALL:
            return True
        with self._changed:
            while sum(one.holds for one in self._guests) + size > self._most_held:
                if not self._free_what_is_held(guest, size):
                    return False
            guest.holds = size
        return True

    def _free_what_is_held(self, guest: Guest, size: int) -> bool:
        """Whether another address holds more with what it still sends, and lost some of it."""
        sending = [one for one in self._guests if one.holds and one.stage == "comes"]
        held = Counter({guest.group: size})
        for one in sending:
            held[one.group] += one.holds
        most = max(held.values())
        if held[guest.group] == most:
            return False
        self._show_out([one for one in sending if held[one.group] == most])
        return True

    def goes_on(self, guest: Guest, stage: Stage) -> bool:
        """False where its place was given away meanwhile."""
        with self._changed:
            if guest.stage == "ends":
                return False
            guest.stage = stage
            if stage in ("waits", "is answered"):
                guest.since, guest.holds = time.monotonic(), 0
                self._changed.notify_all()
            return True

    def leave(self, guest: Guest) -> None:
        guest.line.close()
        with self._changed:
            self._guests.discard(guest)
            self._changed.notify_all()

    def finish(self, seconds: float) -> None:
        """Wait until nobody is before an answer any more; who only waits is not waited for."""
        until = time.monotonic() + seconds
        with self._changed:
            while (left := until - time.monotonic()) > 0 and any(
                one.stage in ("comes", "is worked on", "is answered") for one in self._guests
            ):
                self._changed.wait(min(left, 0.1))


def _files_allowed() -> int:
    """Each connection is an open file, and the table needs some too."""
    try:
        from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit
    except ImportError:  # Windows has no such bound
        return 2 * MOST
    allowed, _ = getrlimit(RLIMIT_NOFILE)
    return 2 * MOST if allowed == RLIM_INFINITY else allowed
