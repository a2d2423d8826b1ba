"""A stage deployed on emulated AWS from the real package, and the ways of people into it.

A thing of the emulator's: it tells the function no domainName, so a stage is deployed once, and
then once more with the address that it got.
"""

import http.client
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from chalicelib.edges.aws import DynamoTable
from chalicelib.edges.table import Item, Key
from infra import after_deploy, samples, stack
from infra.gateway import Reply
from infra.package import ROOT
from infra.stack import Account
from infra.visitor import Visitor
from tests.independent import Raw
from tests.ministack import REGION, Ministack, running
from tests.season import BY, answers

P = "thu-nghiem"
PERIODS = STORY, BROKEN, KILLED = "x-ca-ky", "x-bi-hong", "x-bi-ngat"  # all open today
SENDER = "no-reply@baocao.example"
OFFICER, DIRECTOR = "chuyenvien@baocao.example", "giamdoc@baocao.example"
_HEAD = "code,name,bloc,parent,order,aliases,email,phone,valid_from,valid_to"
_PATIENCE = 120  # seconds
_OF_THE_EMULATOR = "only-for-the-emulator"
_KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}

# Any day must do: the periods began a week ago and stay open for a month.
_PROGRAMME = """
key = "{key}"
name = "Phong trào thi đua (thử nghiệm)"
short = "Thử nghiệm"
sample = true
valid_from = {first}
valid_to = {last}
staff = [{{ email = "{director}", role = "director" }}]
[department]
name = "Sở Giáo dục và Đào tạo"
parent = "UBND tỉnh"
place = "Vĩnh Long"
contact = "Văn phòng Sở"
phone = "0270 000 0000"
email = "vanphong@baocao.example"
[blocs]
T = "THPT"
G = "GDTX"
X = "Xã, phường"
[regime]
collects = []
first_year = {first.year}
last_year = {last.year}
due_day = 17
lock_day = 20
"""
_PERIOD = """
[[regime.custom]]
key = "{key}"
label = "Kỳ {key}"
start = {start}
opens = {opens}
end = {end}
due = {due}
locks = {locks}
"""


def programme_folder(folder: Path, codes: Sequence[str]) -> Path:
    """The sample's form; these units; three periods that are open today."""
    today = datetime.now(UTC).date()

    def day(days: int) -> Any:
        return today + timedelta(days=days)

    made = folder / P
    made.mkdir()
    shutil.copy(samples.FOLDER / "thi-dua-2026-2030" / "form.md", made)
    text = _PROGRAMME.format(key=P, director=DIRECTOR, first=day(-400), last=day(400))
    days = {"start": day(-60), "opens": day(-7), "end": day(-2), "due": day(10), "locks": day(30)}
    text += "".join(_PERIOD.format(key=key, **days) for key in PERIODS)
    (made / "programme.toml").write_text(text, "utf-8")
    rows = [
        f"{code},Trường {code},T,SO,{place},,{mailbox(code)},,{day(-400)},"
        for place, code in enumerate(codes, 1)
    ]
    (made / "units.csv").write_text("\n".join([_HEAD, *rows, ""]), "utf-8")
    return made


def mailbox(code: str) -> str:
    return f"{code.lower()}@donvi.example"


# ------------------------------------------------------------------ the way in


class _Line:
    """HTTP to emulated API Gateway, which knows an API by the name in Host."""

    def __init__(self, emulated: Ministack, host: str) -> None:
        self._emulated = emulated
        self._host = host

    def call(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", _: str = ""
    ) -> Reply:
        line = connection(self._emulated)
        try:
            line.request(method, path, body or None, {**headers, "Host": self._host})
            answer = line.getresponse()
            return Reply(answer.status, answer.getheaders(), answer.read())
        finally:
            line.close()


def connection(emulated: Ministack) -> http.client.HTTPConnection:
    if not emulated.certificate:
        return http.client.HTTPConnection("127.0.0.1", emulated.port, timeout=_PATIENCE)
    trusted = ssl.create_default_context(cafile=emulated.certificate)
    return http.client.HTTPSConnection(
        "127.0.0.1", emulated.port, timeout=_PATIENCE, context=trusted
    )


