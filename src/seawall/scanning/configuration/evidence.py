"""What evidence may show of what was seen."""

import re

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,20}://", re.IGNORECASE)
_SHOWN = 120  # characters


def shown_url(url: str) -> str:
    """Return an address without user, password, query and fragment, which may hold secrets."""
    scheme = _SCHEME.match(url)
    start = scheme.end() if scheme else 0
    authority, slash, path = re.split(r"[?#]", url[start:], maxsplit=1)[0].partition("/")
    return shortened(f"{url[:start]}{authority.rpartition('@')[2]}{slash}{path}")


def shortened(text: str) -> str:
    """Return text that fits into one line of a report."""
    line = " ".join(text[: 10 * _SHOWN].split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
