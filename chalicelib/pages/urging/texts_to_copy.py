"""Texts to copy into Zalo: for one unit with its own link, for a group with names and no link."""

from collections.abc import Iterable

from chalicelib.edges.ports import Site
from chalicelib.jobs import remind
from chalicelib.messages.urging import urging as words
from chalicelib.pages.frame import render
from chalicelib.pages.frame.address import period_of
from chalicelib.pages.frame.web import Problem, Request, Response, absolute
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.progress.reminder import Case, Row, by_bloc
from chalicelib.store import links

_STYLES = ("base", "desk", "urging")


def unit_text(site: Site, request: Request) -> Response:
    """For the officer's own eyes: whoever has the link has the report."""
    programme, period = period_of(site, request)
    rows = remind.rows(site.table, programme, period, request.now)
    row = next((row for row in rows if row.unit.code == request.params["unit"]), None)
    if row is None:
        raise Problem(404, "no_unit_here")
    text, against = _with_its_link(site, programme, period, row)
    return render.page(
        site,
        request,
        "urging/unit_text.html",
        styles=_STYLES,
        programme=programme,
        period=period,
        unit=row.unit,
        text=text,
        against=against and words.NOT_URGED[against],
    )


def _with_its_link(site: Site, programme: Programme, period: Period, row: Row) -> tuple[str, str]:
    """The text, or a key of NOT_URGED in place of it."""
    if row.case is None:
        return "", row.reason
    token = links.token(site.key, links.standing(site.table, programme.key, row.unit.code))
    if not token:
        return "", "no_link"
    link = absolute(site, "u", token)
    text = _written("messages/reminder_unit.txt", programme, period, case=row.case, link=link)
    return text, ""


def group_text(site: Site, request: Request) -> Response:
    """Who has not sent, by bloc: all of them, and each bloc by itself; before the common due
    those whom it holds for, after it the overdue. No link, no phone, no reason, no other due.
    """
    programme, period = period_of(site, request)
    rows = remind.rows(site.table, programme, period, request.now)
    why = "before_due" if request.now <= period.due else "after_due"
    cases = [row.case for row in rows if row.case and row.case.why == why]
    shared = (case for case in cases if why == "after_due" or case.owed.due == period.due)
    blocs = by_bloc(shared, programme.blocs)
    texts = [(words.ALL_BLOCS, _group(programme, period, blocs))] if blocs else []
    if len(blocs) > 1:
        texts += [(bloc[0], _group(programme, period, [bloc])) for bloc in blocs]
    return render.page(
        site,
        request,
        "urging/group_texts.html",
        styles=_STYLES,
        programme=programme,
        period=period,
        texts=texts,
        why=why,
        nobody=words.NO_GROUP_TEXT[_against(rows, why)],
        shut=sum(row.reason == "locked" for row in rows),
    )


def _against(rows: Iterable[Row], why: str) -> str:
    """Why a group has nothing to read: a key of NO_GROUP_TEXT."""
    reasons = {row.reason for row in rows}
    return next((one for one in ("not_open_yet", "locked", "before") if one in reasons), why)


def _group(programme: Programme, period: Period, blocs: list[tuple[str, list[Case]]]) -> str:
    return _written(
        "messages/reminder_group.txt", programme, period, blocs=blocs, why=blocs[0][1][0].why
    )


def _written(template: str, programme: Programme, period: Period, **context: object) -> str:
    return render.text(
        template, programme=programme, department=programme.department, period=period, **context
    )