@dataclass
class Deployed:
    """A stage that stands, with a programme that nobody has reported to."""

    emulated: Ministack
    account: Account
    url: str
    there: Mapping[str, str]  # what the stack calls it -> what it is called
    links: dict[str, str] = field(default_factory=dict)  # unit -> the path that `make links` says

    @property
    def prefix(self) -> str:
        return urlsplit(self.url).path

    def client(self, service: str, **more: Any) -> Any:
        return self.emulated.client(service, **more)

    def visitor(self) -> Visitor:
        """A new browser. It follows links as they stand: the stage's prefix is theirs to say."""
        found = urlsplit(self.url)
        origin = SimpleNamespace(public_url=f"{found.scheme}://{found.netloc}")
        module: Any = SimpleNamespace(site=lambda: origin)
        line: Any = _Line(self.emulated, found.netloc)
        return Visitor(module, line)

    def mails(self, to: str) -> list[EmailMessage]:
        return [mail for mail in self.emulated.mails() if str(mail["To"]) == to]

    def signed_in(self, email: str) -> Visitor:
        """By the link in the mail."""
        browser, mail, _ = self.asked_for_a_mail(email)
        link = self.link_in(mail, "s")
        home = browser.follow(browser.submit(browser.get(link), link))
        assert home.status == 200
        return browser

    def asked_for_a_mail(self, email: str) -> tuple[Visitor, EmailMessage, Reply]:
        """The browser, the mail, and the page that waits for its code."""
        browser, before = self.visitor(), len(self.mails(email))
        asked = browser.submit(browser.get(f"{self.prefix}/signin"), "/signin", email=email)
        assert asked.status == 200
        (mail,) = until(lambda: self.mails(email)[before:])
        return browser, mail, asked

    def link_in(self, mail: EmailMessage, way: str) -> str:
        """The path of the mail's link, which must lead to this stage."""
        (found,) = re.findall(rf"(?<!\S)https?://\S+/{way}/\S+", str(mail.get_content()))
        assert found.startswith(f"{self.url}/{way}/")
        return urlsplit(found).path

    def entered(self, link: str) -> Visitor:
        """A unit's browser that has opened its link."""
        browser = self.visitor()
        home = browser.follow(browser.submit(browser.get(link), link))
        assert home.status == 200
        return browser

    def at_the_check_page(self, browser: Visitor, period: str, seed: str) -> Reply:
        page = browser.get(f"{self.prefix}/report/{period}")
        typed = answers(page, seed, period)
        return browser.follow(browser.submit(page, f"/{period}", do="check", **typed))

    def send(self, browser: Visitor, check: Reply, **more: str) -> Reply:
        """What the tap on "Gửi báo cáo" is answered."""
        return browser.submit(check, "/send", **BY, **more)

    def may(self, role: str, action: str, resource: str) -> bool:
        """By the policy that the stack gave this role, alone."""
        client, name = self.client("iam"), self.there[role]
        known = client.list_role_policies(RoleName=name)["PolicyNames"]
        policies = [
            json.dumps(client.get_role_policy(RoleName=name, PolicyName=one)["PolicyDocument"])
            for one in known
            if one != _OF_THE_EMULATOR
        ]
        (told,) = client.simulate_custom_policy(
            PolicyInputList=policies, ActionNames=[action], ResourceArns=[resource]
        )["EvaluationResults"]
        return bool(told["EvalDecision"] == "allowed")

    def raw(self) -> Raw:
        return Raw.of_table(DynamoTable(self.client("dynamodb"), self.there["Table"]))

    def tick(self) -> None:
        """What the hourly rule does when its time has come."""
        self.invoke("Hourly", after_deploy.scheduled(self.account))

    def invoke(self, function: str, event: object) -> None:
        """Asynchronously, as schedules and SNS do."""
        self.client("lambda").invoke(
            FunctionName=self.there[function],
            InvocationType="Event",
            Payload=json.dumps(event).encode(),
        )

    def item(self, key: Key) -> Item | None:
        return DynamoTable(self.client("dynamodb"), self.there["Table"]).get(key)

    def downloaded(self, browser: Visitor, path: str) -> tuple[str, bytes]:
        """The signed link that a click is sent on to, and what lies behind it."""
        link = browser.get(f"{self.prefix}{path}")
        assert link.status == 303
        where = link.header("location")
        assert where.startswith(f"{self.emulated.url}/{self.there['Files']}/")
        return where, self.fetched(where)[1]

    def fetched(self, link: str) -> tuple[int, bytes]:
        """As a browser fetches a file: without cookies of ours."""
        line = connection(self.emulated)
        try:
            line.request("GET", link.removeprefix(self.emulated.url))
            answer = line.getresponse()
            return answer.status, answer.read()
        finally:
            line.close()

    def left_over(self) -> list[dict[str, Any]]:
        """What lies in the queue; it is taken out."""
        client, found = self.client("sqs"), []
        told = {"QueueUrl": self.there["LeftOver"], "MaxNumberOfMessages": 10}
        while messages := client.receive_message(**told).get("Messages", []):
            for one in messages:
                found.append(json.loads(one["Body"]))
                client.delete_message(QueueUrl=told["QueueUrl"], ReceiptHandle=one["ReceiptHandle"])
        return found

    def logged(self, group: str) -> str:
        """All that the functions of a log group have written."""
        client, name = self.client("logs"), self.there[group]
        pages = client.get_paginator("filter_log_events").paginate(logGroupName=name)
        return "\n".join(event["message"] for page in pages for event in page["events"])


