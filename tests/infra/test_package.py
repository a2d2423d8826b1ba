"""What goes to Lambda: the same bytes anywhere, all that is imported, and nothing besides."""

import ast
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import traceback
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jinja2 import ModuleLoader

import app
from chalicelib.edges.ports import PASSING
from chalicelib.pages.frame import render
from infra import package
from infra.package import NotPackaged, Package, is_kept, largest, placed
from tests.whole.test_house import ROOT, imported

MADE_ELSEWHERE = {"botocore"}  # Lambda's own
_DRAWN = (".html", ".txt")  # the rest of templates/ are styles and scripts


@pytest.fixture(scope="session")
def names(made: Package) -> list[str]:
    with zipfile.ZipFile(made.zip) as archive:
        return archive.namelist()


@pytest.fixture(scope="session")
def template(made: Package) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(made.template.read_text("utf-8"))
    return read


@pytest.mark.e2e
@pytest.mark.guards(
    "one commit, one package",
    "the time of the file in the zip ✓",
    "the folder in the `.pyc` ✓",
    "`.pyc` checked by time ✓ (the second)",
)
def test_two_packages_made_in_different_folders_on_different_days_are_the_same(
    made: Package, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "a longer path" / "somewhere else"
    elsewhere.mkdir(parents=True)
    for name in (*package.SOURCES, "infra/resources.yaml"):
        target = elsewhere / name
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, target)
    for path in elsewhere.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000), follow_symlinks=False)
    (elsewhere / "chalicelib" / "__pycache__").mkdir(exist_ok=True)
    (elsewhere / "chalicelib" / "__pycache__" / "old.cpython-311.pyc").write_bytes(b"old")
    again = package.package("dev", tmp_path / "out", elsewhere)
    assert again.digest == made.digest
    assert again.template.read_bytes() == made.template.read_bytes()


@pytest.mark.guards("all that is imported is inside, nothing besides")
def test_the_zip_is_as_large_as_it_may_be_at_most(made: Package) -> None:
    assert made.size == made.zip.stat().st_size <= package.LARGEST
    assert hashlib.sha256(made.zip.read_bytes()).hexdigest() == made.digest


@pytest.mark.guards("all that is imported is inside, nothing besides")
def test_nothing_is_inside_that_lambda_does_not_need(names: list[str]) -> None:
    folders = {name.partition("/")[0] for name in names}
    assert not folders & {"boto3", "botocore", "tests", "infra", "docs", "programmes", ".chalice"}
    assert not [name for name in names if name.endswith((".jar", ".exe", ".pyi"))]
    assert not [name for name in names if "/tests/" in name or "/bin/" in name]
    locales = [name for name in names if name.startswith("babel/locale-data/")]
    assert len(locales) <= 4


