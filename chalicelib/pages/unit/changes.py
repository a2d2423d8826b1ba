"""What differs between two readings of a report, in the questions' own words."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from chalicelib.edges.ports import Site
from chalicelib.messages.reports import states as state_words
from chalicelib.messages.unit import report as report_words
from chalicelib.pages.unit import owed_report
from chalicelib.pages.unit.fields import shown
from chalicelib.pages.unit.owed_report import OwedReport
from chalicelib.rules.forms import value
from chalicelib.rules.forms.form import Indicator
from chalicelib.rules.reports import note, report
from chalicelib.rules.reports.report import Content, Reading


class Change(NamedTuple):
    """`then` and `now` are empty where there was nothing."""

    label: str
    then: str
    now: str
    is_text: bool = False  # too long for a line


def between(
    asked: Iterable[Indicator],
    older: Content,
    newer: Content,
    unread: Mapping[str, str] | None = None,
) -> list[Change]:
    """Field by field, in the form's order. `unread` is the text of fields that `newer` could not
    take: nothing else is known of those.
    """
    changes = [Change(state_words.NIL_REPORT, _yes(older.nil), _yes(newer.nil))]
    then, now = (_note(report.NIL_NOTE, content) for content in (older, newer))
    changes.append(Change(state_words.NIL_WHY, then, now, is_text=True))
    for one in asked:
        waiting = (unread or {}).get(one.code, "")
        then, now = _said(one, older), waiting or _said(one, newer)
        changes.append(Change(one.label, then, now, one.is_text))
        if now and not waiting:
            label = state_words.NOTE.format(label=one.label)
            then, now = (_note(one.code, content) for content in (older, newer))
            changes.append(Change(label, then, now, is_text=True))
    return [one for one in changes if one.then != one.now]


def since_sent(
    site: Site, owed: OwedReport, read: Reading, typed: Mapping[str, str]
) -> list[Change] | None:
    """Of a correction; None where nothing was sent yet."""
    sent = owed_report.newest(site, owed)
    if sent is None:
        return None
    return between(owed.asked, report.parse(sent.content), read.content, _unread(owed, read, typed))


def _unread(owed: OwedReport, read: Reading, typed: Mapping[str, str]) -> dict[str, str]:
    faulty = {fault.code for fault in read.faults} - {
        *read.content.figures,
        *read.content.texts,
    }
    boxes = {one.code: [typed.get(field, "") for field in value.fields(one)] for one in owed.asked}
    return {code: "/".join(boxes[code]) for code in faulty if code in boxes}


def _note(code: str, content: Content) -> str:
    return report_words.answer(note.answer(content.notes.get(code, "")))


def _yes(nil: bool) -> str:
    return state_words.YES if nil else state_words.NO


def _said(one: Indicator, content: Content) -> str:
    values: Mapping[str, Any] = content.texts if one.is_text else content.figures
    return shown(one, values[one.code]) if one.code in values else ""
