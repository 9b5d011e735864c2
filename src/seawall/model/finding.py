"""What a scan says."""

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

    @property
    def rank(self) -> int:
        """Its place in that order, 0 for what is to be done first."""
        return _RANKS[self.value]


_RANKS = {urgency.value: rank for rank, urgency in enumerate(Urgency)}  # texts hash quicker


class Kind(Enum):
    """What sort of thing a finding is about."""

    VULNERABILITY = "vulnerability"  # a known flaw of a package
    END_OF_LIFE = "end-of-life"  # a distribution that gets no advisories any more
    SECRET = "secret"  # noqa: S105 - the word itself
    MALWARE = "malware"
    TAMPERED = "tampered"  # a file that is not what its package brought
    CONFIGURATION = "configuration"  # of the image, or of a Dockerfile

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing known to be wrong with an image.

    Those about a package name it in `package` to `state`; those about a file or the configuration
    have `title` and `remedy` instead.
    """

    kind: Kind
    id: str  # the CVE where there is one, else the advisory's own id, or a rule's
    severity: Severity
    urgency: Urgency
    reason: str  # why this finding stands, in one line
    layer: str = ""  # diff-id of the layer that brought it; empty without layers
    path: str = ""  # from the image's root, without leading slash
    aliases: tuple[str, ...] = ()  # all other ids of the same flaw, sorted
    package: str = ""  # package-url
    name: str = ""
    installed: str = ""  # version
    fixed_in: str = ""  # lowest version with the fix that is not below `installed`; may be empty
    state: FixState = FixState.UNFIXED
    source: str = ""  # source package the advisory speaks of, for grouping
    score: float | None = None  # CVSS base score
    rated_by: str = ""  # whose severity and score these are, where its own advisories have none
    exploited_since: str = ""  # date (YYYY-MM-DD) it entered CISA's KEV catalogue; else empty
    epss: float | None = None  # probability of exploitation in 30 days, 0 to 1
    summary: str = ""
    confirmed: bool = True  # False: the distribution owns the files and says nothing of this flaw
    locked: bool = False  # a lock file names the package, nothing shows that it is installed
    title: str = ""  # what the rule looks for: "AWS access key"
    remedy: str = ""  # what to do about it, in one line
    line: int = 0  # in the file, from 1; 0 where lines mean nothing
    evidence: str = ""  # what was seen, with every secret value cut: "AKIA…(20 characters)"
    removed_in: str = ""  # diff-id of the layer that deletes the file, which is there all the same
    suppressed: str = ""  # who decided that it does not count here, and why; empty: it counts
    brought_by: str = ""  # package-url of the package whose file this is, where it is no flaw of it
    from_base: bool | None = None  # whether the base image brought it; None: not known
    # When the first advisory that names a fix was published, RFC 3339. The fix may be younger.
    fix_published: str = ""
