"""Facts about downloading a form: what is written reads back as the same form, everywhere."""

import io
import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies
from openpyxl import load_workbook

from chalicelib.rules.files import source_rows
from chalicelib.rules.forms import xlsform_reader, xlsform_writer
from chalicelib.rules.forms.form import NARRATIVES, Choice
from chalicelib.rules.forms.form_change import difference
from chalicelib.rules.forms.xlsform_columns import RULES
from chalicelib.rules.forms.xlsform_survey import RANK_UNIT
from chalicelib.rules.texts import text
from tests.builders import BLOCS, GRADES, YES_NO, form, indicator, section, unhurried

SAMPLES = sorted((Path(__file__).parents[3] / "programmes").glob("*/form.md"))


def back(one, blocs=BLOCS):
    """The form after a download and an upload; pyxform judges it on the way."""
    return xlsform_reader.read(xlsform_writer.write(one, "thi_dua"), "xlsx", blocs, one.version)


@pytest.mark.guards("download, upload: nothing lost")
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.parent.name)
def test_a_sample_comes_back_as_it_was(path):
    blocs = tomllib.loads((path.parent / "programme.toml").read_text("utf-8"))["blocs"]
    one = xlsform_reader.read(path.read_bytes(), "md", blocs, 3)
    again = back(one, blocs)
    assert again == one
    assert difference([one], again).nothing


_TEXTS = (
    strategies.text(
        strategies.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), max_size=40
    )
    | strategies.sampled_from(
        ["=1+1", "+5", "-", "@a", "1e5", "007", "_x0041_", "a\nb", "TRUE", "12/05/2026", "a|b"]
    )
).map(text.tidy)
_TEXTS = _TEXTS.filter(lambda made: not text.forbidden(made) and "${" not in made)
_LABELS = _TEXTS.filter(bool)
_DAYS = strategies.none() | strategies.dates(date(2000, 1, 1), date(2099, 12, 31))
_TARGETS = {"ratio": ">=98%", "yesno": "100%"}
_LISTS = (
    strategies.lists(
        strategies.tuples(strategies.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True), _LABELS),
        min_size=1,
        max_size=4,
        unique_by=lambda pair: pair[0],
    )
    .map(lambda pairs: tuple(Choice(name=name, label=label) for name, label in pairs))
    .filter(lambda made: {choice.name for choice in made} != {"yes", "no"})
)


@strategies.composite
def indicators(draw, code):
    kind = draw(strategies.sampled_from(sorted(RULES)))
    given_ = {
        "kind": kind,
        "label": draw(_LABELS),
        "hint": draw(_TEXTS),
        "about": draw(_TEXTS),
        "aggregate": draw(strategies.sampled_from(sorted(RULES[kind]))),
        "measured_in": RANK_UNIT if kind == "rank" else draw(_TEXTS.filter(lambda m: m != "hạng")),
        "direction": draw(strategies.sampled_from("+-0")),
        "decimals": draw(strategies.integers(0, 6)),
        "target": draw(strategies.sampled_from(["", "theo kế hoạch", _TARGETS.get(kind, "<=5")])),
        "blocs": draw(strategies.sampled_from([(), ("P",), ("T", "P")])),
        "asked": draw(strategies.sampled_from([(), ("Q2", "Q4"), ("Y",), ("9M", "M06")])),
        "as_of": draw(_TEXTS),
        "entered_by": draw(strategies.sampled_from(["unit", "department"])),
        "jump": draw(strategies.sampled_from(["", "none", "2.5"])),
    }
    given_["valid_from"], given_["valid_to"] = _in_order(draw(_DAYS), draw(_DAYS))
    if kind == "ratio":
        given_ |= {"num_label": draw(_LABELS), "den_label": draw(_LABELS)}
        given_["parts"] = draw(strategies.sampled_from(["count", "amount"]))
    if kind == "choice":
        given_["choices"] = draw(strategies.just(GRADES) | _LISTS)
    if kind == "yesno":
        given_["choices"] = draw(strategies.sampled_from([YES_NO, YES_NO[::-1]]))
    return indicator(code, **given_)


def _in_order(first, last):
    return (last, first) if first and last and last < first else (first, last)


@strategies.composite
def forms(draw):
    """Any form that an author can have uploaded, of any number of sections."""
    sections = []
    for number in range(draw(strategies.integers(1, 3))):
        asked = [
            draw(indicators(f"i{number}_{place}"))
            for place in range(draw(strategies.integers(1, 4)))
        ]
        hint = draw(_TEXTS)
        sections.append(section(*asked, code=f"s{number}", label=draw(_LABELS), hint=hint))
    if draw(strategies.booleans()):
        codes = NARRATIVES[: draw(strategies.integers(1, 5))]
        told = [indicator(code, "text", label=draw(_LABELS)) for code in codes]
        sections.append(section(*told, code="narratives", label=draw(_LABELS)))
    return form(*sections, title=draw(_TEXTS), version=draw(strategies.integers(1, 99)))


@pytest.mark.guards("download, upload: nothing lost", "a column not written ✓ (the first two)")
@settings(unhurried, max_examples=40)
@given(forms())
def test_any_form_comes_back_as_it_was(one):
    again = back(one)
    assert again == one
    assert difference([one], again).nothing


def test_the_same_form_is_the_same_file():
    one = form(section(indicator("i1"), indicator("h", "choice")))
    assert xlsform_writer.write(one, "a") == xlsform_writer.write(one, "a")


@pytest.mark.guards("our own download of a form has text cells", "no number format ✓")
def test_every_cell_of_a_download_is_text_also_where_nothing_stands_yet():
    """A target typed as 90%, a day typed as 01/01/2026 stay what was typed."""
    one = form(section(indicator("i1", target=">=5"), indicator("y", "yesno")))
    book = load_workbook(io.BytesIO(xlsform_writer.write(one, "a")))
    for sheet in book:
        written = [cell for row in sheet.iter_rows(min_row=2) for cell in row if cell.value]
        assert written
        assert {(cell.data_type, cell.number_format) for cell in written} == {("s", "@")}
        widths = sheet.column_dimensions
        assert {widths[letter].number_format for letter in widths} == {"@"}


def test_equal_choices_share_a_list_and_the_settings_name_the_form():
    one = form(
        section(indicator("h1", "choice"), indicator("h2", "choice"), indicator("y", "yesno")),
        version=4,
    )
    found = source_rows.read(xlsform_writer.write(one, "thi_dua"), "xlsx")
    names = [row["list_name"] for row in found["choices"].rows]
    assert names == ["list_1", "list_1", "yes_no", "yes_no"]
    (settings_row,) = found["settings"].rows
    assert dict(settings_row.cells) == {
        "form_title": "Thi đua",
        "form_id": "thi_dua",
        "version": "4",
        "default_language": "vi",
    }
