"""Two phones, two tabs, one unit's form: no typed character is lost unless its owner is asked."""

from collections import Counter
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.sizes import Figure, size
from tests.two_phones import Handset, Stored, Story, office

pytestmark = [pytest.mark.browser, pytest.mark.soak]

_STORIES, _ACTS = size(3, 100), 20  # of each part, whose stories have seeds of their own
_PARTS = range(size(1, 2))


@pytest.mark.guards(
    "no typed character lost unless its owner is asked: two phones, two tabs, bad networks",
    "the script and server before drafts by field ✓ (10 of 99 texts lost in 20 stories)",
    "a sign-out that never asks ✓ (4 of 84 in 20)",
)
@pytest.mark.parametrize("part", _PARTS)
def test_no_typed_character_is_lost_without_its_owner_being_asked(
    browser: Browser, tmp_path: Path, figure: Figure, part: int
) -> None:
    """Each story is a unit of its own. A lost text names its seed and every act that led there."""
    phones = [Handset(name, browser) for name in "AB"]
    counts: Counter[str] = Counter()
    lost: list[str] = []
    with office(tmp_path, _STORIES) as served:
        for seed, (code, link) in enumerate(served.links.items(), start=part * _STORIES):
            story = Story(seed, phones, Stored(served.table, code))
            story.run(link, _ACTS)
            found, gone = story.verdict()
            for phone in phones:
                phone.rest()
            counts += found
            lost += [f"seed {seed}: {one}" for one in gone]
            if gone:
                lost += [f"    {act}" for act in story.ledger.acts]
    figure("interleavings", _STORIES, *(word for pair in sorted(counts.items()) for word in pair))
    assert not lost, "\n".join(lost)
    met = {fate for fate in ("asked", "kept", "replaced") if counts[fate]}
    assert len(met) == 3, f"the stories met too little: {met}"
