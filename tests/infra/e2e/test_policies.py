"""What no policy of a function names is refused."""

import json
from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.store import keys
from tests.conftest import Figure
from tests.deployed import OFFICER, SENDER, STORY, Deployed, P, until
from tests.held_line import credentials, processes
from tests.ministack import REGION
from tests.stage import only_strict

pytestmark = pytest.mark.e2e


@pytest.mark.guards(
    "the functions’ policies suffice and no more; mails only as the sender",
    "`ConditionCheckItem` left out ✓ (the first)",
    "`Scan` added ✓ (the second)",
    "any identity",
)
@only_strict
def test_what_a_functions_policy_does_not_name_is_refused(stage: Deployed, figure: Figure) -> None:
    stage.signed_in(OFFICER)
    stage.tick()
    until(lambda: stage.item(keys.summary(P, STORY)))
    stage.client("sns").publish(
        TopicArn=stage.there["MailEvents"], Message=json.dumps({"eventType": "Delivery"})
    )
    until(lambda: processes(stage, "Bounced"))
    table, bucket = {"TableName": stage.there["Table"]}, {"Bucket": stage.there["Files"]}
    key = {"Key": {"pk": {"S": "x"}, "sk": {"S": "x"}}}
    name = {"Name": "/baocao/dev/server-key", "WithDecryption": True}
    allowed = [
        ("APIHandler", "dynamodb", "get_item", table | key),
        ("APIHandler", "ssm", "get_parameter", name),
        ("APIHandler", "s3", "put_object", bucket | {"Key": "units/x", "Body": b"x"}),
        ("Period", "s3", "get_object", bucket | {"Key": "units/x"}),
        ("Hourly", "dynamodb", "get_item", table | key),
    ]
    refused = [
        ("APIHandler", "dynamodb", "scan", table),
        ("APIHandler", "dynamodb", "delete_table", table),
        ("APIHandler", "dynamodb", "batch_write_item", batch(stage)),
        ("APIHandler", "ssm", "get_parameter", name | {"Name": "/baocao/prod/server-key"}),
        (
            "APIHandler",
            "ssm",
            "put_parameter",
            {"Name": name["Name"], "Value": "0", "Type": "String"},
        ),
        ("APIHandler", "s3", "delete_object", bucket | {"Key": "units/x"}),
        (
            "APIHandler",
            "s3",
            "list_objects_v2",
            {"Bucket": "baocao-artefacts-000000000000-" + REGION},
        ),
        ("APIHandler", "lambda", "invoke", {"FunctionName": stage.there["Nightly"]}),
        ("Hourly", "dynamodb", "put_item", table | {"Item": key["Key"]}),
        ("Hourly", "ssm", "get_parameter", name),
        ("Hourly", "s3", "get_object", bucket | {"Key": "units/x"}),
        ("Hourly", "lambda", "invoke", {"FunctionName": stage.there["Bounced"]}),
        ("Period", "dynamodb", "delete_item", table | key),
        ("Period", "s3", "delete_object", bucket | {"Key": "units/x"}),
        ("Bounced", "dynamodb", "get_item", table | key),
        ("Bounced", "s3", "get_object", bucket | {"Key": "units/x"}),
        ("Bounced", "ssm", "get_parameter", name),
    ]
    for function, service, call, asked in allowed:
        assert answered(stage, function, service, call, asked) == "", (function, service, call)
    for function, service, call, asked in refused:
        told = answered(stage, function, service, call, asked)
        assert "AccessDenied" in told, (function, service, call, told)
    figure("allowed", len(allowed), "refused", len(refused))


def batch(stage: Deployed) -> dict[str, Any]:
    item = {"pk": {"S": "x"}, "sk": {"S": "x"}}
    return {"RequestItems": {stage.there["Table"]: [{"PutRequest": {"Item": item}}]}}


def answered(
    stage: Deployed, function: str, service: str, call: str, asked: Mapping[str, Any]
) -> str:
    """The code of the refusal that the function's own credentials get; empty for an answer."""
    client = stage.client(service, keys=credentials(stage, function))
    try:
        getattr(client, call)(**asked)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


@pytest.mark.guards("the functions’ policies suffice and no more; mails only as the sender")
@only_strict
def test_mails_go_out_in_the_senders_name_alone(stage: Deployed) -> None:
    """By the policy itself: the emulator asks for the right to send on `*` (decision 0018)."""
    ours = f"arn:aws:ses:{REGION}:000000000000"
    settings = f"{ours}:configuration-set/{stage.there['MailSettings']}"
    senders, actions = ("ApiHandlerRole", "MailerRole"), ("ses:SendEmail", "ses:SendRawEmail")
    for role, action in product(senders, actions):
        assert stage.may(role, action, f"{ours}:identity/{SENDER}")
        assert stage.may(role, action, settings)
        assert not stage.may(role, action, f"{ours}:identity/other@baocao.example")
        for other in ("HourlyRole", "PeriodRole", "BouncedRole"):
            assert not stage.may(other, action, f"{ours}:identity/{SENDER}")
    for role in senders:
        assert not stage.may(role, "ses:CreateEmailIdentity", f"{ours}:identity/{SENDER}")
