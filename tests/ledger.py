"""What was acknowledged, kept outside the product; and the audit of a table against it."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.edges.table import Table

# State before (None: missing) -> states after, as design.md §2 names the moves.
ALLOWED = {
    None: {"submitted"},
    "submitted": {"submitted", "accepted", "returned"},
    "returned": {"submitted"},
    "accepted": {"reopened"},
    "reopened": {"submitted", "accepted"},
}
# What each act on record that moves a report leads to.
LEADS_TO = {
    "accept": "accepted",
    "return": "returned",
    "reopen": "reopened",
    "grant_reopen": "reopened",
    "paper": "submitted",
}


def judge_moves(state: str | None, acts: Iterable[Mapping[str, Any]], after: str) -> None:
    """One write: from state to state as its acts on record say, in the order of their instants.

    What the unit sends itself has no act: the version is its record. A reopening of what was sent
    and never taken in is two moves, and so two acts.
    """
    said = sorted(acts, key=lambda act: str(act["at"]))
    path = [LEADS_TO[act["verb"]] for act in said if act["verb"] in LEADS_TO] or [after]
    assert path[-1] == after, f"on record is {path}, and the report is {after}"
    for step in path:
        assert step in ALLOWED[state], f"from {state} to {step}"
        state = step


def typed(number: int, *, second: bool = False) -> dict[str, str]:
    """What a person types into the small form; the number is the whole difference.

    The form's second version asks one number more.
    """
    more = {"i2": str(number)} if second else {}
    return more | {
        "i1": str(number),
        "a1": f"{number},5",
        "r1.num": str(number),
        "r1.den": str(number + 1),
        "y1": "yes" if number % 2 else "no",
        "l1": f"Mô hình “{number}”\nHai = hai",
        "t1": f"Số {number}/KH",
        "n_done": f"Đã làm {number}",
    }


def expected(number: int, form: int = 1) -> dict[str, Any]:
    """The content that must be kept of it, sent on this version of the form."""
    found = _expected(number)
    if form > 1:
        found["figures"]["i2"] = number
    return found


def _expected(number: int) -> dict[str, Any]:
    return {
        "figures": {
            "i1": number,
            "a1": f"{number}.5",
            "r1": [number, number + 1],
            "y1": "yes" if number % 2 else "no",
        },
        "nil": False,
        "notes": {},
        "texts": {
            "l1": [f"Mô hình “{number}”", "Hai = hai"],
            "t1": f"Số {number}/KH",
            "n_done": f"Đã làm {number}",
        },
    }


def number_of(content: str) -> int:
    return int(json.loads(content)["figures"]["i1"])


@dataclass
class Ledger:
    """Receipts by unit and number: hash and what was sent; and every sending that was tried.

    `dues` holds for each unit what was its due instant when its first version was kept; where a
    world has not told, it is the period's.
    """

    receipts: dict[tuple[str, int], tuple[str, int]] = field(default_factory=dict)
    tried: set[tuple[str, int, datetime]] = field(default_factory=set)
    dues: dict[str, datetime] = field(default_factory=dict)
    told: Counter[str] = field(default_factory=Counter)

    def tries(self, unit: str, number: int, now: datetime) -> None:
        self.tried.add((unit, number, now))

    def acknowledge(self, unit: str, version: int, digest: str, number: int) -> None:
        """A receipt was seen. One that was seen before must say the same."""
        self.told["receipts"] += 1
        assert self.receipts.setdefault((unit, version), (digest, number)) == (digest, number)

    def audit(self, table: Table, p: str, k: str, due: datetime) -> None:
        """Every promise about sent reports that the table alone can break."""
        items = {item.key: item for item in table.everything()}
        heads, texts, chains = {}, {}, {}
        for key, item in items.items():
            if key.partition == f"PERIOD#{p}#{k}" and key.sort.startswith("REPORT#"):
                heads[key.sort.removeprefix("REPORT#")] = item.body
            elif key.partition == f"PERIOD#{p}#{k}#TEXT":
                texts[key.sort] = item.body
            elif key.partition.startswith(f"REPORT#{p}#{k}#") and key.sort.startswith("EVENT#"):
                assert item.version == 1, f"{key} was written over"
            elif key.partition.startswith(f"REPORT#{p}#{k}#") and not (
                key.sort.startswith("DRAFT")
            ):
                unit = key.partition.rpartition("#")[2]
                assert item.version == 1, f"{key} was written over"
                assert key.sort == f"VERSION#{item.body['number']:04}"
                chains.setdefault(unit, {})[int(item.body["number"])] = item.body
        assert heads.keys() == texts.keys() == chains.keys()
        for unit, chain in chains.items():
            assert sorted(chain) == list(range(1, len(chain) + 1))
            self._judge_chain(unit, chain, heads[unit], texts[unit], self.dues.get(unit, due))
        for (unit, version), (digest, number) in self.receipts.items():
            kept = chains[unit][version]
            assert kept["hash"] == digest
            assert json.loads(str(kept["content"])) == expected(number, int(kept["form"]))

    def _judge_chain(
        self,
        unit: str,
        chain: Mapping[int, Mapping[str, Any]],
        head: Mapping[str, Any],
        texts: Mapping[str, Any],
        due: datetime,
    ) -> None:
        first, newest = chain[1], chain[max(chain)]
        late = datetime.fromisoformat(first["sent"]) > due
        for version in chain.values():
            content = version["content"]
            assert version["hash"] == hashlib.sha256(content.encode()).hexdigest()
            assert json.loads(content) == expected(number_of(content), version["form"])
            sent = datetime.fromisoformat(version["sent"])
            assert (unit, number_of(content), sent) in self.tried, "nobody sent this"
            assert version["late"] is late
        kept = json.loads(newest["content"])
        assert (head["version"], head["hash"]) == (max(chain), newest["hash"])
        assert (head["late"], head["first_sent"]) == (late, first["sent"])
        assert head["last_sent"] == newest["sent"]
        assert json.loads(head["figures"]) == kept["figures"]
        assert texts["version"] == max(chain)
        assert json.loads(texts["texts"]) == kept["texts"]
