"""OSV records (https://ossf.github.io/osv-schema/, version 1.7).

Only facts that matching and reports need are taken. Records are data from outside: a record that
breaks the schema is reported and skipped, a range that cannot be compared is kept as such.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cmp_to_key
from typing import Any

from seawall.advisories.ecosystems import ECOSYSTEMS
from seawall.errors import BadFeed, VersionSyntaxError
from seawall.model import Advisory, FixState, Range, Severity
from seawall.versions import after, compare, is_exact, key

_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
# What feeds put in front of a CVE to make an id of their own of it.
_PREFIXED = re.compile(
    r"(?:DEBIAN|UBUNTU|ALPINE|BELL|ECHO|MINI|CLEANSTART)-(CVE-[0-9]{4}-[0-9]{4,})"
)
# Errata that mend faults or bring something new; only those that name a CVE are about security.
_NO_SECURITY = re.compile(r"(?:ALBA|ALEA|RHBA|RHEA|RLBA|RLEA|MGAA|SUSE-(?:RU|FU|OU))\b.*")
# How errata begin their summary: "Important: nodejs:18 security update".
_RATED = re.compile(r"(Critical|Important|Moderate|Low): ")
_MODULE = re.compile(r"(?<![\w:/.-])[A-Za-z0-9][\w.+-]*:[A-Za-z0-9][\w.+-]*")
_MODULAR = ".module"  # in the release of an rpm that was built in a module
_DIST = re.compile(r"\.(?:module[_+])?el[0-9].*")
_ESM = re.compile(r"[+~]esm[0-9]")
_SUSE_PAID = re.compile(r"SUSE:.*?-(LTSS|ESPOS)\b.*")
MALICIOUS = "MAL-"  # ids of packages that are hostile as such, not flawed
_CVSS = ("CVSS_V3", "CVSS_V4", "CVSS_V2")
_EVENTS = ("introduced", "fixed", "last_affected", "limit")
_WORDS = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "important": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "moderate": Severity.MEDIUM,
    "low": Severity.LOW,
    "negligible": Severity.LOW,
    "minor": Severity.LOW,
}
_DEBIAN_STATES = {
    "unimportant": FixState.WILL_NOT_FIX,
    "end-of-life": FixState.END_OF_LIFE,
}
_SUMMARY = 200  # characters
_COMPARED = 1000  # ranges of a record that its list of versions is compared with


@dataclass(frozen=True, slots=True)
class Interval:
    """A `Range` as bytes: versions with ``low <= key < high``; `high` None is open."""

    range: Range
    low: bytes
    high: bytes | None
    # It is about builds of these rpm modules ("nodejs:18", several with a space between them), or
    # of one that the record does not name ("*"); empty: about builds outside of modules.
    module: str = ""
    channel: str = ""  # only who pays for this source has the fix: "esm-apps", "ltss"
    notice: str = ""  # why it is no flaw by itself: "unmaintained"; empty: it is one


@dataclass(frozen=True, slots=True)
class Unparsable:
    """A version in an advisory that its scheme does not allow."""

    ecosystem: str
    name: str
    text: str
    reason: str
    is_exact: bool  # from a list of affected versions, so it can be compared as text


@dataclass(slots=True)
class Parsed:
    """One record: the advisory, its comparable ranges, and what cannot be compared."""

    advisory: Advisory
    intervals: list[Interval] = field(default_factory=list)
    unparsable: list[Unparsable] = field(default_factory=list)


class Keys:
    """Version keys with a memory: lists of affected versions repeat the same ones for ever."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], bytes | VersionSyntaxError] = {}

    def __call__(self, scheme: str, version: str) -> bytes:
        """Return the key; `VersionSyntaxError` as `seawall.versions.key` raises it."""
        found = self._known.get((scheme, version))
        if found is None:
            try:
                found = key(scheme, version)
            except VersionSyntaxError as error:
                found = error
            self._known[scheme, version] = found
        if isinstance(found, VersionSyntaxError):
            raise found
        return found


