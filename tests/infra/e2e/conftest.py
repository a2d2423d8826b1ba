"""The stages of the end-to-end tests: each deployed once, for all files here."""

import os
from collections.abc import Iterator

import pytest

from tests.deployed import Deployed, deployed
from tests.ministack import NoMinistack
from tests.stage import CODES


@pytest.fixture(
    scope="session",
    params=[pytest.param(False, id="open"), pytest.param(True, id="strict")],
)
def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployed]:
    """Once with every call allowed, and once under the policies of the functions."""
    try:
        folder = tmp_path_factory.mktemp("e2e")
        with deployed(folder, CODES, strict=request.param) as found:
            yield found
    except NoMinistack as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))
