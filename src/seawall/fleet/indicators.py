"""What a person asks of images that were seen before: did any have this package, file or secret?

Pure. An indicator is one question, written as a kind and a text; `parse_indicator` reads both, and
`text` of what it returns is read as the same question. ``docs/look-back.md`` describes the kinds.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from types import MappingProxyType

from packageurl import PackageURL

from seawall.advisories import ECOSYSTEMS, subject_of
from seawall.errors import UsageError, VersionSyntaxError
from seawall.fleet.component import Component
from seawall.inventory.purl import located, purl
from seawall.model import Package
from seawall.scanning.purl_pattern import PurlPattern, parsed
from seawall.scanning.stars import fits
from seawall.scanning.vulnerabilities import SYSTEM_TYPES
from seawall.versions import compare

MOST_LETTERS = 4_000  # of an indicator
_STARS = 50  # in a pattern of paths
_SHA256 = re.compile(r"(?:sha256:)?([0-9a-f]{64})", re.IGNORECASE)
_OTHER_DIGEST = re.compile(
    r"(?:(?:md5|sha1|sha512):)?(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{128})", re.IGNORECASE
)
_RULE = re.compile(r"[^\s\x00-\x1f]+")
_BOUND = re.compile(r"(<=|>=|==|=|<|>)")
_SUBJECT = re.compile(r"[^\s<>=,]+")
_VERSION = re.compile(r"[^\s<>=,]+")
_HOLDS: Mapping[str, Callable[[int], bool]] = MappingProxyType(
    {
        "=": lambda order: order == 0,
        "<": lambda order: order < 0,
        "<=": lambda order: order <= 0,
        ">": lambda order: order > 0,
        ">=": lambda order: order >= 0,
    }
)
# Schemes by package type; of those without an ecosystem that has advisories, their tools' order.
_SCHEMES = {
    **{ecosystem.package_type: ecosystem.scheme for ecosystem in ECOSYSTEMS.values()},
    "alpm": "rpm",  # vercmp(8) is rpm's order
    "conda": "conda",
    "opkg": "dpkg",
}
_NORMALISE = {
    ecosystem.package_type: ecosystem.normalise
    for ecosystem in ECOSYSTEMS.values()
    if not ecosystem.has_releases
}
_LETTERS_AND_DIGITS = re.compile(rb"[a-z0-9]+")
_LETTERS_ALONE = re.compile(r"[^*]+")


class IndicatorKind(Enum):
    """What an indicator is about."""

    PACKAGE = "package"
    FILE = "file"
    SECRET = "secret"  # noqa: S105 - the word itself
    MALWARE = "malware"
    PATH = "path"

    def __str__(self) -> str:
        return self.value


class Match(Enum):
    """Whether a package is one of those asked for."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"  # the name is; the versions cannot be compared


@dataclass(frozen=True, slots=True)
class PackageIndicator:
    """A package by its name or package-url, and perhaps bounds of its version."""

    subject: str  # a name, or a package-url without version
    bounds: tuple[tuple[str, str], ...] = ()  # operator and version; all must hold
    kind = IndicatorKind.PACKAGE

    @property
    def text(self) -> str:
        """The indicator as it can be read again."""
        # "==": a package-url has "=" of its own.
        return self.subject + ",".join(
            f"{'==' if operator == '=' else operator}{version}" for operator, version in self.bounds
        )

    @property
    def name(self) -> str:
        """The name without what a package-url says beside it."""
        return _name_in(self.subject) if self.is_purl else self.subject

    @property
    def is_purl(self) -> bool:
        """Whether it is told by a package-url."""
        return self.subject.startswith("pkg:")

    @property
    def token(self) -> bytes:
        """Letters and digits that the stored form of all packages with this name has somewhere.

        Lower case. It rules out the many before they are decoded.
        """
        name = self.name.encode("utf-8", "replace").lower()  # ASCII letters, as of what is stored
        return max(_LETTERS_AND_DIGITS.findall(name), key=len, default=b"")

    def match(self, component: Component) -> Match:
        """Tell whether a component is meant: by itself, or as built from a source of that name."""
        package, wanted = component.package, self.name
        if not any(_same(package.type, wanted, name) for name, _ in _forms(package)):
            return Match.NO
        if self.is_purl and not self._is_meant(component):
            return Match.NO
        best = Match.NO
        for name, version in _forms(package):
            if _same(package.type, wanted, name):
                match self._holds(package.type, version):
                    case Match.YES:
                        return Match.YES
                    case Match.UNCLEAR:
                        best = Match.UNCLEAR
        return best

    def _is_meant(self, component: Component) -> bool:
        wanted = parsed(self.subject)
        if wanted is None:  # `parse_indicator` has read it before
            return False
        try:
            there = purl(component.package, component.distribution)
        except ValueError:
            return False  # it has no name that a package-url could carry
        if wanted.type not in SYSTEM_TYPES:
            # Names are compared already, by the rules of their ecosystem.
            return wanted.type == component.package.type
        if not wanted.namespace and (held := parsed(there)):
            wanted = replace(wanted, namespace=held.namespace)
        return not PurlPattern(self.subject, wanted, has_wildcards=False).mismatch(there)

    def _holds(self, kind: str, version: str) -> Match:
        unclear = False
        for operator, bound in self.bounds:
            if operator == "=" and version == bound:
                continue
            try:
                order = compare(_SCHEMES[kind], version, bound)
            except (VersionSyntaxError, KeyError):
                if operator == "=":
                    return Match.NO  # another text, and no order in which it could be equal
                unclear = True
                continue
            if not _HOLDS[operator](order):
                return Match.NO
        return Match.UNCLEAR if unclear else Match.YES


