"""What runs where: containers and images as a runtime tells of them, and the runtime itself.

Pure. `seawall.fleet.docker` implements `Runtime` for Docker; another runtime needs no more than
these nouns.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Workload:
    """One run of a container. One that is started again is another run, with the same id.

    Times are RFC 3339 in UTC with nine digits of a second, so they sort as text does.
    """

    id: str  # 64 hex digits
    name: str
    # As `RuntimeImage.digest`. Empty: the container was gone before it could be asked for, and
    # what its name meant when it was started is not known.
    image: str
    image_name: str  # as it was started: a name, or an id, short or long
    runtime: str  # "docker"
    host: str
    started: str
    ended: str = ""  # empty while it runs
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class RuntimeImage:
    """An image that a runtime holds.

    The digest is the runtime's own id of the image: that of the configuration (``Image.digest``),
    but of the manifest or index where Docker keeps images in containerd's store. Either way a
    `Workload` has the same one, and the image opens by it.
    """

    digest: str  # "sha256:…"
    names: tuple[str, ...]  # "debian:12"; none where the last one was taken away
    created: str  # RFC 3339; empty where it is not known
    other_digests: tuple[str, ...] = ()  # of manifests and indexes, by which registries have it


@dataclass(frozen=True, slots=True)
class ImageArrived:
    """An image was pulled, loaded, imported, built or committed; it may have been there before.

    So is one that was pushed: from then on a registry knows it by a digest.
    """

    at: str
    digest: str
    name: str  # that now means this image; empty where it came without one
    other_digests: tuple[str, ...] = ()  # as `RuntimeImage.other_digests`


@dataclass(frozen=True, slots=True)
class ImageGone:
    """An image was removed."""

    at: str
    digest: str


@dataclass(frozen=True, slots=True)
class Tagged:
    """A name means this image from now on, and no other one any more.

    It may be the first that is heard of the image.
    """

    at: str
    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class Untagged:
    """An image lost a name. Which one is not told, but which ones it has left."""

    at: str
    digest: str
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Started:
    """A container runs. It may have ended since: then a later change tells that too."""

    at: str
    workload: Workload


@dataclass(frozen=True, slots=True)
class Ended:
    """A container runs no more.

    One that is older than the workload's ``started`` is the end of an earlier run.
    """

    at: str
    id: str


@dataclass(frozen=True, slots=True)
class Missed:
    """Something may have happened that cannot be told: list images and workloads again."""

    at: str
    why: str


Change = ImageArrived | ImageGone | Tagged | Untagged | Started | Ended | Missed


class Runtime(Protocol):
    """What runs containers on one host."""

    def images(self) -> Sequence[RuntimeImage]:
        """Return the images that are there, without those that only others are built from.

        A workload may run one of the latter: whoever wants all looks at both lists.
        """
        ...

    def workloads(self) -> Sequence[Workload]:
        """Return what runs now."""
        ...

    def changes(self, since: str) -> Iterator[Change | None]:
        """Yield what happens, without end; None where nothing did for a while.

        The first thing is a None, as soon as nothing can be missed any more: list then. Later
        ones come at least every 10 seconds while the runtime answers, so that a caller can stop
        or do other work between two changes.

        With `since`, the ``at`` of the last change that was seen, what has happened from that
        moment on is told first, the changes of the very moment once more. Where the runtime
        does not remember so far back, `Missed` comes instead. Empty: from now on.

        Raises:
            SourceUnavailable: the runtime stopped, or does not answer. Call again, with `since`.
        """
        ...
