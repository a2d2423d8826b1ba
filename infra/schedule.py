"""What EventBridge does on AWS, on one machine: hourly for open periods, nightly for all of them;
and the night's archive, which on AWS is another story.
"""

import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from chalicelib.edges import logs
from chalicelib.edges.embedded import FolderFiles, SqliteTable
from chalicelib.edges.ports import Site
from chalicelib.jobs import summarise as summing
from chalicelib.rules.files.archive_nights import due
from infra import nightly_archives

_HOUR = timedelta(hours=1)
_RUN_SECONDS = 10  # that the scheduled run may take to end


class Schedule(threading.Thread):
    """From the start on; `stop` ends it."""

    def __init__(self, site: Site, backups: Path, whose: str = "") -> None:
        super().__init__(name="schedule", daemon=True)
        self._site = site
        self._backups = backups
        self._whose = whose
        self._stopped = threading.Event()

    def run(self) -> None:
        """Judged by what was done last: a wait may end early, an hour's work outlast the hour."""
        done: datetime | None = None
        while True:
            began = self._site.clock()
            night = due(began)  # the last one o'clock in Việt Nam, as in app.py
            self.hour(everything=night != done)
            done = night
            if self._stopped.wait(self._until_the_hour_after(began)):
                return

    def _until_the_hour_after(self, began: datetime) -> float:
        """In seconds: 0 where it has begun meanwhile, an hour at most where the clock went back."""
        following = began.replace(minute=0, second=0, microsecond=0) + _HOUR
        left = following - self._site.clock()
        return min(max(left, timedelta()), _HOUR).total_seconds()

    def hour(self, *, everything: bool) -> None:
        """What is to be done this hour; what fails of it stops nothing else."""

        def summarise() -> None:
            summing.run(self._site, everything=everything)

        for act in (self._sweep, summarise, self._back_up):
            try:
                act()
            except summing.Failed:
                pass  # its line says which periods
            except Exception as error:
                logs.say("schedule_failed", logs.ERROR, error)

    def _sweep(self) -> None:
        now = self._site.clock()
        cast(SqliteTable, self._site.table).sweep(now)
        cast(FolderFiles, self._site.files).sweep(now)

    def _back_up(self) -> None:
        nightly_archives.look(self._site, self._backups, self._whose)

    def stop(self) -> None:
        """A run under way goes on for a while: cut off, it would say of itself that it failed."""
        self._stopped.set()
        self.join(_RUN_SECONDS)
