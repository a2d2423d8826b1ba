"""Forms, periods and holidays as officers change them: each change in one write with its act."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.edges.table import ANYTHING, MOST_CHANGES, Change, Put, Table
from chalicelib.rules.forms.form import Form
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.review.act import Act
from chalicelib.store import acts, keys, programmes

MOST_PERIODS = MOST_CHANGES - 4  # of one write: beside them stand the form, its act, the settings
LARGEST_FORM = 200_000  # bytes of its JSON; an item holds 300,000
_OFFER_KEPT = timedelta(days=1)


class Offered(NamedTuple):
    """An uploaded form, and what of its file is not in it."""

    form: Form
    passed: Sequence[Sequence[str | int]]


def offer(
    table: Table, act: Act, form: Form, digest: str, passed: Sequence[Sequence[str | int]] = ()
) -> None:
    """Keep an uploaded form until somebody confirms it: it is no version yet."""
    key = keys.offered_form(act.programme, digest)
    expires = int((act.at + _OFFER_KEPT).timestamp())
    body = {"json": form.model_dump_json(), "passed": json.dumps(passed)}
    acts.commit(table, act, Put(key, body, ANYTHING, expires))


def offered(table: Table, p: str, digest: str, now: datetime) -> Offered | None:
    item = table.get(keys.offered_form(p, digest))
    if item is None or (item.expires or 0) < now.timestamp():
        return None
    passed = json.loads(str(item.body.get("passed", "[]")))
    return Offered(Form.model_validate_json(str(item.body["json"])), passed)


def adopt(table: Table, act: Act, form: Form | None, periods: Iterable[Period]) -> None:
    """Keep the new version, if it is one, and move the periods to theirs.

    Raises Conflict where that version or one of the periods was written meanwhile.
    """
    new: list[Change] = []
    if form:
        key = keys.form(act.programme, form.version)
        new.append(Put(key, {"json": form.model_dump_json()}, expects=0))
    acts.commit(table, act, *new, *_puts(act.programme, periods))


def keep_period(table: Table, act: Act, period: Period) -> None:
    """Over the revision that it was made from; 0 for a new one. Raises Conflict."""
    acts.commit(table, act, *_puts(act.programme, [period]))


def keep_settings(table: Table, act: Act, programme: Programme, periods: Iterable[Period]) -> None:
    """Over the version that was read, with the periods that they move. Raises Conflict."""
    acts.commit(table, act, programmes.put(programme), *_puts(programme.key, periods))


def _puts(p: str, periods: Iterable[Period]) -> list[Change]:
    return [
        Put(keys.period(p, one.key), {"json": one.model_dump_json()}, expects=one.revision)
        for one in periods
    ]
