"""The edges on AWS: the contract on moto and on emulated AWS, and what only a network can do."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from moto import mock_aws

from chalicelib.edges import aws, request_cost
from chalicelib.edges.aws import DynamoTable, S3Files, SesMail
from chalicelib.edges.ports import Asked, NotSent, Unusable
from chalicelib.edges.table import ANYTHING, NOTHING, Busy, Check, Conflict, Delete, Item, Key, Put
from chalicelib.store import links
from infra import samples
from infra.browser import ROOT
from tests import contract
from tests.conftest import NEW, SENDER, Clock, on_aws
from tests.contract import NOW
from tests.ministack import REGION, Ministack, new_bucket, new_table


class TestTable(contract.TableContract):
    """moto is fine for what comes one after the other; it is no judge of a race."""

    session = botocore.session.Session()

    @pytest.fixture
    def table(self) -> Iterator[DynamoTable]:
        with mock_aws():
            client = self.session.create_client(
                "dynamodb",
                region_name=REGION,
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
            yield DynamoTable(client, new_table(client))


@pytest.fixture
def client(ministack: Ministack) -> Any:
    return ministack.client("dynamodb")


@pytest.fixture
def table(client: Any) -> DynamoTable:
    return DynamoTable(client, new_table(client))


@pytest.fixture
def files(ministack: Ministack) -> S3Files:
    client = ministack.client("s3")
    bucket = new_bucket(client)
    return S3Files(lambda: client, bucket)


@pytest.fixture
def fetch() -> Callable[[str], tuple[bytes, str]]:
    def fetched(link: str) -> tuple[bytes, str]:
        with urllib.request.urlopen(link) as answer:  # noqa: S310 - our own emulator
            name = re.search(r'filename="([^"]+)"', answer.headers["Content-Disposition"])
            assert name is not None
            return answer.read(), name[1]

    return fetched


@pytest.fixture
def mail(ministack: Ministack) -> SesMail:
    client = ministack.client("sesv2")
    return SesMail(lambda: client, SENDER)


@pytest.fixture
def sent(ministack: Ministack) -> Callable[[], list[EmailMessage]]:
    before = len(ministack.mails())
    return lambda: ministack.mails()[before:]


class TestEmulatedTable(contract.TableContract): ...


class TestTableRaces(contract.TableRaces): ...


class TestFiles(contract.FilesContract): ...


class TestMail(contract.MailContract): ...


# ------------------------------------------------------------------ what the network does


class Network:
    """Stands before the client's HTTP: what `act` returns or raises replaces a call."""

    def __init__(self, client: Any) -> None:
        self.acts: list[Callable[[], Any] | None] = []
        self.calls = 0
        client.meta.events.register("before-call.dynamodb", self._call)

    def _call(self, **_: Any) -> Any:
        self.calls += 1
        act = self.acts.pop(0) if self.acts else None
        return act() if act else None


def answered(code: str, *reasons: str) -> Callable[[], Any]:
    """An error as DynamoDB answers it."""
    body: dict[str, Any] = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {}}
    if reasons:
        body["CancellationReasons"] = [{"Code": reason} for reason in reasons]

    class Http:
        status_code = 400

    return lambda: (Http(), body)


def lost(error: Exception) -> Callable[[], Any]:
    def raise_it() -> Any:
        raise error

    return raise_it


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def patient(client: Any, waits: list[float]) -> DynamoTable:
    """A table whose waits are noted, not waited."""
    return DynamoTable(client, new_table(client), wait=waits.append)


@pytest.fixture
def network(client: Any, patient: DynamoTable) -> Network:
    return Network(client)


PASSING = (
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "TransactionInProgressException",
    "InternalServerError",
)


@pytest.mark.guards(
    "an engine in trouble", "no random part ✓", "no second try ✓", "a network error let through ✓"
)
@pytest.mark.parametrize("code", PASSING)
def test_what_passes_is_tried_again_with_growing_random_waits(
    patient: DynamoTable, network: Network, waits: list[float], code: str
) -> None:
    network.acts = [answered(code)] * 4
    patient.write(Put(Key("P", "s"), {"n": 1}, NOTHING))
    assert patient.get(Key("P", "s")) is not None
    assert len(waits) == 4
    assert all(0 <= wait < 0.02 * 2**place for place, wait in enumerate(waits))


