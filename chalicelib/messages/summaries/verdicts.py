"""What a summary says of a target, in words: the same on the page and in its files."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from chalicelib.messages.reports import states
from chalicelib.rules.forms import indicator_target
from chalicelib.rules.summaries import verdict
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
_COVERAGE = "{word} ({answered}/{expected} đơn vị)"


def said(line: Mapping[str, Any]) -> str:
    """With the units that have answered, wherever some have not and it could matter."""
    word = _word(line)
    if word == _PASSED:
        return with_result(line)
    missing = line["missing"] if line["entered_by"] == "unit" else 0
    if not word or not missing:
        return word
    expected = line["expected"]
    return _COVERAGE.format(word=word, answered=expected - missing, expected=expected)


def with_result(line: Mapping[str, Any]) -> str:
    """For where no column beside it has the figure."""
    return _WITH_RESULT.format(word=_word(line), result=_result(line))


def _word(line: Mapping[str, Any]) -> str:
    is_passed = line["verdict"] == "breached" and _is_ceiling(line)
    return _PASSED if is_passed else _WORDS[line["verdict"]]


def _is_ceiling(line: Mapping[str, Any]) -> bool:
    goal = indicator_target.parse(line["target"], line["kind"])
    if line["denominator"] is None:
        figure = Fraction(line["value"] or 0)
    else:
        figure = Fraction(100 * line["numerator"], line["denominator"])
    return goal is not None and verdict.is_above(goal, figure)


def _result(line: Mapping[str, Any]) -> str:
    value = Decimal(line["value"] or 0)
    if line["denominator"] is not None:
        return states.PERCENT.format(share=number.shown(value, 2))
    return f"{number.shown(value, line['decimals'])} {line['measured_in']}".rstrip()
