"""The one place that reads the clock; everything else is handed the instant."""

from datetime import UTC, date, datetime, timedelta, timezone

# Việt Nam keeps UTC+7 all year, without daylight saving, so no zone database is needed.
VIETNAM = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")

# How long one request may go on with one unit after the other: API Gateway waits for 29 seconds.
PATIENCE = timedelta(seconds=15)


def now() -> datetime:
    return datetime.now(UTC)


def today(now: datetime) -> date:
    """The day in Việt Nam: from 17:00 UTC on it is already the next one."""
    return now.astimezone(VIETNAM).date()


def iso(instant: datetime) -> str:
    """UTC with microseconds and a Z: texts of this form sort as their instants do."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_iso(text: str) -> datetime:
    return datetime.fromisoformat(text)
