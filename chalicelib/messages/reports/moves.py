"""Sentences about taking in, returning, reopening, requests and paper reports."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from chalicelib.messages.frame import dates, problems
from chalicelib.messages.own_words import ITSELF, ITSELF_FIRST
from chalicelib.messages.reports.acts import ACTS
from chalicelib.messages.unit import report as report_words
from chalicelib.rules.reports.report import Version
from chalicelib.rules.reports.unit_request import UnitRequest
from chalicelib.rules.review.act import UNIT, Act
from chalicelib.rules.texts.clock import from_iso
from chalicelib.rules.texts.comment import LONGEST

# What is wrong with a box of these pages; the box's own name stands before it.
FAULTS: Mapping[str, str] = {
    "too_long": f"Nội dung dài quá {LONGEST:,} ký tự, vui lòng viết gọn.".replace(",", ".", 1),
    "forbidden_character": report_words.FAULTS["forbidden_character"],
    "no_comment": "Vui lòng ghi ít nhất một góp ý, cho một nội dung hoặc góp ý chung.",
    "no_reason_given": "Vui lòng ghi lý do.",
    "no_answer": "Vui lòng ghi lý do không chấp thuận để đơn vị biết.",
    "no_day": "Vui lòng nhập ngày, ví dụ 20/12/2026.",
    "bad_day": "Ngày không đọc được, vui lòng nhập dạng 20/12/2026.",
    "day_past": "Ngày này đã qua, vui lòng chọn từ hôm nay trở đi.",
    "day_far": "Ngày này quá xa (hơn một năm), vui lòng xem lại.",
    "day_not_later": "Ngày này không muộn hơn hạn hiện nay, vui lòng chọn ngày sau đó.",
    "day_to_come": "Ngày nhận báo cáo giấy không thể sau hôm nay.",
    "day_before_opening": "Ngày này trước khi kỳ báo cáo mở, vui lòng xem lại.",
    "day_before_last": "Ngày này trước lần gửi gần nhất, vui lòng xem lại.",
}
BOXES: Mapping[str, str] = {
    "general": "Góp ý chung",
    "due": "Hạn gửi lại",
    "reason": "Lý do",
    "wanted": "Xin gia hạn đến hết ngày",
    "until": "Gia hạn đến hết ngày",
    "answer": "Trả lời",
    "arrived": "Ngày nhận báo cáo giấy",
}

REOPENED_UNTIL = "Được gửi lại đến hết ngày"

KINDS: Mapping[str, str] = {"extend": "Xin gia hạn", "reopen": "Xin mở lại"}
ANSWERS: Mapping[str, str] = {
    "open": f"Đang chờ {ITSELF} trả lời",
    "granted": f"{ITSELF_FIRST} đã chấp thuận",
    "refused": f"{ITSELF_FIRST} không chấp thuận",
    "closed": "Đã khép lại, không còn cần",
}
NOT_SIGNED = "Vui lòng xác nhận bản giấy có chữ ký của thủ trưởng đơn vị."
LEFT_EMPTY = (
    "Còn {n} ô trống. Vui lòng nhập số liệu hoặc chọn “Không áp dụng”; với số liệu phát sinh "
    "trong kỳ, có thể đánh dấu “Ô bỏ trống là không phát sinh”."
)
# Where what a unit reads about its own sending would not fit an officer.
PAPER_REFUSALS: Mapping[str, str] = {
    "session_ended": "Phiên làm việc vừa kết thúc, báo cáo chưa được lưu. Vui lòng đăng nhập lại.",
    "locked": "Ngày nhận báo cáo giấy sau ngày khóa kỳ. "
    "Vui lòng gia hạn cho đơn vị trước khi nhập.",
    "exempt": problems.REFUSALS["paper_exempt"],
    "submit_from_accepted": problems.REFUSALS["paper_from_submitted"],
    "period_changed": "Kỳ báo cáo hoặc hạn của đơn vị vừa được điều chỉnh. "
    "Vui lòng xem lại hạn rồi lưu lần nữa.",
}
NOT_ASKED = "Hiện nay quý đơn vị không cần đề nghị gì: báo cáo vẫn tự nhập, tự điều chỉnh được."
NOTHING_TICKED = "Chưa chọn đơn vị nào. Vui lòng quay lại, đánh dấu ở cạnh tên đơn vị."
NOT_OWING = "Mã này không có trong danh sách phải gửi của kỳ."
# After the state of a report that was sent before the unit list said so.
UNCOUNTED = "không tính vào tổng hợp, vì đơn vị không có trong danh sách phải gửi ngày {day}"
BUSY = "Hệ thống đang bận, chưa tiếp nhận. Vui lòng thực hiện lại với đơn vị này."
NOT_COME_TO = "Chưa thực hiện đến. Vui lòng bấm “Tiếp nhận tiếp”."
BUSY_MOVE = "Hệ thống đang bận, chưa thực hiện. Vui lòng bấm lại."
TAKEN_IN = "Đã tiếp nhận"
REQUEST_CHANGED = (
    "Đề nghị này, hoặc báo cáo của đơn vị, vừa thay đổi. Vui lòng xem lại rồi trả lời."
)
NO_LONGER_NEEDED: Mapping[str, str] = {
    "extend": "Đơn vị đã gửi báo cáo sau khi đề nghị nên không cần gia hạn nữa. "
    "Vui lòng bấm “Khép lại”.",
    "reopen": "Báo cáo không còn ở tình trạng cần mở lại. Vui lòng bấm “Khép lại”.",
    "exempt": "Đơn vị đã được miễn báo cáo kỳ này nên không cần nữa. "
    "Vui lòng bấm “Khép lại”, hoặc bỏ miễn trước khi chấp thuận.",
}


def fault(box: str, problem: str, label: str = "") -> str:
    """The sentence for one box, beginning with the box's own name."""
    name = label or BOXES.get(box, "")
    return f"{name}: {FAULTS[problem]}" if name else FAULTS[problem]


