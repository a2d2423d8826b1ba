"""Facts about the grid: a row a unit, lateness told, counts that add up, what is looked for."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, strategies

from chalicelib.messages.reports import progress as words
from chalicelib.rules.programmes.period import end_of
from chalicelib.rules.progress import progress
from chalicelib.rules.progress.progress import Counts, Row, Timing, Wanted
from chalicelib.rules.reports.exempt_or_extended import NO_TERMS, Terms
from chalicelib.rules.reports.report import Head
from chalicelib.rules.units.contact import Contact
from chalicelib.rules.units.unit import Unit
from tests.builders import head, instant, period, unit

DUE = end_of(date(2026, 12, 17))
LATER = end_of(date(2026, 12, 25))
EXEMPT = Terms("T01", "Đang sáp nhập")
EXTENDED = Terms("T01", due=LATER)
HOUR = timedelta(hours=1)


def row(sent: Head | None = None, terms: Terms = NO_TERMS, of: Unit | None = None) -> Row:
    of = of or unit("T01")
    (made,), _ = progress.rows([of], [sent] if sent else [], {of.code: terms}, {}, period())
    return made


# ------------------------------------------------------------------ rows


def test_each_unit_has_its_own_report_terms_due_and_contact_in_the_order_given() -> None:
    units = [unit("T02"), unit("T01"), unit("G01")]
    sent = [head("G01"), head("T01", state="accepted")]
    called = {"T02": Contact(phone="0270 111 222")}
    rows, others = progress.rows(units, sent, {"T01": EXTENDED}, called, period())
    assert [one.unit.code for one in rows] == ["T02", "T01", "G01"]
    assert [one.owed.state for one in rows] == ["missing", "accepted", "submitted"]
    assert [one.owed.due for one in rows] == [DUE, LATER, DUE]
    assert rows[0].contact.phone == "0270 111 222"
    assert rows[1].contact == Contact()
    assert others == []


def test_an_extension_that_gives_no_time_any_more_is_none_to_look_for() -> None:
    for common, extended in ((DUE, True), (LATER, False)):
        rows, _ = progress.rows([unit("T01")], [], {"T01": EXTENDED}, {}, period(due=common))
        assert ("extended" in progress.standing(rows[0], DUE)) is extended


def test_a_report_of_a_unit_that_does_not_owe_is_told_apart() -> None:
    rows, others = progress.rows([unit("T01")], [head("T01"), head("T09")], {}, {}, period())
    assert len(rows) == 1
    assert [one.unit for one in others] == ["T09"]


# ------------------------------------------------------------------ lateness


@pytest.mark.guards(
    "lateness is the sending's own judgement, against the unit's own due instant",
    "judged again from the instants ✓",
    "an extension ignored ✓",
    "an answered return still overdue ✓",
)
@pytest.mark.parametrize(
    ("sent", "terms", "now", "right"),
    [
        (None, NO_TERMS, DUE - 25 * HOUR, Timing("left", 25 * HOUR)),
        (None, NO_TERMS, DUE, Timing("left", timedelta(0))),  # the last instant is on time
        (None, NO_TERMS, DUE + HOUR, Timing("overdue", HOUR)),
        (None, EXTENDED, DUE + HOUR, Timing("left", LATER - DUE - HOUR)),
        (None, EXTENDED, LATER + 2 * HOUR, Timing("locked")),
        (None, NO_TERMS, period().locks, Timing("overdue", period().locks - DUE)),
        (None, NO_TERMS, period().locks + HOUR, Timing("locked")),
        (None, EXEMPT, LATER, Timing("exempt")),
        (head(), NO_TERMS, LATER, Timing("on_time")),
        (head(late=True, first_sent=DUE + 3 * HOUR), NO_TERMS, LATER, Timing("late", 3 * HOUR)),
        # Sent late, and given more time afterwards: late it stays, by how much nobody can say.
        (head(late=True, first_sent=DUE + HOUR), EXTENDED, LATER, Timing("late")),
        # Sent in time of an extension that was taken back afterwards: on time it stays.
        (head(late=False, first_sent=DUE + HOUR), NO_TERMS, LATER, Timing("on_time")),
        (head(state="returned"), NO_TERMS, LATER, Timing("being_answered")),
        (
            head(state="returned", return_due=LATER),
            NO_TERMS,
            DUE,
            Timing("answer_left", LATER - DUE),
        ),
        (
            head(state="returned", return_due=DUE),
            NO_TERMS,
            DUE + 4 * HOUR,
            Timing("answer_overdue", 4 * HOUR),
        ),
        # Answered: the answer's own date says nothing about the report any more.
        (head(state="submitted", return_due=DUE), NO_TERMS, LATER, Timing("on_time")),
    ],
)
def test_lateness_is_what_the_sending_was_judged_by(
    sent: Head | None, terms: Terms, now: datetime, right: Timing
) -> None:
    assert progress.timing(row(sent, terms), now) == right


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (0, "dưới 1 phút"),
        (1, "1 phút"),
        (59, "59 phút"),
        (60, "1 giờ"),
        (23 * 60 + 59, "23 giờ"),
        (24 * 60, "1 ngày"),
        (51 * 60 + 30, "2 ngày 3 giờ"),
    ],
)
def test_a_span_is_told_in_days_and_hours_and_never_as_more_than_it_is(
    minutes: int, said: str
) -> None:
    assert words.lasting(timedelta(minutes=minutes, seconds=59)) == said


def test_every_timing_has_its_words() -> None:
    assert words.told(Timing("late", 51 * HOUR)) == "Trễ 2 ngày 3 giờ"
    assert words.told(Timing("late")) == "Gửi trễ hạn"
    assert words.told(Timing("overdue", HOUR)) == "Quá hạn 1 giờ"
    assert words.told(Timing("left", HOUR)) == ""
    for name in progress.Timed.__args__:
        assert "{" not in words.told(Timing(name, HOUR))


# ------------------------------------------------------------------ counts


@pytest.mark.guards("the grid's counts are those of the raw items, at every step")
def test_the_counts_of_a_period_worked_by_hand() -> None:
    """Three in time (one reopened), two late, one returned, three missing, one exempt of each."""
    fates = [
        (head("T01"), NO_TERMS),
        (head("T02", state="accepted"), NO_TERMS),
        (head("T03", state="reopened"), NO_TERMS),
        (head("T04", late=True), NO_TERMS),
        (head("G01", late=True, state="accepted"), NO_TERMS),
        (head("T05", state="returned", late=True), NO_TERMS),
        (None, NO_TERMS),
        (None, EXTENDED),
        (None, NO_TERMS),
        (head("T09"), EXEMPT),
        (None, EXEMPT),
    ]
    codes = ["T01", "T02", "T03", "T04", "G01", "T05", "T06", "T07", "G02", "T09", "G03"]
    rows = [row(sent, terms, unit(code)) for code, (sent, terms) in zip(codes, fates, strict=True)]
    right = {"T": Counts(7, 4, 3, 1, 1, 2, 1), "G": Counts(2, 1, 0, 1, 0, 1, 1)}
    assert progress.by_bloc(rows) == right
    whole = progress.count(rows)
    assert whole == Counts(9, 5, 3, 2, 1, 3, 2) == progress.total(right.values())
    assert (str(whole.completeness), str(whole.timeliness)) == ("55.56", "33.33")


def test_of_nothing_no_rate_is_told() -> None:
    assert progress.count([]) == Counts()
    assert progress.count([row(head(), EXEMPT)]) == Counts(exempt=1)
    assert progress.count([row(head(), EXEMPT)]).completeness is None
    assert Counts().timeliness is None


_HEADS = strategies.none() | strategies.builds(
    head,
    state=strategies.sampled_from(["submitted", "accepted", "returned", "reopened"]),
    late=strategies.booleans(),
)
_ROWS = strategies.builds(
    row,
    _HEADS,
    strategies.sampled_from([NO_TERMS, EXTENDED, EXEMPT]),
    strategies.sampled_from([unit("T01"), unit("G01"), unit("P01")]),
)


@pytest.mark.guards("the grid's counts are those of the raw items, at every step")
@given(strategies.lists(_ROWS, max_size=30))
def test_counts_add_up_and_are_those_of_the_rows_that_a_choice_shows(rows: list[Row]) -> None:
    whole = progress.count(rows)
    assert whole.expected == whole.received + whole.returned + whole.missing
    assert whole.received == whole.on_time + whole.late
    assert whole.expected + whole.exempt == len(rows)
    now = instant(20)
    for name in ("received", "on_time", "late", "returned", "missing", "exempt"):
        shown = progress.chosen(rows, Wanted(state=name), now)
        assert len(shown) == getattr(whole, name), name
    for bloc, counts in progress.by_bloc(rows).items():
        assert progress.count(progress.chosen(rows, Wanted(bloc=bloc), now)) == counts


# ------------------------------------------------------------------ what is looked for

SCHOOLS = [
    unit("T02", name="Trường THPT Nguyễn Đình Chiểu", order=1),
    unit("T03", name="Trường THPT Ba Tri", order=2, aliases=("THPT Phan Thanh Giản",)),
    unit("P01", name="Phòng GD&ĐT huyện Ba Tri", order=3),
    unit("G01", name="Trung tâm GDTX Ăn Thới", order=4),
]
DOAN, LUONG = "Trường THPT Đoàn Thị Điểm", "Trường THPT Lương Thế Vinh"


def names(found: list[Row]) -> list[str]:
    return [one.unit.code for one in found]


@pytest.mark.guards(
    "units are found without accents, in either order",
    "marks not folded ✓",
    "`sorted` as it comes ✓",
)
@pytest.mark.parametrize(
    ("words", "right"),
    [
        ("dinh chieu", ["T02"]),
        ("ĐÌNH", ["T02"]),
        ("phan thanh gian", ["T03"]),  # an alias
        ("p01", ["P01"]),
        ("phong ba tri", ["P01"]),  # every word, wherever it stands
        ("ba tri", ["T03", "P01"]),
        ("an thoi", ["G01"]),
        ("Nguyễn  chiểu", ["T02"]),
        ("không có", []),
        ("  ", ["T02", "T03", "P01", "G01"]),
    ],
)
def test_units_are_found_without_accents_by_name_code_and_alias(
    words: str, right: list[str]
) -> None:
    wanted, wrong = progress.wanted({"q": words}, "TGP")
    assert wrong == []
    assert names(progress.chosen([row(of=one) for one in SCHOOLS], wanted, DUE)) == right


@pytest.mark.guards("units are found without accents, in either order")
def test_the_order_is_the_official_one_or_the_vietnamese_alphabets() -> None:
    rows = [row(of=one) for one in SCHOOLS]
    assert names(progress.chosen(rows, Wanted(), DUE)) == ["T02", "T03", "P01", "G01"]
    sorted_so = progress.chosen(rows, Wanted(order="alphabet"), DUE)
    # Ph < Tr; after "Trường THPT" B < N; "Trung" before "Trường", as u is before ư.
    assert names(sorted_so) == ["P01", "G01", "T03", "T02"]
    rows = [row(of=unit("T04", name=LUONG)), row(of=unit("T05", name=DOAN))]
    # By code points Đ would stand behind every other letter.
    assert names(progress.chosen(rows, Wanted(order="alphabet"), DUE)) == ["T05", "T04"]


def test_who_is_overdue_or_extended_is_told_by_its_own_due_instant() -> None:
    rows = [row(of=unit("T01")), row(terms=EXTENDED, of=unit("T02"))]
    assert names(progress.chosen(rows, Wanted(state="overdue"), DUE)) == []
    assert names(progress.chosen(rows, Wanted(state="overdue"), DUE + HOUR)) == ["T01"]
    assert names(progress.chosen(rows, Wanted(state="overdue"), LATER + HOUR)) == []
    assert names(progress.chosen(rows, Wanted(state="locked"), LATER)) == ["T01"]
    assert names(progress.chosen(rows, Wanted(state="locked"), LATER + HOUR)) == ["T01", "T02"]
    assert names(progress.chosen(rows, Wanted(state="missing"), LATER + HOUR)) == ["T01", "T02"]
    assert names(progress.chosen(rows, Wanted(state="extended"), DUE)) == ["T02"]


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({"bloc": "Z"}, ["bloc"]),
        ({"state": "sent"}, ["state"]),
        ({"order": "size"}, ["order"]),
        ({"q": "a" * 201}, ["q"]),
        ({"q": "a\x00b", "bloc": "Z", "state": "x", "order": "y"}, ["q", "bloc", "state", "order"]),
    ],
)
def test_what_no_field_can_mean_is_named_and_asks_for_nothing(
    query: dict[str, str], wrong: list[str]
) -> None:
    assert progress.wanted(query, "TG") == (Wanted(), wrong)


def test_what_is_asked_comes_back_as_a_query() -> None:
    query = {"q": "ba tri", "bloc": "T", "state": "late", "order": "alphabet"}
    wanted, _ = progress.wanted(query, "TG")
    assert wanted.query == query
    assert Wanted().query == {}


def test_every_choice_and_order_has_its_word() -> None:
    assert tuple(words.CHOICES) == progress.STATES
    assert tuple(words.ORDERS) == progress.ORDERS
    assert set(words.COUNTS) <= set(Counts._fields)
    now = datetime(2026, 12, 20, tzinfo=UTC)
    every = [row(head(state=s)) for s in ("submitted", "accepted", "returned", "reopened")]
    every += [row(), row(terms=EXTENDED), row(terms=EXEMPT), row(head(late=True))]
    reached = set().union(*(progress.standing(one, now) for one in every))
    reached |= progress.standing(row(), now + timedelta(days=2))
    assert reached == set(progress.STATES)
