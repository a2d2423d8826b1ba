"""Form and send through the whole handler, against bare functions and the peers: CPU time."""

import gc
import json
import logging
import os
import random
import re
import time
from collections.abc import Callable, Mapping
from typing import Any
from unittest.mock import patch

from jinja2 import Template

import app
from bench import peers, scene
from bench.rows import Row, row
from chalicelib.pages.frame import render
from chalicelib.pages.frame.bodies import read_form
from chalicelib.rules.reports import odd_value, report
from chalicelib.store import reports

FORM, SEND = "/report/{period}", "/report/{period}/send"
_ROUNDS = 300
_PEERS: Mapping[str, Callable[..., peers.Handler]] = {
    "FastAPI + Mangum": peers.fastapi_mangum,
    "Flask + apig-wsgi": peers.flask_apig_wsgi,
    "Powertools": peers.powertools,
}

Call = Callable[[], Any]


def _log_to_nobody() -> None:
    """Log lines are made and written, as on Lambda; here nobody reads them."""
    log = logging.getLogger("baocao")
    log.addHandler(logging.StreamHandler(open(os.devnull, "w")))  # noqa: SIM115 - to the end
    log.propagate = False


def capture(call: Call) -> tuple[str, dict[str, Any]]:
    """The template that a call renders, and its context."""
    seen: list[tuple[str, dict[str, Any]]] = []
    whole = Template.render

    def render_and_keep(template: Template, **context: Any) -> str:
        seen.append((str(template.name), context))
        return whole(template, **context)

    with patch.object(Template, "render", render_and_keep):
        call()
    ((name, context),) = seen
    return name, context


def interleaved(
    calls: Mapping[str, Call], rounds: int, before: Call = lambda: None
) -> dict[str, list[float]]:
    """CPU seconds of each, all in turn in every round; the collector runs in between."""
    spent: dict[str, list[float]] = {name: [] for name in calls}
    names, chance = list(calls), random.Random(rounds)
    gc.disable()
    for _ in range(rounds):
        chance.shuffle(names)  # no contender always follows the same other one
        for name in names:
            before()
            began = time.process_time()
            calls[name]()
            spent[name].append(time.process_time() - began)
        gc.collect()
    gc.enable()
    return spent


def _same(answer: Mapping[str, Any]) -> tuple[int, str]:
    """Status and body, without what is drawn by lot."""
    return answer["statusCode"], re.sub(r'name="page" value="\w+"', "", answer["body"])


def _bare(name: str, context: Mapping[str, Any]) -> Call:
    """Render the same template with the same context, ready made."""
    environment = render._environment()  # noqa: SLF001 - the same one, or it is no comparison
    return lambda: environment.get_template(name).render(**context)


def _compared(
    what: str,
    calls: Mapping[str, Call],
    bare: str,
    bound: float,
    before: Call = lambda: None,
) -> list[Row]:
    spent = interleaved(calls, _ROUNDS, before)
    ours = spent.pop("product")
    rows = [row(what, ours, spent.pop("bare"), bare, bound)]
    for peer, seconds in spent.items():
        rows.append(row(f"… beside {peer}", ours, seconds, peer, 1.0, below=True))
    return rows


def measure() -> list[Row]:
    _log_to_nobody()
    held = scene.set_up()
    app.use(held.site)
    handlers: dict[str, peers.Handler] = {"product": app.app}
    handlers |= {name: peer(held.site, app.WAYS) for name, peer in _PEERS.items()}
    get = scene.event(held, "GET", FORM)
    post = scene.event(held, "POST", SEND, held.sent)
    begun = list(held.table.everything())

    def calls(event: Any) -> dict[str, Call]:
        answers = {}
        for name, handler in handlers.items():
            answers[name] = _same(handler(event, None))
            held.table.restore(begun)
        if len(set(answers.values())) > 1:
            raise AssertionError("the peers do not do the same")
        return {
            name: lambda handler=handler: handler(event, None)  # type: ignore[misc]
            for name, handler in handlers.items()
        }

    head = reports.head(held.site.table, scene.PROGRAMME, scene.LAST, scene.UNIT)
    last = json.loads(head.figures) if head else {}

    def validate() -> None:
        read = report.read(held.asked, read_form(post["body"].encode()))
        odd_value.found(held.asked, read.content.figures, last, {})

    def again() -> None:
        held.table.restore(begun)

    form = _bare(*capture(lambda: app.app(get, None)))
    rows = _compared("Form, whole handler", {**calls(get), "bare": form}, "bare: the template", 1.5)
    rows += _compared(
        "Send, whole handler",
        {**calls(post), "bare": validate},
        "bare: validation, odd values",
        2,
        again,
    )
    return rows
