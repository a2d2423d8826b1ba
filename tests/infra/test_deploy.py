"""Deploying and destroying a stage, on emulated AWS: what is asked, said, made and left alone."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from chalicelib.edges import aws
from chalicelib.edges.ports import Site, Unusable
from chalicelib.edges.table import ANYTHING, Busy, Delete, Put
from chalicelib.store import keys, links, schema
from chalicelib.store.schema import SCHEMA
from infra import (
    after_deploy,
    artefacts,
    change_set,
    deploy,
    migrations,
    sending_identity,
    stack,
    stage_commands,
)
from infra.destroy import destroy
from infra.package import ROOT, Package
from infra.stack import Account, NotDeployed, Stack
from tests.conftest import Clock
from tests.ministack import REGION, Ministack
from tests.older import ON_THE_DAY, P, left_in

SENDER = "no-reply@baocao.example"
OFFICER = "chuyenvien@baocao.example"
CHALICE = json.loads((ROOT / ".chalice" / "config.json").read_text("utf-8"))


@pytest.fixture
def here(ministack: Ministack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """The account as the commands find it in the environment."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", ministack.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setattr(stack, "_POLL_SECONDS", 0.1)
    caches = (aws._client, aws._key)
    for cached in caches:
        cached.cache_clear()
    yield stack.account()
    for cached in caches:
        cached.cache_clear()


@dataclass
class Person:
    """Who answers what is asked, and hears what is said."""

    yes: bool = True
    heard: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def say(self, line: str) -> None:
        self.heard.append(line)

    def ask(self, question: str) -> bool:
        self.asked.append(question)
        return self.yes


def deployed(here: Account, stage: str, made: Package, person: Person, **given: str) -> Stack:
    told = {"Sender": SENDER, **given}
    return deploy.deploy(here, stage, made, told, person.ask, person.say)


@pytest.mark.guards(
    "deployed only when told, run again after a failure, nothing that holds reports replaced",
    "nobody asked ✓",
    "a stillborn stack updated ✓",
    "a replaced table let through ✓",
    "prod let through ✓",
)
@pytest.mark.guards("to the period function alone, and CloudFormation makes no circle")
@pytest.mark.e2e
def test_a_stage_is_deployed_only_when_asked_again_without_a_change_and_destroyed(
    here: Account, made: Package
) -> None:
    hesitant, person = Person(yes=False), Person()
    with pytest.raises(NotDeployed, match="nothing was changed"):
        deployed(here, "dev", made, hesitant)
    assert stack.stack(here, "dev").is_unborn
    assert any("Table" in line and "add" in line for line in hesitant.heard)
    after = deployed(here, "dev", made, person)
    assert after.status == "CREATE_COMPLETE"
    assert after.outputs["PublicUrl"].startswith("https://")
    assert not [line for line in person.heard if "server key" in line]  # made in the first try
    there = stack.resources(here, after.name)
    assert_kept_safe(here, there)
    after_deploy.officer("dev", OFFICER, person.say)
    assert person.heard[-1] == f"officer {OFFICER}: sign in at {after.outputs['PublicUrl']}/signin"
    again = Person()
    deployed(here, "dev", made, again)
    assert again.heard == ["nothing to change: this package is what runs"]
    assert again.asked == []
    changed = Person()
    assert deployed(here, "dev", made, changed, LogDays="30").status == "UPDATE_COMPLETE"
    with pytest.raises(NotDeployed, match="nothing was destroyed"):
        destroy(here, "dev", hesitant.ask, hesitant.say)
    here.client("s3").put_object(Bucket=there["Files"], Key="a/b.json", Body=b"{}")
    destroy(here, "dev", person.ask, person.say)
    assert_gone(here, there)
    with pytest.raises(NotDeployed, match="baocao-dev is not there"):
        destroy(here, "dev", person.ask, person.say)


def assert_kept_safe(here: Account, there: Any) -> None:
    """What the template says of table, bucket, key and functions has come true."""
    table = here.client("dynamodb").describe_table(TableName=there["Table"])["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    s3, bucket = here.client("s3"), there["Files"]
    blocked = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(blocked.values()) == {True}
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert "aws:SecureTransport" in s3.get_bucket_policy(Bucket=bucket)["Policy"]
    name = stack.key_parameter("dev")
    key = here.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]
    assert (key["Type"], len(bytes.fromhex(key["Value"]))) == ("SecureString", 32)
    functions = here.client("lambda")
    for function in ("Hourly", "Nightly", "Period", "Bounced"):
        given = functions.get_function_event_invoke_config(
            FunctionName=there[function], Qualifier="$LATEST"
        )
        assert "LeftOver" in given["DestinationConfig"]["OnFailure"]["Destination"]
    for function in ("Hourly", "Nightly", "APIHandler"):
        told = functions.get_function_configuration(FunctionName=there[function])
        assert told["Environment"]["Variables"]["WORKER"] == there["Period"]


