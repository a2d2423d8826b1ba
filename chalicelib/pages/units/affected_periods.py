"""Which periods a change of the unit list reaches that somebody already relies on."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.edges.ports import Site
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.units import list_change
from chalicelib.rules.units.list_change import Touched
from chalicelib.rules.units.unit import Unit
from chalicelib.store import programmes, reports, summaries


@dataclass(frozen=True, slots=True)
class Warned:
    """Periods that somebody relies on and of which other units would owe a report."""

    periods: tuple[tuple[Touched, tuple[str, ...]], ...]

    @property
    def digest(self) -> str:
        """Who agrees, agrees to this and nothing else."""
        said = repr([(one.period.key, *one[1:]) for one, _ in self.periods])
        return hashlib.sha256(said.encode()).hexdigest()[:32]


def warned(
    site: Site, programme: Programme, now: datetime, present: Sequence[Unit], newer: Sequence[Unit]
) -> Warned:
    """Each such period with why it matters: keys of messages.units.units.WHY."""
    periods = [p for p in programmes.periods(site.table, programme.key) if p.has_begun(now)]
    found = []
    for one in list_change.touched(present, newer, periods):
        why = []
        if now > one.period.locks:
            why.append("locked")
        elif now > one.period.due:
            why.append("due")
        if summaries.summary(site.table, programme.key, one.period.key):
            why.append("summed")
        if _reported(site, programme, one):
            why.append("reported")
        if why:
            found.append((one, tuple(why)))
    return Warned(tuple(found))


def _reported(site: Site, programme: Programme, one: Touched) -> bool:
    """Whether a unit that would owe nothing any more has sent its report already."""
    if not one.dropped:
        return False
    sent = reports.revisions(site.table, programme.key, one.period.key)
    return any(unit in one.dropped for unit, _ in sent)
