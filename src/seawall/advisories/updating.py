"""Bring the store up to date from an `Origin`.

What has not changed is not read again, what cannot be read keeps its earlier content, and the
store changes hands once, at the end.
"""

import json
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from seawall.advisories.ecosystems import ECOSYSTEMS
from seawall.advisories.feeds import epss, kev, osv
from seawall.advisories.origin import Fetched, Known, Origin, Progress
from seawall.advisories.store import AdvisoryStore, FeedState, StoreWriter
from seawall.errors import AdvisoryError, BadFeed, FeedUnavailable, StoreUnusable

_RECORD_BYTES = 32 << 20
_RECORDS = 5_000_000
_LOSS = 0.10  # of a feed's records; more at once is a fault at the source, not news


@dataclass(slots=True)
class Outcome:
    """What an update did."""

    changed: list[FeedState] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failed: list[AdvisoryError] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)  # ecosystems there that we cannot match yet


def update(
    path: Path,
    origin: Origin,
    progress: Progress,
    now: datetime,
    force: bool = False,
    ecosystems: frozenset[str] | None = None,
) -> Outcome:
    """Bring the store at `path` up to date; `force` accepts feeds that lost many records.

    With `ecosystems` only those are refreshed. Feeds that fail are named in the outcome and keep
    their earlier content.

    Raises:
        FeedUnavailable: nothing could be fetched.
        StoreUnusable: the store cannot be written.
    """
    known = _known_feeds(path)
    there = origin.ecosystems()
    wanted = [name for name in there if name in ECOSYSTEMS and name in (ecosystems or ECOSYSTEMS)]
    outcome = Outcome(unused=[name for name in there if name not in ECOSYSTEMS])
    stamp = _stamp(now)
    with StoreWriter(path) as writer:
        for name in [*(f"osv/{name}" for name in wanted), "kev", "epss"]:
            last = known.get(name)
            asked = Known(last.etag, last.last_modified, last.sha256) if last else Known()
            try:
                with origin.feed(name, asked, progress) as fetched:
                    if fetched is None and last is not None:
                        state = _renewed(last, stamp)
                        outcome.unchanged.append(name)
                    elif fetched is None:
                        raise FeedUnavailable(f"{name}: 'not modified', but nothing is known of it")
                    else:
                        state = _load(writer, name, fetched, last, now, force, progress)
                        outcome.changed.append(state)
                    writer.note(state)
            except (FeedUnavailable, BadFeed) as error:
                outcome.failed.append(error)
        if not outcome.changed and not outcome.unchanged:
            raise outcome.failed[0] if outcome.failed else FeedUnavailable("no feed found")
        writer.publish()
    return outcome


def _known_feeds(path: Path) -> dict[str, FeedState]:
    try:
        with AdvisoryStore.open(path) as store:
            return {state.name: state for state in store.feeds()}
    except StoreUnusable:
        return {}


def _renewed(last: FeedState, stamp: str) -> FeedState:
    return FeedState(
        last.name,
        last.etag,
        last.last_modified,
        last.sha256,
        stamp,
        last.newest,
        last.records,
        last.skipped,
    )


def _load(
    writer: StoreWriter,
    name: str,
    fetched: Fetched,
    last: FeedState | None,
    now: datetime,
    force: bool,
    progress: Progress,
) -> FeedState:
    """Read a fetched feed into the draft; a feed that is bad changes nothing."""
    kind, _, ecosystem = name.partition("/")
    newest, skipped = "", 0
    match kind:
        case "kev":
            entries = list(kev.parse(fetched.path.read_bytes()))
            _guard(name, last, len(entries), force)
            records = writer.set_exploited(entries)
            newest = max((entry.since for entry in entries), default="")
        case "epss":
            scores = epss.parse(fetched.path.read_bytes())
            rows = list(scores.rows)
            _guard(name, last, len(rows), force)
            records, newest = writer.set_likelihoods(rows), scores.date
        case _:
            records = _count(fetched.path, name)
            _guard(name, last, records, force)
            newest, skipped = _load_osv(writer, name, ecosystem, fetched.path, now, progress)
            records -= skipped
    return FeedState(
        name,
        fetched.etag,
        fetched.last_modified,
        fetched.sha256,
        _stamp(now),
        newest,
        records,
        skipped,
    )


def _load_osv(
    writer: StoreWriter, name: str, ecosystem: str, path: Path, now: datetime, progress: Progress
) -> tuple[str, int]:
    """Return (newest date, records skipped) after replacing all of a feed's records.

    Dates in the future occur in the feeds; they say nothing about how current the feed is.
    """
    keys, stamp = osv.Keys(), _stamp(now)
    parsed: list[osv.Parsed] = []
    newest, skipped, total = "", 0, _count(path, name)
    for number, content in enumerate(_members(path, name), 1):
        try:
            record = osv.parse(json.loads(content), ecosystem, keys)
        except (BadFeed, ValueError, RecursionError):
            skipped += 1
            continue
        parsed.append(record)
        if record.advisory.modified <= stamp:
            newest = max(newest, record.advisory.modified)
        if number % 500 == 0 or number == total:
            progress(f"{name}: reading", number, total)
    if skipped and not parsed:
        raise BadFeed(f"{name}: none of its {total:,} records can be read", "is it an OSV feed?")
    writer.forget(name)
    seen: set[str] = set()
    for record in parsed:
        if record.advisory.id not in seen:
            seen.add(record.advisory.id)
            writer.add(name, record)
    return newest, skipped


def _members(path: Path, name: str) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if not info.filename.endswith(".json"):
                    continue
                if info.file_size > _RECORD_BYTES:
                    raise BadFeed(f"{name}: {info.filename} has {info.file_size:,} bytes")
                yield archive.read(info)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError) as error:
        raise BadFeed(f"{name}: damaged ({error})", "try again; the store is as before") from error


def _count(path: Path, name: str) -> int:
    try:
        with zipfile.ZipFile(path) as archive:
            count = sum(info.filename.endswith(".json") for info in archive.infolist())
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError) as error:
        raise BadFeed(f"{name}: damaged ({error})", "try again; the store is as before") from error
    if count > _RECORDS:
        raise BadFeed(f"{name}: {count:,} records, more than {_RECORDS:,}")
    return count


def _guard(name: str, last: FeedState | None, records: int, force: bool) -> None:
    """Refuse a feed that suddenly lacks much of what it had, or has nothing at all."""
    if not records:
        raise BadFeed(f"{name}: it holds no records", "the store keeps what it had")
    if last and not force and records < (last.records + last.skipped) * (1 - _LOSS):
        raise BadFeed(
            f"{name}: {records:,} records instead of {last.records + last.skipped:,}",
            "a fault at the source? the store keeps what it had; --force accepts it",
        )


def _stamp(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
