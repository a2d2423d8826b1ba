"""A draft, field by field: which page typed what upon what, and how two pages' texts merge."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, TypeAlias

MOST_FORMER = 6  # former texts of a field that are still told apart; the first is one of them
MOST_PAGES = 20  # whose savings are numbered though none of their texts stands any more
SLOTS = 5  # parked copies beside a draft
# What is typed beside the report itself when it is sent: who sends it, and why.
SENDER = ("by.name", "by.post", "by.phone", "approved")
BESIDE = (*SENDER, "reason")

Why: TypeAlias = Literal["clash", "base", "stale", "closed"]

# A draft's own word for the revisions of which it has forgotten what stood then.
_FORGOTTEN = ""


@dataclass(frozen=True, slots=True)
class Saving:
    """One saving: when it came, from which opened page, and which of its savings that was."""

    at: datetime
    page: str = ""
    place: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """Of one field: the revision that wrote its text; digests of what stood before, each with
    the revision from which it did.
    """

    revision: int = 0
    former: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed and not sent: any text at all, by field name; an emptied field has none."""

    typed: Mapping[str, str]
    base: int  # the version it builds on
    saved: datetime
    revision: int = 0
    page: str = ""  # the opened form that saved it last, and which of its savings that was
    place: int = 0
    form: int = 0  # the version of the form that it was begun on; 0 in drafts from before that
    marks: Mapping[str, Mark] = field(default_factory=dict)  # of what was typed since it was begun
    savings: Mapping[int, Saving] = field(default_factory=dict)  # by revision
    pages: Mapping[str, int] = field(default_factory=dict)  # the newest saving of each page

    def written(self, name: str) -> Saving:
        """The saving that the field's text stands by."""
        mark = self.marks.get(name)
        return self.savings.get(mark.revision if mark else 0, Saving(self.saved))


@dataclass(frozen=True, slots=True)
class Posted:
    """What a page says: every field it speaks of, the emptied ones too.

    `known` is the revision that it was shown. Without its script a page can't number its
    savings: `place` is then 0.
    """

    typed: Mapping[str, str]
    base: int
    at: datetime
    known: int = 0
    page: str = ""
    place: int = 0


@dataclass(frozen=True, slots=True)
class Merged:
    """The draft after a saving; what the page must be shown; what only its owner can decide."""

    draft: Draft
    taken: frozenset[str] = frozenset()
    theirs: Mapping[str, str] = field(default_factory=dict)  # changed by others, not by this page
    asked: Mapping[str, str] = field(default_factory=dict)  # the page's own texts, not taken


@dataclass(frozen=True, slots=True)
class Parked:
    """Texts that the draft could not take, kept beside it until somebody looks through them."""

    number: int
    typed: Mapping[str, str]
    base: int
    at: datetime
    why: Why
    page: str = ""
    place: int = 0
    revision: int = 0


def digest(text: str) -> str:
    """Short; shortest of the empty text, which most fields begin with."""
    return hashlib.sha256(text.encode()).hexdigest()[:12] if text else "0"


def begun(sent: Mapping[str, str], base: int, now: datetime, stale: Draft | None = None) -> Draft:
    """A draft that holds what was sent as version `base`, in the place of a stale one."""
    revision = stale.revision if stale else 0
    filled = {name: text for name, text in sent.items() if text}
    return Draft(filled, base, now, revision, pages=stale.pages if stale else {})


def is_overtaken(draft: Draft, posted: Posted) -> bool:
    """Whether the page has saved since: then this saving was overtaken on its way."""
    return bool(posted.page and 0 < posted.place <= draft.pages.get(posted.page, 0))


def merge(draft: Draft, posted: Posted) -> Merged:
    """Take what this page changed and nobody else did; ask about what both changed."""
    overtaken = is_overtaken(draft, posted)
    taken, asked = dict[str, str](), dict[str, str]()
    for name, mine in posted.typed.items():
        if overtaken or mine == draft.typed.get(name, ""):
            continue
        mark = draft.marks.get(name, Mark())
        if _upon(draft, name, posted) == digest(mine):
            continue  # it stands on the page as the page was shown it, or as it last saved it
        if mark.revision <= posted.known or _is_own(draft, mark.revision, posted):
            taken[name] = mine
        else:
            asked[name] = mine
    theirs = {
        name: draft.typed.get(name, "")
        for name, mark in draft.marks.items()
        if mark.revision > posted.known and name not in taken and name not in asked
        if not _is_own(draft, mark.revision, posted)
    }
    after = _written(draft, posted, taken) if taken or _counts(draft, posted) else draft
    return Merged(after, frozenset(taken), theirs, asked)


