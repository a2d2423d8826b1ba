"""Kill -9, double taps, lost replies, Back, restarts: on a real server over HTTP."""

import hashlib
import json
import random
import re
import socket
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import pytest

from infra.gateway import Reply
from infra.visitor import Visitor
from tests.contract import parallel
from tests.server import Server, enter, links, the_sending, to_the_check_page
from tests.sizes import Figure, size

H1 = "2021-H1"
PROGRAMME = "thi-dua-2021-2025"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "data") as running:
        yield running


def versions(server: Server, unit: str) -> list[dict[str, object]]:
    """What the database holds, read without the product."""
    connection = sqlite3.connect(server.data / "baocao.sqlite3")
    partition = f"REPORT#{PROGRAMME}#{H1}#{unit}"
    rows = connection.execute(
        "SELECT body FROM item WHERE pk = ? AND sk >= 'VERSION#' ORDER BY sk", (partition,)
    )
    found = [json.loads(body) for (body,) in rows]
    connection.close()
    return found


def heads(server: Server) -> dict[str, dict[str, object]]:
    connection = sqlite3.connect(server.data / "baocao.sqlite3")
    rows = connection.execute(
        "SELECT body FROM item WHERE pk = ? AND sk LIKE 'REPORT#%'", (f"PERIOD#{PROGRAMME}#{H1}",)
    )
    found = {body["unit"]: body for body in (json.loads(body) for (body,) in rows)}
    connection.close()
    return found


def shown(receipt: Reply, name: str) -> str:
    found = re.search(rf'id="{name}">([^<]+)<', receipt.body.decode())
    assert found is not None
    return found[1].replace(" ", "")


def read_receipt(visitor: Visitor, reply: Reply) -> tuple[str, str, str]:
    assert reply.status == 303, reply.body.decode()
    receipt = visitor.follow(reply)
    assert receipt.status == 200
    return reply.header("location"), shown(receipt, "reference"), shown(receipt, "hash")


def phone_of(server: Server, visitor: Visitor) -> Visitor:
    """The same session on a connection of its own, as a browser's second tab has."""
    other = server.visitor()
    other.cookies = visitor.cookies
    return other


class Reporter:
    """One unit that has filled in its form and is about to send it."""

    def __init__(self, server: Server, unit: str, link: str, number: int) -> None:
        self.unit = unit
        self.number = number
        self.visitor = enter(server, link)
        check = to_the_check_page(self.visitor, H1, i1_6=str(number))
        self.where, self.fields = the_sending(check)
        self.acknowledged = False

    def send(self) -> bool:
        """False where the server died before it answered."""
        try:
            reply = self.visitor.post(self.where, self.fields)
        except (OSError, ValueError, AssertionError, ConnectionError):
            return False
        except Exception as error:
            assert "http.client" in type(error).__module__  # noqa: PT017 - cut off in the middle
            return False
        assert reply.status == 303, reply.body.decode()
        assert reply.header("location") == f"/report/{H1}/receipt/1"
        self.acknowledged = True
        return True


@pytest.mark.guards("acknowledged is kept", "a receipt before the commit ✓")
def test_every_acknowledged_report_outlives_kill_9(server: Server) -> None:
    chance = random.Random(7)  # noqa: S311 - repeatable is what is wanted here
    paths = list(links(server).items())
    everyone: list[Reporter] = []
    for turn in range(4):
        some = paths[turn * 9 : turn * 9 + 9]
        now = [Reporter(server, unit, path, 1000 * turn + n) for n, (unit, path) in enumerate(some)]
        everyone += now
        until, counted = chance.randint(1, 6), threading.Semaphore(0)
        with ThreadPoolExecutor(4) as pool:
            for one in now:
                pool.submit(lambda one=one, counted=counted: one.send() and counted.release())
            for _ in range(until):
                assert counted.acquire(timeout=20)
            assert server.kill() == -9
        assert sum(one.acknowledged for one in now) >= until
        server.start()
    assert not all(one.acknowledged for one in everyone)
    kept = heads(server)
    for one in everyone:
        if not one.acknowledged:
            continue
        (version,) = versions(server, one.unit)
        content = str(version["content"])
        assert json.loads(content)["figures"]["i1_6"] == one.number
        assert kept[one.unit]["version"] == 1
        digest = hashlib.sha256(content.encode()).hexdigest()
        receipt = one.visitor.get(f"/report/{H1}/receipt/1")
        assert shown(receipt, "hash") == digest == version["hash"]
        assert shown(receipt, "reference") == f"{H1}/{one.unit}/1"
    for one in everyone:
        assert one.send()
        assert len(versions(server, one.unit)) == 1
    assert len(heads(server)) == len(everyone)


