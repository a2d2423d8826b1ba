"""An installation where no unit has a link yet: loading the samples issues them."""

from chalicelib.edges.ports import Site
from chalicelib.edges.table import ANYTHING, Delete
from chalicelib.store import keys
from tests.conftest import NEW


def without_links(site: Site) -> Site:
    for item in list(site.table.query(f"LINKS#{NEW}")):
        own = keys.unit_access(NEW, item.key.sort)
        links = [Delete(one.key, ANYTHING) for one in site.table.query(own, "LINK#")]
        token = Delete(keys.token(str(item.body["token"])), ANYTHING)
        site.table.write(Delete(item.key, ANYTHING), token, *links)
    return site
