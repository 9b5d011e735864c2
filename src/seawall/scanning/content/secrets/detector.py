"""Finds secrets: one pass of all patterns, then each place by itself.

The search only says where something may be; the rule's regular expression confirms it within a few
hundred bytes, so neither one long line nor hostile content makes it slow. Values never leave this
module: a hit tells their kind and length.
"""

import contextlib
import re
from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import hyperscan

from seawall.errors import LimitExceeded
from seawall.model import Finding, Kind, Severity, Urgency
from seawall.scanning.content.contract import Hit, Pattern, Place, Window
from seawall.scanning.content.searching import compiled
from seawall.scanning.content.secrets.judging import CHECKS, entropy, is_placeholder, is_published
from seawall.scanning.content.secrets.rule import Confidence, Rule, by_id, fingerprint, own_rules

PLACES = 5_000  # of one pattern in one window that are confirmed; each costs 2 to 200 µs
_ALL_PLACES = 5 * PLACES  # of all patterns
HITS = 100  # of one rule in one window; the last one says how many more there are
_NEAR = 1024  # bytes around a secret in which a rule's words are sought
_LINE = 4096  # bytes; text with longer lines was written by a program
_OVERLAP = 4 << 10  # what two windows of a large file share
_BINARY = 8 << 10  # bytes in which a NUL tells that content is no text
_COMPRESSED_FROM = 64 << 10  # bytes; smaller ones are not worth the question
_COMPRESSED = (
    *(b"\x1f\x8b", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"BZh", b"\x89PNG\r\n", b"\xff\xd8\xff"),
    *(b"wOFF", b"wOF2", b"GIF8", b"OggS", b"fLaC", b"7z\xbc\xaf\x27\x1c"),
)
_SHORT = 16  # characters; the length of a shorter secret is not told
_GRAM = 6  # characters; nothing is shown that shares so many with the secret
_GENERATED = re.compile(r"\.(?:map|min\.\w+|bundle\.\w+|chunk\.\w+|pyc|po|pot|mo)$")
# Where guesses are not worth making: documents, translations, tests, and others' packages.
_OTHERS = (
    r"(?:^|/)(?:site-packages|dist-packages|node_modules|gems|vendor|bower_components)/"
    r"|^usr/(?!local/|src/|app/)|^(?:s?bin|lib(?:32|64|x32)?)/|^go/pkg/mod/|/\.(?:cargo/registry|m2)/"
    r"|^usr/local/(?:lib/python[\d.]+|lib/node_modules|go|share|include|lib/ruby)/|^opt/conda/"
    r"|^var/lib/(?:dpkg|apt|rpm|pacman)/|(?:^|/)lib/python[\d.]+/"
)
_UNSURE = re.compile(
    rf"{_OTHERS}|\.(?:md|rst|adoc|html?|css|svg|po|pot|mo|\d(?:\.gz)?|lock|sum|txt\.gz|ipynb|d\.ts)$"
    r"|(?:^|/)(?:tests?|testing|specs?|__tests__|fixtures?|testdata|examples?|docs?|locales?|i18n|l10n|man)/"
    r"|(?:^|/)(?:package-lock\.json|yarn\.lock|pnpm-lock\.yaml)$|[._-](?:test|spec)\.\w+$|/test_\w+\.py$"
)
_PACKAGED = re.compile(_OTHERS)
_TEST_MATERIAL = re.compile(
    r"/(?:tests?|testing|specs?|__tests__|fixtures?|testdata|test[_-](?:data|certs|keys)|examples?"
    r"|samples?|demos?|benchmarks?|t|docs?|pki)/|^usr/share/doc/|^usr/share/man/|^usr/share/info/"
    r"|/(?:[\w.-]*[._-])?(?:tests?|examples?)(?:[._-][\w.-]*)?$|/(?:PKG-INFO|METADATA|README[\w.-]*)$|\.(?:md|rst)$"
)


@dataclass(frozen=True, slots=True)
class _Found:
    """A place where a rule is right."""

    number: int  # the rule's
    start: int  # of all that matched, in the window
    secret: tuple[int, int]
    value: bytes = field(repr=False)  # the secret itself: it must not go further than `look`
    shown: str
    is_cut: bool  # the neighbouring window shows it whole, and this one perhaps does not


