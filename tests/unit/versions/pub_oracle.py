"""pub_semver's order read plainly: parse to lists, then compare item by item.

Written from the documentation and the source of Dart's ``pub_semver`` (``lib/src/version.dart``)
and of ``int.tryParse``, as no program that runs Dart could be had. It shares nothing with
`seawall.versions.pub`; ``test_pub.py`` holds both to pub_semver's own examples.
"""

import string
from itertools import zip_longest
from typing import NamedTuple

Item = int | str
LETTERS = frozenset(string.ascii_letters + string.digits + "-")


class Version(NamedTuple):
    numbers: tuple[int, ...]
    prerelease: tuple[Item, ...]
    build: tuple[Item, ...]


def parsed(version: str) -> Version | None:
    public, plus, build = version.partition("+")
    numbers, hyphen, prerelease = public.partition("-")
    triple = [
        dart_int(part) if set(part) <= set(string.digits) else None for part in numbers.split(".")
    ]
    lists = [_items(prerelease) if hyphen else (), _items(build) if plus else ()]
    if len(triple) != 3 or None in triple or None in lists:
        return None
    before, after = lists
    return Version(tuple(n for n in triple if n is not None), before or (), after or ())


def compared(a: Version, b: Version) -> int:
    if a.numbers != b.numbers:
        return _sign(a.numbers, b.numbers)
    if bool(a.prerelease) != bool(b.prerelease):
        return -1 if a.prerelease else 1
    return _lists(a.prerelease, b.prerelease) or _lists(a.build, b.build)


def dart_int(text: str) -> int | None:
    """Return what Dart's ``int.tryParse`` does on a machine of 64 bits."""
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    is_hexadecimal = digits[:2] in {"0x", "0X"}
    allowed = string.hexdigits if is_hexadecimal else string.digits
    digits = digits[2:] if is_hexadecimal else digits
    if not digits or not set(digits) <= set(allowed):
        return None
    digits = digits.lstrip("0") or "0"
    if len(digits) > 30:
        return None
    number = sign * int(digits, 16 if is_hexadecimal else 10)
    if is_hexadecimal and sign > 0 and 2**63 <= number < 2**64:
        return number - 2**64
    return number if -(2**63) <= number < 2**63 else None


def _items(text: str) -> tuple[Item, ...] | None:
    parts = text.split(".")
    if not all(part and set(part) <= LETTERS for part in parts):
        return None
    numbers = [dart_int(part) for part in parts]
    return tuple(
        part if number is None else number for part, number in zip(parts, numbers, strict=True)
    )


def _lists(a: tuple[Item, ...], b: tuple[Item, ...]) -> int:
    for x, y in zip_longest(a, b):
        if x == y:
            continue
        if x is None or y is None:
            return -1 if x is None else 1
        if isinstance(x, int) != isinstance(y, int):
            return -1 if isinstance(x, int) else 1
        return _sign(x, y)
    return 0


def _sign(a: object, b: object) -> int:
    return int(a > b) - int(a < b)  # type: ignore[operator]  # both are of one kind here
