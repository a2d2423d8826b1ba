"""Whom to reach at a unit: its registered mailbox, its head, who prepares the report."""

from dataclasses import dataclass, field

from chalicelib.unit import Unit


@dataclass(frozen=True, slots=True)
class Contact:
    """`mailbox` is one that an officer has confirmed; `proposed` waits for that."""

    mailbox: str = ""
    head: str = ""
    preparer: str = ""
    phone: str = ""
    proposed: str = ""
    revision: int = field(default=0, compare=False)  # of the stored item, for expecting


def mailbox(contact: Contact, unit: Unit) -> str:
    """Where mails to the unit go: the confirmed mailbox, else the one of the unit list."""
    return contact.mailbox or unit.email


def phone(contact: Contact, unit: Unit) -> str:
    return contact.phone or unit.phone
