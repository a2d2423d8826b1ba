"""A file made for one download: named by its content, reached by a link that ends soon."""

import hashlib
from collections.abc import Callable
from tempfile import TemporaryFile
from typing import IO

from chalicelib.edges.ports import PASSING, Site
from chalicelib.pages.frame.web import Request, Response


def made(
    site: Site, request: Request, folder: str, save_as: str, fill: Callable[[IO[bytes]], object]
) -> Response:
    """303 to what `fill` writes; its name ends as `save_as` does.

    Raises ValueError for a folder whose files nobody would ever clear away.
    """
    if folder.partition("/")[0] not in PASSING:
        raise ValueError(f"{folder} is under none of {PASSING}")
    ending = save_as.rpartition(".")[2]
    with TemporaryFile() as file:
        fill(file)
        file.seek(0)
        name = f"{folder}/{hashlib.file_digest(file, 'sha256').hexdigest()[:32]}.{ending}"
        file.seek(0)
        site.files.write(name, file)
    return Response(303, headers={"Location": site.files.link(name, save_as, request.now)})
