"""What a new version of a form changes, indicator by indicator; and what no version may change."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from chalicelib.rules.forms.form import Form, Indicator, Section

# Of an indicator: what only its readers see, and what decides how it is read and added up.
WORDS = ("label", "hint", "about", "num_label", "den_label", "choices")
RULES = tuple(n for n in Indicator.model_fields if n not in (*WORDS, "code", "kind", "parts"))


@dataclass(frozen=True, slots=True)
class Edit:
    """One column of one indicator or section; of the form itself where `code` is empty."""

    code: str
    label: str
    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """`column` can't change for this code: what was stored under it could not be read."""

    code: str
    label: str
    column: str
    version: int  # the earlier version that it differs from
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Difference:
    added: tuple[Indicator, ...]
    removed: tuple[Indicator, ...]
    reworded: tuple[Edit, ...]
    changed: tuple[Edit, ...]
    reordered: bool
    refused: tuple[Refusal, ...]

    @property
    def nothing(self) -> bool:
        return not (
            self.added
            or self.removed
            or self.reworded
            or self.changed
            or self.reordered
            or self.refused
        )


def difference(earlier: Sequence[Form], new: Form) -> Difference:
    """Against the newest of the earlier versions; what is refused, against every one of them."""
    old = earlier[-1] if earlier else Form(version=0, title=new.title, sections=())
    both = [code for code in old.by_code if code in new.by_code]
    places = _places(old, new)
    edits = [
        edit
        for code in both
        for edit in _of_an_indicator(old.by_code[code], new.by_code[code], places[code])
    ]
    sections = list(_of_the_sections(old, new))
    words = [edit for edit in edits if edit.column in WORDS]
    return Difference(
        added=tuple(one for code, one in new.by_code.items() if code not in old.by_code),
        removed=tuple(one for code, one in old.by_code.items() if code not in new.by_code),
        reworded=tuple(words + [edit for edit in sections if edit.column != "section"]),
        changed=tuple(
            [edit for edit in edits if edit.column not in WORDS]
            + [edit for edit in sections if edit.column == "section"]
        ),
        reordered=both != [code for code in new.by_code if code in old.by_code]
        or _common(old, new) != _common(new, old),
        refused=tuple(_refused(earlier, new)),
    )


def _common(one: Form, other: Form) -> list[str]:
    codes = {section.code for section in other.sections}
    return [section.code for section in one.sections if section.code in codes]


def _places(old: Form, new: Form) -> Mapping[str, tuple[str, str]]:
    """Code -> the codes of the section that it stood in and of the one that it stands in."""
    then, now = ({i.code: s.code for s in f.sections for i in s.indicators} for f in (old, new))
    return {code: (then[code], now[code]) for code in then if code in now}


def _of_an_indicator(old: Indicator, new: Indicator, place: tuple[str, str]) -> Iterator[Edit]:
    for column in (*WORDS, *RULES):
        before, after = _shown(getattr(old, column)), _shown(getattr(new, column))
        if before != after:
            yield Edit(new.code, new.label, column, before, after)
    if place[0] != place[1]:
        yield Edit(new.code, new.label, "section", *place)


def _of_the_sections(old: Form, new: Form) -> Iterator[Edit]:
    if old.title != new.title:
        yield Edit("", "", "title", old.title, new.title)
    then: dict[str, Section] = {section.code: section for section in old.sections}
    now: dict[str, Section] = {section.code: section for section in new.sections}
    for code in then | now:
        if code not in now:
            yield Edit(code, then[code].label, "section", then[code].label, "")
        elif code not in then:
            yield Edit(code, now[code].label, "section", "", now[code].label)
        else:
            for column in ("label", "hint"):
                before, after = getattr(then[code], column), getattr(now[code], column)
                if before != after:
                    yield Edit(code, now[code].label, column, before, after)


def _refused(earlier: Sequence[Form], new: Form) -> Iterator[Refusal]:
    """The newest earlier version that knows the code speaks; the others agree with it."""
    for code, one in new.by_code.items():
        for older in reversed(earlier):
            known = older.by_code.get(code)
            if known is None:
                continue
            # Who gives the figure is part of its meaning: one total can't hold both.
            for column in ("kind", "parts", "entered_by"):
                before, after = getattr(known, column), getattr(one, column)
                if before != after:
                    yield Refusal(code, one.label, column, older.version, before, after)
            break


def _shown(value: object) -> str:
    """A cell as its author would write it."""
    if isinstance(value, tuple):
        return "; ".join(
            part if isinstance(part, str) else f"{part.name} = {part.label}" for part in value
        )
    return "" if value is None else value.isoformat() if isinstance(value, date) else str(value)
