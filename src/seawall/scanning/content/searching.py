"""One pass over content for the patterns of all detectors; each then looks only where one occurs.

The engine is Hyperscan in block mode. It searches without Python's lock and costs little for each
byte, much for each call: small files are searched many at a time. Compiling takes half a second,
so what was compiled can be kept.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from importlib.metadata import version
from itertools import accumulate
from typing import Any

import hyperscan

from seawall.errors import LimitExceeded
from seawall.inventory import LayerCache
from seawall.scanning.content.contract import Detector, Hit, Pattern, Place, Window

_PLACES = 5_000  # in one content that are told
_KEPT = "patterns"
_LOOKED_AT = 256  # bytes that tell whether text has two bytes a character
_SHORTEST = 16


class Search:
    """Finds where patterns end in contents."""

    def __init__(self, patterns: Sequence[Pattern], kept: LayerCache | None = None) -> None:
        self._engine: Any = compiled(patterns, kept) if patterns else None

    def places(self, contents: Sequence[bytes]) -> Sequence[list[Place] | None]:
        """Return the places in each content, by their ends; None where there are too many.

        Contents are searched as one, so there may be a few places too many at their edges.
        """
        if self._engine is None:
            return [[] for _ in contents]
        if len(contents) == 1:
            return [self._of_one(contents[0])]
        found: list[Place] = []
        if not self._scan(b"\n".join(contents), found):
            return [self._of_one(content) for content in contents]
        places: list[list[Place]] = [[] for _ in contents]
        bounds = list(accumulate(len(content) + 1 for content in contents)) if found else []
        for pattern, end in found:
            number = bisect_left(bounds, end)
            size = len(contents[number])
            places[number].append((pattern, min(end - bounds[number] + size + 1, size)))
        return places

    def _of_one(self, content: bytes) -> list[Place] | None:
        found: list[Place] = []
        return found if self._scan(content, found) else None

    def _scan(self, content: bytes, found: list[Place]) -> bool:
        """Add the places in `content`; return whether these are all."""

        def note(pattern: int, _start: int, end: int, _flags: int, _context: object) -> bool:
            found.append((pattern, end))
            return len(found) >= _PLACES

        try:
            self._engine.scan(content, match_event_handler=note)
        except hyperscan.ScanTerminated:
            return False
        return True


def compiled(patterns: Sequence[Pattern], kept: LayerCache | None = None) -> Any:
    """Return the engine's database, whose ids are the numbers of the patterns."""
    key = hashlib.sha256(repr([version("hyperscan"), *patterns]).encode()).hexdigest()
    if kept is not None and (data := kept.get(_KEPT, key)) is not None:
        try:
            # It is refused where it is damaged or of another version or processor; that nobody else
            # wrote it is for the cache to see to.
            database = hyperscan.loadb(data, hyperscan.HS_MODE_BLOCK)
            database.scratch = hyperscan.Scratch(database)
            return database
        except hyperscan.HyperscanError:
            pass  # of another machine: as good as absent
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[pattern.expression for pattern in patterns],
        ids=list(range(len(patterns))),
        flags=[
            # Many contents are searched as one, so the start of one is but the start of a line.
            hyperscan.HS_FLAG_MULTILINE | (hyperscan.HS_FLAG_CASELESS if p.ignores_case else 0)
            for p in patterns
        ],
    )
    if kept is not None:
        kept.put(_KEPT, key, hyperscan.dumpb(database))
    return database


class Looking:
    """All detectors, and one search for them."""

    def __init__(self, detectors: Sequence[Detector], kept: LayerCache | None = None) -> None:
        self.detectors = tuple(detectors)
        patterns: list[Pattern] = []
        self._of: list[tuple[int, int]] = []  # pattern → number of its detector, and there
        for number, detector in enumerate(self.detectors):
            patterns += detector.patterns
            self._of += [(number, at) for at in range(len(detector.patterns))]
        self._search = Search(patterns, kept)
        self._eager = [n for n, detector in enumerate(self.detectors) if not detector.patterns]

    def look(
        self, windows: Sequence[Window]
    ) -> Iterator[tuple[int, Detector, Hit | LimitExceeded]]:
        """Yield what detectors say, each with the number of the window.

        A `LimitExceeded` ends what one detector says of one window.
        """
        forms: list[tuple[int, Window, bool]] = []
        for number, window in enumerate(windows):
            forms.append((number, window, False))
            if (text := _as_text(window)) is not None:
                forms.append((number, text, True))
        found = self._search.places([form.data for _, form, _ in forms])
        for (number, form, is_text), places in zip(forms, found, strict=True):
            if places or places is None or self._eager:
                for detector, said in self._look(form, places, is_text):
                    yield number, detector, said

    def _look(
        self, window: Window, places: Iterable[Place] | None, is_text: bool
    ) -> Iterator[tuple[Detector, Hit | LimitExceeded]]:
        asked: dict[int, list[Place] | None]
        if places is None:
            asked = dict.fromkeys(range(len(self.detectors)))
        else:
            asked = {number: [] for number in self._eager}
            for pattern, end in places:
                number, own = self._of[pattern]
                mine = asked.setdefault(number, [])
                if mine is not None:  # never
                    mine.append((own, end))
        for number, its in sorted(asked.items()):
            detector = self.detectors[number]
            if is_text and not detector.reads_text:
                continue
            try:
                for hit in detector.look(window, its):
                    yield detector, hit
            except LimitExceeded as error:
                yield detector, error


def _as_text(window: Window) -> Window | None:
    """Return text with two bytes a character in UTF-8, without its mark; None for other content."""
    encoding = _wide(window.data)
    if not encoding:
        return None
    text = window.data.decode(encoding, "replace").removeprefix("\ufeff")
    data = text.encode("utf-8", "replace")
    is_last = window.offset + len(window.data) == window.size
    return replace(window, data=data, size=window.offset + len(data) if is_last else window.size)


def _wide(data: bytes) -> str:
    """Return the UTF-16 encoding that `data` seems to have, by its mark or by its zeros."""
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark):
            return encoding
    start = data[:_LOOKED_AT]
    if len(start) < _SHORTEST or bool(start[0]) == bool(start[1]):
        return ""  # two bytes tell that of almost all content
    zeros, letters, encoding = start[1::2], start[::2], "utf-16-le"
    if start[1]:
        zeros, letters, encoding = letters, zeros, "utf-16-be"
    is_wide = zeros.count(0) > 0.9 * len(zeros) and letters.count(0) == 0
    return encoding if is_wide else ""
