"""What every engine of the three edges must do: Table, Files and Mail, whatever is behind them.

An engine's test file subclasses these and brings the fixtures: `table`; `files` and `fetch`
(a link to the bytes behind it and the name to save them as); `mail` and `sent` (every message
that went out). Each test gets an engine that holds nothing yet.
"""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from chalicelib.edges.ports import Files, Mail, NotSent
from chalicelib.edges.table import (
    ANYTHING,
    LARGEST_ITEM,
    LONGEST_KEY,
    MOST_CHANGES,
    NOTHING,
    Busy,
    Change,
    Check,
    Conflict,
    Delete,
    Item,
    Key,
    Put,
    Table,
)

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
FAR = 4_102_444_800  # the first second of 2100

# Code points whose UTF-8, UTF-16 and alphabetical orders all differ, and signs that a query
# language might take for its own.
ODD = (
    "%",
    "_",
    "'",
    '"',
    "\\",
    "*",
    "#",
    "0",
    "00",
    "A",
    "Z",
    "_x",
    "a",
    "aa",
    "d",
    "e\u0302\u0301",
    "z",
    "\u007f",
    "\u00e9",
    "\u0111",
    "\u1ebf",
    "\u200b",
    "\ud7ff",
    "\ue000",
    "\ufffd",
    "\U0001f600",
    "\U0010ffff",
)


def put(table: Table, partition: str, sort: str, expects: int = NOTHING, **body: str) -> None:
    table.write(Put(Key(partition, sort), body, expects))


def put_many(table: Table, keys: Iterable[Key], **body: str) -> None:
    changes = [Put(key, body, NOTHING) for key in keys]
    for start in range(0, len(changes), MOST_CHANGES):
        table.write(*changes[start : start + MOST_CHANGES])


def version_of(table: Table, key: Key) -> int:
    item = table.get(key)
    return item.version if item else NOTHING


def whole(table: Table) -> dict[Key, Item]:
    return {item.key: item for item in table.everything()}


def parallel(threads: int, work: Callable[[int], object]) -> list[object]:
    """Run work(0), work(1), … at the same moment; their results in order."""
    ready = threading.Barrier(threads)

    def begin(place: int) -> object:
        ready.wait()
        return work(place)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(begin, range(threads)))