@dataclass(frozen=True, slots=True)
class FileIndicator:
    """A file by what it contains."""

    sha256: str  # 64 hex digits, lower case
    kind = IndicatorKind.FILE

    @property
    def text(self) -> str:
        """The indicator as it can be read again."""
        return f"sha256:{self.sha256}"

    @property
    def start(self) -> bytes:
        """What is kept of the digests of files."""
        return bytes.fromhex(self.sha256[:16])


@dataclass(frozen=True, slots=True)
class RuleIndicator:
    """A rule for secrets or malware, by its id."""

    kind: IndicatorKind  # SECRET or MALWARE
    rule: str

    @property
    def text(self) -> str:
        """The indicator as it can be read again."""
        return self.rule

    @property
    def asked(self) -> str:
        """The rule among those that an image was asked about; see `contract.asked_rules`."""
        return f"{'secrets' if self.kind is IndicatorKind.SECRET else 'malware'}:{self.rule}"


@dataclass(frozen=True, slots=True)
class PathIndicator:
    """Names of files. ``*`` means any letters, also none and also a slash."""

    pattern: str  # without leading slash; without any slash it is about the last part of names
    kind = IndicatorKind.PATH

    @property
    def text(self) -> str:
        """The indicator as it can be read again."""
        return self.pattern

    @property
    def literal(self) -> bytes:
        """Letters that all matching names have, as they are stored; empty where there are none."""
        longest = max(_LETTERS_ALONE.findall(self.pattern), key=len, default="")
        # A backslash may be one that stands for a byte that is no UTF-8.
        return b"" if "\\" in longest else str(longest).encode("utf-8", "surrogatepass")

    def fits(self, path: str) -> bool:
        """Tell whether a path (from the root, without leading slash) is meant."""
        if "/" not in self.pattern:
            path = path.rpartition("/")[2]
        return fits(path, self.pattern)


Indicator = PackageIndicator | FileIndicator | RuleIndicator | PathIndicator


def parse_indicator(kind: str, text: str) -> Indicator:
    """Return what a person asks about.

    Raises:
        UsageError: there is no such kind, or `text` is nothing of it; the hint says what is.
    """
    try:
        wanted = IndicatorKind(kind)
    except ValueError:
        kinds = ", ".join(map(str, IndicatorKind))
        raise UsageError(f"no kind of indicator: {kind[:40]!r}", f"name one of {kinds}") from None
    if len(text) > MOST_LETTERS:
        raise UsageError(f"an indicator of {len(text):,} letters", f"{MOST_LETTERS:,} are enough")
    match wanted:
        case IndicatorKind.PACKAGE:
            return _package(text.strip())
        case IndicatorKind.FILE:
            return _file(text.strip())
        case IndicatorKind.PATH:
            return _path(text)
        case IndicatorKind.SECRET | IndicatorKind.MALWARE:
            return _rule(wanted, text.strip())


def _package(text: str) -> PackageIndicator:
    hint = "write NAME, NAME@VERSION, 'NAME<VERSION', 'NAME>=LOW,<HIGH' or a package-url"
    first = _BOUND.search(text, _end_of_qualifiers(text))
    subject, rest = (text[: first.start()], text[first.start() :]) if first else (text, "")
    bounds = []
    for part in rest.split(",") if rest else ():
        _, operator, version = (*_BOUND.split(part, maxsplit=1), "", "")[:3]
        if not operator or not part.startswith(operator) or not _VERSION.fullmatch(version):
            raise UsageError(f"{text!r}: no version range in {part!r}", hint)
        bounds.append(("=" if operator == "==" else operator, version))
    if text.startswith("pkg:"):
        subject, version = _without_version(subject, hint)
    else:
        name, _, version = subject.rpartition("@")
        subject, version = (name, version) if name else (subject, "")  # @babel/core has a scope
        if not _SUBJECT.fullmatch(subject):
            raise UsageError(f"{text!r}: no package's name", hint)
    if version and bounds:
        raise UsageError(f"{text!r}: a version and a range", hint)
    if version and not _VERSION.fullmatch(version):
        raise UsageError(f"{text!r}: no version that could be compared", hint)
    if version:
        bounds = [("=", version)]
    return PackageIndicator(subject, tuple(dict.fromkeys(bounds)))


