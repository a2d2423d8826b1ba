"""Contacts of units in the table, beside their dated versions: a new phone is no new unit."""

from collections.abc import Iterator
from operator import itemgetter
from typing import Any

from chalicelib.edges.table import Check, Item, Put, Table
from chalicelib.rules.access.access import Session
from chalicelib.rules.review.act import Act
from chalicelib.rules.units.contact import Contact
from chalicelib.store import acts, keys
from chalicelib.store.access import in_session


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


def keep(table: Table, act: Act, contact: Contact, *standing: Check) -> None:
    """The unit's contact in place of that of `contact.revision`, on record. Raises Conflict."""
    acts.commit(table, act, put(act.programme, act.unit, contact), *standing)


def keep_in(table: Table, session: Session, act: Act, contact: Contact) -> None:
    """As `keep`, and only while the session stands. Raises Conflict, Ended."""
    in_session(table, session, act.at, lambda standing: keep(table, act, contact, standing))


_FIELDS = ("mailbox", "head", "preparer", "phone", "proposed")
_of_a_contact: Any = itemgetter(*_FIELDS)


def _contact(item: Item) -> Contact:
    mailbox, head, preparer, phone, proposed = _of_a_contact(item.body)
    return Contact(mailbox, head, preparer, phone, proposed, item.version)
