"""Requests and responses as the pages see them, and the one function that makes every URL."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from chalicelib.edges.ports import Site, is_here
from chalicelib.rules.access import access
from chalicelib.rules.access.access import Session

HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
JSON = {"Content-Type": "application/json; charset=utf-8"}
YEAR = 31_536_000
_MOST_COOKIES = 50


class Problem(Exception):
    """A page that says what is wrong; `name` is a key of messages.frame.problems.PROBLEMS."""

    def __init__(self, status: int, name: str, detail: str = "") -> None:
        super().__init__(f"{status} {name}")
        self.status = status
        self.name = name
        self.detail = detail


class Upload(NamedTuple):
    """A file as a browser sent it; the name is what the person called it, and proves nothing."""

    filename: str
    content: bytes


class Body(NamedTuple):
    """What came behind the head of a request, as it lies there: `read` unpacks it."""

    size: int
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    params: Mapping[str, str]  # from the path: token, period, ...
    query: Mapping[str, str]
    form: Mapping[str, str]  # tidied: NFC, no blanks at the ends
    headers: Mapping[str, str]  # names in lower case
    address: str
    now: datetime
    session: Session | None = None
    files: Mapping[str, Upload] = field(default_factory=dict)
    body: Body | None = None  # until it is read: then its fields stand in `form` and `files`

    @property
    def cookies(self) -> Mapping[str, str]:
        parts = self.headers.get("cookie", "").split(";", _MOST_COOKIES)
        pairs = (part.strip().partition("=") for part in parts)
        return {name: content for name, _, content in pairs if name}

    @property
    def who(self) -> Session:
        """The session of a route that only lets sessions in."""
        if self.session is None:
            raise Problem(403, "signed_out")
        return self.session


@dataclass(slots=True)
class Response:
    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    cookies: list[str] = field(default_factory=list)


def strict(site: Site) -> dict[str, str]:
    """The headers of every answer; a page adds what it needs, a script may be kept."""
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Robots-Tag": "noindex, nofollow",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
    if site.public_url.startswith("https:"):
        headers["Strict-Transport-Security"] = f"max-age={YEAR}"
    return headers


def whole_number(given: str) -> int:
    """A number that our own form carries; 0 for anything else."""
    return int(given) if given.isascii() and given.isdigit() and len(given) < 9 else 0


def url(site: Site, *parts: str, **query: str) -> str:
    """The path of a page, with the stage prefix if there is one: url(site, "report", key)."""
    prefix = urlsplit(site.public_url).path.rstrip("/")
    path = "/".join(quote(part, safe="") for part in parts)
    return f"{prefix}/{path}" + (f"?{urlencode(query)}" if query else "")


def absolute(site: Site, *parts: str) -> str:
    """For mails, printed sheets and the terminal."""
    split = urlsplit(site.public_url)
    return f"{split.scheme}://{split.netloc}{url(site, *parts)}"


def origin(site: Site) -> str:
    split = urlsplit(site.public_url)
    return f"{split.scheme}://{split.netloc}"


def unencrypted(site: Site) -> bool:
    """Whether what people type and the links that let them in go over a network as they are."""
    split = urlsplit(site.public_url)
    return split.scheme == "http" and not is_here(split.hostname or "")


def redirect(site: Site, *parts: str, **query: str) -> Response:
    return Response(303, headers={"Location": url(site, *parts, **query)})


def wants_json(request: Request | None) -> bool:
    """Whether a script of ours asks, which must not follow a redirect by itself."""
    return request is not None and "application/json" in request.headers.get("accept", "")


def as_json(data: object, status: int = 200) -> Response:
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Response(status, body, dict(JSON))


def cookie_name(site: Site, name: str) -> str:
    """__Host- holds a cookie to this host and to HTTPS; plain HTTP has no such name."""
    return f"__Host-{name}" if site.public_url.startswith("https:") else f"bc-{name}"


def cookie(site: Site, name: str, content: str, seconds: int) -> str:
    secure = "; Secure" if site.public_url.startswith("https:") else ""
    return (
        f"{cookie_name(site, name)}={content}; Path=/; Max-Age={seconds}; HttpOnly; "
        f"SameSite=Lax{secure}"
    )


def session_cookie(site: Site, session: Session, now: datetime) -> str:
    name = "staff" if session.is_staff else "unit"
    return cookie(site, name, session.token, int((session.until - now).total_seconds()))


def _origin_of(address: str) -> str:
    """Browsers send ASCII; anything else Python would normalise before it looks at it."""
    try:
        split = urlsplit(address if address.isascii() else "")
    except ValueError:
        return "null"  # as browsers name what has no origin
    return f"{split.scheme}://{split.netloc}"


def guard_origin(site: Site, request: Request) -> None:
    """Refuse an unsafe request that another site sent, before anything of it is looked at."""
    sent_from = request.headers.get("origin")
    if sent_from is None and "referer" in request.headers:
        sent_from = _origin_of(request.headers["referer"])
    fetched = request.headers.get("sec-fetch-site")
    if fetched not in (None, "same-origin"):
        raise Problem(403, "foreign_request")
    if sent_from is None and fetched is None:
        raise Problem(403, "foreign_request")
    if sent_from is not None and sent_from != origin(site):
        raise Problem(403, "foreign_request")


def guard_form(request: Request) -> None:
    """Refuse an unsafe request that lacks its session's token, or is of another unit's report."""
    if request.session is not None:
        mine = f"{request.session.programme}/{request.session.unit}"
        if request.form.get("of.unit", mine) != mine:
            raise Problem(403, "other_unit")
        right = access.csrf_token(request.session.token)
        if not access.same(request.form.get("csrf", ""), right):
            raise Problem(403, "stale_form")
