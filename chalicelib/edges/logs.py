"""What a line of the log is: one JSON object, with neither tokens nor what people typed."""

import json
import logging
import re
import secrets
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from chalicelib.edges import request_cost

_ROOT = Path(__file__).resolve().parents[2]
_FRAMES = 15  # of each error: the last calls say where it broke
_LONGEST = 200

DEBUG, INFO, WARNING, ERROR = logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR

_log = logging.getLogger("baocao")

# A text that came with an error may hold what was typed, sent or mailed. Compiled when one comes:
# a cold start has none.
_SECRETS = (
    (r"/(u|s)/[^\s/?#]+", r"/\1/***"),
    (r"[\w%-]{26,}", "***"),  # the shortest token has 27 characters
    (r"[^\s@]+@[^\s@]+", "***"),
    (r"\b\d{6,}\b", "***"),
    (r"'(?![a-z][a-z0-9_]{0,31}')[^']*'|\"[^\"]*\"", "'***'"),
)


def new_id() -> str:
    """The name of one request or run in the log and on the error page."""
    return secrets.token_hex(6)


def without_secrets(text: str) -> str:
    """The first line, its values left out: no token, code, address or quoted text but a name."""
    said = text.strip().partition("\n")[0][: 10 * _LONGEST]
    for pattern, instead in _SECRETS:
        said = re.sub(pattern, instead, said)
    return said[:_LONGEST]


def say(
    event: str, level: int = INFO, error: BaseException | None = None, **fields: object
) -> None:
    _log.log(level, event, exc_info=error, extra={"fields": fields})


@dataclass(slots=True)
class Line:
    """One line while what it tells of goes on."""

    fields: dict[str, object]
    level: int = INFO
    error: BaseException | None = None

    def add(self, **fields: object) -> None:
        self.fields |= fields

    def failed(self, error: BaseException, level: int = ERROR) -> None:
        self.level, self.error = level, error


@contextmanager
def line(event: str, **fields: object) -> Iterator[Line]:
    """Say at its end what the block did: how long it took and what its table calls cost."""
    one, began = Line(fields), time.perf_counter()
    with request_cost.counted() as spent:
        try:
            yield one
        except Exception as error:
            one.failed(error)
            raise
        finally:
            one.add(
                ms=round((time.perf_counter() - began) * 1000, 1),
                calls=spent.calls,
                reads=spent.reads,
                writes=spent.writes,
            )
            say(event, one.level, one.error, **one.fields)


class Lines(logging.Formatter):
    """Every record as one line of ASCII. Of a library's, only the words without its values."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
        }
        fields = getattr(record, "fields", None)
        if fields is None:
            words = record.getMessage() if record.name == "py.warnings" else str(record.msg)
            text = without_secrets(words)
            said |= {"event": "library", "from": record.name, "text": text}
        else:
            said |= {"event": record.msg, **fields}
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            said |= {"error": _named(error), "trace": _trace(error)}
        return json.dumps(said, default=lambda value: type(value).__name__)


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {without_secrets(str(error))}"


def _trace(error: BaseException) -> list[str]:
    """Where it broke, the last call last, then what had caused it: no locals, no source."""
    told: list[str] = []
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        if cause is not error:
            told.append(f"caused by {_named(cause)}")
        told += _frames(cause)
        hidden = cause.__suppress_context__ or cause.__cause__ is not None
        cause = cause.__cause__ if hidden else cause.__context__
    return told


def _frames(error: BaseException) -> list[str]:
    calls = traceback.StackSummary.extract(
        traceback.walk_tb(error.__traceback__), limit=-_FRAMES, lookup_lines=False
    )
    return [f"{_place(call.filename)}:{call.lineno} {call.name}" for call in calls]


def _place(filename: str) -> str:
    path = Path(filename)
    if path.is_relative_to(_ROOT) and "site-packages" not in path.parts:
        return str(path.relative_to(_ROOT))
    return "/".join(path.parts[-2:])


def begin(level: str, *more: logging.Handler) -> None:
    """Log to standard error, and where else is asked. Libraries speak from WARNING on only:
    below it some of them tell every header that they send.
    """
    handlers = (logging.StreamHandler(sys.stderr), *more)
    for handler in handlers:
        handler.setFormatter(Lines())
    logging.basicConfig(level=WARNING, handlers=handlers, force=True)
    logging.captureWarnings(capture=True)
    _log.setLevel(level)
    threading.excepthook = _uncaught


def _uncaught(given: threading.ExceptHookArgs) -> None:
    say("thread_failed", ERROR, given.exc_value)
