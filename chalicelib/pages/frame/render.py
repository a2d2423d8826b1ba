"""Jinja: templates to HTML with their styles inside, and the headers every page carries."""

import base64
import hashlib
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    Environment,
    FileSystemLoader,
    ModuleLoader,
    StrictUndefined,
    Template,
    select_autoescape,
)
from markupsafe import escape

from chalicelib.edges.ports import Site
from chalicelib.messages import own_words
from chalicelib.messages.frame import dates
from chalicelib.messages.reports import states as state_words
from chalicelib.messages.unit import scripts
from chalicelib.pages.frame.web import HTML, YEAR, Request, Response, strict, unencrypted, url
from chalicelib.rules.access import access
from chalicelib.rules.forms import indicator_target
from chalicelib.rules.programmes.programme import Department
from chalicelib.rules.texts import number
from chalicelib.rules.units.unit import twin_names

_TEMPLATES = Path(__file__).resolve().parents[3] / "templates"
MOST_LISTED = 200  # of faults and the like, as many as there may be: Lambda answers with 6 MB
COMPILED = "compiled_templates"  # beside them, in a package: Python that Jinja has made of them


class _Compiled(ModuleLoader):
    """A cold start reads no template and compiles none; a trace still names the template."""

    def load(self, environment: Environment, name: str, globals: Any = None) -> Template:
        template = super().load(environment, name, globals)
        template.filename = str(_TEMPLATES / name)
        return template


def _loader() -> BaseLoader:
    compiled = _TEMPLATES.with_name(COMPILED)
    return _Compiled(compiled) if compiled.is_dir() else FileSystemLoader(_TEMPLATES)


def compile_into(folder: Path) -> None:
    """Every template, for a package. It serves as long as templates and Jinja stay the same."""
    _environment().compile_templates(
        folder, extensions=["html", "txt"], zip=None, ignore_errors=False
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=_loader(),
        # A mail shows what is written; whatever else there will be is escaped.
        autoescape=select_autoescape((), ("txt",), default=True),
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {
        "day": dates.day,
        "moment": dates.moment,
        "number": number.shown,
        "amount": lambda text, decimals: number.shown(Decimal(text), decimals),
        "percent": lambda text: text.replace(".", ","),
        "target": indicator_target.shown,
        "twin_names": twin_names,
        "grouped": lambda text: " ".join(re.findall(".{1,8}", text)),
    }
    environment.globals |= {"states": state_words.STATES, "aggregates": state_words.AGGREGATES}
    environment.globals |= {"most_listed": MOST_LISTED, "script_words": scripts.words}
    environment.globals |= {"script_rules": scripts.rules}
    environment.globals |= {
        name: getattr(own_words, name) for name in ("ITSELF", "ITSELF_FIRST", "BLOC", "BLOC_FIRST")
    }
    return environment


@cache
def style(*names: str) -> tuple[str, str]:
    """The style sheets as one minified text, and the source that CSP lets it in by."""
    sheet = "".join((_TEMPLATES / "styles" / f"{name}.css").read_text("utf-8") for name in names)
    sheet = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    sheet = re.sub(r"\s+", " ", sheet)
    sheet = re.sub(r"\s*([{};,>])\s*", r"\1", sheet).replace(": ", ":").replace(";}", "}").strip()
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    return sheet, f"'sha256-{digest}'"


@cache
def asset(name: str) -> tuple[str, str]:
    """A script of ours: its versioned file name, and its text without what only we read."""
    from rjsmin import jsmin  # only a page with a script pays for it

    source = jsmin((_TEMPLATES / "assets" / name).read_text("utf-8"))
    stem, _, ending = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(source.encode()).hexdigest()[:12]}.{ending}", source


def assets() -> dict[str, str]:
    """Every script by its versioned name."""
    return dict(asset(path.name) for path in sorted((_TEMPLATES / "assets").iterdir()))


def script(name: str) -> Response | None:
    source = assets().get(name)
    if source is None:
        return None
    headers = {
        "Content-Type": "text/javascript; charset=utf-8",
        "Cache-Control": f"public, max-age={YEAR}, immutable",
    }
    return Response(200, source, headers)


def text(template: str, **context: Any) -> str:
    """A message without HTML: a mail."""
    told = _environment().get_template(template).render(**context)
    return own_words.filled(told, department_of(context))


def department_of(context: Mapping[str, Any]) -> Department | None:
    """Whose words a page speaks: those of the department that it is about, or says to call."""
    owed = context.get("owed")
    programme = context.get("programme") or (owed.programme if owed else None)
    return programme.department if programme else context.get("department")


def page(
    site: Site,
    request: Request | None,
    template: str,
    *,
    status: int = 200,
    styles: tuple[str, ...] = ("base",),
    **context: Any,
) -> Response:
    sheet, source = style(*styles)
    session = request.session if request else None
    department = department_of(context)
    drawn = _environment().get_template(template)
    body = drawn.render(
        style=sheet,
        url=lambda *parts, **query: url(site, *parts, **query),
        csrf=access.csrf_token(session.token) if session else "",
        session=session,
        asset=lambda name: asset(name)[0],
        unencrypted=unencrypted(site),
        mails_leave=site.mails_leave,
        mail_end=site.mail_end,
        sector=own_words.sector(department),
        **context,
    )
    body = own_words.filled(body, department, escape)
    return Response(status, body, _headers(site, request, source))


def _headers(site: Site, request: Request | None, source: str) -> dict[str, str]:
    """Of every page: nothing runs, is loaded or is sent but our own; `source` lets its style in."""
    policy = (
        f"default-src 'none'; style-src {source}; script-src 'self'; connect-src 'self'; "
        "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    headers = {**strict(site), "Content-Type": HTML, "Content-Security-Policy": policy}
    if request is None or "token" in request.params:
        # The address may hold a token, which not even our own next page needs to hear; and
        # no-referrer would make the page's form say that it comes from nowhere.
        headers["Referrer-Policy"] = "strict-origin"
    return headers
