"""What is known of this machine's nightly archives, in the table: the desk reads no folder.

Where no schedule writes archives, on AWS, there is no such item.
"""

from chalicelib.edges.table import ANYTHING, Body, Put, Table
from chalicelib.rules.files.archive_nights import Known
from chalicelib.rules.texts.clock import from_iso, iso
from chalicelib.store import keys


def known(table: Table) -> Known | None:
    item = table.get(keys.backups())
    if item is None:
        return None
    made, failed = (str(item.body[name]) for name in ("made", "failed"))
    return Known(from_iso(made) if made else None, from_iso(failed) if failed else None)


def keep(table: Table, known: Known) -> None:
    body: Body = {
        "made": iso(known.made) if known.made else "",
        "failed": iso(known.failed) if known.failed else "",
    }
    table.write(Put(keys.backups(), body, ANYTHING))
