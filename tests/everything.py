"""An installation that holds an item of every kind and a file of every kind, made by its own acts.

A key that is added to store/keys.py is added here, by an act in `_ACTS` that leaves one behind.
"""

import inspect
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from urllib.parse import urlsplit

import app
from chalicelib.edges.ports import PASSING, Files, Site
from chalicelib.edges.table import Key, Table
from chalicelib.jobs import summarise
from chalicelib.rules.access.access import digest
from chalicelib.rules.files.archive_nights import Known
from chalicelib.rules.reports.exempt_or_extended import Terms
from chalicelib.rules.reports.unit_request import UnitRequest
from chalicelib.rules.review.act import Act
from chalicelib.rules.units.contact import Contact
from chalicelib.rules.units.listed import COLUMNS
from chalicelib.store import (
    acts,
    authoring,
    backup_log,
    contacts,
    exempt_or_extended,
    item_kinds,
    keys,
    links,
    mailings,
    programmes,
    sign_ins,
    staff,
    unit_lists,
    unit_requests,
    unreachable,
)
from infra import migrations
from infra.gateway import Gateway
from infra.visitor import Visitor
from tests.builders import instant
from tests.conftest import NEW, OLD
from tests.pages.reports.test_moves import form, where
from tests.pages.unit.test_form import Q4, sent
from tests.unit_files import book, upload

OFFICER, NEWCOMER = "chuyenvien@vinhlong.example", "canbo.moi@vinhlong.example"
RETURNED = {"general": "Xem lại số liệu", "due": "2026-11-27"}
_DESK = f"/desk/{NEW}"


class Town:
    """The installation and the ways into it."""

    def __init__(self, site: Site) -> None:
        self.site, self.table = site, site.table
        app.use(site)
        self._gateway = Gateway(app)
        self.officer = self._staff()

    def visitor(self) -> Visitor:
        return Visitor(app, self._gateway)

    def unit(self, code: str) -> Visitor:
        token = links.issue_link(self.table, self.site.key, NEW, code)
        browser = self.visitor()
        browser.follow(browser.submit(browser.get(f"/u/{token}"), token))
        return browser

    def _staff(self) -> Visitor:
        token, _, _ = sign_ins.ask_sign_in(self.table, OFFICER, self.site.clock())
        browser = self.visitor()
        browser.follow(browser.submit(browser.get(f"/s/{token}"), token))
        return browser

    def act(self, verb: str, unit: str = "") -> Act:
        return Act(self.site.clock(), OFFICER, verb, NEW, Q4 if unit else "", unit)


def _reports(town: Town) -> None:
    for code in ("T01", "T02", "T06"):
        sent(town.site, town.unit(code), i1_5="12", n_done="Đã triển khai “đủ”\ntừng tổ")
    typing = town.unit("T03")
    typing.submit(typing.get(f"/report/{Q4}"), Q4, do="save", i1_5="7")


def _left_unfinished(town: Town) -> None:
    """What two pages typed in one field; what was typed on pages without a draft, and not taken."""
    unit = town.unit("T10")
    pages = [unit.get(f"/report/{Q4}") for _ in range(2)]
    for page, figure in zip(pages, "12", strict=True):
        unit.submit(page, Q4, do="save", i1_5=figure)
    unit.submit(unit.get("/report/contacts"), "contacts", phone="không có")
    unit.submit(unit.get(f"/report/{Q4}/ask"), "/ask", reason="")


def _decisions(town: Town) -> None:
    """One is taken in; one is returned, and told of it by mail."""
    contacts.keep(town.table, town.act("change_contact", "T02"), Contact("t02@truong.example"))
    officer = town.officer
    officer.follow(officer.post(where("T01"), form(officer.get(where("T01")), "accept")))
    fields = form(officer.get(where("T02")), "return") | RETURNED
    officer.follow(officer.post(where("T02"), fields))


def _the_departments_own(town: Town) -> None:
    officer, sheet = town.officer, f"{_DESK}/{Q4}/department"
    for rank in ("7", "5"):
        officer.follow(officer.submit(officer.get(sheet), "/department", i3_1=rank))