@pytest.mark.guards("an engine in trouble")
@pytest.mark.parametrize("reason", ["TransactionConflict", "ThrottlingError"])
def test_a_transaction_in_somebodys_way_is_tried_again(
    patient: DynamoTable, network: Network, waits: list[float], reason: str
) -> None:
    network.acts = [answered("TransactionCanceledException", "None", reason)] * 3
    patient.write(Put(Key("P", "a"), {}, NOTHING), Put(Key("P", "b"), {}, NOTHING))
    assert [item.version for item in patient.query("P")] == [1, 1]
    assert len(waits) == 3


@pytest.mark.guards("an engine in trouble")
@pytest.mark.parametrize("code", PASSING)
def test_what_does_not_pass_is_busy_and_nothing_is_written(
    patient: DynamoTable, network: Network, waits: list[float], code: str
) -> None:
    network.acts = [answered(code)] * 6
    with pytest.raises(Busy, match=code):
        patient.write(Put(Key("P", "s"), {}, NOTHING))
    assert len(waits) == 5
    assert patient.get(Key("P", "s")) is None


@pytest.mark.guards(
    "an engine in trouble",
    "`TransactionConflict` taken for a conflict ✓",
    "every cancellation tried again ✓",
)
def test_only_a_broken_expectation_is_a_conflict_and_it_names_the_change(
    patient: DynamoTable, network: Network
) -> None:
    keys = Key("P", "a"), Key("P", "b")
    cancelled = "TransactionConflict", "ConditionalCheckFailed"
    network.acts = [answered("TransactionCanceledException", *cancelled)]
    with pytest.raises(Conflict) as broken:
        patient.write(*(Put(key, {}, NOTHING) for key in keys))
    assert broken.value.key == keys[1]


@pytest.mark.guards("an engine in trouble")
def test_any_other_refusal_is_raised_at_once(
    patient: DynamoTable, network: Network, waits: list[float]
) -> None:
    for act in (
        answered("AccessDeniedException"),
        answered("TransactionCanceledException", "None", "ValidationError"),
    ):
        network.acts = [act]
        with pytest.raises(ClientError):
            patient.write(Put(Key("P", "a"), {}, NOTHING), Put(Key("P", "b"), {}, NOTHING))
    assert waits == []


@pytest.mark.guards("an engine in trouble")
@pytest.mark.parametrize(
    "error",
    [ReadTimeoutError(endpoint_url="x"), EndpointConnectionError(endpoint_url="x")],
    ids=lambda error: type(error).__name__,
)
def test_a_network_that_is_gone_is_busy(
    patient: DynamoTable, network: Network, error: Exception
) -> None:
    network.acts = [lost(error), lost(error), lost(error)]
    with pytest.raises(Busy):
        patient.get(Key("P", "s"))
    with pytest.raises(Busy):
        list(patient.query("P"))
    with pytest.raises(Busy):
        patient.write(Delete(Key("P", "s"), ANYTHING))


def test_what_a_batch_left_out_is_put_again(
    patient: DynamoTable, client: Any, waits: list[float]
) -> None:
    left = {patient._name: [{"PutRequest": {"Item": {"pk": {"S": "P"}, "sk": {"S": "s07"}}}}]}
    items = [Item(Key("P", f"s{number:02}"), 3, {"n": number}) for number in range(30)]
    asked: list[int] = []

    def leave_some(parsed: dict[str, Any], **_: Any) -> None:
        asked.append(1)
        if len(asked) == 1:
            parsed["UnprocessedItems"] = left

    client.meta.events.register("after-call.dynamodb.BatchWriteItem", leave_some)
    patient.fill(items)
    assert len(asked) == 3
    assert len(waits) == 1
    assert client.get_item(
        TableName=patient._name, Key={"pk": {"S": "P"}, "sk": {"S": "s07"}}, ConsistentRead=True
    )["Item"] == {"pk": {"S": "P"}, "sk": {"S": "s07"}}  # it was put again, as it was left


