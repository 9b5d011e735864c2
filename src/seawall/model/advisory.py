"""What is known to be wrong with packages."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum


class Severity(IntEnum):
    """How bad, in the five words all feeds can be brought to; ordered."""

    UNKNOWN = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    def __str__(self) -> str:
        return self.name.lower()


class FixState(Enum):
    """What the one who publishes the package says about a fix."""

    FIXED = "fixed"  # a fixed version exists
    UNFIXED = "unfixed"  # affected, no fix yet
    WILL_NOT_FIX = "will-not-fix"  # judged not worth one ("unimportant", "ignored")
    END_OF_LIFE = "end-of-life"  # nobody looks any more
    NOT_AFFECTED = "not-affected"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Range:
    """Versions of one package that an advisory calls affected.

    Affected are versions v with ``introduced <= v < fixed``, or ``v <= last_affected``; an empty
    end is open, ``introduced == "0"`` is before every version. ``exact`` ranges name one version
    (``introduced == last_affected``) and come from an advisory's list of versions.
    """

    ecosystem: str  # OSV's name with release: "Debian:12", "PyPI"
    name: str  # as the ecosystem normalises it
    introduced: str = "0"
    fixed: str = ""
    last_affected: str = ""
    state: FixState = FixState.UNFIXED


@dataclass(frozen=True, slots=True)
class Advisory:
    """One record of a feed."""

    id: str
    modified: str  # RFC 3339, UTC
    published: str = ""
    withdrawn: str = ""
    aliases: Sequence[str] = ()  # other names of the same flaw (OSV aliases)
    upstream: Sequence[str] = ()  # flaws this record repeats (OSV upstream, and CVEs in related)
    severity: Severity = Severity.UNKNOWN
    score: float | None = None  # CVSS base score, 0 to 10
    summary: str = ""
    ranges: Sequence[Range] = ()
