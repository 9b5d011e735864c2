"""Versions as bytes that sort: what lets a database compare them.

`key` turns a version of a scheme into bytes whose order is the scheme's order, `compare` answers
for two, `is_exact` tells where keys say less than `compare`, and `SCHEMES` lists what is known. See
``docs/versions.md``.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from seawall.errors import UsageError, VersionSyntaxError
from seawall.versions import (
    apk,
    cargo,
    composer,
    conda,
    dpkg,
    go,
    hex,  # noqa: A004  # the scheme's name; nothing here needs the builtin
    maven,
    npm,
    nuget,
    pep440,
    pub,
    r,
    rpm,
    rubygems,
    semver,
)
from seawall.versions.encoding import after
from seawall.versions.refusal import MAX_LENGTH

__all__ = ["MAX_LENGTH", "SCHEMES", "VersionSyntaxError", "after", "compare", "is_exact", "key"]

SCHEMES: Mapping[str, Callable[[str], bytes]] = MappingProxyType(
    {
        "apk": apk.key,
        "cargo": cargo.key,
        "composer": composer.key,
        "conda": conda.key,
        "dpkg": dpkg.key,
        "go": go.key,
        "hex": hex.key,
        "maven": maven.key,
        "npm": npm.key,
        "nuget": nuget.key,
        "pep440": pep440.key,
        "pub": pub.key,
        "r": r.key,
        "rpm": rpm.key,
        "rubygems": rubygems.key,
        "semver": semver.key,
    }
)

# Schemes whose order no key can hold: their keys only narrow a search down.
_COMPARERS: Mapping[str, Callable[[str, str], int]] = MappingProxyType({"maven": maven.compare})


def key(scheme: str, version: str) -> bytes:
    """Return bytes that sort as the versions of `scheme` do.

    ``key(s, a) < key(s, b)`` exactly when `a` has lower precedence, and equal keys mean equal
    precedence. No key begins with the key of another version, and none is empty: the empty key is
    a bound below every version. Keys of different schemes must not be compared.

    Where `is_exact` says no, ``key(s, a) < key(s, b)`` only when `a` has lower precedence, and
    equal keys mean nothing. There, what ``key(s, low) <= key(s, v) < after(key(s, high))`` lets
    through holds every version from `low` to `high`, and `compare` confirms each.

    Raises:
        VersionSyntaxError: `scheme` does not allow `version`, or it is longer than MAX_LENGTH.
        UsageError: there is no such scheme.
    """
    return _key_of(scheme)(version)


def is_exact(scheme: str) -> bool:
    """Return whether the keys of `scheme` hold its whole order; False only for ``maven``.

    Raises:
        UsageError: there is no such scheme.
    """
    _key_of(scheme)
    return scheme not in _COMPARERS


def compare(scheme: str, a: str, b: str) -> int:
    """Return -1, 0 or 1 as `a` is lower than, equal to or higher than `b`.

    Raises what `key` raises.
    """
    if comparer := _COMPARERS.get(scheme):
        return comparer(a, b)
    key_a, key_b = key(scheme, a), key(scheme, b)
    return (key_a > key_b) - (key_a < key_b)


def _key_of(scheme: str) -> Callable[[str], bytes]:
    try:
        return SCHEMES[scheme]
    except KeyError:
        known = ", ".join(SCHEMES)
        raise UsageError(f"no version scheme is called {scheme!r}; known are {known}") from None