@pytest.mark.guards("a lost answer is no second write", "a new token for each try ✓")
@pytest.mark.parametrize("tries", [3, 1], ids=["by the SDK", "by us"])
def test_a_write_whose_answer_is_lost_is_made_once(ministack: Ministack, tries: int) -> None:
    """Whoever tries again comes with the same token, so it is the same write."""
    client = ministack.client("dynamodb", retries={"mode": "standard", "total_max_attempts": tries})
    table, tokens = DynamoTable(client, new_table(client)), []
    table.write(Put(Key("P", "counter"), {"n": 0}, NOTHING))

    def lose_the_first(request: Any, **_: Any) -> Any:
        tokens.append(json.loads(request.body)["ClientRequestToken"])
        if len(tokens) > 1:
            return None
        assert real_send(request).status_code == 200
        if tries > 1:
            raise ReadTimeoutError(endpoint_url=request.url)
        answer = AWSResponse(request.url, 500, {}, None)
        answer._content = b'{"__type": "InternalServerError"}'
        return answer

    real_send = client._endpoint.http_session.send
    client.meta.events.register("before-send.dynamodb.TransactWriteItems", lose_the_first)
    table.write(Put(Key("P", "counter"), {"n": 1}, 1))
    item = table.get(Key("P", "counter"))
    assert item is not None
    assert (item.version, item.body["n"]) == (2, 1)
    assert len(tokens) == 2
    assert len(set(tokens)) == 1


@pytest.mark.guards("no silent truncation", "stopping at 1 MB ✓", "`ConsistentRead` left out ✓")
def test_a_query_reads_every_page(table: DynamoTable, client: Any) -> None:
    for number in range(30):
        table.write(Put(Key("P", f"{number:02}"), {"text": "x" * 90_000}, NOTHING))
    pages: list[int] = []
    client.meta.events.register(
        "after-call.dynamodb.Query", lambda parsed, **_: pages.append(parsed["Count"])
    )
    assert [item.key.sort for item in table.query("P")] == [f"{n:02}" for n in range(30)]
    assert len(pages) >= 3
    assert len(list(table.everything())) == 30


@pytest.mark.guards("no silent truncation")
def test_every_read_is_strongly_consistent(table: DynamoTable, client: Any) -> None:
    asked: list[bool] = []
    client.meta.events.register(
        "before-parameter-build.dynamodb",
        lambda params, **_: asked.append(params["ConsistentRead"]),
    )
    table.get(Key("P", "s"))
    list(table.query("P"))
    list(table.query("P", "s"))
    list(table.everything())
    assert asked == [True] * 4


def test_what_a_call_costs_is_what_dynamodb_says(table: DynamoTable) -> None:
    with request_cost.counted() as spent:
        table.write(
            Put(Key("P", "a"), {"text": "x" * 6_900}, NOTHING),
            Put(Key("P", "b"), {"text": "x"}, NOTHING),
            Check(Key("P", "c"), NOTHING),
        )
    assert (spent.calls, spent.reads, spent.writes) == (1, 0, 2 * 7 + 2 + 2)
    with request_cost.counted() as spent:
        table.get(Key("P", "a"))
        list(table.query("P"))
    assert (spent.calls, spent.writes) == (2, 0)
    assert spent.reads >= 2  # the emulator says 1 for a get of any size


# ------------------------------------------------------------------ an installation's settings

SETTINGS = {
    "TABLE": "baocao",
    "BUCKET": "baocao-files",
    "SENDER": SENDER,
    "PUBLIC_URL": "https://Baocao.Example:443/Prod/",
    "KEY_PARAMETER": "/baocao/test/key",
}


