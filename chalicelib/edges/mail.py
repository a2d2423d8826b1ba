"""One mail as the bytes that go out: the same from every engine."""

from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import Any

_LONGEST_WORD = 75  # of an encoded word: RFC 2047, 2


class _Policy(EmailPolicy):
    """Subjects folded by Header: where EmailPolicy folds one of other letters, a space is lost."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name != "Subject":
            return super().fold_binary(name, value)
        subject = Header(str(value), "utf-8", _LONGEST_WORD, name)
        return f"{name}: {subject.encode(linesep=self.linesep)}{self.linesep}".encode("ascii")


_AS_SENT = _Policy(linesep="\r\n", cte_type="8bit")


def written(sender: str, to: str, subject: str, text: str, now: datetime) -> bytes:
    """A plain text mail. Raises ValueError for an address or subject that would add a header."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = now
    message.set_content(text, cte="8bit")
    return message.as_bytes(policy=_AS_SENT)
