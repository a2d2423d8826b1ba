"""Reports in the table: each noun and back, sending exactly once, moves, at most twenty an hour."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.edges.embedded import SqliteTable
from chalicelib.edges.table import Busy, Change, Check, Conflict, Item, Key, Table
from chalicelib.rules.programmes.period import Period, build, window
from chalicelib.rules.reports.draft import Posted
from chalicelib.rules.reports.report import Content, Head, Sender, Version
from chalicelib.rules.reports.states import Refused
from chalicelib.store import drafts, keys, programmes, reports, summaries
from chalicelib.store.drafts import Place
from chalicelib.store.reports import Clash, Sending
from chalicelib.store.summaries import Kept
from tests import officer
from tests.contract import parallel

P, K, U = "thi-dua", "2026-Q4", "T01"
SENDER = Sender("Nguyễn Thị Thử", "Văn thư", "0270 000 0000", approved=True)
ON_TIME = datetime(2026, 12, 10, 3, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def table(tmp_path: Path) -> Iterator[SqliteTable]:
    opened = SqliteTable(tmp_path / "baocao.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def period(table: Table) -> Period:
    built = build(
        K, "Quý IV năm 2026", days=window(K), due_day=17, lock_day=20, holidays=(), form=1
    )
    programmes.keep_periods(table, P, [built])
    return programmes.periods(table, P)[0]


def content(number: int = 1, **more: Any) -> Content:
    return Content(
        figures={"i1": number, "i2": [3, 4], "i3": "12.5", "i4": None, "i5": False, "i6": "yes"},
        texts={"t1": f"Lần {number}: “đã làm” = được", "t2": ["một", "hai"], "t3": None},
        notes={"i1": "Tăng vì sáp nhập"},
        **more,
    )


def sending(period: Period, sent: Content, base: int = 0, **more: Any) -> Sending:
    reason = "Bổ sung" if base else ""
    given = {"reason": reason, "sender": SENDER, "form": 1, "unit": U} | more
    return Sending(programme=P, period=period, content=sent, base=base, **given)


def texts(table: Table) -> dict[str, tuple[int, Any]]:
    return {unit: (number, json.loads(text)) for unit, number, text in reports.texts(table, P, K)}


def versions(table: Table, unit: str = U) -> list[int]:
    return [version.number for version in reports.versions(table, P, K, unit)]


class Between:
    """A table where something happens just before or just after a write."""

    def __init__(
        self,
        table: Table,
        before: Callable[[], object] = lambda: None,
        after: Callable[[], object] = lambda: None,
    ) -> None:
        self._table = table
        self._before = [before]
        self._after = [after]

    def get(self, key: Key) -> Item | None:
        return self._table.get(key)

    def query(self, partition: str, prefix: str = "") -> Iterator[Item]:
        return self._table.query(partition, prefix)

    def write(self, *changes: Change) -> None:
        if self._before:
            self._before.pop()()
        self._table.write(*changes)
        if self._after:
            self._after.pop()()

    def everything(self) -> Iterator[Item]:
        return self._table.everything()


def lose_the_reply() -> None:
    raise Busy("the connection ended before the answer came")


def own_retry() -> None:
    """The SDK sends the same write again and hears about its own first one."""
    raise Conflict(keys.version(P, K, U, 1))


def test_a_sent_report_reads_back_whole(table: Table, period: Period) -> None:
    sent = reports.send(table, sending(period, content()), ON_TIME)
    assert sent == Version(
        unit=U,
        period=K,
        number=1,
        content=content().canonical(),
        hash=content().hash(),
        sent=ON_TIME,
        sender=SENDER,
        actor="unit",
        reason="",
        form=1,
        late=False,
        after_due=False,
    )
    assert reports.version(table, P, K, U, 1) == sent
    assert reports.versions(table, P, K, U) == [sent]


def test_the_head_says_where_the_report_stands(table: Table, period: Period) -> None:
    reports.send(table, sending(period, content(1, nil=True)), ON_TIME)
    reports.send(table, sending(period, content(2), 1), ON_TIME + timedelta(hours=1))
    head = reports.head(table, P, K, U)
    assert head is not None
    assert (head.unit, head.period, head.state, head.version) == (U, K, "submitted", 2)
    assert (head.first_sent, head.last_sent) == (ON_TIME, ON_TIME + timedelta(hours=1))
    assert (head.late, head.nil, head.form) == (False, False, 1)
    assert (head.hash, head.revision, head.return_due) == (content(2).hash(), 2, None)
    assert list(reports.heads(table, P, K)) == [head]


def test_texts_belong_to_the_newest_version(table: Table, period: Period) -> None:
    reports.send(table, sending(period, content(1)), ON_TIME)
    reports.send(table, sending(period, content(2), 1), ON_TIME)
    assert texts(table) == {U: (2, dict(content(2).texts))}


def test_a_summary_reads_back_as_it_was_kept(table: Table) -> None:
    kept = Kept(ON_TIME, "print", {"expected": 1, "deep": {"a": [1, None]}}, {"csv": "x"})
    summaries.keep_summary(table, P, K, kept)
    assert summaries.summary(table, P, K) == Kept(
        kept.as_of, kept.fingerprint, kept.totals, kept.files, 1
    )


def test_a_summary_is_kept_over_the_one_that_was_read(table: Table) -> None:
    kept = Kept(ON_TIME, "print", {}, {})
    summaries.keep_summary(table, P, K, kept)
    with pytest.raises(Conflict):
        summaries.keep_summary(table, P, K, kept)


def test_nothing_is_there_before_anything_was_sent(table: Table) -> None:
    assert reports.head(table, P, K, U) is None
    assert reports.version(table, P, K, U, 1) is None
    assert reports.versions(table, P, K, U) == []
    assert list(reports.heads(table, P, K)) == []
    assert texts(table) == {}
    assert summaries.summary(table, P, K) is None


def test_units_with_names_alike_have_reports_of_their_own(table: Table, period: Period) -> None:
    for number, unit in enumerate(("T1", "T10", "t1", "T1-a", "T1_a")):
        reports.send(table, sending(period, content(number), unit=unit), ON_TIME)
    for number, unit in enumerate(("T1", "T10", "t1", "T1-a", "T1_a")):
        (version,) = reports.versions(table, P, K, unit)
        assert version.hash == content(number).hash()
    assert len(list(reports.heads(table, P, K))) == 5
    assert len(texts(table)) == 5


def test_the_tenth_thousandth_version_is_far_and_the_tenth_sorts_after_the_ninth(
    table: Table, period: Period
) -> None:
    for base in range(11):
        reports.send(table, sending(period, content(base), base), ON_TIME)
    assert versions(table) == list(range(1, 12))


def test_a_double_tap_is_one_sending(table: Table, period: Period) -> None:
    first = reports.send(table, sending(period, content()), ON_TIME)
    again = reports.send(table, sending(period, content()), ON_TIME + timedelta(seconds=1))
    assert again == first
    assert versions(table) == [1]


def test_a_double_tap_from_two_threads_is_one_sending(table: Table, period: Period) -> None:
    for number in range(10):
        unit = f"T{number}"

        def tap(place: int, unit: str = unit) -> Version:
            now = ON_TIME + timedelta(seconds=place)
            return reports.send(table, sending(period, content(), unit=unit), now)

        found = parallel(8, tap)
        assert len({repr(version) for version in found}) == 1
        assert versions(table, unit) == [1]


def test_a_lost_reply_and_a_new_try_is_one_sending(table: Table, period: Period) -> None:
    with pytest.raises(Busy):
        reports.send(Between(table, after=lose_the_reply), sending(period, content()), ON_TIME)
    again = reports.send(table, sending(period, content()), ON_TIME + timedelta(minutes=3))
    assert again.sent == ON_TIME
    assert versions(table) == [1]


@pytest.mark.guards("Back, retry, lost reply")
def test_a_conflict_with_ones_own_lost_write_is_its_receipt(table: Table, period: Period) -> None:
    made = reports.send(Between(table, after=own_retry), sending(period, content()), ON_TIME)
    assert made.number == 1
    assert made == reports.version(table, P, K, U, 1)
    assert versions(table) == [1]


def test_a_lost_reply_of_a_correction_is_its_receipt(table: Table, period: Period) -> None:
    reports.send(table, sending(period, content(1)), ON_TIME)
    made = reports.send(Between(table, after=own_retry), sending(period, content(2), 1), ON_TIME)
    assert made.number == 2
    assert versions(table) == [1, 2]


def test_an_answer_that_failed_before_writing_has_sent_nothing(
    table: Table, period: Period
) -> None:
    with pytest.raises(Busy):
        reports.send(Between(table, before=lose_the_reply), sending(period, content()), ON_TIME)
    assert versions(table) == []
    assert list(reports.heads(table, P, K)) == []
    assert texts(table) == {}


@pytest.mark.guards("Back, retry, lost reply", "`base + 1` not compared ✓ (the first)")
def test_back_and_again_after_a_correction_shows_the_first_receipt(
    table: Table, period: Period
) -> None:
    first = reports.send(table, sending(period, content(1)), ON_TIME)
    second = reports.send(table, sending(period, content(2), 1), ON_TIME)
    assert reports.send(table, sending(period, content(1)), ON_TIME) == first
    assert reports.send(table, sending(period, content(2), 1), ON_TIME) == second
    assert versions(table) == [1, 2]
    head = reports.head(table, P, K, U)
    assert head is not None
    assert head.hash == content(2).hash()


def test_a_correction_back_to_the_first_content_is_a_third_version(
    table: Table, period: Period
) -> None:
    for base, number in enumerate((1, 2, 1)):
        reports.send(table, sending(period, content(number), base), ON_TIME)
    assert versions(table) == [1, 2, 3]
    assert reports.send(table, sending(period, content(1), 2), ON_TIME).number == 3
    assert reports.send(table, sending(period, content(2), 1), ON_TIME).number == 2
    assert versions(table) == [1, 2, 3]


def test_the_same_content_again_is_no_correction(table: Table, period: Period) -> None:
    first = reports.send(table, sending(period, content(1)), ON_TIME)
    again = reports.send(table, sending(period, content(1), 1), ON_TIME + timedelta(hours=1))
    assert again == first
    assert versions(table) == [1]


def test_another_content_on_the_same_base_is_a_clash(table: Table, period: Period) -> None:
    first = reports.send(table, sending(period, content(1)), ON_TIME)
    with pytest.raises(Clash) as clash:
        reports.send(table, sending(period, content(2)), ON_TIME)
    assert clash.value.newest == first
    assert versions(table) == [1]


def test_a_clash_names_what_stands_now(table: Table, period: Period) -> None:
    reports.send(table, sending(period, content(1)), ON_TIME)
    second = reports.send(table, sending(period, content(2), 1), ON_TIME)
    with pytest.raises(Clash) as clash:
        reports.send(table, sending(period, content(3), 1), ON_TIME)
    assert clash.value.newest == second
    assert versions(table) == [1, 2]


@pytest.mark.guards("two phones", "answering the other one's receipt")
def test_of_two_phones_at_one_moment_one_clashes(table: Table, period: Period) -> None:
    for number in range(10):
        unit = f"T{number}"

        def tap(place: int, unit: str = unit) -> object:
            try:
                return reports.send(table, sending(period, content(place), unit=unit), ON_TIME)
            except Clash as clash:
                return clash

        found = parallel(4, tap)
        sent = [one for one in found if isinstance(one, Version)]
        clashes = [one.newest for one in found if isinstance(one, Clash)]
        assert len(sent) == 1
        assert clashes == sent * 3
        assert versions(table, unit) == [1]


def test_a_phone_overtaken_between_reading_and_writing_clashes(
    table: Table, period: Period
) -> None:
    def overtake() -> None:
        reports.send(table, sending(period, content(2)), ON_TIME)

    with pytest.raises(Clash):
        reports.send(Between(table, before=overtake), sending(period, content(1)), ON_TIME)
    head = reports.head(table, P, K, U)
    assert head is not None
    assert head.hash == content(2).hash()
    assert versions(table) == [1]


def test_a_base_that_was_never_there_is_no_base(table: Table, period: Period) -> None:
    reports.send(table, sending(period, content(1)), ON_TIME)
    with pytest.raises(Clash):
        reports.send(table, sending(period, content(2), 7), ON_TIME)
    assert versions(table) == [1]


@pytest.mark.guards("a moved lock", "no check of the period ✓")
def test_a_period_that_moved_meanwhile_is_refused(table: Table, period: Period) -> None:
    moved = period.model_copy(update={"locks": period.locks - timedelta(days=30)})

    def move() -> None:
        programmes.keep_periods(table, P, [moved])

    with pytest.raises(Refused) as refused:
        reports.send(Between(table, before=move), sending(period, content()), ON_TIME)
    assert refused.value.reason == "period_changed"
    assert versions(table) == []
    assert reports.head(table, P, K, U) is None


def test_a_duplicate_after_the_period_moved_still_gets_its_receipt(
    table: Table, period: Period
) -> None:
    first = reports.send(table, sending(period, content()), ON_TIME)
    moved = period.model_copy(update={"locks": period.locks - timedelta(days=30)})
    programmes.keep_periods(table, P, [moved])
    assert reports.send(table, sending(period, content()), ON_TIME) == first


def test_a_duplicate_after_the_lock_still_gets_its_receipt(table: Table, period: Period) -> None:
    first = reports.send(table, sending(period, content()), ON_TIME)
    later = period.locks + timedelta(days=1)
    assert reports.send(table, sending(period, content()), later) == first


def test_a_duplicate_of_an_accepted_report_still_gets_its_receipt(
    table: Table, period: Period
) -> None:
    first = reports.send(table, sending(period, content()), ON_TIME)
    officer.move(table, P, K, U, "accept")
    assert reports.send(table, sending(period, content()), ON_TIME) == first
    with pytest.raises(Refused, match="submit_from_accepted"):
        reports.send(table, sending(period, content(2), 1), ON_TIME)
    assert versions(table) == [1]


@pytest.mark.parametrize(
    ("days", "reason"), [(-100, "not_open_yet"), (30, "locked")], ids=["early", "late"]
)
def test_a_first_report_outside_its_period_is_refused(
    table: Table, period: Period, days: int, reason: str
) -> None:
    with pytest.raises(Refused, match=reason):
        reports.send(table, sending(period, content()), period.due + timedelta(days=days))
    assert versions(table) == []


def test_a_correction_without_a_reason_is_refused(table: Table, period: Period) -> None:
    reports.send(table, sending(period, content(1)), ON_TIME)
    with pytest.raises(Refused, match="no_reason"):
        reports.send(table, sending(period, content(2), 1, reason=""), ON_TIME)
    assert versions(table) == [1]


@pytest.mark.guards("sent once", "a version or head that expects anything ✓")
def test_one_write_holds_version_head_texts_and_the_check_of_the_period(
    table: Table, period: Period
) -> None:
    seen: list[tuple[Change, ...]] = []

    class Watched(Between):
        def write(self, *changes: Change) -> None:
            seen.append(changes)
            super().write(*changes)

    reports.send(Watched(table), sending(period, content()), ON_TIME)
    ((version, head, texts, check, terms),) = seen
    assert (version.key, version.expects) == (keys.version(P, K, U, 1), 0)
    assert (head.key, head.expects) == (keys.head(P, K, U), 0)
    assert texts.key == keys.texts(P, K, U)
    assert check == Check(keys.period(P, K), period.revision)
    assert terms == Check(keys.terms(P, K, U), 0)


def test_a_send_that_always_loses_asks_to_try_again(table: Table, period: Period) -> None:
    class Losing(Between):
        def write(self, *changes: Change) -> None:
            raise Conflict(changes[1].key)

    with pytest.raises(Refused, match="try_again"):
        reports.send(Losing(table), sending(period, content()), ON_TIME)
    assert versions(table) == []


def returned(table: Table, period: Period, due: datetime | None = None) -> None:
    reports.send(table, sending(period, content(1)), ON_TIME)
    officer.move(table, P, K, U, "return", due)


def test_a_returned_report_is_sent_again_even_unchanged(table: Table, period: Period) -> None:
    returned(table, period)
    again = reports.send(table, sending(period, content(1), 1), ON_TIME + timedelta(days=1))
    assert again.number == 2
    assert reports.send(table, sending(period, content(1), 1), ON_TIME).number == 2
    assert versions(table) == [1, 2]
    head = reports.head(table, P, K, U)
    assert head is not None
    assert (head.state, head.first_sent) == ("submitted", ON_TIME)


def test_back_and_again_after_a_return_is_the_first_receipt_and_no_answer(
    table: Table, period: Period
) -> None:
    returned(table, period)
    assert reports.send(table, sending(period, content(1)), ON_TIME).number == 1
    head = reports.head(table, P, K, U)
    assert head is not None
    assert head.state == "returned"


def test_an_answer_to_a_return_outlives_the_lock(table: Table, period: Period) -> None:
    returned(table, period, period.locks + timedelta(days=5))
    sent = reports.send(table, sending(period, content(2), 1), period.locks + timedelta(days=4))
    assert (sent.number, sent.late, sent.after_due) == (2, False, False)


def test_an_answer_after_the_returns_own_date_is_marked(table: Table, period: Period) -> None:
    returned(table, period, period.locks + timedelta(days=5))
    sent = reports.send(table, sending(period, content(2), 1), period.locks + timedelta(days=6))
    assert (sent.late, sent.after_due) == (False, True)


def test_the_returns_date_is_kept_with_the_head_until_it_is_answered(
    table: Table, period: Period
) -> None:
    due = period.locks + timedelta(days=5)
    returned(table, period, due)
    head = reports.head(table, P, K, U)
    assert head is not None
    assert (head.state, head.return_due) == ("returned", due)
    reports.send(table, sending(period, content(2), 1), ON_TIME)
    head = reports.head(table, P, K, U)
    assert head is not None
    assert head.return_due is None


def test_lateness_is_judged_once(table: Table, period: Period) -> None:
    late = period.due + timedelta(minutes=1)
    first = reports.send(table, sending(period, content(1)), late)
    assert (first.late, first.after_due) == (True, False)
    second = reports.send(table, sending(period, content(2), 1), late + timedelta(minutes=1))
    assert (second.late, second.after_due) == (True, True)
    head = reports.head(table, P, K, U)
    assert head is not None
    assert head.late


@pytest.mark.parametrize("name", ["accept", "return", "reopen"])
def test_a_missing_report_can_not_be_moved(table: Table, name: Any) -> None:
    with pytest.raises(Refused, match=f"{name}_from_missing"):
        officer.move(table, P, K, U, name)
    assert list(table.everything()) == []


def test_a_refused_move_changes_nothing(table: Table, period: Period) -> None:
    reports.send(table, sending(period, content()), ON_TIME)
    before = reports.head(table, P, K, U)
    with pytest.raises(Refused, match="reopen_from_submitted"):
        officer.move(table, P, K, U, "reopen")
    assert reports.head(table, P, K, U) == before


def test_a_move_gives_the_head_as_it_is_kept(table: Table, period: Period) -> None:
    reports.send(table, sending(period, content()), ON_TIME)
    assert officer.move(table, P, K, U, "accept") == reports.head(table, P, K, U)
    assert officer.move(table, P, K, U, "reopen") == reports.head(table, P, K, U)


def test_a_correction_and_a_return_at_one_moment_keep_both_rules(
    table: Table, period: Period
) -> None:
    """The officer returns what he saw; a correction that came between is what is returned."""
    reports.send(table, sending(period, content(1)), ON_TIME)

    def correct() -> None:
        reports.send(table, sending(period, content(2), 1), ON_TIME)

    head = officer.move(Between(table, before=correct), P, K, U, "return")
    assert (head.state, head.version, head.hash) == ("returned", 2, content(2).hash())
    assert reports.head(table, P, K, U) == head


def test_of_officers_who_accept_at_one_moment_one_does(table: Table, period: Period) -> None:
    reports.send(table, sending(period, content(1)), ON_TIME)

    def accept(_: int) -> bool:
        try:
            officer.move(table, P, K, U, "accept")
        except Refused:
            return False
        return True

    assert sum(map(bool, parallel(6, accept))) == 1


def test_nothing_of_a_report_expires_but_its_draft(table: Table, period: Period) -> None:
    drafts.keep(table, Place(P, period, U, 0, 1, dict, dict), Posted({"i1": "1"}, 0, ON_TIME))
    reports.send(table, sending(period, content()), ON_TIME)
    summaries.keep_summary(table, P, K, Kept(ON_TIME, "print", {}, {}))
    expiring = [item.key for item in table.everything() if item.expires is not None]
    assert expiring == [keys.draft(P, K, U)]


def test_a_version_never_changes_once_it_is_sent(table: Table, period: Period) -> None:
    reports.send(table, sending(period, content(1)), ON_TIME)
    before = table.get(keys.version(P, K, U, 1))
    reports.send(table, sending(period, content(2), 1), ON_TIME)
    for name in ("accept", "reopen"):
        move: Any = name
        officer.move(table, P, K, U, move)
    reports.send(table, sending(period, content(3), 2), ON_TIME)
    assert table.get(keys.version(P, K, U, 1)) == before


def test_senders_and_movers_at_once_lose_no_version(table: Table, period: Period) -> None:
    """Each thread corrects on what it last saw; numbers have no gap and every hash is its own."""
    stopped = threading.Event()

    def work(place: int) -> int:
        sent = 0
        for turn in range(15):
            if stopped.is_set():
                break
            head = reports.head(table, P, K, U)
            base = head.version if head else 0
            mine = sending(period, content(1000 * place + turn + 1), base, reason="Bổ sung")
            try:  # each turn in an hour of its own: no unit sends more often than it may
                reports.send(table, mine, ON_TIME + turn * 2 * HOUR)
            except (Clash, Refused):
                continue
            sent += 1
        return sent

    acknowledged = sum(int(str(one)) for one in parallel(4, work))
    found = reports.versions(table, P, K, U)
    assert [version.number for version in found] == list(range(1, acknowledged + 1))
    assert len({version.hash for version in found}) == acknowledged
    head = reports.head(table, P, K, U)
    assert head is not None
    assert (head.version, head.hash) == (acknowledged, found[-1].hash)
    assert texts(table)[U][0] == acknowledged


# ------------------------------------------------------------------ at most twenty an hour


@pytest.mark.guards(
    "twenty sends an hour",
    "no bound ✓",
    "judged before a double tap is known ✓",
    "officers counted ✓",
    "a minute told that has begun too early ✓ (the last)",
)
def test_a_unit_that_has_sent_twenty_times_in_an_hour_waits_for_the_first_to_be_that_old(
    table: Table, period: Period
) -> None:
    for base in range(20):
        reports.send(table, sending(period, content(base), base), ON_TIME + base * MINUTE)
    assert reports.may_send_from(table, P, head(table), ON_TIME + 20 * MINUTE) == ON_TIME + HOUR
    for at in (ON_TIME + 20 * MINUTE, ON_TIME + HOUR - MINUTE):
        with pytest.raises(Refused, match="sent_often"):
            reports.send(table, sending(period, content(20), 20), at)
    assert versions(table) == list(range(1, 21))
    reports.send(table, sending(period, content(20), 20), ON_TIME + HOUR)
    with pytest.raises(Refused, match="sent_often"):
        reports.send(table, sending(period, content(21), 21), ON_TIME + HOUR)
    reports.send(table, sending(period, content(21), 21), ON_TIME + HOUR + MINUTE)
    assert versions(table) == list(range(1, 23))


@pytest.mark.guards("twenty sends an hour")
def test_a_double_tap_of_the_twentieth_send_is_answered_as_kept(
    table: Table, period: Period
) -> None:
    for base in range(20):
        kept = reports.send(table, sending(period, content(base), base), ON_TIME)
    assert reports.send(table, sending(period, content(19), 19), ON_TIME) == kept
    assert reports.send(table, sending(period, content(19), 20), ON_TIME) == kept


@pytest.mark.guards("twenty sends an hour")
def test_units_and_officers_are_not_counted_with_one_another(table: Table, period: Period) -> None:
    for base in range(20):
        reports.send(table, sending(period, content(base), base), ON_TIME)
    reports.send(table, sending(period, content(1), unit="T02"), ON_TIME)
    officer.move(table, P, K, U, "return")
    paper = sending(period, content(20), 20, actor="can.bo@so.example", entered=ON_TIME)
    assert reports.send(table, paper, ON_TIME).number == 21


def head(table: Table) -> Head:
    found = reports.head(table, P, K, U)
    assert found is not None
    return found
