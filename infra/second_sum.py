"""A period added up a second time, from the bytes in the database alone, to hold the first against.

It shares no line with the product's sum: it reads SQLite's file and JSON by itself and adds with
exact fractions. So what both say is either right or wrong in two ways at once.
"""

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from infra.second_verdict import verdicts

COVERAGE = ("expected", "received", "on_time", "late", "returned", "missing")
COUNTS = ("expected", "with_value", "nil", "not_applicable", "missing")


class Raw:
    """The items as they lie in the table, none of them read as a noun of the product."""

    def __init__(self, items: Iterable[tuple[str, str, dict[str, Any]]]) -> None:
        self.items: dict[str, dict[str, dict[str, Any]]] = {}
        for partition, sort, body in items:
            self.items.setdefault(partition, {})[sort] = body

    @classmethod
    def of_file(cls, path: Path) -> "Raw":
        """From SQLite's file, without a line of the product."""
        with closing(sqlite3.connect(path)) as connection:
            rows = connection.execute("SELECT pk, sk, body FROM item").fetchall()
        return cls((partition, sort, json.loads(body)) for partition, sort, body in rows)

    def under(self, partition: str, prefix: str = "") -> dict[str, dict[str, Any]]:
        found = self.items.get(partition, {})
        return {sort: body for sort, body in found.items() if sort.startswith(prefix)}

    def noun(self, partition: str, sort: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.under(partition)[sort]["json"])
        return found


def periods(raw: Raw) -> list[tuple[str, str]]:
    """Programme and period, of every period that is in the table."""
    programmes = raw.under("PROGRAMMES")
    return [
        (p, sort.removeprefix("PERIOD#"))
        for p in sorted(programmes)
        for sort in sorted(raw.under(f"PROGRAMME#{p}", "PERIOD#"))
    ]


def reports(raw: Raw) -> Iterator[tuple[str, bool]]:
    """Where each version of a report stands, and whether its text has the hash that it claims."""
    for partition, sorts in raw.items.items():
        for sort, body in sorts.items():
            if partition.startswith("REPORT#") and sort.startswith("VERSION#"):
                digest = hashlib.sha256(body["content"].encode()).hexdigest()
                yield f"{partition} {sort}", digest == body["hash"]


def owes(raw: Raw, p: str, cut_off: date) -> dict[str, str]:
    """Unit -> bloc, of the units that exist on the cut-off day."""
    roll = raw.under("PROGRAMMES")[p].get("roll", "")
    listed = raw.under(f"UNITS#{p}#{roll}" if roll else f"UNITS#{p}", "UNIT#")
    versions = [json.loads(body["json"]) for body in listed.values()]
    blocs: dict[str, str] = {}
    for version in sorted(versions, key=lambda one: one["valid_from"]):
        if date.fromisoformat(version["valid_from"]) <= cut_off:
            until = version["valid_to"]
            blocs.pop(version["code"], None)
            if until is None or date.fromisoformat(until) >= cut_off:
                blocs[version["code"]] = version["bloc"]
    return blocs


def _collected(raw: Raw, p: str, k: str, version: int) -> list[dict[str, Any]]:
    """The indicators of a version of the form that the period asks for, of whomever."""
    period = raw.noun(f"PROGRAMME#{p}", f"PERIOD#{k}")
    form = raw.noun(f"PROGRAMME#{p}", f"FORM#{version:04}")
    part = "X" if k.startswith("x-") else k.partition("-")[2] or "Y"
    tags = {part, part if part == "9M" else part.rstrip("0123456789") or part}
    cut_off = period["end"]
    return [
        one
        for section in form["sections"]
        for one in section["indicators"]
        if (not one["asked"] or tags & set(one["asked"]))
        and (not one["valid_from"] or one["valid_from"] <= cut_off)
        and (not one["valid_to"] or one["valid_to"] >= cut_off)
    ]


def _asks(indicator: Mapping[str, Any], bloc: str) -> bool:
    return indicator["entered_by"] == "unit" and (
        not indicator["blocs"] or bloc in indicator["blocs"]
    )


def _half_up(share: Fraction) -> Decimal:
    exact = Decimal(share.numerator) / Decimal(share.denominator)
    return exact.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _added(indicator: Mapping[str, Any], answers: list[Any]) -> dict[str, Any]:
    """One indicator over the units asked; an answer is ... where the unit gave none."""
    values = [one for one in answers if one is not ... and one is not None and one is not False]
    counts: dict[str, Any] = {
        "expected": sum(one is not False for one in answers),
        "with_value": len(values),
        "nil": sum(one is None for one in answers),
        "not_applicable": sum(one is False for one in answers),
        "missing": sum(one is ... for one in answers),
        **dict.fromkeys(("numerator", "denominator", "value")),
        "answers": dict(Counter(values)) if indicator["kind"] in ("yesno", "choice") else {},
    }
    match indicator["kind"]:
        case "ratio":
            numerator, denominator = (sum(Fraction(one[part]) for one in values) for part in (0, 1))
            counts |= {"numerator": numerator, "denominator": denominator}
        case "yesno":
            numerator, denominator = map(Fraction, (values.count("yes"), len(values)))
            counts |= {"numerator": numerator, "denominator": denominator}
        case "count" if values and indicator["aggregate"] != "none":
            counts["value"] = sum(values)
        case "amount" if values and indicator["aggregate"] != "none":
            counts["value"] = sum((Fraction(one) for one in values), Fraction(0))
    if indicator["kind"] in ("ratio", "yesno") and values and denominator:
        counts["value"] = _half_up(Fraction(100 * numerator, denominator))
    return counts | {"verdicts": verdicts(indicator, answers)}


