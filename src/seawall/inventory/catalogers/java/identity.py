"""What a jar is: by Maven's own record in it, else by its manifest, else by its name.

Sources: Maven Archiver ("Maven Archiver Reference": pom.properties, default manifest entries), the
JAR file specification (manifest), OSGi Core (Bundle-SymbolicName, Bundle-Version), and the rule by
which the bundle plugin for Maven makes symbolic names (``maven-bundle-plugin``, "Bundle-
SymbolicName").

A group that is guessed wrongly is a false identity, and advisories match on groups. So a group is
given only where something in the jar tells it: Maven's record, an ``Implementation-Vendor-Id``, a
symbolic name that can have come about in one way only, or the classes of a publisher who is known
to use that group (``publishers.toml``). A jar of which only the artifact is known is listed under
that name alone, which no advisory for Maven has.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from seawall.inventory.catalogers.contract import is_version
from seawall.model import Package

UNKNOWN = "unknown"  # the version of a jar that tells none
_TOKEN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")
_GROUP = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_-]+)+")
_PROPERTY = re.compile(
    r"^[ \t]*(groupId|artifactId|version)[ \t]*[=:][ \t]*(\S{1,1000})[ \t\r]*$", re.MULTILINE
)
_VERSION = re.compile(r"[0-9][0-9A-Za-z_.+-]{0,99}")
_CLASSIFIER = re.compile(
    r"-(?:sources|javadoc|tests?|test-sources|all|shaded|uber|standalone|jar-with-dependencies"
    r"|(?:linux|osx|windows)-(?:x86_(?:32|64)|aarch_?64))$"
)
# What may follow a hyphen inside a version: a number, or one of the words that versions have.
_QUALIFIER = re.compile(
    r"[0-9][0-9A-Za-z_.+]*|(?:alpha|beta|rc|cr|m|milestone|snapshot|final|ga|release|sp|jre|android"
    r"|b|build|rev|r|pre|preview|incubating|redhat|jbossorg|java|jdk|v|patch|hotfix)[0-9_.]*",
    re.IGNORECASE,
)
_HYPHEN_BEFORE_NUMBER = re.compile(r"-(?=[0-9])")
_MANIFEST_LINES = 5000
_NAME_LENGTH = 300  # longer ones are no names that anybody gave


@dataclass(frozen=True, slots=True)
class Clues:
    """What of an archive tells its identity."""

    name: str  # the file's name without folder and ending
    records: Sequence[tuple[str, str]]  # path and text of each pom.properties
    manifest: str
    names: bytes  # holds the names of all files in it


def packages(clues: Clues) -> Iterator[Package]:
    """Yield each Maven record as a package (code that was copied in is real code), and the jar.

    The jar itself is one of the records, mostly that of its name. Where none has its name, it is
    listed beside them if its name carries a version that none of them has (all of them are then
    of copied code), or if its publisher is known; else one record may well be that of a renamed
    jar, and nothing would be gained by a second name.
    """
    own, version = artifact_and_version(clues.name)
    known = [(path, found) for path, text in clues.records if (found := record(text)) is not None]
    has_own = any(artifact == own for _, (_, artifact, _) in known)
    for path, (group, artifact, recorded) in known:
        copied = ", of code copied into this archive" if has_own and artifact != own else ""
        yield Package("maven", f"{group}:{artifact}", recorded, evidence=f"{path}{copied}")
    if has_own:
        return
    is_other = bool(version) and all(recorded != version for _, (_, _, recorded) in known)
    if not known or is_other or _publisher(own, clues.names):
        yield _by_manifest_and_name(clues)


def artifact_and_version(name: str) -> tuple[str, str]:
    """Split a file's name as Maven writes it; the version is empty where none stands there."""
    bare = _CLASSIFIER.sub("", name[:_NAME_LENGTH])
    for hyphen in _HYPHEN_BEFORE_NUMBER.finditer(bare):
        artifact, version = bare[: hyphen.start()], bare[hyphen.end() :]
        first, *rest = version.split("-")
        if _VERSION.fullmatch(first) and all(map(_QUALIFIER.fullmatch, rest)):
            return artifact, version
    return name, ""


def record(text: str) -> tuple[str, str, str] | None:
    """Return group, artifact and version of a ``pom.properties``; None if one is unusable."""
    values: dict[str, str] = dict(_PROPERTY.findall(text))
    group, artifact, version = (values.get(k, "") for k in ("groupId", "artifactId", "version"))
    if _TOKEN.fullmatch(group) and _TOKEN.fullmatch(artifact) and _is_maven_version(version):
        return group, artifact, version
    return None


