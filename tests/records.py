"""The record of acts, judged twice: at every commit, and from what lies in the table at the end."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from chalicelib.edges.table import Change, Item, Key, Put
from chalicelib.rules.texts.clock import from_iso, iso

# What an act may change: where it lies, and the verbs that it may be called.
_CHANGED_BY = {
    r"PERIOD#[^#]+#[^#]+ REPORT#": {
        *("accept", "return", "reopen", "grant_reopen"),
        *("extend", "grant_extend"),  # of what was returned its return's own due
    },
    r"PERIOD#[^#]+#[^#]+ TERMS#": {"exempt", "unexempt", "extend", "unextend", "grant_extend"},
    r"PERIOD#[^#]+#[^#]+ ASK#": {
        *("ask_extend", "grant_extend", "refuse_extend", "close_extend"),
        *("ask_reopen", "grant_reopen", "refuse_reopen", "close_reopen"),
    },
    r"PERIOD#[^#]+#[^#]+ URGING#": {"urge"},
    r"PERIOD#[^#]+#[^#]+ REMINDER#": {"remind", "remind_again", "remind_failed", "remind_unknown"},
    r"PROGRAMME#[^#]+ PERIOD#": {"move_period", "adopt_form"},
    r"PROGRAMME#[^#]+ FORM#": {"adopt_form"},
    r"PROGRAMMES ": {"unit_change", "unit_end", "units_import"},
}
_MOVES = {"accept", "return", "reopen", "grant_reopen"}
_OF_TERMS = {"exempt", "unexempt", "extend", "unextend", "grant_extend"}


def _is_record(key: Key) -> bool:
    return key.partition.startswith("AUDIT#") or key.sort.startswith("EVENT#")


def _verbs(put: Put) -> set[str] | None:
    """The acts that may write this; None where it is no act's."""
    where = f"{put.key.partition} {put.key.sort}"
    found = next(
        (verbs for pattern, verbs in _CHANGED_BY.items() if re.match(pattern, where)), None
    )
    if put.key.sort.startswith("REMINDER#") and put.body["state"] == "sent":
        return None  # its reservation has said that it goes out
    return found


_ANSWERS = {"open": "ask", "granted": "grant", "refused": "refuse", "closed": "close"}


def _judge_verb(verb: str, put: Put, before: Mapping[str, Any] | None) -> None:
    """An act is on record as what it has changed, and it has changed nothing else of the item.

    Moves of a report are judged in `ledger.judge_moves`.
    """
    after, sort = put.body, put.key.sort
    if sort.startswith("TERMS#"):
        was = before or {"exempt": "", "due": ""}
        of_due = verb in ("extend", "unextend", "grant_extend")
        one, other = ("due", "exempt") if of_due else ("exempt", "due")
        assert was[one] != after[one]
        assert was[other] == after[other]
        assert bool(after[one]) == (not verb.startswith("un")), f"{verb}: {after}"
    elif sort.startswith("ASK#"):
        kind = sort.rpartition("#")[2]
        assert (kind, verb) == (after["kind"], f"{_ANSWERS[str(after['state'])]}_{kind}")
    elif sort.startswith("REPORT#") and before:
        moved = before["state"] != after["state"]
        assert moved == (verb not in ("extend", "grant_extend")), f"{verb}: {after['state']}"


def _next(instant: str) -> str:
    return iso(from_iso(instant) + timedelta(microseconds=1))


