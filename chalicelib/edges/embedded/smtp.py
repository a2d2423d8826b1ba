"""Mail through a server of the department's own, by SMTP: encrypted, once, or known not sent."""

import contextlib
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import make_msgid, parseaddr
from typing import Self
from urllib.parse import urlsplit

from chalicelib.edges import mail
from chalicelib.edges.ports import NotSent, Unusable, is_here

_SECONDS = 20  # that the server may take for one answer
_PORTS = {"smtp": 587, "smtps": 465}
_TAKEN = 250


@dataclass(frozen=True, slots=True)
class SmtpMail:
    """A connection for each mail: the department sends few, and none is left open over night.

    TLS from the beginning (smtps) or by STARTTLS, with the server's certificate judged; without
    either only to this very machine.
    """

    host: str
    port: int
    sender: str
    encrypted: bool = False  # from the beginning
    user: str = ""
    password: str = field(default="", repr=False)
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)

    @classmethod
    def told_by(cls, settings: Mapping[str, str]) -> Self:
        """SMTP_URL, SMTP_USER, SMTP_PASSWORD, SENDER. Raises Unusable, without the secret."""
        sender, user = settings.get("SENDER", ""), settings.get("SMTP_USER", "")
        password = settings.get("SMTP_PASSWORD", "")
        try:
            split = urlsplit(settings["SMTP_URL"])
            port = split.port or _PORTS[split.scheme]
        except (ValueError, KeyError):
            raise Unusable("SMTP_URL is none: try smtp://mail.so.example:587") from None
        if not split.hostname or split.username or split.path not in ("", "/"):
            raise Unusable(
                "SMTP_URL holds a server and a port alone, like smtp://mail.so.example:587; "
                "who we are stands in SMTP_USER and SMTP_PASSWORD"
            )
        if "@" not in parseaddr(sender)[1]:
            raise Unusable("SMTP_URL needs SENDER, the address that mails come from")
        if bool(user) != bool(password):
            raise Unusable("SMTP_USER and SMTP_PASSWORD are set together or not at all")
        return cls(split.hostname, port, sender, split.scheme == "smtps", user, password)

    def send(self, to: str, subject: str, text: str, now: datetime) -> None:
        try:
            written = mail.written(self.sender, to, subject, text, now)
        except ValueError as error:
            raise NotSent("unreadable address") from error
        sender = parseaddr(self.sender)[1]
        named = f"Message-ID: {make_msgid(domain=sender.rpartition('@')[2])}\r\n".encode()
        with contextlib.ExitStack() as stack:
            try:
                server = self._connected()
                stack.callback(server.close)
                self._agree(server, sender, to)
            except (OSError, ValueError, smtplib.SMTPException) as error:
                raise NotSent(_why(error)) from error
            try:
                code, _ = server.data(named + written)
            except smtplib.SMTPDataError as error:  # the server did not want to hear it
                raise NotSent(_why(error)) from error
            if code != _TAKEN:
                raise NotSent(f"SMTP {code}")
            with contextlib.suppress(OSError, smtplib.SMTPException):
                server.quit()

    def _connected(self) -> smtplib.SMTP:
        if self.encrypted:
            return smtplib.SMTP_SSL(self.host, self.port, timeout=_SECONDS, context=self.trust)
        return smtplib.SMTP(self.host, self.port, timeout=_SECONDS)

    def _agree(self, server: smtplib.SMTP, sender: str, to: str) -> None:
        """Everything before the mail itself: what fails here has sent nothing."""
        server.ehlo_or_helo_if_needed()
        if not self.encrypted:
            if server.has_extn("starttls"):
                server.starttls(context=self.trust)
                server.ehlo()
            elif not is_here(self.host):
                raise NotSent("no STARTTLS")
        if self.user:
            server.login(self.user, self.password)
        if not server.has_extn("8bitmime"):
            raise NotSent("no 8BITMIME")
        for code, told in (server.mail(sender, ["BODY=8BITMIME"]), server.rcpt(to)):
            if code not in (_TAKEN, 251):
                raise smtplib.SMTPResponseException(code, told)


def _why(error: Exception) -> str:
    """For the log: the server's number or the kind of failure, never what either side said."""
    code = getattr(error, "smtp_code", None)
    return f"SMTP {code}" if code else type(error).__name__
