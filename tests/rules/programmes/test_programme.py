"""Facts about whose installation it is on a day, from the programmes that it holds."""

from datetime import date

import pytest

from chalicelib.rules.programmes.programme import Department, Programme, Regime, whose


def programme(name: str, first: int, last: int) -> Programme:
    facts = dict.fromkeys(("parent", "place", "contact", "phone", "email"), "x")
    return Programme(
        key=name.lower(),
        name=name,
        short=name,
        valid_from=date(first, 1, 1),
        valid_to=date(last, 12, 31),
        department=Department(name=name, **facts),
        blocs={"T": "THPT"},
        regime=Regime(collects=("Y",), first_year=first, last_year=last, due_day=17, lock_day=20),
    )


OLD, LONG, NEW, NEXT = (
    programme("Old", 2016, 2020),
    programme("Long", 2021, 2035),
    programme("New", 2026, 2030),
    programme("Next", 2031, 2035),
)


@pytest.mark.parametrize(
    ("held", "year", "name"),
    [
        ((NEW, LONG, OLD, NEXT), 2027, "New"),  # of two that run, the one that began last
        ((NEW, LONG, OLD, NEXT), 2022, "Long"),
        ((OLD, NEW), 2023, "Old"),  # none runs: the last that has begun, not the one to come
        ((NEW, NEXT), 2020, "New"),  # none has begun: the first that will
    ],
)
def test_it_is_of_the_programme_that_runs_and_began_last(
    held: tuple[Programme, ...], year: int, name: str
) -> None:
    found = whose(held, date(year, 6, 1))
    assert found is not None
    assert found.name == name


def test_an_installation_without_a_programme_is_nobodys() -> None:
    assert whose((), date(2026, 6, 1)) is None
