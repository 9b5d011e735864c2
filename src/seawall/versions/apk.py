"""Versions of Alpine Linux packages.

Specification: apk-package(5) of apk-tools 3 for the form, ``src/version.c`` there for the order and
its ``test/version.data`` for examples.

apk-tools 2 (up to Alpine 3.22) differs: it compared later numbers with leading zeros by the count
of these zeros first (``1.02`` below ``1.010``), put a pre-release above a version that ends with
``.0`` (``6.0_rc1`` above ``6.0``), knew no ``~commit``, and did not mind missing numbers
(``1.2.r3``) and numbers after the letter.
"""

import re

from seawall.versions.encoding import NATURALS, USUAL_NATURALS, text
from seawall.versions.refusal import MAX_LENGTH, refusal, too_long

# What may stand at one place of a version, lowest first: a suffix of a pre-release, the end, a
# revision, a commit, the number of a suffix, any other suffix, a letter, a number that starts with
# a zero, a number that does not. The last is `natural` alone.
_PRE_SUFFIXES = ("alpha", "beta", "pre", "rc")
_POST_SUFFIXES = ("cvs", "svn", "git", "hg", "p")
_END, _REVISION, _COMMIT, _SUFFIX_NUMBER = (bytes((mark,)) for mark in range(5, 9))
_LETTER, _STARTS_WITH_ZERO = b"\x0e", b"\x0f"
_SUFFIXES = {
    name: bytes((mark,))
    for first_mark, names in ((1, _PRE_SUFFIXES), (9, _POST_SUFFIXES))
    for mark, name in enumerate(names, first_mark)
}

_NAME = "|".join(_SUFFIXES)
_full = re.compile(
    rf"([0-9]+)((?:\.[0-9]+)*)([a-z]?)((?:_(?:{_NAME})[0-9]*)*)"
    r"(?:~([0-9a-f]+))?(?:-r([0-9]+))?"
).fullmatch
_suffixes = re.compile(rf"_({_NAME})([0-9]*)").findall


class _LaterNumbers(dict[str, bytes]):
    """What a number that is not the first becomes; others than the usual are not kept."""

    def __missing__(self, digits: str) -> bytes:
        return _STARTS_WITH_ZERO + text(digits) if digits[0] == "0" else NATURALS[digits]


_later_number = _LaterNumbers(
    {
        digits: _STARTS_WITH_ZERO + text(digits) if digits[0] == "0" else encoded
        for digits, encoded in USUAL_NATURALS.items()
    }
).__getitem__


def key(version: str) -> bytes:
    """Return bytes that sort as apk sorts versions.

    ``key(a) < key(b)`` exactly when ``apk version -t a b`` prints ``<``, and equal keys mean that
    it prints ``=``. The key is the first number, the others (as text where one starts with a zero,
    so that ``1.05`` is before ``1.5`` and ``1.0015`` before ``1.002``), the letter, the suffixes
    and their numbers, the commit, the revision and an end mark. 6 bytes for ``1.2.3-r4``.

    ``1.0`` and ``1.0-r0`` differ, as ``1.0_p`` and ``1.0_p0`` do: the longer is later, unless what
    it has more is a pre-release.

    Raises:
        VersionSyntaxError: `version` has another form, another suffix than alpha, beta, pre, rc,
            cvs, svn, git, hg and p, or is over-long.
    """
    if len(version) > MAX_LENGTH:
        raise too_long("apk", version)
    match = _full(version)
    if match is None:
        raise refusal("apk", version, "it is not N(.N)*[LETTER](_SUFFIX[N])*[~COMMIT][-rN]")
    first, later, letter, suffixes, commit, revision = match.groups()
    key = NATURALS[first] + b"".join(map(_later_number, later.split(".")[1:]))
    if letter:
        key += _LETTER + letter.encode("ascii")
    for name, number in _suffixes(suffixes) if suffixes else ():
        key += _SUFFIXES[name] + (_SUFFIX_NUMBER + NATURALS[number] if number else b"")
    if commit:
        key += _COMMIT + text(commit)
    if revision:
        key += _REVISION + NATURALS[revision]
    return key + _END
