"""The Chalice app as Lambda calls it: events as API Gateway sends them, and broken ones."""

import base64
import itertools
import re
from collections.abc import Callable
from typing import Any

import pytest

import app
from chalicelib.access import csrf_token
from chalicelib.edges import Site
from chalicelib.pages.web import LARGEST_BODY, MOST_FIELDS
from chalicelib.table import Item
from infra.visitor import Visitor
from tests.conftest import NEW

FORM = "application/x-www-form-urlencoded"
HERE = "http://127.0.0.1:8000"
SIGN_IN = {"content-type": FORM, "origin": HERE}
Answer = dict[str, Any]


def event(method: str, resource: str, **more: Any) -> dict[str, Any]:
    """What API Gateway hands to Lambda: single values, and null where there is nothing."""
    path = more.pop("path", resource)
    given: dict[str, Any] = {
        "requestContext": {
            "httpMethod": method,
            "resourcePath": resource,
            "path": path,
            "identity": {"sourceIp": "192.0.2.7"},
        },
        "headers": {},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
    }
    return given | more


@pytest.fixture
def call(site: Site) -> Callable[..., Answer]:
    app.use(site)

    def to(method: str, resource: str, **more: Any) -> Answer:
        answer: Answer = app.app(event(method, resource, **more), None)
        return answer

    return to


def assert_a_page(answer: Answer, status: int) -> None:
    assert answer["statusCode"] == status, answer
    assert answer["headers"]["Content-Type"] == "text/html; charset=utf-8"
    assert '<html lang="vi">' in answer["body"]
    assert re.search(r"<h1>[^<]*[À-ỹ][^<]*</h1>", answer["body"])
    assert answer["headers"]["Content-Security-Policy"].startswith("default-src 'none'")


def kept(site: Site) -> list[Item]:
    """Everything but the counts of failures."""
    return [i for i in site.table.everything() if not i.key.partition.startswith("RATE#")]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "POST", "TRACE"])
def test_a_wrong_method_is_a_page_of_ours(call: Callable[..., Answer], method: str) -> None:
    answer = call(method, "/desk")
    assert_a_page(answer, 405)
    assert answer["headers"]["Allow"] == "GET"


@pytest.mark.parametrize(
    "headers",
    [
        None,
        {},
        {"content-type": None},
        {"content-type": ""},
        {"content-type": "application/json"},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": "text/plain, application/x-www-form-urlencoded"},
        {"content-type": "*/*"},
        {"content-type": f"{FORM}; charset=utf-16"},
        {"content-type": f"{FORM}; charset"},
        {"content-type": f"{FORM}; charset=utf-8", "content-encoding": "gzip"},
        {"content-type": FORM, "Content-Encoding": "deflate"},
    ],
    ids=str,
)
def test_a_body_that_is_no_form_is_a_page_of_ours(
    site: Site, call: Callable[..., Answer], headers: Any
) -> None:
    before = kept(site)
    given = headers if headers is None else {**headers, "origin": HERE}
    assert_a_page(call("POST", "/signin", headers=given, body="email=a@b.example"), 415)
    assert kept(site) == before


@pytest.mark.parametrize(
    "kind", [FORM, FORM.upper(), f"{FORM}; charset=UTF-8", f'{FORM};charset="utf-8"', f" {FORM} "]
)
def test_a_form_is_taken_however_its_type_is_written(
    call: Callable[..., Answer], kind: str
) -> None:
    headers = {"Content-Type": kind, "Origin": HERE}
    assert call("POST", "/signin", headers=headers, body="email=a%40b.example")["statusCode"] == 200


def test_a_body_may_come_as_base64(call: Callable[..., Answer]) -> None:
    packed = base64.b64encode(b"email=a%40b.example").decode()
    answer = call("POST", "/signin", headers=SIGN_IN, body=packed, isBase64Encoded=True)
    assert answer["statusCode"] == 200
    assert "a@b.example" in answer["body"]


@pytest.mark.parametrize(
    ("body", "packed"),
    [
        ("YQ", True),
        ("ế", True),
        (base64.b64encode(b"\xff\xfe").decode(), True),
        (base64.b64encode(b"\x1f\x8b\x08\x00").decode(), True),
        ("email=\ud800", False),
        ("email=ế", False),
        ("email=%ff", False),
        ("email=%ed%a0%80", False),
        ("&".join(f"f{n}=1" for n in range(10_000)), False),
        ("&".join(f"f{n}=1" for n in range(MOST_FIELDS + 1)), False),
        ("email=a%40b.example&email=c%40d.example", False),
    ],
    ids=lambda given: str(given)[:20].encode("ascii", "backslashreplace").decode(),
)
def test_a_body_that_no_form_of_ours_sent_is_a_page_and_keeps_nothing(
    site: Site, call: Callable[..., Answer], body: str, packed: bool
) -> None:
    before = kept(site)
    answer = call("POST", "/signin", headers=SIGN_IN, body=body, isBase64Encoded=packed)
    assert_a_page(answer, 400)
    assert kept(site) == before


