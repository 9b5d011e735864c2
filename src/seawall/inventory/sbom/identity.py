"""The words that say which image a report is about."""

from collections import Counter
from collections.abc import Iterable, Mapping

from seawall.inventory.sbom.columns import ELLIPSIS, shortened
from seawall.model import Distribution, Package

_LANGUAGE = {"pypi": "python"}  # the other types are called as people call them


def short_digest(digest: str) -> str:
    """Return ``sha256:9f2c…41ab``: enough to recognise, short enough to read."""
    algorithm, _, value = digest.partition(":")
    return f"{algorithm}:{value[:4]}{ELLIPSIS}{value[-4:]}" if len(value) > 12 else digest


def distribution_name(distribution: Distribution | None) -> str:
    """Return the distribution as people say it: ``Debian 12 (bookworm)``."""
    if distribution is None:
        return "no distribution recognised"
    name = distribution.name or f"{distribution.id} {distribution.version}".strip()
    return shortened(name.replace(" GNU/Linux", ""), 48)


def count_types(packages: Iterable[Package]) -> dict[str, int]:
    """Return how many packages there are of each type."""
    return dict(Counter(package.type for package in packages))


def package_counts(types: Mapping[str, int]) -> str:
    """Return ``412 packages (298 deb, 96 python, 18 npm)``, the most numerous first."""
    total = sum(types.values())
    ranked = sorted(types.items(), key=lambda item: (-item[1], item[0]))
    parts = ", ".join(f"{count} {_LANGUAGE.get(kind, kind)}" for kind, count in ranked if count)
    return count_of(total, "package") + (f" ({parts})" if parts else "")


def count_of(number: int, noun: str, plural: str = "") -> str:
    """Return ``1 package`` or ``2 packages``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