class SecretsDetector:
    """Shows windows to all rules at once."""

    name = "secrets"
    reads_text = True

    def __init__(self, rules: Sequence[Rule] | None = None) -> None:
        """Use `rules`, the more specific one of two first; None: our own."""
        self._rules = tuple(own_rules() if rules is None else rules)
        self._by_id = by_id(self._rules)
        self.key = fingerprint(self._rules)
        finds: dict[bytes, list[int]] = {}
        for number, rule in enumerate(self._rules):
            finds.setdefault(rule.find, []).append(number)
        self._sharing = tuple(finds.values())  # the rules of each pattern
        self.patterns = tuple(map(Pattern, finds))
        self.rules = tuple(rule.id for rule in self._rules)

    def look(self, window: Window, places: Sequence[Place] | None) -> Iterator[Hit]:
        """Yield each secret once, at its first place.

        Raises:
            LimitExceeded: there are too many places to confirm; hits come before that.
        """
        data = window.data
        if len(data) >= _COMPRESSED_FROM and data.startswith(_COMPRESSED):
            return
        crowded: list[str] = []
        if places is None:
            places, crowded = self._crowded(window.path, data)
        if places:
            yield from self._hits(window, data, places)
        if crowded:
            reason = f"more than {PLACES:,} places to look at for secrets ({', '.join(crowded)})"
            raise LimitExceeded(reason, "look at the file, or keep it out of the image")

    @cached_property
    def _database(self) -> Any:
        return compiled(self.patterns)

    def _crowded(self, path: str, data: bytes) -> tuple[list[Place], list[str]]:
        """Return where to look in content that has very many places, and rules with too many.

        A pattern that is everywhere must not hide the others.
        """
        lowest = _lowest_confidence(path, _is_text(data))
        used = [any(_applies(self._rules[n], path, lowest) for n in s) for s in self._sharing]
        places: list[Place] = []
        count = [0] * len(self._sharing)

        def note(pattern: int, _start: int, end: int, _flags: int, _context: object) -> bool:
            count[pattern] += 1
            if used[pattern] and count[pattern] <= PLACES:
                places.append((pattern, end))
            return len(places) >= _ALL_PLACES

        with contextlib.suppress(hyperscan.ScanTerminated):
            self._database.scan(data, match_event_handler=note)
        crowded = [pattern for pattern, n in enumerate(count) if used[pattern] and n > PLACES]
        if len(places) >= _ALL_PLACES and not crowded:
            crowded = [max(range(len(count)), key=count.__getitem__)]
        return places, [self._rules[self._sharing[pattern][0]].id for pattern in crowded]

    def _hits(self, window: Window, data: bytes, places: Iterable[Place]) -> Iterator[Hit]:
        """Yield hits in the order of the content."""
        is_text = _is_text(data)
        found = _specific(self._confirmed(window, data, places, is_text), self._rules)
        first: dict[tuple[int, bytes], _Found] = {}
        for item in found:
            if not item.is_cut:
                first.setdefault((item.number, item.value), item)
        total = Counter(number for number, _ in first)
        told: Counter[int] = Counter()
        line, at = window.line, 0
        for item in first.values():
            told[item.number] += 1
            if told[item.number] > HITS:
                continue
            line, at = line + data.count(b"\n", at, item.start), item.start
            more = total[item.number] - HITS if told[item.number] == HITS else 0
            evidence = item.shown + (f", and {more:,} more like it" if more > 0 else "")
            yield Hit(self._rules[item.number].id, line if is_text else 0, evidence)

    def _confirmed(
        self, window: Window, data: bytes, places: Iterable[Place], is_text: bool
    ) -> Iterator[_Found]:
        lowest = _lowest_confidence(window.path, is_text)
        seen = [0] * len(self._rules)  # up to where each rule has judged
        for number, end in ((n, end) for find, end in places for n in self._sharing[find]):
            rule = self._rules[number]
            if end <= seen[number] or not _applies(rule, window.path, lowest):
                continue
            stop = min(len(data), end + rule.ahead)
            match = _around(rule, data, max(seen[number], end - rule.behind), end, stop)
            if match is None:
                continue
            seen[number] = match.end()
            if _is_secret(rule, match, data) and (
                rule.confidence is Confidence.CERTAIN or _is_written(match, data, window)
            ):
                yield _Found(
                    number,
                    match.start(),
                    match.span("secret"),
                    match["secret"],
                    redacted(match),
                    _is_cut(match, data, window),
                )

    def finding(self, hit: Hit, path: str, layer: str) -> Finding:
        """Return what a hit means, as its rule says.

        What an installed package brings as material for its tests is known to everybody: it is
        low, and says why.
        """
        rule = self._by_id[hit.rule]
        where = f", line {hit.line}" if hit.line else ""
        reason = f"{rule.title}: {hit.evidence}{where}"
        severity = rule.severity
        if _PACKAGED.search(path) and _TEST_MATERIAL.search(path):
            severity = Severity.LOW
            reason += "; it is test material or documentation of an installed package"
        return Finding(
            kind=Kind.SECRET,
            id=rule.id,
            severity=severity,
            urgency=_URGENCY[severity],
            reason=reason,
            layer=layer,
            path=path,
            title=rule.title,
            remedy=rule.remedy,
            line=hit.line,
            evidence=hit.evidence,
        )


