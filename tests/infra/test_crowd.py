"""Connections without a request: they give way to people, and what they held is given back."""

import resource
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest

from infra.crowd import SMALL, Crowd, Guest, Stage
from tests.contract import parallel
from tests.server import Server
from tests.sizes import Figure, size

BODY = b"POST /signin HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\na"
UPLOAD = (
    b"POST /desk/p/units/import HTTP/1.1\r\nHost: a\r\n"
    b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 5000000\r\n\r\n"
)


@pytest.fixture
def many_files() -> Iterator[None]:
    """As many open files as the system allows: the crowd that comes needs them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def server(tmp_path: Path, many_files: None) -> Iterator[Server]:
    """With the open files that most systems give."""
    with Server(tmp_path / "data") as running:
        resource.prlimit(running.pid, resource.RLIMIT_NOFILE, (1024, 1024))
        yield running


def handles(server: Server) -> int:
    return len(list(Path(f"/proc/{server.pid}/fd").iterdir()))


def visited(server: Server) -> float:
    """Seconds that somebody who comes now waits for a page."""
    began = time.monotonic()
    assert server.gateway().call("GET", "/signin", {}).status == 200
    return time.monotonic() - began


def opened_beside(server: Server) -> sqlite3.Connection:
    path = server.data / "baocao.sqlite3"
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


@pytest.mark.guards(
    "connections without a request shut nobody out",
    "a thread and a file for whoever comes ✓ (the first: 27 s)",
)
@pytest.mark.soak
@pytest.mark.parametrize(
    ("begun", "addresses"),
    [(b"", 1), (b"GET / HTTP/1.1\r\nHost: a", 250), (BODY, 250)],
    ids=["nothing, one address", "half a head, many addresses", "half a body, many addresses"],
)
def test_fifteen_hundred_connections_without_a_request_shut_nobody_out(
    server: Server, figure: Figure, addresses: int, begun: bytes
) -> None:
    count, waits = 1_500, []
    with ExitStack() as stack:
        for place in range(count):
            own = f"127.0.{1 + place % addresses // 200}.{1 + place % addresses % 200}"
            line = socket.create_connection(("127.0.0.1", server.port), 20, (own, 0))
            stack.callback(line.close)
            line.sendall(begun)
            if place % size(300, 50) == 299 % size(300, 50):
                waits.append(visited(server))
        waits += [visited(server) for _ in range(5)]
        held = handles(server)
    figure(count, "idle; longest wait", f"{max(waits):.2f} s", "handles", held)
    assert max(waits) < 10
    assert held < 700


def memory(server: Server) -> int:
    """Bytes that the server holds in memory now."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    return 1000 * int(status.partition("VmRSS:")[2].split()[0])


