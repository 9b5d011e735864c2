"""What is inside an image."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Distribution:
    """The distribution an image was made from, as its os-release names it.

    It decides which advisories may speak of the packages. `version` is empty where the
    distribution has none yet (Debian testing and unstable): `codename` may still be there.
    """

    id: str  # "debian"; os-release ID, lower case
    version: str  # "12"; os-release VERSION_ID
    codename: str = ""  # "bookworm"
    name: str = ""  # "Debian GNU/Linux 12 (bookworm)", for people
    cpe: str = ""  # os-release CPE_NAME: "cpe:/o:redhat:enterprise_linux:9::baseos"
    channels: tuple[str, ...] = ()  # what else packages come from: "esm-infra", "edge"; sorted


@dataclass(frozen=True, slots=True)
class Package:
    """One package.

    `type` is the package-url type: ``deb``, ``pypi``, ``npm``. `name` is as the ecosystem writes
    it, for npm with the scope (``@babel/core``), for Maven as ``group:artifact``. `version` is as
    the package manager writes it, with the epoch where there is one (``1:2.3-4``).
    """

    type: str
    name: str
    version: str
    source: str = ""  # source package, when the ecosystem has such; else empty
    source_version: str = ""
    arch: str = ""
    layer: str = ""  # diff-id of the layer that brought this version; empty without layers
    path: str = ""  # the file that names it, from the image's root, without leading slash
    owner: str = ""  # "deb:nodejs": the package that owns that file; empty when nobody does
    module: str = ""  # rpm module it was built in, as "nodejs:18"; else empty
    locked: bool = False  # named by a lock file only: evidence of a build, not of an installation
    # What tells so when no package manager does: "offset 0x1f3a: OpenSSL 3.0.11 19 Sep 2023".
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Incomplete:
    """Something that should have been read and could not be."""

    path: str
    reason: str
    layer: str = ""


@dataclass(frozen=True, slots=True)
class Inventory:
    """What an image contains. Made once, never changed."""

    target: str  # as the person named it, with its prefix
    digest: str  # of the image's configuration ("sha256:…"); empty for a directory
    distribution: Distribution | None
    packages: Sequence[Package]  # sorted by type, name, version, path
    incomplete: Sequence[Incomplete] = ()
    layers: Sequence[str] = ()  # diff-ids, lowest first