_URGENCY = {
    Severity.CRITICAL: Urgency.NOW,
    Severity.HIGH: Urgency.NOW,
    Severity.MEDIUM: Urgency.SOON,
    Severity.LOW: Urgency.WATCH,
    Severity.UNKNOWN: Urgency.WATCH,
}


def _is_text(data: bytes) -> bool:
    return b"\0" not in data[:_BINARY]


def _applies(rule: Rule, path: str, lowest: Confidence) -> bool:
    return rule.confidence >= lowest and not (rule.paths and not rule.paths.search(path))


def _around(rule: Rule, data: bytes, start: int, end: int, stop: int) -> re.Match[bytes] | None:
    """Return the match that `end` lies in, if there is one between `start` and `stop`."""
    if rule.head:
        at = data.rfind(rule.head, start, end)
        match = rule.regex.match(data, at, stop) if at >= 0 else None
        return match if match and match.end() >= end else None
    for match in rule.regex.finditer(data, start, stop):
        if match.start() >= end:
            break
        if match.end() >= end:
            return match
    return None


def _is_cut(match: re.Match[bytes], data: bytes, window: Window) -> bool:
    """Tell whether the neighbouring window shows this whole, and this one perhaps does not."""
    if window.is_whole:
        return False
    more = window.offset + len(data) < window.size
    return (window.offset > 0 and match.start() == 0) or (
        more and match.end() == len(data) and match.start() >= len(data) - _OVERLAP
    )


def _is_secret(rule: Rule, match: re.Match[bytes], data: bytes) -> bool:
    value = match["secret"]
    if rule.check and not CHECKS[rule.check](match):
        return False
    if entropy(value) < rule.entropy or is_published(value):
        return False
    if rule.entropy and is_placeholder(value):
        return False
    if not rule.near:
        return True
    start, end = match.span()
    around = data[max(0, start - _NEAR) : end + _NEAR].lower()
    return any(word in around for word in rule.near)


def _is_written(match: re.Match[bytes], data: bytes, window: Window) -> bool:
    """Tell whether the line was written by a person, or by the image's configuration."""
    if window.path.startswith("("):
        return True
    start, end = match.span()
    left = data.rfind(b"\n", max(0, start - _LINE), start)
    right = data.find(b"\n", end, end + _LINE)
    begins = left if left >= 0 else max(0, start - _LINE)
    ends = right if right >= 0 else min(len(data), end + _LINE)
    return ends - begins < _LINE + (end - start)


def _lowest_confidence(path: str, is_text: bool) -> Confidence:
    """Return how sure a rule must be to be used in a file."""
    if not is_text or _GENERATED.search(path):
        return Confidence.CERTAIN
    return Confidence.LIKELY if _UNSURE.search(path) else Confidence.GUESS


def _specific(found: Iterable[_Found], rules: Sequence[Rule]) -> list[_Found]:
    """Return what is left when of overlapping secrets the surest, then first rule's is kept."""
    starts: list[int] = []
    kept: list[_Found] = []
    for item in sorted(found, key=lambda f: (-rules[f.number].confidence, f.number, f.start)):
        at = bisect(starts, item.secret[0])
        free = (at == 0 or kept[at - 1].secret[1] <= item.secret[0]) and (
            at == len(kept) or item.secret[1] <= kept[at].secret[0]
        )
        if free:
            starts.insert(at, item.secret[0])
            kept.insert(at, item)
    return sorted(kept, key=lambda item: item.start)


def redacted(match: re.Match[bytes]) -> str:
    """Return kind and length of a secret: what comes out depends on no character of it.

    But for this: what may be shown is not, where it shares six characters with the secret.
    """
    groups, secret = match.groupdict(), match["secret"]
    label, sign = (groups.get("public") or b"").decode("ascii", "replace"), ""
    length = len(label) + len(secret)
    if groups.get("name"):
        label, sign, length = groups["name"].decode("ascii", "replace"), "=", len(secret)
    if not label.isprintable() or _shares(label.lower(), secret.decode("latin-1").lower()):
        label = sign = ""
    size = f"({length:,} characters)" if len(secret) >= _SHORT else ""
    return f"{label}{sign}…{size}"


def _shares(shown: str, secret: str) -> bool:
    return any(shown[at : at + _GRAM] in secret for at in range(len(shown) - _GRAM + 1))
