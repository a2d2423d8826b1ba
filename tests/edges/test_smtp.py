"""Mail by SMTP: the contract, and what only a real server in front of it can refuse or lose."""

import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from chalicelib.edges import embedded
from chalicelib.edges.embedded.smtp import SmtpMail
from chalicelib.edges.ports import NotSent, Unusable
from tests import contract
from tests.contract import NOW
from tests.server import free_port

SENDER = "Bao cao <no-reply@so.example>"
TO = "chuyenvien@so.example"


@dataclass
class Post:
    """A server's side: what it took, and what it says to each step."""

    taken: list[bytes] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    says: str = "250 OK"
    says_of_receiver: str = "250 OK"
    hangs_up: bool = False

    async def handle_RCPT(self, _: Any, __: Any, envelope: Any, to: str, ___: Any) -> str:  # noqa: N802
        if self.says_of_receiver.startswith("250"):
            envelope.rcpt_tos.append(to)
        return self.says_of_receiver

    async def handle_DATA(self, server: Any, _: Any, envelope: Any) -> str:  # noqa: N802
        self.taken.append(envelope.content)
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        if self.hangs_up:
            server.transport.abort()
        return self.says


Open = Callable[..., SmtpMail]


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def opened(post: Post) -> Iterator[Open]:
    """The engine before a server that was started with these settings."""
    with ExitStack() as stack:

        def served(**settings: Any) -> SmtpMail:
            server = Controller(post, hostname="127.0.0.1", port=free_port(), **settings)
            server.start()
            stack.callback(server.stop)
            return SmtpMail("127.0.0.1", server.port, SENDER)

        yield served


@pytest.fixture
def mail(opened: Open) -> SmtpMail:
    return opened()


@pytest.fixture
def sent(post: Post) -> Callable[[], list[EmailMessage]]:
    parser = BytesParser(policy=policy.default)
    return lambda: [parser.parsebytes(content) for content in post.taken]  # type: ignore[misc]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Of 127.0.0.1, signed by itself."""
    folder = tmp_path_factory.mktemp("tls")
    key, own = folder / "key.pem", folder / "own.pem"
    asked = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    named = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(own)]
    subprocess.run([*asked, *named, *files], check=True, capture_output=True)
    return key, own


def server_side(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[1], certificate[0])
    return context


class TestMail(contract.MailContract): ...


def test_the_server_hears_the_bare_addresses_and_each_mail_has_a_name(
    mail: SmtpMail, post: Post, sent: Callable[[], list[EmailMessage]]
) -> None:
    for _ in range(2):
        mail.send(TO, "Đăng nhập", "Mã: 012345\n.\ndòng cuối\n", NOW)
    assert post.envelopes == [("no-reply@so.example", [TO])] * 2
    names = {str(one["Message-ID"]) for one in sent()}
    assert len(names) == 2
    assert all(name.endswith("@so.example>") for name in names)
    assert contract.body(sent()[0]) == "Mã: 012345\n.\ndòng cuối\n"


@pytest.mark.guards(
    "a mail by SMTP is sent once, or known not sent, or unknown",
    "a refusal taken for a yes ✓",
    "a break taken for a no ✓",
)
@pytest.mark.parametrize("answer", ["451 later", "554 never"])
def test_what_the_server_refuses_is_known_not_to_have_gone(
    mail: SmtpMail, post: Post, answer: str
) -> None:
    post.says_of_receiver = answer
    with pytest.raises(NotSent, match=f"^SMTP {answer[:3]}$"):
        mail.send(TO, "Đăng nhập", "Mã", NOW)
    assert post.taken == []
    post.says_of_receiver, post.says = "250 OK", answer
    with pytest.raises(NotSent, match=f"^SMTP {answer[:3]}$"):
        mail.send(TO, "Đăng nhập", "Mã", NOW)


@pytest.mark.guards("a mail by SMTP is sent once, or known not sent, or unknown")
def test_a_line_that_breaks_over_the_mail_leaves_it_unknown(mail: SmtpMail, post: Post) -> None:
    post.hangs_up = True
    with pytest.raises(Exception) as broken:  # noqa: PT011 - whatever it is, but
        mail.send(TO, "Đăng nhập", "Mã", NOW)
    assert not isinstance(broken.value, NotSent)
    assert len(post.taken) == 1


