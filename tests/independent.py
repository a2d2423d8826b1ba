"""The sum of a period's reports, added up a second time from the raw items, to compare with."""

import io
import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from chalicelib.table import Table

COVERAGE = ("expected", "received", "on_time", "late", "returned", "missing")
_COUNTS = ("expected", "with_value", "nil", "not_applicable", "missing")


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

    @classmethod
    def of_table(cls, table: Table) -> "Raw":
        """From any engine, through the one call that reads everything."""
        return cls((*item.key, dict(item.body)) for item in table.everything())

    def under(self, partition: str, prefix: str = "") -> dict[str, dict[str, Any]]:
        found = self.items.get(partition, {})
        return {sort: body for sort, body in found.items() if sort.startswith(prefix)}

    def noun(self, partition: str, sort: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.under(partition)[sort]["json"])
        return found


def owes(raw: Raw, p: str, cut_off: date) -> dict[str, str]:
    """Unit -> bloc, of the units that exist on the cut-off day."""
    roll = raw.under("PROGRAMMES")[p].get("roll", "")
    listed = raw.under(f"UNITS#{p}#{roll}" if roll else f"UNITS#{p}", "UNIT#")
    versions = [json.loads(body["json"]) for body in listed.values()]
    blocs = {}
    for version in sorted(versions, key=lambda one: one["valid_from"]):
        if date.fromisoformat(version["valid_from"]) <= cut_off:
            until = version["valid_to"]
            blocs.pop(version["code"], None)
            if until is None or date.fromisoformat(until) >= cut_off:
                blocs[version["code"]] = version["bloc"]
    return blocs


def collected(raw: Raw, p: str, k: str, version: int) -> list[dict[str, Any]]:
    """The indicators of a version of the form that the period asks for, of whomever."""
    period = raw.noun(f"PROGRAMME#{p}", f"PERIOD#{k}")
    form = raw.noun(f"PROGRAMME#{p}", f"FORM#{version:04}")
    part = k.partition("-")[2] or "Y"
    tags = {part, part.rstrip("0123456789") or part}
    cut_off = period["end"]
    return [
        one | {"in": section["code"]}
        for section in form["sections"]
        for one in section["indicators"]
        if (not one["asked"] or tags & set(one["asked"]))
        and (not one["valid_from"] or one["valid_from"] <= cut_off)
        and (not one["valid_to"] or one["valid_to"] >= cut_off)
    ]


def asks(indicator: Mapping[str, Any], bloc: str) -> bool:
    return indicator["entered_by"] == "unit" and (
        not indicator["blocs"] or bloc in indicator["blocs"]
    )


def half_up(share: Fraction) -> Decimal:
    exact = Decimal(share.numerator) / Decimal(share.denominator)
    return exact.quantize(Decimal("0.01"), ROUND_HALF_UP)


def added(indicator: Mapping[str, Any], answers: list[Any]) -> dict[str, Any]:
    """One indicator over the units asked; an answer is ... where the unit gave none."""
    values = [one for one in answers if one is not ... and one is not None and one is not False]
    counts = {
        "expected": len(answers),
        "with_value": len(values),
        "nil": sum(one is None for one in answers),
        "not_applicable": sum(one is False for one in answers),
        "missing": sum(one is ... for one in answers),
        "numerator": None,
        "denominator": None,
        "value": None,
    }
    match indicator["kind"]:
        case "ratio":
            numerator, denominator = (sum(one[part] for one in values) for part in (0, 1))
            counts |= {"numerator": numerator, "denominator": denominator}
        case "yesno":
            numerator, denominator = sum(one == "yes" for one in values), len(answers)
            counts |= {"numerator": numerator, "denominator": denominator}
        case "count" if values and indicator["aggregate"] != "none":
            counts["value"] = sum(values)
        case "amount" if values and indicator["aggregate"] != "none":
            counts["value"] = sum((Fraction(one) for one in values), Fraction(0))
    if indicator["kind"] in ("ratio", "yesno") and values and denominator:
        counts["value"] = half_up(Fraction(100 * numerator, denominator))
    return counts


def owing_now(raw: Raw, p: str, k: str) -> dict[str, str]:
    """Unit -> bloc, without the exempt."""
    units = owes(raw, p, date.fromisoformat(raw.noun(f"PROGRAMME#{p}", f"PERIOD#{k}")["end"]))
    for sort, terms in raw.under(f"PERIOD#{p}#{k}", "TERMS#").items():
        if terms["exempt"]:
            units.pop(sort.removeprefix("TERMS#"), None)
    return units


def reported(
    raw: Raw, p: str, k: str
) -> tuple[dict[str, str], set[str], set[str], dict[str, dict[str, Any]], dict[str, int]]:
    """By unit: state, late, nil, what counts of its newest version, and the form it is on."""
    states: dict[str, str] = {}
    late: set[str] = set()
    nil: set[str] = set()
    said: dict[str, dict[str, Any]] = {}
    forms: dict[str, int] = {}
    for sort, head in raw.under(f"PERIOD#{p}#{k}", "REPORT#").items():
        unit = sort.removeprefix("REPORT#")
        versions = raw.under(f"REPORT#{p}#{k}#{unit}", "VERSION#")
        newest = versions[max(versions)]
        content = json.loads(newest["content"])
        states[unit], forms[unit] = head["state"], head["form"]
        if versions[min(versions)]["late"]:
            late.add(unit)
        if content["nil"]:
            nil.add(unit)
        if head["state"] != "returned":
            said[unit] = content["figures"] | content["texts"]
    return states, late, nil, said, forms