def test_the_app_its_templates_and_their_compiled_code_are_inside(names: list[str]) -> None:
    ours = {
        str(path.relative_to(ROOT))
        for folder in ("chalicelib", "templates")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert (ours | {"app.py"}) - set(names) == set()
    sources = [Path(name) for name in names if name.endswith(".py")]
    compiled = {str(one.parent / "__pycache__" / f"{one.stem}.cpython-311.pyc") for one in sources}
    assert compiled - set(names) == set()
    assert len(compiled) == len([name for name in names if name.endswith(".pyc")])


@pytest.mark.guards(
    "a cold start compiles no template, and a fault still names it",
    "texts left out ✓ (the first two)",
    "the loader of files ✓ (the third)",
    "the file's name left ✓ (the last)",
)
def test_every_template_is_inside_as_python_too(names: list[str]) -> None:
    folder = ROOT / "templates"
    drawn = [path.relative_to(folder) for path in folder.rglob("*") if path.suffix in _DRAWN]
    python = {ModuleLoader.get_module_filename(str(path)) for path in drawn}
    wanted = {f"{render.COMPILED}/{name}" for name in python}
    found = {name for name in names if name.startswith(render.COMPILED) and name.endswith(".py")}
    assert found == wanted
    assert len(found) > 60


@pytest.fixture
def compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A page beside its compiled form, and the module that draws it as in a package."""
    page = tmp_path / "templates" / "frame/page.html"
    page.parent.mkdir(parents=True)
    page.write_text("<p>{{ one }}</p>\n\n{{ 1 // nought }}")
    monkeypatch.setattr(render, "_TEMPLATES", page.parents[1])
    render._environment.cache_clear()
    render.compile_into(tmp_path / render.COMPILED)
    render._environment.cache_clear()
    yield page
    render._environment.cache_clear()


@pytest.mark.guards("a cold start compiles no template, and a fault still names it")
def test_a_package_draws_the_compiled_template_escapes_and_reads_no_other(compiled: Path) -> None:
    compiled.unlink()
    assert render.text("frame/page.html", one="<b>", nought=1) == "<p>&lt;b&gt;</p>\n\n1"


@pytest.mark.guards("a cold start compiles no template, and a fault still names it")
def test_what_breaks_in_a_compiled_template_is_told_by_its_own_name_and_line(
    compiled: Path,
) -> None:
    with pytest.raises(ZeroDivisionError) as broken:
        render.text("frame/page.html", one="", nought=0)
    frame = traceback.extract_tb(broken.value.__traceback__)[-1]
    assert (frame.filename, frame.lineno) == (str(compiled), 3)


@pytest.mark.guards("one commit, one package")
def test_no_entry_tells_when_or_where_it_was_made(made: Package) -> None:
    here = (str(ROOT).encode(), b"baocao-package-", str(Path(sys.prefix)).encode())
    with zipfile.ZipFile(made.zip) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert [e.filename for e in archive.infolist()] == sorted(archive.namelist())
        for entry in archive.infolist():
            content = archive.read(entry)
            assert not [one for one in here if one in content], entry.filename
            if entry.filename.endswith(".pyc"):
                assert content[4:8] == b"\x01\0\0\0", entry.filename  # by hash, and unchecked


@pytest.mark.guards(
    "all that is imported is inside, nothing besides",
    "a library left out ✓ (the first)",
    "the validator's jar left in ✓ (the second)",
)
def test_everything_that_the_app_imports_is_inside(made: Package, tmp_path: Path) -> None:
    """In a Python that knows only its own library and the zip's content."""
    with zipfile.ZipFile(made.zip) as archive:
        archive.extractall(tmp_path)
    paths = [ROOT / "app.py", *(ROOT / "chalicelib").rglob("*.py")]
    asked = sorted(filter(_is_asked, modules(paths)))
    program = (
        "import importlib, json, sys\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "for name in json.load(sys.stdin):\n"
        "    importlib.import_module(name)\n"
        "print(importlib.import_module('app').__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, str(tmp_path)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.strip() == str(tmp_path / "app.py")
    heavy = {"rjsmin", "xlsxwriter", "pyxform", "segno", "multipart"}
    assert heavy <= {name.partition(".")[0] for name in asked}


def modules(paths: Iterable[Path]) -> Iterator[str]:
    """What the sources import, at their tops and in functions."""
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                yield from (one.name for one in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield str(node.module)


def _is_asked(name: str) -> bool:
    """All but AWS's own client, which is not in the zip."""
    return name.partition(".")[0] not in MADE_ELSEWHERE and not name.startswith(
        "chalicelib.edges.aws"
    )


def test_aws_own_client_is_imported_by_its_engine_alone() -> None:
    for path in (ROOT / "chalicelib").rglob("*.py"):
        if path.parent.name != "aws":
            assert not {name.partition(".")[0] for name in imported(path)} & MADE_ELSEWHERE


@pytest.mark.guards("the runtime's Python", "not looked at ✓")
def test_another_python_than_the_runtime_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "RUNTIME", (3, 99))
    for make in (lambda: package.package("dev"), lambda: package.template("dev")):
        with pytest.raises(NotPackaged, match=r"Lambda's runtime is Python 3\.99, this is 3\.\d+"):
            make()


@pytest.mark.guards("all that is imported is inside, nothing besides")
@pytest.mark.parametrize(
    "name",
    [
        "boto3/session.py",
        "botocore/data/s3/2006-03-01/service-2.json.gz",
        "pydantic/tests/test_x.py",
        "pyxform/validators/odk_validate/bin/ODK_Validate.jar",
        "pydantic/v1/main.py",
        "pydantic/mypy.py",
        "babel/locale-data/fr.dat",
        "chalicelib/__pycache__/unit.cpython-312.pyc",
        "jinja2-3.1.6.dist-info/RECORD",
        "xlrd-2.0.1.data/scripts/runxlrd.py",
    ],
)
def test_what_is_left_out(name: str) -> None:
    assert not is_kept(name)


@pytest.mark.parametrize(
    "name",
    [
        "app.py",
        "templates/form.html",
        "templates/assets/form.js",
        "pydantic/main.py",
        "pydantic/deprecated/config.py",
        "babel/locale-data/vi.dat",
        "pydantic_core/_pydantic_core.cpython-311-x86_64-linux-gnu.so",
        "pydantic-2.14.3.dist-info/METADATA",
        "pyxform/validators/odk_validate/__init__.py",
        "jinja2/tests.py",
        "chalice/app.py",
    ],
)
def test_what_stays(name: str) -> None:
    assert is_kept(name)


def test_the_largest_parts_come_first_and_code_counts_with_its_compiled_form() -> None:
    entries = [("a/x.py", 3), ("a/__pycache__/x.cpython-311.pyc", 4), ("b/y.py", 9), ("c.py", 1)]
    assert list(largest(entries, 2)) == [("b", 9), ("a", 7)]


# ------------------------------------------------------------------ the template


def of_type(template: dict[str, Any], kind: str) -> dict[str, Any]:
    return {n: r for n, r in template["Resources"].items() if r["Type"] == kind}


def test_every_function_of_the_app_is_in_the_template_with_a_role_and_a_log_of_its_own(
    template: dict[str, Any],
) -> None:
    functions = of_type(template, "AWS::Serverless::Function")
    others = {"app.mailer", "app.bounced"}
    handlers = {f"app.{handler}" for handler in ("app", "hourly", "every_night", "one_period")}
    assert {f["Properties"]["Handler"] for f in functions.values()} == handlers | others
    assert {one.name for one in app.app.pure_lambda_functions} == {"period", "mailer", "bounced"}
    roles = [json.dumps(f["Properties"]["Role"]) for f in functions.values()]
    assert len(set(roles)) == len(functions)
    for name, function in functions.items():
        assert function["Properties"]["Runtime"] == "python3.11"
        assert function["Properties"]["Architectures"] == ["x86_64"]
        assert "LogGroup" in function["Properties"]["LoggingConfig"], name


@pytest.mark.guards(
    "what fails for good is left over, a night without a run rings",
    "missing data taken for good ✓ (the second)",
)
def test_what_runs_unwatched_leaves_what_fails_in_the_queue(template: dict[str, Any]) -> None:
    for name, function in of_type(template, "AWS::Serverless::Function").items():
        if name not in ("APIHandler", "Mailer"):
            ends = function["Properties"]["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
            assert ends == {"Type": "SQS", "Destination": {"Fn::GetAtt": ["LeftOver", "Arn"]}}
            role = template["Resources"][function["Properties"]["Role"]["Fn::GetAtt"][0]]
            assert "sqs:SendMessage" in json.dumps(role), name


@pytest.mark.guards(
    "what is handed over holds no link and no code, is served once, within ten minutes, and "
    "leads to where the browser came from"
)
def test_what_was_asked_for_is_never_tried_again_nor_kept(template: dict[str, Any]) -> None:
    """An event names somebody, and who gets no mail asks again."""
    there = template["Resources"]
    assert there["Mailer"]["Properties"]["EventInvokeConfig"] == {
        "MaximumRetryAttempts": 0,
        "MaximumEventAgeInSeconds": 600,
    }
    assert "sqs:" not in json.dumps(there["MailerRole"])


@pytest.mark.guards("no path in a log", "`$context.path` ✓")
def test_every_log_ends_and_none_holds_a_path(template: dict[str, Any]) -> None:
    for group in of_type(template, "AWS::Logs::LogGroup").values():
        assert group["Properties"]["RetentionInDays"] == {"Ref": "LogDays"}
    api = template["Resources"]["RestAPI"]["Properties"]
    written = json.loads(api["AccessLogSetting"]["Format"])
    assert written["route"] == "$context.resourcePath"
    assert not {"$context.path", "$context.requestOverride.path"} & set(written.values())
    for settings in api["MethodSettings"]:
        assert (settings["LoggingLevel"], settings["DataTraceEnabled"]) == ("OFF", False)
    assert "TracingEnabled" not in api


def needed_by(name: str, there: dict[str, Any]) -> set[str]:
    """All resources that this one names, and those name."""
    found, new = set(), {name}
    while new:
        said = json.dumps([there[one] for one in new])
        found |= new
        named = {one for one in there if re.search(rf'"{one}"|\${{{one}[.}}]', said)}
        new = named - found
    return found


@pytest.mark.guards(
    "to the period function alone, and CloudFormation makes no circle",
    "another function ✓",
    "the API's address in what the API names ✓ (cfn-lint does not see that circle)",
)
def test_the_api_hands_over_to_these_two_functions_and_to_no_other(
    template: dict[str, Any],
) -> None:
    """Which therefore may not need the API's address: CloudFormation makes no circle."""
    there = template["Resources"]
    told = there["APIHandler"]["Properties"]["Environment"]["Variables"]
    assert (told["WORKER"], told["MAILER"]) == ({"Ref": "Period"}, {"Ref": "Mailer"})
    statements = [
        one
        for policy in there["ApiHandlerRole"]["Properties"]["Policies"]
        for one in policy["PolicyDocument"]["Statement"]
        if "lambda:InvokeFunction" in one.get("Action", ())
    ]
    functions = ("Period", "Mailer")
    assert [one["Resource"] for one in statements] == [
        [{"Fn::GetAtt": [name, "Arn"]} for name in functions]
    ]
    for name in functions:
        assert not {"RestAPI", "APIHandler"} & needed_by(name, there)


@pytest.mark.guards(
    "no file in use ends",
    "summaries end by age ✓, a rule over all files ✓ (the first)",
    "files in use ended ✓ (the second)",
)
def test_only_what_surely_is_not_needed_expires(template: dict[str, Any]) -> None:
    """A frozen file lies under no prefix of a rule; a summary's goes only when it is marked."""
    rules = template["Resources"]["Files"]["Properties"]["LifecycleConfiguration"]["Rules"]
    ending = {r.get("Prefix", ""): r for r in rules if "ExpirationInDays" in r}
    assert ending.keys() == {"summaries/"} | {f"{name}/" for name in PASSING}
    assert ending["summaries/"]["TagFilters"] == [{"Key": "superseded", "Value": "yes"}]
    reaching = {r.get("Prefix", "") for r in rules if "AbortIncompleteMultipartUpload" not in r}
    assert reaching == ending.keys()


def test_every_file_that_is_written_lies_under_a_prefix_that_somebody_has_thought_of() -> None:
    text = "".join(path.read_text("utf-8") for path in (ROOT / "chalicelib").rglob("*.py"))
    # A stored summary, an import that was looked at, and whatever is made for a download: the
    # last refuses a folder that is not among them (test_downloads).
    assert text.count("files.write(") == text.count("site.files.write(") == 3
    for name in PASSING:
        assert f'"{name}/' in text or f'("{name}"' in text


def test_what_holds_reports_outlives_the_stack(template: dict[str, Any]) -> None:
    for name in ("Table", "Files"):
        resource = template["Resources"][name]
        assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
        assert resource["UpdateReplacePolicy"] == "Retain"
    table = template["Resources"]["Table"]["Properties"]
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["DeletionProtectionEnabled"] == {"Fn::If": ["IsProd", True, False]}


def test_what_costs_by_the_month_is_off_by_default(template: dict[str, Any]) -> None:
    for name, condition, parameter, off in (
        ("Waf", "HasWaf", "WafRequests", 0),
        ("WafBeforeApi", "HasWaf", "WafRequests", 0),
        ("Board", "HasDashboard", "Dashboard", "no"),
        ("Budget", "HasBudget", "BudgetUsd", 0),
    ):
        assert template["Resources"][name]["Condition"] == condition
        assert template["Parameters"][parameter]["Default"] == off


@pytest.mark.guards("what fails for good is left over, a night without a run rings")
def test_a_night_without_a_run_rings(template: dict[str, Any]) -> None:
    alarm = template["Resources"]["NightlyMissing"]["Properties"]
    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": "Nightly"}}]
    for one in of_type(template, "AWS::CloudWatch::Alarm").values():
        assert one["Properties"]["AlarmActions"] == [{"Ref": "Alarms"}]


@pytest.mark.guards("API Gateway's own answers", "a kind left out")
def test_what_api_gateway_answers_by_itself_is_a_page_of_ours(template: dict[str, Any]) -> None:
    body = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    answers = body["x-amazon-apigateway-gateway-responses"]
    assert answers["MISSING_AUTHENTICATION_TOKEN"]["statusCode"] == "404"
    assert answers["REQUEST_TOO_LARGE"]["statusCode"] == "413"
    assert answers["THROTTLED"]["statusCode"] == "429"
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "INTEGRATION_TIMEOUT"} <= answers.keys()
    for answer in answers.values():
        kind = answer["responseParameters"]["gatewayresponse.header.Content-Type"]
        assert kind == "'text/html; charset=utf-8'"
        for page in answer["responseTemplates"].values():
            assert '<html lang="vi">' in page
            assert "<h1>" in page
            assert page.count("$") == page.count("$context.requestId")
        for header in answer["responseParameters"].values():
            assert header.count("'") == 2


def test_a_placed_template_takes_its_code_from_the_bucket_and_the_made_one_stays(
    template: dict[str, Any],
) -> None:
    before = json.dumps(template)
    there = placed(template, "a-bucket", "a.zip")
    functions = of_type(there, "AWS::Serverless::Function").values()
    places = [one["Properties"]["CodeUri"] for one in functions]
    assert places == [{"Bucket": "a-bucket", "Key": "a.zip"}] * 6
    assert json.dumps(template) == before