@pytest.mark.parametrize("body", [None, "", "&&&", "=", "a", "%", "%zz", "a=%"])
def test_an_empty_or_bare_body_is_a_form_without_answers(
    call: Callable[..., Answer], body: str | None
) -> None:
    assert_a_page(call("POST", "/signin", headers=SIGN_IN, body=body), 422)


@pytest.mark.parametrize(("more", "status"), [(-1, 422), (0, 422), (1, 413)])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "base64"])
def test_a_body_is_taken_up_to_the_limit_and_not_one_byte_more(
    call: Callable[..., Answer], more: int, status: int, packed: bool
) -> None:
    body = "email=" + "a" * (LARGEST_BODY - len("email=") + more)
    sent = base64.b64encode(body.encode()).decode() if packed else body
    answer = call("POST", "/signin", headers=SIGN_IN, body=sent, isBase64Encoded=packed)
    assert_a_page(answer, status)


ODD = ["a/b", "../key", "", "a\x00b", "%00", "%zz", "\ud800", "ế", "a" * 5_000, "#", "T01#2", "’"]


@pytest.mark.parametrize("way", [w for w in app.WAYS if "{" in w.path], ids=lambda w: w.path)
def test_a_made_up_part_of_a_path_is_a_page_and_keeps_nothing(
    call: Callable[..., Answer], everyone: dict[str, str], site: Site, way: Any
) -> None:
    names = re.findall(r"\{(\w+)\}", way.path)
    usual = {"period": "2026-Q4", "programme": NEW, "version": "1"}
    before = kept(site)
    for name, odd in itertools.product(names, ODD):
        answer = call(
            way.method,
            way.path,
            pathParameters={one: usual.get(one, "x") for one in names} | {name: odd},
            headers={**SIGN_IN, "cookie": everyone["cookie"]},
            body=everyone["csrf unit"] if "unit" in way.visitors else everyone["csrf staff"],
        )
        assert_a_page(answer, answer["statusCode"])
        assert 400 <= answer["statusCode"] < 500, (name, odd)
    assert kept(site) == before


@pytest.fixture
def everyone(as_unit: Callable[..., Visitor], as_staff: Callable[..., Visitor]) -> dict[str, str]:
    """The cookies of a unit and of a director in one browser, and the tokens of their forms."""
    cookies = as_unit().cookies | as_staff().cookies
    return {
        "cookie": "; ".join(f"{name}={token}" for name, token in cookies.items()),
        "csrf unit": f"csrf={csrf_token(cookies['bc-unit'])}",
        "csrf staff": f"csrf={csrf_token(cookies['bc-staff'])}",
    }


def test_missing_parts_of_a_path_are_a_page_with_an_id_that_stands_in_the_log(
    call: Callable[..., Answer], caplog: pytest.LogCaptureFixture
) -> None:
    answer = call("GET", "/u/{token}", pathParameters=None)
    assert_a_page(answer, 500)
    (identity,) = re.findall(r'<span class="mono">(\w+)</span>', answer["body"])
    assert [record.fields["id"] for record in caplog.records] == [identity]  # type: ignore[attr-defined]


@pytest.mark.parametrize("resource", ["/nothing", "/{proxy+}", "", None])
def test_a_path_that_is_not_ours_is_a_page(call: Callable[..., Answer], resource: Any) -> None:
    answer = call("GET", resource)
    assert_a_page(answer, 404)


@pytest.mark.parametrize(
    "headers",
    [
        *(None, {}, {"cookie": None}, {"Cookie": ""}, {"COOKIE": "bc-unit"}),
        *({"cookie": odd} for odd in (";;=;==;a=b=c", "\x00", "bc-unit=\ud800", "bc-unit=ế")),
        *({"cookie": odd} for odd in ("bc-unit=a; bc-unit=b; bc-unit", "bc-unit=" + "x" * 8_000)),
    ],
    ids=lambda given: ascii(given)[:40],
)
def test_broken_headers_are_nobodys_session(call: Callable[..., Answer], headers: Any) -> None:
    assert_a_page(call("GET", "/report", headers=headers), 401)
    assert_a_page(call("GET", "/"), 200)


@pytest.mark.parametrize(
    "query",
    [{"draft": ["old", "x"]}, {"draft": [""]}, {"\ud800": ["\ud800"]}, {"a" * 9_000: ["1"]}],
)
def test_an_odd_query_is_answered(
    call: Callable[..., Answer], everyone: dict[str, str], query: dict[str, list[str]]
) -> None:
    answer = call(
        "GET",
        "/report/{period}",
        pathParameters={"period": "2026-Q4"},
        multiValueQueryStringParameters=query,
        headers={"cookie": everyone["cookie"]},
    )
    assert_a_page(answer, 200)
