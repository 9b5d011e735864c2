"""What a cataloger is: patterns, and one pure function from a file to facts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from seawall.images import Pattern
from seawall.model import Distribution, Incomplete, Package


@dataclass(frozen=True, slots=True)
class ImageFile:
    """A file of an image as a cataloger sees it."""

    path: str  # from the image's root, without leading slash
    content: bytes

    @property
    def text(self) -> str:
        r"""The content as UTF-8; what is none stands as ``\xNN``."""
        return self.content.decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class Ownership:
    """The files that a package says are its own.

    All of them, as they stand in its list: to ask a few paths in the end costs less than to sort
    out here which of 40,000 might name another package.
    """

    owner: str  # "deb:nodejs"
    paths: bytes  # a line for each, from the image's root, without leading slash


@dataclass(frozen=True, slots=True)
class Diversions:
    """Files that stand under another name than their package says (dpkg-divert(1))."""

    # Path, where it is instead, and the one package whose own file keeps the path ("deb:dash";
    # empty where there is none). Paths from the image's root, without leading slash.
    moved: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Checksums:
    """What a package says its files hold, for whoever looks for changed files."""

    owner: str  # "deb:nodejs"
    algorithm: str  # as hashlib names it: "md5", "sha1", "sha256"
    # As md5sum writes it, a line for each file: digest in hex, two spaces, the path from the
    # image's root without leading slash. Configuration files, which people change, are left out.
    # A digest may be cut: apk 3 keeps the first 40 digits of a SHA-256.
    lines: bytes


@dataclass(frozen=True, slots=True)
class Channels:
    """Where else packages of this image come from: "edge", "esm-infra"."""

    names: tuple[str, ...]


Fact = Package | Ownership | Diversions | Checksums | Channels | Distribution | Incomplete


@dataclass(frozen=True, slots=True)
class Cataloger:
    """One package manager, or one file form.

    `parse` yields what the file says; the reader adds path and layer. A file that it cannot read
    it answers with an `Incomplete`, never with an exception of its own making; a `ValueError`
    (as parsers of JSON, text and archives raise) counts as such too.
    """

    name: str
    patterns: tuple[Pattern, ...]
    parse: Callable[[ImageFile], Iterator[Fact]]


def is_version(text: str) -> bool:
    """Tell whether `text` can be shown as a version at all; its scheme judges it later.

    An address of a repository, as npm notes it in the place of a version, cannot: it may hold a
    password.
    """
    return 0 < len(text) <= 1000 and text.isprintable() and "://" not in text
