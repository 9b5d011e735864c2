"""Versions of Python packages.

Specification: "Version specifiers" of the Python Packaging User Guide, which took over PEP 440,
with all the spellings it normalises.
"""

import re

from seawall.versions.encoding import NATURALS, ZERO, is_number, text
from seawall.versions.refusal import MAX_LENGTH, refusal, too_long

# What may follow a release, a pre-release or a post-release, lowest first.
_DEV, _ALPHA, _BETA, _CANDIDATE, _NOTHING, _POST = (bytes((mark,)) for mark in range(1, 7))
_PRE = {
    **dict.fromkeys(("a", "alpha"), _ALPHA),
    **dict.fromkeys(("b", "beta"), _BETA),
    **dict.fromkeys(("c", "rc", "pre", "preview"), _CANDIDATE),
}
# A local version is a list: its end sorts below text, and text below numbers.
_END, _TEXT = b"\x00", b"\x01"
_PLAIN_END = _NOTHING + _END

_plain = re.compile(r"[0-9]+(?:\.[0-9]+)*").fullmatch
_full = re.compile(
    r"""
    v?
    (?: ([0-9]+) ! )?
    ([0-9]+ (?:\.[0-9]+)*)
    (?: [-_.]? (alpha|a|beta|b|preview|pre|c|rc) [-_.]? ([0-9]*) )?
    (?: -([0-9]+) | [-_.]? (post|rev|r) [-_.]? ([0-9]*) )?
    (?: [-_.]? (dev) [-_.]? ([0-9]*) )?
    (?: \+ ([a-z0-9]+ (?:[-_.][a-z0-9]+)*) )?
    """,
    re.VERBOSE | re.ASCII | re.IGNORECASE,
).fullmatch
_separator = re.compile("[-_.]").split


def key(version: str) -> bytes:
    """Return bytes that sort as Python package versions do.

    ``key(a) < key(b)`` exactly when `a` has lower precedence, and equal keys mean equal versions
    (``1.0``, ``v1`` and ``1.0.0`` are; a local version counts). The key is the epoch, the release
    without the zeros at its end, a marked number for each of pre-release, post-release and dev
    release, and the list of the local version. 6 bytes for ``1.2.3``.

    Case and whitespace around the version are ignored.

    Raises:
        VersionSyntaxError: `version` does not follow the specification or is over-long.
    """
    if len(version) > MAX_LENGTH:
        raise too_long("pep440", version)
    if _plain(version):
        return ZERO + _release(version) + _PLAIN_END
    match = _full(version.strip())
    if match is None:
        raise refusal("pep440", version, "it is not [N!]N(.N)*[{a|b|rc}N][.postN][.devN][+local]")
    epoch, release, pre, pre_number, post_after_dash, post, post_number, dev, dev_number, local = (
        match.groups()
    )
    key = NATURALS[epoch or "0"] + _release(release)
    if pre:
        key += _PRE[pre.lower()] + NATURALS[pre_number]
    if post or post_after_dash:
        key += _POST + NATURALS[post_after_dash or post_number]
    key += _DEV + NATURALS[dev_number] if dev else _NOTHING
    if local:
        key += b"".join(
            NATURALS[part] if is_number(part) else _TEXT + text(part)
            for part in _separator(local.lower())
        )
    return key + _END


def _release(release: str) -> bytes:
    numbers = [NATURALS[digits] for digits in release.split(".")]
    while numbers and numbers[-1] == ZERO:
        numbers.pop()
    return b"".join(numbers)