@pytest.mark.guards(
    "large bodies share a budget, who holds most gives way, small ones always pass",
    "no budget ✓ (the first: 157 MB of 30 uploads, the fifth)",
    "never given back ✓ (the second, the fifth)",
    "small ones counted ✓ (the third, the fifth)",
    "nobody gives way ✓, what is worked on does ✓ (each the fourth)",
)
@pytest.mark.parametrize("addresses", [1, 30], ids=["one address", "many addresses"])
def test_slow_uploads_hold_no_more_memory_than_their_budget(
    server: Server, figure: Figure, addresses: int
) -> None:
    """Each sends all but the last byte, and waits."""
    visited(server)
    before = memory(server)
    with ExitStack() as stack:
        lines = []
        for place in range(30):
            own = f"127.0.1.{1 + place % addresses}"
            line = socket.create_connection(("127.0.0.1", server.port), 20, (own, 0))
            stack.callback(line.close)
            line.sendall(UPLOAD)
            lines.append(line)
        for line in lines:
            with suppress(OSError):  # it was answered already, or shown out
                line.sendall(b"a" * 4_999_999)
        wait = visited(server)
        held = memory(server) - before
    figure("30 uploads of 5 MB; held", held // 1_000_000, "MB; a visitor's wait", f"{wait:.2f} s")
    assert held < 100_000_000
    assert wait < 10


@pytest.mark.guards("the table's handles are bounded and given back")
def test_a_burst_leaves_no_handles_behind(server: Server, figure: Figure) -> None:
    """300 browsers open a unit's link in a moment in which another process writes."""
    assert visited(server) < 20
    before, link = handles(server), server.link("unit")
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": server.url}
    with closing(opened_beside(server)) as other:
        other.execute("BEGIN IMMEDIATE")

        def press(place: int) -> int:
            if place == 300:
                time.sleep(1.5)
                other.rollback()
                return 303
            return server.gateway().call("POST", link, headers, b"").status

        found = parallel(301, press)
    assert set(found) == {303}  # type: ignore[arg-type]
    for gateway in server._gateways:
        gateway.close()
    until = time.monotonic() + 10
    while (after := handles(server)) > before + 50 and time.monotonic() < until:
        time.sleep(0.05)
    figure("handles before a burst", before, "after", after)
    assert after <= before + 50


# ------------------------------------------------------------------ whose place goes


@pytest.fixture
def lines() -> Iterator[list[socket.socket]]:
    """What the other sides hold: each sees whether it was shown out."""
    held: list[socket.socket] = []
    yield held
    for line in held:
        line.close()


class Door:
    """A crowd of a few places, and who came."""

    def __init__(
        self, held: list[socket.socket], most: int, of_one: int = 99, most_held: int = 0
    ) -> None:
        self.crowd = Crowd(most, of_one, most_held)
        self.guests: dict[str, Guest] = {}
        self._held = held

    def comes(self, *names: str, proxy: bool = False, stage: Stage = "waits") -> None:
        """`a2` is the second of address a. Who is shown out leaves, as its thread would."""
        for name in names:
            near, far = socket.socketpair()
            self._held += [near, far]
            gone = [g for g in self.guests.values() if g.stage == "ends"]
            for guest in gone:
                self.crowd.leave(guest)
            peer = {"x": "2001:db8::1", "y": "2001:db8::2", "z": "2001:db8:0:1::1"}.get(
                name[0], f"192.0.2.{ord(name[0])}"
            )
            guest = self.crowd.admit(near, peer, speaks_for_many=proxy)
            guest.since = float(len(self.guests))
            guest.stage = stage
            self.guests[name] = guest

    def sends(self, name: str, size: int) -> bool:
        """Whether there is room for a body of so many bytes."""
        guest = self.guests[name]
        return self.crowd.goes_on(guest, "comes") and self.crowd.has_room_for(guest, size)

    @property
    def out(self) -> set[str]:
        return {name for name, guest in self.guests.items() if guest.stage == "ends"}


@pytest.mark.guards("connections without a request shut nobody out")
def test_the_oldest_of_the_address_that_has_most_goes_first(lines: list[socket.socket]) -> None:
    door = Door(lines, 5)
    door.comes("b1", "a1", "a2", "a3", "c1")
    door.crowd.make_room()
    assert door.out == {"a1"}
    door.comes("c2")
    door.crowd.make_room()
    assert door.out == {"a1", "a2"} | door.out & {"c1"}
    assert "b1" not in door.out


@pytest.mark.guards("connections without a request shut nobody out")
def test_what_is_worked_on_is_never_shown_out(lines: list[socket.socket]) -> None:
    door = Door(lines, 4)
    door.comes("a1", "a2", stage="is worked on")
    door.crowd.make_room()
    assert door.out == set()
    door.comes("a3", stage="is answered")
    door.crowd.make_room()
    assert door.out == {"a3"}, "who reads an answer slowly has a place only while there are some"


def test_one_address_has_only_so_many_places_without_a_request(lines: list[socket.socket]) -> None:
    door = Door(lines, 99, of_one=2)
    door.comes("a1", "b1", "a2", "a3")
    assert door.out == {"a1"}
    door.comes("a4", stage="is worked on")
    assert door.out == {"a1", "a2"}
    door.comes("a5", "b2")
    assert door.out == {"a1", "a2"}


def test_a_proxy_is_not_one_person(lines: list[socket.socket]) -> None:
    door = Door(lines, 99, of_one=2)
    door.comes("a1", "a2", "a3", "a4", proxy=True)
    assert door.out == set()


def test_a_network_of_ipv6_is_one_address(lines: list[socket.socket]) -> None:
    door = Door(lines, 99, of_one=2)
    door.comes("x1", "z1", "y1", "x2")
    assert door.out == {"x1"}


def test_where_the_place_was_given_away_the_request_is_not_worked_on(
    lines: list[socket.socket],
) -> None:
    door = Door(lines, 9)
    door.comes("a1")
    door.crowd.make_room()
    assert door.out == {"a1"}
    assert not door.crowd.goes_on(door.guests["a1"], "is worked on")
    assert lines[1].recv(1) == b"", "its other side sees the end"


def test_a_server_with_few_open_files_has_few_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 256))
    assert Crowd()._most == 128


# ------------------------------------------------------------------ what bodies may hold in all


@pytest.mark.guards("large bodies share a budget, who holds most gives way, small ones always pass")
def test_large_bodies_have_a_budget_until_they_are_answered(lines: list[socket.socket]) -> None:
    door = Door(lines, 99, most_held=1_000_000)
    door.comes("a1", "a2", "b1")
    assert door.sends("a1", 600_000)
    assert not door.sends("a2", 600_000)
    assert door.sends("b1", 400_000)
    door.crowd.goes_on(door.guests["a1"], "is worked on")
    assert not door.sends("a2", 600_000), "it is held while it is worked on too"
    door.crowd.goes_on(door.guests["a1"], "is answered")
    assert door.sends("a2", 600_000)
    door.crowd.leave(door.guests["b1"])
    assert door.sends("a1", 400_000)
    assert door.out == set()


@pytest.mark.guards("large bodies share a budget, who holds most gives way, small ones always pass")
def test_a_small_body_always_has_room(lines: list[socket.socket]) -> None:
    door = Door(lines, 99, most_held=SMALL)
    door.comes("a1", "a2", "b1", "c1")
    assert door.sends("a1", SMALL)
    assert door.sends("a2", SMALL + 1) is False
    assert door.sends("b1", SMALL)
    assert door.sends("c1", 1)
    assert door.out == set()


@pytest.mark.guards("large bodies share a budget, who holds most gives way, small ones always pass")
def test_the_address_that_holds_most_of_the_budget_gives_way(lines: list[socket.socket]) -> None:
    door = Door(lines, 99, most_held=1_000_000)
    door.comes("b1", "a1", "a2", "b2", "c1", "d1")
    assert door.sends("b1", 200_000)
    assert door.sends("a1", 400_000)
    assert door.sends("a2", 400_000)
    assert not door.sends("b2", 600_000), "as much of one address as of the other"
    assert door.sends("c1", 300_000)
    assert door.out == {"a1"}
    assert not door.crowd.goes_on(door.guests["a1"], "is worked on")
    door.crowd.goes_on(door.guests["a2"], "is worked on")
    assert not door.sends("d1", 350_000), "what is worked on is never shown out"
    assert door.out == {"a1"}