def _requests_and_terms(town: Town) -> None:
    ask = UnitRequest("T04", "extend", "Bão số 9", town.site.clock(), date(2026, 12, 24))
    acts.commit(town.table, town.act("ask_extend", "T04"), unit_requests.put(NEW, Q4, ask))
    own = Terms("T05", due=instant(19, 16))
    acts.commit(town.table, town.act("extend", "T05"), exempt_or_extended.put(NEW, Q4, own))


def _mails(town: Town) -> None:
    officer, page = town.officer, f"{_DESK}/{Q4}/urge"
    preview = officer.submit(officer.get(page), "/urge", **{"unit.T07": "1"})
    officer.follow(officer.submit(preview, "/begin"))
    mailings.queue(town.table, NEW, OFFICER, town.site.clock(), ["T08"], again=False)
    unreachable.mark(town.table, "t09@truong.example", "bounce", town.site.clock())


def _accounts(town: Town) -> None:
    staff.appoint(town.table, Act(town.site.clock(), OFFICER, "add_staff"), NEWCOMER, "director")
    _, _, ask = sign_ins.ask_sign_in(town.table, NEWCOMER, town.site.clock())  # a link and a code
    assert not sign_ins.use_code(town.table, ask, "wrong", town.site.clock(), "somebody").email
    leaver = Act(town.site.clock(), OFFICER, "reissue_link", NEW, unit="T10")
    links.replace(town.table, town.site.key, NEW, "T10", leaver, town.site.clock())
    assert town.visitor().get("/u/unknown").status == 404  # a failure is counted


def _lists_and_forms(town: Town) -> None:
    old = programmes.programme(town.table, OLD)
    assert old is not None
    act = Act(town.site.clock(), OFFICER, "units_import", OLD)
    unit_lists.switch(town.table, act, old, "a-newer-list", programmes.units(town.table, old))
    newest = max(programmes.forms(town.table, NEW), key=lambda one: one.version)
    offer = newest.model_copy(update={"version": newest.version + 1})
    authoring.offer(town.table, town.act("offer_form"), offer, digest("form")[:32])


def _files(town: Town) -> None:
    summarise.run(town.site, everything=True)
    for path in (f"{Q4}/reports.xlsx", "audit.xlsx", "units.xlsx", "form.xlsx?version=1"):
        assert town.officer.get(f"{_DESK}/{path}").status == 303, path
    page = town.officer.get(f"{_DESK}/units/import")
    heads, rows = (*COLUMNS[:3], "valid_from"), [("T90", "Trường THPT Mới", "T", date(2027, 1, 1))]
    assert upload(town.officer, page, book(rows, heads)).status == 200  # looked at, and staged


def _backups(town: Town) -> None:
    backup_log.keep(town.table, Known(made=town.site.clock() - timedelta(hours=9)))


_ACTS: tuple[Callable[[Town], None], ...] = (
    _reports,
    _left_unfinished,
    _decisions,
    _the_departments_own,
    _requests_and_terms,
    _mails,
    _accounts,
    _lists_and_forms,
    _backups,
    _files,
)


def fill(site: Site) -> Site:
    """The sample programmes, and then everything that can be done in them."""
    migrations.migrate(site.table, lambda _: None)
    town = Town(site)
    for act in _ACTS:
        act(town)
    return site


def made_by_keys() -> set[str]:
    """Every function of store/keys.py that makes a key."""
    functions = inspect.getmembers(keys, inspect.isfunction)
    ours = {name: one for name, one in functions if one.__module__ == keys.__name__}
    return {name for name, one in ours.items() if inspect.signature(one).return_annotation is Key}


def kinds_in(table: Table) -> Counter[str]:
    """How many items of each kind."""
    return Counter(item_kinds.of(item.key).name for item in table.everything())


def folders_of(files: Files) -> set[str]:
    """The kinds of files that lie in a folder: only the engine of one machine can list them."""
    folder = files._folder  # type: ignore[attr-defined]
    return {path.relative_to(folder).parts[0] for path in folder.rglob("*.*") if path.is_file()}


EVERY_FOLDER = {"summaries", *PASSING}


def name_in(location: str) -> str:
    """The file that a signed link of one machine opens."""
    return urlsplit(location).path.partition("/_files/")[2]
