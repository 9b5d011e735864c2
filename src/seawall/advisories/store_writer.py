"""How an advisory store is made: beside the old one, then moved into its place.

A store is written once. Readers never see a half-made one, and an interrupted update leaves what
was there.
"""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

import zstandard

from seawall.advisories.drafts import alone, draft
from seawall.advisories.feeds.epss import Score
from seawall.advisories.feeds.kev import Exploited
from seawall.advisories.feeds.osv import Parsed
from seawall.advisories.store import ALL_FEEDS, FORMAT, AdvisoryStore, FeedState
from seawall.errors import StoreUnusable

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE feed (
    name TEXT PRIMARY KEY, etag TEXT NOT NULL, last_modified TEXT NOT NULL, sha256 TEXT NOT NULL,
    obtained TEXT NOT NULL, newest TEXT NOT NULL, records INTEGER NOT NULL,
    skipped INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE advisory (
    id INTEGER PRIMARY KEY, feed TEXT NOT NULL, name TEXT NOT NULL, aliases TEXT NOT NULL,
    upstream TEXT NOT NULL, severity INTEGER NOT NULL, score REAL, summary TEXT NOT NULL,
    published TEXT NOT NULL, modified TEXT NOT NULL, withdrawn TEXT NOT NULL,
    UNIQUE (feed, name)
);
CREATE TABLE known_as (
    name TEXT NOT NULL, advisory INTEGER NOT NULL, PRIMARY KEY (name, advisory)
) WITHOUT ROWID;
CREATE TABLE product (
    id INTEGER PRIMARY KEY, ecosystem TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (name, ecosystem)
);
CREATE TABLE advisory_range (
    product INTEGER NOT NULL, low BLOB NOT NULL, advisory INTEGER NOT NULL, high BLOB,
    introduced TEXT NOT NULL, fixed TEXT NOT NULL, last_affected TEXT NOT NULL,
    state TEXT NOT NULL, module TEXT NOT NULL, channel TEXT NOT NULL, notice TEXT NOT NULL
);
CREATE TABLE unparsable (
    advisory INTEGER NOT NULL, product INTEGER NOT NULL, text TEXT NOT NULL,
    reason TEXT NOT NULL, is_exact INTEGER NOT NULL
);
CREATE TABLE ecosystem (
    name TEXT PRIMARY KEY, newest TEXT NOT NULL, advisories INTEGER NOT NULL,
    ranges INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE exploited (
    cve TEXT PRIMARY KEY, since TEXT NOT NULL, ransomware INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE likelihood (
    cve TEXT PRIMARY KEY, probability REAL NOT NULL, percentile REAL NOT NULL
) WITHOUT ROWID;
"""
_INDEXES = """
CREATE INDEX IF NOT EXISTS range_by_product ON advisory_range (product, low);
CREATE INDEX IF NOT EXISTS range_by_advisory ON advisory_range (advisory);
CREATE INDEX IF NOT EXISTS unparsable_by_product ON unparsable (product);
"""
# A feed's own note of its newest record is about all releases together. Dates in the future, and
# what is no date, say nothing about how current a release is.
_SUMMARY = """
DELETE FROM ecosystem;
INSERT INTO ecosystem
SELECT p.ecosystem,
    coalesce(max(a.modified) FILTER (
        WHERE a.modified GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'
        AND a.modified <= f.obtained
    ), ''),
    count(DISTINCT r.advisory), count(*)
FROM advisory_range AS r
JOIN product AS p ON p.id = r.product
JOIN advisory AS a ON a.id = r.advisory
LEFT JOIN feed AS f ON f.name = a.feed
GROUP BY p.ecosystem;
"""


class StoreWriter:
    """A store that is made: from nothing, or from a copy of the one there is.

    Nothing shows until `publish`; leaving the ``with`` block without it forgets all.
    """

    def __init__(self, path: Path, waiting: Callable[[], None] = lambda: None) -> None:
        """Wait until nobody else writes a store in that folder, then start a draft.

        `waiting` is called where there is somebody to wait for.

        Raises:
            StoreUnusable: the folder cannot be written, or what there is cannot be copied.
        """
        self._path = path
        self._products: dict[tuple[str, str], int] = {}
        self._held = contextlib.ExitStack()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._held.enter_context(alone(path.parent, waiting))
            self._draft = self._held.enter_context(draft(path.parent, f"{path.name}.", ".new"))
            self._db = self._connected()
            if not self._is_copied():
                self._db.executescript(_SCHEMA)
                self._db.execute("INSERT INTO meta VALUES ('format', ?)", (FORMAT,))
            rows = self._db.execute("SELECT ecosystem, name, id FROM product")
            self._products = {(ecosystem, name): row for ecosystem, name, row in rows}
        except (sqlite3.Error, OSError) as error:
            self._held.close()
            raise _unwritable(path, error) from error
        except BaseException:
            self._held.close()
            raise

    def _connected(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._draft)
        self._held.callback(db.close)
        db.execute("PRAGMA journal_mode = OFF")  # a draft that fails is thrown away
        db.execute("PRAGMA synchronous = OFF")
        return db

    def _is_copied(self) -> bool:
        """Start from the store there is; False where there is none that can be used."""
        try:
            with AdvisoryStore.open(self._path) as old:
                if old.copy_to(self._db):
                    return True
        except StoreUnusable:
            pass
        self._db.close()
        self._draft.write_bytes(b"")
        self._db = self._connected()
        return False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._held.close()
        if isinstance(error, sqlite3.Error):
            raise _unwritable(self._path, error) from error

    def feeds(self) -> dict[str, FeedState]:
        """Return what is known of each feed whose content is in the draft."""
        return {row[0]: FeedState(*row) for row in self._db.execute(ALL_FEEDS)}

    def speaking(self, feed: str) -> int:
        """Return how many advisories of a feed name versions of a package."""
        found = self._db.execute(
            "SELECT count(DISTINCT advisory) FROM advisory_range JOIN advisory AS a "
            "ON a.id = advisory WHERE a.feed = ?",
            (feed,),
        )
        return int(found.fetchone()[0])

    def forget(self, feed: str) -> None:
        """Remove all that came from an OSV feed."""
        inner = "(SELECT id FROM advisory WHERE feed = ?)"
        for table in ("advisory_range", "unparsable", "known_as"):
            self._db.execute(f"DELETE FROM {table} WHERE advisory IN {inner}", (feed,))  # noqa: S608 - constants
        self._db.execute("DELETE FROM advisory WHERE feed = ?", (feed,))

    def add(self, feed: str, parsed: Parsed) -> None:
        """Add one record."""
        advisory = parsed.advisory
        row = self._db.execute(
            "INSERT INTO advisory VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                feed,
                advisory.id,
                " ".join(advisory.aliases),
                " ".join(advisory.upstream),
                int(advisory.severity),
                advisory.score,
                advisory.summary,
                advisory.published,
                advisory.modified,
                advisory.withdrawn,
            ),
        ).lastrowid
        names = {advisory.id, *advisory.aliases, *advisory.upstream}
        self._db.executemany("INSERT INTO known_as VALUES (?, ?)", ((n, row) for n in names))
        self._db.executemany(
            "INSERT INTO advisory_range VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    self._product(interval.range.ecosystem, interval.range.name),
                    interval.low,
                    row,
                    interval.high,
                    interval.range.introduced,
                    interval.range.fixed,
                    interval.range.last_affected,
                    interval.range.state.value,
                    interval.module,
                    interval.channel,
                    interval.notice,
                )
                for interval in parsed.intervals
            ),
        )
        self._db.executemany(
            "INSERT INTO unparsable VALUES (?, ?, ?, ?, ?)",
            (
                (row, self._product(u.ecosystem, u.name), u.text, u.reason, u.is_exact)
                for u in parsed.unparsable
            ),
        )

    def _product(self, ecosystem: str, name: str) -> int:
        found = self._products.get((ecosystem, name))
        if found is None:
            found = self._db.execute(
                "INSERT INTO product VALUES (NULL, ?, ?)", (ecosystem, name)
            ).lastrowid
            assert found is not None  # noqa: S101 - an INSERT always has one
            self._products[ecosystem, name] = found
        return found

    def set_exploited(self, entries: Iterable[Exploited]) -> int:
        """Replace the KEV catalogue; return how many entries it has."""
        self._db.execute("DELETE FROM exploited")
        self._db.executemany(
            "INSERT OR REPLACE INTO exploited VALUES (?, ?, ?)",
            ((e.cve, e.since, e.ransomware) for e in entries),
        )
        return int(self._db.execute("SELECT count(*) FROM exploited").fetchone()[0])

    def set_likelihoods(self, scores: Iterable[Score]) -> int:
        """Replace the EPSS scores; return how many there are."""
        self._db.execute("DELETE FROM likelihood")
        self._db.executemany(
            "INSERT OR REPLACE INTO likelihood VALUES (?, ?, ?)",
            ((s.cve, s.probability, s.percentile) for s in scores),
        )
        return int(self._db.execute("SELECT count(*) FROM likelihood").fetchone()[0])

    def note(self, state: FeedState) -> None:
        """Keep what is known of a feed."""
        self._db.execute(
            "INSERT OR REPLACE INTO feed VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                state.name,
                state.etag,
                state.last_modified,
                state.sha256,
                state.obtained,
                state.newest,
                state.records,
                state.skipped,
            ),
        )

    def publish(self) -> None:
        """Make the draft the store, at once and for good."""
        try:
            self._db.execute(
                "DELETE FROM product WHERE id NOT IN (SELECT product FROM advisory_range "
                "UNION SELECT product FROM unparsable)"
            )
            self._db.executescript(_INDEXES)
            self._db.executescript(_SUMMARY)
            self._db.execute("ANALYZE")
            self._db.commit()
            self._db.close()
            with self._draft.open("rb") as file:
                os.fsync(file.fileno())
            self._draft.replace(self._path)
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except (sqlite3.Error, OSError) as error:
            raise _unwritable(self._path, error) from error


def _unwritable(path: Path, error: Exception) -> StoreUnusable:
    return StoreUnusable(
        f"{path}: cannot be written ({error})",
        "check permissions and free space, or set SEAWALL_HOME",
    )


def snapshot_of(path: Path, partial: Iterable[str] = ()) -> bytes:
    """Return a compact copy of a store: facts only, no texts, compressed with zstd.

    Withdrawn advisories go, and of KEV and EPSS what concerns no advisory here. Of the ecosystems
    in `partial` it holds only a part, which its readers will say: see `AdvisoryStore.partial`.
    """
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        with AdvisoryStore.open(path) as store:
            if not store.copy_to(db):
                raise StoreUnusable(f"{path}: damaged")
        db.executescript(
            """
            CREATE TEMP TABLE gone AS SELECT id FROM advisory WHERE withdrawn != '';
            DELETE FROM unparsable WHERE advisory IN (SELECT id FROM gone);
            DELETE FROM advisory_range WHERE advisory IN (SELECT id FROM gone);
            DELETE FROM known_as WHERE advisory IN (SELECT id FROM gone);
            DELETE FROM advisory WHERE id IN (SELECT id FROM gone);
            DELETE FROM likelihood WHERE cve NOT IN (SELECT name FROM known_as);
            DELETE FROM exploited WHERE cve NOT IN (SELECT name FROM known_as);
            UPDATE advisory SET summary = '';
            UPDATE unparsable SET reason = '';
            UPDATE feed SET etag = '', last_modified = '';
            INSERT OR REPLACE INTO meta VALUES ('snapshot', 'yes');
            """
        )
        named = "\n".join(sorted(set(partial)))
        db.execute("INSERT OR REPLACE INTO meta VALUES ('partial', ?)", (named,))
        db.executescript(_SUMMARY)
        db.commit()
        db.execute("VACUUM")
        return zstandard.ZstdCompressor(level=19).compress(db.serialize())