@dataclass(frozen=True, slots=True)
class _Product:
    """Whose versions a part of a record speaks of, and what is said of all of them."""

    scheme: str
    release: str
    name: str
    state: FixState
    keys: Keys
    modules: str = ""  # that the record names
    channel: str = ""
    notice: str = ""

    def key(self, version: str) -> bytes:
        return self.keys(self.scheme, version)

    def interval(self, limits: Range, low: bytes, high: bytes | None) -> Interval:
        modular = self.scheme == "rpm" and _MODULAR in limits.fixed
        channel = self.channel or ("esm" if _ESM.search(limits.fixed) else "")
        return Interval(
            limits, low, high, (self.modules or "*") if modular else "", channel, self.notice
        )

    def range(
        self, introduced: str, fixed: str = "", last: str = "", state: FixState | None = None
    ) -> Range:
        return Range(self.release, self.name, introduced, fixed, last, state or self.state)


def parse(record: object, feed: str, keys: Keys) -> Parsed:
    """Return what a record of the directory `feed` says of the ecosystem of that name.

    A record that speaks of several ecosystems stands in the directory of each, so each directory
    contributes its own part.

    Raises:
        BadFeed: the record has no id, no modification date or a form of its own.
    """
    if not isinstance(record, dict) or not _is_text(record.get("id")):
        raise BadFeed("a record without an id")
    name = _text(record["id"])
    if not _is_text(record.get("modified")):
        raise BadFeed(f"{name}: no modification date")
    affected = [item for item in _list(record, "affected") if isinstance(item, dict)]
    aliases, upstream = _names(record, "aliases"), _names(record, "upstream")
    if prefixed := _PREFIXED.fullmatch(name):
        upstream.append(prefixed[1])
    if not aliases and not upstream:
        # Only here "related" means "what this repeats"; elsewhere it names other flaws.
        upstream = [text for text in _names(record, "related") if _CVE.fullmatch(text)]
    severity, score = _severity(record, affected)
    if severity is Severity.UNKNOWN and name.startswith(MALICIOUS):
        severity = Severity.CRITICAL  # nobody rates these, and all of them are meant to harm
    advisory = Advisory(
        id=name,
        modified=_text(record["modified"]),
        published=_text(record.get("published")),
        withdrawn=_text(record.get("withdrawn")),
        aliases=tuple(dict.fromkeys(aliases)),
        upstream=tuple(dict.fromkeys(upstream)),
        severity=severity,
        score=score,
        summary=_summary(record),
    )
    parsed = Parsed(advisory)
    flaws = (*aliases, *upstream)
    if _NO_SECURITY.fullmatch(name) and not any(_CVE.fullmatch(flaw) for flaw in flaws):
        return parsed
    modules = " ".join(_MODULE.findall(_RATED.sub("", _text(record.get("summary")), count=1)))
    for item in affected:
        package = item.get("package")
        if not isinstance(package, dict) or not _is_text(package.get("name")):
            continue
        release = _text(package.get("ecosystem"))
        ecosystem = ECOSYSTEMS.get(release.partition(":")[0])
        if ecosystem is not None and ecosystem.name == feed:
            place = _Product(
                ecosystem.scheme,
                release,
                ecosystem.normalise(_text(package["name"])),
                _debian_state(item),
                keys,
                modules,
                _channel(release, package, item),
                _notice(record, item),
            )
            _affected(parsed, item, place)
    parsed.intervals = list(dict.fromkeys(parsed.intervals))
    if len(parsed.intervals) > 1 and ECOSYSTEMS[feed].scheme == "rpm":
        parsed.intervals = _lowest_builds(parsed.intervals)
    return parsed


def _channel(release: str, package: Mapping[str, Any], item: Mapping[str, Any]) -> str:
    """Return which paid source the fix comes from; empty for the usual one.

    Ubuntu names it in the package-url (``distro=esm-infra/xenial``) and says in words what it
    takes (``availability``); SUSE has releases of its own for it (``15 SP5-LTSS``).
    """
    if paid := _SUSE_PAID.fullmatch(release):
        return paid[1].lower()
    if release.startswith("Ubuntu:Pro:FIPS"):
        return "fips"
    if "Realtime" in release:
        return "realtime-kernel"
    specific = item.get("ecosystem_specific")
    words = _text(specific.get("availability")) if isinstance(specific, dict) else ""
    if release.startswith("Ubuntu:Pro:") or (release[:7] == "Ubuntu:" and "Ubuntu Pro" in words):
        source = re.search(r"[?&]distro=(esm-[a-z-]+)/", _text(package.get("purl")))
        if source:
            return source[1]
        return "esm-infra" if "Infra-only" in words else "esm"
    return ""


