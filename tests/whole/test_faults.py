"""Kill -9, and a request that is cut short: on a real server over HTTP."""

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
from tests.server import Server, enter, links, the_sending, to_the_check_page

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


def test_the_same_sending_after_a_clean_restart_is_the_same_report(server: Server) -> None:
    one = Reporter(server, "P01", server.link("unit"), 5)
    assert one.send()
    assert server.stop() == 0
    server.start()
    assert one.send()
    assert len(versions(server, one.unit)) == 1


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
