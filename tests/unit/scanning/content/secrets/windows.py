"""Shows content to the detector as the inspection of a layer does: whole, or cut with overlap."""

from collections.abc import Iterator, Sequence

from seawall.errors import LimitExceeded
from seawall.scanning.content.contract import Hit, Window
from seawall.scanning.content.searching import Looking
from seawall.scanning.content.secrets import SecretsDetector

OVERLAP = 4 << 10
DETECTOR = SecretsDetector()
_LOOKING = Looking([DETECTOR])


def said(window: Window) -> Iterator[Hit]:
    """Yield the hits in a window; raise a limit that was exceeded after them."""
    for _, _, answer in _LOOKING.look([window]):
        if isinstance(answer, LimitExceeded):
            raise answer
        yield answer


def look(data: bytes, path: str = "srv/app/settings") -> list[Hit]:
    return list(said(Window(path, 0o644, len(data), data)))


def rules(data: bytes, path: str = "srv/app/settings") -> list[str]:
    return [hit.rule for hit in look(data, path)]


def look_in_parts(data: bytes, path: str, cuts: Sequence[int]) -> list[Hit]:
    """Return the hits in windows that end at `cuts`, equal ones once."""
    hits: list[Hit] = []
    begins = 0
    for end in (*cuts, len(data)):
        start = max(0, begins - OVERLAP)
        line = 1 + data.count(b"\n", 0, start)
        for hit in said(Window(path, 0, len(data), data[start:end], start, line)):
            if hit not in hits:
                hits.append(hit)
        begins = end
    return hits
