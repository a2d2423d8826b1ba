"""The Chalice app as Lambda calls it: events as API Gateway sends them, and broken ones."""

import base64
import itertools
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import app
from chalicelib.edges.aws import address_of
from chalicelib.edges.ports import Site
from chalicelib.edges.table import Item
from chalicelib.pages.frame.bodies import (
    LARGEST_BODY,
    LARGEST_OF_A_STRANGER,
    MOST_FIELDS_OF_A_STRANGER,
)
from chalicelib.rules.access.access import csrf_token
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


@pytest.mark.guards(
    "Chalice's own answers are pages of ours, on Lambda too",
    "no middleware ✓",
    "null headers left in ✓",
)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "POST", "TRACE"])
def test_a_wrong_method_is_a_page_of_ours(call: Callable[..., Answer], method: str) -> None:
    answer = call(method, "/desk")
    assert_a_page(answer, 405)
    assert answer["headers"]["Allow"] == "GET"


@pytest.mark.guards("Chalice's own answers are pages of ours, on Lambda too")
@pytest.mark.guards(
    "only a form as browsers send it is read",
    "charset not looked at ✓",
    "packing ✓",
    "bad base64 ✓",
)
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


@pytest.mark.guards("only a form as browsers send it is read")
@pytest.mark.guards("strangers: 10 kB, 20 fields, a page beyond")
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
        ("&".join(f"f{n}=1" for n in range(MOST_FIELDS_OF_A_STRANGER + 1)), False),
        ("&" * MOST_FIELDS_OF_A_STRANGER, False),
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


@pytest.mark.guards("strangers: 10 kB, 20 fields, a page beyond", "the limit of all ✓ (both)")
@pytest.mark.parametrize(("more", "status"), [(-1, 422), (0, 422), (1, 413)])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "base64"])
def test_a_stranger_s_body_is_taken_up_to_the_limit_and_not_one_byte_more(
    call: Callable[..., Answer], more: int, status: int, packed: bool
) -> None:
    body = "email=" + "a" * (LARGEST_OF_A_STRANGER - len("email=") + more)
    sent = base64.b64encode(body.encode()).decode() if packed else body
    answer = call("POST", "/signin", headers=SIGN_IN, body=sent, isBase64Encoded=packed)
    assert_a_page(answer, status)


@pytest.mark.guards("the limit to the byte", "`>=` in the app ✓")
@pytest.mark.parametrize(("more", "status"), [(-1, 303), (0, 303), (1, 413)])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "base64"])
def test_a_unit_s_body_is_taken_up_to_the_limit_and_not_one_byte_more(
    call: Callable[..., Answer], everyone: dict[str, str], more: int, status: int, packed: bool
) -> None:
    begin = everyone["csrf unit"] + "&mailbox=none&beside="  # kept, and read by the next page
    body = begin + "a" * (LARGEST_BODY - len(begin) + more)
    sent = base64.b64encode(body.encode()).decode() if packed else body
    headers = {**SIGN_IN, "cookie": everyone["cookie"]}
    answer = call("POST", "/report/contacts", headers=headers, body=sent, isBase64Encoded=packed)
    assert answer["statusCode"] == status


ODD = ["a/b", "../key", "", "a\x00b", "%00", "%zz", "\ud800", "ế", "a" * 5_000, "#", "T01#2", "’"]


@pytest.mark.guards(
    "a made-up path part, cookie or query is no 500", "half a character breaks the digest ✓"
)
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


@pytest.mark.guards("Chalice's own answers are pages of ours, on Lambda too")
@pytest.mark.guards("a made-up path part, cookie or query is no 500")
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


# ------------------------------------------------------------------ settings, as Lambda gives them

ON_LAMBDA = {
    "TABLE": "baocao",
    "BUCKET": "baocao-files",
    "SENDER": "no-reply@baocao.example",
    "KEY_PARAMETER": "/baocao/test/server-key",
}


