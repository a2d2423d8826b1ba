"""Where to click to try it: a unit that has not sent, an account of each role, the outbox."""

from chalicelib.edges.ports import Site
from chalicelib.pages.frame.web import absolute
from chalicelib.rules.programmes.period import Period, in_use
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.reports.obligation import Obligation
from chalicelib.rules.units.unit import Unit, owing
from chalicelib.store import access, exempt_or_extended, programmes, reports, sign_ins
from chalicelib.store.links import standing_or_first_link
from infra.samples import NotLoaded


def in_use_now(site: Site, only: str = "") -> tuple[Programme, Period]:
    """The programme with an open period, else the one that was collected last."""
    now = site.clock()
    found = []
    for programme in programmes.programmes(site.table):
        period = in_use(programmes.periods(site.table, programme.key), now)
        if period and only in ("", programme.key):
            found.append((period.is_open(now), period.due, programme, period))
    if not found:
        known = programmes.programme_keys(site.table)
        if only and only not in known:
            raise NotLoaded(f"no programme {only}; there are {', '.join(known) or 'none yet'}")
        if not known:
            raise NotLoaded("no programme is loaded yet: make load FOLDER=programmes/…")
        raise NotLoaded("no period has begun yet" + (f" of {only}" if only else ""))
    return max(found, key=lambda one: one[:2])[2:]


def print_ways_in(site: Site) -> None:
    """Where to click to try it, one a line."""
    programme, period = in_use_now(site)
    units = owing(programmes.units(site.table, programme), period.end)
    if not units:
        raise NotLoaded(f"{programme.key} has no unit that owes a report for {period.key}")
    unit = next((one for one in units if _waits(site, programme, period, one)), units[0])
    if token := standing_or_first_link(site.table, site.key, programme.key, unit.code):
        print("unit", absolute(site, "u", token))
    for role in ("officer", "director"):
        print(role, _staff_link(site, programme, role))
    print("outbox", f"{site.public_url}/_outbox", flush=True)


def _waits(site: Site, programme: Programme, period: Period, unit: Unit) -> bool:
    """Whether its report was not sent and can be."""
    where = site.table, programme.key, period.key, unit.code
    owed = Obligation(period, exempt_or_extended.of(*where), reports.head(*where))
    return owed.head is None and owed.may_send(site.clock())


def _staff_link(site: Site, programme: Programme, role: str) -> str:
    """A one-time link for an account of this role: signs in within 15 minutes."""
    emails = [email for email, known in access.staff(site.table) if known == role]
    domain = programme.department.email.partition("@")[2]
    emails.sort(key=lambda email: not email.endswith(f"@{domain}"))
    if not emails:
        raise NotLoaded(f"no account has the role {role}: add [[staff]] to programme.toml")
    link_token, _, _ = sign_ins.ask_sign_in(site.table, emails[0], site.clock())
    return absolute(site, "s", link_token)
