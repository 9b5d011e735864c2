"""A process that the tests kill: it does one thing to a fleet again and again.

Run as ``python -m tests.integration.fleet_worker DATABASE TASK FOLDER``. It says when it begins, so
that whoever kills it can do so while it works.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from seawall.advisories import AdvisoryStore
from seawall.fleet.databases import Database, SqliteDatabase, open_postgresql
from seawall.fleet.rejudging import rejudge
from seawall.fleet.store import Fleet
from tests.unit.fleet.samples import T0, at, image, pypi

JUDGED_AT = datetime(2026, 11, 21, tzinfo=UTC)
POOL = [at(pypi(f"thing-{n}", "1.0"), f"lib/thing-{n}") for n in range(300)]
IMAGES = [
    image(f"web-{n}", {"base": POOL[:100], f"app-{n}": POOL[100 + n : 160 + n]}, analyser="a")
    for n in range(40)
]


def opened(place: str) -> Database:
    if place.startswith("postgresql"):
        return open_postgresql(place)
    return SqliteDatabase.open(Path(place))


def main() -> None:
    place, task, folder = sys.argv[1:]
    with Fleet(opened(place)) as fleet:
        print("begins", flush=True)
        if task == "add":
            for record in IMAGES:
                with fleet.writing():
                    fleet.images.add(record, T0)
        else:
            with AdvisoryStore.open(Path(folder) / "advisories.sqlite") as store:
                rejudge(fleet, store, JUDGED_AT)
        print("ends", flush=True)


if __name__ == "__main__":
    main()
