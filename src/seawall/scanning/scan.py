"""One scan: read an open image, judge it, and put it all into a report."""

from collections import Counter
from dataclasses import replace

import seawall
from seawall.advisories import AdvisoryStore
from seawall.images import OpenImage
from seawall.model import Finding, FixState, Image, Inventory, Severity, Urgency
from seawall.scanning.report import AdvisoryData, Report
from seawall.scanning.vulnerabilities import judge


def scan(
    inventory: Inventory, opened: OpenImage, store: AdvisoryStore, is_snapshot: bool
) -> Report:
    """Return the report on an image whose inventory was read from `opened`."""
    judgement = judge(inventory, store)
    image: Image = opened.image
    return Report(
        image=image,
        distribution=inventory.distribution,
        packages=dict(sorted(Counter(package.type for package in inventory.packages).items())),
        findings=judgement.findings,
        incomplete=(*inventory.incomplete, *judgement.incomplete),
        data=advisory_data(store, is_snapshot),
        version=seawall.__version__,
        notes=tuple(opened.notes),
    )


def advisory_data(store: AdvisoryStore, is_snapshot: bool) -> AdvisoryData:
    """Return how old the advisories are, by their feeds."""
    feeds = [feed for feed in store.feeds() if feed.name.startswith("osv/")]
    return AdvisoryData(
        newest=max((feed.newest for feed in feeds), default=""),
        obtained=min((feed.obtained for feed in feeds), default=""),
        is_snapshot=is_snapshot,
        advisories=store.counts()["advisories"],
    )


def without_unfixed(report: Report) -> Report:
    """Return the report without findings that nobody can fix yet; a note says how many left.

    Malicious packages stay: to remove them needs no fix.
    """
    kept = tuple(
        f for f in report.findings if f.state is FixState.FIXED or f.urgency is Urgency.NOW
    )
    left = len(report.findings) - len(kept)
    notes = (*report.notes, f"left out {left} findings without a fix") if left else report.notes
    return replace(report, findings=kept, notes=notes)


def over_threshold(report: Report, threshold: Severity) -> list[Finding]:
    """Return the findings at or above `threshold` that can be acted on.

    What the distribution judged to need no action never counts; what has no severity counts only
    when the threshold is "unknown".
    """
    return [
        f for f in report.findings if f.severity >= threshold and f.urgency is not Urgency.HIDDEN
    ]