def assert_gone(here: Account, there: Any) -> None:
    for service, call, asked in (
        ("dynamodb", "describe_table", {"TableName": there["Table"]}),
        ("s3", "head_bucket", {"Bucket": there["Files"]}),
        ("ssm", "get_parameter", {"Name": stack.key_parameter("dev")}),
    ):
        with pytest.raises(ClientError):
            getattr(here.client(service), call)(**asked)
    assert stack.stack(here, "dev").status in ("", "DELETE_COMPLETE")


def command(monkeypatch: pytest.MonkeyPatch, made: Package, *given: str) -> int:
    """`make deploy` as it is typed, with a package that is made already."""
    monkeypatch.setattr(stage_commands, "package", lambda *_: made)
    monkeypatch.setattr(after_deploy, "_IN_FLIGHT", 0)
    return stage_commands.main(["deploy", "--stage", "dev", "--sender", SENDER, "--yes", *given])


@pytest.mark.guards(
    "a deployment moves the data, a command does not, an older package is refused",
    "not moved ✓",
    "not refused ✓",
    "a command on older data ✓",
    "a restore into it ✓",
    "not told in the log ✓",
)
@pytest.mark.e2e
def test_deploying_brings_the_data_of_an_older_package_up_and_an_older_one_is_refused(
    here: Account,
    made: Package,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command(monkeypatch, made) == 0
    site = aws.open_site(Clock(ON_THE_DAY), stack.settings("dev"))
    assert marked(site) == SCHEMA
    site.table.write(Delete(keys.schema(), ANYTHING))
    left_in(site, "schema-1", tmp_path)
    capsys.readouterr()
    assert command(monkeypatch, made) == 0
    said = capsys.readouterr().out.splitlines()
    steps = [f"bringing the data from schema {n} to {n + 1} …" for n in range(1, SCHEMA)]
    assert said[1 : 3 + len(steps)] == [
        "nothing to change: this package is what runs",
        "waiting 0 s until nothing of the former package writes any more …",
        *steps,
    ]
    assert said[-1].startswith("baocao-dev stands: https://")
    assert marked(site) == SCHEMA
    assert len(links.standings(site.table, P)) == 6
    site.table.write(Put(keys.schema(), {"schema": SCHEMA + 1}, ANYTHING))
    before = stack.stack(here, "dev")
    assert command(monkeypatch, made, "--set", "LogDays=30") == 1
    assert f"has schema {SCHEMA + 1}, newer than this package's {SCHEMA}" in capsys.readouterr().err
    assert stack.stack(here, "dev") == before
    destroy(here, "dev", lambda _: True, print)


def test_a_table_that_is_busy_while_the_data_is_brought_up_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def busy(*_: object) -> None:
        raise Busy("planted")

    monkeypatch.setattr(after_deploy, "site_of", lambda _: SimpleNamespace(table=None))
    monkeypatch.setattr(migrations, "found", lambda _: schema.Mark(SCHEMA))
    monkeypatch.setattr(migrations, "migrate", busy)
    with pytest.raises(NotDeployed, match=r"not all in its shape yet \(planted\): run the same"):
        after_deploy.migrated("dev", print)


@pytest.mark.guards(
    "a stack that still says what it was is not taken for changed; requests in flight are "
    "waited for before data is brought up"
)
def test_what_a_former_package_has_in_hand_is_waited_for_before_its_data_is_brought_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[object] = []
    monkeypatch.setattr(after_deploy, "site_of", lambda _: SimpleNamespace(table=None))
    monkeypatch.setattr(after_deploy.time, "sleep", done.append)
    monkeypatch.setattr(migrations, "migrate", lambda *_: done.append("brought up"))
    for known in (SCHEMA - 1, SCHEMA):
        monkeypatch.setattr(migrations, "found", lambda _, known=known: schema.Mark(known))
        after_deploy.migrated("dev", lambda _: None)
    assert done == [after_deploy._IN_FLIGHT, "brought up", "brought up"]
    assert CHALICE["lambda_functions"]["api_handler"]["lambda_timeout"] <= after_deploy._IN_FLIGHT


@pytest.mark.guards(
    "a stack that still says what it was is not taken for changed; requests in flight are "
    "waited for before data is brought up",
    "the first answer believed ✓",
    "no wait ✓",
)
def test_a_stack_that_still_says_what_it_was_is_not_taken_for_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = Stack("baocao-dev", "UPDATE_COMPLETE", {}, {}, "10:00")
    told = [before, before, replace(before, status="UPDATE_IN_PROGRESS", updated="10:05")]
    told.append(replace(before, updated="10:05"))
    after = told[-1]
    client = SimpleNamespace(execute_change_set=lambda **_: None)
    here: Any = SimpleNamespace(client=lambda _: client)
    monkeypatch.setattr(change_set.time, "sleep", lambda _: None)
    monkeypatch.setattr(change_set, "stack", lambda *_: told.pop(0))
    assert change_set.applied(here, "dev", "change", before) == after
    assert told == []


def marked(site: Site) -> int:
    mark = schema.mark(site.table)
    return mark.schema if mark else 0


@pytest.mark.guards(
    "deployed only when told, run again after a failure, nothing that holds reports replaced"
)
@pytest.mark.e2e
def test_after_a_first_creation_that_failed_the_same_command_works(
    here: Account, made: Package
) -> None:
    alarm = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Metrics": [{}]}
    broken = {"Resources": {"A": {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm}}}
    client = here.client("cloudformation")
    client.create_stack(StackName="baocao-test", TemplateBody=json.dumps(broken))
    left = stack.settled(here, "test")
    assert left.is_stillborn
    person = Person()
    assert deployed(here, "test", made, person).status == "CREATE_COMPLETE"
    assert "the first creation of baocao-test failed and was taken back: it holds nothing" in (
        person.heard
    )
    destroy(here, "test", person.ask, person.say)


def test_an_unknown_setting_and_a_missing_sender_are_said(here: Account, made: Package) -> None:
    person = Person()
    with pytest.raises(NotDeployed, match="no such setting: LogDay;"):
        deployed(here, "prod", made, person, LogDay="1")
    with pytest.raises(NotDeployed, match="who sends the mails"):
        deploy.deploy(here, "prod", made, {}, person.ask, person.say)


@pytest.mark.guards(
    "deployed only when told, run again after a failure, nothing that holds reports replaced"
)
def test_prod_is_not_destroyed(here: Account) -> None:
    person = Person()
    with pytest.raises(NotDeployed, match="prod is not destroyed"):
        destroy(here, "prod", person.ask, person.say)
    assert person.asked == []


# ------------------------------------------------------------------ plain words


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("UPDATE_IN_PROGRESS", "is being changed right now"),
        ("ROLLBACK_IN_PROGRESS", "is being changed right now"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
        ("DELETE_FAILED", "is DELETE_FAILED: look at its events"),
    ],
)
def test_a_stack_that_can_not_be_changed_is_said_in_plain_words(
    monkeypatch: pytest.MonkeyPatch, status: str, said: str
) -> None:
    monkeypatch.setattr(deploy, "stack", lambda *_: Stack("baocao-dev", status, {}, {}))
    monkeypatch.setattr(deploy, "failures", lambda *_: iter(["Table: no"]))
    with pytest.raises(NotDeployed, match=said):
        deploy._ready(Account("1", REGION, None), "dev", print)