def until(fact: Callable[[], Any], patience: float = _PATIENCE) -> Any:
    """Wait for it, generously."""
    end = time.monotonic() + patience
    while not (found := fact()):
        assert time.monotonic() < end, f"in vain for {patience} s: {fact}"
        time.sleep(0.2)
    return found


# ------------------------------------------------------------------ deploying


@contextmanager
def deployed(folder: Path, codes: Sequence[str], *, strict: bool = False) -> Iterator[Deployed]:
    """By the very commands: make deploy, make load. A strict one judges by policies."""
    with running(folder, strict=strict) as emulated:
        given = ["--stage", "dev", "--sender", SENDER, "--officer", OFFICER, "--yes"]
        deployment = ["deploy", *given, "--out", str(folder / "out"), "--set"]
        assert "baocao-dev stands: https://" in command(emulated, *deployment, "")
        here = Account("000000000000", REGION, _Session(emulated))
        there = stack.resources(here, "baocao-dev")
        host = f"{there['RestAPI']}.execute-api.localhost:{emulated.port}"
        found = Deployed(emulated, here, f"{emulated.scheme}://{host}/api", there)
        again = command(emulated, *deployment, f"PublicUrl={found.url}")
        assert f"baocao-dev stands: {found.url}" in again
        uploads = [line for line in again.splitlines() if line.startswith("uploading")]
        assert uploads == []  # the same package, byte for byte
        load = command(emulated, "load", str(programme_folder(folder, codes)), STAGE="dev")
        assert load.startswith(f"{P} loaded: ")
        printed = (line.split() for line in command(emulated, "links", STAGE="dev").splitlines())
        found.links |= {code: urlsplit(link).path for code, link in printed}
        if strict:
            _let_mails_out(found)
        yield found


def _let_mails_out(found: Deployed) -> None:
    """The emulator asks for ses:SendEmail on `*`, where SES asks for the sender's identity.

    What the policy says of identities is judged apart, by `Deployed.may`.
    """
    wider = {"Effect": "Allow", "Action": "ses:SendEmail", "Resource": "*"}
    for role in ("ApiHandlerRole", "MailerRole"):
        found.client("iam").put_role_policy(
            RoleName=found.there[role],
            PolicyName=_OF_THE_EMULATOR,
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [wider]}),
        )


@dataclass(frozen=True)
class _Session:
    """Of AWS, but all that it makes goes to this emulator."""

    emulated: Ministack

    def create_client(self, service: str, **_: Any) -> Any:
        return self.emulated.client(service)

    def __hash__(self) -> int:
        return id(self.emulated)


def command(emulated: Ministack, *arguments: str, **more: str) -> str:
    """What `make deploy` and `make load` start, as the account's owner. What it printed."""
    spare = ("AWS_", "TABLE", "STAGE", "BUCKET", "DATA", "PUBLIC_URL", "LOG")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(spare)}
    account = {name.upper(): text for name, text in _KEYS.items()}
    account |= {"AWS_ENDPOINT_URL": emulated.url, "AWS_DEFAULT_REGION": REGION}
    if emulated.certificate:
        account["AWS_CA_BUNDLE"] = str(emulated.certificate)
    done = subprocess.run(
        [sys.executable, "-m", "infra", *arguments],
        cwd=ROOT,
        env=kept | account | {"PYTHONPATH": str(ROOT)} | more,
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
