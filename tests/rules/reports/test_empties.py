"""Facts about what was left empty: nil is for what occurs, and the rest stands as it stood."""

import pytest

from chalicelib.edges.ports import Site
from chalicelib.rules.forms.form import indicators
from chalicelib.rules.reports.empties import fill
from chalicelib.store import programmes
from tests.builders import indicator
from tests.conftest import NEW, OLD

FLOW, STOCK = indicator("i"), indicator("i", aggregate="latest")


def filled(one, last=...):
    return fill(one, last)


@pytest.mark.guards("nil only where nothing can occur", "every flow whatever it was ✓")
@pytest.mark.parametrize(
    ("last", "expected"),
    [(..., "nil"), (None, "nil"), (0, "nil"), (5, "type"), (False, "na")],
)
def test_a_flow_is_nil_again_where_nothing_of_it_occurred_last_time(last, expected):
    assert filled(FLOW, last) == expected


@pytest.mark.guards("nil only where nothing can occur", "stocks too ✓")
@pytest.mark.parametrize(
    ("one", "last"),
    [
        (STOCK, 0),
        (STOCK, 12),
        (indicator("i", "ratio", aggregate="latest_ratio"), [0, 1]),
        (indicator("i", "rank"), 3),
        (indicator("i", "yesno"), "no"),
        (indicator("i", "choice"), "tot"),
    ],
)
def test_what_stands_is_kept_as_it_stood_and_never_nil(one, last):
    assert filled(one, last) == "keep"
    assert filled(one) == filled(one, None) == "type"
    of_a_year = one.model_copy(update={"as_of": "năm học"})
    assert filled(of_a_year, last) == "type"
    assert filled(one, False) == "na"


@pytest.mark.parametrize("kind", ["count", "amount", "ratio"])
def test_a_figure_of_which_the_form_does_not_say_that_it_stands_may_be_nil(kind):
    """Forms that were adopted before keep what they offered."""
    assert indicator("i", kind).occurs
    assert indicator("i", "count", aggregate="none").occurs


# Judged one by one: what the label and its hint count at the cut-off, not in the period.
STANDING = {
    *("i1_1", "i1_3", "i2_2", "i2_3", "i2_4_mn5", "i2_4_th", "i2_4_thcs", "i2_4_xmc", "i2_5"),
    *(f"i2_1_{school}_{level}" for school in ("mn", "th", "thcs", "thpt") for level in (1, 2)),
    *("i2_8", "i3_1", "i3_6", "i3_7_1", "i3_7_2", "i3_7_3", "i4_6", "i5_1", "i5_4"),
    *("i6_1", "i6_2", "i6_4"),
}
VACCINATED = {"i6_6_staff", "i6_6_pupils"}


@pytest.mark.guards("nil only where nothing can occur", "a stock of the samples as a flow ✓")
@pytest.mark.parametrize(("programme", "more"), [(OLD, VACCINATED), (NEW, set())])
def test_the_samples_figures_are_told_apart_one_by_one(
    site: Site, programme: str, more: set[str]
) -> None:
    form = programmes.form(site.table, programme, 1)
    figures = [one for one in indicators(form.sections) if not one.is_text]
    assert {one.code for one in figures if not one.occurs} == STANDING | more
