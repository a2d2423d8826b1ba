"""One mail as the bytes that go out: the same from every engine."""

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP


def written(sender: str, to: str, subject: str, text: str, now: datetime) -> bytes:
    """A plain text mail. Raises ValueError for an address or subject that would add a header."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = now
    message.set_content(text, cte="8bit")
    return message.as_bytes(policy=SMTP.clone(cte_type="8bit"))
