"""The report on an image of the fleet, as if it were scanned now; the image is not opened."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from seawall.advisories import AdvisoryStore
from seawall.fleet.shown import inventory_of
from seawall.fleet.store import Fleet
from seawall.fleet.store.images import StoredImage
from seawall.model import Image, ImageRef, Layer
from seawall.scanning import Report, scan
from seawall.scanning.scan import NO_FILES


@dataclass(frozen=True, slots=True)
class _Remembered:
    """An image that is not opened, for a scan of what is known of it."""

    image: Image
    notes: list[str] = field(default_factory=list)


def report_of(
    fleet: Fleet, image: StoredImage, advisories: AdvisoryStore, is_snapshot: bool, now: datetime
) -> Report:
    """Return the report on an image by `advisories`: what a scan would say, and since when.

    Raises:
        FleetUnusable: the fleet cannot be read.
    """
    with fleet.database.reading():
        facts = fleet.images.facts(image.id)
        inventory = inventory_of(fleet, image)
        layers = fleet.images.layers(image)
    source, _, place = facts.target.partition(":")
    remembered = _Remembered(
        Image(
            ref=ImageRef(source, place),
            digest=image.digest,
            layers=tuple(Layer(one.diff_id, one.created_by) for one in layers if one.diff_id),
            os=facts.os,
            architecture=facts.architecture,
            tags=image.names,
        ),
        [f"from the fleet: seen first {image.first_seen[:10]}, last {image.last_seen[:10]}"],
    )
    report = scan(inventory, remembered, advisories, is_snapshot, today=now.astimezone(UTC).date())
    if facts.other_findings is None:
        return report
    skipped = {"secrets", "malware"} - fleet.images.asked_kinds(facts.asked_rules)
    notes = [note for note in report.notes if note != NO_FILES]
    if skipped:
        notes.append(f"did not look for {', '.join(sorted(skipped))}")
    return replace(report, findings=(*report.findings, *facts.other_findings), notes=tuple(notes))
