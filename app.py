"""Lambda's side of every way in (chalicelib/ways.py has the table), and the schedules."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from chalice.app import CaseInsensitiveMapping, Chalice, Cron, Rate
from chalice.app import Response as ChaliceResponse

from chalicelib.edges import logs
from chalicelib.edges.ports import Asked, Site, public_address
from chalicelib.pages.frame.bodies import FORM, MULTIPART
from chalicelib.pages.frame.gate import Way, answer, broken_page, refuse
from chalicelib.pages.frame.web import Body, Problem, Request, Response
from chalicelib.rules.texts import clock
from chalicelib.ways import WAYS

app = Chalice(app_name="baocao", configure_logs=False)
app.api.binary_types.append(MULTIPART)
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # elsewhere the command says where the log goes
    logs.begin(os.environ.get("LOG") or "INFO")
_site: Site | None = None
_CHALICE_ANSWERS = {405: "no_method", 415: "unreadable_form"}


def use(site: Site) -> None:
    """Serve this installation: the local runner, the demo and the tests bring their own."""
    global _site
    _site = site


def site() -> Site:
    """The installation of this process, made on the first request."""
    global _site
    if _site is None and os.environ.get("TABLE"):
        from chalicelib.edges import aws
        from chalicelib.jobs import bounces

        _site = bounces.careful(aws.open_site(clock.now, _settings()))
    elif _site is None:
        from chalicelib.edges import embedded

        data = Path(os.environ.get("DATA") or ".data")
        public_url = os.environ.get("PUBLIC_URL") or "http://127.0.0.1:8000"
        _site = embedded.open_site(data, public_address(public_url), clock.now)
    return _site


def _settings() -> Mapping[str, str]:
    """The environment; without PUBLIC_URL, with the address that this request came to."""
    from chalicelib.edges import aws

    own = aws.address_of(_context())
    return {**os.environ, "PUBLIC_URL": os.environ.get("PUBLIC_URL") or own}


def _context() -> Mapping[str, Any]:
    """What API Gateway says of the request; in a scheduled run Chalice has none at all."""
    given = getattr(app, "current_request", None)
    return given.context if given else {}


def _any_site() -> Site:
    """For a page that reads nothing: it is shown also where no installation can be made."""
    try:
        return site()
    except Exception as error:
        logs.say("no_site", logs.ERROR, error)
    nothing: Any = None
    context = _context()
    stage = str(context.get("stage", ""))
    prefix = f"/{stage}" if str(context.get("path", "")).startswith(f"/{stage}/") else ""
    return Site(nothing, nothing, nothing, bytes, f"https://unknown{prefix}", clock.now)


def _request(path_params: dict[str, str]) -> Request:
    """Chalice's request as the pages see it; its body waits until somebody may send one."""
    given = app.current_request
    assert given is not None  # Chalice calls a view only with a request
    return Request(
        method=given.method,
        path=given.context.get("path", ""),
        params=path_params,
        query=dict(given.query_params or {}),
        form={},
        headers=dict(given.headers.items()),
        address=given.context.get("identity", {}).get("sourceIp", ""),
        now=site().clock(),
        body=_body(given) if given.method == "POST" else None,
    )


def _identity(given: Any) -> str:
    """API Gateway's own name of the request, which its logs have too."""
    known = str(given.context.get("requestId", "")) if given else ""
    return known if known else logs.new_id()


def _body(given: Any) -> Body:
    """Its size is told from outside: base64 says three bytes in four signs."""
    event = given.to_original_event()
    packed = event["body"] or ""
    size = len(packed)
    if event.get("isBase64Encoded"):
        size = size * 3 // 4 - packed[-2:].count("=")

    def read() -> bytes:
        try:
            return cast(bytes, given.raw_body)
        except ValueError:  # the event says base64 and it is none, or holds half a character
            raise Problem(400, "unreadable_form") from None

    return Body(size, read)


def _as_chalice(response: Response) -> ChaliceResponse:
    headers: dict[str, Any] = dict(response.headers)
    if response.cookies:
        headers["Set-Cookie"] = response.cookies
    return ChaliceResponse(body=response.body, status_code=response.status, headers=headers)