def _notice(record: Mapping[str, Any], item: Mapping[str, Any]) -> str:
    """Return what RustSec ("unmaintained", "unsound", "notice") or Go ("unreviewed") restricts."""
    specific = item.get("database_specific")
    if isinstance(specific, dict) and (kind := _text(specific.get("informational"))):
        return kind
    specific = record.get("database_specific")
    if isinstance(specific, dict) and _text(specific.get("review_status")) == "UNREVIEWED":
        return "unreviewed"
    return ""


def _lowest_builds(intervals: list[Interval]) -> list[Interval]:
    """Return the intervals, of several builds of one fixed version only the lowest.

    AlmaLinux names the build of each minor release (``…module_el8.4.0``, ``…module_el8.5.0``): who
    has the first one has the fix.
    """
    lowest: dict[tuple[str, str, str, str], Interval] = {}
    for interval in intervals:
        limits = interval.range
        source = _DIST.sub("", limits.fixed) if limits.fixed else repr(interval)
        place = (limits.ecosystem, limits.name, limits.introduced, source)
        known = lowest.get(place)
        if known is None or (interval.high or b"") < (known.high or b""):
            lowest[place] = interval
    return list(lowest.values())


def _ranges(item: Mapping[str, Any]) -> list[Any]:
    """Return the ranges of versions; Go's own where its module versions tell no end.

    A module whose tags are not what the go command wants has only pseudo-versions: its range is
    open, and ``custom_ranges`` has the versions its authors count by.
    """
    found = [
        entry
        for entry in _list(item, "ranges")
        if isinstance(entry, dict) and entry.get("type") in ("ECOSYSTEM", "SEMVER")
    ]  # GIT ranges speak of commits
    specific = item.get("ecosystem_specific")
    custom = _list(specific, "custom_ranges") if isinstance(specific, dict) else []
    if custom and all(_list(entry, "events") == [{"introduced": "0"}] for entry in found):
        return [entry for entry in custom if isinstance(entry, dict)]
    return found


def _affected(parsed: Parsed, item: dict[str, Any], product: _Product) -> None:
    """Add the ranges and versions of one affected package."""
    earlier = len(parsed.intervals)
    for entry in _ranges(item):
        events = [event for event in _list(entry, "events") if isinstance(event, dict)]
        try:
            parsed.intervals.extend(_intervals(events, product))
        except VersionSyntaxError as error:
            text = _text(" ".join(f"{k} {v}" for event in events for k, v in event.items())[:200])
            parsed.unparsable.append(
                Unparsable(product.release, product.name, text, str(error), False)
            )
    ranges = parsed.intervals[earlier:][:_COMPARED]
    listed: set[bytes | str] = set()
    for version in _texts(item, "versions"):
        try:
            low = product.key(version)
        except VersionSyntaxError as error:
            parsed.unparsable.append(
                Unparsable(product.release, product.name, version, str(error), True)
            )
            continue
        known = version if not is_exact(product.scheme) else low
        if known in listed or any(contains(r, product.scheme, low, version) for r in ranges):
            continue
        listed.add(known)
        exact = product.range(version, last=version)
        parsed.intervals.append(product.interval(exact, low, after(low)))


def contains(interval: Interval, scheme: str, place: bytes, version: str) -> bool:
    """Tell whether a version lies in an interval; `place` is its key.

    Where keys say less than the scheme's order (Maven), the texts decide what the keys let through.
    """
    if not (interval.low <= place and (interval.high is None or place < interval.high)):
        return False
    if is_exact(scheme):
        return True
    limits = interval.range
    try:
        if limits.introduced != "0" and compare(scheme, version, limits.introduced) < 0:
            return False
        if limits.fixed:
            return compare(scheme, version, limits.fixed) < 0
        return not limits.last_affected or compare(scheme, version, limits.last_affected) <= 0
    except VersionSyntaxError:
        return True  # a limit that only the key could be made of does not exist: be loud


