"""Form and send through the whole handler, against bare functions and the peers: CPU time."""

import gc
import logging
import os
import random
import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qsl

from jinja2 import Template

import app
from bench import peers, scene
from chalicelib import report
from chalicelib.pages import render

FORM, SEND = "/report/{period}", "/report/{period}/send"
_ROUNDS, _CALLS = 300, 1

Row = tuple[str, str, str, str]
Call = Callable[[], Any]


def _quiet_log() -> None:
    """Log lines are made and written, as on Lambda; nobody reads them here."""
    logging.getLogger("baocao").addHandler(logging.StreamHandler(open(os.devnull, "w")))


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
) -> dict[str, float]:
    """Median CPU seconds of each, all in turn in every round; the collector runs in between."""
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
    return {name: median(seconds) for name, seconds in spent.items()}
