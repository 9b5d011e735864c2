"""One module a package manager; `CATALOGERS` is all there is."""

from seawall.inventory.catalogers.apk import APK, APK_REPOSITORIES
from seawall.inventory.catalogers.apt import APT_SOURCES, UBUNTU_PRO
from seawall.inventory.catalogers.bitnami import BITNAMI
from seawall.inventory.catalogers.bun import BUN, BUN_BINARY
from seawall.inventory.catalogers.cargo_lock import CARGO_LOCK
from seawall.inventory.catalogers.cocoapods import PODFILE_LOCK
from seawall.inventory.catalogers.conda import CONDA
from seawall.inventory.catalogers.contract import (
    Cataloger,
    Channels,
    Checksums,
    Diversions,
    Fact,
    ImageFile,
    Ownership,
)
from seawall.inventory.catalogers.dart import PUB_LOCK
from seawall.inventory.catalogers.dotnet import DOTNET, NUGET_CONFIG, NUGET_LOCK
from seawall.inventory.catalogers.dpkg import (
    DPKG,
    DPKG_CHECKSUMS,
    DPKG_DIVERSIONS,
    DPKG_FILES,
    DPKG_SINGLE,
)
from seawall.inventory.catalogers.elixir import MIX_LOCK
from seawall.inventory.catalogers.executables import EXECUTABLES, VERSION_FILES
from seawall.inventory.catalogers.go_mod import GO_MOD
from seawall.inventory.catalogers.gradle_lock import GRADLE_LOCK
from seawall.inventory.catalogers.haskell import CABAL_FREEZE, STACK_LOCK
from seawall.inventory.catalogers.java import JAVA, JAVA_RUNTIME, JAVA_UNPACKED
from seawall.inventory.catalogers.julia import JULIA_MANIFEST
from seawall.inventory.catalogers.npm import NPM
from seawall.inventory.catalogers.npm_lock import NPM_LOCK
from seawall.inventory.catalogers.opkg import OPKG
from seawall.inventory.catalogers.os_release import OS_RELEASE
from seawall.inventory.catalogers.pacman import PACMAN, PACMAN_CHECKSUMS, PACMAN_FILES
from seawall.inventory.catalogers.php import COMPOSER, COMPOSER_LOCK
from seawall.inventory.catalogers.pnpm import PNPM
from seawall.inventory.catalogers.python import PYTHON, PYTHON_EGG, PYTHON_FILES
from seawall.inventory.catalogers.python_lock import (
    PIPFILE_LOCK,
    PYLOCK,
    PYTHON_LOCK,
    REQUIREMENTS,
)
from seawall.inventory.catalogers.r import RENV_LOCK, R
from seawall.inventory.catalogers.rpm import (
    RPM_BERKELEY,
    RPM_JOURNAL,
    RPM_MANIFEST,
    RPM_NDB,
    RPM_SQLITE,
)
from seawall.inventory.catalogers.ruby import GEMFILE_LOCK, GEMS
from seawall.inventory.catalogers.swift import SWIFT_RESOLVED
from seawall.inventory.catalogers.unread import UNREAD
from seawall.inventory.catalogers.yarn import YARN

CATALOGERS: tuple[Cataloger, ...] = (
    OS_RELEASE,
    DPKG,
    DPKG_SINGLE,
    DPKG_FILES,
    DPKG_CHECKSUMS,
    DPKG_DIVERSIONS,
    APT_SOURCES,
    UBUNTU_PRO,
    APK,
    APK_REPOSITORIES,
    RPM_SQLITE,
    RPM_NDB,
    RPM_BERKELEY,
    RPM_JOURNAL,
    RPM_MANIFEST,
    PACMAN,
    PACMAN_FILES,
    PACMAN_CHECKSUMS,
    OPKG,
    PYTHON,
    PYTHON_EGG,
    PYTHON_FILES,
    NPM,
    UNREAD,
    GEMS,
    COMPOSER,
    DOTNET,
    R,
    CONDA,
    BITNAMI,
    JAVA,
    JAVA_UNPACKED,
    JAVA_RUNTIME,
    EXECUTABLES,
    VERSION_FILES,
    PYTHON_LOCK,
    PYLOCK,
    PIPFILE_LOCK,
    REQUIREMENTS,
    NPM_LOCK,
    YARN,
    PNPM,
    BUN,
    BUN_BINARY,
    CARGO_LOCK,
    GO_MOD,
    GEMFILE_LOCK,
    COMPOSER_LOCK,
    NUGET_LOCK,
    NUGET_CONFIG,
    RENV_LOCK,
    PUB_LOCK,
    MIX_LOCK,
    STACK_LOCK,
    CABAL_FREEZE,
    SWIFT_RESOLVED,
    PODFILE_LOCK,
    JULIA_MANIFEST,
    GRADLE_LOCK,
)

__all__ = [
    "CATALOGERS",
    "Cataloger",
    "Channels",
    "Checksums",
    "Diversions",
    "Fact",
    "ImageFile",
    "Ownership",
]
