"""Lock files that tools wrote, and how the tests ask a cataloger what one says."""

from pathlib import Path

from seawall.inventory.catalogers.contract import Cataloger, Fact, ImageFile
from seawall.model import Package

DATA = Path(__file__).parents[3] / "data/locks"

# What package.json files of one project ask for, in every lock file of npm, yarn, pnpm and bun.
JAVASCRIPT = {
    "@babel/code-frame 7.12.13",
    "@babel/helper-validator-identifier 7.29.7",
    "@babel/highlight 7.25.9",
    "ansi-styles 3.2.1",
    "chalk 2.4.2",  # asked for as "chalk-old", too
    "color-convert 1.9.3",
    "color-name 1.1.3",
    "escape-string-regexp 1.0.5",
    "has-flag 3.0.0",
    "js-tokens 4.0.0",
    "lodash 4.17.20",
    "minimist 0.0.8",  # of the workspace
    "minimist 1.2.5",  # for development
    "picocolors 1.1.1",
    "supports-color 5.5.0",
}


def facts(cataloger: Cataloger, content: bytes | str, path: str = "srv/app/lock") -> list[Fact]:
    """Return all that the cataloger says of this content."""
    data = content.encode() if isinstance(content, str) else content
    return list(cataloger.parse(ImageFile(path, data)))


def named(cataloger: Cataloger, content: bytes | str, path: str = "srv/app/lock") -> list[str]:
    """Return ``name version`` of each package; all of them must be locked ones, once each."""
    packages = [fact for fact in facts(cataloger, content, path) if isinstance(fact, Package)]
    assert all(package.locked for package in packages)
    assert len(set(packages)) == len(packages)
    return [f"{package.name} {package.version}" for package in packages]


def recorded(cataloger: Cataloger, name: str) -> list[str]:
    """Return the same of a recorded file."""
    return named(cataloger, (DATA / name).read_bytes(), f"srv/app/{Path(name).name}")
