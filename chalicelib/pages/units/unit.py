"""One unit on the desk: its dated versions, who it was and became, changing it from a day on."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from chalicelib.edges.ports import Site
from chalicelib.edges.table import Conflict
from chalicelib.messages.units import authoring
from chalicelib.messages.units import units as words
from chalicelib.pages.frame import address, render
from chalicelib.pages.frame.web import Problem, Request, Response, redirect
from chalicelib.pages.units.affected_periods import Warned, warned
from chalicelib.pages.units.listing import STYLES, state_of
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.review.act import Act
from chalicelib.rules.texts import text
from chalicelib.rules.texts.clock import today
from chalicelib.rules.texts.day import day_of
from chalicelib.rules.units import list_change
from chalicelib.rules.units.successions import Lines
from chalicelib.rules.units.unit import Unit, in_force, known_as
from chalicelib.store import acts, programmes, unit_lists

_BOXES = {"valid_to": "last_day", "successors": "successors"}  # of a misfit's column


@dataclass(frozen=True, slots=True)
class _Known:
    """One unit among all of its programme."""

    programme: Programme
    everyone: Sequence[Unit]
    versions: Sequence[Unit]

    @property
    def seen(self) -> str:
        """Equal as long as nobody changes this unit."""
        whole = "\n".join(unit.model_dump_json() for unit in self.versions)
        return hashlib.sha256(whole.encode()).hexdigest()[:32]


@dataclass(slots=True)
class _Asked:
    """What an officer asks of a unit, and what stands in the way."""

    typed: Mapping[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)  # field -> sentence
    warned: Warned | None = None


def _known(site: Site, request: Request) -> _Known:
    programme = address.programme_of(site, request)
    everyone = programmes.units(site.table, programme)
    its = [unit for unit in everyone if unit.code == request.params["unit"]]
    if not its:
        raise Problem(404, "no_unit")
    return _Known(programme, everyone, sorted(its, key=lambda unit: unit.valid_from))


def unit(site: Site, request: Request) -> Response:
    return _page(site, request, _known(site, request), _Asked())


def _page(
    site: Site, request: Request, known: _Known, asked: _Asked, status: int = 200
) -> Response:
    day = today(request.now)
    return render.page(
        site,
        request,
        "units/unit.html",
        status=status,
        styles=STYLES,
        programme=known.programme,
        **_told(known, day),
        seen=known.seen,
        typed=asked.typed,
        faults=asked.faults,
        warned=asked.warned,
        day=day,
        blocs=known.programme.blocs,
        done=request.query.get("done", ""),
        words=words,
    )


def _told(known: _Known, day: date) -> dict[str, Any]:
    """The unit as it is known on that day, as it was, and whom it follows or is followed by."""
    unit = known_as(known.versions, day)
    lines = Lines(known.everyone)
    names = {code: its.name for code, its in in_force(known.everyone, date.max).items()}
    names |= {one.code: one.name for one in known.everyone if one.code not in names}
    return {
        "unit": unit,
        "state": state_of(unit, day),
        "versions": known.versions,
        "last": known.versions[-1],
        "predecessors": lines.predecessors(unit.code),
        "heirs": sorted(lines.heirs(unit.code, unit.valid_from, day) - {unit.code}),
        "names": names,
    }


_Change = Callable[[_Known, _Asked], list[Unit]]


def change(site: Site, request: Request) -> Response:
    """Another name, bloc or parent from a day on; an end, with or without successors."""
    ways: dict[str, tuple[str, _Change]] = {
        "alter": ("unit_change", _alter),
        "end": ("unit_end", _end),
        "lift": ("unit_end", _lift),
    }
    verb, way = ways.get(request.form.get("do", ""), ("", _nothing))
    try:
        return acts.tried(lambda: _changed(site, request, verb, way))
    except Conflict:
        raise Problem(409, "list_changed") from None


def _changed(site: Site, request: Request, verb: str, way: _Change) -> Response:
    """Raises Conflict where the list is no longer as it was read."""
    known = _known(site, request)
    asked = _Asked(typed=request.form)
    if request.form.get("seen", known.seen) != known.seen:
        asked.faults["all"] = words.FORM_FAULTS["changed_meanwhile"]
        return _page(site, request, known, asked, 409)
    written = _checked(site, request, known, asked, way)
    if asked.faults:
        return _page(site, request, known, asked, 422)
    detail = {"versions": [unit.model_dump(mode="json") for unit in written]}
    code = known.versions[0].code
    act = Act(request.now, request.who.email, verb, known.programme.key, "", code, detail)
    unit_lists.amend(site.table, act, known.programme, written)
    return redirect(site, "desk", known.programme.key, "units", code, done="1")


def _checked(
    site: Site, request: Request, known: _Known, asked: _Asked, way: _Change
) -> list[Unit]:
    """The versions to write; faults and warnings go into `asked`."""
    written = way(known, asked)
    if asked.faults:
        return []
    newer = list_change.replaced(known.everyone, written)
    old = set(Lines(known.everyone).misfits())
    for misfit in Lines(newer).misfits():
        if misfit not in old:
            reason = authoring.unit_reason(misfit.problem)
            its_own = misfit.unit.code == written[0].code
            box = _BOXES[misfit.column] if its_own else "all"
            asked.faults[box] = f"{misfit.unit.code} ({misfit.unit.name}): {reason}."
    if asked.faults:
        return []
    found = warned(site, known.programme, request.now, known.everyone, newer)
    if found.periods and request.form.get("agreed") != found.digest:
        asked.warned = found
        asked.faults["agreed"] = words.FORM_FAULTS["to_agree"]
    return written


def _nothing(_: _Known, asked: _Asked) -> list[Unit]:
    asked.faults["all"] = words.FORM_FAULTS["nothing_new"]
    return []


def _alter(known: _Known, asked: _Asked) -> list[Unit]:
    typed = asked.typed
    name, bloc, parent = (typed.get(n, "") for n in ("name", "bloc", "parent"))
    since = _day(typed, "since", asked)
    if not name:
        asked.faults["name"] = words.FORM_FAULTS["no_name"]
    if bloc not in known.programme.blocs:
        asked.faults["bloc"] = words.FORM_FAULTS["unknown_bloc"]
    for box, content in (("name", name), ("parent", parent)):
        too_odd = text.forbidden(content) or "\n" in content or content.startswith("=")
        if len(content) > 200 or too_odd:
            asked.faults[box] = words.FORM_FAULTS["bad_text"]
    if asked.faults or since is None:
        return []
    if not in_force(known.versions, since):
        asked.faults["since"] = words.FORM_FAULTS["not_there"]
        return []
    written = list_change.altered(known.versions, since, name=name, bloc=bloc, parent=parent)
    if not written:
        asked.faults["all"] = words.FORM_FAULTS["nothing_new"]
    return written


def _end(known: _Known, asked: _Asked) -> list[Unit]:
    if not asked.typed.get("last_day"):
        asked.faults["last_day"] = words.FORM_FAULTS["no_last_day"]
        return []
    last_day = _day(asked.typed, "last_day", asked)
    if last_day is None:
        return []
    given = asked.typed.get("successors", "").replace(";", " ").replace(",", " ").split()
    return _if_new(known, asked, list_change.ended(known.versions, last_day, tuple(given)))


def _lift(known: _Known, asked: _Asked) -> list[Unit]:
    return _if_new(known, asked, list_change.ended(known.versions, None, ()))


def _if_new(known: _Known, asked: _Asked, unit: Unit) -> list[Unit]:
    if unit == known.versions[-1]:
        asked.faults["all"] = words.FORM_FAULTS["nothing_new"]
    return [unit]


def _day(typed: Mapping[str, str], name: str, asked: _Asked) -> date | None:
    found = day_of(typed.get(name, ""))
    if found is None:
        asked.faults[name] = words.FORM_FAULTS["not_a_day"]
    return found
