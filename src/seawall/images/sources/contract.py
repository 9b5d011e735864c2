"""What an image source promises."""

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from seawall.images.inspection import Inspection
from seawall.images.layers import Changes, FoundFile
from seawall.images.limits import Limits
from seawall.images.selection import Selector
from seawall.model import Image, ImageRef, Incomplete


@dataclass(slots=True)
class LayerReading:
    """One layer while it is read: exhaust `files` first, then the rest holds."""

    files: Iterator[FoundFile]
    diff_id: str = ""  # computed from the content when the source cannot know it before
    changes: Changes = field(default_factory=Changes)
    incomplete: list[Incomplete] = field(default_factory=list)
    inspection: Inspection | None = None  # what was asked for beside the files


Inspect = Callable[[], Inspection]  # called once a layer


class OpenImage(Protocol):
    """An image that can be read."""

    @property
    def image(self) -> Image:
        """Who it is. Known at once, or after `layers` where the source is a stream."""

    @property
    def notes(self) -> list[str]:
        """What was left out on purpose, for a person to know."""

    @property
    def diff_ids(self) -> tuple[str, ...]:
        """The layers, lowest first, where they can be told apart before reading; else empty."""

    def layers(
        self,
        selector: Selector,
        inspect: Inspect | None = None,
        known: Collection[str] = frozenset(),
    ) -> Iterator[LayerReading]:
        """Yield each distinct layer once, in whatever order the source has them.

        Layers whose diff-id is in `known` are left out where the source can tell before it reads
        them, and so are not compared with their digests. Of all others every digest has been
        compared when the iteration ends.

        Raises:
            CorruptImage: truncated or malformed.
            DigestMismatch: content is not what its digest says.
            LimitExceeded: larger than the limits allow.
        """


class Source(Protocol):
    """A kind of place that images come from."""

    def __call__(self, ref: ImageRef, limits: Limits) -> AbstractContextManager[OpenImage]:
        """Open the image that `ref` names."""