@lru_cache(maxsize=256)
def _name_in(package_url: str) -> str:
    return located(package_url).package.name


def _end_of_qualifiers(text: str) -> int:
    """Return where a range may begin: the ``=`` of qualifiers is none."""
    if not text.startswith("pkg:") or "?" not in text:
        return 0
    start = text.index("?")
    range_ = re.compile(r"[<>]|==").search(text, start)
    return range_.start() if range_ else len(text)


def _without_version(text: str, hint: str) -> tuple[str, str]:
    """Return a package-url without its version, and the version as packages of its type have it."""
    try:
        found = located(text).package
        url = PackageURL.from_string(text)
    except ValueError as error:
        raise UsageError(f"{text!r}: no package-url ({error})", hint) from error
    qualifiers = dict(url.qualifiers) if isinstance(url.qualifiers, dict) else {}
    if found.version:
        qualifiers.pop("epoch", None)  # the version has it in front
    bare = PackageURL(url.type, url.namespace, url.name, None, qualifiers, url.subpath)
    return bare.to_string(), found.version


def _file(text: str) -> FileIndicator:
    if digest := _SHA256.fullmatch(text):
        return FileIndicator(digest[1].lower())
    if _OTHER_DIGEST.fullmatch(text):
        raise UsageError(
            f"{text!r}: not a SHA-256",
            "of files only this digest is kept: reports of malware mostly give it beside others",
        )
    raise UsageError(f"{text[:80]!r}: no SHA-256", "write 64 hex digits, as sha256sum does")


def _path(text: str) -> PathIndicator:
    # Bytes of the command line that are no UTF-8, as paths of images have them.
    raw = text.encode("utf-8", "surrogateescape" if _is_escaped(text) else "backslashreplace")
    pattern = raw.decode("utf-8", "backslashreplace").lstrip("/")
    if not pattern.strip("*/"):
        raise UsageError(f"{text!r}: that would be every file", "write at least a part of the name")
    if pattern.count("*") > _STARS:
        raise UsageError(f"{text[:80]!r}…: more than {_STARS} stars", "write a simpler pattern")
    if "\0" in pattern or "\n" in pattern:
        raise UsageError(
            f"{text!r}: no file is called so", "write one path, with * for any letters"
        )
    return PathIndicator(re.sub(r"\*+", "*", pattern))


def _is_escaped(text: str) -> bool:
    """Tell whether Python made all surrogates in a text of bytes."""
    return all("\udc80" <= letter <= "\udcff" for letter in text if "\ud800" <= letter <= "\udfff")


def _rule(kind: IndicatorKind, text: str) -> RuleIndicator:
    if not _RULE.fullmatch(text):
        raise UsageError(f"{text!r}: no rule's id", "write one as findings have it: aws-access-key")
    return RuleIndicator(kind, text)


def _forms(package: Package) -> Iterator[tuple[str, str]]:
    """Yield the names under which a package may be asked for, each with its version."""
    yield package.name, package.version
    if package.type in SYSTEM_TYPES:
        if package.source:
            yield package.source, _source_version(package)
        return
    # As its ecosystem's advisories write it: 2.0.0 for PyPI's 2.0.0+cpu.
    subject = subject_of(package, None)
    if subject is not None and subject.version != package.version:
        yield package.name, subject.version


def _source_version(package: Package) -> str:
    version = package.source_version or package.version
    epoch, colon, _ = package.version.partition(":")
    # The file name of a source rpm has no epoch; it is the binary's as far as anybody can tell.
    return (
        f"{epoch}:{version}" if package.type == "rpm" and colon and ":" not in version else version
    )


def _same(kind: str, wanted: str, name: str) -> bool:
    if wanted == name:
        return True
    normalise = _NORMALISE.get(kind)
    return normalise is not None and normalise(wanted) == normalise(name)


@dataclass(frozen=True, slots=True)
class NameSpan:
    """A name that stood for an image, and when."""

    name: str
    first_seen: str  # RFC 3339
    last_seen: str
    until: str  # when it came to mean another image, or none; empty while it means this one


@dataclass(frozen=True, slots=True, order=True)
class Seen:
    """Where in an image something was."""

    path: str  # from the root, without leading slash; "(environment)" and the like for secrets
    layer: str  # diff-id; empty where the image's layers are not known, or it is in none
    what: str = ""  # the package with its version, a digest, what a rule saw without the value


def in_words(places: Sequence[Seen], total: int) -> str:
    """Return one line that says where something is."""
    if not places:
        return ""
    said = " in ".join(filter(None, (places[0].what, places[0].path))) or places[0].layer
    return said if total == 1 else f"{said}, and {total - 1:,} more"
