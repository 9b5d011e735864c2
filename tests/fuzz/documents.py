"""The parsers that are no catalogers, each with documents to start from."""

from collections.abc import Callable
from pathlib import Path

from seawall.advisories.feeds import epss, kev, osv
from seawall.images.sources.manifest import resolve_docker, resolve_oci
from tests.fuzz.parsers import Parser

_DATA = Path(__file__).parents[1] / "data"


def documents() -> list[Parser]:
    """Return them all."""
    return []


def _files(*patterns: str) -> list[tuple[str, bytes]]:
    return [(p.name, p.read_bytes()) for pattern in patterns for p in sorted(_DATA.glob(pattern))]


__all__ = ["Callable", "documents", "epss", "kev", "osv", "resolve_docker", "resolve_oci"]
