"""Versions as bytes that sort: what lets a database compare them.

`key` turns a version of a scheme into bytes whose order is the scheme's order, `compare` answers
for two, and `SCHEMES` lists what is known. See ``docs/versions.md``.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from seawall.errors import UsageError, VersionSyntaxError
from seawall.versions import dpkg, npm, pep440, semver
from seawall.versions.encoding import after
from seawall.versions.refusal import MAX_LENGTH

__all__ = ["MAX_LENGTH", "SCHEMES", "VersionSyntaxError", "after", "compare", "key"]

SCHEMES: Mapping[str, Callable[[str], bytes]] = MappingProxyType(
    {
        "dpkg": dpkg.key,
        "npm": npm.key,
        "pep440": pep440.key,
        "semver": semver.key,
    }
)


def key(scheme: str, version: str) -> bytes:
    """Return bytes that sort as the versions of `scheme` do.

    ``key(s, a) < key(s, b)`` exactly when `a` has lower precedence, and equal keys mean equal
    precedence. No key begins with the key of another version, and none is empty: the empty key is
    a bound below every version. Keys of different schemes must not be compared.

    Raises:
        VersionSyntaxError: `scheme` does not allow `version`, or it is longer than MAX_LENGTH.
        UsageError: there is no such scheme.
    """
    try:
        key_of = SCHEMES[scheme]
    except KeyError:
        known = ", ".join(SCHEMES)
        raise UsageError(f"no version scheme is called {scheme!r}; known are {known}") from None
    return key_of(version)


def compare(scheme: str, a: str, b: str) -> int:
    """Return -1, 0 or 1 as `a` is lower than, equal to or higher than `b`.

    Raises what `key` raises.
    """
    key_a, key_b = key(scheme, a), key(scheme, b)
    return (key_a > key_b) - (key_a < key_b)