@pytest.fixture
def account(ministack: Ministack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ministack]:
    """The environment that Lambda gives a function, pointing at emulated AWS."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", ministack.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    for cached in (aws._client, aws._key):
        cached.cache_clear()
    yield ministack
    for cached in (aws._client, aws._key):
        cached.cache_clear()


@pytest.mark.parametrize("name", SETTINGS)
def test_a_missing_setting_is_named(name: str) -> None:
    with pytest.raises(Unusable, match=f"not set: {name}$"):
        aws.open_site(lambda: NOW, {**SETTINGS, name: ""})


def test_an_installation_is_made_of_its_settings(account: Ministack) -> None:
    parameters = account.client("ssm")
    parameters.put_parameter(
        Name=SETTINGS["KEY_PARAMETER"], Value="ab" * 32, Type="SecureString", Overwrite=True
    )
    table = new_table(account.client("dynamodb"))
    site = aws.open_site(lambda: NOW, {**SETTINGS, "TABLE": table})
    site.table.write(Put(Key("P", "s"), {"n": 1}, NOTHING))
    assert site.table.get(Key("P", "s")) is not None
    assert site.key == bytes.fromhex("ab" * 32)
    assert site.public_url == "https://baocao.example/Prod"


def test_a_damaged_server_key_is_said(account: Ministack) -> None:
    account.client("ssm").put_parameter(
        Name="/baocao/damaged", Value="no key", Type="SecureString", Overwrite=True
    )
    site = aws.open_site(lambda: NOW, {**SETTINGS, "KEY_PARAMETER": "/baocao/damaged"})
    with pytest.raises(Unusable, match="/baocao/damaged holds no server key"):
        _ = site.key


@pytest.mark.guards("both engines serve the pages")
def test_the_app_serves_from_aws_where_the_environment_names_a_table(account: Ministack) -> None:
    """A process of its own, as Lambda starts it: event in, response out."""
    client = account.client("dynamodb")
    table, bucket = DynamoTable(client, new_table(client)), new_bucket(account.client("s3"))
    site = replace(on_aws(account, Clock(NOW)), table=table)
    samples.load_all(site)
    token = links.issue_link(table, site.key, NEW, "T01")
    given = {**SETTINGS, "TABLE": table._name, "BUCKET": bucket}
    asked = [("GET", "/", None), ("GET", "/u/{token}", {"token": token})]
    program = (
        "import json, sys, app\n"
        "for event in json.load(sys.stdin): print(json.dumps(app.app(event, None)))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps([event(*one) for one in asked]),
        env={**os.environ, **given, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    front, landing = (json.loads(line) for line in ended.stdout.splitlines())
    assert (front["statusCode"], landing["statusCode"]) == (200, 200)
    assert "Thi đua" in front["body"] or "thi đua" in front["body"]
    assert "Vào báo cáo của đơn vị" in landing["body"]
    assert "Strict-Transport-Security" in landing["headers"]


def event(method: str, resource: str, params: dict[str, str] | None) -> dict[str, Any]:
    """As API Gateway's REST API sends it."""
    return {
        "resource": resource,
        "httpMethod": method,
        "headers": {"Host": "baocao.example"},
        "multiValueHeaders": {"Host": ["baocao.example"]},
        "pathParameters": params,
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": method,
            "path": resource.format(**(params or {})),
            "identity": {"sourceIp": "127.0.0.1"},
        },
    }


class Ses:
    """A client that answers each mail with the next of `acts`, and takes it where none is left."""

    def __init__(self, *acts: Exception) -> None:
        self.acts = list(acts)
        self.asked = 0

    def send_email(self, **_: Any) -> None:
        self.asked += 1
        if self.acts:
            raise self.acts.pop(0)


def refused(code: str, status: int) -> ClientError:
    reply: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(reply, "SendEmail")


def posting(ses: Ses, waits: list[float]) -> None:
    SesMail(lambda: ses, SENDER, waits.append).send("a@b.example", "Thư", "x", NOW)


@pytest.mark.guards(
    "what the mail edge knows",
    "a second try ✓",
    "a 500 taken for a refusal ✓",
    "the SDK's retries ✓",
    "a full disk as unknown ✓",
)
@pytest.mark.parametrize(
    "act",
    [
        refused("MessageRejected", 400),
        refused("AccountSuspendedException", 400),
        EndpointConnectionError(endpoint_url="https://email.example"),
        ConnectTimeoutError(endpoint_url="https://email.example"),
        NoCredentialsError(),
    ],
)
def test_a_mail_that_ses_did_not_take_is_known_not_to_have_gone_out(act: Exception) -> None:
    ses, waits = Ses(act), list[float]()
    with pytest.raises(NotSent):
        posting(ses, waits)
    assert (ses.asked, waits) == (1, [])


@pytest.mark.guards("what the mail edge knows")
@pytest.mark.parametrize(
    "act",
    [
        ReadTimeoutError(endpoint_url="https://email.example"),
        ConnectionClosedError(endpoint_url="https://email.example"),
        refused("InternalFailure", 500),
    ],
)
def test_a_mail_whose_answer_is_lost_may_have_gone_out_and_is_not_tried_again(
    act: Exception,
) -> None:
    ses = Ses(act)
    with pytest.raises(type(act)):
        posting(ses, [])
    assert ses.asked == 1


