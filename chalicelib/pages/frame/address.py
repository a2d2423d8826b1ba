"""What a page of the desk is about, by its address; how long one act over many may take."""

from chalicelib.edges.ports import Site
from chalicelib.pages.frame.web import Problem, Request
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.programmes.programme import Programme
from chalicelib.store import programmes

# An act over many units begins no further one after that: the gateway gives up after 29 seconds.


def programme_of(site: Site, request: Request) -> Programme:
    """Raises Problem where there is none."""
    programme = programmes.programme(site.table, request.params["programme"])
    if programme is None:
        raise Problem(404, "no_period")
    return programme


def period_of(site: Site, request: Request) -> tuple[Programme, Period]:
    """Raises Problem where there is none."""
    programme = programme_of(site, request)
    for period in programmes.periods(site.table, programme.key):
        if period.key == request.params["period"]:
            return programme, period
    raise Problem(404, "no_period")