def independent(raw: Raw, p: str, k: str) -> dict[str, Any]:
    """The summary as it must be, added up without the product's summary code."""
    units = owing_now(raw, p, k)
    own = raw.noun(f"PROGRAMME#{p}", f"PERIOD#{k}")["form"]
    states, late, nil, said, sent_on = reported(raw, p, k)
    forms = {unit: sent_on.get(unit, own) for unit in units}
    asked = {v: {i["code"]: i for i in collected(raw, p, k, v)} for v in {own, *forms.values()}}
    named: dict[str, dict[str, Any]] = {}
    for version in (own, *asked):
        for code, indicator in asked[version].items():
            named.setdefault(code, indicator)

    def is_asked(unit: str, code: str) -> bool:
        its = asked[forms[unit]].get(code)
        return its is not None and asks(its, units[unit])

    lines = {}
    for code, indicator in named.items():
        askers = [unit for unit in units if is_asked(unit, code)]
        blocs = {units[unit] for unit in askers}
        if code in asked[own]:
            blocs |= {bloc for bloc in units.values() if asks(asked[own][code], bloc)}
        answers = {
            bloc: [said.get(unit, {}).get(code, ...) for unit in askers if units[unit] == bloc]
            for bloc in sorted(blocs)
        }
        line = added(indicator, [one for part in answers.values() for one in part])
        line["blocs"] = {bloc: added(indicator, part) for bloc, part in answers.items()}
        if indicator["kind"] in ("text", "list"):
            line["value"] = {
                unit: said[unit][code] if isinstance(said[unit][code], list) else [said[unit][code]]
                for unit in askers
                if said.get(unit, {}).get(code)
            }
        lines[code] = line
    returned = {unit for unit in units if states.get(unit) == "returned"}
    received = {unit for unit in units if unit in states} - returned
    return {
        "expected": len(units),
        "received": len(received),
        "on_time": len(received - late),
        "late": len(received & late),
        "returned": len(returned),
        "missing": len(units.keys() - states.keys()),
        "nil": len(received & nil),
        "missing_units": units.keys() - states.keys(),
        "late_units": received & late,
        "returned_units": returned,
        "lines": lines,
    }


def comparable(part: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """A line of the product's summary in the independent sum's terms."""
    line: dict[str, Any] = {name: part[name] for name in _COUNTS}
    line |= {"numerator": part["numerator"], "denominator": part["denominator"]}
    found = part["value"]
    if kind in ("text", "list"):
        line["value"] = {one["unit"]: one["lines"] for one in found} if found else {}
        return line
    line["value"] = found
    if found is not None:
        assert isinstance(found, int if kind == "count" else str)
        line["value"] = Fraction(found) if kind == "amount" else found
        line["value"] = Decimal(found) if kind in ("ratio", "yesno") else line["value"]
    if "blocs" in part:
        line["blocs"] = {bloc: comparable(one, kind) for bloc, one in part["blocs"].items()}
    return line


def assert_equal(whole: Mapping[str, Any], right: Mapping[str, Any]) -> None:
    """The product's document against the independent sum, figure by figure."""
    for name in ("expected", "received", "on_time", "late", "returned", "missing", "nil"):
        assert (name, whole[name]) == (name, right[name])
    for name in ("missing_units", "late_units", "returned_units"):
        assert (name, {one["code"] for one in whole[name]}) == (name, right[name])
        assert len(whole[name]) == len(right[name])
    lines = {one["code"]: one for one in whole["indicators"] + whole["narratives"]}
    assert lines.keys() == right["lines"].keys()
    for code, line in lines.items():
        shown = comparable(line, line["kind"])
        if line["kind"] in ("text", "list"):
            shown["blocs"] = {
                bloc: comparable(one, "text") | {"value": None}
                for bloc, one in line["blocs"].items()
            }
        assert (code, shown) == (code, right["lines"][code])
        for part in (line, *line["blocs"].values()):
            found = part["with_value"] + part["nil"] + part["not_applicable"] + part["missing"]
            assert found == part["expected"]


def assert_in_the_workbook(
    content: bytes, whole: Mapping[str, Any], right: Mapping[str, Any]
) -> int:
    """The XLSX against the independent sum, cell by cell. How many figures it compared."""
    from openpyxl import load_workbook

    sheet = load_workbook(io.BytesIO(content))["Tổng hợp"]
    assert [sheet.cell(row, 3).value for row in range(3, 9)] == [right[name] for name in COVERAGE]
    lines = {row[0].value: [cell.value for cell in row] for row in sheet.iter_rows(min_row=11)}
    kinds = {one["code"]: one["kind"] for one in whole["indicators"]}
    assert lines.keys() == kinds.keys()
    for code, cells in lines.items():
        line = right["lines"][code]
        value = None if kinds[code] in ("text", "list") else line["value"]
        assert (code, cells[6]) == (code, None if value is None else pytest.approx(float(value)))
        assert (code, cells[7:9]) == (code, [line["numerator"], line["denominator"]])
        assert (code, cells[9:14]) == (code, [line[name] for name in _COUNTS])
    return sum(isinstance(cells[6], int | float) for cells in lines.values())
