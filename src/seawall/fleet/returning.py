"""Images that are there again, or run again: what appeared meanwhile is told then.

What an advisory finds is told of images that are there, and to some sinks only of those that run.
So an image that comes back is told with the flaws that appeared since it went, and one that starts
with those that appeared since it last ran: all of them, where it never did.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from seawall.fleet.currency_notes import AS_OF
from seawall.fleet.news import image_notice
from seawall.fleet.notifying.notice import Because
from seawall.fleet.store import Fleet
from seawall.fleet.store.findings import StoredFinding, counts
from seawall.fleet.store.images import StoredImage

Told = tuple[int, str]  # a component and a flaw of it

_SECOND = len("2026-11-22T00:00:00")
_DAY = len("2026-11-22")


@dataclass(frozen=True, slots=True)
class Standing:
    """How images stood before something happened to them, by row."""

    gone: dict[int, str]  # since when
    stopped: dict[int, str]  # since when nothing ran from it; empty: nothing ever did


def standing(fleet: Fleet, there: Iterable[str], starting: Iterable[str] = ()) -> Standing:
    """Note how images stand, before the fleet takes note that they are `there`, and start."""
    images = fleet.images
    starts = set(starting)
    rows = images.rows_of({*there, *starts})
    known = images.by_ids(rows.values())
    gone = {
        image.id: image.gone
        for image in known.values()
        if image.gone and images.was_read(image.digest)  # else it is told when it is read
    }
    stopped: dict[int, str] = {}
    for row in {rows[digest] for digest in starts if digest in rows}:
        if not images.was_read(known[row].digest):
            continue
        digests = digests_of(fleet, known[row])
        if not fleet.workloads.names_running(digests):
            ended = fleet.workloads.last_end(digests)
            # A run before the image was known was never told.
            stopped[row] = ended if _moment(ended) >= _moment(known[row].first_seen) else ""
    return Standing(gone, stopped)


def tell(fleet: Fleet, before: Standing, at: str, told: Collection[Told] = frozenset()) -> None:
    """Put notices into the outbox of images that came back or started since `before`.

    What was `told` of an image already, or nothing, makes none.
    """
    for row in sorted(before.gone.keys() | before.stopped.keys()):
        image = fleet.images.by_id(row)
        if image is None:
            continue
        running = fleet.workloads.names_running(digests_of(fleet, image))
        heard = set(told)
        if row in before.gone and not image.gone:
            found = _appeared(fleet, image, before.gone[row], heard)
            _put(fleet, image, found, running, at=at, because=Because.BACK)
            heard |= {_key(stored) for stored in found}
        if row in before.stopped and running:
            found = _appeared(fleet, image, before.stopped[row], heard)
            _put(fleet, image, found, running, at=at, because=Because.STARTED)


def digests_of(fleet: Fleet, image: StoredImage) -> set[str]:
    """Return all digests of an image: a container may name any."""
    return {image.digest, *fleet.images.other_digests(image.id)}


def data_as_of(fleet: Fleet) -> str:
    """Return how old the advisories are that the fleet was judged by: the oldest."""
    return min(filter(None, fleet.notes.starting_with(AS_OF).values()), default="")


def _appeared(
    fleet: Fleet, image: StoredImage, since: str, told: Collection[Told]
) -> list[StoredFinding]:
    """Return the flaws of an image that are open and were not known, or not exploited, `since`."""
    if _moment(fleet.notes.get("judged")) < _moment(since):  # a container may start each second
        return []
    stored = fleet.findings.of(fleet.images.components_of(image))
    return [
        one
        for several in stored.values()
        for one in several
        if counts(one.finding)
        and _key(one) not in told
        and (
            _moment(one.first_seen) >= _moment(since)
            or one.finding.exploited_since[:_DAY] >= since[:_DAY]
        )
    ]


def _put(
    fleet: Fleet,
    image: StoredImage,
    found: Collection[StoredFinding],
    running: tuple[str, ...],
    *,
    at: str,
    because: Because,
) -> None:
    if found:
        fleet.outbox.put(
            image_notice(
                image,
                [stored.finding for stored in found],
                running,
                at=f"{_moment(at)}Z",
                data_as_of=data_as_of(fleet),
                because=because,
            )
        )


def _key(stored: StoredFinding) -> Told:
    return stored.component, stored.finding.id


def _moment(at: str) -> str:
    """Return a time to the second: runtimes tell more of it than the fleet does."""
    return at[:_SECOND]
