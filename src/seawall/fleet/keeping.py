"""Take an image into the fleet: kept, judged and told in one transaction."""

from dataclasses import dataclass
from datetime import UTC, datetime

from seawall.advisories import AdvisoryStore
from seawall.errors import FleetUnusable
from seawall.fleet.news import image_notice
from seawall.fleet.record import ImageRecord
from seawall.fleet.rejudging import Delta, rejudge
from seawall.fleet.store import Fleet
from seawall.fleet.store.images import StoredImage
from seawall.model import Finding


@dataclass(frozen=True, slots=True)
class Kept:
    """An image that is in the fleet."""

    image: StoredImage
    is_new: bool
    packages: int
    findings: tuple[Finding, ...]  # open ones of its packages, each once, and those of its files
    delta: Delta  # what changed for others meanwhile


def keep(
    fleet: Fleet,
    record: ImageRecord,
    advisories: AdvisoryStore,
    now: datetime,
    *,
    place: str = "",
    code: str = "",
    tells: bool = False,
) -> Kept:
    """Keep an image that was read, and judge it.

    Where it `tells`, an image that was not known puts a notice into the outbox.

    Raises:
        FleetUnusable, StoreUnusable: nothing of it was kept.
    """
    at = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with fleet.writing():
        was_there = fleet.images.find(record.digest) is not None
        fleet.images.add(record, at, place)
        delta = rejudge(fleet, advisories, now, code=code)
        image = fleet.images.find(record.digest)
        if image is None:
            raise FleetUnusable(f"{fleet.database.place}: {record.digest} is not there")
        contents = fleet.images.contents(image)
        stored = fleet.findings.of({row for pairs in contents.values() for row, _ in pairs})
        findings = [one.finding for ones in stored.values() for one in ones]
        findings += fleet.images.facts(image.id).other_findings or ()
        if tells and not was_there:
            running = tuple(workload.name for workload in fleet.workloads.running(image.digest))
            dates = fleet.notes.starting_with("as-of:").values()
            notice = image_notice(
                image,
                findings,
                running,
                at=at,
                data_as_of=min(filter(None, dates), default=""),
            )
            fleet.outbox.put(notice)
    packages = sum(len(pairs) for pairs in contents.values())
    return Kept(image, not was_there, packages, tuple(findings), delta)
