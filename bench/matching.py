"""Judging all packages of an image beside a loop that only compares versions.

The loop has every advisory in memory, sorted by package, before the clock starts; our time has
everything from the store to flaws with severities and likelihoods. The join pays when images are
many; for one image it only must not cost.
"""

import sys
import time

from bench.inventory import image
from bench.measuring import keep, median
from seawall.advisories import match, subject_of
from seawall.cli.wiring import advisory_store
from seawall.errors import VersionSyntaxError
from seawall.images import open_image, parse_target
from seawall.inventory import read_inventory
from seawall.model import FixState, Package
from seawall.versions import compare

RUNS = 5


def main() -> list[str]:
    """Measure; return the lines of the table."""
    with open_image(parse_target(f"docker-archive:{image('mixed')}")) as opened:
        inventory = read_inventory(opened)
    with advisory_store() as (store, _):
        joined, looped = [], []
        for _ in range(RUNS):
            started = time.process_time()
            matches = match(inventory.packages, inventory.distribution, store)
            joined.append(time.process_time() - started)
        fast = {
            (package, name)
            for package, flaws in matches.flaws.items()
            for flaw in flaws
            for name in flaw.advisories
        }
        # The naive form has all advisories in memory, by name; only the comparing is timed.
        known: dict[tuple[str, str], list[tuple[str, str, str, str]]] = {}
        rows = store._db.execute(
            "SELECT p.ecosystem, p.name, a.name, introduced, fixed, last_affected, state"
            " FROM advisory_range JOIN product AS p ON p.id = product"
            " JOIN advisory AS a ON a.id = advisory WHERE a.withdrawn = ''"
        )
        for ecosystem, name, advisory, low, fixed, last, state in rows:
            if state != FixState.NOT_AFFECTED.value:
                known.setdefault((ecosystem, name), []).append((advisory, low, fixed, last))
        subjects = [
            (p, s) for p in inventory.packages if (s := subject_of(p, inventory.distribution))
        ]
        slow: set[tuple[Package, str]] = set()
        for _ in range(RUNS):
            slow.clear()
            started = time.process_time()
            for package, subject in subjects:
                for ecosystem in subject.ecosystems:
                    for advisory, low, fixed, last in known.get((ecosystem, subject.name), ()):
                        if _holds(subject.scheme, subject.version, low, fixed, last):
                            slow.add((package, advisory))
            looped.append(time.process_time() - started)
    if fast != slow:
        sys.exit(f"the two forms disagree: {len(fast)} and {len(slow)} matches")
    keep(
        "matching",
        {
            "packages": len(inventory.packages),
            "matches": len(fast),
            "join_cpu_s": median(joined),
            "loop_cpu_s": median(looped),
        },
    )
    return [
        f"{len(inventory.packages):,} packages, {len(fast):,} matches: whole match "
        f"{median(joined):.3f} CPU s, comparing alone in a loop {median(looped):.3f} CPU s, "
        "answers equal"
    ]


def _holds(scheme: str, version: str, low: str, fixed: str, last: str) -> bool:
    try:
        if low != "0" and compare(scheme, version, low) < 0:
            return False
        if fixed:
            return compare(scheme, version, fixed) < 0
        return not last or compare(scheme, version, last) <= 0
    except VersionSyntaxError:
        return False


if __name__ == "__main__":
    print("\n".join(main()))
