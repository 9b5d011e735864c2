"""The store of a fleet: all its tables, in one database.

`Fleet` holds the parts; each is about one noun. Whatever belongs together is written under
`Fleet.writing`: it happens as a whole or not at all, whatever ends the process.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from seawall.errors import FleetUnusable
from seawall.fleet.databases import Database
from seawall.fleet.schema import FORMAT, INDEXES, TABLES
from seawall.fleet.store.findings import Findings
from seawall.fleet.store.images import Images
from seawall.fleet.store.indicators import Indicators
from seawall.fleet.store.notes import Notes
from seawall.fleet.store.outbox import Outbox
from seawall.fleet.store.workloads import Workloads


class Fleet:
    """A store that is open. Use it in a ``with`` block."""

    def __init__(self, database: Database) -> None:
        """Make the tables where there are none.

        Raises:
            FleetUnusable: the database is damaged, or another program's, or of another version.
        """
        self.database = database
        try:
            self._prepare()
        except BaseException:
            database.close()
            raise
        self.images = Images(database)
        self.findings = Findings(database)
        self.workloads = Workloads(database)
        self.outbox = Outbox(database)
        self.notes = Notes(database)
        self.indicators = Indicators(database)

    def _prepare(self) -> None:
        tables, notes = self.database.tables(), Notes(self.database)
        if not tables:  # else nobody who only reads waits for whoever writes
            with self.database.writing():
                self.database.create((*TABLES, *INDEXES))
                if not notes.get("format"):
                    notes.set("format", FORMAT)
        elif "meta" not in tables or "layer_component" not in tables:
            raise FleetUnusable(
                f"{self.database.place}: another program's database",
                "it is left alone: name another one in seawall.yaml",
            )
        if notes.get("format") != FORMAT:
            raise FleetUnusable(
                f"{self.database.place}: a fleet of another version of Seawall",
                "it is left as it is: name another one, or use that version",
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the only right to write; all within happens, or nothing."""
        try:
            with self.database.writing():
                yield
        except BaseException:
            self.images.forget()
            raise


__all__ = ["Fleet"]
