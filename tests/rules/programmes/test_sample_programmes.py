"""Facts about the two sample programmes: what they ask, of whom, when, and that they are clean."""

import re
import tomllib
from datetime import date
from functools import lru_cache

import pytest

from chalicelib.rules.forms import indicator_target, xlsform_reader
from chalicelib.rules.forms.form import NARRATIVES, indicators
from chalicelib.rules.programmes.period import build, keys, window
from chalicelib.rules.programmes.programme import Programme
from chalicelib.rules.texts import text
from chalicelib.rules.units.unit import owing
from infra.samples import FOLDER
from tests.unit_files import read_csv

OLD, NEW = "thi-dua-2021-2025", "thi-dua-2026-2030"
BOTH = pytest.mark.parametrize("key", [OLD, NEW])


def settings(key):
    return tomllib.loads((FOLDER / key / "programme.toml").read_text("utf-8"))


def programme(key):
    return Programme.model_validate({k: v for k, v in settings(key).items() if k != "staff"})


@lru_cache
def form(key):
    content = (FOLDER / key / "form.md").read_bytes()
    return xlsform_reader.read(content, "md", programme(key).blocs, 1)


def units(key):
    return read_csv((FOLDER / key / "units.csv").read_bytes(), programme(key).blocs)


def asked(key, bloc, period):
    """The numbers of the plan's indicators (2.4, not its parts) that are asked of a bloc."""
    sections = form(key).asked_of(bloc, period, window(period)[1])
    codes = (one.code for one in indicators(sections) if one.code not in NARRATIVES)
    return {re.match(r"i(\d_\d)", code)[1].replace("_", ".") for code in codes}


def numbers(*wanted):
    """1.1-1.7 is seven numbers."""
    found = set()
    for part in wanted:
        first, _, last = part.partition("-")
        section, start = first.split(".")
        stop = last.split(".")[1] if last else start
        found |= {f"{section}.{n}" for n in range(int(start), int(stop) + 1)}
    return found


PLAN = numbers("1.1-1.7", "2.1-2.8", "3.1-3.8", "4.1-4.8", "5.1-5.7", "6.1-6.6")


@BOTH
def test_a_sample_is_called_as_its_folder(key):
    assert programme(key).key == key


@pytest.mark.guards("the samples are the plan", "a code left out")
def test_the_old_programme_has_the_plans_forty_four_indicators():
    codes = form(OLD).by_code.keys() - set(NARRATIVES)
    assert {".".join(code[1:].split("_")[:2]) for code in codes} == PLAN
    assert len(PLAN) == 44


def test_the_new_programme_leaves_out_covid():
    codes = form(NEW).by_code.keys() - set(NARRATIVES)
    assert {".".join(code[1:].split("_")[:2]) for code in codes} == PLAN - {"6.6"}


@BOTH
def test_a_report_has_six_contents_and_the_five_narratives(key):
    sections = form(key).sections
    assert [section.code for section in sections] == [*(f"s{n}" for n in range(1, 7)), "narratives"]
    assert tuple(one.code for one in sections[-1].indicators) == NARRATIVES


# The plan's table, by who is asked; what is asked once a year comes with the year's last period.
YEARLY_OF_ALL = numbers("1.3", "2.8", "3.6-3.7", "5.1", "5.4", "6.4")
YEARLY_OF_PHONG = numbers("2.1-2.4", "6.1-6.2")
EVERY_TIME = PLAN - YEARLY_OF_ALL - YEARLY_OF_PHONG - {"2.5", "3.1", "4.3", "4.6", "6.6"}


@pytest.mark.parametrize(
    ("bloc", "period", "wanted"),
    [
        ("P", "2024-H2", EVERY_TIME),
        ("P", "2024-H1", EVERY_TIME | {"4.6"}),
        ("P", "2024", EVERY_TIME | {"4.6"} | YEARLY_OF_ALL | YEARLY_OF_PHONG),
        ("T", "2024-H2", EVERY_TIME | {"4.3"}),
        ("T", "2024", EVERY_TIME | {"4.3", "4.6", "2.1", "2.5"} | YEARLY_OF_ALL),
        ("G", "2024-H1", EVERY_TIME | {"4.3", "4.6"}),
        ("G", "2024", EVERY_TIME | {"4.3", "4.6", "2.5"} | YEARLY_OF_ALL),
        ("G", "2023-H1", EVERY_TIME | {"4.3", "4.6", "6.6"}),
    ],
)
def test_the_old_programme_asks_each_bloc_what_the_plan_says(bloc, period, wanted):
    assert asked(OLD, bloc, period) == wanted


@pytest.mark.parametrize(
    ("bloc", "period", "wanted"),
    [
        ("T", "2026-Q1", EVERY_TIME | {"4.3", "4.6"}),
        ("T", "2026-Q2", EVERY_TIME | {"4.3", "4.6"}),
        ("G", "2026-Q3", EVERY_TIME | {"4.3", "2.5"}),
        ("T", "2026-Q4", EVERY_TIME | {"4.3", "2.1"} | YEARLY_OF_ALL),
        ("G", "2026-Q4", EVERY_TIME | {"4.3"} | YEARLY_OF_ALL),
        ("X", "2026-Q4", EVERY_TIME | YEARLY_OF_ALL | YEARLY_OF_PHONG),
    ],
)
def test_the_new_programme_asks_yearly_figures_in_one_quarter(bloc, period, wanted):
    assert asked(NEW, bloc, period) == wanted


