"""What may be guessing, counted: unknown links, wrong codes, by address and hour."""

from chalicelib.edges.ports import Site
from chalicelib.pages.frame.web import Problem, Request
from chalicelib.rules.access import access as rules
from chalicelib.store import rates


def failed(site: Site, request: Request, status: int, name: str) -> Problem:
    """Count the failure; past the limit the same answer says 429.

    Only failures are counted and only they are answered so: a whole school shares one address,
    and whoever holds a link or a code that works goes on. A session that has ended is no failure:
    a phone that was left open shows it all day.
    """
    most = rules.FAILURES_AN_HOUR
    counted = f"failure-{rules.address_digest(site.key, request.address)}"
    over = rates.count(site.table, counted, request.now, most) > most
    return Problem(429 if over else status, name)
