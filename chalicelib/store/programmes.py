"""Programmes, forms, periods and units in the table."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from weakref import WeakKeyDictionary

from chalicelib.edges.table import MOST_CHANGES, Change, Check, Conflict, Item, Key, Put, Table
from chalicelib.rules.forms.form import Form
from chalicelib.rules.programmes.period import Period
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.units.unit import Unit
from chalicelib.store import keys

_TRIES = 5

# Items hold the noun as JSON. The text is the cache's key, so a changed item is read anew.
_form = lru_cache(64)(Form.model_validate_json)
_unit = lru_cache(8192)(Unit.model_validate_json)


@lru_cache(64)
def _parsed(text: str, roll: str, revision: int) -> Programme:
    programme = Programme.model_validate_json(text)
    return programme.model_copy(update={"roll": roll, "revision": revision})


def _programme(item: Item) -> Programme:
    return _parsed(_json(item), str(item.body.get("roll", "")), item.version)


@lru_cache(1024)
def _period(text: str, revision: int) -> Period:
    return Period.model_validate_json(text).model_copy(update={"revision": revision})


def _json(item: Item) -> str:
    return str(item.body["json"])


def programmes(table: Table) -> Iterator[Programme]:
    return map(_programme, table.query("PROGRAMMES"))


def programme_keys(table: Table) -> list[str]:
    return [item.key.sort for item in table.query("PROGRAMMES")]


def programme(table: Table, p: str) -> Programme | None:
    item = table.get(keys.programme(p))
    return _programme(item) if item else None


def forms(table: Table, p: str) -> list[Form]:
    """Every version, the oldest first."""
    return [_form(_json(item)) for item in table.query(f"PROGRAMME#{p}", "FORM#")]


# A form version never changes once it is kept, and it is the largest item of every page.
_kept_forms: WeakKeyDictionary[Table, dict[tuple[str, int], Form]] = WeakKeyDictionary()


def form(table: Table, p: str, version: int) -> Form:
    forms = _kept_forms.setdefault(table, {})
    if (p, version) not in forms:
        item = table.get(keys.form(p, version))
        if item is None:
            raise LookupError(f"form {version} of {p}")
        forms[p, version] = _form(_json(item))
    return forms[p, version]


def periods(table: Table, p: str) -> list[Period]:
    """As they fall due."""
    found = [_period(_json(i), i.version) for i in table.query(f"PROGRAMME#{p}", "PERIOD#")]
    return sorted(found, key=lambda period: (period.end, period.start, period.key))


def units(table: Table, of: Programme | str) -> list[Unit]:
    """Every dated version of every unit. Who has read the programme passes it: one reading less."""
    p, roll = _roll(table, of)
    return [_unit(_json(item)) for item in table.query(keys.units(p, roll), "UNIT#")]


def unit_versions(table: Table, of: Programme | str, code: str) -> list[Unit]:
    p, roll = _roll(table, of)
    return [_unit(_json(item)) for item in table.query(keys.units(p, roll), f"UNIT#{code}#")]


def _roll(table: Table, of: Programme | str) -> tuple[str, str]:
    """The programme's key and the name of the unit list that is current."""
    if isinstance(of, Programme):
        return of.key, of.roll
    item = table.get(keys.programme(of))
    return of, str(item.body.get("roll", "")) if item else ""


def put(programme: Programme) -> Put:
    """The change that keeps a programme over the version in which it was read."""
    key, body = keys.programme(programme.key), {"json": programme.model_dump_json()}
    if programme.roll:
        body["roll"] = programme.roll
    return Put(key, body, expects=programme.revision)


def unchanged(programme: Programme) -> Check:
    """For a write that rests on its settings or its unit list: both write the programme's item."""
    return Check(keys.programme(programme.key), programme.revision)


def keep_programme(table: Table, programme: Programme) -> None:
    _keep(table, [(keys.programme(programme.key), programme.model_dump_json())])


def keep_form(table: Table, p: str, form: Form) -> None:
    _keep(table, [(keys.form(p, form.version), form.model_dump_json())])


def keep_periods(table: Table, p: str, periods: Iterable[Period]) -> None:
    _keep(table, [(keys.period(p, period.key), period.model_dump_json()) for period in periods])


def keep_units(table: Table, p: str, units: Iterable[Unit]) -> None:
    """Write what is new or different into the current list.

    The programme's version goes up with every write, so that a list that was prepared from an
    older reading can't become current and lose it.
    """
    listed = list(units)
    for attempt in range(_TRIES):
        found = table.get(keys.programme(p))
        roll = str(found.body.get("roll", "")) if found else ""
        entries = [(keys.unit(p, u.code, u.valid_from, roll), u.model_dump_json()) for u in listed]
        try:
            _keep_once(table, entries, found)
        except Conflict:
            if attempt < _TRIES - 1:
                continue
            raise
        return


def _keep(table: Table, entries: list[tuple[Key, str]]) -> None:
    """Write what is new or different. An item that is the same keeps its version."""
    for _ in range(_TRIES - 1):
        try:
            return _keep_once(table, entries)
        except Conflict:
            continue  # another process loads the same: look again what is left to write
    return _keep_once(table, entries)


def _keep_once(table: Table, entries: list[tuple[Key, str]], guard: Item | None = None) -> None:
    changes = []
    for key, text in entries:
        found = table.get(key)
        if found is None or found.body["json"] != text:
            body = {**found.body, "json": text} if found else {"json": text}
            changes.append(Put(key, body, expects=found.version if found else 0))
    together = MOST_CHANGES - (guard is not None)
    for place, start in enumerate(range(0, len(changes), together)):
        some: list[Change] = [*changes[start : start + together]]
        if guard:
            some.append(Put(guard.key, guard.body, expects=guard.version + place))
        table.write(*some)