def test_a_mail_that_comes_too_fast_waits_for_its_turn() -> None:
    ses, waits = Ses(*[refused("TooManyRequestsException", 429)] * 3), list[float]()
    posting(ses, waits)
    assert (ses.asked, waits) == (4, [0.3, 0.6, 1.2])
    with pytest.raises(NotSent, match="TooMany"):
        posting(Ses(*[refused("TooManyRequestsException", 429)] * 4), waits)


@pytest.mark.guards("what the mail edge knows")
def test_the_sdk_sends_no_mail_a_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own retries can't know what SES has taken; a table's calls may be made again."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    aws._client.cache_clear()
    try:
        attempts = {
            name: aws._client(name).meta.config.retries["total_max_attempts"]
            for name in ("sesv2", "dynamodb")
        }
    finally:
        aws._client.cache_clear()
    assert attempts == {"sesv2": 1, "dynamodb": 4}


def test_a_mail_goes_with_the_settings_that_tell_of_bounces(account: Ministack) -> None:
    told: list[Any] = []
    client = account.client("sesv2")
    client.create_configuration_set(ConfigurationSetName="events")
    client.meta.events.register(
        "before-parameter-build.sesv2.SendEmail", lambda params, **_: told.append(params)
    )
    for settings in ("events", ""):
        mail = SesMail(lambda: client, SENDER, settings=settings)
        mail.send("a@b.example", "Báo cáo", "Nội dung", NOW)
    assert [one.get("ConfigurationSetName") for one in told] == ["events", None]


def test_an_ended_file_is_marked_for_the_lifecycle_until_it_is_written_again(
    ministack: Ministack,
) -> None:
    client = ministack.client("s3")
    bucket = new_bucket(client)
    files = S3Files(lambda: client, bucket)

    def marks(name: str) -> list[Any]:
        return list(client.get_object_tagging(Bucket=bucket, Key=name)["TagSet"])

    files.write("summaries/p/k/a.json", b"{}")
    files.end("summaries/p/k/a.json")
    assert marks("summaries/p/k/a.json") == [{"Key": "superseded", "Value": "yes"}]
    files.write("summaries/p/k/a.json", b"{}")
    assert marks("summaries/p/k/a.json") == [{"Key": "superseded", "Value": "no"}]


def test_a_period_is_handed_over_without_waiting_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[Any] = []

    class Functions:
        def invoke(self, **asked: Any) -> None:
            told.append(asked)

    monkeypatch.setattr(aws, "_client", lambda _: Functions())
    aws.hand_over_to("the-worker")("p", "2026-Q4", "a-run")
    (asked,) = told
    assert (asked["FunctionName"], asked["InvocationType"]) == ("the-worker", "Event")
    assert json.loads(asked["Payload"]) == {"programme": "p", "period": "2026-Q4", "run": "a-run"}
    assert aws.open_site(lambda: NOW, SETTINGS).hand_over is None
    site = aws.open_site(lambda: NOW, {**SETTINGS, "WORKER": "another-worker"})
    assert site.hand_over is not None
    site.hand_over("p", "2026", "b-run")
    assert told[-1]["FunctionName"] == "another-worker"


def test_what_was_asked_for_is_handed_over_without_waiting_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[Any] = []

    class Functions:
        def invoke(self, **asked: Any) -> None:
            told.append(asked)

    monkeypatch.setattr(aws, "_client", lambda _: Functions())
    assert aws.open_site(lambda: NOW, SETTINGS).afterwards is None
    given = {**SETTINGS, "MAILER": "the-mailer", "ASKED_MAILS_AN_HOUR": "7"}
    site = aws.open_site(lambda: NOW, given)
    assert site.asked_mails == 7
    assert site.afterwards is not None
    asked = Asked("resend", "T01", NOW, "https://baocao.example")
    site.afterwards(asked)
    (call,) = told
    assert (call["FunctionName"], call["InvocationType"]) == ("the-mailer", "Event")
    assert Asked.read(json.loads(call["Payload"])) == asked
