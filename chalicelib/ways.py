"""Every way in, on one page: each route with who may use it and who answers."""

from importlib import import_module

from chalicelib.edges import Site
from chalicelib.pages import reporting
from chalicelib.pages.answer import Handler, Visitor, Way
from chalicelib.pages.web import Request, Response

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
    Way("GET", "/", ANYONE, later("public", "front")),
    Way("GET", "/robots.txt", ANYONE, later("public", "robots")),
    Way("GET", "/assets/{name}", ANYONE, later("public", "script")),
    Way("GET", "/u/{token}", ANYONE, later("public", "landing")),
    Way("POST", "/u/{token}", ANYONE, later("public", "enter")),
    Way("GET", "/signin", ANYONE, later("public", "sign_in")),
    Way("POST", "/signin", ANYONE, later("public", "ask_sign_in")),
    Way("POST", "/signin/code", ANYONE, later("public", "use_code")),
    Way("GET", "/s/{token}", ANYONE, later("public", "staff_link")),
    Way("POST", "/s/{token}", ANYONE, later("public", "use_link")),
)

_REPORT = (
    Way("GET", "/report", UNIT, reporting.home),
    Way("POST", "/report/signout", UNIT, later("public", "sign_out")),
    Way("GET", "/report/{period}", UNIT, reporting.form),
    Way("POST", "/report/{period}", UNIT, reporting.post_form),
    Way("POST", "/report/{period}/draft", UNIT, reporting.autosave),
    Way("GET", "/report/{period}/check", UNIT, later("sending", "check")),
    Way("POST", "/report/{period}/check", UNIT, later("sending", "fill_nil")),
    Way("POST", "/report/{period}/send", UNIT, later("sending", "send")),
    Way("GET", "/report/{period}/receipt/{version}", UNIT, later("sending", "receipt")),
    Way("GET", "/report/{period}/definitions", UNIT, reporting.definitions),
)

_SUMMARY = (
    Way("GET", "/desk", STAFF, later("desk", "desk")),
    Way("POST", "/desk/signout", STAFF, later("public", "sign_out")),
    Way("GET", "/desk/{programme}/{period}", STAFF, later("desk", "summary")),
    Way("GET", "/desk/{programme}/{period}/summary.json", STAFF, later("desk", "summary_json")),
    Way("GET", "/desk/{programme}/{period}/summary.xlsx", STAFF, later("desk", "summary_xlsx")),
    Way("GET", "/desk/{programme}/{period}/summary.csv", STAFF, later("desk", "summary_csv")),
    Way("POST", "/desk/{programme}/{period}/summarise", STAFF, later("desk", "summarise")),
)

_GRID = (
    Way("GET", "/desk/{programme}/years", STAFF, later("years", "show")),
    Way("GET", "/desk/{programme}/years.xlsx", STAFF, later("years", "xlsx")),
    Way("GET", "/desk/{programme}/{period}/reports", STAFF, later("grid", "show")),
    Way("GET", "/desk/{programme}/{period}/reports.xlsx", STAFF, later("grid", "xlsx")),
    Way("GET", "/desk/{programme}/{period}/terms", STAFF, later("terms", "show")),
    Way("POST", "/desk/{programme}/{period}/terms/exempt", OFFICER, later("terms", "exempt")),
    Way("POST", "/desk/{programme}/{period}/terms/extend", OFFICER, later("terms", "extend")),
    Way("POST", "/desk/{programme}/{period}/terms/lift", OFFICER, later("terms", "lift")),
)

_REPORTS = "/desk/{programme}/{period}/reports"
_DECIDING = (
    Way("GET", "/report/{period}/ask", UNIT, later("asking", "form")),
    Way("POST", "/report/{period}/ask", UNIT, later("asking", "ask")),
    Way("POST", f"{_REPORTS}/accept", OFFICER, later("deciding", "accept_many")),
    Way("GET", f"{_REPORTS}/{{unit}}", STAFF, later("reading", "read")),
    Way("POST", f"{_REPORTS}/{{unit}}", OFFICER, later("deciding", "decide")),
    Way("GET", f"{_REPORTS}/{{unit}}/notice", OFFICER, later("telling", "show")),
    Way("GET", f"{_REPORTS}/{{unit}}/paper", OFFICER, later("paper", "form")),
    Way("POST", f"{_REPORTS}/{{unit}}/paper", OFFICER, later("paper", "enter")),
    Way("GET", "/desk/{programme}/{period}/requests", STAFF, later("requests", "inbox")),
    Way("POST", "/desk/{programme}/{period}/requests", OFFICER, later("requests", "answer")),
)

_URGE = "/desk/{programme}/{period}/urge"
_URGING = (
    Way("GET", _URGE, STAFF, later("urging", "urge")),
    Way("POST", _URGE, OFFICER, later("urging", "preview")),
    Way("POST", f"{_URGE}/begin", OFFICER, later("urging", "begin")),
    Way("GET", f"{_URGE}/round/{{round}}", OFFICER, later("urging", "round_page")),
    Way("POST", f"{_URGE}/round/{{round}}", OFFICER, later("urging", "next_slice")),
    Way("GET", f"{_URGE}/log", STAFF, later("urging", "log")),
    Way("GET", f"{_URGE}/group", OFFICER, later("zalo", "group_text")),
    Way("GET", f"{_URGE}/unit/{{unit}}", OFFICER, later("zalo", "unit_text")),
)

