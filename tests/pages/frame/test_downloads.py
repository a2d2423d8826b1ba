"""A file made for one download: where it lies, what leads to it, and that it can't lie anywhere."""

from datetime import UTC, datetime

import pytest

from chalicelib.edges.ports import PASSING, Site
from chalicelib.pages.frame import downloads
from chalicelib.pages.frame.web import Request

ASKED = Request("GET", "/", {}, {}, {}, {}, "127.0.0.1", datetime(2026, 11, 23, 3, tzinfo=UTC))


@pytest.mark.parametrize("folder", PASSING)
def test_the_same_content_is_one_file_under_a_folder_that_is_cleared(
    empty_site: Site, folder: str
) -> None:
    links = {
        downloads.made(
            empty_site, ASKED, f"{folder}/p", "bao-cao.xlsx", lambda file: file.write(b"abc")
        ).headers["Location"]
        for _ in range(2)
    }
    (link,) = links
    name = f"{folder}/p/ba7816bf8f01cfea414140de5dae2223.xlsx"  # SHA-256 of abc begins so
    assert name in link
    assert empty_site.files.read(name) == b"abc"


@pytest.mark.parametrize("folder", ["summaries/p", "frozen", "", "export/p", "/exports"])
def test_no_download_lies_where_nobody_clears_away(empty_site: Site, folder: str) -> None:
    with pytest.raises(ValueError, match="none of"):
        downloads.made(empty_site, ASKED, folder, "a.xlsx", lambda file: file.write(b"abc"))
