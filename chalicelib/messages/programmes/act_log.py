"""Words of the log of acts: what the facts of an act are called, and how each is shown."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from chalicelib.messages.door import staff
from chalicelib.messages.frame import dates
from chalicelib.messages.links import links
from chalicelib.messages.own_words import BLOC
from chalicelib.messages.reports.acts import ACTS
from chalicelib.messages.urging import urging
from chalicelib.rules.review.act import UNIT, Act

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
TITLE = "Nhật ký"
FILE, ACCOUNTS = "nhat-ky-{about}-{month}.xlsx", "tai-khoan"
HEADS = ("Lúc", "Người thực hiện", "Việc", "Kỳ báo cáo", "Đơn vị", "Chi tiết")

# What an act's detail calls each of its facts. A fact without a word keeps its own name: an
# indicator's code, for one.
DETAILS: Mapping[str, str] = {
    "account": "tài khoản",
    "added": "thêm",
    "aliases": "tên khác",
    "answer": "trả lời",
    "arrived": "ngày nhận",
    "bloc": BLOC,
    "cause": "nguyên nhân",
    "changed": "sửa",
    "code": "mã",
    "comments": "ý kiến theo nội dung",
    "counts": "số thay đổi",
    "due": "hạn",
    "email": "thư điện tử",
    "ended": "kết thúc",
    "file": "tệp",
    "form": "biểu mẫu",
    "former": "trước đó",
    "from": "từ kỳ",
    "general": "ý kiến chung",
    "head": "thủ trưởng",
    "label": "tên",
    "locks": "khóa",
    "mail": "thư",
    "mailbox": "hộp thư",
    "moved": f"đổi {BLOC}",
    "name": "tên",
    "new": "mới",
    "note": "viết thêm",
    "old": "cũ",
    "opens": "mở",
    "order": "thứ tự",
    "parent": "trực thuộc",
    "periods": "kỳ báo cáo",
    "phone": "điện thoại",
    "preparer": "người lập báo cáo",
    "proposed": "hộp thư đề nghị",
    "reason": "lý do",
    "removed": "bỏ",
    "renamed": "đổi tên",
    "role": "vai trò",
    "successors": "đơn vị kế thừa",
    "title": "tên biểu mẫu",
    "units": "đơn vị",
    "until": "đến",
    "valid_from": "từ ngày",
    "valid_to": "đến ngày",
    "version": "lần",
    "versions": "đơn vị",
    "wanted": "xin đến",
    "why": "tình trạng",
    "year": "năm",
}

_VALUES: Mapping[str, Mapping[str, str]] = {
    "role": staff.ROLES,
    "former": staff.ROLES,
    "why": urging.WHYS,
    "cause": urging.CAUSES,
    "mail": links.MAILINGS,
}

# These hold any number of things; elsewhere two are what was before and what is after.
_UNTOLD = frozenset({"roll"})  # names the list that an import made: for the table alone
_LISTS = frozenset({"added", "removed", "changed", "periods", "units", "versions"})


def who(act: Act) -> str:
    return "Đơn vị" if act.who == UNIT else act.who


def what(act: Act) -> str:
    return ACTS.get(act.verb, act.verb)


def detail(act: Act) -> str:
    """The facts of an act on one line; what is empty is left out."""
    told = []
    for name, fact in sorted(act.detail.items()):
        if name not in _UNTOLD and (shown := _shown(name, fact)):
            told.append(f"{DETAILS.get(name, name)}: {shown}")
    return "; ".join(told)


def _shown(name: str, fact: Any) -> str:
    if isinstance(fact, bool):
        return "có" if fact else "không"
    if isinstance(fact, Mapping):
        pairs = ((DETAILS.get(key, key), _shown(key, one)) for key, one in sorted(fact.items()))
        return ", ".join(f"{key} {one}" for key, one in pairs if one)
    if isinstance(fact, list):
        told = [_shown(name, one) for one in fact]
        if len(told) == 2 and name not in _LISTS:
            return " → ".join(one or "–" for one in told)
        return ", ".join(one for one in told if one)
    text = "" if fact is None else str(fact)
    return _VALUES.get(name, {}).get(text) or _day(text)


def _day(text: str) -> str:
    """An instant or a day as people write it; any other text as it is."""
    try:
        if _DAY.fullmatch(text):
            return dates.day(date.fromisoformat(text))
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return dates.moment(found) if found.tzinfo else text
