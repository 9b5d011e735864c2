"""Versions of Go modules, and of Go itself.

Specification: golang.org/x/mod/semver for modules ("Versions" of the Go Modules Reference), which
is Semantic Versioning 2.0.0 with ``v1`` and ``v1.2`` as short forms. Pseudo-versions
(``v0.0.0-20210428140749-89ef3d95e781``) are pre-releases by their form, and ``+incompatible`` is
build metadata. For the toolchain and the standard library, "Go Toolchains" and the package
``go/version``: advisories write their versions as semantic ones, so ``go1.21rc2`` is 1.21.0-rc.2.

What differs from x/mod: the ``v`` may be absent, as it is in advisories. What differs from
``go/version``: ``go1.21`` is 1.21.0, for whoever names a release so; to the go command it is since
1.21 the language's version, below ``go1.21rc1``.
"""

import re

from seawall.versions.refusal import MAX_LENGTH, refusal, too_long
from seawall.versions.semver import precedence

_NUMBER = "(?:0|[1-9][0-9]*)"
_IDENTIFIER = "(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_module = re.compile(
    rf"v?({_NUMBER})(?:\.({_NUMBER})(?:\.({_NUMBER})"
    rf"(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?)?)?"
).fullmatch
# What a vendor adds (go1.21.3-bigcorp), and what follows in a binary (go1.26.1 X:nodwarf5).
_ADDED = r"(?:-[^\s]*)?(?:\s.*)?"
_toolchain = re.compile(
    rf"(?:go({_NUMBER})(?:\.({_NUMBER})(?:\.({_NUMBER})|(beta|rc)({_NUMBER}))?)?{_ADDED}"
    rf"|({_NUMBER})\.({_NUMBER})(beta|rc)({_NUMBER}))",
    re.ASCII,
).fullmatch


def key(version: str) -> bytes:
    """Return bytes that sort as Go's versions do; the shape is that of a semantic version's key.

    ``key(a) < key(b)`` exactly when x/mod's ``semver.Compare(a, b)`` is negative, and equal keys
    mean that it is 0 (build metadata is ignored). A version of Go has the key of the semantic
    version that advisories about ``stdlib`` and ``toolchain`` use for it. 4 bytes for ``v1.2.3``.

    Ignored are a ``v`` in front, and after a version of Go what a vendor or an experiment adds.

    Raises:
        VersionSyntaxError: `version` is neither a module's version nor one of Go (``(devel)``,
            ``devel go1.22-3fe5`` and the name of a branch are not), or is over-long.
    """
    if len(version) > MAX_LENGTH:
        raise too_long("go", version)
    match = _module(version)
    if match is not None:
        major, minor, patch, prerelease = match.groups()
        return precedence(major, minor or "0", patch or "0", prerelease)
    match = _toolchain(version)
    if match is None:
        raise refusal(
            "go", version, "it is not [v]MAJOR[.MINOR[.PATCH[-PRERELEASE]]] or goMAJOR.MINOR[rcN]"
        )
    major, minor, patch, stage, number, bare_major, bare_minor, bare_stage, bare_number = (
        match.groups()
    )
    if bare_major:
        return precedence(bare_major, bare_minor, "0", f"{bare_stage}.{bare_number}")
    prerelease = f"{stage}.{number}" if stage else None
    return precedence(major, minor or "0", patch or "0", prerelease)