@dataclass(slots=True)
class _Place:
    """One place in the order of versions, and what events say of it."""

    key: bytes
    said: dict[str, str]


def _places(events: list[tuple[str, str]], product: _Product) -> list[_Place]:
    """Return the places that events name, lowest first; ``0`` is below every version."""
    bottom = _Place(b"", {})
    if is_exact(product.scheme):
        places = {b"": bottom}
        for what, version in events:
            at = b"" if version == "0" and what != "last_affected" else product.key(version)
            places.setdefault(at, _Place(at, {})).said.setdefault(what, version)
        return [place for _, place in sorted(places.items()) if place.said]
    by_version: dict[str, _Place] = {}
    for what, version in events:
        place = bottom
        if version != "0" or what == "last_affected":
            place = by_version.setdefault(version, _Place(product.key(version), {}))
        place.said.setdefault(what, version)

    def order(one: str, other: str) -> int:
        return compare(product.scheme, one, other)

    ordered = (by_version[version] for version in sorted(by_version, key=cmp_to_key(order)))
    return [place for place in (bottom, *ordered) if place.said]


def _intervals(events: list[dict[str, Any]], product: _Product) -> Iterator[Interval]:
    """Yield the affected intervals between the events, which may stand in any order.

    ``fixed`` ends an interval before its version, ``last_affected`` right after it; beyond the
    highest ``limit`` nothing is said. An interval that ends where it begins (``introduced 0,
    fixed 0``) says "not affected"; one that ends where another begins does not end that other.
    """
    named: list[tuple[str, str]] = []
    limits: list[bytes | None] = []
    for event in events:
        for what, version in event.items():
            if what not in _EVENTS:
                continue
            if not isinstance(version, str):
                raise VersionSyntaxError(f"{version!r} is no version")
            if what == "limit":
                limits.append(None if version == "*" else product.key(version))
            else:
                named.append((what, version))
    known = [limit for limit in limits if limit is not None]
    limit = max(known) if known and len(known) == len(limits) else None
    opened: tuple[bytes, str] | None = None
    for place in _places(named, product):
        said = place.said
        begin = (place.key, said["introduced"]) if "introduced" in said else None
        if opened is None and begin and "fixed" in said:
            none = product.range(begin[1], said["fixed"], state=FixState.NOT_AFFECTED)
            yield product.interval(none, place.key, place.key)
        elif "fixed" not in said and "last_affected" not in said:
            opened = opened or begin
        else:
            if start := opened or begin:
                yield from _interval(product, start, place.key, limit, said)
            opened = begin if opened else None
    if opened and (limit is None or opened[0] < limit):
        yield product.interval(product.range(opened[1]), opened[0], limit)


def _interval(
    product: _Product,
    opened: tuple[bytes, str],
    place: bytes,
    limit: bytes | None,
    said: Mapping[str, str],
) -> Iterator[Interval]:
    """Yield the interval that ends at `place`, where the events `said` happen."""
    low, introduced = opened
    last = said["last_affected"] if "fixed" not in said else ""
    # A key that tells less than the order may be that of a lower version, too.
    end = after(place) if last or not is_exact(product.scheme) else place
    high = end if limit is None else min(end, limit)
    if high <= low:
        return
    if last:
        yield product.interval(product.range(introduced, last=last), low, high)
        return
    # "Unimportant" holds on, also when a later upload happens to fix the flaw.
    holds = product.state is FixState.WILL_NOT_FIX
    state = product.state if holds else FixState.FIXED
    limits = product.range(introduced, said["fixed"], state=state)
    yield product.interval(limits, low, high)


def _debian_state(item: Mapping[str, Any]) -> FixState:
    """Return what Debian's urgency says of a flaw without a fix."""
    for place in ("ecosystem_specific", "database_specific"):
        specific = item.get(place)
        if isinstance(specific, dict):
            state = _DEBIAN_STATES.get(_text(specific.get("urgency")).strip("*").lower())
            if state:
                return state
    return FixState.UNFIXED


