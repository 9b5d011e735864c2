"""Records in OSV's shape, real ones and made ones, and stores that hold them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from seawall.advisories import AdvisoryStore
from seawall.advisories.feeds.epss import Score
from seawall.advisories.feeds.kev import Exploited
from seawall.advisories.feeds.osv import Keys, Parsed, parse
from seawall.advisories.store import FeedState
from seawall.advisories.store_writer import StoreWriter
from seawall.versions import key

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DATA = Path(__file__).parents[2] / "data" / "osv"
Record = dict[str, Any]


def real(feed: str, name: str) -> Record:
    found: Record = json.loads((DATA / feed / f"{name}.json").read_text("utf-8"))
    return found


def affects(
    ecosystem: str, name: str, *events: Mapping[str, object], **more: object
) -> dict[str, Any]:
    ranges = [{"type": "ECOSYSTEM", "events": list(events)}] if events else []
    return {"package": {"ecosystem": ecosystem, "name": name}, "ranges": ranges, **more}


def record(name: str, *affected: Mapping[str, Any], **more: object) -> Record:
    return {"id": name, "modified": "2026-01-02T03:04:05Z", "affected": list(affected), **more}


def below(ecosystem: str, name: str, fixed: str, **more: object) -> dict[str, Any]:
    return affects(ecosystem, name, {"introduced": "0"}, {"fixed": fixed}, **more)


def parsed(content: object, feed: str) -> Parsed:
    return parse(content, feed, Keys())


def feed_state(name: str, records: int = 1, **more: Any) -> FeedState:
    return FeedState(name, "", "", "", "2026-11-20T12:00:00Z", "2026-01-02T03:04:05Z", records)


def fill(
    path: Path,
    records: Mapping[str, Sequence[Record]],
    exploited: Sequence[Exploited] = (),
    scores: Sequence[Score] = (),
    kev: str = "",
) -> None:
    with StoreWriter(path) as writer:
        for feed, several in records.items():
            for one in several:
                writer.add(f"osv/{feed}", parsed(one, feed))
            writer.note(feed_state(f"osv/{feed}", len(several)))
        writer.set_exploited(exploited)
        writer.set_likelihoods(scores)
        if kev:
            writer.note(replace(feed_state("kev", 1404), newest=kev))
        writer.publish()


@contextmanager
def store_of(
    folder: Path,
    records: Mapping[str, Sequence[Record]],
    exploited: Sequence[Exploited] = (),
    scores: Sequence[Score] = (),
    kev: str = "",
) -> Iterator[AdvisoryStore]:
    path = folder / "advisories.sqlite"
    fill(path, records, exploited, scores, kev)
    with AdvisoryStore.open(path) as store:
        yield store


def ask_everything(store: AdvisoryStore) -> None:
    """Ask all that a scan and a person ask; a damaged store may refuse."""
    store.feeds(), store.counts(), store.by_ecosystem(), store.ecosystems()
    list(store.all_unparsable())
    for product in store.products([("Debian:12", "glibc"), ("PyPI", "jinja2")]).values():
        list(store.matches([(0, product, key("dpkg", "1"))]))
        list(store.spoken_of(product))
        store.unparsable(product)
    store.newest(["Debian:12", "PyPI"])
    store.rated(["CVE-2023-4911"])
    for row in store.named("CVE-2023-4911"):
        store.ranges(row)
        store.unparsable_of(row)
    store.likelihood("CVE-2023-4911")
    if changes := store.changes_since(replace(store.state(), serial=0)):
        list(store.touched(changes))
