"""JSON documents as Seawall writes them: readable letters, stable, safe on a terminal."""

import json
import re
from typing import TextIO

_NOT_ASCII = re.compile(r"[^\n\x20-\x7e]")


def write_document(document: object, out: TextIO) -> None:
    r"""Write `document` as JSON of two spaces' indent that ends with a newline.

    Letters of all scripts stand as they are. What a terminal might obey is escaped, as JSON
    allows. Half a surrogate pair, which no UTF-8 file can carry and strict parsers refuse even
    escaped, becomes the six letters ``\udcff``.
    """
    text = json.dumps(document, ensure_ascii=False, indent=2)
    out.write(_NOT_ASCII.sub(_safe, text) + "\n")


def _safe(match: re.Match[str]) -> str:
    letter = match[0]
    if letter.isprintable():
        return letter
    escaped = json.dumps(letter)[1:-1]
    return f"\\{escaped}" if "\ud800" <= letter <= "\udfff" else escaped
