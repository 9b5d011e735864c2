"""The pieces every version key is made of.

A key is a row of items, and each item says by itself where it ends. Two keys therefore part at
the first item that differs, and no key is the beginning of another. The first byte tells what an
item is, in this order:

=========  ==========================================================================
00 to 0F   marks that sort below every number ("the list ends here", ``~``, "pre-release")
10 to B7   the numbers 0 to 167
B8 to C7   larger numbers: a count of bytes, then two decimal digits a byte
C8 to FF   marks that sort above every number ("text follows", letters, "a release")
=========  ==========================================================================

What a mark means is the scheme's own business. Digits are never turned into an ``int``: that
costs more than linear time, and Python refuses it for long runs.
"""

import re

LOWEST_ABOVE_NUMBERS = 0xC8
DIGITS = frozenset("0123456789")

_ZERO = 0x10
_PACKED = 0xB8  # two bytes of digits follow; one more for each next value
_LONG = 0xC7  # two bytes with the count come first
_LONGEST_COUNTED = 16


def natural(digits: str) -> bytes:
    """Return bytes that sort as the numbers do.

    ``natural(a) < natural(b)`` exactly when a is the smaller number; leading zeros do not count.
    One byte up to 167, then one more for two digits: 5 bytes for ``20240131``.

    `digits` are ASCII digits, at most 131,070 of them; whoever calls has made sure.
    """
    digits = digits.lstrip("0")
    if len(digits) < 4 and (small := int(digits or "0")) < _PACKED - _ZERO:
        return bytes((_ZERO + small,))
    packed = bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits)
    if len(packed) <= _LONGEST_COUNTED:
        return bytes((_PACKED + len(packed) - 2,)) + packed
    return bytes((_LONG,)) + len(packed).to_bytes(2, "big") + packed


def text(characters: str) -> bytes:
    """Return bytes that sort as the ASCII `characters` do; a zero byte, not in them, ends them."""
    return characters.encode("ascii") + b"\x00"


class Naturals(dict[str, bytes]):
    """`natural` as a table: the usual numbers are looked up, others computed and not kept."""

    def __missing__(self, digits: str) -> bytes:
        return natural(digits)


USUAL_NATURALS = {digits: natural(digits) for n in range(1000) for digits in (str(n), f"{n:02}")}
NATURALS = Naturals(USUAL_NATURALS)
ZERO = NATURALS["0"]

is_number = re.compile(r"[0-9]+").fullmatch


def after(key: bytes) -> bytes:
    """Return the smallest bound above exactly the versions that have this `key`.

    ``key(v) < after(k)`` exactly when ``key(v) <= k``, so a range with an inclusive upper end
    ("last affected is 1.2") becomes a half-open range of bytes. It holds because nothing sorts
    between k and k with a zero byte, and no key begins with another version's key.
    """
    return key + b"\x00"
