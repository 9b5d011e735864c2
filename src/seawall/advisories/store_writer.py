"""How an advisory store is made: beside the old one, then moved into its place.

A store is written once. Readers never see a half-made one, and an interrupted update leaves what
was there.
"""

import contextlib
import os
import sqlite3
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any, Self

import zstandard

from seawall.advisories.drafts import alone, draft
from seawall.advisories.feeds.epss import Score
from seawall.advisories.feeds.kev import Exploited
from seawall.advisories.feeds.osv import Parsed
from seawall.advisories.journal import ChangeKind, differences, fingerprint
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
    fingerprint BLOB NOT NULL, UNIQUE (feed, name)
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
-- The journal: what became of advisories at each serial, and what they had spoken of before.
CREATE TABLE change (
    serial INTEGER NOT NULL, feed TEXT NOT NULL, advisory TEXT NOT NULL, kind TEXT NOT NULL,
    PRIMARY KEY (serial, feed, advisory)
) WITHOUT ROWID;
CREATE TABLE former_range (
    serial INTEGER NOT NULL, ecosystem TEXT NOT NULL, name TEXT NOT NULL, low BLOB NOT NULL,
    high BLOB
);
CREATE TABLE former_name (
    serial INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (serial, name)
) WITHOUT ROWID;
CREATE TABLE whole (
    serial INTEGER NOT NULL, feed TEXT NOT NULL, PRIMARY KEY (serial, feed)
) WITHOUT ROWID;
CREATE TABLE scores (
    serial INTEGER NOT NULL, feed TEXT NOT NULL, PRIMARY KEY (serial, feed)
) WITHOUT ROWID;
"""
_JOURNAL = ("change", "former_range", "former_name", "whole", "scores")
_SERIALS = 60  # that the journal goes back
_JOURNAL_ROWS = 500_000  # that it has at most
_MANY = 20_000  # records of a feed; where more change at once, it counts as all new
_INDEXES = """
CREATE INDEX IF NOT EXISTS range_by_product ON advisory_range (product, low);
CREATE INDEX IF NOT EXISTS range_by_advisory ON advisory_range (advisory);
CREATE INDEX IF NOT EXISTS unparsable_by_product ON unparsable (product);
CREATE INDEX IF NOT EXISTS unparsable_by_advisory ON unparsable (advisory);
CREATE INDEX IF NOT EXISTS former_range_by_serial ON former_range (serial);
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
        self._old: AdvisoryStore | None = None  # what the draft is a copy of
        self._written: set[str] = set()  # feeds
        self._held = contextlib.ExitStack()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._held.enter_context(alone(path.parent, waiting))
            self._draft = self._held.enter_context(draft(path.parent, f"{path.name}.", ".new"))
            self._db = self._connected()
            if not self._is_copied():
                self._db.executescript(_SCHEMA)
                self._set_meta(format=FORMAT, lineage=uuid.uuid4().hex, serial=0, journal_from=0)
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
        """Start from the store there is; False where there is none that can be used.

        It stays open, to be compared with what becomes of the copy.
        """
        with contextlib.suppress(StoreUnusable), contextlib.ExitStack() as opened:
            old = opened.enter_context(AdvisoryStore.open(self._path))
            old.state(), old.journal_from()  # one that has none cannot be followed up
            if old.copy_to(self._db):
                self._old = old
                self._held.enter_context(opened.pop_all())
                return True
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
        self._written.add(feed)
        inner = "(SELECT id FROM advisory WHERE feed = ?)"
        for table in ("advisory_range", "unparsable", "known_as"):
            self._db.execute(f"DELETE FROM {table} WHERE advisory IN {inner}", (feed,))  # noqa: S608 - constants
        self._db.execute("DELETE FROM advisory WHERE feed = ?", (feed,))

    def add(self, feed: str, parsed: Parsed) -> None:
        """Add one record."""
        self._written.add(feed)
        advisory = parsed.advisory
        row = self._db.execute(
            "INSERT INTO advisory VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
                fingerprint(parsed),
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

    def _set_meta(self, **values: str | int) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO meta VALUES (?, ?)",
            ((key, str(value)) for key, value in values.items()),
        )

    def publish(self) -> Counter[ChangeKind]:
        """Make the draft the store, at once and for good; return what became of advisories.

        A feed that was not there before has no part in that: all of it is new.
        """
        try:
            self._db.execute(
                "DELETE FROM product WHERE id NOT IN (SELECT product FROM advisory_range "
                "UNION SELECT product FROM unparsable)"
            )
            self._db.executescript(_INDEXES)
            self._db.executescript(_SUMMARY)
            changes = self._journal()
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
        return changes

    def _journal(self) -> Counter[ChangeKind]:
        """Note how the draft differs from what it is a copy of; return what became of advisories.

        Where nothing does that could change a judgement, the draft keeps the state it has.
        """
        new = AdvisoryStore(self._db, str(self._draft))
        serial = new.state().serial + 1
        journal = _Journal(self._db, serial)
        for feed in sorted(self._written):
            journal.compare_records(feed, self._old, new)
        for feed in ("kev", "epss"):
            before = self._old.scores(feed) if self._old else ()
            if any(one != other for one, other in zip_longest(before, new.scores(feed))):
                journal.note("scores", feed)
        if not journal.is_empty:
            journal_from = max(journal.cut(), new.journal_from())
            self._set_meta(serial=serial, journal_from=journal_from)
            self._set_meta(**{f"token:{serial}": uuid.uuid4().hex})
            self._db.execute(
                "DELETE FROM meta WHERE key LIKE 'token:%' AND CAST(substr(key, 7) AS INTEGER) < ?",
                (journal_from,),
            )
        return journal.counts


