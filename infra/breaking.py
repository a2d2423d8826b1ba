"""A command that broke: one line with an id for the person, the whole trace in a file beside."""

import logging
import os
import sys
import tempfile
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path

from chalicelib.edges.logs import new_id

_LARGEST = 1_000_000  # bytes of a file; one older is kept beside it
_INTERRUPTED = 130  # as shells say it


def in_one_line(command: Callable[[], int]) -> int:
    """The command's exit code; 1 where it broke, 130 where somebody stopped it."""
    try:
        return command()
    except KeyboardInterrupt:
        print("baocao: stopped", file=sys.stderr)
        return _INTERRUPTED
    except Exception as error:
        identity = new_id()
        where = _kept(identity, error)
        broke = f"this broke and is no fault of yours ({type(error).__name__}, id {identity})"
        print(f"baocao: {broke}: {where}", file=sys.stderr)
        return 1


def _kept(identity: str, error: Exception) -> str:
    """Where the trace lies. What it tells may hold people's data: only this account reads it."""
    for path_of in (_of_this_machine, _of_what_passes):
        try:
            path = path_of()
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
            keeper = RotatingFileHandler(path, maxBytes=_LARGEST, backupCount=1, encoding="utf-8")
        except OSError:
            continue
        keeper.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        told = (type(error), error, error.__traceback__)
        said = (identity, " ".join(sys.argv[1:2]))
        keeper.handle(logging.LogRecord("", logging.ERROR, "", 0, "%s %s", said, told))
        keeper.close()
        return f"the trace is in {path}"
    return "and its trace could be written nowhere"


def _of_this_machine() -> Path:
    """DATA/log, where DATA is the installation that the command works on."""
    data = Path(os.environ.get("DATA") or ".data")
    if os.environ.get("STAGE") or not data.is_dir():
        raise FileNotFoundError(data)
    (data / "log").mkdir(exist_ok=True)
    return data / "log" / "commands.log"


def _of_what_passes() -> Path:
    descriptor, name = tempfile.mkstemp(prefix="baocao-", suffix=".log")
    os.close(descriptor)
    return Path(name)
