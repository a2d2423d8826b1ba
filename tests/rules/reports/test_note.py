"""Facts about notes: an answer of one tap, what a unit writes, and the hash that must stay."""

import pytest
from hypothesis import given, strategies

from chalicelib.rules.reports import note, report
from chalicelib.rules.reports.note import Answer
from chalicelib.rules.reports.report import Content, Fault
from chalicelib.rules.texts import text
from tests.builders import indicator, unhurried

COUNT = indicator("i1")
# As an older program stored it, with the hash that it kept of it.
BEFORE = (
    '{"figures":{"i1":120,"i2":[3,4],"i3":null,"i4":false},"nil":false,'
    '"notes":{"i1":"Thêm đợt thi 20/11"},"texts":{"t1":"Số 5"}}'
)
ITS_HASH = "50d4b746a04921571d4df9531911507860e8b1dc5c2926c6d551448a0ea10446"


@pytest.mark.guards("what was sent hashes as it did", "the kind beside the text ✓")
def test_a_version_of_before_hashes_and_is_typed_as_it_was():
    content = report.parse(BEFORE)
    assert (content.canonical(), content.hash()) == (BEFORE, ITS_HASH)
    asked = [COUNT, indicator("i2", "ratio"), indicator("i3"), indicator("i4")]
    asked.append(indicator("t1", "text"))
    typed = report.typed(asked, content)
    assert typed["i1.note"] == "Thêm đợt thi 20/11"
    assert "i1.why" not in typed
    assert report.read(asked, typed).content.hash() == ITS_HASH


@pytest.mark.parametrize("kind", note.KINDS)
def test_one_tap_is_an_answer_with_or_without_words(kind):
    for said in ("", "Thêm hai lớp 10"):
        typed = {"i1": "120", "i1.why": kind, "i1.note": said}
        content = report.read([COUNT], typed).content
        assert note.answer(content.notes["i1"]) == Answer(kind, said)
        assert report.read([COUNT], report.typed([COUNT], content)).content == content


def test_what_is_written_without_a_tap_is_another_reason():
    content = report.read([COUNT], {"i1": "120", "i1.note": "Thêm hai lớp"}).content
    assert content.notes == {"i1": "Thêm hai lớp"}
    assert note.answer(content.notes["i1"]) == Answer("other", "Thêm hai lớp")
    assert note.answer("") == Answer()
    assert note.of(Answer()) == ""


def test_an_answer_that_is_none_of_ours_is_a_fault():
    read = report.read([COUNT], {"i1": "5", "i1.why": "weather"})
    assert read.faults == (Fault("i1.why", "i1", "unknown_choice"),)
    assert read.content == Content({"i1": 5})


@given(strategies.sampled_from(("", *note.KINDS)), strategies.text(max_size=40).map(text.tidy))
@unhurried
def test_whatever_was_written_comes_back_with_its_kind(kind, said):
    back = note.answer(note.of(Answer(kind, said)))
    if note.answer(said).kind in ("", "other"):  # but for who types our own mark
        assert back == Answer(kind or ("other" if said else ""), said)
