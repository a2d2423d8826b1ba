"""The one situation that every bench shares: a filled draft, last quarter's report, a session."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from bench.memory import MemoryTable
from chalicelib.edges.ports import Site
from chalicelib.rules.access import access as tokens
from chalicelib.rules.forms.form import Indicator, indicators
from chalicelib.rules.reports import report
from chalicelib.rules.reports.draft import Posted
from chalicelib.rules.reports.report import Sender
from chalicelib.store import devices, drafts, links, programmes, reports
from chalicelib.store.drafts import Place
from chalicelib.store.reports import Sending
from infra import samples

PROGRAMME, UNIT, PERIOD, LAST = "thi-dua-2026-2030", "T01", "2026-Q4", "2026-Q3"
URL = "https://baocao.example"
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
_LAST_QUARTER = datetime(2026, 9, 16, 3, 0, tzinfo=UTC)
_BY = {"by.name": "Người lập báo cáo", "by.post": "Văn thư", "by.phone": "0270 000 0000"}
_TEXT = "Đơn vị đã phổ biến kế hoạch đến toàn thể viên chức và phân công cụ thể cho từng tổ."


class _NoFiles:
    """No way of these benches touches a file."""

    def write(self, name: str, content: bytes) -> None:
        raise NotImplementedError

    def read(self, name: str) -> bytes | None:
        raise NotImplementedError

    def link(self, name: str, save_as: str, now: datetime) -> str:
        raise NotImplementedError


class _NoMail:
    def send(self, to: str, subject: str, text: str, now: datetime) -> None:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Scene:
    site: Site
    table: MemoryTable
    asked: tuple[Indicator, ...]
    typed: Mapping[str, str]  # as it stands in the draft, and as it is sent
    token: str  # of the unit's session

    @property
    def sent(self) -> dict[str, str]:
        """The fields of the check page's form, as a browser posts them."""
        csrf = tokens.csrf_token(self.token)
        return {"csrf": csrf, "base": "0", **self.typed, **_BY, "approved": "1"}


def filled(asked: Iterable[Indicator], more: int) -> dict[str, str]:
    """Something in every box; another `more` gives other numbers, none of them a jump."""
    typed: dict[str, str] = {}
    for place, one in enumerate(asked):
        number = 20 + place + more
        if one.kind == "ratio":
            typed |= {f"{one.code}.num": str(number), f"{one.code}.den": str(number + 5)}
        elif one.kind == "amount":
            typed[one.code] = f"{number},5"
        elif one.kind in ("yesno", "choice"):
            typed[one.code] = one.choices[0].name
        else:
            typed[one.code] = _TEXT if one.is_text else str(number)
    return typed


def set_up(url: str = URL) -> Scene:
    table = MemoryTable()
    site = Site(table, _NoFiles(), _NoMail(), lambda: b"k" * 32, url, lambda: NOW)
    samples.load_all(site)
    periods = {one.key: one for one in programmes.periods(table, PROGRAMME)}
    unit = programmes.unit_versions(table, PROGRAMME, UNIT)[0]
    form = programmes.form(table, PROGRAMME, periods[PERIOD].form)
    before, asked = (
        tuple(indicators(form.asked_of(unit.bloc, key, periods[key].end))) for key in (LAST, PERIOD)
    )
    content = report.read(before, filled(before, 0)).content
    sender = Sender(*_BY.values(), True)
    reports.send(
        table, Sending(PROGRAMME, periods[LAST], UNIT, content, 0, 1, sender), _LAST_QUARTER
    )
    typed = filled(asked, 3)
    place = Place(PROGRAMME, periods[PERIOD], UNIT, 0, 1, dict, dict)
    drafts.keep(table, place, Posted(typed, 0, NOW))
    session = devices.enter(table, links.issue_link(table, site.key, PROGRAMME, UNIT), NOW)
    if session is None:
        raise LookupError("the unit's own link opens no session")
    return Scene(site, table, asked, typed, session.token)


def event(
    scene: Scene,
    method: str,
    resource: str,
    body: Mapping[str, str] | None = None,
    **params: str,
) -> Any:
    """What API Gateway's REST API hands to a Lambda function for this unit and period."""
    params["period"] = PERIOD
    path = resource.format(**params)
    headers = {
        "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "Accept-Encoding": "gzip, deflate, br",
        "Accept-Language": "vi-VN,vi;q=0.9",
        "CloudFront-Viewer-Country": "VN",
        "Cookie": f"__Host-unit={scene.token}",
        "Host": "baocao.example",
        "Sec-Fetch-Dest": "document",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Site": "same-origin",
        "User-Agent": "Mozilla/5.0 (Linux; Android 14) Chrome/120.0 Mobile Safari/537.36",
        "X-Forwarded-For": "192.0.2.7, 198.51.100.3",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
    }
    if body is not None:
        headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": URL}
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [content] for name, content in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": params,
        "stageVariables": None,
        "requestContext": {
            "resourceId": "abc123",
            "resourcePath": resource,
            "httpMethod": method,
            "path": path,
            "accountId": "000000000000",
            "apiId": "example",
            "protocol": "HTTP/1.1",
            "stage": "api",
            "domainName": "baocao.example",
            "requestId": "00000000-0000-4000-8000-000000000000",
            "requestTime": "23/Nov/2026:03:00:00 +0000",
            "requestTimeEpoch": 1795402800000,
            "identity": {"sourceIp": "192.0.2.7", "userAgent": headers["User-Agent"]},
        },
        "body": None if body is None else urlencode(body),
        "isBase64Encoded": False,
    }
