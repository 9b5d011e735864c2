"""Versions of Maven artifacts, whose order no key can hold.

Specification: ``org.apache.maven.artifact.versioning.ComparableVersion`` as in Maven 3.8.7 to 3.9
(Maven 4 has other rules for text between dots), described in the POM reference under "Version Order
Specification".

A version is a list of numbers and texts; a hyphen, and each change between digits and letters,
begins a list inside the list, at its end: ``1.2-rc3`` is ``[1, 2, [rc, [3]]]``. Text sorts below a
list and a list below a number, but each is also compared with nothing where the other version has
ended, and there ``alpha`` is less than nothing and ``x`` is more. So the order goes in circles:
``1 < 1.x.1 < 1-alpha < 1``, and ``1 < 1-x < 1.0.alpha.1 < 1``.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import chain

from seawall.versions.encoding import NATURALS, ZERO
from seawall.versions.refusal import MAX_LENGTH, refusal, too_long

_REST = b"\x01"

# What Maven lets a version hold without what means a range or a property that was left in place.
# Letters and digits that are not ASCII are refused though Maven takes them.
_allowed = re.compile(r"(?=[^0-9A-Za-z]*[0-9A-Za-z])[!#%&'+.;=@^_`~0-9A-Za-z-]+").fullmatch
_split_after_numbers = re.compile(r"[^0-9.]").split
_pieces = re.compile(r"[0-9]+|[.-]|[^0-9.-]+").findall

# An item of a list as a tuple that sorts as Maven sorts items: text (rank, then letters) below
# numbers (count of digits, then digits).
_Item = tuple[int, int, str]
_TEXT, _NUMBER = 0, 1
_RANKS = {
    name: rank
    for rank, name in enumerate(("alpha", "beta", "milestone", "rc", "snapshot", "", "sp"))
}
_UNKNOWN = len(_RANKS)
_ALIASES = {"ga": "", "final": "", "release": "", "cr": "rc"}
_SHORT_BEFORE_DIGIT = {"a": "alpha", "b": "beta", "m": "milestone"}
_RELEASE: _Item = (_TEXT, _RANKS[""], "")
_NOUGHT: _Item = (_NUMBER, 0, "")


def key(version: str) -> bytes:
    r"""Return bytes that never contradict Maven's order, but do not tell all of it.

    ``key(a) < key(b)`` only when Maven puts `a` first, so a range of keys that includes both ends
    holds every version that Maven puts into the range, and may hold more: `compare` tells. The key
    is the row of numbers that `version` begins with, without zeros at its end; 4 bytes for
    ``1.2.3``, ``1.2.3-rc1`` and ``1.2.3.0.x``. Equal versions have equal keys.

    A finer key could not even put ``1-alpha`` before ``1``, or that before ``1-x``: they are on
    circles of Maven's order with one another.

    Raises:
        VersionSyntaxError: `version` has no ASCII letter or digit, or holds a blank, a character
            that is not ASCII, or one of ``\/:"<>|?*()[]{},$``; or it is over-long.
    """
    in_front = _split_after_numbers(_checked(version), maxsplit=1)[0]
    numbers = [NATURALS[digits or "0"] for digits in in_front.split(".")]
    while numbers and numbers[-1] == ZERO:
        numbers.pop()
    return b"".join(numbers) + _REST


def compare(a: str, b: str) -> int:
    """Return -1, 0 or 1 as ``ComparableVersion`` does; this is no order, see above.

    One exception: Maven keeps ten and more zeros apart from 0, here they are 0.

    Raises what `key` raises.
    """
    lists_a, lists_b = _lists(_checked(a)), _lists(_checked(b))
    depth, innermost = 0, min(len(lists_a), len(lists_b)) - 1
    while depth < innermost and lists_a[depth] == lists_b[depth]:
        depth += 1
    items_a, items_b = lists_a[depth], lists_b[depth]
    inner_a, inner_b = lists_a[depth + 1 :], lists_b[depth + 1 :]
    for item_a, item_b in zip(items_a, items_b, strict=False):
        if item_a != item_b:
            return 1 if item_a > item_b else -1
    if len(items_a) > len(items_b):
        return _more(items_a[len(items_b) :], inner_a, than_list=bool(inner_b))
    if len(items_b) > len(items_a):
        return -_more(items_b[len(items_a) :], inner_b, than_list=bool(inner_a))
    # One of them is at its end, or the loop above had gone on.
    return _with_nothing(chain(*inner_a)) - _with_nothing(chain(*inner_b))


def _more(items: Sequence[_Item], inner: Sequence[Sequence[_Item]], *, than_list: bool) -> int:
    """Compare what a version goes on with to the inner list, or the end, of the other."""
    if than_list:
        return 1 if items[0][0] == _NUMBER else -1
    return _with_nothing(chain(items, *inner))


def _with_nothing(items: Iterable[_Item]) -> int:
    for item in items:
        nothing = _RELEASE if item[0] == _TEXT else _NOUGHT
        if item != nothing:
            return 1 if item > nothing else -1
    return 0


def _checked(version: str) -> str:
    if len(version) > MAX_LENGTH:
        raise too_long("maven", version)
    if _allowed(version) is None:
        raise refusal("maven", version, "no letter or digit, or a character out of place")
    return version


def _lists(version: str) -> list[list[_Item]]:
    """Return the list, the list at its end, and so on inwards, without what does not count."""
    items: list[_Item] = []
    lists = [items]

    def begin_list() -> None:
        nonlocal items
        items = []
        lists.append(items)

    before = ""
    pieces = _pieces(version.lower())
    for piece, following in zip(pieces, [*pieces[1:], ""], strict=True):
        if piece in ".-":
            if before in ("", ".", "-"):
                items.append(_NOUGHT)
            if piece == "-":
                begin_list()
        elif piece[0].isdigit():
            items.append(_number(piece))
            if following not in ("", ".", "-"):
                begin_list()
        elif following in (".", "-"):
            items.append(_text(piece))
        else:  # digits follow, or nothing: ".x" counts as "-x"
            if items:
                begin_list()
            items.append(_text(_SHORT_BEFORE_DIGIT.get(piece, piece) if following else piece))
            if following:
                begin_list()
        before = piece
    for row in lists:
        while row and row[-1] in (_NOUGHT, _RELEASE):
            row.pop()
    while len(lists) > 1 and not lists[-1]:
        lists.pop()
    return lists


def _number(digits: str) -> _Item:
    digits = digits.lstrip("0")
    return _NUMBER, len(digits), digits


def _text(letters: str) -> _Item:
    letters = _ALIASES.get(letters, letters)
    rank = _RANKS.get(letters, _UNKNOWN)
    return _TEXT, rank, letters if rank == _UNKNOWN else ""
