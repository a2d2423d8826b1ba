"""A browser without a screen: follows links, keeps cookies, fills in and sends our forms."""

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from types import ModuleType
from urllib.parse import urlencode, urlsplit

from chalicelib.pages.frame.web import origin
from infra.gateway import Gateway, Reply

_BOUNDARY = "--------baocao-visitor"


class Forms(HTMLParser):
    """The forms of a page: where each goes, and what it holds as it stands."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self._select = ""
        self._textarea = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: content or "" for name, content in attrs}
        if tag == "form":
            self.forms.append((given.get("action", ""), {}))
        if not self.forms:
            return
        fields, name = self.forms[-1][1], given.get("name", "")
        if tag == "input" and name:
            ticked = given.get("type") not in ("radio", "checkbox") or "checked" in given
            if ticked:
                fields[name] = given.get("value", "")
        elif tag == "select":
            self._select = name
            fields[name] = "value"
        elif tag == "option" and "selected" in given:
            fields[self._select] = given.get("value", "")
        elif tag == "textarea":
            self._textarea = name
            fields[name] = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.forms[-1][1][self._textarea] = data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._textarea = ""


class Visitor:
    """One person with one browser, over the gateway in process."""

    def __init__(self, module: ModuleType, gateway: Gateway, address: str = "127.0.0.1") -> None:
        self._gateway = gateway
        self._site = module.site
        self.address = address
        self.cookies: dict[str, str] = {}

    @property
    def sessions(self) -> list[str]:
        """The tokens of those that it holds: a unit's, a staff member's."""
        return [text for name, text in self.cookies.items() if name.endswith(("-unit", "-staff"))]

    def get(self, path: str) -> Reply:
        return self._call("GET", path)

    def post(self, path: str, fields: Mapping[str, str], **headers: str) -> Reply:
        headers = {
            "origin": origin(self._site()),
            "content-type": "application/x-www-form-urlencoded",
            **headers,
        }
        return self._call("POST", path, headers, urlencode(fields).encode())

    def upload(
        self,
        path: str,
        fields: Mapping[str, str],
        files: Mapping[str, tuple[str, bytes]],
        **headers: str,
    ) -> Reply:
        """A form with files, as browsers send it: each file by its box, with its name."""
        headers = {
            "origin": origin(self._site()),
            "content-type": f"multipart/form-data; boundary={_BOUNDARY}",
            **headers,
        }
        return self._call("POST", path, headers, _multipart(fields, files))

    def submit(self, page: Reply, action: str = "", **fields: str) -> Reply:
        """Send the page's form (the one whose action ends so) with some fields filled in."""
        for where, given in Forms(page.body.decode()).forms:
            if where.endswith(action) and not where.endswith("signout"):
                return self.post(where, {**given, **fields})
        raise LookupError(f"no form for {action!r} on this page")

    def follow(self, reply: Reply) -> Reply:
        """The page behind a redirect."""
        if reply.status != 303:
            said = re.findall(r'class="(?:e|bad-text)[^>]*>([^<]+)', reply.body.decode())
            raise LookupError(f"{reply.status} is no redirect; the page says: {said}")
        return self.get(reply.header("location"))

    def sees(self, reply: Reply) -> Reply:
        """The page that a browser shows at last: behind every redirect."""
        while reply.status == 303:
            reply = self.get(reply.header("location"))
        return reply

    def _call(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Reply:
        prefix = urlsplit(self._site().public_url).path.rstrip("/")
        sent = dict(headers or {})
        if self.cookies:
            sent["cookie"] = "; ".join(f"{n}={c}" for n, c in self.cookies.items())
        reply = self._gateway.call(method, path.removeprefix(prefix), sent, body, self.address)
        for name, content in reply.headers:
            if name.lower() == "set-cookie":
                key, _, value = content.partition(";")[0].partition("=")
                self.cookies[key] = value
        return reply


def _multipart(fields: Mapping[str, str], files: Mapping[str, tuple[str, bytes]]) -> bytes:
    parts = [(f'name="{name}"', content.encode()) for name, content in fields.items()]
    parts += [
        (f'name="{name}"; filename="{filename}"', content)
        for name, (filename, content) in files.items()
    ]
    body = b"".join(
        f"--{_BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode()
        + content
        + b"\r\n"
        for head, content in parts
    )
    return body + f"--{_BOUNDARY}--\r\n".encode()
