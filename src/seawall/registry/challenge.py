"""What a registry asks for when it answers 401: the header ``WWW-Authenticate``.

Grammar: RFC 9110, section 11.6.1. Pure.
"""

import re
from dataclasses import dataclass

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # noqa: S105 - a grammar's word, no secret
_PARAMETER = re.compile(rf'({_TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_TOKEN}))\s*(?:,|$)')
_SCHEME = re.compile(rf"({_TOKEN})(?=\s|,|$)")
_GAP = re.compile(r"[\s,]*")
_HEADER_CHARACTERS = 8192


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to log in."""

    scheme: str  # in small letters: "bearer", "basic"
    parameters: dict[str, str]


def challenges(header: str) -> list[Challenge]:
    """Return the ways that a header offers, in its order; what is malformed is left out."""
    header = header[:_HEADER_CHARACTERS]
    found: list[Challenge] = []
    at = 0
    while (at := _end_of_gap(header, at)) < len(header):
        if found and (parameter := _PARAMETER.match(header, at)):
            quoted, bare = parameter[2], parameter[3]
            value = bare if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            found[-1].parameters.setdefault(parameter[1].lower(), value)
            at = parameter.end()
        elif scheme := _SCHEME.match(header, at):
            found.append(Challenge(scheme[1].lower(), {}))
            at = scheme.end()
        else:
            comma = header.find(",", at)
            at = len(header) if comma < 0 else comma + 1
    return found


def _end_of_gap(header: str, at: int) -> int:
    gap = _GAP.match(header, at)
    return gap.end() if gap else at
