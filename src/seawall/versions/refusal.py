"""How a scheme says no."""

from seawall.errors import VersionSyntaxError

MAX_LENGTH = 4096  # characters, surrounding whitespace included
_SHOWN = 60


def refusal(scheme: str, version: str, why: str) -> VersionSyntaxError:
    """Return the error to raise; it shows `version` quoted, and only the start of a long one."""
    shown = repr(version) if len(version) <= _SHOWN else f"{version[:_SHOWN]!r}..."
    return VersionSyntaxError(f"{shown} is not a {scheme} version: {why}")


def too_long(scheme: str, version: str, limit: int = MAX_LENGTH) -> VersionSyntaxError:
    """Return the error for a version of more than `limit` characters."""
    return refusal(scheme, version, f"{len(version)} characters, at most {limit} are allowed")
