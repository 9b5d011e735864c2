"""Versions of NuGet packages (.NET).

Specification: "Package versioning" of NuGet's documentation, and what ``NuGetVersion.Parse`` and
``VersionComparer.Default`` of NuGet.Versioning do. It differs from Semantic Versioning 2.0.0: one
to four numbers, leading zeros in them, and a pre-release is compared without regard to case.
"""

import re

from seawall.versions.encoding import NATURALS, ZERO, is_number, text
from seawall.versions.refusal import MAX_LENGTH, refusal, too_long

# After the four numbers: labels up to an end mark, or the mark of a release, above them all.
_END, _NEGATIVE, _TEXT, _RELEASE = b"\x00", b"\x01", b"\xc8", b"\xff"
_LOWEST, _HIGHEST = -(2**31), 2**31 - 1
_BLANKS = " \t\n\v\f\r"  # what .NET's number parser skips
# What .NET calls whitespace. Python's str.strip() takes 1C to 1F, too.
_WHITESPACE = "\t\n\v\f\r \u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)

_LABEL = "(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_full = re.compile(
    r"([0-9]+)(?:\.([0-9]+)(?:\.([0-9]+)(?:\.([0-9]+))?)?)?"
    rf"(?:-({_LABEL}(?:\.{_LABEL})*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
).fullmatch
_before_labels = re.compile("[^-+]*").match
_with_a_sign = re.compile("-[0-9]+").fullmatch


def key(version: str) -> bytes:
    """Return bytes that sort as NuGet's versions do.

    ``key(a) < key(b)`` exactly when NuGet's default comparer says that `a` is lower, and equal
    keys mean that it calls them equal (``1.0``, ``1.0.0.0`` and ``01.0+build`` are). The key is
    four numbers and the labels of the pre-release. 5 bytes for ``1.2.3``.

    A label that NuGet reads as a number of 32 bits is one, ``-5`` in ``1.0--5`` included; larger
    ones are texts. Ignored are build metadata, case, leading zeros, whitespace around the version
    and blanks around its numbers.

    Raises:
        VersionSyntaxError: `version` is not one to four numbers up to 2**31 - 1 with an optional
            pre-release and build, or is over-long.
    """
    if len(version) > MAX_LENGTH:
        raise too_long("nuget", version)
    rest = version.strip(_WHITESPACE)
    match = _full(rest) or _full(_without_blanks(rest))
    if match is None:
        raise refusal("nuget", version, "it is not N[.N[.N[.N]]][-PRERELEASE][+BUILD]")
    major, minor, patch, revision, labels = match.groups()
    release = b""
    for number in (major, minor, patch, revision):
        if number is None:
            release += ZERO
        elif len(number) > 9 and _in_32_bits(number) is None:
            raise refusal("nuget", version, f"a number is above {_HIGHEST}")
        else:
            release += NATURALS[number]
    if labels is None:
        return release + _RELEASE
    return release + b"".join(map(_label, labels.split("."))) + _END


def _without_blanks(version: str) -> str:
    numbers = _before_labels(version)[0]  # type: ignore[index]  # it matches the empty text, too
    cleaned = ".".join([number.strip(_BLANKS) for number in numbers.split(".")])
    return cleaned + version[len(numbers) :]


def _label(label: str) -> bytes:
    if (is_number(label) or _with_a_sign(label)) and (number := _in_32_bits(label)) is not None:
        if number < 0:
            return _NEGATIVE + (number - _LOWEST).to_bytes(4, "big")
        return NATURALS[str(number)]
    return _TEXT + text(label.lower())


def _in_32_bits(digits: str) -> int | None:
    """Return the number that .NET's ``int.TryParse`` reads; None when it needs more bits."""
    magnitude = digits.lstrip("-").lstrip("0")
    if len(magnitude) > 10:
        return None
    number = int(magnitude or "0") * (-1 if digits.startswith("-") else 1)
    return number if _LOWEST <= number <= _HIGHEST else None