def of_request(kind: str, faults: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with the boxes under a unit's request of this kind."""
    labels = {"until": REOPENED_UNTIL} if kind == "reopen" else {}
    return {box: fault(box, wrong, labels.get(box, "")) for box, wrong in faults.items()}


def who(act: Act) -> str:
    return "Đơn vị" if act.who == UNIT else act.who


def event(act: Act) -> str:
    """One act about a report as a sentence."""
    said = _UNTIL.get(act.verb) if act.detail.get("until") else None
    said = said or _SENTENCES.get(act.verb)
    if said is None:
        return f"{who(act)}: {ACTS.get(act.verb, act.verb)}."
    known = {name: _day(act.detail, name) for name in ("due", "wanted", "until", "arrived")}
    return said.format(who=who(act), version=act.detail.get("version", ""), **known)


_SENTENCES: Mapping[str, str] = {
    "accept": "{who} tiếp nhận lần gửi {version}.",
    "return": "{who} trả lại lần gửi {version}, đề nghị gửi lại chậm nhất ngày {due}.",
    "reopen": "{who} mở lại báo cáo để điều chỉnh.",
    "ask_extend": "Đơn vị xin gia hạn đến hết ngày {wanted}.",
    "ask_reopen": "Đơn vị xin mở lại báo cáo.",
    "grant_extend": "{who} chấp thuận gia hạn đến hết ngày {until}.",
    "grant_reopen": "{who} chấp thuận mở lại báo cáo.",
    "refuse_extend": "{who} không chấp thuận đề nghị gia hạn.",
    "refuse_reopen": "{who} không chấp thuận đề nghị mở lại.",
    "close_extend": "{who} khép lại đề nghị gia hạn vì không còn cần.",
    "close_reopen": "{who} khép lại đề nghị mở lại vì không còn cần.",
    "paper": "{who} nhập báo cáo giấy nhận ngày {arrived}, là lần gửi {version}.",
}


# Where the act says until when: a reopening from before it had a day says nothing.
_UNTIL: Mapping[str, str] = {
    "reopen": "{who} mở lại báo cáo để điều chỉnh, gửi lại được đến hết ngày {until}.",
    "grant_reopen": "{who} chấp thuận mở lại báo cáo, gửi lại được đến hết ngày {until}.",
}


def _day(detail: Mapping[str, Any], name: str) -> str:
    given = str(detail.get(name) or "")
    if not given:
        return ""
    return dates.day(from_iso(given) if "T" in given else date.fromisoformat(given))


def answered_before(request: UnitRequest) -> str:
    """Another officer was faster: who said what, when."""
    when = dates.moment(request.answered) if request.answered else ""
    said = f" Trả lời: {request.answer}" if request.answer else ""
    return f"{request.officer} đã trả lời đề nghị này lúc {when}: {ANSWERS[request.state]}.{said}"


def told(act: Act) -> str:
    """What somebody else did just before: who, what, when."""
    return f"Lúc {dates.moment(act.at)}: {event(act)}"


def refusal(reason: str, act: Act | None) -> str:
    """Why a move was refused, and by which act it was overtaken."""
    sentence = BUSY_MOVE if reason == "try_again" else problems.REFUSALS[reason]
    return f"{sentence} {told(act)}" if act else sentence


def said(act: Act, labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What was written with an act: on which section, in general, why."""
    comments = act.detail.get("comments") or {}
    rows = [(labels.get(code, code), str(text)) for code, text in comments.items()]
    rows += [
        (label, str(act.detail[name])) for name, label in _WRITTEN.items() if act.detail.get(name)
    ]
    return tuple(rows)


_WRITTEN: Mapping[str, str] = {"general": "Góp ý chung", "reason": "Lý do", "answer": "Trả lời"}


def sending(version: Version) -> str:
    """One version as a sentence: who sent it, whether it was in time."""
    by = f"{version.sender.name}, {version.sender.post}".strip(", ")
    if version.entered:
        how = f"{version.actor} nhập báo cáo giấy nhận ngày {dates.day(version.sent)}"
    else:
        how = "Đơn vị gửi"
    late = version.late if version.number == 1 else version.after_due
    word = "gửi trễ hạn" if version.number == 1 else "điều chỉnh sau hạn"
    return f"Lần {version.number}: {how} (người lập: {by}){f', {word}' if late else ''}."