def _open(way: Way) -> None:
    def view(**path_params: str) -> ChaliceResponse:
        identity = _identity(app.current_request)
        try:
            here = site()
        except Exception as error:  # a setting is missing
            return _broken(f"{way.method} {way.path}", identity, error)
        return _as_chalice(answer(here, way, lambda: _request(path_params), identity))

    accepted = ["*/*"] if way.method == "GET" else [MULTIPART if way.uploads else FORM]
    name = re.sub(r"\W+", "_", f"{way.method.lower()}{way.path}")
    app.route(way.path, methods=[way.method], name=name, content_types=accepted)(view)


for _way in WAYS:
    _open(_way)


@app.middleware("http")
def in_our_own_words(event: Any, get_response: Callable[[Any], ChaliceResponse]) -> ChaliceResponse:
    """What Chalice answers by itself, in English JSON, as a page of ours."""
    identity = _identity(event)
    if event is None or event.path not in app.routes:
        return _refuse(404, "no_page", event.method if event else "", identity)
    route = f"{event.method} {event.path}"
    headers = {name: content for name, content in event.headers.items() if content is not None}
    event.headers = CaseInsensitiveMapping(headers)
    try:
        given = get_response(event)
    except Exception as error:  # an event as API Gateway never sends it
        return _broken(route, identity, error)
    if isinstance(given.body, str):
        return given
    if given.status_code not in _CHALICE_ANSWERS:
        return _broken(route, identity)
    page = _refuse(given.status_code, _CHALICE_ANSWERS[given.status_code], route, identity)
    page.headers |= {name: text for name, text in given.headers.items() if name == "Allow"}
    return page


def _refuse(status: int, name: str, route: str, identity: str) -> ChaliceResponse:
    return _as_chalice(refuse(_any_site(), Problem(status, name), route, identity))


def _broken(route: str, identity: str, error: Exception | None = None) -> ChaliceResponse:
    with logs.line("request", id=identity, route=route, role="anyone", status=500) as line:
        line.level, line.error = logs.ERROR, error
        return _as_chalice(broken_page(_any_site(), None, 500, "broken", identity))


@app.schedule(Rate(1, unit=Rate.HOURS), name="hourly")
def hourly(event: Any) -> None:
    """Periods that are not locked yet."""
    _summarise(everything=False)


@app.schedule(Cron(0, 18, "*", "*", "?", "*"), name="nightly")
def every_night(event: Any) -> None:
    """All periods, at one o'clock in the morning in Việt Nam."""
    _summarise(everything=True)


def _summarise(*, everything: bool) -> None:
    """On AWS each period is an invocation of its own; elsewhere they take turns."""
    from chalicelib.jobs import summarise
    from chalicelib.store import schema

    mark = schema.mark(site().table)
    schema.judge(mark)
    if mark and mark.schema < schema.SCHEMA:  # it can be read; the deployment was not finished
        logs.say("schema_behind", logs.WARNING, schema=mark.schema)
    summarise.run(site(), everything=everything, hand_over=site().hand_over)


@app.lambda_function(name="period")
def one_period(event: Any, context: Any) -> None:
    """What `hourly` and `every_night` hand over."""
    from chalicelib.jobs import summarise

    summarise.run_one(site(), event["programme"], event["period"], event["run"])


@app.lambda_function(name="mailer")
def mailer(event: Any, context: Any) -> None:
    """What was asked for at an open door, after its answer."""
    from chalicelib.pages.door import doors

    doors.serve(site(), Asked.read(event))


@app.lambda_function(name="bounced")
def bounced(event: Any, context: Any) -> None:
    """SES tells, through SNS, of a mail that did not arrive, or that was not wanted."""
    from chalicelib.jobs import bounces as mailboxes

    with logs.line("bounced", marked=0) as line:
        told = [one["Sns"]["Message"] for one in event["Records"]]
        line.add(marked=sum(mailboxes.take(site().table, one, site().clock()) for one in told))
