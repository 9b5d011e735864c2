"""Images for the quality gate, made of a recipe: names and versions in, files of real forms out.

A recipe is ``tests/data/quality/NAME/subject.toml``: a list of layers, each with tables of
packages. A table is text, one package a line, columns parted by blanks, ``-`` for an empty one,
``#`` before a remark.
"""

import hashlib
import json
import lzma
import tarfile
import tomllib
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.quality.planting import planted
from tests.unit.inventory.catalogers.executables.elf_files import elf
from tests.unit.inventory.catalogers.java.archives import manifest, record, zipped
from tests.unit.inventory.images import file, save

DATA = Path(__file__).parents[1] / "data" / "quality"
Files = dict[str, bytes]
Member = tuple[tarfile.TarInfo, bytes]


@dataclass(frozen=True, slots=True)
class Subject:
    """One image of the gate."""

    name: str
    title: str
    layers: tuple[Mapping[str, Any], ...]
    environment: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Where its recipe and its labels are."""
        return DATA / self.name

    def files(self) -> list[Files]:
        """Return the files of each layer, lowest first."""
        return [_files(layer, self.folder) for layer in self.layers]

    def visible(self) -> Files:
        """Return the files that a container sees, by their own rule: the highest layer counts."""
        seen: Files = {}
        for files in self.files():
            for path, content in files.items():
                folder, _, name = path.rpartition("/")
                if name.startswith(".wh."):
                    gone = f"{folder}/{name[4:]}"
                    seen = {p: c for p, c in seen.items() if not f"{p}/".startswith(f"{gone}/")}
                else:
                    seen[path] = content
        return seen

    def build(self, path: Path) -> str:
        """Write the image as an archive of Docker's and return it as a target."""
        members: list[list[Member]] = [
            [file(name, content) for name, content in files.items()] for files in self.files()
        ]
        config = {"config": {"Env": list(self.environment)}} if self.environment else {}
        return save(path, members, config)


def subjects() -> list[Subject]:
    """Return all subjects, by name."""
    return [load(path.parent.name) for path in sorted(DATA.glob("*/subject.toml"))]


def load(name: str, recipe: str = "subject.toml") -> Subject:
    """Return one subject."""
    found = tomllib.loads((DATA / name / recipe).read_text("utf-8"))
    environment = tuple(planted(e, e).decode() for e in found.get("environment", ()))
    return Subject(name, found["title"], tuple(found["layer"]), environment)


def rows(table: str, width: int) -> Iterator[list[str]]:
    """Yield the lines of a table, filled up to `width` columns."""
    for line in table.splitlines():
        cells = ["" if cell == "-" else cell for cell in line.partition("#")[0].split()]
        if cells:
            yield cells + [""] * (width - len(cells))


def _files(layer: Mapping[str, Any], folder: Path) -> Files:
    files: Files = {}
    for part, content in layer.items():
        match part:
            case "text":
                files |= {path: text.encode() for path, text in content.items()}
            case "planted":
                files |= {path: planted(path, text) for path, text in content.items()}
            case "copied":
                files |= {path: _recorded(folder / name) for path, name in content.items()}
            case "removed":
                files |= {"{}/.wh.{}".format(*path.rsplit("/", 1)): b"" for path in content}
            case "jar":
                for jar in content:
                    files[jar["path"]] = archive(jar)
            case "go":
                files |= {
                    path: elf(
                        {".go.buildinfo": _recorded(folder / name)}, writable=(".go.buildinfo",)
                    )
                    for path, name in content.items()
                }
            case _:
                files |= _FORMS[part](content)
    return files


def _recorded(path: Path) -> bytes:
    content = path.read_bytes()
    return lzma.decompress(content) if path.suffix == ".xz" else content


def dpkg(table: str) -> Files:
    """Return dpkg's database; columns: package, version, architecture, source, its version, state.

    The state is dpkg's with dots for blanks.
    """
    stanzas = [
        _stanza(cells, (cells[5] or "install.ok.installed").replace(".", " "))
        for cells in rows(table, 6)
    ]
    return {"var/lib/dpkg/status": "\n".join(stanzas).encode()}


def status_d(table: str) -> Files:
    """Return a file a package, as images without dpkg have them; columns as for `dpkg`."""
    return {
        f"var/lib/dpkg/status.d/{cells[0]}": _stanza(cells, "").encode() for cells in rows(table, 6)
    }


def _stanza(cells: list[str], state: str) -> str:
    name, version, architecture, source, source_version, _ = cells
    lines = [f"Package: {name}"]
    if state:
        lines.append(f"Status: {state}")
    lines += ["Priority: optional", "Section: misc", "Installed-Size: 100"]
    lines += ["Maintainer: Debian <debian@example.com>", f"Architecture: {architecture}"]
    if source:
        lines.append(
            f"Source: {source} ({source_version})" if source_version else f"Source: {source}"
        )
    lines += [f"Version: {version}", f"Description: {name}", " Made for a test.", ""]
    return "\n".join(lines)


def vendor(shipped: list[list[str]]) -> Files:
    """Return files with dpkg's checksums of them; each is package, path, content."""
    files: Files = {path: planted(path, text) for _, path, text in shipped}
    sums: dict[str, list[str]] = {}
    for package, path, _ in shipped:
        digest = hashlib.md5(files[path], usedforsecurity=False).hexdigest()
        sums.setdefault(package, []).append(f"{digest}  {path}\n")
    for package, lines in sums.items():
        files[f"var/lib/dpkg/info/{package}.md5sums"] = "".join(lines).encode()
    return files