@pytest.mark.parametrize("status", ["", "REVIEW_IN_PROGRESS", "DELETE_COMPLETE"])
def test_a_change_set_that_nobody_applied_is_no_hindrance(
    monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    monkeypatch.setattr(deploy, "stack", lambda *_: Stack("baocao-dev", status, {}, {}))
    assert deploy._ready(Account("1", REGION, None), "dev", print).is_unborn


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> pytest.MonkeyPatch:
    """A machine that knows no account."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


def test_no_region_is_said(nobody: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotDeployed, match="no region: say where"):
        stack.account()


def test_no_credentials_are_said(nobody: pytest.MonkeyPatch) -> None:
    nobody.setenv("AWS_DEFAULT_REGION", REGION)
    with pytest.raises(NotDeployed, match="no AWS credentials: sign in"):
        stack.account()


def test_no_line_is_said(nobody: pytest.MonkeyPatch) -> None:
    nobody.setenv("AWS_DEFAULT_REGION", REGION)
    nobody.setenv("AWS_ACCESS_KEY_ID", "x")
    nobody.setenv("AWS_SECRET_ACCESS_KEY", "x")
    nobody.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    nobody.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(NotDeployed, match="AWS can't be reached"):
        stack.account()


class Answers:
    """A session whose services answer what stands here."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def create_client(self, *_: Any, **__: Any) -> "Answers":
        return self

    def __getattr__(self, name: str) -> Any:
        def answer(**_: Any) -> Any:
            found = self.answers[name]
            if isinstance(found, Exception):
                raise found
            return found

        return answer


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "x")


def test_expired_credentials_are_said(nobody: pytest.MonkeyPatch) -> None:
    nobody.setenv("AWS_DEFAULT_REGION", REGION)
    nobody.setenv("AWS_ACCESS_KEY_ID", "x")
    nobody.setenv("AWS_SECRET_ACCESS_KEY", "x")
    client = Answers(get_caller_identity=refused("ExpiredToken"))
    nobody.setattr(botocore.session.Session, "create_client", lambda *_, **__: client)
    with pytest.raises(NotDeployed, match=r"does not take these credentials \(ExpiredToken\)"):
        stack.account()


