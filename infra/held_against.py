"""The product's document held against the second sum, figure by figure."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from infra.second_sum import COUNTS, COVERAGE

_MET = {"met": True, "missed": False, "breached": False, "incomplete": None, "none": None}


def comparable(part: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """A line of the product's summary in the second sum's terms."""
    line: dict[str, Any] = {name: part[name] for name in (*COUNTS, "verdict", "met")}
    line |= {one: part[one] and Fraction(part[one]) for one in ("numerator", "denominator")}
    line["answers"] = {a["name"]: a["count"] for a in part.get("answers", ()) if a["count"]}
    found = part["value"]
    if kind in ("text", "list"):
        line["value"] = {one["unit"]: one["lines"] for one in found} if found else {}
        return line
    line["value"] = found
    if found is not None:
        line["value"] = Fraction(found) if kind == "amount" else found
        line["value"] = Decimal(found) if kind in ("ratio", "yesno") else line["value"]
    if "blocs" in part:
        line["blocs"] = {bloc: comparable(one, kind) for bloc, one in part["blocs"].items()}
    return line


def compared(whole: Mapping[str, Any], right: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Each figure of the product's document: its name, what it is, what it must be."""
    for name in (*COVERAGE, "nil"):
        yield name, whole[name], right[name]
    is_locked = datetime.fromisoformat(whole["as_of"]) > right["locks"]
    yield "locked", whole["locked"], is_locked
    for name in ("missing_units", "late_units", "returned_units"):
        yield name, sorted(one["code"] for one in whole[name]), sorted(right[name])
    lines = {one["code"]: one for one in whole["indicators"] + whole["narratives"]}
    yield "indicators", sorted(lines), sorted(right["lines"])
    for code in lines.keys() & right["lines"].keys():
        line, must = lines[code], dict(right["lines"][code])
        is_text = line["kind"] in ("text", "list")
        blocs, wanted = line["blocs"], must.pop("blocs")
        yield f"{code} blocs", sorted(blocs), sorted(wanted)
        found = comparable({**line, "blocs": {}}, line["kind"])
        yield from _figures(code, found, _judged(must, is_locked))
        for bloc in blocs.keys() & wanted.keys():
            part = comparable(blocs[bloc], line["kind"])
            part |= {"value": None} if is_text else {}
            yield from _figures(f"{code} {bloc}", part, _judged(wanted[bloc], is_locked))


def _judged(must: Mapping[str, Any], is_locked: bool) -> dict[str, Any]:
    judged = dict(must)
    verdict = judged.pop("verdicts")[is_locked]
    return judged | {"verdict": verdict, "met": _MET[verdict]}


def _figures(
    name: str, found: Mapping[str, Any], must: Mapping[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    for what, right in must.items():
        yield f"{name} {what}", found[what], right
