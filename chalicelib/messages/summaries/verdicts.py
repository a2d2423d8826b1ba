"""What a summary says of a target, in words: the same on the page and in its files."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction

from chalicelib.messages.reports import states
from chalicelib.rules.forms import indicator_target
from chalicelib.rules.summaries import verdict
from chalicelib.rules.summaries.summary import Document
from chalicelib.rules.texts import number

_WORDS: Mapping[str, str] = {
    "met": "Đạt",
    "missed": "Chưa đạt",
    "breached": "Không thể đạt",  # a floor that what is still out can't lift it to
    "incomplete": "Chưa đủ số liệu",
    "none": "",
}
_PASSED = "Đã vượt ngưỡng"
_WITH_RESULT = "{word}: {result}"
_WITH_COVERAGE = "{word} ({units})"
_COVERAGE = "{answered}/{expected} đơn vị"
_GRAVEST_FIRST = (_PASSED, _WORDS["breached"], _WORDS["missed"])


def not_met(lines: Iterable[Document]) -> list[Document]:
    """The gravest first: a ceiling that is passed, a floor out of reach, what was not reached."""
    found = (line for line in lines if line["verdict"] in ("breached", "missed"))
    return sorted(found, key=lambda line: _GRAVEST_FIRST.index(_word(line)))


def said(line: Document) -> str:
    """With the units that have answered, wherever some have not and it could matter."""
    word = _word(line)
    if word == _PASSED:
        return with_result(line)
    units = coverage(line)
    return _WITH_COVERAGE.format(word=word, units=units) if word and units else word


def coverage(line: Document) -> str:
    """Empty where every unit that was asked has answered."""
    missing, expected = line["missing"], line["expected"]
    if line["entered_by"] != "unit" or not missing:
        return ""
    return _COVERAGE.format(answered=expected - missing, expected=expected)


def with_result(line: Document) -> str:
    """For where no column beside it has the figure."""
    return _WITH_RESULT.format(word=_word(line), result=_result(line))


def _word(line: Document) -> str:
    is_passed = line["verdict"] == "breached" and _is_ceiling(line)
    return _PASSED if is_passed else _WORDS[line["verdict"]]


def _is_ceiling(line: Document) -> bool:
    goal = indicator_target.parse(line["target"], line["kind"])
    if line["denominator"] is None:
        figure = Fraction(line["value"] or 0)
    else:
        figure = 100 * Fraction(line["numerator"]) / Fraction(line["denominator"])
    return goal is not None and verdict.is_above(goal, figure)


def _result(line: Document) -> str:
    value = Decimal(line["value"] or 0)
    if line["denominator"] is not None:
        return states.PERCENT.format(share=number.shown(value, 2))
    return f"{number.shown(value, line['decimals'])} {line['measured_in']}".rstrip()
