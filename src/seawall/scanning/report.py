"""What one scan found, for any writer to render."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seawall.model import Distribution, Finding, Image, Incomplete


@dataclass(frozen=True, slots=True)
class AdvisoryData:
    """Which advisories a scan was judged by."""

    newest: str  # RFC 3339: when the newest record was modified
    obtained: str  # RFC 3339: when the store got them from their feeds
    is_snapshot: bool  # they came with the package, nobody has updated them here
    advisories: int  # how many the store holds


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
    notes: Sequence[str] = ()  # what was left out on purpose
