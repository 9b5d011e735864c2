"""What one scan found, for any writer to render."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from seawall.advisories import Currency
from seawall.model import Distribution, Finding, Image, Incomplete, Inventory


@dataclass(frozen=True, slots=True)
class AdvisoryData:
    """Which advisories a scan was judged by.

    The dates are those of the ecosystems that judged this image, the oldest of each: what another
    ecosystem has got since makes nothing better. Where none judged it, they are the store's.
    """

    newest: str  # RFC 3339: when the newest record was modified
    obtained: str  # RFC 3339: when the store got them from their feeds
    is_snapshot: bool  # they came with the package, nobody has updated them here
    advisories: int  # how many there are for these ecosystems; where none judged it, all
    ecosystems: Sequence[Currency] = ()  # that judged the image
    scores: Sequence[Currency] = ()  # KEV and EPSS, where there are flaws that they rate
    partial: Sequence[str] = ()  # ecosystems of which only a part of the advisories is here

    @property
    def as_of(self) -> str:
        """Since when news may be missing: the oldest of what `Currency.as_of` says."""
        told = [one.as_of for one in self.ecosystems] or [self.newest, self.obtained]
        return min(filter(None, told), default="")


@dataclass(frozen=True, slots=True)
class Decision:
    """Why findings are there and do not count: an exception, or a VEX statement."""

    status: str  # "accepted" by an exception; "not_affected" or "fixed" as VEX says it
    reason: str  # in a person's words; may be empty where there is a justification
    justification: str = ""  # one of the five words of VEX


@dataclass(frozen=True, slots=True)
class BaseImage:
    """The image that this one was built from, as far as it is known."""

    name: str  # "debian:12"; empty when nothing names it
    digest: str  # that the name stood for; may be empty
    layers: int  # how many of the lowest layers are its own; 0 when nothing tells
    evidence: str  # what it is known by, as one clause
    is_certain: bool  # its layers were compared; else it is a guess


@dataclass(frozen=True, slots=True)
class Report:
    """One scan."""

    image: Image
    distribution: Distribution | None
    packages: Mapping[str, int]  # type → how many
    findings: Sequence[Finding]  # most urgent first, then by severity, source and id
    incomplete: Sequence[Incomplete]  # what could not be analysed or judged
    data: AdvisoryData
    version: str  # of Seawall
    inventory: Inventory  # that was judged
    notes: Sequence[str] = ()  # what was left out on purpose
    warnings: Sequence[str] = ()  # what a reader must know first: exceptions that have ended
    decisions: Mapping[str, Decision] = field(default_factory=dict)  # by `Finding.suppressed`
    base: BaseImage | None = None
