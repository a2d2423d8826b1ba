"""What the terminal can do when the desk can't: let an officer in, lift a mark, change the key."""

import time
from collections.abc import Callable, Iterator

from chalicelib.edges.ports import Site, Unusable
from chalicelib.messages.door.staff import FAULTS
from chalicelib.pages.frame.web import absolute
from chalicelib.rules.access.access import Role
from chalicelib.rules.review.act import Act
from chalicelib.rules.texts.clock import VIETNAM
from chalicelib.rules.units import contact
from chalicelib.store import access, acts, links, programmes, sign_ins, staff, unreachable
from chalicelib.store.staff import NotChanged
from infra.asking import Ask
from infra.server_key import ServerKey

Say = Callable[[str], None]

_MARKS = {"bounce": "mails to it came back", "complaint": "its owner called a mail unwanted"}


def _mailbox(given: str) -> str:
    if not contact.is_mailbox(given.lower()):
        raise Unusable(f"MAIL={given} is no mail address like chuyenvien@so.example")
    return given.lower()


# ------------------------------------------------------------------ who may sign in


def appoint(site: Site, command: str, given: str, role: Role = "officer") -> str:
    """The account with this role, on record as this command's act. Its address."""
    email = _mailbox(given)
    verb = "change_staff" if access.staff_role(site.table, email) else "add_staff"
    act = Act(site.clock(), command, verb, detail={"account": email, "role": role})
    try:
        staff.appoint(site.table, act, email, role)
    except NotChanged as no:
        raise Unusable(f"{email}: {FAULTS[no.reason]}") from None
    return email


def officer(site: Site, given: str) -> str:
    """A sign-in link for this officer, made one where needed: works once, for 15 minutes."""
    email = appoint(site, "make officer", given)
    act = Act(site.clock(), "make officer", "print_sign_in", detail={"account": email})
    acts.commit(site.table, act)
    token, _, _ = sign_ins.ask_sign_in(site.table, email, site.clock())
    return absolute(site, "s", token)


# ------------------------------------------------------------------ a marked mailbox


def reachable(site: Site, given: str, forget: Callable[[str], bool]) -> str:
    """Mail the address again. `forget` ends what the mail service remembers of it itself."""
    email = _mailbox(given)
    act = Act(site.clock(), "make reachable", "lift_mark", detail={"mailbox": email})
    found = unreachable.lift(site.table, act, email, site.clock())
    forgotten = forget(email)
    told = [f"{email} is mailed again ({_MARKS[found]})"] if found else []
    if forgotten:
        told.append(f"{email} is off SES's own list of addresses that it does not mail")
    return "\n".join(told) or f"{email} was not marked: mails go there"


# ------------------------------------------------------------------ the server key


def _question(key: ServerKey, there: int, behind: int) -> str:
    """What is to be agreed to: a new key, or what one that was cut off has left to do."""
    if behind:
        return f"{behind} links stand on a server key of before: end them, make new ones?"
    made = f"{key.made().astimezone(VIETNAM):%d/%m/%Y %H:%M}"
    question = f"make a new server key (this is of {made}, Viet Nam's time) "
    return question + f"and end the {there} links that stand on it?"


def _wait_out(site: Site, key: ServerKey, say: Say, wait: Callable[[float], object]) -> None:
    """Until no function knows the old key; never longer than that, whatever the two clocks say."""
    left = min(key.slow, key.made() + key.slow - site.clock()).total_seconds()
    if left > 0:
        say(f"waiting {left:.0f} s, until no function knows the old key; print no links meanwhile")
        wait(left)


def rotate(
    site: Site,
    key: ServerKey,
    ask: Ask,
    say: Say,
    wait: Callable[[float], object] = time.sleep,
) -> int:
    """A new key, and a new link for each unit whose link works. How many. Raises Unusable.

    Cut off, it goes on when it is run again: while links stand on a key of before, no further
    key is made. Each unit's old link works until its own turn.
    """
    there = list(_working(site))
    behind = [one for one in there if not links.token(site.key, one)]
    if not ask(_question(key, len(there), len(behind))):
        raise Unusable("nothing was changed")
    if not behind:
        acts.commit(site.table, Act(site.clock(), "make rotate", "rotate_key"))
        key.replace()
    _wait_out(site, key, say, wait)
    before = {(one.programme, one.unit) for one in there} - {
        (one.programme, one.unit) for one in behind
    }
    for programme, unit in sorted(before) if behind else ():
        say(f"{programme} {unit} (has one of this key already: send it if you have not)")
    return sum(_replaced(site, one, say) for one in _working(site))


def _working(site: Site) -> Iterator[links.Standing]:
    """The link of every unit that has one that works, of every programme."""
    for p in programmes.programme_keys(site.table):
        programme = programmes.programme(site.table, p)
        assert programme is not None  # it was named by the table just now
        listed = {one.code for one in programmes.units(site.table, programme)}
        indexed = links.standings(site.table, p)
        for unit in sorted(listed | indexed.keys()):
            standing = indexed.get(unit) or links.standing(site.table, p, unit)
            if standing and standing.works:
                yield standing


def _replaced(site: Site, one: links.Standing, say: Say) -> bool:
    act = Act(site.clock(), "make rotate", "reissue_link", one.programme, unit=one.unit)
    done = links.under(site.table, site.key, one.programme, one.unit, act)
    if done:
        say(f"{one.programme} {one.unit}")
    return done
