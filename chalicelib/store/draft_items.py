"""A draft and a parked copy as the table keeps them, in this shape and the one before."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from chalicelib.edges.table import Body, Item, Key, as_text
from chalicelib.rules.reports import draft as rules
from chalicelib.rules.reports import report
from chalicelib.rules.reports.draft import Draft, Mark, Parked, Saving
from chalicelib.rules.texts.clock import from_iso, iso

# Bytes as the table keeps it, where a quote inside takes four: twice the largest report.
LARGEST = 250_000
_EMPTY_BEFORE = ((0, rules.digest("")),)  # of a field that has been filled once: most of them


class TooLarge(Exception):
    """More text than any report can hold."""


def of_draft(key: Key, draft: Draft) -> Body:
    """Raises TooLarge. Where what stood before would not fit beside, it is forgotten."""
    _check_fits(draft.typed)
    for kept in (draft, rules.forgetting(draft)):
        body = _of_draft(kept)
        with suppress(ValueError):
            as_text(key, body)
            return body
    raise TooLarge


def _check_fits(typed: Mapping[str, str]) -> None:
    if len(report.compact(report.compact(typed)).encode("utf-8", "replace")) > LARGEST:
        raise TooLarge


def _of_draft(draft: Draft) -> Body:
    places = {page: place for place, page in enumerate(draft.pages)}
    savings = {
        revision: [int(one.at.timestamp()), places.get(one.page, -1), one.place]
        for revision, one in draft.savings.items()
    }
    marks = {
        name: mark.revision if mark.former == _EMPTY_BEFORE else [mark.revision, *mark.former]
        for name, mark in draft.marks.items()
    }
    return {
        "typed": report.compact(draft.typed),
        "base": draft.base,
        "saved": iso(draft.saved),
        "page": draft.page,
        "place": draft.place,
        "form": draft.form,
        "marks": report.compact(marks),
        "savings": report.compact(savings),
        "pages": report.compact([*draft.pages.items()]),
    }


def draft(item: Item) -> Draft:
    body: Any = item.body
    found = Draft(
        typed=json.loads(body["typed"]),
        base=int(body["base"]),
        saved=from_iso(body["saved"]),
        revision=item.version,
        page=body["page"],
        place=int(body["place"]),
        form=int(body.get("form", 0)),
    )
    if "marks" not in body:
        return _of_one_saving(found)
    pages = dict(json.loads(body["pages"]))
    named = [*pages, ""]  # the last one is nobody's
    savings = {
        int(revision): Saving(datetime.fromtimestamp(at, UTC), named[page], place)
        for revision, (at, page, place) in json.loads(body["savings"]).items()
    }
    marks = {name: _mark(told) for name, told in json.loads(body["marks"]).items()}
    return replace(found, marks=marks, savings=savings, pages=pages)


def _mark(told: int | list[Any]) -> Mark:
    if isinstance(told, int):
        return Mark(told, _EMPTY_BEFORE)
    revision, *former = told
    return Mark(revision, tuple((since, digest) for since, digest in former))


def _of_one_saving(draft: Draft) -> Draft:
    """As schema 2 kept it: all of it came with the last saving; what stood before is not known."""
    marks = {name: Mark(draft.revision, ((0, ""),)) for name in draft.typed}
    savings = {draft.revision: Saving(draft.saved, draft.page, draft.place)}
    pages = {draft.page: draft.place} if draft.page else {}
    return replace(draft, marks=marks, savings=savings, pages=pages)


def of_parked(one: Parked) -> Body:
    """Raises TooLarge."""
    _check_fits(one.typed)
    return {
        "typed": report.compact(one.typed),
        "base": one.base,
        "at": iso(one.at),
        "why": one.why,
        "page": one.page,
        "place": one.place,
    }


def parked(item: Item) -> Parked:
    body: Any = item.body
    return Parked(
        number=int(item.key.sort.rpartition("#")[2]),
        typed=json.loads(body["typed"]),
        base=int(body["base"]),
        at=from_iso(body["at"]),
        why=body["why"],
        page=body["page"],
        place=int(body["place"]),
        revision=item.version,
    )
