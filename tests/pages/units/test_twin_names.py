"""Two units of one name are told apart wherever they stand in a list: by code and by parent."""

import re
from collections.abc import Callable

import pytest

from chalicelib.edges.ports import Site
from chalicelib.rules.units.unit import twin_names
from chalicelib.store import programmes
from infra.visitor import Visitor
from tests.builders import unit
from tests.conftest import NEW

NAME = "Trường Tiểu học Hoa Sen"
PERIOD = f"/desk/{NEW}/2026-Q4"


def test_names_are_twins_whatever_their_case_and_only_of_several_codes() -> None:
    units = [unit("T01", name="Hoa Sen"), unit("T02", name="HOA SEN"), unit("T03", name="Khác")]
    again = unit("T03", name="Khác", valid_from="2026-01-01")
    assert twin_names([*units, again]) == {"Hoa Sen", "HOA SEN"}


@pytest.mark.guards("units of one name are told apart in every list", "the parent left out ✓")
@pytest.mark.parametrize(
    "page",
    [f"/desk/{NEW}/units", f"/desk/{NEW}/links", f"/desk/{NEW}/contacts", f"/desk/{NEW}/years",
     f"{PERIOD}/reports", f"{PERIOD}/urge"],
)  # fmt: skip
def test_each_of_two_units_of_one_name_stands_with_its_code_and_parent(
    site: Site, as_staff: Callable[..., Visitor], page: str
) -> None:
    twins = [
        unit(code, name=NAME, bloc="T", parent=parent, email=f"{code.lower()}@donvi.example")
        for code, parent in (("T91", "Xã Mỹ Thạnh"), ("T92", "Xã Ba Tri"))
    ]
    programmes.keep_units(site.table, NEW, twins)
    reply = as_staff("chuyenvien@vinhlong.example").get(page)
    assert reply.status == 200
    rows = [row for row in re.findall(r"<tr>.*?</tr>", reply.body.decode(), re.S) if NAME in row]
    assert len(rows) == 2
    for row, twin in zip(sorted(rows, key=lambda one: "T92" in one), twins, strict=True):
        assert twin.code in row
        assert twin.parent in row
