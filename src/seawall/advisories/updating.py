"""Bring the store up to date from an `Origin`.

What has not changed is not read again, what cannot be read keeps its earlier content, and the
store changes hands once, at the end.
"""

import json
import lzma
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from seawall.advisories.ecosystems import BY_DEFAULT, ECOSYSTEMS
from seawall.advisories.feeds import epss, kev, osv
from seawall.advisories.journal import ChangeKind
from seawall.advisories.origin import Fetched, Known, Origin, Progress
from seawall.advisories.store import FeedState
from seawall.advisories.store_writer import StoreWriter
from seawall.errors import AdvisoryError, BadFeed, FeedUnavailable
from seawall.moments import stamp

_RECORD_BYTES = 32 << 20
_RECORDS = 5_000_000
_FILE_BYTES = 256 << 20  # of a feed that is one file
# All that zipfile and the decompressors inside it raise for files that are damaged or hostile.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
    LookupError,
    MemoryError,
)
_LOSS = 0.10  # of a feed's records; more at once is a fault at the source, not news


@dataclass(slots=True)
class Outcome:
    """What an update did."""

    changed: list[FeedState] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failed: list[AdvisoryError] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)  # ecosystems there that we cannot match yet
    # What became of advisories, counted in each feed; nothing of a feed that was not there before.
    changes: Counter[ChangeKind] = field(default_factory=Counter)


def update(
    path: Path,
    origin: Origin,
    progress: Progress,
    now: datetime,
    *,
    force: bool = False,
    ecosystems: frozenset[str] | None = None,
) -> Outcome:
    """Bring the store at `path` up to date; `force` accepts feeds that lost many records.

    With `ecosystems` only those are refreshed; without, a mirror is asked for the usual ones and
    those that the store has, a folder for all. Feeds that fail are named in the outcome and keep
    their earlier content.

    Raises:
        FeedUnavailable: nothing could be fetched.
        StoreUnusable: the store cannot be written.
    """
    there = origin.ecosystems()
    outcome = Outcome(unused=[name for name in there if name not in ECOSYSTEMS])
    at = stamp(now)
    with StoreWriter(path, lambda: progress("waiting for another update", 0, None)) as writer:
        known = writer.feeds()
        usual = ecosystems or (frozenset(ECOSYSTEMS) if origin.is_chosen else BY_DEFAULT)
        for name in [*_wanted(there, known, ecosystems, usual, outcome), "kev", "epss"]:
            last = known.get(name)
            asked = Known(last.etag, last.last_modified, last.sha256) if last else Known()
            try:
                with origin.feed(name, asked, progress) as fetched:
                    if fetched is None and last is not None:
                        state = replace(last, obtained=at)
                        outcome.unchanged.append(name)
                    elif fetched is None:
                        raise FeedUnavailable(f"{name}: 'not modified', but nothing is known of it")
                    else:
                        state = _load(
                            writer, name, fetched, last, now=now, force=force, progress=progress
                        )
                        outcome.changed.append(state)
                    writer.note(state)
            except (FeedUnavailable, BadFeed) as error:
                outcome.failed.append(error)
        if not outcome.changed and not outcome.unchanged:
            raise outcome.failed[0] if outcome.failed else FeedUnavailable("no feed found")
        outcome.changes = writer.publish()
    return outcome


def _wanted(
    there: list[str],
    known: Mapping[str, FeedState],
    ecosystems: frozenset[str] | None,
    usual: frozenset[str],
    outcome: Outcome,
) -> list[str]:
    """Return the OSV feeds to ask for; those that should be there and are not, count as failed.

    What the store has already goes on being asked for.
    """
    expected = ecosystems or {name.removeprefix("osv/") for name in known if name[:4] == "osv/"}
    outcome.failed += [
        FeedUnavailable(
            f"osv/{name}: not among what there is",
            "earlier content stays; --ecosystem NAME asks only for what is meant",
        )
        for name in sorted(expected - set(there))
    ]
    wanted = usual if ecosystems else usual | expected
    return [f"osv/{n}" for n in there if n in ECOSYSTEMS and n in wanted]


