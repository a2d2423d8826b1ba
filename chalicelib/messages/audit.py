"""Words of the log of acts: what the facts of an act are called, and how each is shown."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib import messages
from chalicelib.audit import UNIT, Act
from chalicelib.messages import staff, urging
from chalicelib.messages.desk import ACTS

HEADS = ("Lúc", "Người thực hiện", "Việc", "Kỳ báo cáo", "Đơn vị", "Chi tiết")

# What an act's detail calls each of its facts; a fact without a word keeps its own name.
DETAILS: Mapping[str, str] = {
    "account": "tài khoản",
    "added": "thêm",
    "cause": "nguyên nhân",
    "changed": "đổi cách tính",
    "due": "hạn",
    "file": "tệp",
    "form": "biểu mẫu phiên bản",
    "former": "trước đó",
    "from": "từ kỳ",
    "label": "tên",
    "locks": "khóa",
    "mailbox": "hộp thư",
    "note": "viết thêm",
    "opens": "mở",
    "periods": "các kỳ",
    "reason": "lý do",
    "removed": "bỏ",
    "role": "vai trò",
    "title": "tên biểu mẫu",
    "units": "số đơn vị",
    "version": "phiên bản",
    "why": "tình trạng",
    "year": "năm",
}

_VALUES: Mapping[str, Mapping[str, str]] = {
    "role": staff.ROLES,
    "former": staff.ROLES,
    "why": urging.WHYS,
    "cause": urging.CAUSES,
}


def who(act: Act) -> str:
    return "Đơn vị" if act.who == UNIT else act.who


def what(act: Act) -> str:
    return ACTS.get(act.verb, act.verb)


def detail(act: Act) -> str:
    """The facts of an act on one line; what is empty is left out."""
    told = []
    for name, fact in sorted(act.detail.items()):
        if shown := _shown(name, fact):
            told.append(f"{DETAILS.get(name, name)}: {shown}")
    return "; ".join(told)


def _shown(name: str, fact: Any) -> str:
    if isinstance(fact, bool):
        return "có" if fact else "không"
    if isinstance(fact, Mapping):
        pairs = ((DETAILS.get(key, key), _shown(key, one)) for key, one in sorted(fact.items()))
        return ", ".join(f"{key}: {one}" for key, one in pairs if one)
    if isinstance(fact, list | tuple):
        return ", ".join(filter(None, (_shown(name, one) for one in fact)))
    text = "" if fact is None else str(fact)
    if name in _VALUES:
        return _VALUES[name].get(text, text)
    instant = _instant(text)
    return messages.moment(instant) if instant else text


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
