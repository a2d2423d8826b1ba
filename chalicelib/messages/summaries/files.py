"""Words of a period's summary as files: the heads of its sheets and columns, its counts."""

from dataclasses import replace

from chalicelib.messages.frame import dates
from chalicelib.messages.own_words import BLOC_FIRST, ITSELF_FIRST, filled
from chalicelib.messages.reports import states as state_words
from chalicelib.messages.summaries import verdicts
from chalicelib.rules.programmes.programme import Department
from chalicelib.rules.summaries.cells import Words

_UNIT_HEADS = ("Mã", "Đơn vị", BLOC_FIRST, "Trạng thái")

_WORDS = Words(
    heads=(
        "Mã",
        "Chỉ tiêu",
        "Đơn vị tính",
        "Cách tổng hợp",
        "Mục tiêu",
        "Đánh giá",
        "Kết quả",
        "Tử số",
        "Mẫu số",
        "Số đơn vị phải báo cáo",
        "Có số liệu",
        "Không phát sinh",
        "Không áp dụng",
        "Chưa có",
    ),
    bloc_heads=(
        "{bloc}: kết quả",
        "{bloc}: phải báo cáo",
        "{bloc}: có số liệu",
        "{bloc}: không phát sinh",
        "{bloc}: không áp dụng",
        "{bloc}: chưa có",
    ),
    rules=state_words.AGGREGATES,
    by_department=f"{ITSELF_FIRST} nhập",
    verdict=verdicts.said,
    missing=state_words.MISSING,
    value_states=state_words.VALUE_STATES,
    states=state_words.STATES,
    timing=state_words.TIMING,
    sheets=("Tổng hợp", "Theo đơn vị", "Nội dung", "Tình hình gửi"),
    made="{period}, tổng hợp lúc {moment}",
    moment=dates.moment,
    counts=(
        ("Phải gửi", "expected"),
        ("Đã gửi", "received"),
        ("Đúng hạn", "on_time"),
        ("Gửi trễ hạn", "late"),
        ("Đang trả lại", "returned"),
        ("Chưa gửi", "missing"),
    ),
    compared="Đối chiếu",
    fits={True: "Khớp", False: "Không khớp"},
    unit_heads=_UNIT_HEADS,
    own_sums="Cộng trên trang này (không gồm đang trả lại)",
    summed="Theo báo cáo tổng hợp",
    units="Số đơn vị: {count}",
    text_heads=("Mã đơn vị", "Đơn vị", "Mã", "Chỉ tiêu", "Nội dung"),
    reported_heads=(
        "TT",
        *_UNIT_HEADS,
        "Thời hạn",
        "Gửi lần đầu",
        "Gửi gần nhất",
        "Lần gửi",
        "Hạn gửi",
    ),
)


def words(department: Department | None) -> Words:
    """With what this department calls itself and its blocs."""

    code, name, bloc, state = _WORDS.unit_heads
    return replace(
        _WORDS,
        by_department=filled(_WORDS.by_department, department),
        unit_heads=(code, name, filled(bloc, department), state),
        reported_heads=tuple(filled(head, department) for head in _WORDS.reported_heads),
    )
