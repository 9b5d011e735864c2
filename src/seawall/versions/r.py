"""Versions of R packages (CRAN, Bioconductor).

Specification: "The DESCRIPTION file" of Writing R Extensions, ``numeric_version`` of R's base for
what is allowed and ``compareVersion`` of its utils for the order. CRAN asks for two numbers at
least; R itself reads one.
"""

import re

from seawall.versions.encoding import NATURALS
from seawall.versions.refusal import MAX_LENGTH, refusal, too_long

_END = b"\x00"
_MAX_NUMBER = 2**31 - 1

_full = re.compile(r"[0-9]+(?:[.-][0-9]+)*").fullmatch


def key(version: str) -> bytes:
    """Return bytes that sort as versions of R packages do.

    ``key(a) < key(b)`` exactly when ``compareVersion(a, b)`` is -1, and equal keys mean 0
    (``1.0-1``, ``1.0.1`` and ``1.00.1`` are equal; ``1.0`` is below ``1.0.0``). The key is the
    numbers and an end mark. 4 bytes for ``1.2-3``.

    Raises:
        VersionSyntaxError: R refuses `version`: it is not numbers with single dots or hyphens
            between them, or a number is above 2**31 - 1. Or it is over-long.
    """
    if len(version) > MAX_LENGTH:
        raise too_long("r", version)
    if _full(version) is None:
        raise refusal("r", version, "it is not numbers with '.' or '-' between them")
    numbers = version.replace("-", ".").split(".")
    if len(version) > 9:
        for number in numbers:
            if len(number) > 9 and _is_too_large(number):
                raise refusal("r", version, f"a number is above {_MAX_NUMBER}")
    return b"".join([NATURALS[number] for number in numbers]) + _END


def _is_too_large(number: str) -> bool:
    digits = number.lstrip("0")
    return len(digits) > 10 or int(digits or "0") > _MAX_NUMBER
