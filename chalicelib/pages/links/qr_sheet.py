"""The printed sheet of links: one unit a page, or several to cut, each with its QR code."""

from chalicelib.edges.ports import Site
from chalicelib.pages.frame import render
from chalicelib.pages.frame.address import programme_of
from chalicelib.pages.frame.web import Request, Response, absolute
from chalicelib.pages.links import links as listed
from chalicelib.rules.access import qr
from chalicelib.rules.texts import text
from chalicelib.rules.units.unit import Unit
from chalicelib.store import links

ON_A_PAGE = 8  # two by four, to cut
MOST = 1_000  # slips of one answer: more would not fit through Lambda's 6 MB


def sheet(site: Site, request: Request) -> Response:
    """A GET makes no link: units without one that works are named, and not printed."""
    programme = programme_of(site, request)
    every = listed.rows(site, programme, request.now)
    query = {name: text.tidy(content) for name, content in request.query.items()}
    codes = set(query.get("units", "").split(".")) - {""}
    wanted = [row for row in every if row.unit.code in codes]
    found = wanted if codes else listed.filtered(every, query)
    slips: list[tuple[Unit, str, str]] = []
    without: list[Unit] = []
    lost: list[Unit] = []  # made with another server key: it opens and can't be printed
    for row in found[:MOST]:
        token = links.token(site.key, row.standing)
        if not token:
            (lost if row.state == "working" else without).append(row.unit)
            continue
        link = absolute(site, "u", token)
        slips.append((row.unit, link, qr.drawn(link)))
    cut = bool(query.get("cut"))
    step = ON_A_PAGE if cut else 1
    return render.page(
        site,
        request,
        "links/sheet.html",
        styles=("base", "desk", "sheet"),
        programme=programme,
        leaves=[slips[start : start + step] for start in range(0, len(slips), step)],
        slips=len(slips),
        without=without,
        lost=lost,
        left=max(0, len(found) - MOST),
        most=MOST,
        cut=cut,
        query={name: content for name, content in query.items() if name != "cut"},
    )
