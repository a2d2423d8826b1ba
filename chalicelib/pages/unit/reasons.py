"""What a unit says beside its figures: why one does not apply, why a whole period is nil."""

from collections.abc import Mapping

from chalicelib.edges.ports import Site
from chalicelib.pages.unit import empties
from chalicelib.pages.unit.owed_report import Last, OwedReport
from chalicelib.rules.forms import value
from chalicelib.rules.forms.form import Indicator
from chalicelib.rules.reports.report import NIL_NOTE, Content, Fault


def not_applicable(owed: OwedReport, content: Content) -> list[Indicator]:
    return [one for one in owed.asked if content.figures.get(one.code) is value.NOT_APPLICABLE]


def of_nil(content: Content, last: Mapping[str, Last]) -> bool:
    """Whether it must be said why nothing occurred: the last round had figures."""
    said = (one.figure for one in last.values() if one.comparable)
    return content.nil and any(
        figure is not value.NOT_APPLICABLE and not value.is_nothing(figure) for figure in said
    )


def lacking(owed: OwedReport, content: Content, last: Mapping[str, Last]) -> tuple[Fault, ...]:
    """Reasons that must be given and are not; `field` is their box on the check page."""
    found = [
        Fault(f"{one.code}.note", one.code, "no_na_reason")
        for one in not_applicable(owed, content)
        if one.code not in content.notes
    ]
    if of_nil(content, last) and NIL_NOTE not in content.notes:
        found.append(Fault(f"{NIL_NOTE}.note", "", "no_nil_reason"))
    return tuple(found)


def boxes(
    site: Site, owed: OwedReport, content: Content, last: Mapping[str, Last]
) -> dict[str, str]:
    """The boxes of the check page, each with what stands in it; a reason is carried over from the
    round before until another is typed.
    """
    codes = [one.code for one in not_applicable(owed, content)]
    unsaid = [code for code in codes if code not in content.notes]
    given = {**content.notes, **empties.reasons(site, owed, unsaid, last)}
    if of_nil(content, last):
        codes.append(NIL_NOTE)
    return {f"{code}.note": given.get(code, "") for code in codes}
