"""The advisory store, read: one SQLite file, one row a range, so that matching is a range join.

A version is its order-preserving key, hence "introduced <= v < fixed" is an index range. How a
store is made, and its tables: `seawall.advisories.store_writer`.
"""

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

import zstandard

from seawall.advisories.feeds.osv import Interval, Unparsable
from seawall.advisories.journal import (
    Change,
    ChangeKind,
    Changes,
    Mark,
    StoreState,
    Touched,
    summed_up,
)
from seawall.errors import StoreUnusable
from seawall.model import Advisory, FixState, Range, Severity

FORMAT = "4"  # a store of another format is made anew; so count up when parsing changes, too
_SNAPSHOT_BYTES = 512 << 20  # a snapshot never unpacks to more


@dataclass(frozen=True, slots=True)
class FeedState:
    """What the store knows of one feed."""

    name: str  # "osv/Debian", "kev", "epss"
    etag: str
    last_modified: str
    sha256: str
    obtained: str  # RFC 3339, UTC: when its content was last known to be current
    newest: str  # RFC 3339 or date: the newest record in it
    records: int
    skipped: int = 0  # records that broke the schema


@dataclass(frozen=True, slots=True)
class Match:
    """An interval that holds a version's key: `subject` is the caller's number for it."""

    subject: int
    advisory: int  # row in the store
    interval: Interval


@dataclass(frozen=True, slots=True)
class Likelihood:
    """What KEV and EPSS say of a CVE."""

    exploited_since: str = ""
    probability: float | None = None


ALL_FEEDS = (
    "SELECT name, etag, last_modified, sha256, obtained, newest, records, skipped "
    "FROM feed ORDER BY name"
)
# What `_interval` takes.
_INTERVAL = (
    "r.low, r.high, p.ecosystem, p.name, r.introduced, r.fixed, r.last_affected, r.state, "
    "r.module, r.channel, r.notice"
)
_FACTS = "modified, published, withdrawn, aliases, upstream, severity, score, summary"
_ADVISORY = f"SELECT id, name, {_FACTS} FROM advisory"  # noqa: S608 - a constant
# Ranges and what cannot be compared, as `Touched` has them. Withdrawn advisories speak of nothing.
_SPANS = (
    "SELECT p.ecosystem, p.name, r.low, r.high FROM advisory_range AS r "
    "JOIN product AS p ON p.id = r.product JOIN advisory AS a ON a.id = r.advisory "
    "WHERE r.advisory IN ({rows}) AND a.withdrawn = '' UNION "
    "SELECT p.ecosystem, p.name, X'', NULL FROM unparsable AS u "
    "JOIN product AS p ON p.id = u.product JOIN advisory AS a ON a.id = u.advisory "
    "WHERE u.advisory IN ({rows}) AND a.withdrawn = ''"
)
_CHANGED = (
    "SELECT a.id FROM change AS c JOIN advisory AS a ON a.feed = c.feed AND a.name = c.advisory "
    "WHERE c.serial > :since"
)
# Texts that hold all names of some advisories, with spaces between them.
_ALL_NAMES = "SELECT name || ' ' || aliases || ' ' || upstream FROM"
_NAMES = (
    "SELECT name FROM former_name WHERE serial > :since "  # noqa: S608 - constants
    f"UNION ALL {_ALL_NAMES} advisory WHERE id IN ({_CHANGED}) "
    f"UNION ALL {_ALL_NAMES} whole CROSS JOIN advisory USING (feed) "
    "WHERE serial > :since AND severity > 0 AND withdrawn = ''"
)
_SCORES = {
    "kev": "SELECT cve, since, ransomware FROM exploited ORDER BY cve",
    "epss": "SELECT cve, probability, percentile FROM likelihood ORDER BY cve",
}
_NOTHING: Mapping[str, int] = {}
_LINEAGE = re.compile(r"[0-9a-f]{32}")
_SERIAL = re.compile(r"[0-9]{1,15}")
# sqlite's own message may quote bytes of a damaged file that are no text.
_DAMAGE = (sqlite3.DatabaseError, UnicodeDecodeError)