@pytest.fixture
def lambda_function(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """The app in a process that has just started, with these settings."""
    monkeypatch.setattr(app, "_site", None)
    for name in ("PUBLIC_URL", *ON_LAMBDA):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-southeast-1")

    def to(resource: str, context: dict[str, Any] | None = None, **settings: str) -> Answer:
        for name, text in settings.items():
            monkeypatch.setenv(name, text)
        asked = event("GET", resource)
        asked["requestContext"] |= context or {}
        answer: Answer = app.app(asked, None)
        return answer

    return to


@pytest.mark.guards(
    "a wrong deployment is a page of ours, and in the log",
    "a page that wants an installation ✓",
    "Chalice's current request taken for granted ✓",
)
@pytest.mark.parametrize("missing", ["BUCKET", "SENDER", "KEY_PARAMETER", "PUBLIC_URL"])
def test_a_missing_setting_is_a_page_of_ours_and_stands_in_the_log(
    lambda_function: Callable[..., Answer], missing: str, caplog: pytest.LogCaptureFixture
) -> None:
    given = {name: text for name, text in ON_LAMBDA.items() if name != missing}
    context = {"stage": "api", "path": "/api/", "requestId": "the-id"}
    answer = lambda_function("/", context, **given)
    assert_a_page(answer, 500)
    assert "the-id" in answer["body"]
    assert 'href="/api/"' in answer["body"]
    told = [str(one.exc_info[1]) for one in caplog.records if one.exc_info]
    assert any(missing in one for one in told)


def test_a_path_that_is_none_is_a_page_also_where_a_setting_is_missing(
    lambda_function: Callable[..., Answer],
) -> None:
    assert_a_page(lambda_function("/no-such", TABLE="baocao"), 404)


def test_a_server_key_that_can_not_be_read_is_a_page_of_ours(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    def unreadable() -> bytes:
        raise OSError("AccessDenied")

    app.use(replace(site, server_key=unreadable))
    answer = app.app(event("GET", "/u/{token}", pathParameters={"token": "guessed"}), None)
    assert_a_page(answer, 500)
    assert any("AccessDenied" in str(r.exc_info) for r in caplog.records)


OWN = "a1b2c3d4e5.execute-api.ap-southeast-1.amazonaws.com"


@pytest.mark.guards("the address is the API's own or the given one")
def test_without_a_domain_the_address_is_the_apis_own(
    lambda_function: Callable[..., Answer],
) -> None:
    lambda_function("/no-such", {"domainName": OWN, "stage": "api"}, **ON_LAMBDA)
    assert app.site().public_url == f"https://{OWN}/api"


def test_a_domain_that_was_given_is_the_address_whatever_the_request_says(
    lambda_function: Callable[..., Answer],
) -> None:
    given = {**ON_LAMBDA, "PUBLIC_URL": "https://baocao.example"}
    lambda_function("/no-such", {"domainName": OWN, "stage": "api"}, **given)
    assert app.site().public_url == "https://baocao.example"


@pytest.mark.guards("the address is the API's own or the given one", "any host taken ✓ (the first)")
@pytest.mark.parametrize(
    "name",
    ["evil.example", f"{OWN}.evil.example", f"evil.example/{OWN}", OWN.upper(), "", f"{OWN}:443"],
)
def test_no_other_name_is_taken_for_the_apis_own(name: str) -> None:
    assert address_of({"domainName": name, "stage": "api"}) == ""
    assert address_of({"domainName": OWN, "stage": "../x"}) == ""


@pytest.mark.guards("a wrong deployment is a page of ours, and in the log")
def test_a_scheduled_run_on_lambda_needs_no_request(
    lambda_function: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chalice knows no current request there, not even none."""
    monkeypatch.setattr(app, "app", object())
    for name, text in {**ON_LAMBDA, "PUBLIC_URL": "https://baocao.example"}.items():
        monkeypatch.setenv(name, text)
    assert app.site().public_url == "https://baocao.example"
