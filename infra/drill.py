"""The drill: an archive restored beside, every period summed anew and added up a second time."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from chalicelib.edges import embedded
from chalicelib.edges.embedded import SqliteTable
from chalicelib.edges.ports import Site, Unusable
from chalicelib.edges.table import ANYTHING, Delete
from chalicelib.jobs import summarise
from chalicelib.rules.texts.clock import now
from chalicelib.store import keys, programmes, summaries
from infra import backup
from infra.held_against import compared
from infra.second_sum import Raw, periods, reports, second_sum

_NOWHERE = "http://127.0.0.1"  # nobody visits what is restored for a drill


@dataclass(slots=True)
class Found:
    """What was counted, and where the two sums differ: each in words."""

    archive: str
    programmes: int = 0
    periods: int = 0
    reports: int = 0
    figures: int = 0
    differences: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.archive}: {self.programmes} programmes, {self.periods} periods summed anew, "
            f"{self.reports} reports with their hashes, {self.figures} figures compared, "
            f"{len(self.differences)} differences"
        )


def drill(archive: Path) -> Found:
    """Nothing but a scratch folder is touched. Raises Unusable for an archive that is refused."""
    with TemporaryDirectory(prefix="baocao-drill-") as folder:
        site = embedded.open_site(Path(folder), _NOWHERE, now, {})
        try:
            backup.restore(site, archive)
            _sum_anew(site)
            return _held_against(site, Raw.of_file(Path(folder) / "baocao.sqlite3"), archive.name)
        finally:
            cast(SqliteTable, site.table).close()


def _sum_anew(site: Site) -> None:
    """Without what was stored: nothing of an earlier run can be what is compared."""
    for p in programmes.programme_keys(site.table):
        for period in programmes.periods(site.table, p):
            site.table.write(Delete(keys.summary(p, period.key), ANYTHING))
    try:
        summarise.run(site, everything=True)
    except summarise.Failed as failed:
        raise Unusable(f"what was restored could not be summed: {failed}") from None


def _held_against(site: Site, raw: Raw, name: str) -> Found:
    found = Found(name, programmes=len(list(programmes.programme_keys(site.table))))
    for where, is_right in reports(raw):
        found.reports += 1
        if not is_right:
            found.differences.append(f"{where}: the text is not that of its hash")
    for p, k in periods(raw):
        kept = summaries.summary(site.table, p, k)
        if kept is None:
            continue  # it has not begun
        content = site.files.read(kept.files["json"])
        assert content is not None  # it was written a moment ago
        found.periods += 1
        for what, is_, must in compared(json.loads(content), second_sum(raw, p, k)):
            found.figures += 1
            if is_ != must:
                found.differences.append(f"{p} {k} {what}: {is_}, and added up again {must}")
    return found
