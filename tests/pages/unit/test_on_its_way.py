"""While a send is on its way: at every one of its table calls the lock moves, the link ends,
another phone sends, the SDK tries again; and the clock stands at the deadline."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from chalicelib.store import acts, keys, links
from infra.visitor import Visitor
from tests.faulty import busy
from tests.independent import Raw, assert_equal, independent
from tests.sizes import Figure
from tests.world import BY, KEY, K, P, Phone, Start, World, form_of, plain

MOMENT = timedelta(milliseconds=1)
DUE = datetime(2026, 12, 17, 16, 59, 59, tzinfo=UTC)
LOCKS = datetime(2026, 12, 21, 16, 59, 59, tzinfo=UTC)
VIETNAM = timezone(timedelta(hours=7))


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Start:
    return Start(tmp_path_factory.mktemp("start"))


@pytest.fixture
def make(start: Start) -> Iterator[Callable[[], World]]:
    """Worlds that begin alike."""
    made: list[World] = []

    def another() -> World:
        made.append(World(start.fresh()))
        return made[-1]

    yield another
    for world in made:
        world.close()


@pytest.fixture
def world(make: Callable[[], World]) -> World:
    return make()


def first(world: World) -> tuple[Phone, dict[str, str]]:
    phone = world.phone("T01")
    return phone, world.ready(phone, 1)


def correction(world: World) -> tuple[Phone, dict[str, str]]:
    phone, check = first(world)
    assert world.send(phone, check).status == 303
    return phone, world.ready(phone, 2)


def answer_to_a_return(world: World) -> tuple[Phone, dict[str, str]]:
    phone, check = first(world)
    assert world.send(phone, check).status == 303
    world.move("T01", "return", world.now + timedelta(days=1))
    return phone, world.ready(phone, 2)


STAGES = (first, correction, answer_to_a_return)
stages = pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.__name__)
Stage = Callable[[World], tuple[Phone, dict[str, str]]]


def calls_of(world: World, act: Callable[[], object]) -> list[str]:
    world.calls.arm(-1, "before")
    act()
    return world.calls.made


def every_place(make: Callable[[], World], stage: Stage) -> Iterator[tuple[World, int, str]]:
    """A new world for each moment before and after each table call of this send."""
    world = make()
    phone, check = stage(world)
    made = calls_of(world, lambda: world.send(phone, check))
    assert [call for call in made if call.startswith("write")] == [made[-1]]
    for call in range(len(made)):
        for when in ("before", "after"):
            yield make(), call, when


@pytest.mark.guards("the lock moves at any call of a send", "no check of the period ✓ (the first)")
@stages
def test_a_lock_that_moves_at_any_moment_of_a_send_is_kept(
    make: Callable[[], World], stage: Stage, figure: Figure
) -> None:
    """World judges each commit against the lock that stands at that moment."""
    ended = []
    for world, call, when in every_place(make, stage):
        phone, check = stage(world)
        before = len(world.versions("T01"))
        world.calls.arm(call, when, lambda w=world: w.move_lock(w.now - MOMENT))  # type: ignore[misc]
        sent = world.send(phone, check)
        assert world.calls.disarm()
        again = world.send(phone, check)
        if sent.status == 303:
            assert len(world.versions("T01")) == before + 1
            assert again == sent
        elif stage is answer_to_a_return:  # it outlives the lock, but not a change under way
            assert "vừa điều chỉnh kỳ báo cáo" in plain(sent.page)
            assert again.status == 303
        else:
            assert len(world.versions("T01")) == before
            assert "khóa" in plain(again.page)
        ended.append(sent.status)
        world.audit()
    assert 303 in ended  # after the write
    assert 409 in ended
    figure("moments", len(ended), "sent", ended.count(303), "refused", ended.count(409))


@pytest.mark.guards("the lock moves at any call of a send")
@stages
def test_a_lock_put_off_while_a_send_is_on_its_way_costs_one_tap(
    make: Callable[[], World], stage: Stage
) -> None:
    for world, call, when in every_place(make, stage):
        phone, check = stage(world)
        world.now = LOCKS - MOMENT
        world.calls.arm(call, when, lambda w=world: w.move_lock(LOCKS + timedelta(days=9)))  # type: ignore[misc]
        sent = world.send(phone, check)
        assert sent.status in (303, 409)
        world.now = LOCKS + timedelta(days=8)
        again = world.send(phone, check)
        assert again.status == 303
        assert sent.status == 409 or again == sent
        world.audit()


@pytest.mark.guards("the link ends at any call of a send", "no check of the session ✓")
@stages
@pytest.mark.parametrize("reissued", [False, True], ids=["revoked", "reissued"])
def test_a_link_that_ends_at_any_moment_of_a_send_ends_the_send(
    make: Callable[[], World], stage: Stage, reissued: bool
) -> None:
    """World judges that the session still stands when the version is committed."""
    ended = []
    for world, call, when in every_place(make, stage):
        phone, check = stage(world)
        before = len(world.versions("T01"))

        def end(world: World = world) -> None:
            links.revoke(world.plain.table, P, "T01")
            if reissued:
                links.reissue_link(world.plain.table, KEY, P, "T01")

        world.calls.arm(call, when, end)
        sent = world.send(phone, check)
        assert world.calls.disarm()
        ended.append(sent.status)
        assert len(world.versions("T01")) == before + (sent.status == 303)
        assert world.send(phone, check).status == 401
        world.enter(phone)
        assert world.send(phone, check).status == 403  # the page is of the session that ended
        fresh = world.ready(phone, 3)
        assert world.send(phone, fresh).status == 303
        world.audit()
    assert set(ended) == {303, 401, 409}


@pytest.mark.guards("another phone sends at any call", "version and head that expect anything ✓")
@stages
def test_another_phone_that_sends_at_any_moment_is_seen(
    make: Callable[[], World], stage: Stage
) -> None:
    ended = []
    for world, call, when in every_place(make, stage):
        phone, check = stage(world)
        other = world.phone("T01")
        theirs = {**check, "i1": "4", "csrf": world.ready(other, 4)["csrf"]}
        theirs |= {k: v for k, v in other.checks[-1].items() if k not in ("csrf", "base")}
        world.calls.arm(call, when, lambda w=world, o=other, t=theirs: w.send(o, t))  # type: ignore[misc]
        sent = world.send(phone, check)
        assert world.calls.disarm()
        newest = world.versions("T01")[-1]
        assert newest == (int(check["i1"]) if sent.status == 303 else 4)
        assert sent.status == 303 or "Trần Thị Mẫu" in plain(sent.page)
        ended.append(sent.status)
        world.audit()
    assert set(ended) == {303, 409}


@pytest.mark.guards(
    "any call fails, or its answer is lost", "the form’s token left out ✓ (the first)"
)
@stages
def test_a_send_whose_call_fails_at_any_moment_ends_at_the_next_tap(
    make: Callable[[], World], stage: Stage, figure: Figure
) -> None:
    """Busy before the call, or after it was done, its answer lost; for reads and for the write."""
    places = 0
    for world, call, when in every_place(make, stage):
        phone, check = stage(world)
        before = len(world.versions("T01"))
        world.calls.arm(call, when, busy)  # type: ignore[arg-type]
        assert world.send(phone, check).status == 503
        assert world.calls.disarm()
        assert phone.unanswered is not None
        sent = world.tap_again(phone)
        assert (sent.status, sent.receipt) == (303, before + 1)
        world.audit()
        places += 1
    figure("moments", places, "receipts at the next tap", places)


@pytest.mark.guards(
    "the SDK makes a call twice",
    "a session’s own token taken for a clash ✓ (`…lets_a_unit_in`)",
    "a saving not compared ✓",
    "a conflict not read again ✓ (the first)",
)
@stages
def test_the_sdks_second_try_of_any_call_of_a_send_is_no_clash(
    make: Callable[[], World], stage: Stage
) -> None:
    for world, call, when in every_place(make, stage):
        if when == "before":
            phone, check = stage(world)
            world.calls.arm(call, "again")
            sent = world.send(phone, check)
            assert (sent.status, sent.receipt) == (303, len(world.versions("T01")))
            world.audit()


def made_twice(world: World, act: Callable[[], object], what: str) -> None:
    """The act, its write of `what` made twice as by an SDK that heard no answer to the first."""
    made = calls_of(world, act)
    writes = [call for call, name in enumerate(made) if name.startswith(f"write {what}")]
    assert writes
    for call in writes:
        world.calls.arm(call, "again")
        act()
        assert world.calls.disarm()


@pytest.mark.guards("the SDK makes a call twice")
def test_the_sdks_second_try_lets_a_unit_in(world: World) -> None:
    phone = world.phone("T01")

    def goes_on() -> None:
        assert world.enter(phone).status == 303
        assert phone.visitor.get("/report").status == 200

    made_twice(world, goes_on, "TOKEN")

    def enters() -> None:
        phone.visitor.cookies.clear()
        goes_on()

    made_twice(world, enters, "TOKEN")

    def reissues() -> None:
        enters()
        links.reissue_link(world.table, KEY, P, "T01")

    made_twice(world, reissues, "TOKEN")
    enters()


@pytest.mark.guards("the SDK makes a call twice")
def test_the_sdks_second_try_of_a_saving_is_no_clash(world: World) -> None:
    phone = world.phone("T01")
    typed = iter(range(1, 99))

    def saves(do: str) -> None:
        page = world.open_form(phone)
        assert page is not None
        reply = world.save(phone, page, next(typed), do)
        assert reply is not None
        assert reply.status == 303

    def autosaves() -> None:
        page = world.open_form(phone)
        assert page is not None
        reply = world.autosave(phone, page, world.autosaving(page, next(typed)))
        assert reply is not None
        assert reply.status == 200
        stands = world.plain.table.get(keys.draft(P, K, "T01"))
        assert stands is not None
        assert page.fields["draft"] == str(stands.version)

    autosaves()
    made_twice(world, autosaves, "DRAFT")
    made_twice(world, lambda: saves("save"), "DRAFT")
    made_twice(world, lambda: saves("check"), "DRAFT")


@pytest.mark.guards("the SDK makes a call twice")
def test_the_sdks_second_try_of_an_officers_move_finds_it_done(world: World) -> None:
    """What it meets is its own act, which is on record once."""
    phone, check = first(world)
    world.send(phone, check)
    for move, state in (("accept", "accepted"), ("reopen", "reopened"), ("accept", "accepted")):
        world.calls.arm(1, "again")
        world.move("T01", move)
        assert world.states["T01"]["state"] == state
    verbs = sorted(act.verb for act in acts.events(world.plain.table, P, K, "T01"))
    assert verbs == ["accept", "accept", "reopen"]
    world.audit()


@pytest.mark.guards("the SDK makes a call twice")
def test_the_sdks_second_try_of_a_summary_is_whole(world: World) -> None:
    phone, check = first(world)
    world.summarise()
    world.send(phone, check)
    made = calls_of(world, world.summarise)
    world.send(phone, world.ready(phone, 2))
    world.calls.arm(made.index("write SUMMARY"), "again")
    world.summarise()
    assert world.calls.disarm()
    assert_equal(world.document(), independent(Raw.of_table(world.plain.table), P, K))
    assert world.plain.table.get(keys.summary(P, K)).version == 3  # type: ignore[union-attr]


@pytest.mark.guards("Back after everything", "only the newest version recognised ✓")
def test_back_after_everything(world: World) -> None:
    """After each move every page that was ever sent is sent again, and changes nothing."""
    phone = world.phone("T01")
    sent: list[tuple[dict[str, str], int]] = []

    def all_again() -> None:
        stands = list(world.plain.table.query(f"PERIOD#{P}#{K}"))
        count = len(world.versions("T01"))
        for check, receipt in sent:
            again = world.send(phone, check)
            assert (again.status, again.receipt) == (303, receipt)
        assert len(world.versions("T01")) == count
        assert list(world.plain.table.query(f"PERIOD#{P}#{K}")) == stands

    def send(number: int) -> None:
        check = world.ready(phone, number)
        ended = world.send(phone, check)
        assert ended.status == 303
        sent.append((check, ended.receipt))
        all_again()

    send(1)
    send(2)
    send(1)
    for moves, number in ((["accept"], 0), (["reopen"], 3), (["return"], 4)):
        for move in moves:
            world.move("T01", move)
            all_again()
        if number:
            send(number)
    world.restart()
    all_again()
    world.now = LOCKS + timedelta(days=5)
    all_again()
    world.move_lock(LOCKS - timedelta(days=9))
    all_again()
    world.move("T01", "return")
    all_again()
    send(5)
    world.summarise()
    all_again()
    assert [receipt for _, receipt in sent] == [1, 2, 3, 4, 5, 6]
    world.audit()


# ------------------------------------------------------------------ the clock


@pytest.mark.guards(
    "server time to the millisecond",
    "`>=` for `>` ✓, days of UTC ✓ (the first)",
    "the lock one instant early ✓ (the second)",
)
@pytest.mark.parametrize(
    ("now", "late"),
    [
        (DUE - MOMENT, False),
        (DUE, False),
        (DUE + MOMENT, True),
        (datetime(2026, 12, 16, 23, 59, 59, 999_000, tzinfo=UTC), False),  # 06:59 on the 17th
        (datetime(2026, 12, 17, tzinfo=UTC), False),  # midnight UTC is 07:00 of the due day
        (datetime(2026, 12, 17, 17, tzinfo=UTC), True),  # midnight in Việt Nam: the 18th
        (datetime(2026, 12, 18, tzinfo=UTC), True),
        (LOCKS - MOMENT, True),
        (LOCKS, True),
    ],
    ids=str,
)
def test_lateness_is_the_servers_clock_to_the_millisecond(
    world: World, now: datetime, late: bool
) -> None:
    phone = world.phone("T01")
    world.now = now
    check = world.ready(phone, 1)
    assert world.send(phone, check).status == 303
    (version,) = world.plain.table.query(f"REPORT#{P}#{K}#T01", "VERSION#")
    assert version.body["late"] is late
    assert datetime.fromisoformat(str(version.body["sent"])) == now
    page = plain(phone.visitor.get(f"/report/{K}/receipt/1").body.decode())
    assert ("Gửi trễ hạn" in page) is late
    assert ("Đúng hạn" in page) is not late
    assert f"{now.astimezone(VIETNAM):%d/%m/%Y}" in page
    world.audit()


@pytest.mark.guards("server time to the millisecond")
@pytest.mark.parametrize(
    ("now", "taken"),
    [(LOCKS - MOMENT, True), (LOCKS, True), (LOCKS + MOMENT, False)],
    ids=["before", "at", "after"],
)
@pytest.mark.parametrize("stage", [first, correction], ids=lambda stage: stage.__name__)
def test_the_lock_is_kept_to_the_millisecond(
    world: World, stage: Stage, now: datetime, taken: bool
) -> None:
    phone, check = stage(world)
    count = len(world.versions("T01"))
    world.now = now
    sent = world.send(phone, check)
    assert (sent.status == 303) is taken
    assert len(world.versions("T01")) == count + taken
    assert taken or "khóa" in plain(sent.page)
    world.audit()


@pytest.mark.guards("server time to the millisecond")
@pytest.mark.parametrize(
    ("now", "after"), [(-MOMENT, False), (timedelta(), False), (MOMENT, True)], ids=str
)
def test_an_answer_is_late_only_after_the_returns_own_due_instant(
    world: World, now: timedelta, after: bool
) -> None:
    phone, check = first(world)
    world.send(phone, check)
    due = LOCKS + timedelta(days=3)
    world.move("T01", "return", due)
    world.now = due + now
    world.enter(phone)
    assert world.send(phone, world.ready(phone, 2)).status == 303
    *_, version = world.plain.table.query(f"REPORT#{P}#{K}#T01", "VERSION#")
    assert (version.body["late"], version.body["after_due"]) == (False, after)
    world.audit()


@pytest.mark.guards("the phone's clock is not read", "a `Date` header taken ✓")
def test_a_clock_of_the_phones_changes_nothing(world: World) -> None:
    """Fields that name a time are no fields of the form, and headers are not read."""
    phone, check = first(world)
    world.now = DUE + MOMENT
    early = "Thu, 10 Dec 2026 03:00:00 GMT"
    headers = {"Date": early, "X-Amz-Date": "20261210T030000Z", "If-Unmodified-Since": early}
    fields = ("now", "sent", "date", "time", "at", "first_sent", "last_sent", "late", "due")
    forged = dict.fromkeys(fields, "2026-12-10T03:00:00Z")
    visitor: Visitor = phone.visitor
    world.ledger.tries("T01", 1, world.now)
    refused = visitor.sees(visitor.post(f"/report/{K}/send", {**check, **BY, **forged}, **headers))
    assert refused.status == 422
    assert world.versions("T01") == []
    reply = visitor.post(f"/report/{K}/send", {**check, **BY}, **headers)
    assert reply.status == 303
    (version,) = world.plain.table.query(f"REPORT#{P}#{K}#T01", "VERSION#")
    assert version.body["late"] is True
    assert datetime.fromisoformat(str(version.body["sent"])) == world.now
    world.audit()


def test_a_page_opened_in_time_and_sent_late_is_late(world: World) -> None:
    """The instant of the sending counts, not that of the page."""
    world.now = DUE - timedelta(minutes=10)
    phone, check = first(world)
    assert "trễ hạn" not in plain(phone.visitor.get(f"/report/{K}/check").body.decode())
    world.now = DUE + MOMENT
    assert world.send(phone, check).status == 303
    (version,) = world.plain.table.query(f"REPORT#{P}#{K}#T01", "VERSION#")
    assert version.body["late"] is True


def test_a_second_tap_after_the_deadline_keeps_the_first_ones_time(world: World) -> None:
    phone, check = first(world)
    world.now = DUE
    world.calls.arm("write VERSION", "after", busy)
    assert world.send(phone, check).status == 503
    world.now = LOCKS + timedelta(days=1)
    assert world.tap_again(phone).status == 303
    (version,) = world.plain.table.query(f"REPORT#{P}#{K}#T01", "VERSION#")
    assert (version.body["late"], version.body["after_due"]) == (False, False)
    assert datetime.fromisoformat(str(version.body["sent"])) == DUE
    world.audit()


@pytest.mark.guards("any call fails, or its answer is lost")
def test_a_problem_before_the_session_is_read_keeps_the_forms_token(world: World) -> None:
    """The page that can't be made for want of the table still sends itself again."""
    phone, check = first(world)
    world.calls.arm(0, "before", busy)
    reply = phone.visitor.post(f"/report/{K}/send", {**check, **BY})
    assert reply.status == 503
    assert form_of(reply, "")["csrf"] == check["csrf"]
    assert "mở lại đường dẫn" not in plain(reply.body.decode())