class _Journal:
    """What is written into the journal of a draft, all of it under one serial."""

    def __init__(self, db: sqlite3.Connection, serial: int) -> None:
        self._db, self._serial = db, serial
        self._room = _JOURNAL_ROWS
        self.is_empty = True
        self.counts: Counter[ChangeKind] = Counter()

    def compare_records(self, feed: str, old: AdvisoryStore | None, new: AdvisoryStore) -> None:
        """Note what became of the records of an OSV feed."""
        before = old.marks(feed) if old else {}
        changes = dict(differences(before, new.marks(feed)))
        if not changes:
            return
        if old is None or not before:
            self.note("whole", feed)
            return
        self.is_empty = False
        self.counts.update(changes.values())
        earlier = {before[name].row for name, kind in changes.items() if kind is not ChangeKind.NEW}
        names = {
            n for a in old.advisories(earlier).values() for n in (a.id, *a.aliases, *a.upstream)
        }
        self._db.executemany(
            "INSERT OR IGNORE INTO former_name VALUES (?, ?)", self._rows((n,) for n in names)
        )
        if len(changes) > _MANY:
            self.note("whole", feed)
            return
        self._db.executemany(
            "INSERT INTO change VALUES (?, ?, ?, ?)",
            self._rows((feed, name, kind.value) for name, kind in changes.items()),
        )
        self._db.executemany(
            "INSERT INTO former_range VALUES (?, ?, ?, ?, ?)",
            self._rows((s.ecosystem, s.name, s.low, s.high) for s in old.spans(earlier)),
        )

    def note(self, table: str, feed: str) -> None:
        """Note that a feed is "whole" (all new), or that its "scores" changed."""
        self._db.execute(f"INSERT INTO {table} VALUES (?, ?)", (self._serial, feed))  # noqa: S608 - constants
        self.is_empty = False

    def _rows(self, rows: Iterable[tuple[str | bytes | None, ...]]) -> Iterator[tuple[Any, ...]]:
        """Yield rows with their serial, as long as there is room; `cut` does the rest."""
        for row in rows:
            self._room -= 1
            if self._room < 0:
                return
            yield (self._serial, *row)

    def cut(self) -> int:
        """Remove what is too old or too much; return since which serial the journal is complete."""
        since = self._serial if self._room < 0 else max(self._serial - _SERIALS, self._too_much())
        for table in _JOURNAL:
            self._db.execute(f"DELETE FROM {table} WHERE serial <= ?", (since,))  # noqa: S608 - constants
        return since

    def _too_much(self) -> int:
        """Return the newest serial whose rows are too many, counted from the newest on; else 0."""
        rows = " UNION ALL ".join(f"SELECT serial FROM {table}" for table in _JOURNAL)  # noqa: S608 - constants
        each = f"SELECT serial, count(*) FROM ({rows}) GROUP BY serial ORDER BY serial DESC"  # noqa: S608 - constants
        kept = 0
        for serial, count in self._db.execute(each):
            kept += int(count)
            if kept > _JOURNAL_ROWS:
                return int(serial)
        return 0


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
            UPDATE advisory SET fingerprint = X'';
            DELETE FROM meta WHERE key IN ('lineage', 'serial', 'journal_from')
                OR key LIKE 'token:%';
            INSERT OR REPLACE INTO meta VALUES ('snapshot', 'yes');
            """
        )
        for table in _JOURNAL:
            db.execute(f"DELETE FROM {table}")  # noqa: S608 - constants
        named = "\n".join(sorted(set(partial)))
        db.execute("INSERT OR REPLACE INTO meta VALUES ('partial', ?)", (named,))
        db.executescript(_SUMMARY)
        db.commit()
        db.execute("VACUUM")
        return zstandard.ZstdCompressor(level=19).compress(db.serialize())
