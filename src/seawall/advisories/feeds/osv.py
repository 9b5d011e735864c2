"""OSV records (https://ossf.github.io/osv-schema/, version 1.7).

Only facts that matching and reports need are taken. Records are data from outside: a record that
breaks the schema is reported and skipped, a range that cannot be compared is kept as such.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from seawall.advisories.ecosystems import ECOSYSTEMS
from seawall.errors import BadFeed, VersionSyntaxError
from seawall.model import Advisory, FixState, Range, Severity
from seawall.versions import after, key

_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
# What feeds put in front of a CVE to make an id of their own of it.
_PREFIXED = re.compile(r"(?:DEBIAN|UBUNTU|ALPINE|BELL|ECHO)-(CVE-[0-9]{4}-[0-9]{4,})")
MALICIOUS = "MAL-"  # ids of packages that are hostile as such, not flawed
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

    def key(self, version: str) -> bytes:
        return self.keys(self.scheme, version)

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
    for item in affected:
        package = item.get("package")
        if not isinstance(package, dict) or not _is_text(package.get("name")):
            continue
        release = _text(package.get("ecosystem"))
        ecosystem = ECOSYSTEMS.get(release.partition(":")[0])
        if ecosystem is not None and ecosystem.name == feed:
            product = ecosystem.normalise(_text(package["name"]))
            place = _Product(ecosystem.scheme, release, product, _debian_state(item), keys)
            _affected(parsed, item, place)
    return parsed


def _affected(parsed: Parsed, item: dict[str, Any], product: _Product) -> None:
    """Add the ranges and versions of one affected package."""
    earlier = len(parsed.intervals)
    for entry in _list(item, "ranges"):
        if not isinstance(entry, dict) or entry.get("type") not in ("ECOSYSTEM", "SEMVER"):
            continue  # GIT ranges speak of commits
        events = [event for event in _list(entry, "events") if isinstance(event, dict)]
        try:
            parsed.intervals.extend(_intervals(events, product))
        except VersionSyntaxError as error:
            text = _text(" ".join(f"{k} {v}" for event in events for k, v in event.items())[:200])
            parsed.unparsable.append(
                Unparsable(product.release, product.name, text, str(error), False)
            )
    ranges = parsed.intervals[earlier:][:_COMPARED]
    listed: set[bytes] = set()
    for version in _texts(item, "versions"):
        try:
            low = product.key(version)
        except VersionSyntaxError as error:
            parsed.unparsable.append(
                Unparsable(product.release, product.name, version, str(error), True)
            )
            continue
        if low not in listed and not any(_covers(known, low) for known in ranges):
            listed.add(low)
            exact = product.range(version, last=version)
            parsed.intervals.append(Interval(exact, low, after(low)))


def _covers(interval: Interval, version: bytes) -> bool:
    return interval.low <= version and (interval.high is None or version < interval.high)


def _intervals(events: list[dict[str, Any]], product: _Product) -> Iterator[Interval]:
    """Yield the affected intervals between the events, which may stand in any order.

    ``fixed`` ends an interval before its version, ``last_affected`` right after it; beyond the
    highest ``limit`` nothing is said. An interval that ends where it begins (``introduced 0,
    fixed 0``) says "not affected"; one that ends where another begins does not end that other.
    """
    places: dict[bytes, dict[str, str]] = {}
    limits: list[bytes | None] = []
    for event in events:
        for what, version in event.items():
            if what not in _EVENTS:
                continue
            if not isinstance(version, str):
                raise VersionSyntaxError(f"{version!r} is no version")
            if what == "limit":
                limits.append(None if version == "*" else product.key(version))
                continue
            first = version == "0" and what != "last_affected"
            place = b"" if first else product.key(version)
            places.setdefault(place, {}).setdefault(what, version)
    known = [limit for limit in limits if limit is not None]
    limit = max(known) if known and len(known) == len(limits) else None
    opened: tuple[bytes, str] | None = None
    for place, said in sorted(places.items()):
        begin = (place, said["introduced"]) if "introduced" in said else None
        if opened is None and begin and "fixed" in said:
            none = product.range(begin[1], said["fixed"], state=FixState.NOT_AFFECTED)
            yield Interval(none, place, place)
        elif "fixed" not in said and "last_affected" not in said:
            opened = opened or begin
        else:
            if start := opened or begin:
                yield from _interval(product, start, place, limit, said)
            opened = begin if opened else None
    if opened and (limit is None or opened[0] < limit):
        yield Interval(product.range(opened[1]), opened[0], limit)


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
    end = after(place) if last else place
    high = end if limit is None else min(end, limit)
    if high <= low:
        return
    if last:
        yield Interval(product.range(introduced, last=last), low, high)
        return
    # "Unimportant" holds on, also when a later upload happens to fix the flaw.
    holds = product.state is FixState.WILL_NOT_FIX
    state = product.state if holds else FixState.FIXED
    yield Interval(product.range(introduced, said["fixed"], state=state), low, high)


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
    for form in ("CVSS_V3", "CVSS_V4", "CVSS_V2"):
        scores = [
            score
            for rating in ratings
            if rating.get("type") == form
            and (score := base_score(form, _text(rating.get("score")))) is not None
        ]
        if scores:
            return severity_of(max(scores)), max(scores)
    words = [_text(rating.get("score")) for rating in ratings if rating.get("type") == "Ubuntu"]
    for specific in (
        record.get("database_specific"),
        *(i.get("ecosystem_specific") for i in affected),
    ):
        if isinstance(specific, dict):
            words += [_text(specific.get("severity")), _text(specific.get("urgency"))]
    found = [_WORDS[word] for text in words if (word := text.strip("*").lower()) in _WORDS]
    return max(found, default=Severity.UNKNOWN), None


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
