"""The very zip that is deployed, under Lambda's own client, where nothing but that and boto3 is."""

import io
import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

import app
from chalicelib.edges.table import Item
from chalicelib.pages.frame.gate import Way
from chalicelib.rules.access.access import csrf_token
from chalicelib.store import links, programmes, sign_ins, unreachable
from infra.gateway import Reply
from infra.lambda_runtime import PYTHON, Failed, close, running, unzip
from infra.package import Package
from infra.pins import pins
from infra.visitor import Visitor
from tests.conftest import MIDDLE_OF_Q4, NEW, Clock
from tests.infra.test_package import modules
from tests.jobs.test_bounces import BOX, bounce
from tests.ministack import Ministack
from tests.on_lambda import ADDRESS, Deployed, Proxy, assert_valid, handing_over, laid_out
from tests.server import the_sending, to_the_check_page
from tests.sizes import Figure
from tests.unit_files import book, upload
from tests.whole.test_house import ROOT
from tests.whole.test_roles import ANSWERS, STAFF_MAIL, call, may

pytestmark = pytest.mark.e2e

WHO = ("no one", "unit", "officer", "director")
Q4 = "2026-Q4"


@pytest.fixture(scope="session", autouse=True)
def _runtime() -> None:
    if not PYTHON.exists():
        missing = "no runtime of Lambda here: python3 infra/bootstrap.py --lambda"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)


