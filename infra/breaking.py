"""A command that broke: one line with an id for the person, the whole trace in a file beside."""

import logging
import os
import sys
import tempfile
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path

from chalicelib.logs import new_id

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
    for folder in _places():
        try:
            folder.mkdir(exist_ok=True)
            path = folder / "commands.log"
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


def _places() -> list[Path]:
    """DATA/log where this machine is the installation, else a folder for what passes."""
    data = Path(os.environ.get("DATA") or ".data")
    own = [] if os.environ.get("STAGE") or not data.is_dir() else [data / "log"]
    return [*own, Path(tempfile.gettempdir()) / f"baocao-{os.getuid()}"]