def test_covid_ends_in_october_2023_and_the_digital_levels_begin_at_the_end_of_2022():
    assert "6.6" in asked(OLD, "P", "2023-H1")
    assert "6.6" not in asked(OLD, "P", "2023-H2")
    assert "3.7" not in asked(OLD, "P", "2022")
    assert "3.7" in asked(OLD, "P", "2023")


@BOTH
def test_the_rank_is_the_departments_and_asked_of_no_unit(key):
    rank = form(key).by_code["i3_1"]
    assert (rank.kind, rank.aggregate, rank.entered_by) == ("rank", "latest", "department")
    assert not any("3.1" in asked(key, bloc, "2024") for bloc in programme(key).blocs)


@BOTH
def test_every_bloc_is_asked_the_five_narratives_in_every_period(key):
    regime = programme(key).regime
    for period in keys(regime.collects, regime.first_year, regime.last_year):
        for bloc in programme(key).blocs:
            sections = form(key).asked_of(bloc, period, window(period)[1])
            assert sections[-1].code == "narratives"
            assert len(sections[-1].indicators) == 5


@BOTH
def test_targets_of_the_plan_can_be_judged(key):
    codes = form(key).by_code
    judged = {code: codes[code].target for code in ("i1_7", "i2_6", "i3_1", "i3_3", "i6_1")}
    assert list(judged.values()) == ["0", "<0.5%", "<=5", ">=50%", ">=90%"]
    assert all(indicator_target.parse(text, codes[code].kind) for code, text in judged.items())


@BOTH
def test_hints_are_short_and_every_figure_is_explained(key):
    for one in indicators(form(key).sections):
        assert len(one.hint) <= 120, one.code
        assert one.label == text.tidy(one.label)
        if not one.is_text and one.entered_by == "unit":
            assert one.hint or one.about, f"{one.code} is not explained"
            assert one.measured_in, f"{one.code} has no unit of measure"


@BOTH
def test_numbers_are_counted_and_percentages_never_typed(key):
    for one in indicators(form(key).sections):
        assert "%" not in one.measured_in
        assert (one.kind == "ratio") == bool(one.num_label and one.den_label)


# ------------------------------------------------------------------ units, periods, contacts


@pytest.mark.parametrize(
    ("key", "cut_off", "blocs"),
    [
        (OLD, date(2021, 6, 14), {"P": 9, "T": 35, "G": 1}),
        (OLD, date(2025, 6, 14), {"P": 9, "T": 35, "G": 1}),
        (OLD, date(2025, 12, 14), {"T": 35, "G": 1}),
        (NEW, date(2026, 12, 14), {"T": 35, "G": 1}),
    ],
)
def test_forty_five_units_owed_until_the_district_level_ended(key, cut_off, blocs):
    owed = [one.bloc for one in owing(units(key), cut_off)]
    assert {bloc: owed.count(bloc) for bloc in set(owed)} == blocs


@BOTH
def test_units_have_codes_names_and_numbers_of_their_own(key):
    listed = units(key)
    assert [one.order for one in listed] == list(range(1, len(listed) + 1))
    for unique in ({one.code for one in listed}, {one.name for one in listed}):
        assert len(unique) == len(listed)
    assert all(one.code[0] == one.bloc for one in listed)


def test_another_spelling_is_an_alias():
    (school,) = [one for one in units(OLD) if one.name.endswith("Lê Quí Đôn")]
    assert "Lê Quý Đôn" in school.aliases


@BOTH
def test_no_sample_holds_a_real_address(key):
    for path in (FOLDER / key).iterdir():
        content = path.read_text("utf-8")
        domains = re.findall(r"[\w.+-]+@([\w.-]+)", content)
        assert all(domain.endswith(".example") for domain in domains), path
        assert not re.search(r"https?://|www\.", content), path
        phones = re.findall(r"\b0\d{2,3}[ .]?\d{3}[ .]?\d{3,4}\b", content)
        assert all(phone.endswith("000 0000") for phone in phones), path
    assert not any(one.phone for one in units(key))


@BOTH
def test_holidays_are_days_off_work_of_their_own_year(key):
    for year, days in programme(key).holidays.items():
        assert all(day.year == year and day.weekday() < 5 for day in days)
        assert list(days) == sorted(set(days))
        for day in (date(year, 4, 30), date(year, 5, 1), date(year, 9, 2)):
            assert day in days or day.weekday() >= 5


@pytest.mark.guards("the samples are the plan")
@BOTH
def test_every_year_of_the_regime_has_its_holidays(key):
    regime = programme(key).regime
    assert set(programme(key).holidays) == set(range(regime.first_year, regime.last_year + 1))


@pytest.mark.parametrize(
    ("key", "period", "due", "locks"),
    [
        (NEW, "2026-Q1", "2026-03-17", "2026-03-20"),
        (NEW, "2026-Q2", "2026-06-17", "2026-06-22"),
        (NEW, "2026-Q4", "2026-12-17", "2026-12-21"),
        (NEW, "2027-Q1", "2027-03-17", "2027-03-22"),
        (OLD, "2022-H2", "2022-12-19", "2022-12-20"),
        (OLD, "2025", "2025-12-17", "2025-12-22"),
    ],
)
def test_the_samples_deadlines_are_working_days(key, period, due, locks):
    one = programme(key)
    built = build(
        period,
        period,
        days=window(period),
        due_day=one.regime.due_day,
        lock_day=one.regime.lock_day,
        holidays=one.days_off,
        form=1,
    )
    assert built.due.isoformat() == f"{due}T16:59:59+00:00"
    assert built.locks.isoformat() == f"{locks}T16:59:59+00:00"


@BOTH
def test_an_officer_and_a_director_may_sign_in(key):
    assert sorted(one["role"] for one in settings(key)["staff"]) == ["director", "officer"]
