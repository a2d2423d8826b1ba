"""Every way in, on one page: each route with who may use it and who answers."""

from importlib import import_module

from chalicelib.edges.ports import Site
from chalicelib.pages.frame.gate import Handler, Visitor, Way
from chalicelib.pages.frame.web import Request, Response
from chalicelib.pages.unit import form

ANYONE: tuple[Visitor, ...] = ("anyone",)
UNIT: tuple[Visitor, ...] = ("unit",)
STAFF: tuple[Visitor, ...] = ("officer", "director")
OFFICER: tuple[Visitor, ...] = ("officer",)


def later(module: str, name: str) -> Handler:
    """A handler whose module is imported at its first call.

    A unit's form is what mostly starts cold, and it must not wait for any other page.
    """

    def handler(site: Site, request: Request) -> Response:
        found: Handler = getattr(import_module(f"chalicelib.pages.{module}"), name)
        return found(site, request)

    return handler


_PUBLIC = (
    Way("GET", "/", ANYONE, later("door.public", "front")),
    Way("GET", "/robots.txt", ANYONE, later("door.public", "robots")),
    Way("GET", "/assets/{name}", ANYONE, later("door.public", "script")),
    Way("GET", "/u/{token}", ANYONE, later("door.public", "landing")),
    Way("POST", "/u/{token}", ANYONE, later("door.public", "enter")),
    Way("GET", "/signin", ANYONE, later("door.public", "sign_in")),
    Way("POST", "/signin", ANYONE, later("door.public", "ask_sign_in")),
    Way("POST", "/signin/code", ANYONE, later("door.public", "use_code")),
    Way("GET", "/s/{token}", ANYONE, later("door.public", "staff_link")),
    Way("POST", "/s/{token}", ANYONE, later("door.public", "use_link")),
)

_REPORT = (
    Way("GET", "/report", UNIT, later("unit.home", "home")),
    Way("POST", "/report/signout", UNIT, later("door.public", "sign_out")),
    Way("GET", "/report/{period}", UNIT, form.form),
    Way("POST", "/report/{period}", UNIT, form.post_form),
    Way("POST", "/report/{period}/draft", UNIT, form.autosave),
    Way("GET", "/report/{period}/check", UNIT, later("unit.sending", "check")),
    Way("POST", "/report/{period}/check", UNIT, later("unit.empties", "fill")),
    Way("POST", "/report/{period}/send", UNIT, later("unit.sending", "send")),
    Way("GET", "/report/{period}/receipt/{version}", UNIT, later("unit.sending", "receipt")),
    Way("GET", "/report/{period}/definitions", UNIT, form.definitions),
)

_SUMMARY = (
    Way("GET", "/desk", STAFF, later("summaries.summary", "desk")),
    Way("POST", "/desk/signout", STAFF, later("door.public", "sign_out")),
    Way("GET", "/desk/{programme}/{period}", STAFF, later("summaries.summary", "summary")),
    Way(
        "GET",
        "/desk/{programme}/{period}/summary.json",
        STAFF,
        later("summaries.summary", "summary_json"),
    ),
    Way(
        "GET",
        "/desk/{programme}/{period}/summary.xlsx",
        STAFF,
        later("summaries.summary", "summary_xlsx"),
    ),
    Way(
        "GET",
        "/desk/{programme}/{period}/summary.csv",
        STAFF,
        later("summaries.summary", "summary_csv"),
    ),
    Way(
        "POST",
        "/desk/{programme}/{period}/summarise",
        STAFF,
        later("summaries.summary", "summarise"),
    ),
)

_TERMS, _EXEMPT = "/desk/{programme}/{period}/terms", "reports.exempt_or_extended"
_PROGRESS = (
    Way("GET", "/desk/{programme}/years", STAFF, later("reports.years", "show")),
    Way("GET", "/desk/{programme}/years.xlsx", STAFF, later("reports.years", "xlsx")),
    Way("GET", "/desk/{programme}/{period}/reports", STAFF, later("reports.progress", "show")),
    Way("GET", "/desk/{programme}/{period}/reports.xlsx", STAFF, later("reports.progress", "xlsx")),
    Way("GET", _TERMS, STAFF, later(_EXEMPT, "show")),
    Way("POST", f"{_TERMS}/exempt", OFFICER, later(_EXEMPT, "exempt")),
    Way("POST", f"{_TERMS}/extend", OFFICER, later(_EXEMPT, "extend")),
    Way("POST", f"{_TERMS}/lift", OFFICER, later(_EXEMPT, "lift")),
)

