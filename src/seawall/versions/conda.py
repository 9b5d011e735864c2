"""Versions of Conda packages.

Specification: ``VersionOrder`` of conda (``conda/models/version.py``) and "Version ordering" of its
documentation.

A version is a list of components, and a component a list of numbers and words that starts with a
number (0 is put in front of a word). Where one list ends, the other is compared with zeros, and
words sort below numbers. So ``1.0.a`` < ``1`` = ``1.0`` < ``1.0.1``: what follows a zero or the end
of a component decides whether it is above or below the end of the other version. Each of these is
therefore one of two or three marks, chosen from the right to the left.
"""

import re

from seawall.versions.encoding import DIGITS, NATURALS, ZERO, text
from seawall.versions.refusal import MAX_LENGTH, refusal, too_long

# What can come next within a component, lowest first: a word, a zero that is followed by less than
# zeros, the end of the component (followed by less than zeros, by nothing but zeros, by more), a
# zero that is followed by more than zeros, other numbers, "post".
_WORD, _LOW_ZERO, _LOW_NEXT, _END, _HIGH_NEXT, _HIGH_ZERO = (bytes((m,)) for m in range(1, 7))
_POST = b"\xc8"
_NEXT = {-1: _LOW_NEXT, 0: _END, 1: _HIGH_NEXT}
# "dev" is in upper case, which sorts it below the other words and the lone underscore.
_WORDS = {"post": _POST, "dev": _WORD + text("DEV")}

_plain = re.compile(r"[0-9]+(?:\.[0-9]+)*").fullmatch
_COMPONENTS = r"[0-9a-z]+(?:[._][0-9a-z]+)*"
_full = re.compile(rf"(?:([0-9]+)!)?({_COMPONENTS}(?:[._]?_)?|_)(?:\+({_COMPONENTS}))?").fullmatch
_runs = re.compile(r"[0-9]+|[a-z_]+").findall


def key(version: str) -> bytes:
    """Return bytes that sort as Conda's versions do.

    ``key(a) < key(b)`` exactly when ``VersionOrder(a) < VersionOrder(b)``, and equal keys mean
    equal versions (``1``, ``1.0.0`` and ``0!1_0`` are; what follows ``+`` counts last). The key is
    the epoch, then numbers and words with a mark between and behind components. 8 bytes for
    ``1.2.3``.

    Case and whitespace around the version are ignored.

    Raises:
        VersionSyntaxError: conda refuses `version`, or it is over-long. Refused here although
            conda lets it through: ``*``, which belongs to requirements, and a letter that becomes
            ASCII only in lower case (the Kelvin sign).
    """
    if len(version) > MAX_LENGTH:
        raise too_long("conda", version)
    if _plain(version):
        return ZERO + _release(version) + _END
    rest = version.strip()
    if "-" in rest and "_" not in rest:
        rest = rest.replace("-", "_")
    # Lower case only now: some letters become ASCII by it.
    match = _full(rest.lower()) if rest.isascii() else None
    if match is None:
        raise refusal("conda", version, "it is not [EPOCH!]VERSION[+LOCAL]")
    epoch, public, local = match.groups()
    key = NATURALS[epoch or "0"] + (_encoded(public)[1] or _END)
    if local is None:
        return key + _END
    sign, components = _encoded(local)
    return key + _NEXT[sign] + components


def _release(numbers: str) -> bytes:
    parts = [NATURALS[digits] for digits in numbers.split(".")]
    while parts and parts[-1] == ZERO:
        parts.pop()
    # Whatever follows is above zero here; and a component that is zero has no items.
    return _HIGH_NEXT.join([b"" if part == ZERO else part for part in parts]) + _END


def _encoded(components: str) -> tuple[int, bytes]:
    """Return how the components compare with zeros, -1, 0 or 1, and their bytes; none if 0."""
    pieces: list[bytes] = []  # from the right to the left
    rest = 0  # how what was read already compares with zeros
    for component in reversed(_components(components)):
        if component.isdigit():
            number = NATURALS[component]
            sign, items = (0, b"") if number == ZERO else (1, number)
        else:
            sign, items = _component(component)
        if sign or rest:
            pieces += (_NEXT[rest], items)
            rest = sign or rest
    pieces.reverse()
    return rest, b"".join(pieces)


def _components(version: str) -> list[str]:
    # An underscore at the end belongs to the last component; it may be all of it.
    if version.endswith("_"):
        components = version[:-1].replace("_", ".").split(".")
        components[-1] += "_"
        return components
    return version.replace("_", ".").split(".")


def _component(component: str) -> tuple[int, bytes]:
    """Return how numbers and words compare with zeros, and their bytes without zeros at the end."""
    items: list[bytes] = []  # from the right to the left
    sign = 0
    for run in reversed(_runs(component)):
        if run[0] not in DIGITS:
            items.append(_WORDS.get(run) or _WORD + text(run))
            sign = 1 if run == "post" else -1
        elif (number := NATURALS[run]) != ZERO:
            items.append(number)
            sign = 1
        elif sign:
            items.append(_LOW_ZERO if sign < 0 else _HIGH_ZERO)
    if component[0] not in DIGITS:
        items.append(_LOW_ZERO if sign < 0 else _HIGH_ZERO)
    items.reverse()
    return sign, b"".join(items)
