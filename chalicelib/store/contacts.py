"""Contacts of units in the table, beside their dated versions: a new phone is no new unit."""

from collections.abc import Iterator

from chalicelib.contact import Contact
from chalicelib.store import keys
from chalicelib.table import Item, Put, Table


def contact(table: Table, p: str, unit: str) -> Contact:
    item = table.get(keys.contact(p, unit))
    return _contact(item) if item else Contact()


def contacts(table: Table, p: str) -> Iterator[tuple[str, Contact]]:
    """Of every unit that has any, with its code."""
    for item in table.query(f"UNITS#{p}", "CONTACT#"):
        yield item.key.sort.removeprefix("CONTACT#"), _contact(item)


def put(p: str, unit: str, contact: Contact) -> Put:
    """The change that keeps this contact in place of that of `contact.revision`."""
    body = {name: getattr(contact, name) for name in _FIELDS}
    return Put(keys.contact(p, unit), body, expects=contact.revision)


_FIELDS = ("mailbox", "head", "preparer", "phone", "proposed")


def _contact(item: Item) -> Contact:
    return Contact(**{name: str(item.body[name]) for name in _FIELDS}, revision=item.version)
