"""What anyone may ask for: handed over with the answer, looked up and mailed after it."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.edges import logs
from chalicelib.edges.ports import Asked, Site
from chalicelib.edges.table import Busy, Conflict
from chalicelib.messages.door import sign_in as sign_in_words
from chalicelib.pages.door import ceilings
from chalicelib.rules.access import access as rules
from chalicelib.rules.access import known_browser
from chalicelib.store import access, rates, sign_ins

_OLDEST = timedelta(minutes=10)  # nobody waits longer for a mail


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
        if result in ("expired", "ceiling"):
            line.level = logs.WARNING


def _served(site: Site, asked: Asked) -> str:
    if site.clock() - asked.at > _OLDEST:
        return "expired"
    if asked.door == "sign_in":
        return _mail_sign_in(site, asked)
    from chalicelib.pages.door import links_again

    return links_again.mail(site, asked)


def _mail_sign_in(site: Site, asked: Asked) -> str:
    """What became of it. The caps come before the token: past them nothing is written any more."""
    email, now = asked.text, site.clock()
    account = access.account(site.table, email)
    if account is None:
        return "nobody"
    reserve = rules.reserve_of(site.key, asked.browser)
    own, _, browser = reserve.partition(".")
    is_known = bool(browser) and known_browser.stands(site.key, browser, account.grant)
    if not is_known:
        reserve = own
    if not rates.take_within(site.table, f"sign-in-{reserve}", now, rules.SIGN_INS_AN_HOUR):
        return "often"
    if not is_known and not ceilings.may_mail(site, now):
        return "ceiling"
    try:
        link, code, _ = sign_ins.ask_sign_in(site.table, email, now, asked.browser, reserve)
    except Conflict:  # Lambda may hand over one event twice
        return "twice"
    return _post(site, now, email, link, code)


def _post(site: Site, now: datetime, email: str, link: str, code: str) -> str:
    from chalicelib.pages.frame import render
    from chalicelib.pages.frame.web import absolute
    from chalicelib.pages.links import link_mail

    body = render.text("messages/sign_in.txt", code=code, link=absolute(site, "s", link))
    subject = sign_in_words.SIGN_IN["subject"].format(code=code)
    return link_mail.post(site, now, email, subject, body)
