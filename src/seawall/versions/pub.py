"""Versions of Dart and Flutter packages.

Specification: Dart's package ``pub_semver`` (``lib/src/version.dart``, ``lib/src/patterns.dart``).
It differs from Semantic Versioning 2.0.0 in that build metadata counts, after all else: packages
use ``1.0.0+1`` for a fix of ``1.0.0``. Leading zeros are allowed, and an identifier is a number
whenever Dart's ``int.tryParse`` reads it as one, which takes signs and hexadecimal digits.
"""

import re

from seawall.versions.encoding import NATURALS, is_number, text
from seawall.versions.refusal import MAX_LENGTH, refusal, too_long

# The end of a list sorts below its items: negative numbers, numbers, texts. A release is above all
# pre-releases, and one without a build below all builds.
_END, _NEGATIVE, _TEXT, _RELEASE = b"\x00", b"\x01", b"\xc8", b"\xff"
_NO_BUILD = _END
_LOWEST, _HIGHEST = -(2**63), 2**63 - 1

_full = re.compile(
    r"([0-9]+)\.([0-9]+)\.([0-9]+)"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
    r"(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
).fullmatch
_dart_number = re.compile(r"(-?)(?:0[xX]([0-9A-Fa-f]+)|([0-9]+))").fullmatch


def key(version: str) -> bytes:
    """Return bytes that sort as pub's versions do.

    ``key(a) < key(b)`` exactly when ``a.compareTo(b)`` is negative, and equal keys mean equal
    versions (``1.0.0-01`` and ``1.0.0-1`` are; the build counts). The key is the three numbers,
    the pre-release and the build. 5 bytes for ``1.2.3``.

    Raises:
        VersionSyntaxError: pub_semver refuses `version`: it has another form, or one of its three
            numbers is above 2**63 - 1. Or it is over-long.
    """
    if len(version) > MAX_LENGTH:
        raise too_long("pub", version)
    match = _full(version)
    if match is None:
        raise refusal("pub", version, "it is not MAJOR.MINOR.PATCH[-PRERELEASE][+BUILD]")
    major, minor, patch, prerelease, build = match.groups()
    for number in (major, minor, patch):
        if len(number) > 18 and _in_64_bits("", number, 10) is None:
            raise refusal("pub", version, f"a number is above {_HIGHEST}")
    release = NATURALS[major] + NATURALS[minor] + NATURALS[patch]
    return (
        release
        + (_RELEASE if prerelease is None else _identifiers(prerelease))
        + (_NO_BUILD if build is None else _identifiers(build))
    )


def _identifiers(identifiers: str) -> bytes:
    return b"".join(map(_identifier, identifiers.split("."))) + _END


def _identifier(identifier: str) -> bytes:
    if len(identifier) < 19 and is_number(identifier):
        return NATURALS[identifier]
    number = None
    match = _dart_number(identifier)
    if match is not None:
        sign, hexadecimal, decimal = match.groups()
        number = (
            _in_64_bits(sign, hexadecimal, 16) if hexadecimal else _in_64_bits(sign, decimal, 10)
        )
    if number is None:
        return _TEXT + text(identifier)
    if number < 0:
        return _NEGATIVE + (number - _LOWEST).to_bytes(8, "big")
    return NATURALS[str(number)]


def _in_64_bits(sign: str, digits: str, base: int) -> int | None:
    """Return the number as Dart's ``int.tryParse`` does: 64 bits, None when it needs more.

    Hexadecimal digits without a sign stand for the bits themselves, so 0xFFFFFFFFFFFFFFFF is -1.
    """
    digits = digits.lstrip("0") or "0"
    if len(digits) > 19:  # 2**63 has 19 digits; more would be slow, too
        return None
    number = int(sign + digits, base)
    if base == 16 and not sign and _HIGHEST < number < 2**64:
        return number - 2**64
    return number if _LOWEST <= number <= _HIGHEST else None
