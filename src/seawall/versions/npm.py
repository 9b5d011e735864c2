"""Versions of npm packages.

Specification: what node-semver 7, the parser inside npm, accepts with ``loose: true``. The
registry and lock files hold such versions, because npm let them in when it was young.
"""

import re

from seawall.versions.refusal import refusal, too_long
from seawall.versions.semver import precedence

MAX_LENGTH = 256
_MAX_SAFE_INTEGER = 2**53 - 1
# What JavaScript calls whitespace. Python's str.strip() takes 1C to 1F and 85 too, and leaves FEFF.
_WHITESPACE = "\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(
    map(chr, range(0x2000, 0x200B))
)

# The order of the alternatives decides how ``1.2.30.5`` is read (as ``1.2.3-0.5``): keep it.
_IDENTIFIER = "(?:[0-9]*[A-Za-z-][0-9A-Za-z-]*|[0-9]+)"
_full = re.compile(
    rf"[v={_WHITESPACE}]*([0-9]+)\.([0-9]+)\.([0-9]+)"
    rf"(?:-?({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
).fullmatch


def key(version: str) -> bytes:
    """Return bytes that sort as npm's versions do; the shape is that of a semantic version's key.

    ``key(a) < key(b)`` exactly when node-semver's ``compare(a, b, {loose: true})`` is negative,
    and equal keys mean that it is 0. One exception: node-semver rounds a numeric identifier of a
    pre-release above 2**53 to a double and stops comparing when two round to the same, which is
    no order at all; here such numbers are exact.

    Ignored are build metadata, leading zeros, a ``v`` or ``=`` in front and whitespace around.

    Raises:
        VersionSyntaxError: node-semver refuses `version`: it has another form, more than 256
            characters, or a number above 2**53 - 1 among the first three.
    """
    if len(version) > MAX_LENGTH:
        raise too_long("npm", version, MAX_LENGTH)
    match = _full(version.strip(_WHITESPACE))
    if match is None:
        raise refusal("npm", version, "it is not MAJOR.MINOR.PATCH[-PRERELEASE][+BUILD]")
    major, minor, patch, prerelease = match.groups()
    for number in (major, minor, patch):
        if len(number) > 15 and int(number) > _MAX_SAFE_INTEGER:
            raise refusal("npm", version, f"a number is above {_MAX_SAFE_INTEGER}")
    return precedence(major, minor, patch, prerelease)