def owned(table: str) -> Files:
    """Return dpkg's lists of files; columns: package, one of its files."""
    lists: dict[str, list[str]] = {}
    for name, path in rows(table, 2):
        lists.setdefault(name, ["/."]).append(f"/{path}")
    return {
        f"var/lib/dpkg/info/{name}.list": ("\n".join(paths) + "\n").encode()
        for name, paths in lists.items()
    }


def apk(table: str) -> Files:
    """Return apk's database; columns: package, version, origin, a file it owns."""
    stanzas = []
    for name, version, origin, path in rows(table, 4):
        lines = ["C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=", f"P:{name}", f"V:{version}", "A:x86_64"]
        lines += ["S:1000", "I:4096", f"T:{name}", "U:https://alpinelinux.org", "L:MIT"]
        lines += [f"o:{origin or name}", "m:Alpine <alpine@example.com>", "t:1580000000"]
        if path:
            folder, _, last = path.rpartition("/")
            lines += [f"F:{folder}", f"R:{last}", "a:0:0:644", "Z:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA="]
        stanzas.append("\n".join(lines) + "\n")
    return {"lib/apk/db/installed": ("\n".join(stanzas) + "\n").encode()}


def python(table: str) -> Files:
    """Return metadata of Python packages; columns: folder, its name's ending, package, version."""
    files: Files = {}
    for folder, ending, name, version in rows(table, 4):
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: x\n\nText.\n"
        last = "METADATA" if ending == "dist-info" else "PKG-INFO"
        files[f"{folder}/{name.replace('-', '_')}-{version}.{ending}/{last}"] = text.encode()
    return files


def npm(table: str) -> Files:
    """Return package.json files; columns: folder, package, version."""
    return {
        f"{folder}/{name}/package.json": json.dumps({"name": name, "version": version}).encode()
        for folder, name, version in rows(table, 3)
    }


def npm_lock(table: str) -> Files:
    """Return package-lock.json files of npm 7 and later; columns: project, package, version."""
    projects: dict[str, dict[str, Any]] = {}
    for folder, name, version in rows(table, 3):
        found = projects.setdefault(folder, {"": {"name": "shop", "version": "1.0.0"}})
        found[f"node_modules/{name}"] = {
            "version": version,
            "resolved": f"https://npm.example.net/{name}/-/{name}-{version}.tgz",
        }
    return {
        f"{folder}/package-lock.json": json.dumps(
            {"name": "shop", "version": "1.0.0", "lockfileVersion": 3, "packages": packages}
        ).encode()
        for folder, packages in projects.items()
    }


def gems(table: str) -> Files:
    """Return specifications as RubyGems writes them; columns: folder, gem, version, platform."""
    files: Files = {}
    for folder, name, version, platform in rows(table, 4):
        whole = f"{name}-{version}" + (f"-{platform}" if platform else "")
        files[f"{folder}/{whole}.gemspec"] = (
            f"# -*- encoding: utf-8 -*-\n# stub: {name} {version} {platform or 'ruby'} lib\n\n"
            f'Gem::Specification.new do |s|\n  s.name = "{name}".freeze\n'
            f'  s.version = "{version}"\nend\n'
        ).encode()
    return files


def composer(table: str) -> Files:
    """Return composer's list of what it installed; columns: vendor folder, package, version."""
    lists: dict[str, list[dict[str, str]]] = {}
    for folder, name, version in rows(table, 3):
        packages = lists.setdefault(f"{folder}/composer/installed.json", [])
        packages.append({"name": name, "version": version, "version_normalized": f"{version}.0"})
    return {
        path: json.dumps({"packages": packages, "dev": False}).encode()
        for path, packages in lists.items()
    }


def crates(table: str) -> Files:
    """Return programs as cargo-auditable makes them; columns: program, crate, version, kind."""
    programs: dict[str, list[dict[str, str]]] = {}
    for path, name, version, kind in rows(table, 4):
        crate = {"name": name, "version": version, "source": "crates.io"}
        programs.setdefault(path, []).append(crate | ({"kind": kind} if kind else {}))
    return {
        path: elf({".dep-v0": zlib.compress(json.dumps({"packages": found}).encode())})
        for path, found in programs.items()
    }


def cargo_lock(table: str) -> Files:
    """Return Cargo.lock files; columns: project, crate, version."""
    projects: dict[str, list[str]] = {}
    for folder, name, version in rows(table, 3):
        projects.setdefault(f"{folder}/Cargo.lock", ["version = 3\n"]).append(
            f'[[package]]\nname = "{name}"\nversion = "{version}"\n'
            'source = "registry+https://github.com/rust-lang/crates.io-index"\n'
        )
    return {path: "\n".join(stanzas).encode() for path, stanzas in projects.items()}


def archive(jar: Mapping[str, Any]) -> bytes:
    """Return a Java archive: Maven's records, a manifest, classes, and the archives in it."""
    members: Files = {}
    if "manifest" in jar:
        members |= manifest(**jar["manifest"])
    for coordinates in jar.get("records", ()):
        members |= record(*coordinates.split(":"))
    members |= dict.fromkeys(jar.get("classes", ()), b"\xca\xfe\xba\xbe")
    members |= {inner["path"]: archive(inner) for inner in jar.get("holds", ())}
    return zipped(members)


_FORMS: Mapping[str, Callable[[Any], Files]] = {
    "apk": apk,
    "cargo_lock": cargo_lock,
    "composer": composer,
    "crates": crates,
    "dpkg": dpkg,
    "gems": gems,
    "npm": npm,
    "npm_lock": npm_lock,
    "owned": owned,
    "python": python,
    "status_d": status_d,
    "vendor": vendor,
}
