"""What a runtime tells, brought into the fleet: which images are there, what runs from them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from seawall.fleet.returning import Standing, standing, tell
from seawall.fleet.store import Fleet
from seawall.fleet.workloads import (
    Change,
    Ended,
    ImageArrived,
    ImageGone,
    Missed,
    Runtime,
    RuntimeImage,
    Started,
    Tagged,
    Untagged,
    Workload,
)

_STOCK = "stock:"  # when a place was listed last


@dataclass(frozen=True, slots=True)
class Wanted:
    """An image that the fleet has not read."""

    digest: str
    names: tuple[str, ...]


def take_stock(
    fleet: Fleet,
    place: str,
    images: Sequence[RuntimeImage],
    workloads: Sequence[Workload],
    *,
    runtime: str,
    host: str,
    at: str,
) -> list[Wanted]:
    """Note all that a runtime has and runs now; return the images that are to be read.

    What was there before and is not any more is gone. `place` is what the fleet calls the runtime.
    What is back, or runs now and did not when the runtime was listed last, is told.
    """
    wanted: dict[str, Wanted] = {}
    with fleet.writing():
        running = {workload.image for workload in workloads if workload.image}
        # What ran before the fleet ever looked did not start now.
        starting = running if fleet.notes.get(_STOCK + place) else ()
        before = standing(fleet, {*running, *(image.digest for image in images)}, starting)
        fleet.notes.set(_STOCK + place, at)
        fleet.workloads.listed(runtime, host, workloads, at)
        there = {image.digest: image for image in images}
        for workload in workloads:  # may run what nothing names any more
            if workload.image:
                there.setdefault(workload.image, RuntimeImage(workload.image, (), ""))
        for image in there.values():
            if not fleet.images.was_read(image.digest):
                wanted[image.digest] = Wanted(image.digest, image.names)
            else:
                others = image.other_digests
                fleet.images.seen(image.digest, image.names, at, others=others, place=place)
                fleet.images.left(image.digest, image.names, at, place)
        for digest in fleet.images.present(place):
            known = fleet.images.find(digest)
            digests = {digest, *(fleet.images.other_digests(known.id) if known else ())}
            if not digests & there.keys():
                fleet.images.gone(digest, at, place)
        tell(fleet, before, at)
    return list(wanted.values())


def take_note(
    fleet: Fleet, place: str, change: Change, *, runtime: str, host: str
) -> Wanted | None:
    """Note one change; return the image that is to be read because of it, if there is one.

    `Missed` is the caller's: it takes stock. An image that is back, or starts, is told.
    """
    with fleet.writing():
        match change:
            case ImageArrived(at, digest, name, others):
                return _seen(fleet, place, digest, (name,) if name else (), at, others=others)
            case Tagged(at, name, digest):
                return _seen(fleet, place, digest, (name,), at)
            case Untagged(at, digest, left):
                fleet.images.left(digest, left, at, place)
            case ImageGone(at, digest):
                fleet.images.gone(digest, at, place)
            case Started(at, workload):
                starting = (workload.image,) if workload.image else ()
                before = standing(fleet, starting, starting)
                fleet.workloads.started(workload, at)
                if workload.image:
                    return _seen(fleet, place, workload.image, (), at, before=before)
            case Ended(at, container):
                fleet.workloads.ended(runtime, host, container, at)
            case Missed():
                pass
    return None


def _seen(
    fleet: Fleet,
    place: str,
    digest: str,
    names: Sequence[str],
    at: str,
    *,
    others: Sequence[str] = (),
    before: Standing | None = None,
) -> Wanted | None:
    before = before or standing(fleet, (digest,))
    if not fleet.images.was_read(digest):
        return Wanted(digest, tuple(names))
    fleet.images.seen(digest, names, at, others=others, place=place)
    tell(fleet, before, at)
    return None


def stock_of(runtime: Runtime) -> tuple[Sequence[RuntimeImage], Sequence[Workload]]:
    """Return what a runtime has and runs; containers first, so that none lacks its image."""
    workloads = runtime.workloads()
    return runtime.images(), workloads


def merged(wanted: Iterable[Wanted]) -> list[Wanted]:
    """Return each image once, with all names."""
    by_digest: dict[str, dict[str, None]] = {}
    for one in wanted:
        by_digest.setdefault(one.digest, {}).update(dict.fromkeys(one.names))
    return [Wanted(digest, tuple(names)) for digest, names in by_digest.items()]
