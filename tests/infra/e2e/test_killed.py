"""A Lambda process killed in flight costs nobody a report."""

import pytest

from tests.conftest import Figure
from tests.deployed import KILLED, Deployed, P, until
from tests.held_line import held, kill
from tests.independent import assert_equal, independent
from tests.stage import CODES, only_open, received, send_one, summed, versions

pytestmark = pytest.mark.e2e

WRITE = "TransactWriteItems"


@pytest.mark.guards(
    "a Lambda process killed in a send or a run costs nobody a report",
    "no recognition of a content already kept ✓ (the first)",
)
@only_open
def test_of_a_send_whose_process_is_killed_the_second_tap_gets_the_receipt(
    stage: Deployed, figure: Figure
) -> None:
    killed: list[int] = []
    places = [("any", "before"), ("Query", "after"), (WRITE, "before"), (WRITE, "after")]
    with held(stage, "APIHandler") as line:
        for code, (call, when) in zip(CODES[4:8], places, strict=True):
            browser = stage.entered(stage.links[code])
            check = stage.at_the_check_page(browser, KILLED, code)
            line.arm(call, when, lambda: killed.append(kill(stage, "APIHandler")))
            assert stage.send(browser, check).status >= 500
            assert line.done.is_set()
            assert versions(stage, code) == int((call, when) == (WRITE, "after"))
            receipt = stage.send(browser, check)
            assert "Xác nhận đã gửi báo cáo" in browser.follow(receipt).body.decode()
            assert versions(stage, code) == 1
    assert len(killed) == len([one for one in killed if one]) == len(places)
    figure("a process killed in flight and then a receipt", len(killed), "times:", places)


@pytest.mark.guards("a Lambda process killed in a send or a run costs nobody a report")
@only_open
def test_of_a_scheduled_run_whose_process_is_killed_the_next_is_whole(
    stage: Deployed, figure: Figure
) -> None:
    """Twice: also Lambda's own second try is killed, and the period left over."""
    event = {"programme": P, "period": KILLED, "run": "killed"}  # as the hourly run hands it over
    places = [("PUT xlsx", "after"), (WRITE, "before"), (WRITE, "after")]
    killed: list[int] = []

    def die_at(call: str, when: str) -> None:
        line.arm(call, when, lambda: killed.append(kill(stage, "Period")))

    with held(stage, "Period") as line:
        for code, (call, when) in zip(CODES[9:], places, strict=True):
            send_one(stage, code, KILLED)
            right = independent(stage.raw(), P, KILLED)
            die_at(call, when)
            stage.invoke("Period", event)
            until(line.done.is_set)
            die_at("any", "before")
            until(lambda: [one for one in stage.left_over() if one["requestPayload"] == event])
            assert (received(stage, KILLED) == right["received"]) == (
                (call, when) == (WRITE, "after")
            )
            line.watch()
            stage.tick()
            until(lambda sent=right["received"]: received(stage, KILLED) == sent)  # type: ignore[misc]
            assert_equal(summed(stage, KILLED), right)
    assert len(killed) == len([one for one in killed if one]) == 2 * len(places)
    figure("a process killed in flight and then a whole run", len(killed), "times:", places)
