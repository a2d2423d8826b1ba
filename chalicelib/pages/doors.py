"""What anyone may ask for: handed over with the answer, looked up and mailed after it."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib import access as rules
from chalicelib import known, logs, messages
from chalicelib.edges import Asked, Site
from chalicelib.store import access, rates
from chalicelib.table import Busy, Conflict

_OLDEST = timedelta(minutes=10)  # nobody waits longer for a mail
_MAILS = "asked-mails"  # the count of all that strangers have caused


def hand_over(site: Site, asked: Asked) -> None:
    """The same call whoever is asked for. Raises Busy where it can't be taken now."""
    if site.afterwards is None:
        with suppress(Exception):  # its line says it; the answer must not
            serve(site, asked)
        return
    try:
        site.afterwards(asked)
    except Exception as error:
        logs.say("not_handed_over", logs.ERROR, error, door=asked.door)
        raise Busy from error


def serve(site: Site, asked: Asked) -> None:
    """Look up what was asked, once. The log hears what became of it, and of whom nothing."""
    with logs.line("asked", door=asked.door, result="failed") as line:
        result = _served(replace(site, public_url=asked.public_url), asked)
        line.add(result=result)
        if result in ("late", "ceiling"):
            line.level = logs.WARNING


def _served(site: Site, asked: Asked) -> str:
    if site.clock() - asked.at > _OLDEST:
        return "late"
    if asked.door == "sign_in":
        return _mail_sign_in(site, asked)
    from chalicelib.pages import resend

    return resend.mail(site, asked)


def _mail_sign_in(site: Site, asked: Asked) -> str:
    """What became of it. The caps come before the token: past them nothing is written any more."""
    email, now = asked.text, site.clock()
    account = access.account(site.table, email)
    if account is None:
        return "nobody"
    reserve = rules.reserve_of(site.key, asked.browser)
    own, _, browser = reserve.partition(".")
    is_known = bool(browser) and known.stands(site.key, browser, account.grant)
    if not is_known:
        reserve = own
    if not rates.take_within(site.table, f"sign-in-{reserve}", now, rules.SIGN_INS_AN_HOUR):
        return "often"
    if not is_known and not may_mail(site, now):
        return "ceiling"
    try:
        link, code, _ = access.ask_sign_in(site.table, email, now, asked.browser, reserve)
    except Conflict:  # Lambda may hand over one event twice
        return "twice"
    from chalicelib.pages import link_mail, render
    from chalicelib.pages.web import absolute

    body = render.text("messages/sign_in.txt", code=code, link=absolute(site, "s", link))
    subject = messages.SIGN_IN["subject"].format(code=code)
    return link_mail.post(site, now, email, subject, body)


def may_mail(site: Site, now: datetime, *, links: bool = False) -> bool:
    """One mail more that a stranger asked for, if this hour has one left.

    The last fifth is for signing in: asks for links can't use it up.
    """
    return rates.take(site.table, _MAILS, now, _most(site, links=links))


def used_up(site: Site, now: datetime) -> str:
    """Which of these mails pause until the hour ends: all, links alone, or none (empty)."""
    gone = rates.taken(site.table, _MAILS, now)
    if gone >= site.asked_mails:
        return "all"
    return "links" if gone >= _most(site, links=True) else ""


def _most(site: Site, *, links: bool) -> int:
    return site.asked_mails * 4 // 5 if links else site.asked_mails
