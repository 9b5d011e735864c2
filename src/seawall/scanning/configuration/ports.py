"""Ports as EXPOSE and image configurations write them."""

import re
from collections.abc import Iterable, Iterator

_PORT = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?(?:/(\w+))?")


def exposed(words: Iterable[str]) -> Iterator[tuple[int, int, str]]:
    """Yield lowest port, highest port, and protocol of each word; what is none is passed over."""
    for word in words:
        match = _PORT.fullmatch(word)
        if match:
            low = int(match[1])
            yield low, int(match[2] or low), (match[3] or "tcp").lower()