def _counts(draft: Draft, posted: Posted) -> bool:
    """Whether the saving's number must be kept although it changes no text."""
    return bool(posted.page) and posted.place > draft.pages.get(posted.page, 0)


def _is_own(draft: Draft, revision: int, posted: Posted) -> bool:
    saving = draft.savings.get(revision)
    return bool(saving and posted.page and saving.page == posted.page)


def _upon(draft: Draft, name: str, posted: Posted) -> str:
    """Digest of the text that the page's own one stands upon: what it last saved there, else
    what it was shown. _FORGOTTEN where that is not known any more.
    """
    mark = draft.marks.get(name, Mark())
    stood = (*mark.former, (mark.revision, digest(draft.typed.get(name, ""))))
    saved_before = posted.page in draft.pages  # then one of its own may be among the forgotten
    for revision, told in reversed(stood):
        hidden = told == _FORGOTTEN and saved_before
        if hidden or revision <= posted.known or _is_own(draft, revision, posted):
            return told
    return _FORGOTTEN


def _written(draft: Draft, posted: Posted, taken: Mapping[str, str]) -> Draft:
    revision, page = draft.revision + 1, posted.page
    place = posted.place or draft.pages.get(page, 0) + 1
    marks = dict(draft.marks)
    for name in taken:
        before = marks.get(name, Mark())
        stood = (before.revision, digest(draft.typed.get(name, "")))
        marks[name] = Mark(revision, _shortened((*before.former, stood)))
    typed = {name: text for name, text in {**draft.typed, **taken}.items() if text}
    named = {revision, *(r for mark in marks.values() for r in _revisions(mark))}
    savings = {r: saving for r, saving in draft.savings.items() if r in named}
    if taken:
        savings[revision] = Saving(posted.at, page, place)
    pages = {one: newest for one, newest in draft.pages.items() if one != page}
    if page:
        pages[page] = place
    return replace(
        draft,
        typed=typed,
        saved=posted.at,
        revision=revision,
        page=page,
        place=place,
        marks=marks,
        savings=savings,
        pages=_remembered(pages, savings),
    )


def _revisions(mark: Mark) -> tuple[int, ...]:
    return mark.revision, *(revision for revision, _ in mark.former)


def _shortened(former: tuple[tuple[int, str], ...]) -> tuple[tuple[int, str], ...]:
    """The first text and the last ones; those between are forgotten, and that is said."""
    if len(former) <= MOST_FORMER:
        return former
    return former[0], (former[1][0], _FORGOTTEN), *former[-MOST_FORMER + 2 :]


def _remembered(pages: Mapping[str, int], savings: Mapping[int, Saving]) -> dict[str, int]:
    """The last ones, and every page that a text is still known by."""
    named = {saving.page for saving in savings.values()}
    idle = [page for page in pages if page not in named]
    gone = set(idle[: max(0, len(pages) - MOST_PAGES)])
    return {page: newest for page, newest in pages.items() if page not in gone}


def forgetting(draft: Draft) -> Draft:
    """The same without what stood before, where it has become too large to keep that too."""
    marks = {
        name: Mark(mark.revision, ((0, _FORGOTTEN),)) if mark.former else mark
        for name, mark in draft.marks.items()
    }
    named = {mark.revision for mark in marks.values()}
    savings = {revision: one for revision, one in draft.savings.items() if revision in named}
    return replace(draft, marks=marks, savings=savings)


def slot(parked: Mapping[int, Parked], page: str) -> int | None:
    """Where this page's texts are parked: its own copy, else a free one; None if all are full."""
    free = [n for n in range(1, SLOTS + 1) if n not in parked or not parked[n].typed]
    own = (n for n, one in parked.items() if page and one.page == page and one.typed)
    return next(own, free[0] if free else None)


def park(before: Parked | None, made: Parked) -> Parked:
    """What the copy holds after this: a page's later texts go over its earlier ones."""
    if before is None or not before.typed or not made.page or before.page != made.page:
        return replace(made, revision=before.revision if before else 0)
    if 0 < made.place <= before.place:
        return before
    return replace(made, typed={**before.typed, **made.typed}, revision=before.revision)