class Records:
    """What was committed with which record, so that none is missing, invented or written twice."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._bodies: dict[Key, Mapping[str, Any]] = {item.key: item.body for item in items}
        self._kept: dict[Key, Mapping[str, Any]] = {
            key: body for key, body in self._bodies.items() if _is_record(key)
        }

    def judge(self, changes: tuple[Change, ...]) -> None:
        """One write: each change of state has its act in the same write, and each act a change."""
        puts = [change for change in changes if isinstance(change, Put)]
        acts = [put for put in puts if put.key.partition.startswith("AUDIT#")]
        events = [put for put in puts if put.key.sort.startswith("EVENT#")]
        version = next((put for put in puts if put.key.sort.startswith("VERSION#")), None)
        if version:
            assert [act.body["verb"] for act in acts] == (
                [] if version.body["actor"] == "unit" else ["paper"]
            )
        else:
            self._judge_act(puts, acts)
        of_report = [act.body for act in acts if act.body["period"] and act.body["unit"]]
        assert [event.body for event in events] == of_report
        for put in (*acts, *events):
            assert put.key not in self._kept, "an act on record twice"
            self._kept[put.key] = put.body
        for put in puts:
            self._bodies[put.key] = put.body

    def _judge_act(self, puts: list[Put], acts: list[Put]) -> None:
        verbs = [found for put in puts if (found := _verbs(put))]
        if not verbs:
            assert not acts or len(puts) > 2 * len(acts), "an act without a change"
            return
        said = [str(act.body["verb"]) for act in acts]
        if len(said) == 2:  # what was sent and is reopened on request is taken in on the way
            assert set(said) == {"accept", "grant_reopen"}
            said.remove("accept")
        assert len(said) == 1, "a change of state without its act"
        assert said[0] in set.intersection(*verbs)
        changed = [put for put in puts if not _is_record(put.key)]
        for put in changed:
            _judge_verb(said[0], put, self._bodies.get(put.key))
        # A list is kept with the programme, whose version alone goes up.
        assert any(self._bodies.get(put.key) != put.body for put in changed), "nothing changed"

    def audit(self, items: Iterable[Item], p: str, k: str) -> None:
        """The table alone: every version of what acts change is one act on record."""
        there = {item.key: item for item in items}
        records = {key: item for key, item in there.items() if _is_record(key)}
        assert {key: item.body for key, item in records.items()} == self._kept
        assert all(item.version == 1 for item in records.values())
        acts = {key.sort: item.body for key, item in records.items() if key.sort[:5] != "EVENT"}
        events = {
            key.sort.removeprefix("EVENT#"): item.body
            for key, item in records.items()
            if key.sort[:5] == "EVENT"
        }
        assert events == {n: b for n, b in acts.items() if b["period"] and b["unit"]}
        told: dict[str, Counter[str]] = {}
        reopened = {(b["unit"], b["at"]) for b in events.values() if b["verb"] == "grant_reopen"}
        for body in events.values():
            if body["verb"] == "accept" and (body["unit"], _next(str(body["at"]))) in reopened:
                continue  # one write with the reopening that it stands before
            told.setdefault(str(body["unit"]), Counter())[str(body["verb"])] += 1
        units = {key.partition.rpartition("#")[2] for key in there if key.sort[:8] == "VERSION#"}
        for unit in sorted(units | told.keys()):
            self._audit_unit(there, p, k, unit, told.get(unit, Counter()))

    def _audit_unit(
        self, there: Mapping[Key, Item], p: str, k: str, unit: str, told: Counter[str]
    ) -> None:
        def version(sort: str) -> int:
            item = there.get(Key(f"PERIOD#{p}#{k}", sort))
            return item.version if item else 0

        sent = sum(
            key.partition == f"REPORT#{p}#{k}#{unit}" and key.sort.startswith("VERSION#")
            for key in there
        )
        moved = sum(told[verb] for verb in _MOVES | _OF_TERMS)
        assert version(f"REPORT#{unit}") + version(f"TERMS#{unit}") == sent + moved
        for kind in ("extend", "reopen"):
            verbs = (f"{verb}_{kind}" for verb in ("ask", "grant", "refuse", "close"))
            assert version(f"ASK#{unit}#{kind}") == sum(told[verb] for verb in verbs)
        reminders = [
            item for key, item in there.items() if re.fullmatch(rf"REMINDER#\d+#{unit}", key.sort)
        ]
        tries = sum(int(item.body["tries"]) for item in reminders)
        assert tries == told["remind"] + told["remind_again"]
        for item in reminders:
            ended = item.body["state"] != "reserved"
            assert item.version == 2 * int(item.body["tries"]) - 1 + ended
