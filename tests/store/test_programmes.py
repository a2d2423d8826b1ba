"""Programmes, forms, periods and units in the table: each noun and back, kept only if changed."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from chalicelib.edges.embedded import SqliteTable
from chalicelib.edges.table import Table
from chalicelib.rules.forms.form import Form, Indicator, Section
from chalicelib.rules.programmes.period import Period, build, window
from chalicelib.rules.programmes.programme import Department, Programme, Regime
from chalicelib.rules.units.unit import Unit
from chalicelib.store import programmes


@pytest.fixture
def table(tmp_path: Path) -> Iterator[SqliteTable]:
    opened = SqliteTable(tmp_path / "baocao.sqlite3")
    yield opened
    opened.close()


def a_programme(key: str = "thi-dua", name: str = "Phong trào “thi đua”") -> Programme:
    return Programme(
        key=key,
        name=name,
        short="Thi đua",
        valid_from=date(2026, 1, 1),
        valid_to=date(2030, 12, 31),
        department=Department(
            name="Sở", parent="UBND", place="Vĩnh Long", contact="Văn phòng", phone="", email=""
        ),
        blocs={"T": "THPT", "G": "GDTX"},
        regime=Regime(
            collects=("Q1", "Y"), first_year=2026, last_year=2027, due_day=17, lock_day=20
        ),
        holidays={2026: (date(2026, 1, 1), date(2026, 9, 2))},
    )


def a_form(version: int, title: str = "Biểu") -> Form:
    number = Indicator(
        code="i1", kind="count", label="Số đảng viên", aggregate="sum", blocs=("T",), asked=("Q1",)
    )
    return Form(
        version=version,
        title=title,
        sections=(Section(code="s1", label="Nội dung 1", indicators=(number,)),),
    )


def a_period(key: str, form: int = 1) -> Period:
    return build(
        key, f"Kỳ {key}", days=window(key), due_day=17, lock_day=20, holidays=(), form=form
    )


def a_unit(code: str, valid_from: date = date(2026, 1, 1), **more: object) -> Unit:
    given = {"code": code, "name": f"Trường {code}", "bloc": "T", "valid_from": valid_from}
    return Unit.model_validate(given | more)


def stored(table: Table) -> list[tuple[object, int]]:
    return [(item.key, item.version) for item in table.everything()]


def test_a_programme_reads_back_whole(table: Table) -> None:
    programmes.keep_programme(table, a_programme())
    (read,) = programmes.programmes(table)
    assert programmes.programme(table, "thi-dua") == read
    assert read == a_programme().model_copy(update={"revision": 1})


def test_an_unknown_programme_is_none(table: Table) -> None:
    programmes.keep_programme(table, a_programme())
    assert programmes.programme(table, "thi") is None
    assert programmes.programme(table, "thi-dua-2") is None


def test_programmes_with_names_alike_keep_what_is_theirs(table: Table) -> None:
    for number, key in enumerate(("a", "a-b", "a-b-c"), start=1):
        programmes.keep_programme(table, a_programme(key))
        programmes.keep_form(table, key, a_form(1, title=key))
        programmes.keep_periods(table, key, [a_period(f"{2026 + number}")])
        programmes.keep_units(table, key, [a_unit(f"T{number}")])
    for number, key in enumerate(("a", "a-b", "a-b-c"), start=1):
        assert [form.title for form in programmes.forms(table, key)] == [key]
        assert [period.key for period in programmes.periods(table, key)] == [f"{2026 + number}"]
        assert [unit.code for unit in programmes.units(table, key)] == [f"T{number}"]


def test_form_versions_come_the_oldest_first(table: Table) -> None:
    for version in (1, 2, 10, 3):
        programmes.keep_form(table, "p", a_form(version))
    assert [form.version for form in programmes.forms(table, "p")] == [1, 2, 3, 10]
    assert programmes.form(table, "p", 10) == a_form(10)


def test_a_form_version_that_is_not_there_is_said(table: Table) -> None:
    programmes.keep_form(table, "p", a_form(1))
    with pytest.raises(LookupError, match="form 2 of p"):
        programmes.form(table, "p", 2)


def test_periods_come_as_they_fall_due(table: Table) -> None:
    keys = ["2026", "2026-Q4", "2026-Q1", "2026-H1", "2026-Q2", "2026-M01"]
    programmes.keep_periods(table, "p", map(a_period, keys))
    found = programmes.periods(table, "p")
    assert [period.key for period in found] == [
        "2026-M01",
        "2026-Q1",
        "2026-H1",
        "2026-Q2",
        "2026",
        "2026-Q4",
    ]
    assert found[1].model_copy(update={"revision": 0}) == a_period("2026-Q1")


def test_a_period_carries_its_stored_version(table: Table) -> None:
    programmes.keep_periods(table, "p", [a_period("2026-Q1")])
    assert [period.revision for period in programmes.periods(table, "p")] == [1]
    programmes.keep_periods(table, "p", [a_period("2026-Q1", form=2)])
    (period,) = programmes.periods(table, "p")
    assert (period.revision, period.form) == (2, 2)


def test_a_period_changed_there_and_back_has_a_version_of_its_own(table: Table) -> None:
    """A send that read version 1 must not be taken for one that read version 3."""
    for form in (1, 2, 1):
        programmes.keep_periods(table, "p", [a_period("2026-Q1", form=form)])
    assert [period.revision for period in programmes.periods(table, "p")] == [3]


def test_every_dated_version_of_a_unit_is_kept(table: Table) -> None:
    school = [
        a_unit("T1", date(2026, 1, 1), valid_to="2026-06-30", aliases=("THPT Một", "Một")),
        a_unit("T1", date(2026, 7, 1), bloc="G"),
    ]
    programmes.keep_units(table, "p", [*school, a_unit("T10"), a_unit("T1-a")])
    assert programmes.unit_versions(table, "p", "T1") == school
    assert len(programmes.units(table, "p")) == 4
    assert programmes.unit_versions(table, "p", "T") == []


def test_what_is_the_same_is_not_written_again(table: Table) -> None:
    def keep(name: str) -> None:
        programmes.keep_programme(table, a_programme(name=name))
        programmes.keep_form(table, "p", a_form(1))
        programmes.keep_periods(table, "p", [a_period("2026"), a_period("2026-Q1")])
        programmes.keep_units(table, "p", [a_unit("T1"), a_unit("T2")])

    keep("một")
    before = stored(table)
    keep("một")
    assert stored(table) == before
    keep("hai")
    assert [key for key, version in stored(table) if version == 2] == [("PROGRAMMES", "thi-dua")]


def test_what_was_changed_is_read_as_it_is_now(table: Table) -> None:
    for name in ("một", "hai", "một"):
        programmes.keep_programme(table, a_programme(name=name))
        found = programmes.programme(table, "thi-dua")
        assert found is not None
        assert found.name == name


def test_more_units_than_one_write_takes_are_all_kept(table: Table) -> None:
    units = [a_unit(f"T{number:03}") for number in range(250)]
    programmes.keep_units(table, "p", units)
    assert programmes.units(table, "p") == units
