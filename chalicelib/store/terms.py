"""Exemptions and extensions in the table: one item a unit and period that has any."""

from chalicelib.edges.table import Body, Check, Item, Put, Table
from chalicelib.rules.reports.terms import Terms
from chalicelib.rules.texts.clock import from_iso, iso
from chalicelib.store import keys


def terms(table: Table, p: str, k: str) -> dict[str, Terms]:
    """Those units that have terms of their own, by code."""
    found = (_terms(item) for item in table.query(f"PERIOD#{p}#{k}", "TERMS#"))
    return {one.unit: one for one in found}


def of(table: Table, p: str, k: str, unit: str) -> Terms:
    item = table.get(keys.terms(p, k, unit))
    return _terms(item) if item else Terms(unit)


def put(p: str, k: str, terms: Terms) -> Put:
    """The change that keeps these terms in place of those of `terms.revision`."""
    body: Body = {"exempt": terms.exempt, "due": iso(terms.due) if terms.due else ""}
    return Put(keys.terms(p, k, terms.unit), body, expects=terms.revision)


def unchanged(p: str, k: str, unit: str, terms: Terms) -> Check:
    """Holds while the unit's terms are as they were read: for a write that stands on them."""
    return Check(keys.terms(p, k, unit), expects=terms.revision)


def _terms(item: Item) -> Terms:
    due = str(item.body["due"])
    unit = item.key.sort.removeprefix("TERMS#")
    return Terms(unit, str(item.body["exempt"]), from_iso(due) if due else None, item.version)