class TableContract:
    """Sequential behaviour."""

    def test_an_item_comes_back_as_it_was_put(self, table: Table) -> None:
        body = {"text": "Trường THPT “Ba Tri”\n\t\U0001f600", "empty": "", "zero": 0, "less": -7}
        table.write(Put(Key("P", "s"), body, NOTHING, FAR))
        assert table.get(Key("P", "s")) == Item(Key("P", "s"), 1, body, FAR)

    def test_a_yes_stays_a_yes_and_a_number_a_number(self, table: Table) -> None:
        body = {"yes": True, "no": False, "one": 1, "none": 0, "digits": "1", "word": "true"}
        table.write(Put(Key("P", "s"), {**body, "large": 10**37 + 1}, NOTHING))
        item = table.get(Key("P", "s"))
        assert item is not None
        assert {name: (type(kept), kept) for name, kept in item.body.items()} == {
            **{name: (type(kept), kept) for name, kept in body.items()},
            "large": (int, 10**37 + 1),
        }

    def test_a_body_may_use_any_name(self, table: Table) -> None:
        names = ("pk", "sk", "version", "expires", "body", "key", "ttl", "name", "a.b", "#x", ":y")
        body = {name: f"our own {name}" for name in names} | {"số liệu": "tiếng Việt"}
        table.write(Put(Key("P", "s"), body, NOTHING))
        table.write(Put(Key("P", "s"), body, 1))
        assert table.get(Key("P", "s")) == Item(Key("P", "s"), 2, body, None)

    def test_an_empty_body_is_a_body(self, table: Table) -> None:
        table.write(Put(Key("P", "s"), {}, NOTHING))
        assert table.get(Key("P", "s")) == Item(Key("P", "s"), 1, {}, None)

    def test_nothing_is_found_where_nothing_was_put(self, table: Table) -> None:
        put(table, "P", "s")
        assert table.get(Key("P", "other")) is None
        assert table.get(Key("other", "s")) is None
        assert list(table.query("other")) == []
        assert list(table.query("P", "other")) == []

    def test_versions_are_one_two_three(self, table: Table) -> None:
        key = Key("P", "s")
        for before in range(4):
            table.write(Put(key, {"n": before}, before))
            assert version_of(table, key) == before + 1

    def test_a_put_that_expects_anything_takes_the_next_version(self, table: Table) -> None:
        key = Key("P", "s")
        for after in (1, 2, 3):
            table.write(Put(key, {}, ANYTHING))
            assert version_of(table, key) == after

    def test_a_put_replaces_the_whole_body(self, table: Table) -> None:
        put(table, "P", "s", old="1", both="1")
        put(table, "P", "s", 1, both="2", new="2")
        item = table.get(Key("P", "s"))
        assert item is not None
        assert item.body == {"both": "2", "new": "2"}

    def test_an_item_put_again_after_its_deletion_begins_with_version_one(
        self, table: Table
    ) -> None:
        key = Key("P", "s")
        put(table, "P", "s")
        put(table, "P", "s", 1)
        table.write(Delete(key, 2))
        assert table.get(key) is None
        put(table, "P", "s")
        assert version_of(table, key) == 1

    def test_expiry_is_kept_changed_and_taken_away(self, table: Table) -> None:
        key = Key("P", "s")
        for place, expires in enumerate((FAR, FAR + 1, None, FAR)):
            table.write(Put(key, {}, place, expires))
            item = table.get(key)
            assert item is not None
            assert item.expires == expires
            assert [found.expires for found in table.query("P")] == [expires]

    @pytest.mark.parametrize("expects", [1, 2, 9])
    @pytest.mark.parametrize("kind", [Put, Delete, Check])
    def test_a_version_expected_of_nothing_is_a_conflict(
        self, table: Table, kind: type, expects: int
    ) -> None:
        with pytest.raises(Conflict) as broken:
            table.write(change(kind, Key("P", "s"), expects))
        assert broken.value.key == Key("P", "s")
        assert whole(table) == {}

    @pytest.mark.parametrize("expects", [NOTHING, 1, 3])
    @pytest.mark.parametrize("kind", [Put, Delete, Check])
    def test_another_version_than_expected_is_a_conflict(
        self, table: Table, kind: type, expects: int
    ) -> None:
        put(table, "P", "s", text="first")
        put(table, "P", "s", 1, text="second")
        before = whole(table)
        with pytest.raises(Conflict) as broken:
            table.write(change(kind, Key("P", "s"), expects))
        assert broken.value.key == Key("P", "s")
        assert whole(table) == before

    @pytest.mark.parametrize("expects", [1, ANYTHING])
    def test_a_check_that_holds_changes_nothing(self, table: Table, expects: int) -> None:
        put(table, "P", "s", text="kept")
        before = whole(table)
        table.write(Check(Key("P", "s"), expects))
        assert whole(table) == before

    @pytest.mark.parametrize("expects", [NOTHING, ANYTHING])
    def test_a_check_of_nothing_makes_nothing(self, table: Table, expects: int) -> None:
        table.write(Check(Key("P", "s"), expects))
        assert whole(table) == {}

    @pytest.mark.parametrize("expects", [1, ANYTHING])
    def test_a_deleted_item_is_gone(self, table: Table, expects: int) -> None:
        put(table, "P", "s")
        put(table, "P", "t")
        table.write(Delete(Key("P", "s"), expects))
        assert list(whole(table)) == [Key("P", "t")]

    def test_deleting_what_is_not_there_is_no_fault_where_anything_is_expected(
        self, table: Table
    ) -> None:
        table.write(Delete(Key("P", "s"), ANYTHING))
        assert whole(table) == {}

    def test_a_write_is_all(self, table: Table) -> None:
        put(table, "P", "changed", text="old")
        put(table, "P", "deleted")
        put(table, "Q", "checked")
        table.write(
            Put(Key("P", "changed"), {"text": "new"}, 1),
            Delete(Key("P", "deleted"), 1),
            Put(Key("R", "made"), {}, NOTHING),
            Check(Key("Q", "checked"), 1),
        )
        assert {key: item.version for key, item in whole(table).items()} == {
            Key("P", "changed"): 2,
            Key("Q", "checked"): 1,
            Key("R", "made"): 1,
        }

    @pytest.mark.guards("all or nothing, limits alike", "an engine that applies change by change")
    @pytest.mark.parametrize("place", [0, 1, 2, 3])
    def test_a_write_is_nothing_where_one_expectation_breaks(
        self, table: Table, place: int
    ) -> None:
        put(table, "P", "changed", text="old")
        put(table, "P", "deleted")
        before = whole(table)
        changes: list[Change] = [
            Put(Key("P", "changed"), {"text": "new"}, 1),
            Delete(Key("P", "deleted"), 1),
            Put(Key("R", "made"), {}, NOTHING),
        ]
        changes.insert(place, Check(Key("Q", "moved"), 5))
        with pytest.raises(Conflict) as broken:
            table.write(*changes)
        assert broken.value.key == Key("Q", "moved")
        assert whole(table) == before

    @pytest.mark.guards("all or nothing, limits alike")
    def test_a_conflict_names_the_first_broken_change(self, table: Table) -> None:
        put(table, "P", "b")
        put(table, "P", "c")
        with pytest.raises(Conflict) as broken:
            table.write(
                Put(Key("P", "a"), {}, NOTHING),
                Check(Key("P", "c"), 7),
                Put(Key("P", "b"), {}, NOTHING),
            )
        assert broken.value.key == Key("P", "c")

    def test_after_a_conflict_the_table_goes_on(self, table: Table) -> None:
        put(table, "P", "s")
        for _ in range(3):
            with pytest.raises(Conflict):
                put(table, "P", "s")
        put(table, "P", "s", 1)
        assert version_of(table, Key("P", "s")) == 2

    @pytest.mark.guards(
        "versions go up by one, ends come and go",
        "`expires` not removed ✓",
        "version not raised ✓",
        "no condition ✓",
    )
    @pytest.mark.parametrize("expects", [1, ANYTHING])
    def test_a_put_without_an_end_takes_the_old_one_away(self, table: Table, expects: int) -> None:
        table.write(Put(Key("P", "s"), {"old": 1}, NOTHING, FAR))
        table.write(Put(Key("P", "s"), {"new": 1}, expects))
        assert table.get(Key("P", "s")) == Item(Key("P", "s"), 2, {"new": 1}, None)
        table.write(Put(Key("P", "s"), {"new": 2}, 2 if expects == 1 else ANYTHING, FAR))
        assert table.get(Key("P", "s")) == Item(Key("P", "s"), 3, {"new": 2}, FAR)

    def test_a_query_gives_the_items_that_begin_so_in_byte_order(self, table: Table) -> None:
        put_many(table, (Key("P", sort) for sort in reversed(ODD)))
        in_order = sorted(ODD, key=str.encode)
        assert [item.key.sort for item in table.query("P")] == in_order

    def test_a_prefix_is_taken_letter_by_letter(self, table: Table) -> None:
        """No wildcard, no case, no normal form, no end of the alphabet."""
        sorts = {first + second for first in ODD for second in ("", *ODD)}
        put_many(table, (Key("P", sort) for sort in sorts))
        for prefix in ODD:
            expected = sorted((s for s in sorts if s.startswith(prefix)), key=str.encode)
            assert [item.key.sort for item in table.query("P", prefix)] == expected

    def test_a_prefix_may_be_a_whole_key(self, table: Table) -> None:
        put_many(table, (Key("P", sort) for sort in ("VERSION#0001", "VERSION#0001#x", "VERSION")))
        found = [item.key.sort for item in table.query("P", "VERSION#0001")]
        assert found == ["VERSION#0001", "VERSION#0001#x"]

    def test_a_query_gives_whole_items(self, table: Table) -> None:
        table.write(Put(Key("P", "s"), {"n": 1, "t": "ế"}, NOTHING, FAR))
        assert list(table.query("P", "s")) == [table.get(Key("P", "s"))]

    @pytest.mark.parametrize("partition", ["A", "A#", "A#B", "AB", "a", "%", "_", "Ạ", "A\u0323"])
    def test_a_query_never_leaves_its_partition(self, table: Table, partition: str) -> None:
        """Unit T1 must not see T10's report, nor t1's."""
        partitions = ("A", "A#", "A#B", "AB", "a", "%", "_", "Ạ", "A\u0323")
        put_many(table, (Key(p, s) for p in partitions for s in ("s", "s#1", "#", "t")))
        assert [item.key for item in table.query(partition)] == [
            Key(partition, sort) for sort in ("#", "s", "s#1", "t")
        ]
        found = list(table.query(partition, "s"))
        assert [item.key for item in found] == [Key(partition, "s"), Key(partition, "s#1")]

    @pytest.mark.guards("no silent truncation", "stopping after the first page ✓")
    def test_a_query_goes_on_to_the_last_page(self, table: Table) -> None:
        sorts = [f"REPORT#{number:05}" for number in range(450)]
        put_many(table, (Key("P", sort) for sort in sorts))
        put_many(table, (Key("P", f"OTHER#{number}") for number in range(50)))
        put_many(table, (Key("P", f"Z#{number}") for number in range(50)))
        assert [item.key.sort for item in table.query("P", "REPORT#")] == sorts
        assert len(list(table.query("P"))) == 550

    def test_a_query_goes_on_where_the_items_are_large(self, table: Table) -> None:
        text = "ế" * 70_000  # 210 kB: six of them are more than DynamoDB's page of 1 MB
        for number in range(7):
            put(table, "P", f"s{number}", text=text)
        found = list(table.query("P"))
        assert [item.key.sort for item in found] == [f"s{number}" for number in range(7)]
        assert all(item.body["text"] == text for item in found)

    @pytest.mark.parametrize("count", [199, 200, 201, 400])
    def test_a_query_ends_well_at_a_round_number(self, table: Table, count: int) -> None:
        put_many(table, (Key("P", f"{number:05}") for number in range(count)))
        assert len(list(table.query("P"))) == count
        assert len(list(table.everything())) == count

    def test_what_is_read_may_be_changed_while_reading(self, table: Table) -> None:
        sorts = [f"{number:05}" for number in range(250)]
        put_many(table, (Key("P", sort) for sort in sorts))
        seen = []
        for item in table.query("P"):
            seen.append(item.key.sort)
            table.write(Delete(item.key, item.version))
        assert seen == sorts
        assert list(table.query("P")) == []

    def test_a_query_may_be_left_half_read(self, table: Table) -> None:
        put_many(table, (Key("P", f"{number:05}") for number in range(450)))
        half = iter(table.query("P"))
        assert next(half).key.sort == "00000"
        put(table, "P", "00000", 1)
        assert version_of(table, Key("P", "00000")) == 2

    def test_everything_is_every_item_once(self, table: Table) -> None:
        keys = {Key(f"P{number % 37}", f"s{number}") for number in range(650)}
        put_many(table, keys)
        found = [item.key for item in table.everything()]
        assert len(found) == len(keys)
        assert set(found) == keys

    def test_a_filled_table_is_as_the_other_was(self, table: Table) -> None:
        items = [
            Item(Key(f"P{number % 3}", f"s{number:03}"), number + 1, {"n": number, "t": "ế"}, end)
            for number, end in enumerate([None, FAR] * 40)
        ]
        table.fill(iter(items))
        assert whole(table) == {item.key: item for item in items}
        put(table, "P1", "s001", 2, t="next")
        assert version_of(table, Key("P1", "s001")) == 3

    def test_a_write_of_no_changes_is_refused(self, table: Table) -> None:
        with pytest.raises(ValueError, match="at least one"):
            table.write()

    @pytest.mark.guards("all or nothing, limits alike")
    def test_a_hundred_changes_are_taken_and_one_more_refused(self, table: Table) -> None:
        changes = [Put(Key("P", f"s{number}"), {}, ANYTHING) for number in range(101)]
        with pytest.raises(ValueError, match="100"):
            table.write(*changes)
        assert whole(table) == {}
        table.write(*changes[:100])
        assert len(whole(table)) == 100

    @pytest.mark.parametrize("first", [Put, Delete, Check])
    @pytest.mark.parametrize("second", [Put, Delete, Check])
    def test_a_key_named_twice_is_refused(self, table: Table, first: type, second: type) -> None:
        key = Key("P", "s")
        with pytest.raises(ValueError, match="twice"):
            table.write(
                Put(Key("P", "other"), {}, NOTHING),
                change(first, key, ANYTHING),
                change(second, key, ANYTHING),
            )
        assert whole(table) == {}

    @pytest.mark.parametrize("key", [Key("", "s"), Key("P", ""), Key("", "")])
    @pytest.mark.parametrize("kind", [Put, Delete, Check])
    def test_an_empty_key_is_refused(self, table: Table, kind: type, key: Key) -> None:
        with pytest.raises(ValueError, match="empty"):
            table.write(change(kind, key, ANYTHING))

    @pytest.mark.parametrize("kind", [Put, Delete, Check])
    def test_a_key_longer_than_the_engines_take_is_refused(self, table: Table, kind: type) -> None:
        longest = Key("p" * LONGEST_KEY[0], "ế" * (LONGEST_KEY[1] // 3))
        table.write(Put(longest, {}, NOTHING))
        for key in (Key(longest.partition + "p", "s"), Key("P", longest.sort + "ế")):
            with pytest.raises(ValueError, match="key of"):
                table.write(change(kind, key, ANYTHING))
            assert table.get(key) is None
        assert [item.key for item in table.query(longest.partition)] == [longest]

    @pytest.mark.parametrize("key", [Key("", "s"), Key("P", ""), Key("P", "\ud800")])
    def test_under_a_key_that_can_not_be_nothing_is_found(self, table: Table, key: Key) -> None:
        assert table.get(key) is None

    @pytest.mark.parametrize("where", [("\ud800", ""), ("P", "\ud800"), ("P" * 3000, "")])
    def test_where_no_key_can_be_no_query_finds_anything(
        self, table: Table, where: tuple[str, str]
    ) -> None:
        assert list(table.query(*where)) == []

    @pytest.mark.parametrize("kind", [Put, Delete, Check])
    def test_a_version_below_nothing_is_refused(self, table: Table, kind: type) -> None:
        with pytest.raises(ValueError, match="version"):
            table.write(change(kind, Key("P", "s"), -2))

    @pytest.mark.parametrize(
        "wrong", [1.5, None, ["a"], ("a",), {"a": 1}, b"a", {"a"}, datetime(2026, 1, 1, tzinfo=UTC)]
    )
    def test_only_text_int_and_bool_are_kept(self, table: Table, wrong: object) -> None:
        with pytest.raises(ValueError, match="wrong"):
            table.write(
                Put(Key("P", "good"), {"fine": "x"}, NOTHING),
                Put(Key("P", "s"), {"fine": 1, "wrong": wrong}, NOTHING),  # type: ignore[dict-item]
            )
        assert whole(table) == {}

    def test_half_a_character_is_refused(self, table: Table) -> None:
        with pytest.raises(ValueError, match="surrogate"):
            table.write(Put(Key("P", "s"), {"text": "\ud800"}, NOTHING))
        assert whole(table) == {}

    def test_an_item_of_the_largest_size_is_taken(self, table: Table) -> None:
        text = "ế" * (LARGEST_ITEM // 3 - 10)
        put(table, "P", "s", text=text)
        item = table.get(Key("P", "s"))
        assert item is not None
        assert item.body["text"] == text

    def test_an_item_is_measured_as_it_is_kept(self, table: Table) -> None:
        """Quotes and line ends take two bytes there."""
        with pytest.raises(ValueError, match="bytes"):
            put(table, "P", "s", text='"\n' * (LARGEST_ITEM // 4))
        put(table, "P", "s", text='"\n' * (LARGEST_ITEM // 4 - 10))
        item = table.get(Key("P", "s"))
        assert item is not None
        assert item.body["text"] == '"\n' * (LARGEST_ITEM // 4 - 10)

    def test_a_write_is_measured_whole(self, table: Table) -> None:
        body = {"t": "x" * (LARGEST_ITEM - 100)}
        puts = [Put(Key("P", f"{number:02}"), body, NOTHING) for number in range(11)]
        with pytest.raises(ValueError, match="bytes"):
            table.write(*puts)
        assert whole(table) == {}
        table.write(*puts[:10])
        assert len(whole(table)) == 10

    def test_an_item_is_measured_in_bytes_with_its_key_and_names(self, table: Table) -> None:
        for body in (
            {"t": "x" * LARGEST_ITEM},
            {"t": "ế" * (LARGEST_ITEM // 3)},
            {"n" * LARGEST_ITEM: "x"},
            {f"n{number:05}": "x" * 20 for number in range(LARGEST_ITEM // 25)},
        ):
            with pytest.raises(ValueError, match="bytes"):
                table.write(Put(Key("P", "good"), {}, NOTHING), Put(Key("P", "s"), body, NOTHING))
        assert whole(table) == {}


def change(kind: type, key: Key, expects: int) -> Change:
    return Put(key, {}, expects) if kind is Put else kind(key, expects)


class TableRaces:
    """Many threads on one table: run only on an engine that is a judge of races."""

    def test_threads_that_count_lose_nothing(self, table: Table) -> None:
        key, threads, times = Key("P", "counter"), 8, 30

        def add_one() -> None:
            while True:
                item = table.get(key)
                total = int(item.body["n"]) if item else 0
                try:
                    table.write(Put(key, {"n": total + 1}, item.version if item else NOTHING))
                except (Conflict, Busy):
                    continue
                return

        parallel(threads, lambda _: [add_one() for _ in range(times)])
        item = table.get(key)
        assert item is not None
        assert (item.body["n"], item.version) == (threads * times, threads * times)

    @pytest.mark.guards("races", "reading before the write lock ✓")
    def test_of_many_that_expect_nothing_one_wins(self, table: Table) -> None:
        def claim(place: int) -> bool:
            try:
                table.write(Put(Key("P", "s"), {"n": place}, NOTHING))
            except Conflict:
                return False
            return True

        won = parallel(12, claim)
        item = table.get(Key("P", "s"))
        assert item is not None
        assert [place for place, mine in enumerate(won) if mine] == [item.body["n"]]

    def test_two_items_that_change_together_never_part(self, table: Table) -> None:
        keys = Key("P", "head"), Key("Q", "text")

        def send(place: int) -> None:
            for turn in range(12):
                while True:
                    head = table.get(keys[0])
                    try:
                        table.write(
                            Put(keys[0], {"by": place, "turn": turn}, head.version if head else 0),
                            Put(keys[1], {"by": place, "turn": turn}, ANYTHING),
                        )
                    except (Conflict, Busy):
                        continue
                    break

        parallel(6, send)
        head, text = (table.get(key) for key in keys)
        assert head is not None
        assert text is not None
        assert (head.version, text.version) == (72, 72)
        assert head.body == text.body

    def test_readers_are_not_disturbed_by_writers(self, table: Table) -> None:
        put_many(table, (Key("P", f"{number:04}") for number in range(300)))

        def work(place: int) -> int:
            if place % 2:
                for number in range(0, 300, 3):
                    table.write(Put(Key("P", f"{number:04}"), {"by": place}, ANYTHING))
                return 300
            return min(len(list(table.query("P"))) for _ in range(10))

        assert set(parallel(6, work)) == {300}


class FilesContract:
    def test_a_file_is_read_as_it_was_written(self, files: Files) -> None:
        content = bytes(range(256)) * 20_000
        files.write("summaries/p/2026-Q4/abc.xlsx", content)
        assert files.read("summaries/p/2026-Q4/abc.xlsx") == content

    def test_an_empty_file_is_a_file(self, files: Files) -> None:
        files.write("empty.csv", b"")
        assert files.read("empty.csv") == b""

    def test_what_was_not_written_is_not_read(self, files: Files) -> None:
        files.write("a/b/c.json", b"{}")
        assert files.has("a/b/c.json")
        for name in ("a", "a/b", "a/b/c", "a/b/d.json", "c.json", "b/c.json"):
            assert files.read(name) is None
            assert not files.has(name)

    def test_the_same_name_again_replaces_the_whole_file(self, files: Files) -> None:
        files.write("a.json", b"a long first text")
        files.write("a.json", b"short")
        assert files.read("a.json") == b"short"

    def test_names_that_look_alike_are_different_files(self, files: Files) -> None:
        names = ("a.json", "a.json.json", "A.csv", "a/a.json", "a-a.json", "2026-9M/x_1.csv")
        for name in names:
            files.write(name, name.encode())
        assert {name: files.read(name) for name in names} == {n: n.encode() for n in names}

    def test_writers_of_one_name_leave_one_whole_file(self, files: Files) -> None:
        contents = [bytes([place]) * 200_000 for place in range(8)]
        parallel(8, lambda place: files.write("same.json", contents[place]))
        assert files.read("same.json") in contents

    def test_an_ended_file_is_there_until_it_goes_and_may_come_back(self, files: Files) -> None:
        files.write("summaries/p/2026-Q4/a.json", b"{}")
        files.end("summaries/p/2026-Q4/a.json")
        assert files.read("summaries/p/2026-Q4/a.json") == b"{}"
        files.write("summaries/p/2026-Q4/a.json", b"[]")
        assert files.read("summaries/p/2026-Q4/a.json") == b"[]"

    def test_a_link_gives_the_file_under_the_name_to_save_it_as(
        self, files: Files, fetch: Callable[[str], tuple[bytes, str]]
    ) -> None:
        files.write("summaries/p/2026-Q4/abc.csv", "số liệu".encode())
        link = files.link("summaries/p/2026-Q4/abc.csv", "tong-hop-quy-iv-nam-2026.csv", NOW)
        assert fetch(link) == ("số liệu".encode(), "tong-hop-quy-iv-nam-2026.csv")

    def test_a_link_is_one_url_without_blanks(self, files: Files) -> None:
        link = files.link("summaries/p/2026-Q4/abc.csv", "tong-hop.csv", NOW)
        assert link.startswith(("http://", "https://"))
        assert link.isascii()
        assert link.split() == [link]


class MailContract:
    def test_a_mail_says_what_was_written(
        self, mail: Mail, sent: Callable[[], list[EmailMessage]]
    ) -> None:
        text = "Kính gửi quý đơn vị,\n\nMã: 012345\n“Đồng Khởi mới” – 5 %\n"
        mail.send("giamdoc@vinhlong.example", "Mã đăng nhập Báo cáo: 012345", text, NOW)
        (message,) = sent()
        assert message["To"] == "giamdoc@vinhlong.example"
        assert message["Subject"] == "Mã đăng nhập Báo cáo: 012345"
        assert body(message) == text

    def test_a_long_link_stays_in_one_piece(
        self, mail: Mail, sent: Callable[[], list[EmailMessage]]
    ) -> None:
        link = "https://baocao.example/s/" + "a-_Z" * 200
        mail.send("a@b.example", "Đăng nhập", f"Bấm vào:\n{link}\n", NOW)
        assert link in body(sent()[0]).splitlines()

    def test_a_long_subject_comes_whole(
        self, mail: Mail, sent: Callable[[], list[EmailMessage]]
    ) -> None:
        subject = "Đôn đốc gửi báo cáo phong trào thi đua " * 8
        mail.send("a@b.example", subject.strip(), "Nội dung", NOW)
        assert sent()[0]["Subject"] == subject.strip()

    def test_a_subject_can_not_add_a_header(
        self, mail: Mail, sent: Callable[[], list[EmailMessage]]
    ) -> None:
        for end in ("\n", "\r\n", "\r"):
            with pytest.raises(NotSent):
                mail.send("a@b.example", f"Xin chào{end}Bcc: other@b.example", "Nội dung", NOW)
        assert sent() == []

    def test_mails_of_one_instant_are_all_sent(
        self, mail: Mail, sent: Callable[[], list[EmailMessage]]
    ) -> None:
        parallel(8, lambda place: mail.send(f"u{place}@b.example", "Báo cáo", str(place), NOW))
        assert sorted(str(m["To"]) for m in sent()) == [f"u{n}@b.example" for n in range(8)]


def body(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")
