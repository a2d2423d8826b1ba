"""A month's bill from what was measured: the assumptions, the list prices, the arithmetic."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from typing import Any

MARKS = ("<!-- what `make bench ONE=cost` prints -->", "<!-- end -->")  # around the table
SIZES = (50, 1_000, 100_000)
LARGEST_GRID = 1_000  # the page of more was not measured, and of many more is no page

# What a month is taken to be: the one in which a period falls due. A unit does each so often.
UNIT: Mapping[str, Decimal] = {
    "landing": Decimal(4),
    "entering": Decimal(3),
    "home": Decimal(4),
    "form": Decimal(6),
    "draft save": Decimal(40),
    "check": Decimal(2),
    "check page": Decimal(2),
    "send": Decimal("1.2"),
    "receipt": Decimal(2),
}
MAILS = Decimal(2)  # a unit: its link, and one in urging
DESK: Mapping[str, Decimal] = {"grid": Decimal(600), "summary page": Decimal(200)}
HOURLY, CHANGED = 720, 200  # runs over the open period; those that find something new
NIGHTLY = 30 * 12  # a run a night over each of twelve periods that have begun, three years
PERIODS_KEPT = 12  # that the table holds
ALARMS = 15
# A function's time: its CPU by the share of one that its memory buys, and waiting for the table.
WHOLE_CPU_MB = 1_769
API_MB, PERIOD_MB = 1_024, 1_769
CALL_MS = 6
COLD_MS, COLD_EACH = 500, 20  # CPU of a cold start; one of so many requests begins with it
LOG_BYTES = 900  # our line, API Gateway's, and Lambda's own three, of a request


@dataclass(frozen=True, slots=True)
class Price:
    what: str
    unit: str
    dollars: Decimal
    each: int


# ap-southeast-1 (Singapore), list prices in US dollars without free tiers, as known in 2025.
# They were not looked up on the day of the table: compare with AWS's own pages before you budget.
PRICES = (
    Price("DynamoDB reads", "read units", Decimal("0.1423"), 1_000_000),
    Price("DynamoDB writes", "write units", Decimal("0.7115"), 1_000_000),
    Price("DynamoDB kept", "GB", Decimal("0.285"), 1),
    Price("DynamoDB point-in-time recovery", "GB", Decimal("0.228"), 1),
    Price("Lambda requests", "requests", Decimal("0.20"), 1_000_000),
    Price("Lambda time", "GB-s", Decimal("0.0000166667"), 1),
    Price("API Gateway", "requests", Decimal("4.25"), 1_000_000),
    Price("S3 writes", "requests", Decimal("0.005"), 1_000),
    Price("S3 reads", "requests", Decimal("0.0004"), 1_000),
    Price("S3 kept", "GB", Decimal("0.025"), 1),
    Price("SES", "mails", Decimal("0.10"), 1_000),
    Price("CloudWatch logs", "GB", Decimal("0.70"), 1),
    Price("CloudWatch alarms", "alarms", Decimal("0.10"), 1),
    Price("Data out", "GB", Decimal("0.12"), 1),
)
_GB = Decimal(10**9)


def used(found: Mapping[str, Any], count: int) -> dict[str, Decimal]:
    """How much of each a month takes, by the names of PRICES."""
    requests = [(found["unit"][name], often * count) for name, often in UNIT.items()]
    requests += [(one, often) for one, often in _desk(found, count)]
    runs = found["runs"][str(count)]
    unchanged = HOURLY - CHANGED + NIGHTLY
    jobs = [(runs["run, changed"], CHANGED), (runs["run, unchanged"], unchanged)]
    asked = sum((often for _, often in requests), Decimal(0))
    changed = runs["run, changed"]
    kept = Decimal(found["unit"]["kept"]["bytes"]) * count * PERIODS_KEPT / _GB
    # Of each changed run the four files stay two months; of older periods the last ones.
    files = Decimal(changed["bytes"]) * (2 * CHANGED + PERIODS_KEPT) / _GB
    return {
        "DynamoDB reads": _sum(requests + jobs, "reads"),
        "DynamoDB writes": _sum(requests + jobs, "writes"),
        "DynamoDB kept": kept,
        "DynamoDB point-in-time recovery": kept,
        "Lambda requests": asked + HOURLY + 30 + CHANGED + unchanged,
        "Lambda time": _seconds(requests, API_MB)
        + asked / COLD_EACH * _slowed(COLD_MS * 1000, API_MB) * API_MB / 1024
        + _seconds(jobs, PERIOD_MB),
        "API Gateway": asked,
        "S3 writes": Decimal(8 * CHANGED),  # four files, and four marks on those before
        "S3 reads": Decimal(4 * unchanged) + DESK["summary page"],
        "S3 kept": files,
        "SES": MAILS * count,
        "CloudWatch logs": (asked + HOURLY + CHANGED + unchanged) * LOG_BYTES / _GB,
        "CloudWatch alarms": Decimal(ALARMS),
        "Data out": _sum(requests, "bytes") / _GB,
    }


def _desk(found: Mapping[str, Any], count: int) -> list[tuple[dict[str, Any], Decimal]]:
    """Measured up to LARGEST_GRID; beyond, as many desks of that size as it takes."""
    measured = found["desk"][str(min(count, LARGEST_GRID))]
    desks = max(1, count // LARGEST_GRID)
    return [(measured[name], often * desks) for name, often in DESK.items()]


def _sum(acts: list[tuple[Any, Any]], name: str) -> Decimal:
    return sum((Decimal(one.get(name, 0)) * often for one, often in acts), Decimal(0))


def _slowed(cpu_us: int, memory: int) -> Decimal:
    return Decimal(cpu_us) / 1_000_000 * WHOLE_CPU_MB / memory


def _seconds(acts: list[tuple[Any, Any]], memory: int) -> Decimal:
    """GB-seconds."""
    total = Decimal(0)
    for one, often in acts:
        waited = Decimal(one["calls"]) * CALL_MS / 1000
        total += (_slowed(one["cpu_us"], memory) + waited) * often
    return total * memory / 1024


def bill(found: Mapping[str, Any], count: int) -> dict[str, Decimal]:
    amounts = used(found, count)
    return {one.what: amounts[one.what] / one.each * one.dollars for one in PRICES}


def total(found: Mapping[str, Any], count: int) -> Decimal:
    return sum(bill(found, count).values(), Decimal(0))


def _cents(dollars: Decimal) -> str:
    return f"{dollars.quantize(Decimal('0.01'), ROUND_UP):,}"


def _amount(found: Decimal) -> str:
    return f"{found:,.0f}" if found >= 100 else f"{found:,.3f}"


def table(found: Mapping[str, Any]) -> str:
    """As docs/operations.md shows it; each line rounded up to a cent."""
    amounts = [used(found, count) for count in SIZES]
    bills = [bill(found, count) for count in SIZES]
    heads = [f"{count:,} units | $" for count in SIZES]
    lines = [f"| what | {' | '.join(heads)} |", f"|{' --- |' * (1 + 2 * len(SIZES))}"]
    for one in PRICES:
        cells = [
            f"{_amount(amount[one.what])} {one.unit} | {_cents(dollars[one.what])}"
            for amount, dollars in zip(amounts, bills, strict=True)
        ]
        lines.append(f"| {one.what} | {' | '.join(cells)} |")
    sums = [f"  | **{_cents(total(found, count))}**" for count in SIZES]
    return "\n".join([*lines, f"| **a month** | {' | '.join(sums)} |"])
