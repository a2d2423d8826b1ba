"""The desk's unit list: searching it, and taking it home as a workbook."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from chalicelib.edges.ports import Site
from chalicelib.messages.units import units as words
from chalicelib.pages.frame import address, downloads, render
from chalicelib.pages.frame.web import Request, Response, whole_number
from chalicelib.rules.texts import text
from chalicelib.rules.texts.clock import today
from chalicelib.rules.units import list_workbook
from chalicelib.rules.units.unit import Unit, known_as, official
from chalicelib.store import programmes

STYLES = ("base", "desk", "units")
STATES = ("now", "ended", "later")
_A_PAGE = 200  # units


def listing(site: Site, request: Request) -> Response:
    """Every unit as it is known today; ended ones where they are asked for."""
    programme = address.programme_of(site, request)
    day = today(request.now)
    asked = {name: request.query.get(name, "") for name in ("q", "bloc", "show")}
    known = _known(programmes.units(site.table, programme), day)
    wanted = sorted((one for one in known if _matches(one, asked, day)), key=official)
    return render.page(
        site,
        request,
        "units/listing.html",
        styles=STYLES,
        programme=programme,
        asked=asked,
        **_leaf(wanted, max(whole_number(request.query.get("page", "")), 1)),
        counts={state: sum(state_of(one, day) == state for one in known) for state in STATES},
        state=lambda one: state_of(one, day),
        done=request.query.get("done", ""),
    )


def _known(versions: Iterable[Unit], day: date) -> list[Unit]:
    """Each unit once, as it is known on that day."""
    by_code: dict[str, list[Unit]] = {}
    for version in versions:
        by_code.setdefault(version.code, []).append(version)
    return [known_as(its, day) for its in by_code.values()]


def _leaf(wanted: Sequence[Unit], page: int) -> dict[str, Any]:
    """One page of the list, and how many there are."""
    return {
        "units": wanted[(page - 1) * _A_PAGE : page * _A_PAGE],
        "found": len(wanted),
        "pages": -(-len(wanted) // _A_PAGE),
        "page": page,
    }


def state_of(unit: Unit, day: date) -> str:
    if unit.holds_on(day):
        return "now"
    return "later" if unit.valid_from > day else "ended"


def _matches(unit: Unit, asked: Mapping[str, str], day: date) -> bool:
    show = asked["show"] if asked["show"] in (*STATES, "all") else "now"
    if show not in ("all", state_of(unit, day)):
        return False
    if asked["bloc"] and unit.bloc != asked["bloc"]:
        return False
    wanted = text.fold(asked["q"])
    return not wanted or any(wanted in text.fold(s) for s in (unit.code, unit.name, *unit.aliases))


def workbook(site: Site, request: Request) -> Response:
    """303 to the list as a workbook, which an import takes back unchanged."""
    programme = address.programme_of(site, request)
    units = sorted(programmes.units(site.table, programme), key=_row_order)
    return downloads.made(
        site,
        request,
        f"units/{programme.key}",
        words.FILE.format(programme=programme.key),
        lambda file: list_workbook.as_xlsx(file, units, words.labels(programme)),
    )


def _row_order(unit: Unit) -> tuple[int, str, date]:
    return unit.order, unit.code, unit.valid_from
