"""Take an image into the fleet: kept, judged and told in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from seawall.advisories import AdvisoryStore
from seawall.errors import FleetUnusable, TooManyFindings
from seawall.fleet.look_back import check_new
from seawall.fleet.news import image_notice
from seawall.fleet.record import ImageRecord
from seawall.fleet.rejudging import Delta, rejudge
from seawall.fleet.returning import Told, data_as_of, digests_of, standing, tell
from seawall.fleet.store import Fleet
from seawall.fleet.store.images import StoredImage
from seawall.model import Finding
from seawall.moments import stamp

_MOST = 100_000  # findings that an image may bring; Debian's largest have some thousands
_REFUSED = "refused:"  # when an image was that brought more
_REFUSED_FOR = timedelta(days=7)
_REFUSALS = 1_000  # that are remembered


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

    Where it `tells`, an image that was not known puts a notice into the outbox. One that was gone
    always does, when flaws appeared meanwhile: an advisory's news is only late.

    Raises:
        TooManyFindings: it would bring more than 100,000; nothing of it was kept.
        FleetUnusable, StoreUnusable: nothing of it was kept.
    """
    at = stamp(now)
    try:
        with fleet.writing():
            # What waits from before, when it could not be judged, is nothing that this one brings.
            waits = any(fleet.database.rows("SELECT 1 FROM pending LIMIT 1"))
            was_there = fleet.images.find(record.digest)
            if was_there and was_there.digest != record.digest and not record.is_claimed:
                was_there = None  # another one, whose manifest has this digest, too
            # Who read it tells it, whatever a bill of materials said of it before.
            is_news = was_there is None or not (
                record.is_claimed or fleet.images.was_read(record.digest)
            )
            before = standing(fleet, (record.digest,))
            if was_there and record.other_findings is None and _was_looked_at(fleet, was_there):
                # A bill of materials says less than the image itself did.
                others = record.other_digests
                fleet.images.seen(record.digest, record.names, at, others=others, place=place)
                is_read = False
            else:
                is_read = fleet.images.add(record, at, place)
                fleet.indicators.keep_files(record.files)
            kept = _kept(
                fleet,
                record.digest,
                advisories,
                now,
                code,
                is_new=was_there is None,
                at_most=None if waits else _MOST,
            )
            if tells and kept.delta.refused:  # unjudged its notice would say of nothing
                raise FleetUnusable(
                    f"{record.digest}: cannot be judged here: {kept.delta.refused}",
                    "run seawall advisories update on this host",
                )
            if is_read:
                check_new(fleet, kept.image, at)
            if tells and is_news:
                running = fleet.workloads.names_running(digests_of(fleet, kept.image))
                current = data_as_of(fleet)
                fleet.outbox.put(
                    image_notice(
                        kept.image,
                        kept.findings,
                        running,
                        at=at,
                        data_as_of=current,
                        is_claimed=record.is_claimed,
                    )
                )
            tell(fleet, before, at, _told(kept.delta))
    except TooManyFindings as error:
        if not record.is_claimed:  # else anybody could have any image refused
            _note_refusal(fleet, record.digest, at)
        name = record.names[0] if record.names else record.digest
        raise TooManyFindings(f"{name}: {error}, so nothing of it is kept") from None
    return kept


def seen_again(
    fleet: Fleet,
    digest: str,
    advisories: AdvisoryStore,
    now: datetime,
    *,
    names: Sequence[str],
    others: Sequence[str] = (),
    place: str = "",
    code: str = "",
) -> Kept:
    """Note that an image that is known is there, and bring its judgement up to date."""
    at = stamp(now)
    with fleet.writing():
        before = standing(fleet, (digest,))
        fleet.images.seen(digest, names, at, others=others, place=place)
        kept = _kept(fleet, digest, advisories, now, code, is_new=False)
        tell(fleet, before, at, _told(kept.delta))
    return kept


def check_not_refused(fleet: Fleet, digest: str, now: datetime) -> None:
    """Look whether an image brought too many findings lately: then it need not be read again.

    Raises:
        TooManyFindings: it did.
    """
    at = fleet.notes.get(_REFUSED + digest)
    if at and now - datetime.fromisoformat(at) < _REFUSED_FOR:
        raise TooManyFindings(
            f"{digest}: brought too many findings on {at[:10]}, and was refused",
            "it is read again a week after that; seawall scan shows what it has",
        )


def _note_refusal(fleet: Fleet, digest: str, at: str) -> None:
    with fleet.writing():
        if len(fleet.notes.starting_with(_REFUSED)) < _REFUSALS:
            fleet.notes.set(_REFUSED + digest, at)


def _told(delta: Delta) -> set[Told]:
    """Return what was just told of all images that are there, those that came back among them."""
    return {(row, news.finding.id) for news in delta.new for row in news.components}


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
    at_most: int | None = None,
) -> Kept:
    delta = rejudge(fleet, advisories, now, code=code, at_most=at_most)
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