def _by_manifest_and_name(clues: Clues) -> Package:
    """Return the jar by its manifest and its name; with an unknown version if nothing tells one."""
    artifact, named = artifact_and_version(clues.name)
    main = attributes(clues.manifest)
    version, source = _version(main, named)
    publisher = _publisher(artifact, clues.names)
    if publisher is not None:
        group, said_by = publisher.group, f"group by its classes ({publisher.holds.decode()})"
        artifact = publisher.rename.get(artifact, artifact)
    else:
        group, said_by = _group(artifact, main)
    if not _TOKEN.fullmatch(artifact):
        artifact = re.sub(r"[^A-Za-z0-9_.-]+", "-", artifact)[:200].strip("-.") or "jar"
    full = f"{group}:{artifact}" if group else artifact
    return Package("maven", full, version, evidence=f"{source}; {said_by}")


def _version(main: Mapping[str, str], named: str) -> tuple[str, str]:
    """Return the version and what tells it.

    A manifest often has another form of it (1.9.10-release-459 of 1.9.10; a bundle's is always
    one): what the name says counts unless the manifest contradicts it.
    """
    given = main.get("Implementation-Version", "")
    if _VERSION.fullmatch(given):
        if named and (given.startswith(named) or named.startswith(given)):
            return named, "file name and MANIFEST.MF"
        return given, "MANIFEST.MF, Implementation-Version"
    if named:
        return named, "file name"
    bundle = main.get("Bundle-Version", "")
    if _VERSION.fullmatch(bundle):
        return bundle, "MANIFEST.MF, Bundle-Version"
    return UNKNOWN, "file name, version unknown"


def attributes(manifest: str) -> dict[str, str]:
    """Return the main attributes of a manifest (JAR file specification), long lines joined."""
    found: dict[str, str] = {}
    last = ""
    parts: list[str] = []
    for line in [*manifest.splitlines()[:_MANIFEST_LINES], ""]:
        if line.startswith(" ") and last:
            parts.append(line[1:])
            continue
        if last:
            found.setdefault(last, "".join(parts).strip())
        if not line.strip():
            break
        last, _, value = line.partition(":")
        parts = [value]
    return found


def _group(artifact: str, main: Mapping[str, str]) -> tuple[str, str]:
    """Return the group if the manifest tells it beyond doubt, and what does; else an empty one."""
    vendor = main.get("Implementation-Vendor-Id", "")
    if _GROUP.fullmatch(vendor) and main.get("Implementation-Title", artifact) == artifact:
        return vendor, "group by Implementation-Vendor-Id"
    symbolic = main.get("Bundle-SymbolicName", "").partition(";")[0].strip()
    group = group_of_bundle(symbolic, artifact)
    if group:
        return group, "group by Bundle-SymbolicName"
    return "", "group unknown"


def group_of_bundle(symbolic: str, artifact: str) -> str:
    """Return the group from which a bundle's symbolic name was made; empty if it is not certain.

    The plugin writes ``group.artifact``, leaves out what the artifact repeats of the group's last
    part (``org.apache.maven`` and ``maven-core`` give ``org.apache.maven.core``), and writes the
    group alone where the artifact is that last part. So a name that ends with a plain word may
    have come about in two ways; one that ends with a hyphened artifact in one only, as parts of
    groups have no hyphens by custom.
    """
    if "-" not in artifact:
        return ""
    whole = symbolic.removesuffix(f".{artifact}")
    if whole != symbolic and _GROUP.fullmatch(whole):
        return whole
    first, _, rest = artifact.partition("-")
    for ending in (rest, rest.replace("-", ".")):
        group = symbolic.removesuffix(f".{ending}")
        if group != symbolic and group.endswith(f".{first}") and _GROUP.fullmatch(group):
            return group
    return ""


@dataclass(frozen=True, slots=True)
class Publisher:
    """A group, the artifacts it publishes without Maven's record, and classes they all hold."""

    group: str
    artifacts: re.Pattern[str]
    holds: bytes
    rename: Mapping[str, str]


@cache
def _publishers() -> tuple[Publisher, ...]:
    text = files(__package__).joinpath("publishers.toml").read_text(encoding="utf-8")
    return tuple(
        Publisher(
            entry["group"],
            re.compile(entry["artifacts"]),
            entry["holds"].encode(),
            entry.get("rename", {}),
        )
        for entry in tomllib.loads(text)["publisher"]
    )


def _publisher(artifact: str, names: bytes) -> Publisher | None:
    for publisher in _publishers():
        if publisher.artifacts.fullmatch(artifact) and publisher.holds in names:
            return publisher
    return None


def _is_maven_version(text: str) -> bool:
    return is_version(text) and " " not in text and "${" not in text and "@" not in text