class AdvisoryStore:
    """A store that is read. Use it in a ``with`` block."""

    def __init__(
        self, connection: sqlite3.Connection, place: str, state: StoreState | None = None
    ) -> None:
        """Read what is behind `connection`; `state` where the content itself has none."""
        self._db = connection
        self.place = place
        self._state = state
        self._file: tuple[int, int] | None = None  # device and inode of what was opened
        try:
            self._db.execute("PRAGMA temp_store = MEMORY")  # there may be no folder to write in
            found = self._db.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
        except _DAMAGE as error:
            self._db.close()
            raise StoreUnusable(f"{place}: not an advisory store, or damaged ({error})") from error
        if found is None or found[0] != FORMAT:
            self._db.close()
            raise StoreUnusable(f"{place}: an advisory store of another version of Seawall")

    def copy_to(self, target: sqlite3.Connection) -> bool:
        """Copy all into an empty database; False where what there is turns out to be damaged."""
        try:
            self._db.backup(target)
            return bool(target.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                return False
            raise

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a store to read it.

        Raises:
            StoreUnusable: absent, damaged, or of another version.
        """
        if not path.is_file():
            raise StoreUnusable(f"{path}: no advisory store there")
        # Looked at before it is opened: should it be replaced in between, `latest` opens it again.
        file = _file_at(str(path))
        try:
            db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        except sqlite3.Error as error:
            raise StoreUnusable(f"{path}: cannot be opened ({error})") from error
        store = cls(db, str(path))
        store._file = file
        return store

    @classmethod
    def from_snapshot(cls, content: bytes, place: str) -> Self:
        """Open a snapshot in memory; nothing is written.

        Its lineage is its content's digest, so that it has the same state whenever it is opened.
        """
        try:
            plain = zstandard.ZstdDecompressor().decompress(content, _SNAPSHOT_BYTES)
            db = sqlite3.connect(":memory:")
            db.deserialize(plain)
        except (zstandard.ZstdError, sqlite3.Error) as error:
            raise StoreUnusable(f"{place}: a damaged snapshot ({error})") from error
        return cls(db, place, StoreState(f"snapshot-{sha256(content).hexdigest()[:16]}", 0))

    @contextmanager
    def latest(self) -> Iterator["AdvisoryStore"]:
        """Yield this store, or the one that has taken its place since it was opened.

        Raises:
            StoreUnusable: what is there now cannot be read.
        """
        if self._file is None or self._file == _file_at(self.place):
            yield self
            return
        with AdvisoryStore.open(Path(self.place)) as newer:
            yield newer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def feeds(self) -> list[FeedState]:
        """Return the state of each feed, by name."""
        return [FeedState(*row) for row in self._rows(ALL_FEEDS)]

    def counts(self) -> dict[str, int]:
        """Return how many advisories, ranges, withdrawn and uncomparable ones there are."""
        one = {
            "advisories": "SELECT count(*) FROM advisory",
            "ranges": "SELECT count(*) FROM advisory_range",
            "withdrawn": "SELECT count(*) FROM advisory WHERE withdrawn != ''",
            "uncomparable": "SELECT count(*) FROM unparsable WHERE NOT is_exact",
            "exploited": "SELECT count(*) FROM exploited",
            "likelihoods": "SELECT count(*) FROM likelihood",
        }
        return {name: next(self._rows(sql))[0] for name, sql in one.items()}

    def partial(self) -> frozenset[str]:
        """Return the ecosystems (without release) of which only a part is here, as its maker said.

        Silence of the store on a package of theirs says little.
        """
        found = next(self._rows("SELECT value FROM meta WHERE key = 'partial'"), ("",))
        return frozenset(found[0].splitlines())

    def speaking_of(self, ecosystems: Iterable[str]) -> int:
        """Return how many advisories name versions in these ecosystems (with release).

        One that is about several releases of a distribution counts once.
        """
        families: dict[str, list[str]] = {}
        for name in sorted(set(ecosystems)):
            families.setdefault(name.partition(":")[0], []).append(name)
        return sum(map(self._speaking_of, families.values()))

    def _speaking_of(self, names: Sequence[str]) -> int:
        if len(names) == 1:
            counted = self._rows("SELECT advisories FROM ecosystem WHERE name = ?", names)
            return int(next(counted, (0,))[0])
        marks = ",".join("?" * len(names))
        sql = (
            "SELECT count(DISTINCT advisory) FROM product AS p "  # noqa: S608 - constants
            "CROSS JOIN advisory_range ON product = p.id "
            f"WHERE p.ecosystem IN ({marks})"
        )
        return int(next(self._rows(sql, names))[0])

    def by_ecosystem(self) -> list[tuple[str, int, int]]:
        """Return (ecosystem with release, advisories, ranges) for each, largest first."""
        return list(self._rows("SELECT name, advisories, ranges FROM ecosystem ORDER BY 2 DESC, 1"))

    def newest(self, ecosystems: Iterable[str]) -> dict[str, str]:
        """Return when the newest advisory of each ecosystem (with release) was changed.

        RFC 3339 as its feed writes it; an ecosystem that nothing speaks of is left out, one whose
        records have no date that can be, is empty.
        """
        sql = "SELECT newest FROM ecosystem WHERE name = ?"
        return {name: row[0] for name in ecosystems for row in self._rows(sql, (name,))}

    def ecosystems(self) -> set[str]:
        """Return all ecosystems, with release, that some advisory speaks of."""
        return {row[0] for row in self._rows("SELECT DISTINCT ecosystem FROM product")}

    def products(self, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Return the row of each (ecosystem, name) that some advisory speaks of."""
        found: dict[tuple[str, str], int] = {}
        wanted: dict[str, set[str]] = {}
        for ecosystem, name in names:
            wanted.setdefault(name, set()).add(ecosystem)
        for name, ecosystems in wanted.items():
            for ecosystem, row in self._rows(
                "SELECT ecosystem, id FROM product WHERE name = ?", (name,)
            ):
                if ecosystem in ecosystems:
                    found[ecosystem, name] = row
        return found

    def has_advisories(self, ecosystem: str, count: int) -> bool:
        """Tell whether at least `count` ranges are about an ecosystem (with release)."""
        found = self._rows(
            "SELECT 1 FROM product JOIN advisory_range ON product = product.id "
            "WHERE ecosystem = ? LIMIT 1 OFFSET ?",
            (ecosystem, count - 1),
        )
        return next(found, None) is not None

    def matches(self, versions: Iterable[tuple[int, int, bytes]]) -> Iterator[Match]:
        """Yield each range of a standing advisory that holds one of `versions`.

        `versions` are (subject, product row, version key); one statement answers for all.
        """
        try:
            self._db.execute(
                "CREATE TEMP TABLE IF NOT EXISTS asked (subject INTEGER, product INTEGER, key BLOB)"
            )
            self._db.execute("DELETE FROM asked")
            self._db.executemany("INSERT INTO asked VALUES (?, ?, ?)", versions)
        except _DAMAGE as error:
            raise StoreUnusable(f"{self.place}: cannot be asked ({error})") from error
        for subject, advisory, *fields in self._rows(
            f"SELECT asked.subject, r.advisory, {_INTERVAL} FROM asked"  # noqa: S608 - a constant
            " JOIN advisory_range AS r ON r.product = asked.product AND r.low <= asked.key"
            " JOIN product AS p ON p.id = r.product"
            " JOIN advisory AS a ON a.id = r.advisory"
            " WHERE (r.high IS NULL OR asked.key < r.high) AND a.withdrawn = ''"
        ):
            yield Match(subject, advisory, self._interval(fields))

    def advisories(self, rows: Iterable[int]) -> dict[int, Advisory]:
        """Return the advisories in these rows, without their ranges."""
        wanted = list(set(rows))
        found: dict[int, Advisory] = {}
        for at in range(0, len(wanted), 500):
            part = wanted[at : at + 500]
            marks = ",".join("?" * len(part))
            for row in self._rows(f"{_ADVISORY} WHERE id IN ({marks})", part):
                found[row[0]] = self._advisory(row[1:])
        return found

    def named(self, name: str) -> dict[int, Advisory]:
        """Return all advisories with this id, alias or upstream id, also withdrawn ones.

        People write ids in any case; a look at every name is cheap enough for a question.
        """
        rows = list(self._rows("SELECT advisory FROM known_as WHERE name = ?", (name,)))
        rows = rows or list(
            self._rows("SELECT advisory FROM known_as WHERE name = ? COLLATE NOCASE", (name,))
        )
        return self.advisories(row[0] for row in rows)

    def rated(self, names: Iterable[str]) -> list[Advisory]:
        """Return the standing advisories that have a severity and one of these names."""
        wanted = sorted(set(names))
        found: dict[int, Advisory] = {}
        for at in range(0, len(wanted), 500):
            part = wanted[at : at + 500]
            marks = ",".join("?" * len(part))
            # CROSS keeps the order of the two: names first, then their few advisories.
            for row in self._rows(
                f"SELECT id, a.name, {_FACTS} FROM known_as AS k CROSS JOIN advisory AS a "  # noqa: S608 - constants
                f"ON id = k.advisory WHERE k.name IN ({marks}) AND severity > 0 AND withdrawn = ''",
                part,
            ):
                found[row[0]] = self._advisory(row[1:])
        return list(found.values())

    def ranges(self, advisory: int) -> list[Interval]:
        """Return all ranges of an advisory."""
        return [
            self._interval(fields)
            for fields in self._rows(
                f"SELECT {_INTERVAL} FROM advisory_range AS r "  # noqa: S608 - a constant
                "JOIN product AS p ON p.id = r.product WHERE r.advisory = ?",
                (advisory,),
            )
        ]

    def spoken_of(self, product: int) -> Iterator[tuple[int, Interval]]:
        """Yield every range of a product with its advisory's row, also of fixed versions."""
        for advisory, *fields in self._rows(
            f"SELECT r.advisory, {_INTERVAL} FROM advisory_range AS r "  # noqa: S608 - a constant
            "JOIN product AS p ON p.id = r.product WHERE r.product = ?",
            (product,),
        ):
            yield advisory, self._interval(fields)

    def unparsable(self, product: int) -> list[tuple[int, Unparsable]]:
        """Return (advisory's row, what cannot be compared) for one product."""
        return [
            (advisory, Unparsable(ecosystem, name, text, reason, bool(is_exact)))
            for advisory, ecosystem, name, text, reason, is_exact in self._rows(
                "SELECT advisory, ecosystem, product.name, text, reason, is_exact FROM unparsable "
                "JOIN product ON product.id = product WHERE product = ?",
                (product,),
            )
        ]

    def unparsable_of(self, advisory: int) -> list[Unparsable]:
        """Return what cannot be compared in one advisory."""
        return [
            Unparsable(ecosystem, name, text, reason, bool(is_exact))
            for ecosystem, name, text, reason, is_exact in self._rows(
                "SELECT ecosystem, product.name, text, reason, is_exact FROM unparsable "
                "JOIN product ON product.id = product WHERE advisory = ?",
                (advisory,),
            )
        ]

    def all_unparsable(self) -> Iterator[tuple[str, Unparsable]]:
        """Yield (advisory id, what cannot be compared), for a person to look through."""
        for advisory, ecosystem, name, text, reason, is_exact in self._rows(
            "SELECT advisory.name, ecosystem, product.name, text, reason, is_exact "
            "FROM unparsable JOIN product ON product.id = product "
            "JOIN advisory ON advisory.id = advisory ORDER BY 1, 2, 3, 4"
        ):
            yield advisory, Unparsable(ecosystem, name, text, reason, bool(is_exact))

    def likelihood(self, cve: str) -> Likelihood:
        """Return what KEV and EPSS say of a CVE."""
        since = next(self._rows("SELECT since FROM exploited WHERE cve = ?", (cve,)), None)
        score = next(self._rows("SELECT probability FROM likelihood WHERE cve = ?", (cve,)), None)
        return Likelihood(since[0] if since else "", score[0] if score else None)

    def state(self) -> StoreState:
        """Return which content this is, to be kept beside what is judged by it."""
        if self._state is None:
            serial = self._number("serial")
            self._state = StoreState(self._meta("lineage", _LINEAGE), serial, self._token(serial))
        return self._state

    def _token(self, serial: int) -> str:
        """Return what tells an update from another one with its serial; empty: not known."""
        key = f"token:{serial}"
        found = next(self._rows("SELECT value FROM meta WHERE key = ?", (key,)), ("",))
        return str(found[0])

    def changes_since(self, state: StoreState) -> Changes | None:
        """Return what changed since a store had `state`.

        None where nothing is known of it: another lineage, a state that this store has not come
        to or was never in (a copy went on by itself), or one that its journal no longer goes back
        to. Then all must be judged again.
        """
        now = self.state()
        if state.lineage != now.lineage or state.serial > now.serial:
            return None
        if state == now:
            return Changes(state, now, (), frozenset(), frozenset(), scores_changed=False)
        if state.serial < self.journal_from() or state.token != self._token(state.serial):
            return None
        since = {"since": state.serial}
        whole = self._texts("SELECT DISTINCT feed FROM whole WHERE serial > :since", since)
        scores = self._rows("SELECT 1 FROM scores WHERE serial > :since LIMIT 1", since)
        return Changes(
            state,
            now,
            summed_up(self._changes(since)),
            frozenset(name for several in self._texts(_NAMES, since) for name in several.split()),
            frozenset(feed.removeprefix("osv/") for feed in whole),
            scores_changed=next(scores, None) is not None,
        )

    def journal_from(self) -> int:
        """Return the serial since which the journal is complete."""
        return self._number("journal_from")

    def _changes(self, since: Mapping[str, int]) -> Iterator[Change]:
        for feed, advisory, kind in self._rows(
            "SELECT feed, advisory, kind FROM change WHERE serial > :since "
            "ORDER BY feed, advisory, serial",
            since,
        ):
            try:
                yield Change(advisory, feed, ChangeKind(kind))
            except ValueError as error:
                raise StoreUnusable(f"{self.place}: damaged ({error})") from error

    def touched(self, changes: Changes) -> Iterator[Touched]:
        """Yield each range that an advisory in `changes` has, or had in between.

        Where versions of it cannot be compared, that is all versions. `changes` are this store's.
        """
        sql = "SELECT ecosystem, name, low, high FROM former_range WHERE serial > :since UNION "
        since = {"since": changes.since.serial}
        return self._touched(sql + _SPANS.format(rows=_CHANGED), since)

    def spans(self, rows: Iterable[int]) -> Iterator[Touched]:
        """Yield what standing advisories in these rows speak of, as `touched` does."""
        wanted = list(rows)
        for at in range(0, len(wanted), 500):
            part = ",".join(map(str, wanted[at : at + 500]))
            yield from self._touched(_SPANS.format(rows=part))

    def _touched(self, sql: str, values: Mapping[str, int] = _NOTHING) -> Iterator[Touched]:
        for ecosystem, name, low, high in self._rows(sql, values):
            if not (isinstance(low, bytes) and (high is None or isinstance(high, bytes))):
                raise StoreUnusable(f"{self.place}: damaged (a bound that is no key)")
            yield Touched(ecosystem, name, low, high)

    def marks(self, feed: str) -> dict[str, Mark]:
        """Return what each record of a feed is compared by, by its id."""
        rows = self._rows(
            "SELECT name, id, fingerprint, withdrawn != '' FROM advisory WHERE feed = ?", (feed,)
        )
        return {name: Mark(row, mark, bool(withdrawn)) for name, row, mark, withdrawn in rows}

    def scores(self, feed: str) -> Iterator[tuple[Any, ...]]:
        """Yield all that "kev" or "epss" says, by CVE."""
        return self._rows(_SCORES[feed])

    def _meta(self, key: str, form: re.Pattern[str]) -> str:
        found = next(self._rows("SELECT value FROM meta WHERE key = ?", (key,)), ("",))[0]
        if not (isinstance(found, str) and form.fullmatch(found)):
            raise StoreUnusable(f"{self.place}: damaged (its {key} is {str(found)[:40]!r})")
        return found

    def _texts(self, sql: str, values: Mapping[str, int]) -> Iterator[str]:
        for (text,) in self._rows(sql, values):
            if not isinstance(text, str):
                raise StoreUnusable(f"{self.place}: damaged (a name that is no text)")
            yield text

    def _number(self, key: str) -> int:
        return int(self._meta(key, _SERIAL))

    def _rows(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> Iterator[Any]:
        try:
            yield from self._db.execute(sql, values)
        except _DAMAGE as error:
            raise StoreUnusable(f"{self.place}: damaged ({error})") from error

    def _advisory(self, row: Sequence[Any]) -> Advisory:
        name, modified, published, withdrawn, aliases, upstream, severity, score, summary = row
        try:
            return Advisory(
                id=name,
                modified=modified,
                published=published,
                withdrawn=withdrawn,
                aliases=tuple(aliases.split()),
                upstream=tuple(upstream.split()),
                severity=Severity(severity),
                score=score,
                summary=summary,
            )
        except (ValueError, AttributeError) as error:
            raise StoreUnusable(f"{self.place}: damaged ({error})") from error

    def _interval(self, fields: Sequence[Any]) -> Interval:
        low, high, ecosystem, name, introduced, fixed, last_affected, state, *marks = fields
        try:
            limits = Range(ecosystem, name, introduced, fixed, last_affected, FixState(state))
            return Interval(limits, low, high, *marks)
        except ValueError as error:
            raise StoreUnusable(f"{self.place}: damaged ({error})") from error


def _file_at(path: str) -> tuple[int, int] | None:
    """Return which file is at a path; None where there is none."""
    try:
        state = Path(path).stat()
    except OSError:
        return None
    return state.st_dev, state.st_ino
