"""Versions of Ruby gems.

Specification: ``Gem::Version`` of RubyGems 3. A platform (``1.2.3-x86_64-linux``) is no part of a
version; a hyphen means a pre-release there.
"""

import re

from seawall.versions.encoding import USUAL_NATURALS, ZERO, natural, text
from seawall.versions.refusal import MAX_LENGTH, refusal, too_long

# A version goes on with zeros without end, and text sorts below numbers. So a zero is low where
# the next segment that is none is text, and high where it is a number, with the end between them.
_TEXT, _ZERO_THEN_TEXT, _END, _ZERO_THEN_NUMBER = (bytes((mark,)) for mark in range(1, 5))

_WHITESPACE = " \t\n\v\f\r"  # to Ruby; str.strip() takes more
_plain = re.compile(r"[0-9]+(?:\.[0-9]+)*").fullmatch
_full = re.compile(r"[0-9]+(?:\.[0-9A-Za-z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?").fullmatch
_segments = re.compile(r"[0-9]+|[A-Za-z]+").findall


class _Encoded(dict[str, bytes]):
    """What each segment becomes: the usual ones are looked up, others computed and not kept."""

    def __missing__(self, segment: str) -> bytes:
        if segment[0] <= "9":
            return natural(segment)
        return _TEXT + text(segment)


_encoded = _Encoded(USUAL_NATURALS).__getitem__


def key(version: str) -> bytes:
    """Return bytes that sort as gem versions do.

    ``key(a) < key(b)`` exactly when ``Gem::Version.new(a) < Gem::Version.new(b)``, and equal keys
    mean that ``<=>`` is 0 (``1``, ``1.0`` and ``01`` are; ``1.a`` and ``1.0.a`` too). The key is a
    number or a marked text for each segment, without zeros that do not count, and an end mark.
    4 bytes for ``1.2.3``.

    A hyphen is ``.pre.``. Whitespace around the version is ignored.

    Raises:
        VersionSyntaxError: RubyGems does not allow `version`, or it is empty (RubyGems takes that
            for 0) or over-long.
    """
    if len(version) > MAX_LENGTH:
        raise too_long("rubygems", version)
    if _plain(version):
        return _joined(list(map(_encoded, version.split("."))))
    stripped = version.strip(_WHITESPACE)
    if _full(stripped) is None:
        raise refusal("rubygems", version, "it is not N(.SEGMENT)*[-PRERELEASE]")
    items = list(map(_encoded, _segments(stripped.replace("-", ".pre."))))
    first_text = next((at for at, item in enumerate(items) if item[:1] == _TEXT), len(items))
    release = items[:first_text]
    while release and release[-1] == ZERO:
        release.pop()
    return _joined(release + items[first_text:])


def _joined(items: list[bytes]) -> bytes:
    """Return the key of these segments; zeros at the end do not count."""
    while items and items[-1] == ZERO:
        items.pop()
    if ZERO in items:
        mark = _END
        for place in range(len(items) - 1, -1, -1):
            if items[place] == ZERO:
                items[place] = mark
            else:
                mark = _ZERO_THEN_TEXT if items[place][:1] == _TEXT else _ZERO_THEN_NUMBER
    return b"".join(items) + _END
