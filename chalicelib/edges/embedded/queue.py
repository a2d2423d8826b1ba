"""What was asked for, in memory, served by one thread after the answers; nothing outlives it."""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from chalicelib.edges import logs
from chalicelib.edges.ports import Asked
from chalicelib.edges.table import Busy
from chalicelib.rules.access import access

_MOST = 500  # that wait, of each kind
_LAST_SECONDS = 10  # for what still waits at the end


class Queue(threading.Thread):
    """Browsers that are known come first: strangers' asks can't hold them up, nor fill their room.

    Each ask is served once, in the order of its kind; what it raises has been told in its own line.
    """

    def __init__(self, serve: Callable[[Asked], None], most: int = _MOST) -> None:
        super().__init__(name="asked", daemon=True)
        self._serve = serve
        self._most = most
        self._known: deque[Asked] = deque()
        self._strangers: deque[Asked] = deque()
        self._changed = threading.Condition()
        self._busy = False
        self._ends = False

    def put(self, asked: Asked) -> None:
        """Raises Busy where too many wait, or where the server ends."""
        with self._changed:
            waiting = self._known if access.is_known(asked.browser) else self._strangers
            if self._ends or len(waiting) >= self._most:
                raise Busy("too many asks wait")
            waiting.append(asked)
            self._changed.notify_all()

    def run(self) -> None:
        while (asked := self._next()) is not None:
            with suppress(Exception):
                self._serve(asked)

    def _next(self) -> Asked | None:
        with self._changed:
            self._busy = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._known or self._strangers or self._ends)
            if not self._known and not self._strangers:
                return None
            self._busy = True
            return (self._known or self._strangers).popleft()

    def drained(self, seconds: float) -> bool:
        """Whether all that was put has been served, after at most so long."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not (self._known or self._strangers or self._busy), seconds
            )

    def stop(self, seconds: float = _LAST_SECONDS) -> None:
        """Take nothing more, serve what waits, and give the rest up: people ask again."""
        with self._changed:
            self._ends = True
            self._changed.notify_all()
        self.join(seconds)
        with self._changed:
            left = len(self._known) + len(self._strangers)
            self._known.clear()
            self._strangers.clear()
        if left:
            logs.say("asked_given_up", logs.WARNING, asked=left)
