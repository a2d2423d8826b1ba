"""API Gateway on one machine: HTTP requests to Lambda events for the app, and answers back.

So the app has one way in. What API Gateway or Chalice would say in English becomes a page of ours.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from chalice.local import (
    CustomLocalChalice,
    LambdaContext,
    LambdaEventConverter,
    LocalChalice,
    RouteMatcher,
)

from chalicelib.edges import logs
from chalicelib.pages.frame import render
from chalicelib.pages.frame.gate import Way, refuse
from chalicelib.pages.frame.web import Problem, Response
from chalicelib.ways import WAYS

_AGAIN_SECONDS = "60"  # the page says a minute


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        return next((content for known, content in self.headers if known.lower() == name), "")


class Gateway:
    """Calls the app as Lambda would. Safe from many threads at once."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        app = module.app
        if not isinstance(app, LocalChalice):
            # Chalice keeps one current request for all; its local class one for each thread.
            CustomLocalChalice.__bases__ = (LocalChalice, app.__class__)
            app.__class__ = CustomLocalChalice
        self._app = app
        self._matcher = RouteMatcher(list(app.routes))
        self._convert = LambdaEventConverter(self._matcher, app.api.binary_types)
        self._ways: dict[tuple[str, str], Way] = {(way.method, way.path): way for way in WAYS}

    def way(self, method: str, path: str) -> Way | None:
        """Which one such a request comes to, if any."""
        try:
            pattern = self._matcher.match_route(path).route
        except ValueError:
            return None
        return self._ways.get((method, pattern))

    def call(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        address: str = "127.0.0.1",
    ) -> Reply:
        try:
            event: dict[str, Any] = self._convert.create_lambda_event(
                method, path, dict(headers), body
            )
        except ValueError:
            return self.problem(404, "no_page", method)
        event["requestContext"]["identity"]["sourceIp"] = address
        event["requestContext"]["requestId"] = logs.new_id()
        return _reply(self.answer(event))

    def answer(self, event: dict[str, Any]) -> Mapping[str, Any]:
        """The app's answer, in this process."""
        context = LambdaContext("api_handler", 256, max_runtime_ms=60_000)
        answered: Mapping[str, Any] = self._app(event, context)
        return answered

    def problem(self, status: int, name: str, route: str) -> Reply:
        """What Chalice and API Gateway would answer in English, as our own page."""
        problem = Problem(status, name)
        reply = _from(refuse(self._module.site(), problem, route, logs.new_id()))
        if status == 503:
            reply.headers.append(("Retry-After", _AGAIN_SECONDS))
        return reply

    def page(self, route: str, template: str, **context: Any) -> Reply:
        """A page that only one machine has."""
        with logged(route, 200):
            return _from(render.page(self._module.site(), None, template, **context))


def logged(route: str, status: int) -> AbstractContextManager[logs.Line]:
    """The log's line of a request that never comes to the app. A path may hold a token."""
    return logs.line("request", id=logs.new_id(), route=route, role="anyone", status=status)


def _reply(answer: Mapping[str, Any]) -> Reply:
    headers = [(name, str(content)) for name, content in answer["headers"].items()]
    for name, contents in answer.get("multiValueHeaders", {}).items():
        headers += [(name, content) for content in contents]
    return Reply(answer["statusCode"], headers, answer["body"].encode())


def _from(response: Response) -> Reply:
    return Reply(response.status, list(response.headers.items()), response.body.encode())
