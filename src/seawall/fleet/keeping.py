"""Take an image into the fleet: kept, judged and told in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from seawall.advisories import AdvisoryStore
from seawall.errors import FleetUnusable
from seawall.fleet.look_back import check_new
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
    gaps: int = 0  # what could not be read


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
        was_there = fleet.images.find(record.digest)
        if was_there and record.other_findings is None and _was_looked_at(fleet, was_there):
            # A bill of materials says less than the image itself did.
            fleet.images.seen(record.digest, record.names, at, place=place)
            is_read = False
        else:
            is_read = fleet.images.add(record, at, place)
            fleet.indicators.keep_files(record.files)
        kept = _kept(fleet, record.digest, advisories, now, code, is_new=was_there is None)
        if is_read:
            check_new(fleet, kept.image, at)
        if tells and was_there is None:
            running = tuple(workload.name for workload in fleet.workloads.running(record.digest))
            dates = fleet.notes.starting_with("as-of:").values()
            fleet.outbox.put(
                image_notice(
                    kept.image,
                    kept.findings,
                    running,
                    at=at,
                    data_as_of=min(filter(None, dates), default=""),
                )
            )
    return kept


def seen_again(
    fleet: Fleet,
    digest: str,
    advisories: AdvisoryStore,
    now: datetime,
    *,
    names: Sequence[str],
    place: str = "",
    code: str = "",
) -> Kept:
    """Note that an image that is known is there, and bring its judgement up to date."""
    at = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with fleet.writing():
        fleet.images.seen(digest, names, at, place=place)
        return _kept(fleet, digest, advisories, now, code, is_new=False)


def _was_looked_at(fleet: Fleet, image: StoredImage) -> bool:
    return fleet.images.facts(image.id).other_findings is not None


def _kept(
    fleet: Fleet,
    digest: str,
    advisories: AdvisoryStore,
    now: datetime,
    code: str,
    *,
    is_new: bool,
) -> Kept:
    delta = rejudge(fleet, advisories, now, code=code)
    image = fleet.images.find(digest)
    if image is None:
        raise FleetUnusable(f"{fleet.database.place}: {digest} is not there")
    contents = fleet.images.contents(image)
    stored = fleet.findings.of({row for pairs in contents.values() for row, _ in pairs})
    findings = [one.finding for ones in stored.values() for one in ones]
    facts = fleet.images.facts(image.id)
    findings += facts.other_findings or ()
    packages = sum(len(pairs) for pairs in contents.values())
    return Kept(image, is_new, packages, tuple(findings), delta, len(facts.incomplete))
