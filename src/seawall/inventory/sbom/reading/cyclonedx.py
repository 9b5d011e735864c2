"""CycloneDX JSON (https://cyclonedx.org/docs/, 1.2 to 1.7), of ours and of other tools.

Other tools tell in properties what the format has no field for: syft in ``syft:…``
(``syft/format/internal/cyclonedxutil``), trivy in ``aquasecurity:trivy:…`` (``pkg/sbom/core``),
cdxgen in ``SrcFile``. Components may hold components; how they depend on each other is not read.

A document is decoded as a whole. Only where a value in it has a type that the schema does not know,
its components are taken one by one, so that a damaged one costs nothing but itself.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar
from urllib.parse import unquote

import msgspec

from seawall.inventory.purl import distribution_of
from seawall.inventory.sbom.reading.contents import SYSTEM_TYPES, Contents
from seawall.model import Distribution, Incomplete, Package

_TRIVY = "aquasecurity:trivy:"
_SYFT = "syft:"
_OURS = "seawall:"
# What is no package by its type; all others should have a package-url.
_NO_PACKAGES = frozenset(
    {
        "container",
        "cryptographic-asset",
        "data",
        "device",
        "device-driver",
        "file",
        "machine-learning-model",
        "operating-system",
    }
)
_PUBLISHED = ("library", "framework")  # what may have advisories when it is the subject itself
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class _Property(msgspec.Struct):
    name: str | None = None
    value: str | None = None


class _Occurrence(msgspec.Struct):
    location: str | None = None


class _Evidence(msgspec.Struct):
    occurrences: list[_Occurrence] | None = None


class _Component(msgspec.Struct):
    type: str | None = None
    group: str | None = None
    name: str | None = None
    version: str | None = None
    description: str | None = None
    purl: str | None = None
    evidence: _Evidence | None = None
    properties: list[_Property] | None = None
    components: "list[_Component] | None" = None

    def values(self, name: str) -> list[str]:
        """Return the values of all properties of that name, in their order."""
        return [each.value for each in self.properties or () if each.name == name and each.value]

    def value(self, *names: str) -> str:
        """Return the value of the first of `names` that there is; else empty."""
        return next((value for name in names for value in self.values(name)), "")


class _Tool(msgspec.Struct):
    name: str | None = None


class _Tools(msgspec.Struct):
    components: list[_Tool] | None = None


class _Metadata(msgspec.Struct):
    component: _Component | None = None
    tools: list[_Tool] | _Tools | None = None
    properties: list[_Property] | None = None


class _Bom(msgspec.Struct):
    metadata: _Metadata | None = None
    components: list[_Component] | None = None


class _Frame(msgspec.Struct):
    """What no document can be without; all else may be damaged here and there."""

    metadata: dict[str, Any] | None = None
    components: list[Any] | None = None


def contents(data: bytes, where: str) -> Contents:
    """Return what a document says.

    Raises:
        msgspec.MsgspecError: it is damaged, or its frame has another form than the schema says.
        LimitExceeded: it has too many components.
    """
    found = Contents(where)
    try:
        bom = msgspec.json.decode(data, type=_Bom)
    except msgspec.ValidationError:
        _damaged_document(msgspec.json.decode(data, type=_Frame), found)
        return found
    metadata = bom.metadata or _Metadata()
    _about(metadata, found)
    inside = (metadata.component.components if metadata.component else None) or ()
    for place, component in _each(inside, bom.components or (), _as_it_is):
        _add(place, component, found)
    return found


def _damaged_document(frame: _Frame, found: Contents) -> None:
    """Take what can be read of a document in which some values are of a wrong type."""
    opened = _opener(found)
    raw = dict(frame.metadata or {})
    subject = raw.pop("component", None)
    metadata = _Metadata()
    try:
        metadata = msgspec.convert(raw, _Metadata)
    except msgspec.ValidationError as error:
        found.damaged("metadata", "", str(error))
    inside: Sequence[Any] = ()
    if subject is not None:
        metadata.component, inside = opened(subject, _SUBJECT)
    _about(metadata, found)
    for place, component in _each(inside, frame.components or (), opened):
        _add(place, component, found)


def _about(metadata: _Metadata, found: Contents) -> None:
    tools = metadata.tools.components if isinstance(metadata.tools, _Tools) else metadata.tools
    found.is_ours = any(tool.name == "seawall" for tool in tools or ())
    if metadata.component:
        _subject(metadata.component, found)
    for each in metadata.properties or ():
        if each.name == f"{_OURS}incomplete" and each.value:
            found.gaps.append(_gap(each.value))


_SUBJECT = "the document's subject"
_Raw = TypeVar("_Raw")
# Returns the component that something is, None if it is damaged, and the components inside it.
_Opened = Callable[[_Raw, str], tuple[_Component | None, Sequence[_Raw]]]


def _each(
    inside: Sequence[_Raw], components: Sequence[_Raw], opened: _Opened[_Raw]
) -> Iterator[tuple[str, _Component]]:
    """Yield all components and where they stand: ``component 3``, and within it ``component 3.1``.

    Those inside of the subject come first: ``part 1 of the document's subject``.
    """
    for within, listed in ((f" of {_SUBJECT}", inside), ("", components)):
        kind = "part" if within else "component"
        waiting = [("", enumerate(listed, start=1))]
        while waiting:
            before, rest = waiting[-1]
            item = next(rest, None)
            if item is None:
                waiting.pop()
                continue
            number, raw = item
            place = f"{kind} {before}{number}{within}"
            component, inner = opened(raw, place)
            if component is not None:
                yield place, component
            if inner:
                waiting.append((f"{before}{number}.", enumerate(inner, start=1)))


def _as_it_is(component: _Component, _place: str) -> tuple[_Component, Sequence[_Component]]:
    return component, component.components or ()


def _opener(found: Contents) -> _Opened[Any]:
    """Return what makes a component of a decoded value, and notes a damaged one."""

    def opened(raw: Any, place: str) -> tuple[_Component | None, Sequence[Any]]:
        if not isinstance(raw, dict):
            found.count()
            found.damaged(place, "", "no object")
            return None, []
        own = {key: value for key, value in raw.items() if key != "components"}
        inner = [] if raw.get("components") is None else raw["components"]
        problem = "its components are no list"
        if isinstance(inner, list):
            try:
                return msgspec.convert(own, _Component), inner
            except msgspec.ValidationError as error:
                problem = str(error)
        else:
            inner = []
        found.count()
        found.damaged(place, own.get("name"), problem)
        return None, inner

    return opened


def _subject(component: _Component, found: Contents) -> None:
    """Take what the document is about.

    An application's own name is often that of somebody's published package, so it is none; the
    bill of materials of a library is about a package.
    """
    found.target = component.name or ""
    version = component.version or ""
    if found.is_ours:
        found.digest = version
        found.layers = component.values(f"{_OURS}layer")
        return
    found.digest = component.value(f"{_TRIVY}ImageID")
    if not found.digest and component.type == "container" and _DIGEST.fullmatch(version):
        found.digest = version
    found.layers = component.values(f"{_TRIVY}DiffID")
    found.tags = component.values(f"{_TRIVY}RepoTag")
    if component.purl and component.type in _PUBLISHED:
        _add(_SUBJECT, component, found)


def _add(place: str, component: _Component, found: Contents) -> None:
    if component.type == "operating-system":
        found.count()
        system = _system(component, found.is_ours)
        if system is not None:
            found.systems.append(system)
        return
    if not component.purl:
        # Trivy's "applications" are files that name packages.
        if component.type in _NO_PACKAGES or component.value(f"{_TRIVY}Type", f"{_TRIVY}Class"):
            found.count()
            return
    elif found.is_ours and (kind := component.value(f"{_OURS}type")):
        found.count()
        if component.name:
            found.own.append(_own(component, kind))
        else:
            found.damaged(place, component.purl, "without a name")
        return
    known = {
        "path": _path(component),
        "layer": component.value(f"{_TRIVY}LayerDiffID", f"{_SYFT}location:0:layerID"),
    }
    if (component.purl or "").startswith(tuple(f"pkg:{kind}/" for kind in SYSTEM_TYPES)):
        known |= _source(component)
    name, group = component.name or "", component.group or ""
    names = [f"{group}:{name}", f"{group}/{name}", name] if group else [name]
    purls = filter(None, [component.purl])
    found.add(place, purls, names, component.version or "", **known)


def _own(component: _Component, kind: str) -> Package:
    """Return the package exactly as it was written."""

    def text(name: str) -> str:
        return component.value(f"{_OURS}{name}")

    return Package(
        type=kind,
        name=component.name or "",
        version=component.version or "",
        source=text("source"),
        source_version=text("source_version"),
        arch=text("arch"),
        layer=text("layer"),
        path=text("path"),
        owner=text("owner"),
        module=text("module"),
        locked=text("locked") == "true",
        evidence=text("evidence"),
    )


def _system(component: _Component, is_ours: bool) -> Distribution | None:
    name, version = component.name or "", component.version or ""
    if is_ours:
        return Distribution(
            id=name,
            version=version,
            codename=component.value(f"{_OURS}codename"),
            name=component.value(f"{_OURS}name"),
            cpe=component.value(f"{_OURS}cpe"),
            channels=tuple(component.values(f"{_OURS}channel")),
        )
    found = distribution_of(
        component.value(f"{_SYFT}distro:id") or name,
        component.value(f"{_SYFT}distro:versionID") or version,
        component.value(f"{_SYFT}distro:versionCodename"),
    )
    return found and Distribution(
        found.id,
        found.version,
        found.codename,
        component.value(f"{_SYFT}distro:prettyName") or component.description or "",
        component.value(f"{_SYFT}distro:cpeName"),
    )


def _path(component: _Component) -> str:
    """Return the file that names the package, where a tool says it."""
    path = component.value(f"{_TRIVY}FilePath", f"{_SYFT}location:0:path", "SrcFile")
    if not path and component.evidence:
        places: Iterable[_Occurrence] = component.evidence.occurrences or ()
        path = next((place.location for place in places if place.location), "")
    return path.lstrip("/")


def _source(component: _Component) -> dict[str, str]:
    """Return the source package that trivy names; syft's is in the package-url."""
    source = component.value(f"{_TRIVY}SrcName")
    version = component.value(f"{_TRIVY}SrcVersion")
    if not source:
        return {}
    if version:
        release = component.value(f"{_TRIVY}SrcRelease")
        epoch = component.value(f"{_TRIVY}SrcEpoch")
        version = f"{version}-{release}" if release else version
        version = f"{epoch}:{version}" if epoch not in ("", "0") else version
    return {"source": source, "source_version": version}


def _gap(text: str) -> Incomplete:
    """Return the gap that our writer wrote as ``PATH in LAYER: REASON``."""
    place, _, reason = text.partition(": ")
    path, _, layer = place.partition(" in ")
    return Incomplete(
        unquote(path, errors="surrogatepass"), reason, unquote(layer, errors="surrogatepass")
    )
