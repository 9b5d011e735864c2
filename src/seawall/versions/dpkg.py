"""Debian package versions.

Specification: Debian Policy 5.6.12 and deb-version(7) for the order; what is allowed is what
``dpkg --validate-version`` allows (dpkg 1.21).
"""

import re
from string import ascii_letters

from seawall.versions.encoding import (
    DIGITS,
    LOWEST_ABOVE_NUMBERS,
    USUAL_NATURALS,
    ZERO,
    natural,
)
from seawall.versions.refusal import MAX_LENGTH, refusal, too_long

_TILDE, _END = b"\x01", b"\x02"
_MAX_EPOCH = 2**31 - 1

_tokens = re.compile(r"[0-9]+|[^0-9]").findall
# dpkg reads the epoch with strtol(3), which takes a sign and skips whitespace other than the
# blanks dpkg itself trims.
_epoch = re.compile(r"[\n\v\f\r]*([+-]?)0*([0-9]+)").fullmatch


class _Encoded(dict[str, bytes]):
    """What each token of a version becomes; KeyError for a character no version may have."""

    def __missing__(self, token: str) -> bytes:
        if token[0] in DIGITS:
            return natural(token)
        raise KeyError(token)


_ENCODED = _Encoded(USUAL_NATURALS)
_ENCODED["~"] = _TILDE
_ENCODED.update(
    (character, bytes((LOWEST_ABOVE_NUMBERS + place,)))
    for place, character in enumerate(sorted(ascii_letters) + list("+-.:"))
)
_encoded = _ENCODED.__getitem__


def key(version: str) -> bytes:
    """Return bytes that sort as Debian versions do.

    ``key(a) < key(b)`` exactly when ``dpkg --compare-versions a lt b``, and equal keys mean that
    dpkg calls them equal (``1.0``, ``0:1.0`` and ``1.00-0`` are). The key is the epoch, then the
    upstream version and the revision: one byte a character that is no digit, `natural` for a run
    of digits (0 where none follows the text), and an end mark. 9 bytes for ``1.2.3-4``.

    Blanks around the version are ignored.

    Raises:
        VersionSyntaxError: dpkg does not accept `version` without an error or a warning: it is
            empty, does not start with a digit, holds other characters than letters, digits and
            ``.+-~:``, has an empty part, or an epoch that is no number up to 2147483647.
    """
    if len(version) > MAX_LENGTH:
        raise too_long("dpkg", version)
    rest = version.strip(" \t")
    epoch = ZERO
    if ":" in rest:
        before, _, rest = rest.partition(":")
        epoch = _epoch_key(before, version)
    revision = "0"
    if "-" in rest:
        rest, _, revision = rest.rpartition("-")
        if not revision:
            raise refusal("dpkg", version, "the revision is empty")
        if ":" in revision:
            raise refusal("dpkg", version, "':' is not allowed in a revision")
    if not rest:
        raise refusal("dpkg", version, "it is empty")
    if rest[0] not in DIGITS:
        raise refusal("dpkg", version, "it does not start with a digit")
    try:
        return epoch + _part(rest) + _part(revision)
    except KeyError as error:
        raise refusal("dpkg", version, f"{error.args[0]!r} is not allowed") from None


def _part(part: str) -> bytes:
    number = b"" if part[-1] in DIGITS else ZERO
    return b"".join(map(_encoded, _tokens(part))) + number + _END


def _epoch_key(epoch: str, version: str) -> bytes:
    match = _epoch(epoch)
    if match is None:
        raise refusal("dpkg", version, "the epoch is not a number")
    sign, digits = match.groups()
    if sign == "-" and digits != "0":
        raise refusal("dpkg", version, "the epoch is negative")
    if len(digits) > 10 or int(digits) > _MAX_EPOCH:
        raise refusal("dpkg", version, f"the epoch is above {_MAX_EPOCH}")
    return natural(digits)
