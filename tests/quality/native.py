"""What is in a subject by the words of the package managers' own tools, not of Seawall.

dpkg-query, rpm and ``go version -m`` read the very files that the image has. For what has no tool
that lists a folder (apk on Debian, jars), the recipe itself says what was put there.
"""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from tests.quality.recipe import Subject, rows


@dataclass(frozen=True, slots=True)
class Entry:
    """One package, and by which name and version advisories speak of it."""

    kind: str  # package-url type
    name: str
    version: str
    ecosystem: str  # OSV's, with release
    known_as: str
    compared: str
    module: str = ""
    owner: str = ""  # source package of the distribution whose files it is
    is_locked: bool = False

    @property
    def label(self) -> str:
        """The package as labels write it."""
        return f"{self.kind}/{self.name} {self.version}"


def entries(subject: Subject, scratch: Path) -> list[Entry]:
    """Return all packages of a subject that some ecosystem of OSV speaks of."""
    files = subject.visible()
    found: dict[Entry, None] = {}
    debs = list(_deb(files, scratch))
    for entry in (*debs, *_rpm(subject, files, scratch), *_go(subject, files, scratch)):
        found[entry] = None
    for layer in subject.layers:
        for part, content in layer.items():
            for entry in _listed(part, content, files):
                found[entry] = None
    owners = _owners(debs, files)
    return [replace(e, owner=owners.get(e.label, "")) for e in found]


def _deb(files: Mapping[str, bytes], scratch: Path) -> Iterator[Entry]:
    status = files.get("var/lib/dpkg/status", b"")
    singles = [c for p, c in files.items() if p.startswith("var/lib/dpkg/status.d/")]
    for content in singles:  # dpkg itself wants a state
        status += content.replace(b"Priority:", b"Status: install ok installed\nPriority:") + b"\n"
    if not status:
        return
    folder = scratch / "dpkg"
    (folder / "info").mkdir(parents=True)
    (folder / "status").write_bytes(status)
    fields = ("db:Status-Status", "Package", "Version", "source:Package", "source:Version")
    shown = "\\t".join(f"${{{field}}}" for field in fields)
    for line in _run("dpkg-query", f"--admindir={folder}", "-W", "-f", shown + "\\n"):
        state, name, version, source, source_version = line.split("\t")
        if state in ("config-files", "not-installed"):
            continue
        if source == "linux-signed-amd64":  # built from linux, which is what the tracker knows
            source, source_version = "linux", version
        yield Entry("deb", name, version, "Debian:12", source, source_version)


def _rpm(subject: Subject, files: Mapping[str, bytes], scratch: Path) -> Iterator[Entry]:
    content = files.get("var/lib/rpm/rpmdb.sqlite")
    if content is None:
        return
    folder = scratch / "rpm"
    folder.mkdir()
    (folder / "rpmdb.sqlite").write_bytes(content)
    shown = "%{NAME}\\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\t%{MODULARITYLABEL}\\n"
    for line in _run("rpm", "--dbpath", str(folder), "-qa", "--qf", shown):
        name, version, label = line.split("\t")
        module = "" if label == "(none)" else ":".join(label.split(":")[:2])
        release = f"AlmaLinux:{subject.name.rpartition('-')[2]}"
        yield Entry("rpm", name, version, release, name, version, module)


def _go(subject: Subject, files: Mapping[str, bytes], scratch: Path) -> Iterator[Entry]:
    for path in {path for layer in subject.layers for path in layer.get("go", ())}:
        program = scratch / path.replace("/", "_")
        program.write_bytes(files[path])
        program.chmod(0o755)
        first, *lines = _run("go", "version", "-m", str(program))
        yield _module("stdlib", first.rpartition(": go")[2])
        modules: list[list[str]] = []
        flags = ""
        for cells in (line.strip().split("\t") for line in lines):
            if cells[0] in ("mod", "dep"):
                modules.append(cells[1:3])
            elif cells[0] == "=>":
                modules[-1] = cells[1:3]
            elif cells[0] == "build" and cells[1].startswith("-ldflags="):
                flags = cells[1]
        given = re.search(r"main\.version=([0-9.]+)", flags)
        if given:
            modules[0][1] = f"v{given[1]}"
        for name, version in modules:
            if version != "(devel)":
                yield _module(name, version.removeprefix("v"))


def _module(name: str, version: str) -> Entry:
    shown = f"go{version}" if name == "stdlib" else f"v{version}"
    return Entry("golang", name, shown, "Go", name, version)


def _listed(part: str, content: Any, files: Mapping[str, bytes]) -> Iterator[Entry]:
    match part:
        case "apk":
            for name, version, origin, _ in rows(content, 4):
                if not name.startswith("."):
                    source = origin or name
                    yield Entry("apk", name, version, "Alpine:v3.11", source, version)
        case "python":
            for folder, _, name, version in rows(content, 4):
                if any(
                    p.startswith(f"{folder}/{name.replace('-', '_')}-{version}.") for p in files
                ):
                    compared = version.partition("+")[0]
                    known_as = canonicalize_name(name)
                    yield Entry("pypi", name, version, "PyPI", known_as, compared)
        case "npm" | "npm_lock":
            for _, name, version in rows(content, 3):
                locked = part == "npm_lock"
                yield Entry("npm", name, version, "npm", name, version, is_locked=locked)
        case "gems":
            for _, name, version, _ in rows(content, 4):
                yield Entry("gem", name, version, "RubyGems", name, version)
        case "composer":
            for _, name, version in rows(content, 3):
                plain = version.removeprefix("v")
                yield Entry("composer", name.lower(), plain, "Packagist", name.lower(), plain)
        case "crates":
            for _, name, version, kind in rows(content, 4):
                if kind != "build":
                    yield Entry("cargo", name, version, "crates.io", name, version)
        case "cargo_lock":
            for _, name, version in rows(content, 3):
                yield Entry("cargo", name, version, "crates.io", name, version, is_locked=True)
        case "jar":
            for jar in content:
                yield from _jar(jar)


def _jar(jar: Mapping[str, Any]) -> Iterator[Entry]:
    coordinates = list(jar.get("records", ()))
    if is_said := jar.get("is"):
        coordinates.append(is_said)
    for each in coordinates:
        group, artifact, version = each.split(":")
        name = f"{group}:{artifact}"
        yield Entry("maven", name, version, "Maven", name, version)
    for inner in jar.get("holds", ()):
        yield from _jar(inner)


def _owners(debs: list[Entry], files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the source package of the distribution for each language package that it brought."""
    sources = {entry.name: entry.known_as for entry in debs}
    owner_of = {
        path: sources.get(name.rpartition("/")[2].removesuffix(".list"), "")
        for name, content in files.items()
        if name.endswith(".list")
        for path in content.decode().split("\n")
    }
    owned: dict[str, str] = {}
    for path, content in files.items():
        source = owner_of.get(f"/{path}")
        if source and path.endswith(("METADATA", "PKG-INFO")):
            fields = dict(re.findall(r"^(Name|Version): (.*)$", content.decode(), re.MULTILINE))
            owned["pypi/{Name} {Version}".format(**fields)] = source
        elif source and path.endswith("package.json"):
            owned["npm/{name} {version}".format(**json.loads(content))] = source
    return owned


def _run(*command: str) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if line.strip()]