_REPORTS = "/desk/{programme}/{period}/reports"
_DECIDING = (
    Way("GET", "/report/{period}/ask", UNIT, later("unit.unit_request", "form")),
    Way("POST", "/report/{period}/ask", UNIT, later("unit.unit_request", "ask")),
    Way("POST", f"{_REPORTS}/accept", OFFICER, later("reports.moves", "accept_many")),
    Way("GET", f"{_REPORTS}/{{unit}}", STAFF, later("reports.one_report", "read")),
    Way("POST", f"{_REPORTS}/{{unit}}", OFFICER, later("reports.moves", "decide")),
    Way("GET", f"{_REPORTS}/{{unit}}/notice", OFFICER, later("reports.decision_notice", "show")),
    Way("GET", f"{_REPORTS}/{{unit}}/paper", OFFICER, later("reports.paper", "form")),
    Way("POST", f"{_REPORTS}/{{unit}}/paper", OFFICER, later("reports.paper", "enter")),
    Way(
        "GET", "/desk/{programme}/{period}/requests", STAFF, later("reports.unit_requests", "inbox")
    ),
    Way(
        "POST",
        "/desk/{programme}/{period}/requests",
        OFFICER,
        later("reports.unit_requests", "answer"),
    ),
)

_URGE = "/desk/{programme}/{period}/urge"
_URGING = (
    Way("GET", _URGE, STAFF, later("urging.urging", "urge")),
    Way("POST", _URGE, OFFICER, later("urging.urging", "preview")),
    Way("POST", f"{_URGE}/begin", OFFICER, later("urging.urging", "begin")),
    Way("GET", f"{_URGE}/round/{{round}}", OFFICER, later("urging.urging", "round_page")),
    Way("POST", f"{_URGE}/round/{{round}}", OFFICER, later("urging.urging", "next_slice")),
    Way("GET", f"{_URGE}/log", STAFF, later("urging.urging", "log")),
    Way("GET", f"{_URGE}/group", OFFICER, later("urging.texts_to_copy", "group_text")),
    Way("GET", f"{_URGE}/unit/{{unit}}", OFFICER, later("urging.texts_to_copy", "unit_text")),
)

_UNITS = (
    Way("GET", "/desk/{programme}/units", STAFF, later("units.listing", "listing")),
    Way("GET", "/desk/{programme}/units.xlsx", STAFF, later("units.listing", "workbook")),
    Way("GET", "/desk/{programme}/units/import", OFFICER, later("units.importing", "upload")),
    Way(
        "POST",
        "/desk/{programme}/units/import",
        OFFICER,
        later("units.importing", "preview"),
        uploads=True,
    ),
    Way("POST", "/desk/{programme}/units/confirm", OFFICER, later("units.importing", "confirm")),
    Way("GET", "/desk/{programme}/units/{unit}", STAFF, later("units.unit", "unit")),
    Way("POST", "/desk/{programme}/units/{unit}", OFFICER, later("units.unit", "change")),
    Way("GET", "/desk/{programme}/{period}/units", STAFF, later("summaries.by_unit", "by_unit")),
)

