"""Whose installation this is, for a page that is of no programme: whom to call, and its words."""

from chalicelib.edges import logs
from chalicelib.edges.ports import Site
from chalicelib.rules.programmes.programme import Department, whose
from chalicelib.rules.texts.clock import today
from chalicelib.store import programmes


def department(site: Site) -> Department | None:
    """None where there is no programme, and where the table does not answer."""
    try:
        return whose(programmes.programmes(site.table), today(site.clock()))
    except Exception as error:
        logs.say("contact_unreadable", logs.ERROR, error)
        return None
