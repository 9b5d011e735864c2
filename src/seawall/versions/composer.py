"""Versions of PHP packages (Packagist).

Specification: what Composer's ``VersionParser::normalize`` (composer/semver 3) makes of a version,
and PHP's ``version_compare`` on the result. Four numbers, or a date; then a stability, which may be
numbered; then ``-dev``. A numeric branch (``2.1.x-dev``) is above all versions that it can become.
"""

import re

from seawall.versions.encoding import NATURALS, ZERO
from seawall.versions.refusal import MAX_LENGTH, refusal, too_long

# What may follow at each place, lowest first; numbers are between the end and a patch.
_SHOUTED_STABLE, _DEV, _ALPHA, _BETA, _CANDIDATE, _END = (bytes((mark,)) for mark in range(6))
_PATCH = b"\xc8"
_STABILITY = {
    # Composer drops "stable" in lower case only, and PHP sorts words that it does not know lowest.
    "stable": _SHOUTED_STABLE,
    **dict.fromkeys(("a", "alpha"), _ALPHA),
    **dict.fromkeys(("b", "beta"), _BETA),
    "rc": _CANDIDATE,
    **dict.fromkeys(("p", "pl", "patch"), _PATCH),
}
_ANY_OF_A_BRANCH = NATURALS["9999999"]

_BLANKS = " \t\n\r\v"  # what PHP's trim() takes, but for the zero byte
_plain = re.compile(r"v?[0-9]{1,5}(?:\.[0-9]++){0,3}").fullmatch
_MODIFIER = (
    r"[._-]?"
    r"(?: (stable|beta|b|rc|alpha|a|patch|pl|p) ((?:[.-]?[0-9]++)*+) )?"
    r"([.-]?dev)?"
)
_FLAGS = re.VERBOSE | re.ASCII | re.IGNORECASE
_classical = re.compile(rf"v?([0-9]{{1,5}}(?:\.[0-9]++){{0,3}}) {_MODIFIER}", _FLAGS).fullmatch
_date = re.compile(
    rf"v?([0-9]{{4}}(?:[.:-]?[0-9]{{2}}){{1,6}}(?:[.:-]?[0-9]{{1,3}}){{0,2}}) {_MODIFIER}", _FLAGS
).fullmatch
_branch = re.compile(
    r"v?([0-9]++(?:\.(?:[0-9]++|[x*])){0,3}) [ \t\r\v]*+ [.-]?dev", _FLAGS
).fullmatch
_with_build = re.compile(r"([^,\s+]+)\+[^\s]+", re.ASCII).fullmatch
_numbers = re.compile("[0-9]+").findall


def key(version: str) -> bytes:
    """Return bytes that sort as Composer's versions do.

    ``key(a) < key(b)`` exactly when Composer's ``Comparator::lessThan(a, b)`` holds for the
    normalised versions, and equal keys mean that they compare as equal (``1.0``, ``v1.0.0.0`` and
    ``1.0-stable`` do). The key is the numbers, a mark for the stability with its numbers, a mark
    for ``-dev``, and an end mark. 5 bytes for ``1.2.3``.

    One exception: PHP takes numbers above 2**63 - 1 for that; here they are exact. Ignored are
    build metadata, case, leading zeros, a ``v`` in front and blanks around.

    Raises:
        VersionSyntaxError: Composer refuses `version`, or it is over-long, or it is the name of a
            branch (``dev-main``), which Composer never finds higher or lower than a version. What
            Composer allows in requirements only is refused, too: ``@dev``, ``1.0 as 2.0``.
    """
    if len(version) > MAX_LENGTH:
        raise too_long("composer", version)
    if _plain(version):
        return _four_numbers(version) + _END
    rest = version.strip(_BLANKS)
    if rest[:4].lower() == "dev-" or rest in {"master", "trunk", "default"}:
        raise refusal("composer", version, "the name of a branch has no place in the order")
    if "+" in rest and (match := _with_build(rest)) is not None:
        rest = match[1]
    if (match := _classical(rest)) is not None:
        numbers, *modifier = match.groups()
        return _four_numbers(numbers) + _modifier(*modifier)
    if (match := _date(rest)) is not None:
        numbers, *modifier = match.groups()
        return b"".join([NATURALS[n] for n in _numbers(numbers)]) + _modifier(*modifier)
    if (match := _branch(rest)) is not None:
        parts = [NATURALS[p] if p.isdigit() else _ANY_OF_A_BRANCH for p in match[1].split(".")]
        parts += [_ANY_OF_A_BRANCH] * (4 - len(parts))
        return b"".join(parts) + _DEV + _END
    raise refusal("composer", version, "it is not N[.N[.N[.N]]][-STABILITY[N]][-dev] or a date")


def _four_numbers(numbers: str) -> bytes:
    parts = [NATURALS[digits] for digits in numbers.lstrip("vV").split(".")]
    return b"".join(parts) + ZERO * (4 - len(parts))


def _modifier(stability: str | None, numbers: str | None, dev: str | None) -> bytes:
    if stability == "stable":
        return _END
    encoded = b""
    if stability:
        encoded = _STABILITY[stability.lower()]
        encoded += b"".join([NATURALS[digits] for digits in _numbers(numbers or "")])
    return encoded + _DEV + _END if dev else encoded + _END
