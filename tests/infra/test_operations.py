"""The runbook against what it speaks of: alarms, settings, commands, costs, examples."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench import cost, prices
from chalicelib.edges import embedded

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "operations.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^([a-z0-9]+):.*##", MAKEFILE, re.MULTILINE))
# What only those who write the program need; `demo` is named because it refuses prod.
DEVELOPERS = {
    "help",
    "test",
    "e2e",
    "soak",
    "check",
    "format",
    "guards",
    "pins",
    "pictures",
    "version",
}


class _Template(yaml.SafeLoader):
    """CloudFormation's short forms are not what is looked at."""


_Template.add_multi_constructor("!", lambda *_: None)


@pytest.fixture(scope="module")
def template() -> Any:
    text = (ROOT / "infra" / "resources.yaml").read_text("utf-8")
    return yaml.load(text, _Template)  # noqa: S506 - a SafeLoader, and our own file


def part(heading: str) -> str:
    found = DOCUMENT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    assert found, heading
    return found


def rows(heading: str) -> dict[str, list[str]]:
    """The first cell of each row, where it is a name in backquotes -> the others."""
    found = re.findall(r"^\| `(\w+)` \|(.*)\|$", part(heading), re.MULTILINE)
    assert len({name for name, _ in found}) == len(found)
    return {name: [cell.strip() for cell in rest.split(" | ")] for name, rest in found}


def alarms(template: Any) -> set[str]:
    kind = "AWS::CloudWatch::Alarm"
    return {name for name, one in template["Resources"].items() if one.get("Type") == kind}


@pytest.mark.guards(
    "the runbook knows every alarm, setting and command",
    "a row left out ✓ (the first two)",
    "a command misspelt ✓ (the last two)",
)
def test_every_alarm_has_a_row_that_says_what_it_means_and_what_to_do(template: Any) -> None:
    found = rows("Alarms")
    assert found.keys() == alarms(template)
    for name, cells in found.items():
        assert len(cells) == 2, name
        assert all(cells), name


@pytest.mark.guards("the runbook knows every alarm, setting and command")
def test_every_setting_of_the_template_has_a_row_with_its_default(template: Any) -> None:
    found = rows("Settings of a stage")
    assert found.keys() == template["Parameters"].keys()
    for name, one in template["Parameters"].items():
        given = one.get("Default")
        if isinstance(given, int):
            assert found[name][0] == str(given), name


def named_targets() -> set[str]:
    """Words after `make` in code, not in prose."""
    fenced = re.compile(r"```\w*\n(.*?)```", re.DOTALL)
    code = [*fenced.findall(DOCUMENT), *re.findall(r"`([^`]+)`", fenced.sub("", DOCUMENT))]
    return set(re.findall(r"\bmake ([a-z0-9]+)", "\n".join(code).replace("\n  ", " ")))


@pytest.mark.guards("the runbook knows every alarm, setting and command")
def test_every_command_that_is_named_is_one() -> None:
    assert named_targets() <= TARGETS


@pytest.mark.guards("the runbook knows every alarm, setting and command")
def test_every_command_that_an_operator_has_is_named() -> None:
    assert TARGETS - DEVELOPERS - named_targets() == set()


@pytest.mark.guards(
    "its costs follow from what was measured", "another price ✓", "the runs left out of the reads ✓"
)
def test_the_costs_are_what_the_measured_figures_come_to() -> None:
    begins, ends = prices.MARKS
    shown = DOCUMENT.partition(f"{begins}\n")[2].partition(f"\n{ends}")[0]
    assert shown == prices.table(json.loads(cost.KEPT.read_text("utf-8")))


@pytest.mark.guards("its costs follow from what was measured")
def test_a_month_is_worked_out_by_hand() -> None:
    """1,000 units of which every request costs one call, one unit of each kind and 1 ms."""
    one = {"calls": 1, "reads": 1, "writes": 1, "cpu_us": 1000, "bytes": 1000}
    runs = {"run, changed": one, "run, unchanged": one}
    found = {
        "unit": {**dict.fromkeys(prices.UNIT, one), "kept": {"bytes": 10_000}},
        "runs": {"1000": runs},
        "desk": {"1000": dict.fromkeys(prices.DESK, one)},
    }
    used = prices.used(found, 1_000)
    requests = 64_200 + 800  # 4+3+4+6+40+2+2+1.2+2 of each unit, and the desk's
    assert used["API Gateway"] == requests
    assert used["DynamoDB reads"] == requests + 720 + 360
    assert used["SES"] == 2_000
    assert used["DynamoDB kept"] == Decimal("0.12")  # 12 periods of 1,000 units of 10 kB
    assert used["CloudWatch logs"] == Decimal((requests + 720 + 200 + 880) * 900) / 10**9
    api = requests * (Decimal("0.001") * 1769 / 1024 + Decimal("0.006"))
    cold = Decimal(requests) / 20 * Decimal("0.5") * 1769 / 1024
    period = 1080 * (Decimal("0.001") + Decimal("0.006")) * 1769 / 1024
    assert abs(used["Lambda time"] - (api + cold + period)) < Decimal("0.001")
    bill = prices.bill(found, 1_000)
    assert bill["API Gateway"] == Decimal("0.27625")  # 65,000 at $4.25 a million
    assert bill["SES"] == Decimal("0.2")
    assert prices.total(found, 1_000) == sum(bill.values())


def test_the_bill_counts_the_templates_alarms_and_memories(template: Any) -> None:
    assert len(alarms(template)) == prices.ALARMS
    functions = json.loads((ROOT / ".chalice" / "config.json").read_text())["lambda_functions"]
    assert functions["api_handler"]["lambda_memory_size"] == prices.API_MB
    assert functions["period"]["lambda_memory_size"] == prices.PERIOD_MB


def test_the_settings_of_one_machine_are_those_that_the_program_reads(tmp_path: Path) -> None:
    """The example of /etc/baocao.env, with a password in it, opens an installation."""
    found = re.search(r"```\n(DATA=.*?)```", part("One machine"), re.DOTALL)
    assert found is not None
    pairs = (line.split("=", 1) for line in found[1].splitlines())
    told = {name: content.strip('"') for name, content in pairs}
    assert {"DATA", "SAMPLES", "PUBLIC_URL", "SENDER", "SMTP_URL"} <= told.keys()
    site = embedded.open_site(tmp_path, told["PUBLIC_URL"], lambda: None, told)  # type: ignore[arg-type, return-value]
    assert repr(site.mail).startswith("SmtpMail(host='mail.so.example', port=587")
    site.table.close()  # type: ignore[attr-defined]


def test_every_link_inside_leads_somewhere() -> None:
    def anchor(heading: str) -> str:
        return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")

    there = {anchor(one) for one in re.findall(r"^## (.+)$", DOCUMENT, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]+)\)", DOCUMENT)) <= there
    for other in re.findall(r"\]\(([^)#]+)\)", DOCUMENT):
        assert (ROOT / "docs" / other).exists(), other


def test_the_deployers_policy_is_one_and_names_what_is_ours() -> None:
    found = re.search(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)
    assert found is not None
    policy = json.loads(found[1])
    for statement in policy["Statement"][1:]:
        resources = statement["Resource"]
        if statement["Action"] == "iam:CreateServiceLinkedRole":
            assert statement["Condition"]["StringEquals"]["iam:AWSServiceName"]
            continue
        for one in [resources] if isinstance(resources, str) else resources:
            assert "baocao" in one