@pytest.mark.guards("sent once", "no recognition of a content already kept ✓")
@pytest.mark.soak
def test_duplicate_sends_in_every_way_are_one_report(server: Server, figure: Figure) -> None:
    """Ten thousand in full size: at one moment, one after another, after Back, after a restart."""
    hundred = size(100, 2_000)
    visitor = enter(server, server.link("unit"))
    form = visitor.get(f"/report/{H1}")
    check = to_the_check_page(visitor, H1, i1_6="17", n_done="Đã triển khai = đủ")
    where, fields = the_sending(check)
    seen: set[tuple[str, str, str]] = set()

    def tap(_: int) -> list[tuple[str, str, str]]:
        phone = phone_of(server, visitor)
        return [read_receipt(phone, phone.post(where, fields)) for _ in range(hundred // 4)]

    for found in parallel(8, tap):
        seen.update(found)  # type: ignore[call-overload]
    assert len(seen) == 1

    for _ in range(hundred):
        seen.add(read_receipt(visitor, visitor.post(where, fields)))

    for _ in range(hundred):
        back = visitor.submit(form, H1, do="check", i1_6="17", n_done="Đã triển khai = đủ")
        assert back.status in (303, 409)
        seen.add(read_receipt(visitor, visitor.post(where, fields)))

    assert server.stop() == 0
    server.start()
    for _ in range(hundred):
        seen.add(read_receipt(visitor, visitor.post(where, fields)))

    assert len(seen) == 1
    (version,) = versions(server, "P01")
    assert seen == {(f"/report/{H1}/receipt/1", f"{H1}/P01/1", version["hash"])}
    assert heads(server)["P01"]["version"] == 1
    figure("duplicate sends", 5 * hundred, "versions", 1, "receipts", len(seen))


@pytest.mark.guards("sent once")
def test_sixteen_threads_with_one_first_send_get_one_receipt(server: Server) -> None:
    """The race for version 1 itself, for unit after unit."""
    for number, (unit, path) in enumerate(list(links(server).items())[:6]):
        one = Reporter(server, unit, path, number)
        phones = [phone_of(server, one.visitor) for _ in range(16)]

        def tap(place: int, one: Reporter = one, phones: list[Visitor] = phones) -> Reply:
            return phones[place].post(one.where, one.fields)

        replies = parallel(16, tap)
        found = {read_receipt(one.visitor, reply) for reply in replies}  # type: ignore[arg-type]
        (version,) = versions(server, unit)
        assert found == {(f"/report/{H1}/receipt/1", f"{H1}/{unit}/1", version["hash"])}


def test_back_after_a_correction_gives_each_sending_its_own_receipt(server: Server) -> None:
    visitor = enter(server, server.link("unit"))
    where, first = the_sending(to_the_check_page(visitor, H1, i1_6="1"))
    receipts = [read_receipt(visitor, visitor.post(where, first))]
    page = visitor.get(f"/report/{H1}")
    typed = {"i1_6": "2", "i1_6.state": "value"}
    check = visitor.follow(visitor.submit(page, H1, do="check", **typed))
    where, second = the_sending(check, reason="Bổ sung")
    receipts.append(read_receipt(visitor, visitor.post(where, second)))
    for _ in range(20):
        assert read_receipt(visitor, visitor.post(where, first)) == receipts[0]
        assert read_receipt(visitor, visitor.post(where, second)) == receipts[1]
    assert [version["number"] for version in versions(server, "P01")] == [1, 2]
    assert receipts[0][2] != receipts[1][2]


@pytest.mark.guards("Back, retry, lost reply")
def test_a_lost_reply_costs_nothing(server: Server) -> None:
    """The phone loses the network when it has sent and before it hears."""
    for number, (unit, path) in enumerate(list(links(server).items())[:8]):
        one = Reporter(server, unit, path, number)
        with socket.create_connection(("127.0.0.1", server.port)) as phone:
            phone.sendall(raw_post(one, server, urlencode(one.fields).encode()))
        reply = one.visitor.post(one.where, one.fields)
        assert read_receipt(one.visitor, reply)[1] == f"{H1}/{unit}/1"
        assert len(versions(server, unit)) == 1


def raw_post(one: Reporter, server: Server, body: bytes) -> bytes:
    cookies = "; ".join(f"{name}={content}" for name, content in one.visitor.cookies.items())
    head = (
        f"POST {one.where} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nOrigin: {server.url}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Cookie: {cookies}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def test_a_request_cut_short_sends_nothing(server: Server) -> None:
    """What has arrived reads as a form with every field, but it is not what was sent."""
    one = Reporter(server, "P01", server.link("unit"), 5)
    whole = raw_post(one, server, urlencode(one.fields | {"n_asks": "Một câu dài"}).encode())
    with socket.create_connection(("127.0.0.1", server.port)) as phone:
        phone.sendall(whole[:-10])
        phone.shutdown(socket.SHUT_WR)
        phone.settimeout(10)
        answer = phone.recv(65536)
    assert b" 303 " not in answer.partition(b"\r\n")[0]
    assert versions(server, "P01") == []
    assert one.send()


def test_of_two_phones_with_different_numbers_one_is_kept_and_the_other_told(
    server: Server,
) -> None:
    paths = list(links(server).items())[:8]
    for unit, path in paths:
        both = [Reporter(server, unit, path, number) for number in (11, 22)]

        def tap(place: int, both: list[Reporter] = both) -> Reply:
            return both[place].visitor.post(both[place].where, both[place].fields)

        replies = parallel(2, tap)
        (version,) = versions(server, unit)
        kept = json.loads(str(version["content"]))["figures"]["i1_6"]
        for one, reply in zip(both, replies, strict=True):
            assert isinstance(reply, Reply)
            if one.number == kept:
                assert reply.status == 303
            else:
                told = one.visitor.sees(reply)
                assert told.status == 409
                page = told.body.decode()
                assert f"data-parked>{one.number}<" in page
                assert f"data-standing>{kept}<" in page
