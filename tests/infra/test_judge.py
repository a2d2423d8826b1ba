"""The judges of AWS's template go red for what must not be deployed."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra import judge, package
from infra.judge import TOOLS, wide
from tests.whole.test_house import ROOT

ROLE = "AWS::IAM::Role"


def role(**statement: Any) -> dict[str, Any]:
    """A template with one role that may do one thing."""
    given = {"Effect": "Allow", "Action": ["dynamodb:GetItem"], "Resource": {"Ref": "X"}}
    document = {"Statement": [{**given, **statement}]}
    return {
        "Resources": {
            "R": {"Type": ROLE, "Properties": {"Policies": [{"PolicyDocument": document}]}}
        }
    }


def test_an_exact_policy_is_taken() -> None:
    assert list(wide(role())) == []


@pytest.mark.guards("policies are exact; no public bucket")
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ({"Action": "*"}, "R: action *"),
        ({"Action": ["dynamodb:GetItem", "dynamodb:*"]}, "R: action dynamodb:*"),
        ({"Action": "s3:Get*"}, "R: action s3:Get*"),
        ({"Resource": "*"}, "R: resource *"),
        ({"Resource": [{"Ref": "X"}, {"Fn::Sub": "${Table.Arn}/*"}]}, "R: resource ${Table.Arn}/*"),
        ({"NotAction": "iam:*"}, "R: everything but a few"),
        ({"NotResource": "x"}, "R: everything but a few"),
        ({"Fn::If": ["C", {"Action": "*", "Resource": "x"}, {"Ref": "N"}]}, "R: action *"),
    ],
)
def test_a_wide_policy_is_named(statement: dict[str, Any], said: str) -> None:
    assert list(wide(role(**statement))) == [said]


def test_where_aws_has_no_narrower_name_the_condition_must_stand() -> None:
    everybody = next(iter(judge._CONDITIONED))
    (line,) = wide(role(Resource={"Fn::Sub": everybody}))
    assert line.endswith("without its condition")
    condition = {"StringEquals": {"ses:FromAddress": {"Ref": "Sender"}}}
    assert list(wide(role(Resource={"Fn::Sub": everybody}, Condition=condition))) == []


@pytest.mark.guards("every exception has a reason", "a rule without one")
def test_every_rule_that_is_left_out_has_its_reason_beside_or_above_it() -> None:
    lines = (ROOT / "infra" / "checkov.yaml").read_text("utf-8").splitlines()
    for place, line in enumerate(lines):
        if line.strip().startswith("- CKV"):
            assert "#" in line or lines[place - 1].strip().startswith("#"), line


@pytest.fixture
def tools() -> None:
    if not (TOOLS / "checkov").exists():
        missing = "no cfn-lint and checkov here: python3 infra/bootstrap.py --lint"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)


def planted(root: Path, name: str, change: Callable[[str], str]) -> None:
    path = root / name
    text = path.read_text("utf-8")
    assert change(text) != text
    path.write_text(change(text), "utf-8")


@pytest.mark.e2e
@pytest.mark.guards("policies are exact; no public bucket", "planted in the test itself ✓")
def test_a_planted_wildcard_and_a_planted_public_bucket_turn_the_check_red(
    tools: None, tmp_path: Path
) -> None:
    for name in (*package.SOURCES, "infra/resources.yaml"):
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, target)
    planted(
        tmp_path, ".chalice/policy-api.json", lambda s: s.replace("dynamodb:GetItem", "dynamodb:*")
    )
    planted(
        tmp_path, ".chalice/policy-period.json", lambda s: s.replace('"${Files.Arn}/*"', '"*"', 1)
    )
    planted(
        tmp_path,
        "infra/resources.yaml",
        lambda s: s.replace("BlockPublicPolicy: true", "BlockPublicPolicy: false").replace(
            "RestrictPublicBuckets: true", "RestrictPublicBuckets: maybe"
        ),
    )
    found = judge.judge(package.as_text(package.template("prod", tmp_path)))
    assert "ApiHandlerRole: action dynamodb:*" in found
    assert "PeriodRole: resource *" in found
    told = "\n".join(found)
    assert "CKV_AWS_54" in told  # checkov: public policies are not blocked
    assert "E3012" in told  # cfn-lint: no such value


@pytest.mark.guards("policies are exact; no public bucket")
def test_the_policies_that_are_deployed_are_exact() -> None:
    made: dict[str, Any] = json.loads(package.as_text(package.template("dev")))
    assert list(wide(made)) == []
