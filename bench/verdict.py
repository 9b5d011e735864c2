"""A gate's question about an image: the fleet's answer beside judging the same inventory anew.

Both start from what is in memory or in an open store; no image is opened. The image is a real one,
and the same cut to 500 packages. Their counts must agree.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from bench.inventory import image
from bench.measuring import keep, median
from seawall.cli.wiring import advisory_store
from seawall.fleet import Fleet, record_of, rejudge
from seawall.fleet.databases import SqliteDatabase
from seawall.fleet.store.findings import counts
from seawall.fleet.verdict import verdict
from seawall.images import open_image, parse_target
from seawall.inventory import read_image
from seawall.scanning.vulnerabilities import judge

RUNS = 21
PACKAGES = 500
_T = TypeVar("_T")


def main() -> list[str]:
    """Measure; return the lines of the table."""
    with open_image(parse_target(f"docker-archive:{image('mixed')}")) as opened:
        reading = read_image(opened)
    whole = reading.inventory
    # Every nth, so that all kinds of packages are there.
    step = max(1, len(whole.packages) // PACKAGES)
    cut = replace(
        whole, digest="sha256:" + "5" * 64, packages=tuple(whole.packages[::step][:PACKAGES])
    )
    now = datetime.now(UTC)
    results, lines = {}, []
    with TemporaryDirectory() as folder, advisory_store() as (store, _):
        # Each has a fleet of its own: in one, the cut image would be told by what it lacks.
        for inventory in (cut, whole):
            path = Path(folder) / f"{len(inventory.packages)}.sqlite"
            with Fleet(SqliteDatabase.open(path)) as fleet:
                record = record_of(replace(reading.image, digest=inventory.digest), inventory)
                with fleet.writing():
                    fleet.images.add(record, now.strftime("%Y-%m-%dT%H:%M:%SZ"))
                rejudge(fleet, store, now)
            with Fleet(SqliteDatabase.open(path)) as fleet:
                judged, judging = _timed(partial(judge, inventory, store, today=now.date()))
                known, knowing = _timed(partial(verdict, fleet, inventory.digest, now))
            findings = Counter(f.severity for f in judged.findings if counts(f))
            if findings != known.counts:
                sys.exit(f"the two disagree: {findings} and {known.counts}")
            results[str(known.packages)] = {
                "findings": findings.total(),
                "verdict_ms": round(knowing, 2),
                "judge_ms": round(judging, 2),
                "ratio": round(judging / knowing, 1),
            }
            lines.append(
                f"{known.packages:,} packages, {findings.total():,} findings that count: "
                f"verdict {knowing:.2f} ms, judged anew {judging:.1f} ms "
                f"({judging / knowing:.0f} times), answers equal"
            )
    keep("verdict", results)
    return lines


def _timed(ask: Callable[[], _T]) -> tuple[_T, float]:
    """Return the answer and the median of what it takes, in milliseconds of this processor."""
    taken = []
    for _ in range(RUNS):
        started = time.process_time()
        answer = ask()
        taken.append((time.process_time() - started) * 1000)
    return answer, median(taken)


if __name__ == "__main__":
    print("\n".join(main()))
