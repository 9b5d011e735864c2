"""What a scan says."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from seawall.model.advisory import FixState, Severity


class Urgency(Enum):
    """What a person should do about a finding, in the order to do it."""

    NOW = "fix now"  # a fix exists, and it is exploited in the wild or critical
    SOON = "fix soon"  # a fix exists, and it is high or likely to be exploited
    WATCH = "watch"  # no fix yet, or lower
    HIDDEN = "hidden"  # whoever publishes the package judged that it needs no action

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing known to be wrong with one package of an image."""

    kind: str  # "vulnerability"
    id: str  # the CVE where there is one, else the advisory's own id
    aliases: Sequence[str]  # all other ids of the same flaw, sorted
    severity: Severity
    package: str  # package-url
    name: str
    installed: str  # version
    fixed_in: str  # lowest version with the fix that is not below `installed`; may be empty
    state: FixState
    urgency: Urgency
    layer: str
    path: str
    reason: str  # why this finding stands, in one line
    source: str = ""  # source package the advisory speaks of, for grouping
    score: float | None = None  # CVSS base score
    exploited_since: str = ""  # date (YYYY-MM-DD) it entered CISA's KEV catalogue; else empty
    epss: float | None = None  # probability of exploitation in 30 days, 0 to 1
    summary: str = ""
    confirmed: bool = True  # False: the distribution owns the files and says nothing of this flaw
