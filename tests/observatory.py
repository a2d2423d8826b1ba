"""A page's grade as Mozilla's HTTP Observatory gives it: its ten tests and its score table.

https://github.com/mdn/mdn-http-observatory (src/analyzer/tests, src/grader/charts.js). What only
a scan of the network shows (certificates, preload lists) is left out: it would add points.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

from infra.gateway import Reply

SCORES = {
    "csp-default-none": 10,
    "csp-no-unsafe": 5,
    "csp-unsafe-style": 0,
    "csp-insecure-passive": -10,
    "csp-unsafe-eval": -10,
    "csp-unsafe-inline": -20,
    "csp-insecure": -20,
    "csp-invalid": -25,
    "csp-missing": -25,
    "cookies-samesite": 5,
    "cookies-secure": 0,
    "cookies-none": 0,
    "cookies-insecure-but-hsts": -5,
    "cookies-session-insecure-but-hsts": -10,
    "cookies-insecure": -20,
    "cookies-samesite-invalid": -20,
    "cookies-csrf-without-samesite": -20,
    "cookies-session-not-httponly": -30,
    "cookies-session-insecure": -40,
    "cors-none": 0,
    "cors-public": 0,
    "cors-universal": -50,
    "hsts-six-months": 0,
    "hsts-short": -10,
    "hsts-missing": -20,
    "redirection-not-needed": 0,
    "redirection-not-to-https": -20,
    "referrer-private": 5,
    "referrer-missing": 0,
    "referrer-unsafe": -5,
    "sri-used": 5,
    "sri-no-scripts": 0,
    "sri-own-scripts": 0,
    "sri-missing-on-foreign": -5,
    "sri-foreign-insecure": -50,
    "nosniff": 0,
    "nosniff-missing": -5,
    "framing-by-csp": 5,
    "framing-by-header": 0,
    "framing-missing": -20,
    "corp-same": 10,
    "corp-cross": 0,
    "corp-missing": 0,
    "corp-invalid": -5,
}
_GRADES = ((100, "A+"), (90, "A"), (85, "A-"), (80, "B+"), (70, "B"), (65, "B-"), (60, "C+"))
_EXTRA_FROM = 90  # below it no bonus counts
_SIX_MONTHS = 15_768_000
_BROAD = {"ftp:", "http:", "https:", "*", "http://*", "http://*.*", "https://*", "https://*.*"}
_PRIVATE = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
_HASHED = ("'sha256-", "'sha384-", "'sha512-", "'nonce-")


@dataclass(frozen=True)
class Grade:
    score: int
    grade: str
    results: tuple[str, ...]


def grade(page: Reply) -> Grade:
    """Of a page that was asked for over HTTPS."""
    results = tuple(_results(page))
    points = [SCORES[result] for result in results]
    score = 100 + sum(one for one in points if one < 0)
    if score >= _EXTRA_FROM:
        score += sum(one for one in points if one > 0)
    named = next((name for least, name in _GRADES if score >= least), "C or worse")
    return Grade(score, named, results)


def _results(page: Reply) -> Iterator[str]:
    policy = _policy(page.header("content-security-policy"))
    hsts = re.search(r"max-age=(\d+)", page.header("strict-transport-security"))
    yield _csp(policy)
    yield _cookies(page, hsts is not None)
    yield _cors(page)
    if hsts is None:
        yield "hsts-missing"
    else:
        yield "hsts-six-months" if int(hsts[1]) >= _SIX_MONTHS else "hsts-short"
    insecure = page.header("location").startswith("http:")
    yield "redirection-not-to-https" if insecure else "redirection-not-needed"
    yield _referrer(page.header("referrer-policy"))
    yield _scripts(page)
    sniffing = page.header("x-content-type-options").strip().lower()
    yield "nosniff" if sniffing == "nosniff" else "nosniff-missing"
    yield _framing(policy, page.header("x-frame-options").upper())
    yield _corp(page.header("cross-origin-resource-policy"))


def _policy(header: str) -> dict[str, set[str]]:
    policy: dict[str, set[str]] = {}
    for directive in filter(None, (part.split() for part in header.split(";"))):
        policy.setdefault(directive[0].lower(), set(directive[1:]))
    return policy


def _csp(policy: dict[str, set[str]]) -> str:
    if not policy:
        return "csp-missing"
    default = policy.get("default-src", {"*"})
    script, style = policy.get("script-src", default), policy.get("style-src", default)
    plugins = policy.get("object-src", default)
    script, style = (
        one - {"'unsafe-inline'"} if any(s.startswith(_HASHED) for s in one) else one
        for one in (script, style)
    )
    inline = _BROAD | {"'unsafe-inline'", "data:"}
    passive = policy.get("img-src", default) | policy.get("media-src", default)
    others = (found for name, found in policy.items() if name not in ("img-src", "media-src"))
    active = set().union(*others)
    if "'strict-dynamic'" in script and not any(s.startswith(_HASHED) for s in script):
        return "csp-invalid"
    if script & inline or plugins & _BROAD:
        return "csp-unsafe-inline"
    if any(source.startswith(("http:", "ftp:")) for source in active):
        return "csp-insecure"
    if "'unsafe-eval'" in script | style:
        return "csp-unsafe-eval"
    if any(source.startswith(("http:", "ftp:")) for source in passive):
        return "csp-insecure-passive"
    if style & inline:
        return "csp-unsafe-style"
    return "csp-default-none" if policy.get("default-src") == {"'none'"} else "csp-no-unsafe"


def _cookies(page: Reply, hsts: bool) -> str:
    """The worst that is wrong with any cookie."""
    found = [content for name, content in page.headers if name.lower() == "set-cookie"]
    if not found:
        return "cookies-none"
    wrong = [result for cookie in found for result in _cookie(cookie, hsts)]
    if wrong:
        return min(wrong, key=lambda result: SCORES[result])
    same = all("samesite=" in cookie.lower() for cookie in found)
    return "cookies-samesite" if same else "cookies-secure"


def _cookie(cookie: str, hsts: bool) -> Iterator[str]:
    first, *parts = (part.strip().lower() for part in cookie.split(";"))
    name, flags = first.partition("=")[0], dict(part.partition("=")[::2] for part in parts)
    # The Observatory knows session cookies by "login" and "sess"; here every cookie is one.
    same = flags.get("samesite")
    if same not in (None, "lax", "strict") and not (same == "none" and "secure" in flags):
        yield "cookies-samesite-invalid"
    if "secure" not in flags:
        yield "cookies-insecure-but-hsts" if hsts else "cookies-insecure"
        yield "cookies-session-insecure-but-hsts" if hsts else "cookies-session-insecure"
    if "httponly" not in flags:
        yield "cookies-session-not-httponly"
    if "csrf" in name and same is None:
        yield "cookies-csrf-without-samesite"


def _cors(page: Reply) -> str:
    allowed = page.header("access-control-allow-origin")
    if not allowed:
        return "cors-none"
    credentials = page.header("access-control-allow-credentials").lower() == "true"
    return "cors-universal" if credentials else "cors-public"


def _referrer(header: str) -> str:
    known = [part.strip().lower() for part in header.split(",") if part.strip()]
    if not known:
        return "referrer-missing"
    return "referrer-private" if known[-1] in _PRIVATE else "referrer-unsafe"


class _Scripts(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, bool]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "script":
            self.found.append((given.get("src") or "", "integrity" in given))


def _scripts(page: Reply) -> str:
    found = _Scripts(page.body.decode()).found
    foreign = [one for one in found if re.match(r"(?:https?:)?//", one[0])]
    if not found:
        return "sri-no-scripts"
    if any(not source.startswith("https:") for source, _ in foreign):
        return "sri-foreign-insecure"
    if any(not checked for _, checked in foreign):
        return "sri-missing-on-foreign"
    return "sri-used" if all(checked for _, checked in found) else "sri-own-scripts"


def _framing(policy: dict[str, set[str]], header: str) -> str:
    if "frame-ancestors" in policy and not policy["frame-ancestors"] & _BROAD:
        return "framing-by-csp"
    return "framing-by-header" if header in ("DENY", "SAMEORIGIN") else "framing-missing"


def _corp(header: str) -> str:
    known = {"same-origin": "corp-same", "same-site": "corp-same", "cross-origin": "corp-cross"}
    return known.get(header.strip().lower(), "corp-invalid") if header else "corp-missing"
