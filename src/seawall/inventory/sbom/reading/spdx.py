"""SPDX 2.2 and 2.3 as JSON (https://spdx.github.io/spdx-spec/v2.3/), of ours and of other tools.

Other tools tell in texts what the format has no field for: syft in ``sourceInfo`` and, for a
package whose files another one owns, in the comment of a relationship
(``syft/format/common/spdxhelpers``); trivy as ``KEY: value`` in attribution texts, later in
annotations (``pkg/sbom/spdx``). BuildKit's documents are syft's.

A document is decoded as a whole. Only where a value in it has a type that the schema does not know,
its parts are taken one by one, so that a damaged one costs nothing but itself.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from seawall.inventory.purl import distribution_of
from seawall.inventory.sbom.reading.contents import Contents
from seawall.inventory.sbom.spdx_json import COMMENT
from seawall.model import Distribution, Incomplete, Package

_OWNERSHIP = "ownership-by-file-overlap"
_FOUND_IN = re.compile(r"acquired package info from [^:]{0,100}: ([^,]+)")
_BUILT_FROM = re.compile(r"built package from: (\S+) (\S+)")
_SYSTEMS = ("OPERATING-SYSTEM", "OPERATING_SYSTEM")
_SYSTEM_ID = "SPDXRef-OperatingSystem"
# Trivy's nodes for files that name packages, and purposes that are no package's.
_NO_PACKAGE_IDS = ("SPDXRef-Application-", "SPDXRef-Repository-", "SPDXRef-Filesystem-")
_NO_PACKAGES = ("CONTAINER", "FILE", "DEVICE", "OPERATING-SYSTEM", "OPERATING_SYSTEM")
_PUBLISHED = ("LIBRARY", "FRAMEWORK")  # what may have advisories when it is the subject itself
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class _ExternalRef(msgspec.Struct, rename="camel"):
    reference_type: str | None = None
    reference_locator: str | None = None


class _Annotation(msgspec.Struct):
    comment: str | None = None


class _Package(msgspec.Struct, rename="camel"):
    id: str | None = msgspec.field(default=None, name="SPDXID")
    name: str | None = None
    version_info: str | None = None
    source_info: str | None = None
    primary_package_purpose: str | None = None
    external_refs: list[_ExternalRef] | None = None
    attribution_texts: list[str] | None = None
    annotations: list[_Annotation] | None = None

    def purls(self) -> list[str]:
        """Return the package-urls; the type may be written as an address that ends so."""
        return [
            ref.reference_locator
            for ref in self.external_refs or ()
            if ref.reference_locator and (ref.reference_type or "").endswith("purl")
        ]

    def texts(self, key: str) -> list[str]:
        """Return the values of trivy's ``KEY: value``."""
        said = [each.comment or "" for each in self.annotations or ()]
        return [
            text.removeprefix(f"{key}: ")
            for text in [*(self.attribution_texts or ()), *said]
            if text.startswith(f"{key}: ")
        ]


class _Relationship(msgspec.Struct, rename="camel"):
    spdx_element_id: str | None = None
    related_spdx_element: str | None = None
    relationship_type: str | None = None
    comment: str | None = None


class _Creation(msgspec.Struct):
    creators: list[str] | None = None


class _Document(msgspec.Struct, rename="camel"):
    id: str | None = msgspec.field(default=None, name="SPDXID")
    name: str | None = None
    creation_info: _Creation | None = None
    packages: list[_Package] | None = None
    relationships: list[_Relationship] | None = None
    annotations: list[_Annotation] | None = None
    document_describes: list[str] | None = None


class _OwnGap(msgspec.Struct):
    path: str
    reason: str
    layer: str = ""


class _OwnPackage(msgspec.Struct):
    """As `Package`; kept apart so that what a document says cannot be of another type."""

    type: str
    name: str = ""
    version: str = ""
    source: str = ""
    source_version: str = ""
    arch: str = ""
    layer: str = ""
    path: str = ""
    owner: str = ""
    module: str = ""
    locked: bool = False
    evidence: str = ""


class _OwnDistribution(msgspec.Struct):
    id: str
    version: str = ""
    codename: str = ""
    name: str = ""
    cpe: str = ""
    channels: list[str] = []


class _Own(msgspec.Struct):
    """What our annotations hold; one of these an annotation."""

    layers: list[str] | None = None
    distribution: _OwnDistribution | None = None
    package: _OwnPackage | None = None
    incomplete: list[_OwnGap] | None = None


class _Frame(msgspec.Struct, rename="camel"):
    """As `_Document`, with parts that may be damaged here and there."""

    id: str | None = msgspec.field(default=None, name="SPDXID")
    name: str | None = None
    creation_info: _Creation | None = None
    packages: list[Any] | None = None
    relationships: list[Any] | None = None
    annotations: list[Any] | None = None
    document_describes: list[str] | None = None


def contents(data: bytes, where: str) -> Contents:
    """Return what a document says.

    Raises:
        msgspec.MsgspecError: it is damaged, or its frame has another form than the schema says.
        LimitExceeded: it has too many packages.
    """
    found = Contents(where)
    try:
        document = msgspec.json.decode(data, type=_Document)
        numbered = list(enumerate(document.packages or (), start=1))
    except msgspec.ValidationError:
        frame = msgspec.json.decode(data, type=_Frame)
        numbered = _sound(frame.packages, _Package, "package", found)
        document = _Document(
            frame.id,
            frame.name,
            frame.creation_info,
            [package for _, package in numbered],
            [part for _, part in _sound(frame.relationships, _Relationship, "relationship", found)],
            [part for _, part in _sound(frame.annotations, _Annotation, "annotation", found)],
            frame.document_describes,
        )
    _fill(found, document, numbered)
    return found


