"""The real package on emulated AWS, from `make deploy` to the director's workbook, over HTTP."""

import os
import re
from collections.abc import Iterator

import pytest

from infra.package import Package
from tests.deployed import DIRECTOR, OFFICER, Deployed, deployed
from tests.ministack import NoMinistack

pytestmark = pytest.mark.e2e

CODES = ["T01", "T02", "T03", "G01"]


@pytest.fixture(
    scope="module",
    params=[pytest.param(False, id="open"), pytest.param(True, id="strict")],
)
def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, made: Package
) -> Iterator[Deployed]:
    """Once with every call allowed, and once under the policies of the functions."""
    try:
        folder = tmp_path_factory.mktemp("e2e")
        with deployed(folder, made, CODES, strict=request.param) as found:
            yield found
    except NoMinistack as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))


def test_a_stage_deployed_twice_keeps_its_package(stage: Deployed) -> None:
    assert not [line for line in stage.said if line.startswith("uploading") and "MB" in line]


def test_staff_sign_in_by_the_mailed_link_and_by_the_code(stage: Deployed) -> None:
    assert "Đăng xuất" in stage.signed_in(OFFICER).get(f"{stage.prefix}/desk").body.decode()
    browser, mail, asked = stage.asked_for_a_mail(DIRECTOR)
    (code,) = re.findall(r"\b\d{6}\b", str(mail.get_content()))
    home = browser.follow(browser.submit(asked, "/signin/code", code=code))
    assert (home.status, "Đăng xuất" in home.body.decode()) == (200, True)
