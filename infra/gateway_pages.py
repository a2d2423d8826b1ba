"""What API Gateway answers by itself, as pages of ours: the app never sees those requests."""

from typing import Any

from chalicelib.edges.ports import Site
from chalicelib.messages.frame.problems import PROBLEMS
from chalicelib.pages.frame import render
from chalicelib.pages.frame.web import strict
from chalicelib.rules.texts import clock

# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
_ANSWERS: dict[str, tuple[int | None, str]] = {
    "MISSING_AUTHENTICATION_TOKEN": (404, "no_page"),  # its words for a path that is none
    "RESOURCE_NOT_FOUND": (404, "no_page"),
    "REQUEST_TOO_LARGE": (413, "file_too_large"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "unreadable_form"),
    "BAD_REQUEST_BODY": (400, "unreadable_form"),
    "THROTTLED": (429, "too_many"),
    "QUOTA_EXCEEDED": (429, "too_many"),
    "WAF_FILTERED": (429, "too_many"),
    "DEFAULT_4XX": (None, "no_request"),
    "INTEGRATION_FAILURE": (503, "busy"),
    "INTEGRATION_TIMEOUT": (503, "busy"),
    "DEFAULT_5XX": (None, "busy"),
}
# A header's text stands in single quotes there, so what holds some itself can't be given.
_LEFT_OUT = ("Content-Security-Policy",)


def answers() -> dict[str, Any]:
    """For x-amazon-apigateway-gateway-responses, by the kind of answer."""
    nothing: Any = None
    site = Site(nothing, nothing, nothing, bytes, "https://site.example", clock.now)
    headers = {n: text for n, text in strict(site).items() if n not in _LEFT_OUT}
    headers["Content-Type"] = "text/html; charset=utf-8"
    given = {f"gatewayresponse.header.{name}": f"'{text}'" for name, text in headers.items()}
    return {
        kind: {
            **({"statusCode": str(status)} if status else {}),
            "responseParameters": given,
            # Whatever the browser says that it takes: the type is set above.
            "responseTemplates": dict.fromkeys(("text/html", "application/json"), page(site, name)),
        }
        for kind, (status, name) in _ANSWERS.items()
    }


def page(site: Site, name: str) -> str:
    """It stands under any stage or domain, so it links nowhere; API Gateway puts in the id."""
    title, sentence = PROBLEMS[name]
    identity = "$context.requestId" if name == "busy" else ""
    return render.page(
        site,
        None,
        "frame/gateway.html",
        title=title,
        sentence=sentence,
        identity=identity,
    ).body