def _load(
    writer: StoreWriter,
    name: str,
    fetched: Fetched,
    last: FeedState | None,
    *,
    now: datetime,
    force: bool,
    progress: Progress,
) -> FeedState:
    """Read a fetched feed into the draft; a feed that is bad changes nothing."""
    kind, _, ecosystem = name.partition("/")
    newest, skipped = "", 0
    match kind:
        case "kev":
            entries = list(kev.parse(_content(fetched.path, name)))
            _guard(name, last, len(entries), force)
            records = writer.set_exploited(entries)
            # A date in the future says nothing about how current the feed is.
            newest = max((e.since for e in entries if e.since <= stamp(now)[:10]), default="")
        case "epss":
            scores = epss.parse(_content(fetched.path, name))
            rows = list(scores.rows)
            _guard(name, last, len(rows), force)
            records, newest = writer.set_likelihoods(rows), scores.date
        case _:
            records = _count(fetched.path, name)
            _guard(name, last, records, force)
            parsed, newest = _read_osv(name, ecosystem, fetched.path, now, progress)
            _replace(writer, name, parsed, last, force)
            skipped = records - len(parsed)
            records = len(parsed)
    return FeedState(
        name,
        fetched.etag,
        fetched.last_modified,
        fetched.sha256,
        stamp(now),
        newest,
        records,
        skipped,
    )


def _read_osv(
    name: str, ecosystem: str, path: Path, now: datetime, progress: Progress
) -> tuple[list[osv.Parsed], str]:
    """Return the records that can be read, each id once, and the newest date among them.

    Dates in the future occur in the feeds; they say nothing about how current the feed is.
    """
    keys, total = osv.Keys(), _count(path, name)
    parsed: dict[str, osv.Parsed] = {}
    newest, newest_text = datetime.min.replace(tzinfo=UTC), ""
    for number, content in enumerate(_members(path, name), 1):
        if number % 500 == 0 or number == total:
            progress(f"{name}: reading", number, total)
        try:
            record = osv.parse(json.loads(content), ecosystem, keys)
        except (BadFeed, ValueError, RecursionError):
            continue
        parsed.setdefault(record.advisory.id, record)
        modified = _moment(record.advisory.modified)
        if modified is not None and newest < modified <= now:
            newest, newest_text = modified, record.advisory.modified
    return list(parsed.values()), newest_text


def _replace(
    writer: StoreWriter, name: str, parsed: list[osv.Parsed], last: FeedState | None, force: bool
) -> None:
    """Put the records in the place of what the feed had, unless they are a poor replacement.

    They go in by id: what is told of several hits follows their order, and who was judged by an
    earlier state must not be told otherwise because a feed was packed in another order.
    """
    speaking = sum(bool(record.intervals) for record in parsed)
    if not speaking:
        ecosystem = name.partition("/")[2]
        raise BadFeed(
            f"{name}: none of its records can be read and names versions of {ecosystem} packages",
            "is it the right file? the store keeps what it had",
        )
    if last and not force:
        _refuse_loss(name, last.records, len(parsed), "readable records")
        _refuse_loss(name, writer.speaking(name), speaking, "records with versions")
    writer.forget(name)
    for record in sorted(parsed, key=lambda record: record.advisory.id):
        writer.add(name, record)


def _content(path: Path, name: str) -> bytes:
    size = path.stat().st_size
    if size > _FILE_BYTES:
        raise BadFeed(f"{name}: {size:,} bytes, more than {_FILE_BYTES:,}")
    return path.read_bytes()


def _members(path: Path, name: str) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if not info.filename.endswith(".json"):
                    continue
                if info.file_size > _RECORD_BYTES:
                    raise BadFeed(f"{name}: {info.filename} has {info.file_size:,} bytes")
                yield archive.read(info)
    except _DAMAGED as error:
        raise BadFeed(f"{name}: damaged ({error})", "try again; the store is as before") from error


def _count(path: Path, name: str) -> int:
    try:
        with zipfile.ZipFile(path) as archive:
            count = sum(info.filename.endswith(".json") for info in archive.infolist())
    except _DAMAGED as error:
        raise BadFeed(f"{name}: damaged ({error})", "try again; the store is as before") from error
    if count > _RECORDS:
        raise BadFeed(f"{name}: {count:,} records, more than {_RECORDS:,}")
    return count


def _guard(name: str, last: FeedState | None, records: int, force: bool) -> None:
    """Refuse a feed that suddenly lacks much of what it had, or has nothing at all."""
    if not records:
        raise BadFeed(f"{name}: it holds no records", "the store keeps what it had")
    if last and not force:
        _refuse_loss(name, last.records + last.skipped, records, "records")


def _refuse_loss(name: str, before: int, now: int, what: str) -> None:
    if now < before * (1 - _LOSS):
        raise BadFeed(
            f"{name}: {now:,} {what} instead of {before:,}",
            "a fault at the source? the store keeps what it had; --force accepts it",
        )


def _moment(text: str) -> datetime | None:
    """Return a time that a feed names; texts would not sort as times do ("…38Z", "…38.04Z")."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
