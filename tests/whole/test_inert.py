"""Text that is accepted comes back the same in page, JSON, XLSX and CSV, and does nothing there."""

import csv
import io
import json
import re
import sys
import unicodedata
import zipfile
from collections.abc import Callable, Mapping
from datetime import timedelta
from html.parser import HTMLParser
from itertools import islice

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.utils.escape import unescape  # which its reader leaves to us in a cell's own text

from chalicelib.edges.ports import Site
from chalicelib.jobs import summarise
from chalicelib.messages.summaries.files import words
from chalicelib.rules.summaries import workbook
from chalicelib.rules.summaries.cells import UnitRow
from chalicelib.rules.summaries.summary import Tally, document
from chalicelib.rules.texts import text as rules
from chalicelib.store import programmes, reports
from infra.gateway import Reply
from infra.visitor import Forms, Visitor
from tests.builders import BLOCS, indicator, instant, period, section, unhurried, unit
from tests.conftest import NEW, Clock
from tests.pages.summaries.test_summary import SUMMARY, opened
from tests.pages.unit.test_form import BY, Q4, filled
from tests.sizes import Figure, size

FORM = f"/report/{Q4}"
BOXES = ("n_done", "n_best", "n_limits", "n_causes", "n_asks")

# What Unicode says that no one sees (Default_Ignorable_Code_Point), beside blanks and line ends.
IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
HOSTILE = (
    "=1+1",
    '=HYPERLINK("https://elsewhere.example","x")',
    "@SUM(A1)",
    "+84 270 000 0000",
    "-2+3+cmd|' /C calc'!A0",
    "＝1+1",
    "=cmd|'/c calc'!A1",
    "<script>alert(1)</script>",
    "</textarea><img src=x onerror=alert(1)>",
    "\"' onfocus=alert(1) autofocus x='",
    "</script><!--",
    "{{ 7*7 }}{% raw %}",
    "${7*7}#{7*7}",
    "https://elsewhere.example",
    "mailto:x@elsewhere.example",
    "javascript:alert(1)",
    "[x](https://elsewhere.example)",
    "&lt;b&gt;&amp;amp;&#0;&#x41;",
    "_x0041__x000D__xD83D_",
    'a;b"c"\td',
    "'=1",
    "]]>]]&gt;<![CDATA[",
    "\\u0000\\n%00%0a%3Cb%3E",
    "NULL; DROP TABLE items; --",
    "../../etc/passwd",
)
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

characters = st.characters(exclude_categories=("Cs",))
texts = st.one_of(
    st.text(characters, min_size=1, max_size=60),
    st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=4).map("\n".join),
    st.builds("{}{}".format, st.sampled_from(HOSTILE), st.text(characters, max_size=20)),
)


def accepted(typed: str) -> bool:
    return bool(rules.tidy(typed)) and not rules.forbidden(rules.tidy(typed))


