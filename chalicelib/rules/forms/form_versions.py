"""Several form versions in one period, read as one: every code once, under its section."""

from collections.abc import Iterable, Sequence

from chalicelib.rules.forms.form import Indicator, Section


def merged(own: Sequence[Section], others: Iterable[Sequence[Section]]) -> tuple[Section, ...]:
    """What the period's own form asks, and behind it in each section what only others ask.

    A code that both have is told in the own form's words; its choices are those of all.
    """
    found: dict[str, tuple[Section, dict[str, Indicator]]] = {
        section.code: (section, {one.code: one for one in section.indicators}) for section in own
    }
    homes = {code: found[name][1] for name, (_, some) in list(found.items()) for code in some}
    for other in others:
        for section in other:
            for one in section.indicators:
                home = homes.get(one.code)
                if home is None:
                    home = found.setdefault(section.code, (section, {}))[1]
                    homes[one.code] = home
                    home[one.code] = one
                elif home[one.code].choices != one.choices:
                    home[one.code] = _with_choices(home[one.code], one)
    return tuple(
        section.model_copy(update={"indicators": tuple(some.values())})
        for section, some in found.values()
    )


def _with_choices(own: Indicator, other: Indicator) -> Indicator:
    names = {choice.name for choice in own.choices}
    more = tuple(choice for choice in other.choices if choice.name not in names)
    return own.model_copy(update={"choices": own.choices + more})