_LINKS = (
    Way("GET", "/links", ANYONE, later("door.resend", "form")),
    Way("POST", "/links", ANYONE, later("door.resend", "ask")),
    Way("GET", "/report/contacts", UNIT, later("links.contacts", "mine")),
    Way("POST", "/report/contacts", UNIT, later("links.contacts", "change_mine")),
    Way("GET", "/report/devices", UNIT, later("links.devices", "show")),
    Way("POST", "/report/devices", UNIT, later("links.devices", "change")),
    Way("GET", "/report/handover", UNIT, later("links.handover", "ask")),
    Way("POST", "/report/handover", UNIT, later("links.handover", "confirm")),
    Way("GET", "/desk/{programme}/links", STAFF, later("links.links", "show")),
    Way("POST", "/desk/{programme}/links", OFFICER, later("links.links", "act")),
    Way("GET", "/desk/{programme}/links/sheet", OFFICER, later("links.qr_sheet", "sheet")),
    Way("GET", "/desk/{programme}/links/mail", STAFF, later("links.mailing", "show")),
    Way("POST", "/desk/{programme}/links/mail", OFFICER, later("links.mailing", "go_on")),
    Way("GET", "/desk/{programme}/links/of/{unit}", STAFF, later("links.handover", "show")),
    Way("POST", "/desk/{programme}/links/of/{unit}", OFFICER, later("links.handover", "hand_over")),
    Way("GET", "/desk/{programme}/contacts", STAFF, later("links.contacts", "listed")),
    Way("POST", "/desk/{programme}/contacts", OFFICER, later("links.contacts", "decide")),
    Way("GET", "/desk/{programme}/contacts/{unit}", STAFF, later("links.contacts", "one")),
    Way(
        "POST", "/desk/{programme}/contacts/{unit}", OFFICER, later("links.contacts", "change_one")
    ),
)

_FORM = "/desk/{programme}/form"
_ALL = "/desk/{programme}/periods"

_PERIODS = (
    Way("GET", _FORM, STAFF, later("programmes.forms", "versions")),
    Way("POST", _FORM, OFFICER, later("programmes.forms", "offer"), uploads=True),
    Way("GET", f"{_FORM}/offer", STAFF, later("programmes.forms", "preview")),
    Way("POST", f"{_FORM}/offer", OFFICER, later("programmes.forms", "adopt")),
    Way("GET", f"{_FORM}.xlsx", STAFF, later("programmes.forms", "download")),
    Way("GET", _ALL, STAFF, later("programmes.periods", "periods")),
    Way("GET", f"{_ALL}/new", OFFICER, later("programmes.periods", "new")),
    Way("POST", f"{_ALL}/new", OFFICER, later("programmes.periods", "add")),
    Way("GET", f"{_ALL}/holidays", STAFF, later("programmes.holidays", "holidays")),
    Way("POST", f"{_ALL}/holidays", OFFICER, later("programmes.holidays", "keep")),
    Way("GET", f"{_ALL}/{{period}}", STAFF, later("programmes.periods", "period")),
    Way("POST", f"{_ALL}/{{period}}", OFFICER, later("programmes.periods", "change")),
    Way(
        "GET",
        "/desk/{programme}/{period}/department",
        STAFF,
        later("summaries.department", "sheet"),
    ),
    Way(
        "POST",
        "/desk/{programme}/{period}/department",
        OFFICER,
        later("summaries.department", "enter"),
    ),
)

_STAFF = (
    Way("GET", "/desk/staff", OFFICER, later("door.staff", "accounts")),
    Way("POST", "/desk/staff", OFFICER, later("door.staff", "change")),
    Way("GET", "/desk/staff/leaver", OFFICER, later("links.leaver", "show")),
    Way("POST", "/desk/staff/leaver", OFFICER, later("links.leaver", "renew")),
    Way("GET", "/desk/staff/audit", STAFF, later("programmes.act_log", "staff_log")),
    Way("GET", "/desk/staff/audit.xlsx", STAFF, later("programmes.act_log", "staff_log_xlsx")),
    Way("GET", "/desk/{programme}/audit", STAFF, later("programmes.act_log", "log")),
    Way("GET", "/desk/{programme}/audit.xlsx", STAFF, later("programmes.act_log", "log_xlsx")),
)

WAYS = (
    *_PUBLIC,
    *_REPORT,
    *_SUMMARY,
    *_PROGRESS,
    *_DECIDING,
    *_URGING,
    *_UNITS,
    *_LINKS,
    *_PERIODS,
    *_STAFF,
)
