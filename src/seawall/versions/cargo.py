"""Versions of Rust crates.

Specification: Semantic Versioning 2.0.0 as Cargo reads it, with the ``semver`` crate. Two things
differ from `seawall.versions.semver`: the three numbers end at 2**64 - 1, and the crate's ``Ord``
counts build metadata. Here it does not count, as in the crate's ``cmp_precedence``, in version
requirements and in the advisories of RustSec.
"""

from seawall.versions import semver
from seawall.versions.refusal import refusal

_MAX_NUMBER = 2**64 - 1


def key(version: str) -> bytes:
    """Return bytes that sort as the versions of crates do: those of a semantic version.

    ``key(a) < key(b)`` exactly when ``a.cmp_precedence(&b)`` is ``Less``, and equal keys mean
    equal precedence (build metadata is ignored). 4 bytes for ``1.2.3``.

    Raises:
        VersionSyntaxError: Cargo refuses `version`: it is no strict semantic version, or one of
            its three numbers is above 2**64 - 1. Or it is over-long.
    """
    major, minor, patch, prerelease = semver.parts("cargo", version)
    for number in (major, minor, patch):
        if len(number) > 19 and (len(number) > 20 or int(number) > _MAX_NUMBER):
            raise refusal("cargo", version, f"a number is above {_MAX_NUMBER}")
    return semver.precedence(major, minor, patch, prerelease)
