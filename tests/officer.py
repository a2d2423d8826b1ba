"""An officer's move straight at the table, where a test is about something else."""

from datetime import UTC, datetime

from chalicelib.edges.table import Table
from chalicelib.rules.reports.report import Head
from chalicelib.rules.reports.states import Move
from chalicelib.rules.review.act import Act
from chalicelib.store import moves

AT = datetime(2026, 12, 16, 3, tzinfo=UTC)
OFFICER = "chuyenvien@vinhlong.example"


def move(
    table: Table, p: str, k: str, unit: str, name: Move, return_due: datetime | None = None
) -> Head:
    act = Act(AT, OFFICER, name, p, k, unit)
    return moves.move(table, act, name, return_due=return_due)
