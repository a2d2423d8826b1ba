"""An act: who did what to what and when. A sending is its own record; every other act is one."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.rules.texts.clock import iso

UNIT = "unit"  # who acts, where no officer does


def new_id() -> str:
    return secrets.token_hex(4)


@dataclass(frozen=True, slots=True)
class Act:
    """`who` is an officer's mail address or UNIT; `verb` a key of messages.reports.acts.ACTS.

    `detail` holds what the verb needs to be told: reasons, dates, old and new values. Never a
    token or a link.
    """

    at: datetime
    who: str
    verb: str
    programme: str = ""
    period: str = ""
    unit: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=new_id)

    @property
    def name(self) -> str:
        """Its place in the record: instants sort, the id keeps two of one instant apart."""
        return f"{iso(self.at)}#{self.id}"
