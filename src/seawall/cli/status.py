"""How ``seawall advisories status`` shows the store."""

import json
from datetime import UTC, datetime
from typing import TextIO

from seawall.advisories import AdvisoryStore, of_feeds
from seawall.cli.arguments import printable


def write_table(store: AdvisoryStore, is_snapshot: bool, out: TextIO) -> None:
    """Write feeds, ages and counts for a person."""
    feeds, counts = store.feeds(), store.counts()
    now = datetime.now(UTC)
    if is_snapshot:
        out.write(
            "the snapshot that came with the package; fetch news: seawall advisories update\n\n"
        )
    else:
        out.write(f"{store.place}\n\n")
    out.write(f"{'feed':12}  {'records':>9}  {'newest':10}  obtained\n")
    for feed in feeds:
        age = _age(feed.obtained, now)
        out.write(f"{feed.name:12}  {feed.records:>9,}  {feed.newest[:10]:10}  {age}\n")
    out.write(f"\n{'ecosystem':18}  {'advisories':>10}  {'ranges':>8}\n")
    out.writelines(
        f"{printable(ecosystem):18}  {advisories:>10,}  {ranges:>8,}\n"
        for ecosystem, advisories, ranges in store.by_ecosystem()
    )
    out.write(
        f"\n{counts['advisories']:,} advisories, {counts['withdrawn']:,} of them withdrawn; "
        f"{counts['exploited']:,} exploited CVEs, {counts['likelihoods']:,} EPSS scores\n"
    )
    if counts["uncomparable"]:
        out.write(
            f"{counts['uncomparable']:,} ranges cannot be compared; see them: "
            "seawall advisories status --uncomparable\n"
        )
    if partial := sorted(store.partial()):
        out.write(f"only a part of what is known is here: {printable(', '.join(partial))}\n")
    if old := [one for one in of_feeds(feeds) if one.is_old(now)]:
        ends = ", ".join(f"{printable(one.name)} {printable(one.as_of[:10])}" for one in old)
        out.write(f"newer ones are missing: {ends}; run seawall advisories update\n")


def write_json(store: AdvisoryStore, is_snapshot: bool, out: TextIO) -> None:
    """Write the same as one JSON object."""
    document = {
        "place": store.place,
        "snapshot": is_snapshot,
        "counts": store.counts(),
        "partial": sorted(store.partial()),
        "feeds": [
            {
                "name": feed.name,
                "records": feed.records,
                "skipped": feed.skipped,
                "newest": feed.newest,
                "obtained": feed.obtained,
            }
            for feed in store.feeds()
        ],
        "ecosystems": [
            {"name": name, "advisories": advisories, "ranges": ranges}
            for name, advisories, ranges in store.by_ecosystem()
        ],
    }
    out.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def write_uncomparable(store: AdvisoryStore, out: TextIO) -> None:
    """Write each version or range that cannot be compared, tab-separated."""
    for advisory, item in store.all_unparsable():
        kind = "version" if item.is_exact else "range"
        fields = (advisory, item.ecosystem, item.name, kind, item.text)
        out.write("\t".join(printable(field) for field in fields) + "\n")


def _days(stamp: str, now: datetime) -> float:
    try:
        return (now - datetime.fromisoformat(stamp)).total_seconds() / 86400
    except ValueError:
        return 0.0


def _age(stamp: str, now: datetime) -> str:
    days = _days(stamp, now)
    if days < 1 / 24:
        return f"{max(days, 0) * 1440:.0f} minutes ago"
    if days < 2:
        return f"{days * 24:.0f} hours ago"
    return f"{days:.0f} days ago"