def test_no_server_is_known_not_to_have_sent() -> None:
    with pytest.raises(NotSent, match="ConnectionRefusedError"):
        SmtpMail("127.0.0.1", free_port(), SENDER).send(TO, "Đăng nhập", "Mã", NOW)


@pytest.mark.guards(
    "no password and no mail over an open line, or to a false server",
    "STARTTLS not asked for ✓",
    "the certificate not judged ✓",
)
def test_a_server_elsewhere_without_starttls_gets_nothing(
    opened: Open, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.edges.embedded import smtp

    here = opened()
    monkeypatch.setattr(smtp, "is_here", lambda _: False)
    with pytest.raises(NotSent, match="no STARTTLS"):
        replace(here, user="so", password="secret").send(TO, "Đăng nhập", "Mã", NOW)
    assert post.taken == []


@pytest.mark.guards("no password and no mail over an open line, or to a false server")
def test_over_starttls_the_password_is_taken_and_a_wrong_one_sends_nothing(
    opened: Open, post: Post, certificate: tuple[Path, Path]
) -> None:
    def judge(_: Any, __: Any, ___: Any, ____: Any, given: LoginPassword) -> AuthResult:
        right = (given.login, given.password) == (b"so", b"secret")
        return AuthResult(success=right, handled=False)

    told = {"tls_context": server_side(certificate), "authenticator": judge}
    mail = opened(**told, auth_required=True, require_starttls=True)
    trusting = ssl.create_default_context(cafile=str(certificate[1]))
    knowing = replace(mail, user="so", password="secret", trust=trusting)
    knowing.send(TO, "Đăng nhập", "Mã", NOW)
    assert len(post.taken) == 1
    with pytest.raises(NotSent, match="SMTP 535"):
        replace(knowing, password="wrong").send(TO, "Đăng nhập", "Mã", NOW)
    with pytest.raises(NotSent, match="SSLCertVerificationError"):
        replace(knowing, trust=ssl.create_default_context()).send(TO, "Đăng nhập", "Mã", NOW)
    assert len(post.taken) == 1


def test_tls_from_the_beginning_goes_out_too(
    opened: Open, post: Post, certificate: tuple[Path, Path]
) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate[1]))
    mail = opened(ssl_context=server_side(certificate))
    replace(mail, encrypted=True, trust=trusting).send(TO, "Đăng nhập", "Mã", NOW)
    assert len(post.taken) == 1


SETTINGS = {"SMTP_URL": "smtp://mail.so.example", "SENDER": SENDER}


def test_the_settings_say_the_server_its_port_and_the_encryption(tmp_path: Path) -> None:
    made = SmtpMail.told_by(SETTINGS)
    assert (made.host, made.port, made.encrypted) == ("mail.so.example", 587, False)
    other = SmtpMail.told_by({**SETTINGS, "SMTP_URL": "smtps://mail.so.example"})
    assert (other.port, other.encrypted) == (465, True)
    site = embedded.open_site(tmp_path, "http://x.example", lambda: NOW, SETTINGS)
    site.table.close()  # type: ignore[attr-defined]
    assert isinstance(site.mail, SmtpMail)


@pytest.mark.parametrize(
    "wrong",
    [
        {"SMTP_URL": "mail.so.example"},
        {"SMTP_URL": "http://mail.so.example"},
        {"SMTP_URL": "smtp://mail.so.example:many"},
        {"SMTP_URL": "smtp://so:s3cret@mail.so.example"},
        {"SENDER": ""},
        {"SMTP_USER": "so"},
        {"SMTP_PASSWORD": "s3cret"},
    ],
    ids=str,
)
def test_wrong_settings_are_said_without_the_secret(wrong: dict[str, str]) -> None:
    with pytest.raises(Unusable) as refused:
        SmtpMail.told_by({**SETTINGS, **wrong})
    assert "s3cret" not in str(refused.value)
    assert "SMTP_" in str(refused.value)


def test_the_password_shows_nowhere() -> None:
    told = {**SETTINGS, "SMTP_USER": "so", "SMTP_PASSWORD": "s3cret"}
    assert "s3cret" not in repr(SmtpMail.told_by(told))
