"""Which notices go in one message: pure.

A hundred advisories that are loaded at once must not become a hundred mails. Of those that are due
together the most pressing go each by itself, and one message sums up all others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from seawall.fleet.notifying.notice import (
    IMAGES,
    FoundFlaw,
    Notice,
    NoticeKind,
    bounded,
    identity,
    pressing,
)

ALONE = 20  # of one kind, each in a message of its own

_NOUN: Mapping[NoticeKind, tuple[str, str]] = {
    NoticeKind.NEW: ("advisory", "advisories"),
    NoticeKind.IMAGE: ("image", "images"),
    NoticeKind.RESOLVED: ("resolved flaw", "resolved flaws"),
    NoticeKind.INDICATOR: ("indicator", "indicators"),
    NoticeKind.TEST: ("test", "tests"),
}


def plan(notices: Sequence[Notice]) -> dict[str, str]:
    """Return for each notice's id the id of the message it goes in: its own, or a bundle's.

    Up to `ALONE` notices of a kind go by themselves. Of more the most pressing do, and all others
    together; the bundle's id is made of theirs, so the same ones always give the same. One alone
    is no bundle.
    """
    planned: dict[str, str] = {}
    for kind in NoticeKind:
        ranked = sorted((n for n in notices if n.kind is kind), key=rank)
        alone = len(ranked) if len(ranked) <= ALONE + 1 else ALONE
        planned |= {notice.id: notice.id for notice in ranked[:alone]}
        others = sorted(notice.id for notice in ranked[alone:])
        planned |= dict.fromkeys(others, identity("bundle", *others))
    return planned


def bundled(message: str, members: Sequence[Notice]) -> Notice:
    """Return one notice with the id `message` that sums up others of one kind.

    Flaws of the same id become one, with the images of all. Members in any order give the same.
    """
    members = sorted(members, key=lambda notice: notice.id)
    flaws: dict[str, FoundFlaw] = {}
    for member in members:
        for flaw in member.flaws:
            own = _with_image(flaw, member)
            known = flaws.get(flaw.id)
            flaws[flaw.id] = own if known is None else _joined(known, own)
    one, several = _NOUN[members[0].kind]
    many = f"{len(members)} {one if len(members) == 1 else several}"
    total = max(len(flaws), *(member.flaws_total for member in members))
    return bounded(
        Notice(
            id=message,
            kind=members[0].kind,
            at=max(member.at for member in members),
            flaws=tuple(sorted(flaws.values(), key=pressing)),
            flaws_total=total,
            data_as_of=max(member.data_as_of for member in members),
            note=f"Sums up {many}; the {ALONE} most pressing have their own notices.",
        )
    )


def rank(notice: Notice) -> tuple[object, ...]:
    """Sort what is most pressing first; what has no flaws comes last."""
    if not notice.flaws:
        return (1, notice.id)
    return (0, *min(map(pressing, notice.flaws)), notice.id)


def _with_image(flaw: FoundFlaw, notice: Notice) -> FoundFlaw:
    image = notice.image
    if image is None or flaw.images:
        return flaw
    running = int(bool(image.running))
    return replace(flaw, images=(image,), images_total=1, running_total=running)


def _joined(one: FoundFlaw, other: FoundFlaw) -> FoundFlaw:
    """Return a flaw with the packages and images of both; no image that is listed counts twice."""
    known = {image.digest for image in one.images}
    others = tuple(image for image in other.images if image.digest not in known)
    again = len(other.images) - len(others)
    both = sorted(one.images + others, key=lambda image: not image.running)
    twice = sum(bool(image.running) for image in other.images if image.digest in known)
    packages = tuple(dict.fromkeys(one.packages + other.packages))
    return replace(
        one,
        packages=packages,
        packages_total=max(one.packages_total, other.packages_total, len(packages)),
        images=tuple(both[:IMAGES]),
        images_total=one.images_total + other.images_total - again,
        running_total=one.running_total + other.running_total - twice,
    )
