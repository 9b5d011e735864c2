"""A detector for tests of what surrounds detectors; the real ones have tests of their own."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from seawall.errors import LimitExceeded
from seawall.model import Finding, Kind, Severity, Urgency
from seawall.scanning.content.contract import Hit, Pattern, Place, Window


@dataclass
class Words:
    """Finds the word TOKEN with its number, and refuses the word SLOW."""

    kind: Kind = Kind.SECRET
    name: str = "words"
    key: str = "1"
    reads_text: bool = True
    seen: list[tuple[str, int, int]] = field(default_factory=list)  # path, offset, length

    patterns: tuple[Pattern, ...] = ()
    rules: tuple[str, ...] = ("word",)

    def look(self, window: Window, _places: Sequence[Place] | None) -> Iterator[Hit]:
        self.seen.append((window.path, window.offset, len(window.data)))
        if b"SLOW" in window.data:
            raise LimitExceeded("too slow (words)")
        for found in re.finditer(rb"TOKEN\d+", window.data):
            line = window.line + window.data.count(b"\n", 0, found.start())
            yield Hit("word", line, found[0].decode())

    def finding(self, hit: Hit, path: str, layer: str) -> Finding:
        return Finding(
            kind=self.kind,
            id=hit.rule,
            severity=Severity.HIGH,
            urgency=Urgency.NOW,
            reason=hit.evidence,
            layer=layer,
            path=path,
            line=hit.line,
        )