def _severity(
    record: Mapping[str, Any], affected: list[dict[str, Any]]
) -> tuple[Severity, float | None]:
    """Return the severity and base score: from a CVSS vector, else from a word.

    CVSS 3 comes first because most records have it, so scores stay comparable.
    """
    ratings = [item for item in _list(record, "severity") if isinstance(item, dict)]
    for item in affected:
        ratings += [rating for rating in _list(item, "severity") if isinstance(rating, dict)]
    for form in _CVSS:
        scores = [
            score
            for rating in ratings
            if rating.get("type") == form
            and (score := base_score(form, _text(rating.get("score")))) is not None
        ]
        if scores:
            return severity_of(max(scores)), max(scores)
    specifics = [record.get("database_specific")]
    specifics += [
        i.get(where) for i in affected for where in ("ecosystem_specific", "database_specific")
    ]
    known = [specific for specific in specifics if isinstance(specific, dict)]
    bare = [s for k in known if (s := _number(k.get("cvss_v3_score"))) is not None]
    if bare:
        return severity_of(max(bare)), max(bare)
    # "Ubuntu", "Red Hat" and others rate in words.
    words = [_text(rating.get("score")) for rating in ratings if rating.get("type") not in _CVSS]
    for specific in known:
        words += [_text(specific.get("severity")), _text(specific.get("urgency"))]
    if rated := _RATED.match(_text(record.get("summary"))):
        words.append(rated[1])
    found = [_WORDS[word] for text in words if (word := text.strip("*").lower()) in _WORDS]
    return max(found, default=Severity.UNKNOWN), None


def _number(value: object) -> float | None:
    """Return a base score that a feed gives without its vector; None for anything else."""
    text = str(value) if isinstance(value, int | float | str) else ""
    if not re.fullmatch(r"[0-9]{1,2}(?:\.[0-9]{1,4})?", text):
        return None
    return score if 0 < (score := float(text)) <= 10 else None


def base_score(form: str, vector: str) -> float | None:
    """Return the base score of a CVSS vector; None where it is malformed."""
    import cvss  # noqa: PLC0415 - only an import of advisories needs it, never a scan

    try:
        match form:
            case "CVSS_V2":
                return float(cvss.CVSS2(vector).scores()[0])
            case "CVSS_V3":
                return float(cvss.CVSS3(vector).scores()[0])
            case "CVSS_V4":
                return float(cvss.CVSS4(vector).base_score)
            case _:
                return None
    except (cvss.CVSSError, ValueError, TypeError, ArithmeticError, LookupError, AttributeError):
        return None


def severity_of(score: float) -> Severity:
    """Return the word for a score (CVSS 3.1, section 5); 0 is low, as something was published."""
    if score >= 9:
        return Severity.CRITICAL
    if score >= 7:
        return Severity.HIGH
    if score >= 4:
        return Severity.MEDIUM
    return Severity.LOW


def _summary(record: Mapping[str, Any]) -> str:
    text = _text(record.get("summary")) or _text(record.get("details"))
    line = " ".join(text.split())
    return line if len(line) <= _SUMMARY else line[: _SUMMARY - 1].rstrip() + "…"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _text(value: object) -> str:
    """Return text that can be stored: JSON can spell halves of characters, a database cannot."""
    if not isinstance(value, str):
        return ""
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")


def _list(mapping: Mapping[str, Any], name: str) -> list[Any]:
    value = mapping.get(name)
    return value if isinstance(value, list) else []


def _texts(mapping: Mapping[str, Any], name: str) -> list[str]:
    return [_text(item) for item in _list(mapping, name) if _is_text(item)]


def _names(mapping: Mapping[str, Any], name: str) -> list[str]:
    """Return names of flaws; the CVE itself where a feed made a name of its own of it."""
    words = [word for text in _texts(mapping, name) for word in text.split()]
    return [prefixed[1] if (prefixed := _PREFIXED.fullmatch(word)) else word for word in words]
