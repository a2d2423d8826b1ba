"""API Gateway on one machine: HTTP requests to Lambda events for the app, and answers back."""

from collections.abc import Mapping
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

from chalicelib.pages import render
from chalicelib.pages.answer import problem_page
from chalicelib.pages.web import Problem, Response


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
            return self.problem(404, "no_page")
        event["requestContext"]["identity"]["sourceIp"] = address
        context = LambdaContext("api_handler", 256, max_runtime_ms=60_000)
        return _reply(self._app(event, context))

    def problem(self, status: int, name: str) -> Reply:
        """What Chalice and API Gateway would answer in English, as our own page."""
        return _from(problem_page(self._module.site(), None, Problem(status, name)))

    def page(self, template: str, **context: Any) -> Reply:
        """A page that only one machine has."""
        return _from(render.page(self._module.site(), None, template, **context))


def _reply(answer: Mapping[str, Any]) -> Reply:
    headers = [(name, str(content)) for name, content in answer["headers"].items()]
    for name, contents in answer.get("multiValueHeaders", {}).items():
        headers += [(name, content) for content in contents]
    return Reply(answer["statusCode"], headers, answer["body"].encode())


def _from(response: Response) -> Reply:
    return Reply(response.status, list(response.headers.items()), response.body.encode())
