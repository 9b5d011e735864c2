"""Containers of the fleet: what ran which image, where and when."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import msgspec

from seawall.fleet.databases import Database
from seawall.fleet.databases.parts import marks, parts
from seawall.fleet.documents import packed, unpacked
from seawall.fleet.workloads import Workload

_COLUMNS = "id, name, image, image_name, runtime, host, started, ended, labels"
_decoder = msgspec.msgpack.Decoder(dict[str, str])


class Workloads:
    """All containers that were ever seen; those without an end run."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def started(self, workload: Workload, at: str) -> None:
        """Note a container that runs, or ran."""
        key = (workload.runtime, workload.host, workload.id)
        self._db.run(
            "INSERT INTO workload (runtime, host, id, name, image, image_name, started, ended, "
            "last_seen, labels) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (runtime, host, id) DO UPDATE SET name = excluded.name, "
            "image = excluded.image, image_name = excluded.image_name, "
            "started = excluded.started, ended = excluded.ended, last_seen = excluded.last_seen, "
            "labels = excluded.labels",
            (
                *key,
                workload.name,
                workload.image,
                workload.image_name,
                workload.started,
                workload.ended,
                at,
                packed(dict(workload.labels)),
            ),
        )

    def ended(self, runtime: str, host: str, container: str, at: str) -> None:
        """Note that a container runs no more; an end of an earlier run is none of this one."""
        self._db.run(
            "UPDATE workload SET ended = ? "
            "WHERE runtime = ? AND host = ? AND id = ? AND ended = '' AND started <= ?",
            (at, runtime, host, container, at),
        )

    def listed(self, runtime: str, host: str, running: Iterable[Workload], at: str) -> None:
        """Note all that runs on a host: whatever else was thought to run there has ended."""
        there = {workload.id: workload for workload in running}
        for workload in there.values():
            self.started(workload, at)
        known = self._db.rows(
            "SELECT id FROM workload WHERE runtime = ? AND host = ? AND ended = ''",
            (runtime, host),
        )
        for (container,) in list(known):
            if container not in there:
                self.ended(runtime, host, container, at)

    def running(self, image: str | None = None) -> Iterator[Workload]:
        """Yield what runs, by name; with `image` (a digest) only what was made from it."""
        where, values = ("AND image = ?", (image,)) if image is not None else ("", ())
        yield from self._workloads(f"ended = '' {where} ORDER BY name, id", values)

    def of(self, image: str) -> Iterator[Workload]:
        """Yield all containers that were ever made from an image, those that run first."""
        yield from self._workloads("image = ? ORDER BY ended != '', started DESC, id", (image,))

    def names_running(self, images: Collection[str]) -> tuple[str, ...]:
        """Return the names of the containers that run from an image, by any of its digests."""
        return tuple(
            name
            for part in parts(sorted(images))
            for (name,) in list(
                self._db.rows(
                    "SELECT name FROM workload WHERE ended = '' "  # noqa: S608 - marks only
                    f"AND image IN ({marks(part)}) ORDER BY name, id",
                    part,
                )
            )
        )

    def last_end(self, images: Collection[str]) -> str:
        """Return when the last container of an image ended, by any of its digests; or nothing."""
        return max(
            (
                ended
                for part in parts(sorted(images))
                for (ended,) in self._db.rows(
                    f"SELECT max(ended) FROM workload WHERE image IN ({marks(part)})",  # noqa: S608 - marks only
                    part,
                )
                if ended
            ),
            default="",
        )

    def _workloads(self, where: str, values: Iterable[Any]) -> Iterator[Workload]:
        rows = self._db.rows(f"SELECT {_COLUMNS} FROM workload WHERE {where}", tuple(values))  # noqa: S608 - our own words
        for container, name, image, image_name, runtime, host, *times, labels in list(rows):
            try:
                told = unpacked(bytes(labels), _decoder)
            except ValueError:
                told = {}  # labels are told, nothing rests on them
            started, ended = times
            yield Workload(container, name, image, image_name, runtime, host, started, ended, told)
