"""Versions of Hex packages (Elixir, Erlang).

Specification: ``Version`` of Elixir's standard library, which is Semantic Versioning 2.0.0 without
any difference: the same grammar, numbers without a limit, build metadata ignored.
"""

from seawall.versions import semver


def key(version: str) -> bytes:
    """Return bytes that sort as Hex versions do: those of a semantic version.

    ``key(a) < key(b)`` exactly when ``Version.compare(a, b)`` is ``:lt``, and equal keys mean
    ``:eq``. 4 bytes for ``1.2.3``.

    Raises:
        VersionSyntaxError: `version` is no strict semantic version or is over-long.
    """
    return semver.precedence(*semver.parts("hex", version))
