"""One scan: read an open image, judge it, and put it all into a report."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Protocol

import seawall
from seawall.advisories import AdvisoryStore, of_feeds
from seawall.inventory import NOTHING_FOUND
from seawall.model import Finding, FixState, Image, Inventory, Kind, Severity, Urgency
from seawall.scanning.configuration import configuration_findings, is_build_file, is_project
from seawall.scanning.content.looking import Contents
from seawall.scanning.kernel import HostKernel
from seawall.scanning.report import AdvisoryData, Report
from seawall.scanning.vulnerabilities import NOTHING_JUDGED, Judgement, judge


class Described(Protocol):
    """What a scan was made of: an open image, or a bill of materials."""

    @property
    def image(self) -> Image:
        """Who it is."""

    @property
    def notes(self) -> Sequence[str]:
        """What was left out on purpose."""


def scan(
    inventory: Inventory,
    opened: Described,
    store: AdvisoryStore,
    is_snapshot: bool,
    *,
    today: date | None = None,
    host: HostKernel | None = None,
    contents: Contents | None = None,
) -> Report:
    """Return the report on an image whose inventory was read from `opened`; see `judge`.

    With `contents`, what its files hold and how it is configured stand in it, too.
    """
    image: Image = opened.image
    judgement = judge(
        inventory, store, today=today, host=host, locked_counts=is_project(image, inventory)
    )
    others: tuple[Finding, ...] = ()
    gaps = inventory.incomplete
    if contents is not None:
        if is_project(image, inventory) and any(
            is_build_file(path, data) for path, data in contents.build_files.items()
        ):
            gaps = tuple(gap for gap in gaps if gap != NOTHING_FOUND)
        others = (*contents.findings, *configuration_findings(image, contents, inventory))
    return Report(
        image=image,
        distribution=inventory.distribution,
        packages=dict(sorted(Counter(package.type for package in inventory.packages).items())),
        findings=(*judgement.findings, *sorted(others, key=_order)),
        incomplete=tuple(
            dict.fromkeys(
                (
                    *gaps,
                    *(contents.incomplete if contents else ()),
                    *judgement.incomplete,
                )
            )
        ),
        data=advisory_data(store, is_snapshot, judgement),
        version=seawall.__version__,
        inventory=inventory,
        notes=(*opened.notes, *judgement.notes, *(() if contents else (NO_FILES,))),
    )


NO_FILES = "only packages were judged: no file or configuration was looked at"


def _order(finding: Finding) -> tuple[int, int, str, str, str, int]:
    return (
        finding.urgency.rank,
        -finding.severity,
        str(finding.kind),
        finding.id,
        finding.path,
        finding.line,
    )


def _has_flaws(findings: Sequence[Finding]) -> bool:
    return any(finding.kind is Kind.VULNERABILITY for finding in findings)


def advisory_data(
    store: AdvisoryStore,
    is_snapshot: bool,
    judgement: Judgement = NOTHING_JUDGED,
) -> AdvisoryData:
    """Return how many advisories judged an image, and how old they are.

    They are those of the ecosystems that were asked; where none was, all. KEV and EPSS count where
    there are flaws for them to rate.
    """
    ecosystems = judgement.ecosystems
    states = store.feeds()
    newest = max((feed.newest for feed in states if feed.name.startswith("osv/")), default="")
    obtained = min((feed.obtained for feed in states if feed.name.startswith("osv/")), default="")
    if ecosystems:
        # What a small ecosystem has had last says little, unless there is no other.
        regular = [one for one in ecosystems if one.is_regular] or ecosystems
        newest = min((one.newest for one in regular if one.newest), default="")
        obtained = min(one.obtained for one in ecosystems)
    scores = of_feeds(feed for feed in states if feed.name in ("kev", "epss"))
    return AdvisoryData(
        newest=newest,
        obtained=obtained,
        is_snapshot=is_snapshot,
        advisories=_advisories(store, judgement),
        ecosystems=tuple(ecosystems),
        scores=scores if _has_flaws(judgement.findings) else (),
        partial=judgement.partial,
    )


def _advisories(store: AdvisoryStore, judgement: Judgement) -> int:
    return store.speaking_of(judgement.asked) if judgement.asked else store.counts()["advisories"]


_NAMES = {
    "secrets": Kind.SECRET,
    "malware": Kind.MALWARE,
    "tampering": Kind.TAMPERED,
    "configuration": Kind.CONFIGURATION,
}


def without_kinds(report: Report, names: Sequence[str]) -> Report:
    """Return the report without kinds of findings that nobody wants; a note says which."""
    if not names:
        return report
    left_out = {_NAMES[name] for name in names}
    kept = tuple(f for f in report.findings if f.kind not in left_out)
    note = f"did not look for {', '.join(sorted(set(names)))}"
    return replace(report, findings=kept, notes=(*report.notes, note))


def without_unfixed(report: Report) -> Report:
    """Return the report without flaws that nobody can fix yet; a note says how many left.

    Malicious packages stay: to remove them needs no fix. So does what is no flaw of a package.
    """
    kept = tuple(
        f
        for f in report.findings
        if f.kind is not Kind.VULNERABILITY or f.state is FixState.FIXED or f.urgency is Urgency.NOW
    )
    left = len(report.findings) - len(kept)
    notes = (*report.notes, f"left out {left} findings without a fix") if left else report.notes
    return replace(report, findings=kept, notes=notes)


def over_threshold(report: Report, threshold: Severity) -> list[Finding]:
    """Return the findings at or above `threshold` that can be acted on; see `discounted`.

    What has no severity counts only when the threshold is "unknown".
    """
    return [f for f in report.findings if f.severity >= threshold and not discounted(f, report)]


def discounted(finding: Finding, report: Report) -> str:
    """Return why a finding never counts for a gate, whatever its severity; empty when it does.

    What a lock file names counts in a project: there it is what gets installed.
    """
    if finding.suppressed:
        return finding.suppressed
    if finding.urgency is Urgency.HIDDEN:
        return f"it needs no action: {finding.reason}"
    if finding.locked and not is_project(report.image, report.inventory):
        return "a lock file names it, nothing shows that it is installed"
    return ""
