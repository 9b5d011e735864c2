"""The report on an image of the fleet, as if it were scanned now; the image is not opened."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import seawall
from seawall.advisories import AdvisoryStore, currencies
from seawall.fleet.shown import findings_of, gaps_of, inventory_of
from seawall.fleet.store import Fleet
from seawall.fleet.store.images import StoredImage
from seawall.model import Image, ImageRef, Kind, Layer
from seawall.scanning import Judgement, Report, advisory_data
from seawall.scanning.end_of_life import supported_until


def report_of(
    fleet: Fleet,
    image: StoredImage,
    advisories: AdvisoryStore,
    is_snapshot: bool,
    now: datetime,
) -> Report:
    """Return the report on an image.

    Raises:
        FleetUnusable: the fleet cannot be read.
    """
    today = now.astimezone(UTC).date()
    with fleet.database.reading():
        facts = fleet.images.facts(image.id)
        inventory = inventory_of(fleet, image)
        findings = findings_of(fleet, image, today=today)
        gaps = gaps_of(fleet, image, now=now)
        layers = fleet.images.layers(image)
        asked = _asked(fleet, image)
    until = supported_until(facts.distribution)
    judgement = Judgement(
        tuple(f for f in findings if f.kind is Kind.VULNERABILITY),
        gaps,
        ecosystems=currencies(advisories, asked, until.isoformat() if until else ""),
        asked=asked,
    )
    source, _, place = facts.target.partition(":")
    return Report(
        image=Image(
            ref=ImageRef(source, place),
            digest=image.digest,
            layers=tuple(Layer(one.diff_id, one.created_by) for one in layers if one.diff_id),
            os=facts.os,
            architecture=facts.architecture,
            tags=image.names,
        ),
        distribution=facts.distribution,
        packages=dict(sorted(Counter(package.type for package in inventory.packages).items())),
        findings=findings,
        incomplete=gaps,
        data=replace(
            advisory_data(advisories, is_snapshot, judgement),
            partial=tuple(
                sorted(advisories.partial() & {name.partition(":")[0] for name in asked})
            ),
        ),
        version=seawall.__version__,
        inventory=inventory,
        notes=(f"read when it was seen first, {image.first_seen[:10]}; judged {judged(fleet)}",),
    )


def judged(fleet: Fleet) -> str:
    """Return when the fleet was last judged, in words."""
    at = fleet.notes.get("judged")
    return f"{at[:10]} {at[11:16]} UTC" if at else "never"


def _asked(fleet: Fleet, image: StoredImage) -> frozenset[str]:
    """Return the ecosystems that speak of what an image has."""
    rows = {row for pairs in fleet.images.contents(image).values() for row, _ in pairs}
    spaces = fleet.images.namespaces_of(rows)
    speaking = fleet.notes.speaking()
    return frozenset(name for space in spaces for name in speaking.get(space, ()))