_UNITS = (
    Way("GET", "/desk/{programme}/units", STAFF, later("units", "listing")),
    Way("GET", "/desk/{programme}/units.xlsx", STAFF, later("units", "workbook")),
    Way("GET", "/desk/{programme}/units/import", OFFICER, later("importing", "upload")),
    Way(
        "POST",
        "/desk/{programme}/units/import",
        OFFICER,
        later("importing", "preview"),
        uploads=True,
    ),
    Way("POST", "/desk/{programme}/units/confirm", OFFICER, later("importing", "confirm")),
    Way("GET", "/desk/{programme}/units/{unit}", STAFF, later("unit", "unit")),
    Way("POST", "/desk/{programme}/units/{unit}", OFFICER, later("unit", "change")),
    Way("GET", "/desk/{programme}/{period}/units", STAFF, later("by_unit", "by_unit")),
)

_LINKS = (
    Way("GET", "/links", ANYONE, later("resend", "form")),
    Way("POST", "/links", ANYONE, later("resend", "ask")),
    Way("GET", "/report/contacts", UNIT, later("contacts", "mine")),
    Way("POST", "/report/contacts", UNIT, later("contacts", "change_mine")),
    Way("GET", "/report/devices", UNIT, later("devices", "show")),
    Way("POST", "/report/devices", UNIT, later("devices", "change")),
    Way("GET", "/report/handover", UNIT, later("handover", "ask")),
    Way("POST", "/report/handover", UNIT, later("handover", "confirm")),
    Way("GET", "/desk/{programme}/links", STAFF, later("links", "show")),
    Way("POST", "/desk/{programme}/links", OFFICER, later("links", "act")),
    Way("GET", "/desk/{programme}/links/sheet", OFFICER, later("sheet", "sheet")),
    Way("GET", "/desk/{programme}/links/mail", STAFF, later("mailing", "show")),
    Way("POST", "/desk/{programme}/links/mail", OFFICER, later("mailing", "go_on")),
    Way("GET", "/desk/{programme}/links/of/{unit}", STAFF, later("handover", "show")),
    Way("POST", "/desk/{programme}/links/of/{unit}", OFFICER, later("handover", "hand_over")),
    Way("GET", "/desk/{programme}/contacts", STAFF, later("contacts", "listed")),
    Way("POST", "/desk/{programme}/contacts", OFFICER, later("contacts", "decide")),
    Way("GET", "/desk/{programme}/contacts/{unit}", STAFF, later("contacts", "one")),
    Way("POST", "/desk/{programme}/contacts/{unit}", OFFICER, later("contacts", "change_one")),
)

_FORM = "/desk/{programme}/form"
_ALL = "/desk/{programme}/periods"

_PERIODS = (
    Way("GET", _FORM, STAFF, later("forms", "versions")),
    Way("POST", _FORM, OFFICER, later("forms", "offer"), uploads=True),
    Way("GET", f"{_FORM}/offer", STAFF, later("forms", "preview")),
    Way("POST", f"{_FORM}/offer", OFFICER, later("forms", "adopt")),
    Way("GET", f"{_FORM}.xlsx", STAFF, later("forms", "download")),
    Way("GET", _ALL, STAFF, later("periods", "periods")),
    Way("GET", f"{_ALL}/new", OFFICER, later("periods", "new")),
    Way("POST", f"{_ALL}/new", OFFICER, later("periods", "add")),
    Way("GET", f"{_ALL}/holidays", STAFF, later("holidays", "holidays")),
    Way("POST", f"{_ALL}/holidays", OFFICER, later("holidays", "keep")),
    Way("GET", f"{_ALL}/{{period}}", STAFF, later("periods", "period")),
    Way("POST", f"{_ALL}/{{period}}", OFFICER, later("periods", "change")),
    Way("GET", "/desk/{programme}/{period}/department", STAFF, later("department", "sheet")),
    Way("POST", "/desk/{programme}/{period}/department", OFFICER, later("department", "enter")),
)

_STAFF = (
    Way("GET", "/desk/staff", OFFICER, later("staff", "accounts")),
    Way("POST", "/desk/staff", OFFICER, later("staff", "change")),
    Way("GET", "/desk/staff/leaver", OFFICER, later("leaver", "show")),
    Way("POST", "/desk/staff/leaver", OFFICER, later("leaver", "renew")),
    Way("GET", "/desk/staff/audit", STAFF, later("audit", "staff_log")),
    Way("GET", "/desk/staff/audit.xlsx", STAFF, later("audit", "staff_log_xlsx")),
    Way("GET", "/desk/{programme}/audit", STAFF, later("audit", "log")),
    Way("GET", "/desk/{programme}/audit.xlsx", STAFF, later("audit", "log_xlsx")),
)

WAYS = (
    *_PUBLIC,
    *_REPORT,
    *_SUMMARY,
    *_GRID,
    *_DECIDING,
    *_URGING,
    *_UNITS,
    *_LINKS,
    *_PERIODS,
    *_STAFF,
)