def _owing(raw: Raw, p: str, k: str) -> tuple[dict[str, str], datetime]:
    """Unit -> bloc, without the exempt; and the last instant at which any of them may send."""
    period = raw.noun(f"PROGRAMME#{p}", f"PERIOD#{k}")
    units = owes(raw, p, date.fromisoformat(period["end"]))
    locks = [period["locks"]]
    for sort, terms in raw.under(f"PERIOD#{p}#{k}", "TERMS#").items():
        unit = sort.removeprefix("TERMS#")
        if terms["exempt"]:
            units.pop(unit, None)
        elif terms["due"] and unit in units:
            locks.append(terms["due"])
    return units, max(map(datetime.fromisoformat, locks))


class _Reported(NamedTuple):
    """By unit."""

    states: dict[str, str]
    late: set[str]
    nil: set[str]
    said: dict[str, dict[str, Any]]  # what counts of its newest version
    forms: dict[str, int]  # that it is on


def _reported(raw: Raw, p: str, k: str) -> _Reported:
    found = _Reported({}, set(), set(), {}, {})
    for sort, head in raw.under(f"PERIOD#{p}#{k}", "REPORT#").items():
        unit = sort.removeprefix("REPORT#")
        versions = raw.under(f"REPORT#{p}#{k}#{unit}", "VERSION#")
        content = json.loads(versions[max(versions)]["content"])
        found.states[unit], found.forms[unit] = head["state"], head["form"]
        if versions[min(versions)]["late"]:
            found.late.add(unit)
        if content["nil"]:
            found.nil.add(unit)
        if head["state"] != "returned":
            found.said[unit] = content["figures"] | content["texts"]
    return found


def second_sum(raw: Raw, p: str, k: str) -> dict[str, Any]:
    """The summary as it must be, added up without the product's summary code."""
    units, locks = _owing(raw, p, k)
    own = raw.noun(f"PROGRAMME#{p}", f"PERIOD#{k}")["form"]
    found = _reported(raw, p, k)
    forms = {unit: found.forms.get(unit, own) for unit in units}
    asked = {v: {i["code"]: i for i in _collected(raw, p, k, v)} for v in {own, *forms.values()}}
    named: dict[str, dict[str, Any]] = {}
    for version in (own, *asked):
        for code, indicator in asked[version].items():
            named.setdefault(code, indicator)

    def is_asked(unit: str, code: str) -> bool:
        its = asked[forms[unit]].get(code)
        return its is not None and _asks(its, units[unit])

    lines = {}
    for code, indicator in named.items():
        askers = [unit for unit in units if is_asked(unit, code)]
        blocs = {units[unit] for unit in askers}
        if code in asked[own]:
            blocs |= {bloc for bloc in units.values() if _asks(asked[own][code], bloc)}
        lines[code] = _line(indicator, askers, sorted(blocs), units, found.said)
        if indicator["entered_by"] == "department":
            lines[code] |= _entered(raw, p, k, indicator)
    return {**_completeness(units, found), "locks": locks, "lines": lines}


def _completeness(units: Mapping[str, str], found: _Reported) -> dict[str, Any]:
    returned = {unit for unit in units if found.states.get(unit) == "returned"}
    received = {unit for unit in units if unit in found.states} - returned
    return {
        "expected": len(units),
        "received": len(received),
        "on_time": len(received - found.late),
        "late": len(received & found.late),
        "returned": len(returned),
        "missing": len(units.keys() - found.states.keys()),
        "nil": len(received & found.nil),
        "missing_units": units.keys() - found.states.keys(),
        "late_units": received & found.late,
        "returned_units": returned,
    }


def _line(
    indicator: Mapping[str, Any],
    askers: list[str],
    blocs: list[str],
    units: Mapping[str, str],
    said: Mapping[str, dict[str, Any]],
) -> dict[str, Any]:
    code = indicator["code"]
    answers = {
        bloc: [said.get(unit, {}).get(code, ...) for unit in askers if units[unit] == bloc]
        for bloc in blocs
    }
    line = _added(indicator, [one for part in answers.values() for one in part])
    line["blocs"] = {bloc: _added(indicator, part) for bloc, part in answers.items()}
    if indicator["kind"] in ("text", "list"):
        line["value"] = {
            unit: said[unit][code] if isinstance(said[unit][code], list) else [said[unit][code]]
            for unit in askers
            if said.get(unit, {}).get(code)
        }
    return line


def _entered(raw: Raw, p: str, k: str, indicator: Mapping[str, Any]) -> dict[str, Any]:
    """What the department entered itself: it stands on no unit, and is nobody's sum."""
    kept = raw.under(f"PERIOD#{p}#{k}").get("DEPARTMENT", {"figures": "{}", "texts": "{}"})
    found = (json.loads(kept["figures"]) | json.loads(kept["texts"])).get(indicator["code"], ...)
    kind = indicator["kind"]
    told = found is not ... and found is not None and found is not False
    line: dict[str, Any] = {"value": None, "numerator": None, "denominator": None}
    line["verdicts"] = dict.fromkeys((False, True), "none")
    if kind in ("text", "list"):
        lines = found if isinstance(found, list) else [found]
        return line | {"value": {"": lines} if told else {}}
    if kind == "choice":
        labels = {one["name"]: one["label"] for one in indicator["choices"]}
        return line | {"value": labels[found] if told else None}
    if not (kind == "rank" and found is None):
        number = {"kind": "count" if kind == "rank" else kind, "aggregate": "sum"}
        added = _added({**indicator, **number}, [found])
        line |= {name: added[name] for name in line}
        if "breached" in line["verdicts"].values():
            line["verdicts"] = dict.fromkeys((False, True), "missed")
    return line
