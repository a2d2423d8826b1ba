"""docs/guards.md is what the tests' own marks say."""

from tests import guards


def test_the_page_of_guards_is_written_from_the_marks() -> None:
    assert guards.PAGE.read_text("utf-8") == guards.page(), "run make guards"


def test_every_mark_says_a_promise_and_each_fault_once() -> None:
    found = list(guards.guards())
    assert len(found) > 800
    for guard in found:
        assert guard.promise.strip() == guard.promise
        assert guard.promise
        assert all(guard.planted)
        assert len(set(guard.planted)) == len(guard.planted)
