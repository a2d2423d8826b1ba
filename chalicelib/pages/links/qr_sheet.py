"""The printed sheet of links: one unit a page, or several to cut, each with its QR code."""

from collections.abc import Mapping

from chalicelib.edges.ports import Site
from chalicelib.pages.frame import render
from chalicelib.pages.frame.address import programme_of
from chalicelib.pages.frame.web import Request, Response, absolute
from chalicelib.pages.links import links as listed
from chalicelib.pages.links.links import Row
from chalicelib.rules.access import qr
from chalicelib.rules.texts import text
from chalicelib.rules.units.unit import Unit
from chalicelib.store import links

ON_A_PAGE = 8  # two by four, to cut
MOST = 1_000  # slips of one answer: more would not fit through Lambda's 6 MB


def sheet(site: Site, request: Request) -> Response:
    """A GET makes no link: units without one that works are named, and not printed."""
    programme = programme_of(site, request)
    query = {name: text.tidy(content) for name, content in request.query.items()}
    found = _asked_for(listed.rows(site, programme, request.now), query)
    slips, without, lost = _drawn(site, found[:MOST])
    step = ON_A_PAGE if query.get("cut") else 1
    return render.page(
        site,
        request,
        "links/qr_sheet.html",
        styles=("base", "desk", "qr_sheet"),
        programme=programme,
        leaves=[slips[start : start + step] for start in range(0, len(slips), step)],
        slips=len(slips),
        without=without,
        lost=lost,
        left=max(0, len(found) - MOST),
        most=MOST,
        cut=bool(query.get("cut")),
        query={name: content for name, content in query.items() if name != "cut"},
    )


def _asked_for(every: list[Row], query: Mapping[str, str]) -> list[Row]:
    """The units that the address names, else those that its filter lets through."""
    codes = set(query.get("units", "").split(".")) - {""}
    if not codes:
        return listed.filtered(every, query)
    return [row for row in every if row.unit.code in codes]


def _drawn(
    site: Site, found: list[Row]
) -> tuple[list[tuple[Unit, str, str]], list[Unit], list[Unit]]:
    """Unit, link and QR code of each slip; the units without a link that works; and those with
    one of another server key: it opens and can't be printed.
    """
    slips, without, lost = list[tuple[Unit, str, str]](), list[Unit](), list[Unit]()
    for row in found:
        token = links.token(site.key, row.standing)
        if not token:
            (lost if row.state == "working" else without).append(row.unit)
            continue
        link = absolute(site, "u", token)
        slips.append((row.unit, link, qr.drawn(link)))
    return slips, without, lost
