"""Every way in, on one page: each route with who may use it and who answers."""

from importlib import import_module

from chalicelib.edges import Site
from chalicelib.pages import public, reporting, sending
from chalicelib.pages.answer import Handler, Visitor, Way
from chalicelib.pages.web import Request, Response

ANYONE: tuple[Visitor, ...] = ("anyone",)
UNIT: tuple[Visitor, ...] = ("unit",)
STAFF: tuple[Visitor, ...] = ("officer", "director")
OFFICER: tuple[Visitor, ...] = ("officer",)


def later(module: str, name: str) -> Handler:
    """A handler whose module is imported at its first call.

    A unit's form is what mostly starts cold, and it must not wait for the whole desk.
    """

    def handler(site: Site, request: Request) -> Response:
        found: Handler = getattr(import_module(f"chalicelib.pages.{module}"), name)
        return found(site, request)

    return handler


_PUBLIC = (
    Way("GET", "/", ANYONE, public.front),
    Way("GET", "/assets/{name}", ANYONE, public.script),
    Way("GET", "/u/{token}", ANYONE, public.landing),
    Way("POST", "/u/{token}", ANYONE, public.enter),
    Way("GET", "/signin", ANYONE, public.sign_in),
    Way("POST", "/signin", ANYONE, public.ask_sign_in),
    Way("POST", "/signin/code", ANYONE, public.use_code),
    Way("GET", "/s/{token}", ANYONE, public.staff_link),
    Way("POST", "/s/{token}", ANYONE, public.use_link),
)

_REPORT = (
    Way("GET", "/report", UNIT, reporting.home),
    Way("POST", "/report/signout", UNIT, public.sign_out),
    Way("GET", "/report/{period}", UNIT, reporting.form),
    Way("POST", "/report/{period}", UNIT, reporting.post_form),
    Way("POST", "/report/{period}/draft", UNIT, reporting.autosave),
    Way("GET", "/report/{period}/check", UNIT, sending.check),
    Way("POST", "/report/{period}/check", UNIT, sending.fill_nil),
    Way("POST", "/report/{period}/send", UNIT, sending.send),
    Way("GET", "/report/{period}/receipt/{version}", UNIT, sending.receipt),
    Way("GET", "/report/{period}/definitions", UNIT, reporting.definitions),
)

_SUMMARY = (
    Way("GET", "/desk", STAFF, later("desk", "desk")),
    Way("POST", "/desk/signout", STAFF, public.sign_out),
    Way("GET", "/desk/{programme}/{period}", STAFF, later("desk", "summary")),
    Way("GET", "/desk/{programme}/{period}/summary.json", STAFF, later("desk", "summary_json")),
    Way("GET", "/desk/{programme}/{period}/summary.xlsx", STAFF, later("desk", "summary_xlsx")),
    Way("GET", "/desk/{programme}/{period}/summary.csv", STAFF, later("desk", "summary_csv")),
    Way("POST", "/desk/{programme}/{period}/summarise", STAFF, later("desk", "summarise")),
)

_GRID: tuple[Way, ...] = ()

_DECIDING: tuple[Way, ...] = ()

_URGING: tuple[Way, ...] = ()

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

_LINKS: tuple[Way, ...] = ()

_PERIODS: tuple[Way, ...] = ()

_STAFF: tuple[Way, ...] = ()

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