_Part = TypeVar("_Part")


def _sound(
    raw: list[Any] | None, kind: type[_Part], called: str, found: Contents
) -> list[tuple[int, _Part]]:
    """Return the parts that are as the schema says, each with its number; the others are noted."""
    sound = []
    for number, part in enumerate(raw or (), start=1):
        try:
            sound.append((number, msgspec.convert(part, kind)))
        except msgspec.ValidationError as error:
            found.count()
            name = part.get("name") if isinstance(part, dict) else ""
            found.damaged(f"{called} {number}", name, str(error))
    return sound


def _fill(found: Contents, document: _Document, numbered: list[tuple[int, _Package]]) -> None:
    """Take all that the document says; its packages are `numbered` as it lists them."""
    found.target = document.name or ""
    creators = (document.creation_info or _Creation()).creators or ()
    found.is_ours = any(creator.startswith("Tool: seawall-") for creator in creators)
    if found.is_ours:
        for own in _own(document.annotations, "the document", "", found):
            if own is not None:
                found.gaps += [Incomplete(g.path, g.reason, g.layer) for g in own.incomplete or ()]
    # Who calls everything described has no subject.
    roots = described if len(described := set(_described(document))) == 1 else set()
    owners = _owners(document)
    for number, package in numbered:
        place, is_root = f"package {number}", package.id in roots
        if found.is_ours and _add_own(place, package, found, is_root=is_root):
            continue
        owner = owners.get(package.id or "", "")
        _add(place, package, found, is_root=is_root, owner=owner)


def _add_own(place: str, package: _Package, found: Contents, is_root: bool) -> bool:
    """Take what our annotation says of a package; return whether there is one."""
    told = False
    for own in _own(package.annotations, place, package.name or "", found):
        told = True
        found.count()
        if own is None:
            continue
        if is_root and own.layers is not None:
            found.target, found.digest = package.name or "", package.version_info or ""
            found.layers = own.layers
        if own.distribution is not None:
            distribution = msgspec.structs.asdict(own.distribution)
            channels = tuple(distribution.pop("channels"))
            found.systems.append(Distribution(**distribution, channels=channels))
        if own.package is not None:
            found.own.append(Package(**msgspec.structs.asdict(own.package)))
    return told


def _own(
    annotations: list[_Annotation] | None, place: str, name: str, found: Contents
) -> Iterator[_Own | None]:
    """Yield what each annotation of ours says; None for a damaged one, which is noted."""
    for annotation in annotations or ():
        comment = annotation.comment or ""
        if comment.startswith(COMMENT):
            try:
                # Paths that are no UTF-8 have halves of surrogate pairs, which msgspec refuses.
                yield msgspec.convert(json.loads(comment.removeprefix(COMMENT)), _Own)
            except (ValueError, RecursionError) as error:
                reason = str(error) if isinstance(error, ValueError) else "nested too deep"
                found.damaged(place, name, f"its annotation by Seawall is damaged: {reason}")
                yield None


def _described(document: _Document) -> Iterator[str]:
    yield from document.document_describes or ()
    for each in document.relationships or ():
        kind = (each.relationship_type or "").rstrip("S")
        if kind == "DESCRIBE" and each.related_spdx_element:
            yield each.related_spdx_element
        elif kind == "DESCRIBED_BY" and each.spdx_element_id:
            yield each.spdx_element_id


def _owners(document: _Document) -> dict[str, str]:
    """Return which package owns the files of another, by the other's identifier."""
    pairs = [
        (each.related_spdx_element, each.spdx_element_id)
        for each in document.relationships or ()
        if each.relationship_type == "OTHER" and (each.comment or "").startswith(_OWNERSHIP)
    ]
    if not pairs:
        return {}
    named = {
        package.id: f"{kind[1]}:{package.name}"
        for package in document.packages or ()
        for purl in package.purls()[:1]
        if (kind := re.match(r"pkg:(deb|rpm|apk|alpm)/", purl)) and package.id and package.name
    }
    return {owned: named[owner] for owned, owner in pairs if owned and owner in named}


def _add(place: str, package: _Package, found: Contents, is_root: bool, owner: str) -> None:
    purls = package.purls()
    name, version = package.name or "", package.version_info or ""
    identifier, purpose = package.id or "", package.primary_package_purpose or ""
    if purpose in _SYSTEMS or identifier.startswith(_SYSTEM_ID):
        found.count()
        if system := distribution_of(name, version):
            found.systems.append(system)
        return
    if is_root:
        _root(package, found)
        if not purls or purpose not in _PUBLISHED:
            found.count()
            return
    if not purls and (purpose in _NO_PACKAGES or identifier.startswith(_NO_PACKAGE_IDS)):
        found.count()
        return
    known = {"owner": owner, "layer": next(iter(package.texts("LayerDiffID")), "")}
    info = package.source_info or ""
    if named := _FOUND_IN.match(info):
        known["path"] = named[1].lstrip("/")
    if built := _BUILT_FROM.match(info):
        known |= {"source": built[1], "source_version": built[2]}
    found.add(place, purls, [name], version, **known)


def _root(package: _Package, found: Contents) -> None:
    """Take what the document is about."""
    found.target = package.name or found.target
    version = package.version_info or ""
    found.digest = next(iter(package.texts("ImageID")), "")
    if not found.digest and _DIGEST.fullmatch(version):
        found.digest = version
    found.layers = package.texts("DiffID")
    found.tags = package.texts("RepoTag")
