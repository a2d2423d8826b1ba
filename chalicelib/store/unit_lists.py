"""Unit lists in the table: written beside the current one, made current by one switch."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from chalicelib.edges.table import ANYTHING, MOST_CHANGES, NOTHING, Conflict, Put, Table
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.review.act import Act
from chalicelib.rules.units.unit import Unit
from chalicelib.store import keys, programmes
from chalicelib.store.acts import commit

_TRIES = 50  # each time the other one has written a batch or more


def switch(
    table: Table, act: Act, programme: Programme, roll: str, units: Sequence[Unit]
) -> Programme:
    """Make these units the programme's list, under a name that no other list has.

    Until the last write the old list is the current one, whatever breaks; a second try writes
    what is still missing. Raises Conflict where the programme, and so maybe its list, is no
    longer as it was read.
    """
    _fill(table, programme.key, roll, units)
    newer = programme.model_copy(update={"roll": roll})
    commit(table, act, programmes.put(newer))
    return newer


def _fill(table: Table, p: str, roll: str, units: Sequence[Unit]) -> None:
    """Write what is not there yet, and nothing over anything.

    A second tap may come here when the list is current already and has been edited since.
    """
    for attempt in range(_TRIES):
        there = {item.key for item in table.query(keys.units(p, roll))}
        puts = (put for put in _puts(p, roll, units, NOTHING) if put.key not in there)
        try:
            while some := list(islice(puts, MOST_CHANGES)):
                table.write(*some)
        except Conflict:  # both taps are writing the same
            if attempt < _TRIES - 1:
                continue
            raise
        return


def amend(table: Table, act: Act, programme: Programme, units: Iterable[Unit]) -> None:
    """Write some versions into the current list. Raises Conflict as above.

    The programme's own version goes up with them: a list prepared before can't lose them.
    """
    puts = _puts(programme.key, programme.roll, units, ANYTHING)
    commit(table, act, programmes.put(programme), *puts)


def _puts(p: str, roll: str, units: Iterable[Unit], expects: int) -> Iterator[Put]:
    for unit in units:
        key = keys.unit(p, unit.code, unit.valid_from, roll)
        yield Put(key, {"json": unit.model_dump_json()}, expects)
