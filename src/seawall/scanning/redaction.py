"""Cut from a line of an image's history what may be a secret, before anybody shows it.

The line is untrusted and its secrets need not be of a known form, so this cuts rather too much:
what stands behind a name or option that is called like a secret, passwords in addresses, and every
long word of letters and digits mixed.
"""

import re

_CUT = "…"
_NAMED = re.compile(
    r"""(?ix)
    ( [\w.-]* (?:pass|pwd|secret|token|key|auth|credential|bearer|cookie|private|sas|dsn) [\w.-]*
      ["']? (?: \s*[=:]\s* | \s+ (?![&|;<>-]) ) (?: (?:bearer|basic|token) \s+ )? )
    ( "[^"]* "? | '[^']* '? | [^\s;&|"']+ )
    """
)
_USER = re.compile(r"((?:^|\s)(?:-u|--user|--proxy-user)[= ]?)(\S+)")
_ADDRESS = re.compile(r"(\w+://)[^\s/@]*:[^\s/]*@")
_ASSIGNED = re.compile(r"^((?:ENV|ARG|LABEL)\s+[\w.-]+(?:=|\s))(.+)$", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z0-9+/_=~.-]{16,}")
_HARMLESS = re.compile(r"[a-z./_-]*|[0-9.:+~-]*|[A-Za-z_-]+", re.ASCII)


def redacted(line: str) -> str:
    """Return `line` with everything cut that may be a secret; at most its first 2,000 characters.

    A setting (ENV, ARG, LABEL) loses its value whatever it is.
    """
    line = _ASSIGNED.sub(rf"\1{_CUT}", line[:2000])
    line = _NAMED.sub(rf"\1{_CUT}", line)
    line = _USER.sub(rf"\1{_CUT}", line)
    line = _ADDRESS.sub(rf"\1{_CUT}@", line)
    return _WORD.sub(lambda found: found[0] if _is_harmless(found[0]) else _CUT, line)


def _is_harmless(word: str) -> bool:
    """Tell whether a long word is a path, a name or a version rather than a value."""
    parts = re.split(r"[/=.~+-]", word)
    return all(len(part) < 16 or _HARMLESS.fullmatch(part) for part in parts) and not (
        "/" not in word and len(word) >= 24 and re.search(r"\d", word) and re.search(r"[A-Z]", word)
    )
