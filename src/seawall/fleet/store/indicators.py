"""Look-back in the store: what was asked for, where it was seen, and all files that were seen."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from seawall.errors import UsageError
from seawall.fleet.databases import Database
from seawall.fleet.databases.contract import Row
from seawall.fleet.databases.parts import marks, parts
from seawall.fleet.indicators import Indicator, NameSpan, parse_indicator
from seawall.fleet.store.notes import RULES, Notes
from seawall.scanning.content.file_digests import FileList

_COLUMNS = "id, kind, value, note, added, removed"
_LISTS = 32  # of files that are in memory at once; one of three million files has 24 MB


@dataclass(frozen=True, slots=True)
class StoredIndicator:
    """An indicator that every new image is asked about."""

    id: int
    indicator: Indicator
    note: str  # why somebody asks: "XZ backdoor, CVE-2024-3094"
    added: str  # RFC 3339
    removed: str  # when nobody asked any more; empty while it is asked


@dataclass(frozen=True, slots=True)
class Sighting:
    """An indicator was seen in an image."""

    indicator: int
    image: int
    detail: str  # where, in one line
    seen: str  # RFC 3339; when it was found out


class Indicators:
    """What is asked of every image, and what the questions need."""

    def __init__(self, database: Database) -> None:
        self._db = database

    # --- what is asked -----------------------------------------------------------------------

    def add(self, indicator: Indicator, note: str, at: str) -> StoredIndicator:
        """Ask for it from now on; what is asked already stays as it is, with its note."""
        with self._db.writing():
            known = self._known(indicator)
            if known is not None:
                return known
            row = int(next(self._db.rows("SELECT coalesce(max(id), 0) + 1 FROM indicator"))[0])
            self._db.run(
                "INSERT INTO indicator (id, kind, value, note, added, removed) "
                "VALUES (?, ?, ?, ?, ?, '')",
                (row, str(indicator.kind), indicator.text, note, at),
            )
        return StoredIndicator(row, indicator, note, at, "")

    def remove(self, indicator: Indicator, at: str) -> bool:
        """Ask no more; return whether it was asked. Where it was seen stays known."""
        return bool(
            self._db.run(
                "UPDATE indicator SET removed = ? WHERE kind = ? AND value = ? AND removed = ''",
                (at, str(indicator.kind), indicator.text),
            )
        )

    def listed(self, *, also_removed: bool = False) -> list[StoredIndicator]:
        """Return what is asked, in the order in which it was added."""
        where = "1 = 1" if also_removed else "removed = ''"
        return list(self._stored(f"{where} ORDER BY id", ()))

    def _known(self, indicator: Indicator) -> StoredIndicator | None:
        values = (str(indicator.kind), indicator.text)
        return next(self._stored("kind = ? AND value = ? AND removed = ''", values), None)

    def _stored(self, where: str, values: Sequence[object]) -> Iterator[StoredIndicator]:
        rows = self._db.rows(f"SELECT {_COLUMNS} FROM indicator WHERE {where}", values)  # noqa: S608 - our own words
        for row, kind, value, *rest in list(rows):
            try:
                indicator = parse_indicator(kind, value)
            except UsageError:
                continue  # a kind of a later version of Seawall: it is for that one to ask
            yield StoredIndicator(row, indicator, *rest)

    # --- where it was seen -------------------------------------------------------------------

    def sighted(self, sightings: Iterable[Sighting]) -> None:
        """Note sightings; of an indicator in an image the first one stays."""
        self._db.run_many(
            "INSERT INTO sighting (indicator, image, detail, seen) VALUES (?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            [(s.indicator, s.image, s.detail, s.seen) for s in sightings],
        )

    def sightings(self, indicator: int | None = None, image: int | None = None) -> list[Sighting]:
        """Return the sightings of an indicator, in an image, or all; the latest first."""
        wanted = {"indicator": indicator, "image": image}
        asked = {name: value for name, value in wanted.items() if value is not None}
        where = " AND ".join(f"{name} = ?" for name in asked) or "1 = 1"
        rows = self._db.rows(
            f"SELECT indicator, image, detail, seen FROM sighting WHERE {where} "  # noqa: S608 - our own words
            "ORDER BY seen DESC, indicator, image DESC",
            tuple(asked.values()),
        )
        return [Sighting(*row) for row in rows]

    # --- files -------------------------------------------------------------------------------

    def keep_files(self, files: Mapping[str, FileList]) -> None:
        """Keep which files layers have, by diff-id; a layer never changes."""
        known = self.with_files(files)
        self._db.insert(
            "layer_files",
            ("diff_id", "digests", "names", "others"),
            (
                (diff_id, listed.digests, listed.names, listed.others)
                for diff_id, listed in sorted(files.items())
                if diff_id and diff_id not in known
            ),
        )

    def with_files(self, diff_ids: Iterable[str]) -> set[str]:
        """Return those of these layers whose files are known."""
        return {
            diff_id
            for part in parts(sorted(diff_ids))
            for (diff_id,) in self._db.rows(
                f"SELECT diff_id FROM layer_files WHERE diff_id IN ({marks(part)})",  # noqa: S608 - marks only
                part,
            )
        }

    def digests(self, diff_ids: Set[str] | None = None) -> Iterator[tuple[str, bytes]]:
        """Yield the digests of the files in these layers, or in all."""
        for rows in self._lists("digests", diff_ids):
            for diff_id, digests in rows:
                yield diff_id, bytes(digests)

    def names(self, diff_ids: Set[str] | None = None) -> Iterator[tuple[str, bytes, bytes]]:
        """Yield the names of the files in these layers, or in all, and of what has no digest."""
        for rows in self._lists("names, others", diff_ids):
            for diff_id, names, others in rows:
                yield diff_id, bytes(names), bytes(others)

    def _lists(self, columns: str, diff_ids: Set[str] | None) -> Iterator[list[Row]]:
        if diff_ids is None:
            diff_ids = {row for (row,) in self._db.rows("SELECT diff_id FROM layer_files")}
        for part in parts(sorted(diff_ids), _LISTS):
            yield list(
                self._db.rows(
                    f"SELECT diff_id, {columns} FROM layer_files WHERE diff_id IN ({marks(part)})",  # noqa: S608 - our own names and marks
                    part,
                )
            )

    # --- rules -------------------------------------------------------------------------------

    def rules(self, name: str) -> frozenset[str]:
        """Return the rules that `ImageFacts.asked_rules` stands for."""
        return frozenset(Notes(self._db).get(f"{RULES}{name}").split("\n")) - {""}

    # --- what answers need beside ------------------------------------------------------------

    def layers_without_files(self) -> list[int]:
        """Return the rows of the layers whose files nobody noted."""
        rows = self._db.rows(
            "SELECT l.id FROM layer AS l LEFT JOIN layer_files AS f ON f.diff_id = l.diff_id "
            "WHERE f.diff_id IS NULL"
        )
        return [row for (row,) in rows]

    def layers_with(self, diff_ids: Iterable[str]) -> dict[int, str]:
        """Return the rows of the layers that make one of these changes, with its diff-id."""
        return {
            row: diff_id
            for part in parts(sorted(diff_ids))
            for row, diff_id in self._db.rows(
                f"SELECT id, diff_id FROM layer WHERE diff_id IN ({marks(part)})",  # noqa: S608 - marks only
                part,
            )
        }

    def components(self) -> Iterator[tuple[int, bytes]]:
        """Yield all components as they are stored."""
        last = 0
        while rows := list(
            self._db.rows(
                "SELECT id, document FROM component WHERE id > ? ORDER BY id LIMIT 20000", (last,)
            )
        ):
            for row, document in rows:
                yield row, bytes(document)
            last = rows[-1][0]

    def name_history(self, images: Iterable[int]) -> dict[int, tuple[NameSpan, ...]]:
        """Return all names that ever stood for these images; those that do now come first."""
        found: dict[int, list[NameSpan]] = defaultdict(list)
        for part in parts(sorted(images)):
            for image, *span in self._db.rows(
                "SELECT image, name, first_seen, last_seen, until FROM tag "  # noqa: S608 - marks only
                f"WHERE image IN ({marks(part)}) ORDER BY until != '', last_seen DESC, name",
                part,
            ):
                found[image].append(NameSpan(*span))
        return {image: tuple(spans) for image, spans in found.items()}