class Page(HTMLParser):
    """What a browser makes of a page: its tags with their attributes' names, and its cells."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.cells: list[str] = []
        self._inside = False
        self.feed(reply.body.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self._inside = tag in ("td", "dd", "dt")
        if self._inside:
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag not in ("td", "dd", "dt")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.cells[-1] += data


class Journey:
    """One unit's text, from the form to the summary's files."""

    def __init__(
        self, site: Site, clock: Clock, phone: Visitor, as_staff: Callable[..., Visitor]
    ) -> None:
        self.site, self._clock, self.phone, self._as_staff = site, clock, phone, as_staff
        self.desk = as_staff()
        self._since = clock.now

    def send(self, typed: Mapping[str, str]) -> list[Page]:
        """The pages that show it: form, check page, receipt, summary."""
        self._wait()
        cleared = dict.fromkeys((*BOXES, "i1_4_list"), "")
        form = self.phone.get(FORM)
        given = {**filled(self.site), **cleared, **typed}
        checked = self.phone.follow(self.phone.submit(form, Q4, do="check", **given))
        reason = {"reason": "Thử"} if reports.head(self.site.table, NEW, Q4, "T01") else {}
        hidden = next(
            f for where, f in Forms(checked.body.decode()).forms if where.endswith("send")
        )
        for name, content in typed.items():
            assert hidden[name] == rules.tidy(content)
        form = self.phone.get(FORM)
        shown = next(f for where, f in Forms(form.body.decode()).forms if where.endswith(Q4))
        for name, content in typed.items():
            assert shown[name] == rules.tidy(content)
        receipt = self.phone.follow(self.phone.submit(checked, "send", **BY, **reason))
        summarise.run(self.site, everything=False)
        return [Page(one) for one in (form, checked, receipt, self.desk.get(SUMMARY))]

    def _wait(self) -> None:
        """At most twenty sends an hour; who signed in is asked again after half a day."""
        self._clock.now += timedelta(minutes=4)
        if self._clock.now - self._since > timedelta(hours=11):
            self.desk, self._since = self._as_staff(), self._clock.now

    def comes_back(self, typed: Mapping[str, str]) -> list[Page]:
        pages = self.send(typed)
        wanted = {name: rules.tidy(content) for name, content in typed.items()}
        for page in pages[1:]:
            assert set(wanted.values()) <= set(page.cells)
        summary = json.loads(self.desk.get(f"{SUMMARY}/summary.json").body)
        found = {
            line["code"]: entry["lines"]
            for line in [*summary["indicators"], *summary["narratives"]]
            if line["kind"] == "text"
            for entry in line["value"]
        }
        assert found == {name: [content] for name, content in wanted.items()}
        packed = opened(self.site, self.desk.get(f"{SUMMARY}/summary.xlsx"))
        book = load_workbook(io.BytesIO(packed))
        rows = list(book["Nội dung"].iter_rows(min_row=2))
        assert [unescape(row[4].value) for row in rows] == [wanted[n] for n in BOXES if n in wanted]
        assert {cell.data_type for row in rows for cell in row} <= {"s"}
        assert not [cell for row in rows for cell in row if cell.hyperlink]
        inside = zipfile.ZipFile(io.BytesIO(packed)).namelist()
        assert not [name for name in inside if "external" in name or "vba" in name]
        return pages


@pytest.fixture
def journey(
    site: Site,
    clock: Clock,
    as_unit: Callable[..., Visitor],
    as_staff: Callable[..., Visitor],
) -> Journey:
    return Journey(site, clock, as_unit(), as_staff)


@pytest.mark.guards("accepted text is the same in page, JSON, XLSX", "controls let through")
@pytest.mark.soak
def test_every_character_that_is_accepted_comes_back_the_same(
    journey: Journey, figure: Figure
) -> None:
    """Four boxes a report. Of what is only a sample one in 97 is taken: in the small size Han,
    Hangul and all beyond the first plane, in both what Unicode has not assigned.
    """
    unassigned = ("Cn", "Co")
    wanted = (
        sign
        for sign in map(chr, range(sys.maxunicode + 1))
        if accepted(f"a{sign}b")
        and (ord(sign) % 97 == 0 or unicodedata.category(sign) not in unassigned)
        and (ord(sign) % 97 == 0 or sign < chr(size(0x3400, sys.maxunicode)))
    )
    count = 0
    while batch := list(islice(wanted, 4 * 1_300)):
        boxes = [batch[start : start + 1_300] for start in range(0, len(batch), 1_300)]
        typed = {name: "|" + "|".join(box) + "|" for name, box in zip(BOXES, boxes, strict=False)}
        journey.comes_back(typed)
        count += len(batch)
    figure("characters sent and found again in page, JSON and XLSX:", count)


@pytest.mark.guards("accepted text is the same in page, JSON, XLSX")
@pytest.mark.soak
@given(
    st.lists(texts.filter(accepted), min_size=1, max_size=5, unique_by=rules.tidy),
)
@settings(
    unhurried,
    max_examples=size(10, 300),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would cost minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
def test_any_text_comes_back_the_same(journey: Journey, contents: list[str]) -> None:
    journey.comes_back(dict(zip(BOXES, contents, strict=False)))


@pytest.mark.guards(
    "… and inert",
    "autoescape off ✓",
    "texts written as they look, formulas let in ✓",
    "no quote before a full-width sign ✓ (the third)",
)
def test_a_hostile_text_makes_no_tag_no_formula_and_no_link(journey: Journey) -> None:
    journey.comes_back({"n_done": "a", "n_best": "b"})
    harmless = [page.tags for page in journey.comes_back({"n_done": "b", "n_best": "c"})]
    for start in range(0, len(HOSTILE), 2):
        hostile = [*HOSTILE[start : start + 2], "b"][:2]
        pages = journey.comes_back(dict(zip(BOXES, hostile, strict=False)))
        assert [page.tags for page in pages] == harmless, hostile


@pytest.mark.guards("… and inert")
def test_a_hostile_sender_stays_text(
    site: Site, clock: Clock, as_unit: Callable[..., Visitor]
) -> None:
    browser = as_unit()
    for place, hostile in enumerate(HOSTILE):
        clock.now += timedelta(minutes=4)  # at most twenty sends an hour
        page = browser.get(FORM)
        typed = filled(site, i1_5=str(place + 1))
        checked = browser.follow(browser.submit(page, Q4, do="check", **typed))
        by = {**BY, "by.name": hostile, "by.post": hostile}
        phoned = {**by, "by.phone": f"{hostile}<"}
        refused = browser.sees(browser.submit(checked, "send", **phoned, reason=hostile))
        assert refused.status == 422
        kept = next(f for where, f in Forms(refused.body.decode()).forms if where.endswith("send"))
        assert kept["by.phone"] == phoned["by.phone"]
        assert "<script>alert" not in refused.body.decode()
        assert "<img" not in refused.body.decode()
        receipt = browser.follow(browser.submit(refused, "send", **by, reason=hostile))
        said = next(cell for cell in Page(receipt).cells if cell.startswith(hostile))
        assert said == f"{hostile}, {hostile}, {BY['by.phone']}"
        assert "<script>alert" not in receipt.body.decode()
        assert "<img" not in receipt.body.decode()


@pytest.mark.guards("accepted text is the same in page, JSON, XLSX")
def test_a_list_s_lines_come_back_the_same(journey: Journey) -> None:
    lines = [rules.tidy(one) for one in HOSTILE]
    journey.send({"i1_4_list": "\n".join(lines)})
    summary = json.loads(journey.desk.get(f"{SUMMARY}/summary.json").body)
    line = next(line for line in summary["indicators"] if line["code"] == "i1_4_list")
    assert line["value"][0]["lines"] == lines
    packed = opened(journey.site, journey.desk.get(f"{SUMMARY}/summary.xlsx"))
    rows = load_workbook(io.BytesIO(packed))["Nội dung"].iter_rows(min_row=2, values_only=True)
    assert [unescape(row[4]) for row in rows if row[2] == "i1_4_list"] == lines


@pytest.mark.soak
@given(st.text(characters, min_size=1, max_size=40).map(rules.tidy).filter(accepted))
@settings(unhurried, max_examples=size(50, 2_000))
def test_any_label_comes_back_from_csv_and_begins_no_formula(label: str) -> None:
    """The CSV holds the figures; its texts are the form's own: labels, measures, blocs."""
    check_csv(label)


