"""What looks at the content of files, and what it answers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from seawall.model import Finding


@dataclass(frozen=True, slots=True)
class Window:
    """A file's content, or a part of a large file's.

    Parts of one file come in order and overlap, so that nothing is cut in two; what lies in the
    overlap is seen twice, and the caller keeps equal hits once.
    """

    path: str  # from the image's root, without leading slash
    mode: int  # permission bits; 0 where there are none (image configuration)
    size: int  # of the whole file, in bytes
    data: bytes
    offset: int = 0  # of `data` in the file
    line: int = 1  # of the first byte of `data`

    @property
    def is_whole(self) -> bool:
        """Whether `data` is all of the file."""
        return self.offset == 0 and len(self.data) == self.size


class Pattern(NamedTuple):
    """A regular expression in Hyperscan's syntax; ``^`` and ``$`` stand for a line's ends."""

    expression: bytes
    ignores_case: bool = False


Place = tuple[int, int]  # number of a pattern among its detector's, and the offset after a match


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that a detector's rule found. Kept in caches: it must hold no secret value."""

    rule: str  # the rule's id
    line: int  # from 1; 0 in content without lines
    evidence: str  # what was seen, every secret value cut


class Detector(Protocol):
    """Looks at windows of files; one object serves all files of a scan, one after another."""

    name: str  # "secrets", "malware": stands beside its hits in the cache
    key: str  # differs whenever the same content may be answered differently

    rules: tuple[str, ...]  # the ids of all that it asks about; a hit has one of them
    reads_text: bool  # whether text with two bytes a character is shown a second time, as UTF-8
    # One of them is in all content that means something; none: `look` is to see everything.
    patterns: tuple[Pattern, ...]

    def look(self, window: Window, places: Sequence[Place] | None) -> Iterator[Hit]:
        """Yield what is found in content that has a pattern.

        `places` are where, by their ends, perhaps some too many; None: too many to tell.

        Raises:
            LimitExceeded: this content takes too long; nothing else, whatever the content is.
        """

    def finding(self, hit: Hit, path: str, layer: str) -> Finding:
        """Return what a hit means: severity, urgency, title, reason and remedy by its rule."""


def asked_rules(detectors: Sequence[Detector]) -> tuple[str, ...]:
    """Return all that detectors ask about, as ``secrets:aws-access-key``, sorted."""
    return tuple(
        sorted({f"{detector.name}:{rule}" for detector in detectors for rule in detector.rules})
    )
