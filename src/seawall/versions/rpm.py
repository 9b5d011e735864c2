"""RPM package versions: ``[epoch:]version[-release]``.

Specification: rpm-version(7) and what librpm's ``rpmverParse`` and ``rpmverCmp`` do (rpm 4.16 or
later); what is allowed in a version and a release is what rpmbuild lets a package have.
"""

import re
from string import ascii_letters

from seawall.versions.encoding import USUAL_NATURALS, ZERO, natural, text
from seawall.versions.refusal import MAX_LENGTH, refusal, too_long

# What may stand at one place of a version, lowest first. Numbers are above them all.
_NO_RELEASE = b"\x00"
_TILDE, _END, _CARET, _TEXT = (bytes((mark,)) for mark in range(1, 5))

_full = re.compile(
    r"(?:([0-9]*):)?((?=[._+~^]*[A-Za-z0-9])[A-Za-z0-9._+~^]+(-[A-Za-z0-9._+~^]+)?)"
).fullmatch
_tokens = re.compile(r"[0-9]+|[A-Za-z]+|[~^-]").findall


def _word(letters: str) -> bytes:
    return _TEXT + text(letters)


class _Encoded(dict[str, bytes]):
    """What each token becomes: the usual ones are looked up, others computed and not kept."""

    def __missing__(self, token: str) -> bytes:
        return natural(token) if token[0] <= "9" else _word(token)


_ENCODED = _Encoded(USUAL_NATURALS)
_ENCODED.update({"~": _TILDE, "^": _CARET, "-": _END})
_ENCODED.update((word, _word(word)) for word in (*ascii_letters, "el", "fc", "git", "module", "rc"))
_encoded = _ENCODED.__getitem__


def key(version: str) -> bytes:
    """Return bytes that sort as RPM versions do.

    ``key(a) < key(b)`` exactly when librpm's ``rpmverCmp`` puts `a` first, and equal keys mean
    that it calls them equal (``1.0``, ``0:1.0`` and ``1_00`` are: separators only separate). The
    key is the epoch, the tokens of the version, and those of the release: one byte for ``~`` or
    ``^``, `natural` for a run of digits, a marked text for a run of letters, and an end mark.
    7 bytes for ``1.2.3-4``.

    No epoch is epoch 0. No release is lower than any: ``1.2.3`` is before ``1.2.3-0``, so an
    advisory that says "fixed in 1.2.3" spares every build of 1.2.3, and one that says "last
    affected is 1.2.3" names none of them.

    Raises:
        VersionSyntaxError: `version` is no ``[epoch:]version[-release]`` of ASCII letters, digits
            and ``._+~^`` with a letter or digit in the version, or it is over-long.
    """
    if len(version) > MAX_LENGTH:
        raise too_long("rpm", version)
    match = _full(version)
    if match is None:
        raise refusal("rpm", version, "it is not [EPOCH:]VERSION[-RELEASE]")
    epoch, rest, release = match.groups()
    key = (natural(epoch) if epoch else ZERO) + b"".join(map(_encoded, _tokens(rest))) + _END
    return key if release else key + _NO_RELEASE
