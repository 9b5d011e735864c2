"""JSON documents as Seawall writes them: readable letters, stable, safe on a terminal."""

import json
import os
import re
from datetime import UTC, datetime
from typing import TextIO

import msgspec

from seawall.errors import UsageError

_NOT_ASCII = re.compile(r"[^\n\x20-\x7e]")


def write_document(document: object, out: TextIO) -> None:
    r"""Write `document` as JSON of two spaces' indent that ends with a newline.

    Letters of all scripts stand as they are. What a terminal might obey is escaped, as JSON
    allows. Half a surrogate pair, which no UTF-8 file can carry and strict parsers refuse even
    escaped, becomes the six letters ``\udcff``.
    """
    text = _NOT_ASCII.sub(_safe, json.dumps(document, ensure_ascii=False))
    # The same bytes as with indent=2, which the standard library writes six times slower.
    out.write(msgspec.json.format(text, indent=2) + "\n")


def source_date() -> datetime | None:
    """Return the time that SOURCE_DATE_EPOCH gives, in UTC; None where it is not set.

    Raises:
        UsageError: it is set and is no time.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if not epoch:
        return None
    try:
        return datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            f"SOURCE_DATE_EPOCH: {epoch!r} is not a number of seconds since 1970",
            hint="unset it, or set it as `date +%s` prints it",
        ) from error


def _safe(match: re.Match[str]) -> str:
    letter = match[0]
    if letter.isprintable():
        return letter
    escaped = json.dumps(letter)[1:-1]
    return f"\\{escaped}" if "\ud800" <= letter <= "\udfff" else escaped
