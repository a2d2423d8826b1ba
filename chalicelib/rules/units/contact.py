"""Whom to reach at a unit: its registered mailbox, its head, who prepares the report."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from chalicelib.rules.texts.text import forbidden
from chalicelib.rules.units.unit import Unit

FIELDS = ("mailbox", "head", "preparer", "phone")
LONGEST_NAME = 100


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
    """Where mails to the unit go: the confirmed mailbox, else the one of the unit list, if it is
    one: older lists could hold what no mail reaches.
    """
    return contact.mailbox or (unit.email if is_mailbox(unit.email) else "")


def unit_phone(contact: Contact, unit: Unit) -> str:
    """To call the unit by: what stands in its contact, else in the unit list."""
    return contact.phone or unit.phone


def shown(contact: Contact, unit: Unit) -> dict[str, str]:
    """What the boxes of a form hold at first: a proposal goes before what it would replace."""
    return {
        "mailbox": contact.proposed or mailbox(contact, unit),
        "head": contact.head,
        "preparer": contact.preparer,
        "phone": unit_phone(contact, unit),
    }


def read(form: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What was typed, by field, and its faults: field → key of messages.links.contacts.FAULTS."""
    typed = {name: form.get(name, "") for name in FIELDS}
    found = {name: _fault(name, content) for name, content in typed.items() if content}
    return typed, {name: fault for name, fault in found.items() if fault}


def _fault(name: str, content: str) -> str:
    if forbidden(content):
        return "forbidden_character"
    if "\n" in content:
        return "several_lines"
    if name == "mailbox":
        return "" if is_mailbox(content) else "bad_mailbox"
    if name == "phone":
        return "" if is_phone(content) else "bad_phone"
    return "name_too_long" if len(content) > LONGEST_NAME else ""


def is_mailbox(content: str) -> bool:
    """An address as mailboxes of offices have: ASCII, and a host name with a dot."""
    host = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})"
    own = r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*"
    fits = re.fullmatch(rf"{own}@{host}(?:\.{host})+", content, re.ASCII)
    return fits is not None and len(content) <= 200 and len(content.partition("@")[0]) <= 64


def is_phone(content: str) -> bool:
    """A number to call, as people write it: so many digits that it reaches somebody."""
    digits = sum(c.isdigit() for c in content)
    return re.fullmatch(r"[0-9+ ().-]{0,30}", content) is not None and 8 <= digits <= 15


def changed_by_unit(contact: Contact, unit: Unit, typed: Mapping[str, str]) -> Contact:
    """Names and phone hold at once; another mailbox waits for an officer, and nothing typed there
    or the registered one takes an earlier proposal back.
    """
    wanted = typed["mailbox"]
    same = wanted.lower() == mailbox(contact, unit).lower()
    return replace(_with_the_rest(contact, unit, typed), proposed="" if same else wanted)


def changed_by_officer(contact: Contact, unit: Unit, typed: Mapping[str, str]) -> Contact:
    """An officer's own word needs nobody to confirm it. No mailbox: that of the unit list again."""
    wanted = "" if typed["mailbox"] == unit.email else typed["mailbox"]
    proposed = "" if contact.proposed == typed["mailbox"] else contact.proposed
    return replace(_with_the_rest(contact, unit, typed), mailbox=wanted, proposed=proposed)


def confirmed(contact: Contact) -> Contact:
    return replace(contact, mailbox=contact.proposed, proposed="")


def refused(contact: Contact) -> Contact:
    return replace(contact, proposed="")


def _with_the_rest(contact: Contact, unit: Unit, typed: Mapping[str, str]) -> Contact:
    number = "" if typed["phone"] == unit.phone else typed["phone"]
    return replace(contact, head=typed["head"], preparer=typed["preparer"], phone=number)
