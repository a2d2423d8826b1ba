"""What a stage needs once it stands: its data in shape, a first run, somebody who may sign in."""

import json
import time
from typing import Any

from chalicelib.edges.table import Busy, Conflict
from chalicelib.rules.texts.clock import iso, now
from chalicelib.store import schema
from infra import rescue
from infra.artefacts import Say
from infra.deploy import site_of
from infra.stack import Account, NotDeployed, Stack

_IN_FLIGHT = 30  # seconds that a request to the former package may still take


def officer(stage: str, mail: str, say: Say) -> None:
    """The first who may sign in. With an officer there, the desk has a page for the others."""
    from chalicelib.store import access

    site = site_of(stage)
    if mail:
        email = rescue.appoint(site, "make deploy", mail)
        say(f"officer {email}: sign in at {site.public_url}/signin")
    elif not list(access.staff(site.table)):
        say(
            f"nobody may sign in yet: make officer STAGE={stage} MAIL=mail, or, to move an "
            f"installation here, STAGE={stage} make restore FILE=baocao.zip"
        )


def migrated(stage: str, say: Say) -> None:
    """Its data in the shape of the package that runs now. Cut off, the same command goes on."""
    from infra import migrations

    table = site_of(stage).table
    try:
        if migrations.found(table).schema < schema.SCHEMA:
            say(f"waiting {_IN_FLIGHT} s until nothing of the former package writes any more …")
            time.sleep(_IN_FLIGHT)
        migrations.migrate(table, say)
    except (Busy, Conflict) as error:
        raise NotDeployed(
            f"the package runs, but its data is not all in its shape yet ({error}): "
            "run the same command again"
        ) from None


def run_at_once(here: Account, found: Stack) -> None:
    """The nightly run: its alarm waits for it, and a new package may shape summaries anew."""
    payload, name = json.dumps(scheduled(here)).encode(), found.outputs["NightlyName"]
    here.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=payload)


def scheduled(here: Account) -> dict[str, Any]:
    """What EventBridge tells a function when its time has come."""
    return {
        "version": "0",
        "id": "first",
        "source": "aws.events",
        "resources": [],
        "detail": {},
        "detail-type": "Scheduled Event",
        "account": here.number,
        "region": here.region,
        "time": iso(now()),
    }
