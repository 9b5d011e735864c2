"""Text in columns for a terminal, safe to print whatever an image contains.

Names, versions, paths and summaries come from images that may be hostile: a control character in
one of them could hide a line, forge another or retitle the window. `visible` spells such
characters out; everything else here takes text that went through it, and counts in the cells a
terminal shows, so that wide letters and colours do not disturb the columns.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

ELLIPSIS = "…"
GAP = "  "
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # ours: `visible` leaves no escape in what is not
_NARROWEST = 40  # cells a wrapped last column needs to be readable beside the others
_UNBROKEN = "\u00a0"  # ours too: a space where no line breaks


def visible(text: str) -> str:
    r"""Return `text` with everything a terminal might obey spelled out, as ``\x1b``.

    Spelled are control and format characters (also those that turn the direction of writing),
    separators other than the space, surrogates and what Unicode has not assigned.
    """
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


def cells(text: str) -> int:
    """Return how many terminal cells `text` takes; colours take none."""
    plain = _COLOUR.sub("", text)
    return len(plain) if plain.isascii() else sum(map(_cells_of_letter, plain))


def shortened(text: str, limit: int) -> str:
    """Return `text` visible and within `limit` cells, its middle cut out when it is longer."""
    if len(text) > 8 * limit:  # a megabyte need not be looked at whole
        text = text[: 4 * limit] + ELLIPSIS + text[-4 * limit :]
    text = visible(text)
    if cells(text) <= limit:
        return text
    head = _beginning(text, limit - limit // 3 - 1)
    return head + ELLIPSIS + _beginning(text[::-1], limit // 3)[::-1]


def clipped(text: str, limit: int) -> str:
    """Return `text` visible and within `limit` cells; what is longer ends behind a word.

    For sentences. Where that would leave less than half, it is cut in its middle as by `shortened`.
    """
    text = visible(text[: 8 * limit] + ELLIPSIS if len(text) > 8 * limit else text)
    if cells(text) <= limit:
        return text
    head = _beginning(text, limit - 2)
    if text[len(head)] != " ":
        head = head.rpartition(" ")[0]
    head = head.rstrip(" ,;:(")
    return f"{head} {ELLIPSIS}" if cells(head) * 2 >= limit else shortened(text, limit)


def facts(parts: Iterable[str], limit: int = 40) -> str:
    """Return the parts with dots between them; `wrapped` breaks no part of up to `limit` cells."""
    return " · ".join(
        part.replace(" ", _UNBROKEN) if cells(part) <= limit else part for part in parts
    )


def unbroken(text: str) -> str:
    """Return a list whose items `wrapped` does not break: ``2 secrets, 1 tampered file``."""
    return text.replace(" ", _UNBROKEN).replace(f",{_UNBROKEN}", ", ")


def wrapped(text: str, width: int) -> list[str]:
    """Return the lines of `text`, broken at spaces, none wider than `width` (at least 2).

    A word that is wider than a line is cut. A separating dot stays on the line it ends.
    """
    width = max(width, 2)
    lines = [""]
    for word in re.split(r" +(?!·)", text.strip()):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if cells(longer) <= width:
            lines[-1] = longer
            continue
        rest = word
        if lines[-1]:
            lines.append("")
        while cells(rest) > width:
            lines[-1] = _beginning(rest, width)
            rest = rest[len(lines[-1]) :]
            lines.append("")
        lines[-1] = rest
    return [line.replace(_UNBROKEN, " ") for line in lines]


def aligned(table: Sequence[Sequence[str]], width: int, indent: str = GAP) -> Iterator[str]:
    """Yield the lines of `table`, its columns aligned, no line wider than `width`.

    The last column is prose: it wraps beside the others, or below them where too little room is
    left. A row that is much wider than the rest leaves the columns instead of widening them.
    """
    if not table:
        return
    widths = _column_widths([row[:-1] for row in table], width - len(indent))
    taken = len(indent) + sum(widths) + len(GAP) * len(widths)
    prose_width = max(cells(row[-1]) for row in table)
    beside = width - taken >= min(_NARROWEST, prose_width)
    for row in table:
        fixed, prose = row[:-1], row[-1]
        line = indent + GAP.join(map(_padded, fixed, widths))
        if beside and cells(line) + len(GAP) <= taken:
            first, *others = wrapped(prose, width - taken)
            yield (line + GAP + first).rstrip()
            yield from (" " * taken + other for other in others)
            continue
        if cells(line.rstrip()) <= width:
            yield line.rstrip()
        else:
            yield from paragraph(GAP.join(fixed), width, indent, indent + GAP)
        if prose:
            yield from paragraph(prose, width, indent + GAP, indent + GAP)


def paragraph(text: str, width: int, first: str = "", then: str = GAP) -> Iterator[str]:
    """Yield the lines of `text` within `width`; `first` and `then` stand before them."""
    for number, line in enumerate(wrapped(text, width - max(cells(first), cells(then)))):
        yield (then if number else first) + line


def _column_widths(table: Sequence[Sequence[str]], room: int) -> list[int]:
    """Return a width for each column so that most rows fit into `room`."""
    columns = [sorted({cells(cell) for cell in column}) for column in zip(*table, strict=True)]
    gaps = len(GAP) * len(columns)
    while sum(column[-1] for column in columns) + gaps > room:
        shrinkable = [column for column in columns if len(column) > 1]
        if not shrinkable:
            break
        max(shrinkable, key=lambda column: column[-1]).pop()
    return [column[-1] for column in columns]


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - cells(cell))


def _beginning(text: str, width: int) -> str:
    """Return as many letters of `text` as `width` cells hold."""
    used = 0
    for position, letter in enumerate(text):
        used += _cells_of_letter(letter)
        if used > width:
            return text[:position]
    return text


def _cells_of_letter(letter: str) -> int:
    if unicodedata.category(letter) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
