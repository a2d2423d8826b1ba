"""What the program of schema 2 left goes on: who was let in stays in, and nobody comes back."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import app
from chalicelib.edges import embedded
from chalicelib.edges.ports import Site
from chalicelib.edges.table import Table
from chalicelib.jobs import summarise
from chalicelib.rules.access.access import Link, link_token
from chalicelib.store import department_figures, drafts, links, reports, schema
from chalicelib.store.schema import SCHEMA
from infra import backup, migrations
from infra.gateway import Gateway
from infra.visitor import Visitor
from tests.conftest import HERE, Clock, on_aws
from tests.devices import left_open, standing
from tests.infra.test_migrations import brought_up, document, kept, unheard
from tests.older import (
    OLD_KEY,
    ON_THE_DAY,
    Q3,
    Q4,
    SCHEMA_2,
    P,
    data_of,
    items_of,
    left_in,
)

GOOD = ("T01 first", "T01 second", "T03 with its new link")
# The last one's link was changed from a terminal: nothing says when.
DEAD = (
    "T03 before its new link",
    "T04 before its new link",
    "G02 before its link was revoked",
    "T04 with its new link",
)


@pytest.fixture
def clock() -> Clock:
    return Clock(ON_THE_DAY)


@pytest.fixture(params=["sqlite", "dynamodb"])
def empty(tmp_path: Path, clock: Clock, request: pytest.FixtureRequest) -> Iterator[Site]:
    """An installation that holds nothing, with the server key of the older one."""
    if request.param == "dynamodb":
        yield replace(
            on_aws(request.getfixturevalue("ministack"), clock), server_key=lambda: OLD_KEY
        )
        return
    site = embedded.open_site(tmp_path / "data", HERE, clock)
    yield replace(site, server_key=lambda: OLD_KEY)
    site.table.close()  # type: ignore[attr-defined]


@pytest.fixture
def old(empty: Site, tmp_path: Path) -> Site:
    return left_in(empty, "data-2", tmp_path / "left")


@pytest.fixture
def cookies(tmp_path: Path) -> dict[str, str]:
    """Whose browser held which session."""
    found: dict[str, str] = json.loads(
        (data_of("data-2", tmp_path / "raw") / "cookies.json").read_text()
    )
    return found


def browser(site: Site, cookie: str, name: str = "bc-unit") -> Visitor:
    app.use(site)
    visitor = Visitor(app, Gateway(app))
    visitor.cookies = {name: cookie}
    return visitor


@pytest.mark.guards(
    "… nor did one of an older program, nor comes back with the migration",
    "a session without a generation taken for one of today’s ✓ (the first)",
)
@pytest.mark.parametrize("migrated", [False, True], ids=["before", "after"])
def test_good_sessions_open_the_form_and_ended_ones_do_not_come_back(
    old: Site, cookies: dict[str, str], migrated: bool
) -> None:
    """Also in the minutes before the deployment has migrated: the same are let in."""
    if migrated:
        migrations.migrate(old.table, unheard)
    for name in GOOD:
        page = browser(old, cookies[name]).get(f"/report/{Q4}")
        assert page.status == 200, name
    assert browser(old, cookies["officer"], "bc-staff").get("/desk").status == 200
    for name in DEAD:
        assert browser(old, cookies[name]).get("/report").status == 401, name
    open_link = browser(old, "")
    token = link_token(OLD_KEY, Link(P, "T04", 2))
    open_link.follow(open_link.submit(open_link.get(f"/u/{token}"), token))
    assert open_link.get(f"/report/{Q4}").status == 200


def test_every_session_says_its_generation_and_no_other_one_is_left(
    old: Site, cookies: dict[str, str], clock: Clock
) -> None:
    migrations.migrate(old.table, unheard)
    found = [one for one in old.table.everything() if one.body.get("role") == "unit"]
    assert {one.body["generation"] for one in found} == {1, 2}
    listed = [one for one in old.table.everything() if one.key.sort.startswith("SESSION#")]
    of_units = [one for one in listed if not one.key.partition.startswith("ACCESS#STAFF#")]
    assert len(of_units) == len(found)
    assert all(one.expires for one in [*found, *of_units])
    page = browser(old, cookies["T01 first"]).get("/report/devices").body.decode()
    assert "10:00 ngày 25/11/2026" in page
    assert "10:05 ngày 25/11/2026" in page


@pytest.mark.guards("… nor did one of an older program, nor comes back with the migration")
def test_a_session_that_the_old_program_opens_in_the_minutes_of_a_deployment_is_read(
    old: Site, clock: Clock
) -> None:
    """Where it is surely of the link that works; and it ends with that link."""
    migrations.migrate(old.table, unheard)
    of_t01, of_t03 = (
        left_open(old.table, Link(P, unit, generation), clock.now, 3, older=True)
        for unit, generation in (("T01", 1), ("T03", 2))
    )
    assert [standing(old.table, some, clock.now) for some in (of_t01, of_t03)] == [3, 3]
    early = left_open(old.table, Link(P, "T03", 1), clock.now - timedelta(hours=1), 3, older=True)
    assert standing(old.table, early, clock.now) == 0
    links.reissue_link(old.table, OLD_KEY, P, "T01")
    links.reissue_link(old.table, OLD_KEY, P, "T03")
    assert [standing(old.table, some, clock.now) for some in (of_t01, of_t03)] == [0, 0]


def test_drafts_reports_and_all_that_was_decided_stand(old: Site, clock: Clock) -> None:
    migrations.migrate(old.table, unheard)
    table = old.table
    draft = drafts.draft(table, P, Q4, "T03")
    assert draft is not None
    typed = {name: text for name, text in draft.typed.items() if text}
    assert typed["i1"] == "33"
    assert typed["i1.note"] == "Kết nạp dồn"
    assert typed["l1"] == "Đang gõ"
    other = drafts.draft(table, P, Q4, "G02")
    assert other is not None
    assert other.typed["i1"] == "7"
    assert department_figures.entered(table, P, Q4).figures == {"k1": 5}
    states = {head.unit: head.state for head in reports.heads(table, P, Q4)}
    assert states == {"T01": "submitted", "T02": "submitted", "T04": "returned", "G01": "reopened"}
    summarise.run(old, everything=True)
    for k, right in ((Q3, 1 + 2 + 3 + 4 + 5), (Q4, 10 + 21 + 50)):
        lines = {one["code"]: one for one in document(old, k)["indicators"]}
        assert lines["i1"]["value"] == right


def test_the_desk_and_the_units_pages_open_on_it(
    old: Site, cookies: dict[str, str], clock: Clock
) -> None:
    migrations.migrate(old.table, unheard)
    officer = browser(old, cookies["officer"], "bc-staff")
    assert officer.submit(officer.get(f"/desk/{P}/{Q4}"), "/summarise").status == 303
    where = ("reports", "reports/T04", "terms", "requests", "urge", "urge/log", "department")
    for path in (*(f"{Q4}/{one}" for one in where), "contacts", "links", "links/of/T01", "audit"):
        page = officer.get(f"/desk/{P}/{path}")
        assert page.status == 200, path
    said = re.sub(r"<[^>]+>|\s+", " ", officer.get(f"/desk/{P}/contacts").body.decode())
    assert "vanthu@t03.example" in said
    offered = [one for one in old.table.everything() if one.key.sort.startswith("OFFER#")]
    assert len(offered) == 1
    unit = browser(old, cookies["T03 with its new link"])
    form = unit.get(f"/report/{Q4}").body.decode()
    assert 'value="33"' in form
    assert "Bão số 9" in unit.get(f"/report/{Q4}/ask").body.decode()


def test_cut_off_or_twice_it_comes_to_the_same(old: Site, tmp_path: Path) -> None:
    for _ in range(2):
        migrations.migrate(old.table, unheard)
    found = kept(old.table)
    right = brought_up(items_of("data-2", tmp_path / "again"))
    assert found == right


def test_an_archive_of_schema_2_is_restored_as_if_it_had_been_migrated_in_place(
    empty: Site, tmp_path: Path, clock: Clock
) -> None:
    other = embedded.open_site(tmp_path / "other", HERE, clock)
    migrations.migrate(left_in(other, "schema-2", tmp_path / "left").table, unheard)
    assert backup.restore(empty, SCHEMA_2).schema == 2
    assert kept(empty.table) == kept(other.table)
    assert _schema(empty.table) == SCHEMA
    draft = drafts.draft(empty.table, P, Q4, "T03")
    assert draft is not None
    assert draft.typed["i1.note"] == "Kết nạp dồn"
    other.table.close()  # type: ignore[attr-defined]


def _schema(table: Table) -> int:
    mark = schema.mark(table)
    assert mark is not None
    return mark.schema