def mail_words(identity: str, verified: bool, production: bool) -> str:
    session = Answers(
        get_account={"ProductionAccessEnabled": production},
        get_email_identity={
            "VerifiedForSendingStatus": verified,
            "DkimAttributes": {"Tokens": ["t1", "t2", "t3"]},
        },
    )
    found = Stack("baocao-dev", "CREATE_COMPLETE", {}, {"SenderIdentity": identity})
    return "\n".join(sending_identity.mail_words(Account("1", REGION, session), found))


def test_ses_in_its_sandbox_is_said_with_the_way_out() -> None:
    told = mail_words("baocao.example", verified=True, production=False)
    assert "SES is in its sandbox" in told
    assert "ask there for production access" in told
    assert mail_words("baocao.example", verified=True, production=True) == ""


def test_an_identity_that_waits_names_what_it_waits_for() -> None:
    domain = mail_words("baocao.example", verified=False, production=True)
    assert "t2._domainkey.baocao.example CNAME t2.dkim.amazonses.com" in domain
    address = mail_words(SENDER, verified=False, production=True)
    assert "press the link in the mail that AWS has sent there" in address
    assert "CNAME" not in address


@pytest.mark.guards(
    "deployed only when told, run again after a failure, nothing that holds reports replaced"
)
@pytest.mark.parametrize(
    ("change", "loses"),
    [
        ({"Action": "Modify", "Replacement": "True", "LogicalResourceId": "Table"}, True),
        ({"Action": "Remove", "LogicalResourceId": "Files"}, True),
        ({"Action": "Modify", "Replacement": "False", "LogicalResourceId": "Table"}, False),
        ({"Action": "Modify", "Replacement": "True", "LogicalResourceId": "APIHandler"}, False),
        ({"Action": "Add", "LogicalResourceId": "Files"}, False),
    ],
)
def test_a_change_that_would_leave_reports_behind_is_known(change: Any, loses: bool) -> None:
    assert change_set.loses_reports(change) is loses


def test_settings_are_given_as_name_and_value() -> None:
    assert stage_commands._given("LogDays=30  WafRequests=2000") == {
        "LogDays": "30",
        "WafRequests": "2000",
    }
    with pytest.raises(NotDeployed, match="SET wants Name=value, not LogDays"):
        stage_commands._given("LogDays")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["--stage", "prd"], "which stage? STAGE=dev, STAGE=test, STAGE=prod"),
        ([], "which stage? STAGE=dev, STAGE=test, STAGE=prod"),
        (["--stage", "dev", "--officer", "canbo"], "OFFICER=canbo is no mail address"),
        (["--stage", "dev", "--sender", "canbo"], "SENDER=canbo is no mail address"),
        (["--stage", "dev"], "who sends the mails? e.g. SENDER="),
        (["--stage", "dev", "--sender", SENDER, "--set", "Stage=prod"], "said by STAGE=dev, not"),
        (["--stage", "dev", "--sender", SENDER, "--set", "AlarmMail=x"], "AlarmMail=x is no mail"),
    ],
)
def test_a_wrong_word_is_said_before_anything_is_made(
    here: Account,
    made: Package,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: list[str],
    said: str,
) -> None:
    monkeypatch.setattr(stage_commands, "package", lambda *_: made)
    monkeypatch.setattr(artefacts, "uploaded", lambda *_: pytest.fail("uploaded"))
    monkeypatch.setattr(artefacts, "server_key", lambda *_: pytest.fail("a key was made"))
    assert stage_commands.main(["deploy", "--yes", *typed]) == 1
    assert said in capsys.readouterr().err


def test_the_key_of_a_try_that_never_came_to_a_stack_is_deleted(here: Account) -> None:
    artefacts.server_key(here, "test", print)
    person = Person()
    destroy(here, "test", person.ask, person.say)
    assert person.heard == ["no stack, and the server key of a try that failed: deleted"]
    with pytest.raises(NotDeployed, match="baocao-test is not there"):
        destroy(here, "test", person.ask, person.say)


def test_a_stage_that_is_not_here_is_said_with_where_we_looked(here: Account) -> None:
    with pytest.raises(Unusable, match=f"baocao-prod is not in {REGION} of account {here.number}"):
        stack.settings("prod")
    with pytest.raises(Unusable, match="no stage prd: there are dev, test, prod"):
        stack.settings("prd")


def test_a_stage_of_an_older_template_is_said_in_plain_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = Stack("baocao-dev", "CREATE_COMPLETE", {"TableName": "t"}, {})
    monkeypatch.setattr(stack, "account", lambda: Account("1", REGION, None))
    monkeypatch.setattr(stack, "stack", lambda *_: found)
    with pytest.raises(Unusable, match=r"does not say its BucketName, .*: deploy this program"):
        stack.settings("dev")
