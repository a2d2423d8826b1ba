"""Whether the template of AWS may be deployed: a rule of exact policies, cfn-lint, checkov."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from infra.package import ROOT, NotPackaged, as_text, template

TOOLS = ROOT / ".venv-lint" / "bin"

# Where AWS has no narrower name for what a function needs; all else in a policy is exact.
_ALLOWED = {
    "${Files.Arn}/*": "files of our own bucket: there is one more with every summary",
    "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*": "in SES's sandbox AWS "
    "judges the receiver, too; the condition holds it to our own sender",
}
_CONDITIONED = {"arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*"}


def wide(template: Mapping[str, Any]) -> Iterator[str]:
    """What a role may do beyond what its function needs: one line each."""
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        is_function = resource["Type"] == "AWS::Serverless::Function"
        if is_function and ("Policies" in properties or "Role" not in properties):
            yield f"{name}: its policy stands elsewhere than in .chalice"
        if resource["Type"] != "AWS::IAM::Role":
            continue
        for policy in properties.get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                yield from (f"{name}: {line}" for line in _wide(statement))


def _wide(statement: Mapping[str, Any]) -> Iterator[str]:
    if "Fn::If" in statement:
        for branch in statement["Fn::If"][1:]:
            yield from _wide(branch) if "Action" in branch else ()
        return
    if "NotAction" in statement or "NotResource" in statement:
        yield "everything but a few"
    for action in _each(statement.get("Action", [])):
        if "*" in action:
            yield f"action {action}"
    for resource in _each(statement.get("Resource", [])):
        text = str(resource.get("Fn::Sub", "")) if isinstance(resource, dict) else str(resource)
        if "*" in text and text not in _ALLOWED:
            yield f"resource {text}"
        if text in _CONDITIONED and "Condition" not in statement:
            yield f"resource {text} without its condition"


def _each(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given]


def judge(text: str) -> list[str]:
    """Everything that speaks against this template, empty where nothing does."""
    found = list(wide(json.loads(text)))
    with TemporaryDirectory(prefix="baocao-judge-") as temporary:
        path = Path(temporary) / "template.json"
        path.write_text(text, "utf-8")
        rules = str(ROOT / "infra" / "checkov.yaml")
        for command in (
            ["cfn-lint", "--regions", "ap-southeast-1", "--", str(path)],
            ["checkov", "--config-file", rules, "--skip-download", "--file", str(path)],
        ):
            found += _said(command)
    return found


def _said(command: list[str]) -> list[str]:
    """What a tool says where it finds something."""
    told = {"LOG_LEVEL": "CRITICAL", "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "")}
    done = subprocess.run(
        [str(TOOLS / command[0]), *command[1:]],
        env=told,
        capture_output=True,
        text=True,
        check=False,
    )
    if not done.returncode:
        return []
    return [f"{command[0]}:", (done.stdout + done.stderr).strip()]


def main() -> int:
    if not (TOOLS / "checkov").exists():
        print("baocao: no tools here: python3 infra/bootstrap.py --lint", file=sys.stderr)
        return 1
    try:
        found = judge(as_text(template("prod")))
    except NotPackaged as problem:
        found = [str(problem)]
    print("\n".join(found) or "the template of AWS: policies exact, cfn-lint and checkov content")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
