"""The public peers: the same gate and pages behind FastAPI, Flask and Powertools."""

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.edges.ports import Site
from chalicelib.pages.frame.bodies import read_form
from chalicelib.pages.frame.gate import Way, answer
from chalicelib.pages.frame.web import Request
from chalicelib.rules.texts import text

Handler = Callable[[Any, Any], Any]


def fastapi_mangum(site: Site, ways: tuple[Way, ...]) -> Handler:
    from fastapi import FastAPI
    from fastapi import Request as Given
    from fastapi import Response as Reply
    from mangum import Mangum

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    def open_way(way: Way) -> None:
        async def view(given: Given) -> Reply:
            form = await given.form() if way.method == "POST" else {}
            headers = dict(given.headers)
            address = given.client.host if given.client else ""
            request = _request(
                site, way, given.url.path, given.path_params, given.query_params, form,
                headers, address,
            )  # fmt: skip
            made = answer(site, way, lambda: request, "bench")
            return Reply(made.body, made.status, dict(made.headers))

        app.add_api_route(way.path, view, methods=[way.method], name=_name(way))

    for way in ways:
        open_way(way)
    return Mangum(app, lifespan="off")


def flask_apig_wsgi(site: Site, ways: tuple[Way, ...]) -> Handler:
    import flask
    from apig_wsgi import make_lambda_handler

    app = flask.Flask("peer", static_folder=None)

    def open_way(way: Way) -> None:
        def view(**params: str) -> flask.Response:
            given = flask.request
            form = given.form if way.method == "POST" else {}
            headers = {name.lower(): content for name, content in given.headers.items()}
            address = given.remote_addr if given.remote_addr else ""
            request = _request(site, way, given.path, params, given.args, form, headers, address)
            made = answer(site, way, lambda: request, "bench")
            return flask.Response(made.body, made.status, made.headers)

        path = way.path.replace("{", "<").replace("}", ">")
        app.add_url_rule(path, _name(way), view, methods=[way.method])

    for way in ways:
        open_way(way)
    handler: Handler = make_lambda_handler(app)
    return handler


def powertools(site: Site, ways: tuple[Way, ...]) -> Handler:
    from aws_lambda_powertools.event_handler import APIGatewayRestResolver
    from aws_lambda_powertools.event_handler import Response as Reply

    app = APIGatewayRestResolver()

    def open_way(way: Way) -> None:
        def view(**params: str) -> Reply[Any]:
            given = app.current_event
            form = read_form(given.decoded_body.encode()) if way.method == "POST" else {}
            headers = {name.lower(): content for name, content in given.headers.items()}
            query = given.query_string_parameters
            address = given.request_context.identity.source_ip
            request = _request(site, way, given.path, params, query, form, headers, address)
            made = answer(site, way, lambda: request, "bench")
            kind = made.headers.get("Content-Type")
            return Reply(made.status, kind, made.body, dict(made.headers))

        path = way.path.replace("{", "<").replace("}", ">")
        app.route(path, way.method)(view)

    for way in ways:
        open_way(way)
    return app.resolve


def _request(
    site: Site,
    way: Way,
    path: str,
    params: Mapping[str, str],
    query: Mapping[str, str],
    form: Mapping[str, Any],
    headers: Mapping[str, str],
    address: str,
) -> Request:
    return Request(
        method=way.method,
        path=path,
        params=params,
        query=dict(query),
        form={name: text.tidy(content) for name, content in form.items()},
        headers=headers,
        address=address,
        now=site.clock(),
    )


def _name(way: Way) -> str:
    return f"{way.method} {way.path}"