@pytest.fixture(scope="session")
def code(made: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Read-only, so all tests of this process may share it."""
    return laid_out(made.zip, tmp_path_factory.mktemp("lambda") / "code")


@pytest.fixture
def deployed(
    code: Path,
    tmp_path: Path,
    made: Package,
    ministack: Ministack,
    clock: Clock,
    loaded: list[Item],
) -> Deployed:
    there = Deployed(code, tmp_path, made, ministack, clock)
    there.fill(loaded)
    return there


def enter(who: str, deployed: Deployed, proxy: Proxy, unit: str = "T01") -> Visitor:
    """A browser of this person, let in by the function itself."""
    browser, table = deployed.visitor(proxy), deployed.site.table
    if who == "unit":
        path = f"/u/{links.issue_link(table, deployed.site.key, NEW, unit)}"
    elif who in STAFF_MAIL:
        path = f"/s/{sign_ins.ask_sign_in(table, STAFF_MAIL[who], deployed.site.clock())[0]}"
    else:
        return browser
    assert browser.follow(browser.submit(browser.get(path), path)).status == 200
    return browser


# ------------------------------------------------------------------ every way in


@pytest.mark.guards(
    "the deployed zip answers every way under Lambda's own client, as API Gateway wants it",
    "a header that is a number ✓",
    "a way not driven ✓",
    "a library left out of the zip ✓",
)
def test_every_way_answers_each_whom_it_lets_in_as_it_does_in_process(
    deployed: Deployed, figure: Figure
) -> None:
    """Reading first, then each act; a unit that has nothing yet for each of a unit's."""
    found, expected = {}, {}
    units = iter(sorted({one.code for one in programmes.units(deployed.site.table, NEW)}))
    with deployed.function("APIHandler", at=MIDDLE_OF_Q4) as function:
        proxy = Proxy(deployed.site, function)
        browsers = {who: enter(who, deployed, proxy) for who in WHO}
        for way in sorted(app.WAYS, key=_reading_first):
            if way.method == "POST" and "unit" in way.visitors:
                browsers["unit"] = enter("unit", deployed, proxy, next(units))
            for who in (who for who in WHO if may(way, who)):
                found[way.method, way.path, who] = call(browsers[who], way).status
                expected[way.method, way.path, who] = ANSWERS[f"{way.method} {way.path}"]
        assert '"level": "ERROR"' not in function.said()
        assert '"route": "GET /report/{period}"' in function.said()
    assert found == expected
    assert proxy.asked == {(way.method, way.path) for way in app.WAYS}
    figure(len(app.WAYS), "ways,", len(found), "answers, CPU", f"{function.seconds:.1f} s")


def _reading_first(way: Way) -> tuple[bool, bool]:
    return way.method == "POST", way.path.endswith("/signout")  # a session that ends ends last


@pytest.mark.guards(
    "… all five functions by AWS's events, with the template's settings alone",
    "KEY_PARAMETER left out of the template ✓",
    "WORKER left out ✓ (the first)",
    "base64 not read ✓ (the second)",
)
def test_what_is_sent_is_handed_over_summed_and_taken_home(deployed: Deployed) -> None:
    """The functions that sum, by the events that AWS makes for them."""
    with deployed.function("APIHandler", at=MIDDLE_OF_Q4) as function:
        proxy = Proxy(deployed.site, function)
        unit = enter("unit", deployed, proxy)
        where, fields = the_sending(to_the_check_page(unit, Q4, i1_6="12"))
        assert unit.follow(unit.post(where, fields)).status == 200
        assert '"level": "ERROR"' not in function.said()

    with handing_over() as worker:
        for name in ("Hourly", "Nightly"):
            of_worker = {"AWS_ENDPOINT_URL_LAMBDA": worker.url}
            with deployed.function(name, at=MIDDLE_OF_Q4, **of_worker) as function:
                assert function.invoke(_SCHEDULED) is None
    events = [event for _, event in worker.taken]
    assert {name for name, _ in worker.taken} == {"baocao-test-period"}
    assert [event["programme"] for event in events if event["period"] == Q4] == [NEW, NEW]

    with deployed.function("Period", at=MIDDLE_OF_Q4) as function:
        assert function.invoke(next(one for one in events if one["period"] == Q4)) is None
        with pytest.raises(Failed, match=r"^invocation/\S+/error: "):
            function.invoke({"programme": NEW, "period": "2026-Q9", "run": "r"})

    with deployed.function("APIHandler", at=MIDDLE_OF_Q4) as function:
        director = enter("director", deployed, Proxy(deployed.site, function))
        summary = director.get(f"/desk/{NEW}/{Q4}/summary.xlsx")
        sheet = load_workbook(io.BytesIO(_fetched(summary)), read_only=True)
        cells = [row for one in sheet for row in one.iter_rows(values_only=True)]
        assert any(12 in row for row in cells)
        assert director.get(f"/desk/{NEW}/{Q4}/summary.json").status == 200


_SCHEDULED = {
    "version": "0",
    "id": "00000000-0000-4000-8000-000000000000",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "000000000000",
    "time": "2026-11-23T03:00:00Z",
    "region": "ap-southeast-1",
    "resources": ["arn:aws:events:ap-southeast-1:000000000000:rule/hourly"],
    "detail": {},
}


def _fetched(reply: Reply) -> bytes:
    assert reply.status == 303
    with urllib.request.urlopen(reply.header("location")) as answer:  # noqa: S310 - emulated S3
        content: bytes = answer.read()
    return content


@pytest.mark.guards("… all five functions by AWS's events, with the template's settings alone")
def test_files_come_in_and_go_out_whole(deployed: Deployed) -> None:
    """Through base64 and the libraries that only these pages need."""
    with deployed.function("APIHandler", at=MIDDLE_OF_Q4) as function:
        officer = enter("officer", deployed, Proxy(deployed.site, function))
        form = _fetched(officer.get(f"/desk/{NEW}/form.xlsx?version=1"))
        fields = {"csrf": csrf_token(officer.cookies["__Host-staff"])}
        offered = officer.upload(f"/desk/{NEW}/form", fields, {"form": ("mau.xlsx", form)})
        assert officer.follow(offered).status == 200

        page = officer.get(f"/desk/{NEW}/units/import")
        looked = upload(officer, page, book([("T90", "Trường THPT Mới", "T", MIDDLE_OF_Q4.date())]))
        assert "Mới (1)" in looked.body.decode()
        assert '"level": "ERROR"' not in function.said()


@pytest.mark.guards("… all five functions by AWS's events, with the template's settings alone")
def test_a_bounce_that_sns_tells_marks_the_mailbox(deployed: Deployed) -> None:
    told = {
        "Type": "Notification",
        "Message": bounce(),
        "MessageId": "1",
        "TopicArn": "arn:aws:sns",
    }
    record = {"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": told}
    with deployed.function("Bounced", at=MIDDLE_OF_Q4) as function:
        assert function.invoke({"Records": [record]}) is None
        with pytest.raises(Failed, match="JSONDecodeError"):
            function.invoke({"Records": [record | {"Sns": {"Message": "{"}}]})
    assert unreachable.why(deployed.site.table, BOX, MIDDLE_OF_Q4) == "bounce"


@pytest.mark.guards(
    "what is handed over holds no link and no code, is served once, within ten minutes, and "
    "leads to where the browser came from"
)
def test_what_is_asked_for_is_answered_at_once_and_mailed_by_a_function_of_its_own(
    deployed: Deployed, ministack: Ministack
) -> None:
    """Known and unknown alike; the links lead to where the browser came from."""
    before, unknown = len(ministack.mails()), "khongcoai@vinhlong.example"
    asks = [("/signin", {"email": email}) for email in (STAFF_MAIL["officer"], unknown)]
    asks += [("/links", {"who": who}) for who in ("T01", "KHONG-CO")]
    links.issue_link(deployed.site.table, deployed.site.key, NEW, "T01")
    with (
        handing_over() as worker,
        deployed.function(
            "APIHandler", at=MIDDLE_OF_Q4, AWS_ENDPOINT_URL_LAMBDA=worker.url
        ) as function,
    ):
        visitor = deployed.visitor(Proxy(deployed.site, function))
        assert [visitor.post(path, fields).status for path, fields in asks] == [200] * 4
    assert {name for name, _ in worker.taken} == {"baocao-test-mailer"}
    assert len(ministack.mails()) == before
    with deployed.function("Mailer", at=MIDDLE_OF_Q4) as function:
        for _, event in worker.taken:
            assert function.invoke(event) is None
        assert '"level": "ERROR"' not in function.said()
    found = ministack.mails()[before:]
    assert [str(mail["To"]) for mail in found] == [STAFF_MAIL["officer"], "t01@donvi.example"]
    for mail, kind in zip(found, "su", strict=True):
        assert f"{ADDRESS}/{kind}/" in str(mail.get_content())


def test_the_deployed_handler_itself_starts_and_says_how_long_it_takes(
    deployed: Deployed, figure: Figure
) -> None:
    """By the real clock, whatever day it is; then a unit's form from a cold process."""
    with deployed.function("APIHandler") as function:
        visitor = deployed.visitor(Proxy(deployed.site, function))
        assert [visitor.get(path).status for path in ("/", "/signin", "/links")] == [200] * 3
    with deployed.function("APIHandler", at=MIDDLE_OF_Q4) as function:
        unit = enter("unit", deployed, Proxy(deployed.site, function))
    began = time.monotonic()
    with deployed.function("APIHandler", at=MIDDLE_OF_Q4) as function:
        cold = deployed.visitor(Proxy(deployed.site, function))
        cold.cookies = unit.cookies
        assert cold.get(f"/report/{Q4}").status == 200
        waited = time.monotonic() - began
    figure(f"cold start to a unit's form: {function.seconds:.2f} s CPU, {waited:.2f} s")


@pytest.mark.parametrize("name", ["TABLE", "BUCKET", "SENDER", "KEY_PARAMETER"])
def test_a_setting_that_the_template_forgets_is_a_page_of_ours_and_in_the_log(
    deployed: Deployed, name: str
) -> None:
    with deployed.function("APIHandler", **{name: ""}) as function:
        assert deployed.visitor(Proxy(deployed.site, function)).get("/links").status == 500
        assert name == "TABLE" or f"not set: {name}" in function.said()


# ------------------------------------------------------------------ nothing is missing


def missing(code: Path) -> list[str]:
    """What the sources import and this folder with Lambda's Python has not."""
    asked = sorted(set(modules([ROOT / "app.py", *(ROOT / "chalicelib").rglob("*.py")])))
    ours = [path.relative_to(ROOT).with_suffix("") for path in (ROOT / "chalicelib").rglob("*.py")]
    asked += [".".join(path.parts).removesuffix(".__init__") for path in ours]
    program = (
        "import importlib, json, sys\n"
        "for name in json.load(sys.stdin):\n"
        "    try: importlib.import_module(name)\n"
        "    except ImportError as error: print(name, error.name)"
    )
    done = subprocess.run(
        [PYTHON, "-c", program],
        cwd=code,
        env={"PYTHONDONTWRITEBYTECODE": "1"},
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


@pytest.mark.guards(
    "zip and Lambda's Python have all that is imported",
    "a library left out of the zip ✓ (the first)",
    "pip left in the environment ✓ (the third)",
)
def test_everything_that_the_sources_import_is_in_the_zip_or_in_lambdas_python(code: Path) -> None:
    assert missing(code) == []


@pytest.mark.guards("a cold start compiles no template, and a fault still names it")
def test_no_page_of_the_zip_is_compiled_when_it_is_asked_for(code: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from chalicelib.pages.frame import render\n"
        "environment = render._environment()\n"
        "environment.compile = None\n"
        "for name in sys.stdin.read().split(): environment.get_template(name)"
    )
    templates = [path for path in (code / "templates").rglob("*.*") if path.suffix in _DRAWN]
    done = subprocess.run(
        [PYTHON, "-c", program],
        cwd=code,
        env={"PYTHONDONTWRITEBYTECODE": "1"},
        input="\n".join(str(path.relative_to(code / "templates")) for path in templates),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert len(templates) > 60


_DRAWN = (".html", ".txt")


@pytest.mark.guards("zip and Lambda's Python have all that is imported")
@pytest.mark.parametrize("library", ["segno", "multipart.py"])
def test_a_library_that_the_zip_lacks_is_named(made: Package, tmp_path: Path, library: str) -> None:
    unzip(made.zip, tmp_path, compiled=False)
    lacking = tmp_path / library
    (shutil.rmtree if lacking.is_dir() else Path.unlink)(lacking)
    assert {line.split()[1] for line in missing(tmp_path)} == {library.removesuffix(".py")}


@pytest.mark.guards("zip and Lambda's Python have all that is imported")
def test_lambdas_python_here_holds_its_client_and_boto3_alone() -> None:
    program = (
        "import importlib.metadata as m\n"
        "for d in m.distributions(): print(f'{d.name}=={d.version}'.lower())"
    )
    done = subprocess.run([PYTHON, "-c", program], capture_output=True, text=True, check=True)
    held = pins((ROOT / "infra" / "requirements-lambda.txt").read_text().lower())
    assert sorted(done.stdout.split()) == sorted(held)
    tested = pins((ROOT / "requirements-dev.txt").read_text())
    tested += pins((ROOT / "requirements-local.txt").read_text())
    assert {pin for pin in held if pin.startswith("boto")} <= set(tested)


# ------------------------------------------------------------------ what this stands on

_TRIALS = """\
import os, sys
def with_bytes(event, context): return {"statusCode": 200, "body": b"\\xff"}
def with_a_set(event, context): return {"statusCode": 200, "headers": {"a"}}
def too_large(event, context): return "x" * (6 * 1024 * 1024)
def ends(event, context): os._exit(3)
def writes(event, context): open("written", "w")
def writes_beside(event, context): os.mkdir("__pycache__")
def looks(event, context):
    import importlib.util as u
    return [os.environ.get("PYTHONPATH"), os.environ.get("HOME"), u.find_spec("chalicelib") is None]
"""


@pytest.fixture
def trial(tmp_path: Path) -> Callable[[str], Any]:
    folder = tmp_path / "trial"
    folder.mkdir()
    (folder / "trials.py").write_text(_TRIALS)
    close(folder)

    def invoke(name: str) -> Any:
        with running(folder, name, {}, tmp_path / "log") as function:
            return function.invoke({})

    return invoke


@pytest.mark.guards(
    "the yardstick is as strict as Lambda and API Gateway",
    "planted in the tests themselves ✓",
    "root left to write ✓ (the first)",
)
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("trials.with_bytes", "Runtime.MarshalError"),
        ("trials.with_a_set", "Runtime.MarshalError"),
        ("trials.too_large", "Lambda takes 6,291,456"),
        ("trials.ends", "it ended with 3"),
        ("trials.writes", "PermissionError"),
        ("trials.writes_beside", "PermissionError"),
        ("trials.is_not_there", "init/error"),
        ("no_such_module.f", "Unable to import module"),
    ],
)
def test_what_lambda_would_not_take_fails_here(
    trial: Callable[[str], Any], name: str, why: str
) -> None:
    with pytest.raises(Failed, match=why):
        trial(name)


@pytest.mark.guards("the yardstick is as strict as Lambda and API Gateway")
def test_a_function_sees_nothing_of_this_machine(trial: Callable[[str], Any]) -> None:
    assert trial("trials.looks") == ["", None, True]


@pytest.mark.guards("the yardstick is as strict as Lambda and API Gateway")
@pytest.mark.parametrize(
    "change",
    [
        {"statusCode": "200"},
        {"headers": {"A": 1}},
        {"headers": None},
        {"multiValueHeaders": {"Set-Cookie": "a=b"}},
        {"body": None},
        {"isBase64Encoded": True},
        {"cookies": []},
    ],
    ids=str,
)
def test_what_api_gateway_would_not_take_fails_here(change: dict[str, Any]) -> None:
    answer = {"statusCode": 200, "headers": {"A": "b"}, "multiValueHeaders": {}, "body": ""}
    assert_valid(answer)
    with pytest.raises(AssertionError):
        assert_valid(answer | change)