@pytest.mark.guards("… and inert")
@pytest.mark.parametrize("label", HOSTILE)
def test_a_hostile_label_begins_no_formula_in_csv(label: str) -> None:
    check_csv(rules.tidy(label))


def check_csv(label: str) -> None:
    one = section(indicator("c1", label=label, measured_in=label))
    units = (unit("T01"),)
    found = document(Tally([one], units), "x", period(), instant(18))
    made = workbook.as_csv(found, {**BLOCS, "T": label}, words(None))
    assert made.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(made.decode("utf-8-sig"), newline=""), delimiter=";"))
    quoted = f"'{label}" if label.startswith(FORMULA_SIGNS) else label
    assert rows[1][1:3] == [quoted, quoted]
    assert len({len(row) for row in rows}) == 1
    assert not [cell for row in rows for cell in row if cell.startswith(FORMULA_SIGNS)]
    assert f"{quoted}: kết quả" in rows[0]
    packed, rows_of = io.BytesIO(), [UnitRow(units[0], None)]
    blocs = {**BLOCS, "T": label}
    workbook.as_xlsx(packed, found, label, blocs, [one], rows_of, period().due, words(None))
    book = load_workbook(packed)
    formulas = [c for sheet in book for row in sheet for c in row if c.data_type == "f"]
    assert [cell.coordinate for cell in formulas] == ["C9"]  # ours: it reconciles the counts


@pytest.mark.guards("nothing visible is taken away", "joiners always dropped ✓ (the second)")
@pytest.mark.soak
@given(st.text(characters, max_size=60))
@settings(unhurried, max_examples=size(300, 20_000))
def test_tidying_takes_away_nothing_that_anybody_sees(typed: str) -> None:
    once = rules.tidy(typed)
    assert rules.tidy(once) == once
    assume(not rules.forbidden(typed.replace("\r", "").replace("\x0b", "").replace("\x0c", "")))
    seen = [IGNORABLE.sub("", unicodedata.normalize("NFC", one)) for one in (typed, once)]
    blanks = re.compile("\r\n|[\r\x0b\x0c\u2028\u2029]")
    assert unicodedata.normalize("NFC", blanks.sub("\n", seen[0])).strip() == (
        unicodedata.normalize("NFC", seen[1])
    )


def test_files_are_named_in_ascii_and_never_run_in_the_page(site: Site, journey: Journey) -> None:
    journey.send({"n_done": "a"})
    programme = programmes.programme(site.table, NEW)
    assert programme is not None
    for ending in ("xlsx", "csv"):
        link = journey.desk.get(f"{SUMMARY}/summary.{ending}").header("location")
        assert f"as=tong-hop-{NEW}-quy-iv-nam-2026.{ending}" in link
    answer = journey.desk.get(f"{SUMMARY}/summary.json")
    assert answer.header("content-type") == "application/json; charset=utf-8"
    assert answer.header("x-content-type-options") == "nosniff"
