"""Semantic versions, strictly.

Specification: Semantic Versioning 2.0.0 (semver.org), items 2, 9, 10 and 11.
"""

import re

from seawall.versions.encoding import NATURALS, is_number, text
from seawall.versions.refusal import MAX_LENGTH, refusal, too_long

# After the three numbers: identifiers up to an end mark, or the mark of a release, above them all.
_END, _TEXT, _RELEASE = b"\x00", b"\xc8", b"\xff"

_full = re.compile(
    r"""
    (0|[1-9][0-9]*) \. (0|[1-9][0-9]*) \. (0|[1-9][0-9]*)
    (?: - ( (?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)
            (?:\.(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))* ) )?
    (?: \+ [0-9A-Za-z-]+ (?:\.[0-9A-Za-z-]+)* )?
    """,
    re.VERBOSE,
).fullmatch


def key(version: str) -> bytes:
    """Return bytes that sort as semantic versions do.

    ``key(a) < key(b)`` exactly when `a` has lower precedence, and equal keys mean equal
    precedence (build metadata is ignored). 4 bytes for ``1.2.3``; a pre-release adds to it.

    Raises:
        VersionSyntaxError: `version` is not MAJOR.MINOR.PATCH with optional parts, has a number
            with a leading zero, or is over-long.
    """
    return precedence(*parts("semver", version))


def parts(scheme: str, version: str) -> tuple[str, str, str, str | None]:
    """Return major, minor, patch and pre-release of a version that follows the grammar strictly.

    For schemes that share the grammar: `scheme` is the one that a refusal names.
    """
    if len(version) > MAX_LENGTH:
        raise too_long(scheme, version)
    match = _full(version)
    if match is None:
        raise refusal(scheme, version, "it is not MAJOR.MINOR.PATCH[-PRERELEASE][+BUILD]")
    major, minor, patch, prerelease = match.groups()
    return major, minor, patch, prerelease


def precedence(major: str, minor: str, patch: str, prerelease: str | None) -> bytes:
    """Return the key of a version that was taken apart already."""
    release = NATURALS[major] + NATURALS[minor] + NATURALS[patch]
    if prerelease is None:
        return release + _RELEASE
    identifiers = [
        NATURALS[identifier] if is_number(identifier) else _TEXT + text(identifier)
        for identifier in prerelease.split(".")
    ]
    return release + b"".join(identifiers) + _END
