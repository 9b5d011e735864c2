"""SPDX 2.3 as JSON (https://spdx.github.io/spdx-spec/v2.3/, ``schemas/spdx-schema.json``).

Everything matching needs is in it, so that an SBOM is judged as its image is: package-urls, a
package for the distribution, and for what SPDX has no field one annotation a package, whose comment
is ``seawall: `` and a JSON object. The document's namespace is made from its content; SPDX demands
a time, which is that of writing unless SOURCE_DATE_EPOCH
(https://reproducible-builds.org/specs/source-date-epoch/) gives one.
"""

import hashlib
import json
import re
import uuid
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any, TextIO

from seawall import __version__
from seawall.inventory.purl import purl
from seawall.inventory.sbom.document import source_date, write_document
from seawall.model import Distribution, Inventory, Package

_Object = dict[str, Any]

COMMENT = "seawall: "  # what an annotation of ours begins with
_DOCUMENT, _TARGET, _SYSTEM = "SPDXRef-DOCUMENT", "SPDXRef-Target", "SPDXRef-OperatingSystem"
_FIELDS = tuple(field.name for field in fields(Package))
_NOT_IN_ID = re.compile(r"[^A-Za-z0-9.]+")


def write(inventory: Inventory, out: TextIO) -> None:
    """Write the bill of materials.

    Raises:
        UsageError: SOURCE_DATE_EPOCH is set and is no time.
    """
    time = source_date() or datetime.now(UTC).replace(microsecond=0)
    created = time.isoformat().replace("+00:00", "Z")
    identifiers = _Identifiers()
    packages = [_target(inventory)]
    if inventory.distribution:
        packages.append(_operating_system(inventory.distribution))
    packages += [
        _package(package, inventory.distribution, identifiers) for package in inventory.packages
    ]
    document: _Object = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": _DOCUMENT,
        "name": inventory.target or "unnamed",
        "documentNamespace": "",
        "creationInfo": {"created": created, "creators": [f"Tool: seawall-{__version__}"]},
        "packages": packages,
        "relationships": [
            _relationship(_DOCUMENT, "DESCRIBES", _TARGET),
            *(_relationship(_TARGET, "CONTAINS", each["SPDXID"]) for each in packages[1:]),
        ],
    }
    if inventory.incomplete:
        gaps = [asdict(gap) for gap in inventory.incomplete]
        document["comment"] = f"incomplete: {len(gaps)} things could not be read"
        document["annotations"] = _annotations({"incomplete": gaps})
    # Named by its content: the time does not change what it says.
    content = json.dumps([packages, document["annotations"] if inventory.incomplete else []])
    document["documentNamespace"] = uuid.uuid5(uuid.NAMESPACE_URL, content).urn
    for annotated in (document, *packages):
        for annotation in annotated.get("annotations", ()):
            annotation["annotationDate"] = created
    write_document(document, out)


class _Identifiers:
    """Hands out each SPDX identifier once; the same inventory gets the same."""

    def __init__(self) -> None:
        self._given: dict[str, int] = {}

    def identifier(self, package: Package, url: str) -> str:
        """Return ``SPDXRef-Package-deb-libc6-0f3a…`` of letters, digits, ``.`` and ``-``."""
        content = f"{url}\0{package.path}\0{package.layer}".encode("utf-8", "surrogatepass")
        digest = hashlib.sha256(content).hexdigest()[:16]
        readable = _NOT_IN_ID.sub("-", f"{package.type}-{package.name}")[:80].strip("-")
        name = f"SPDXRef-Package-{readable}-{digest}"
        number = self._given[name] = self._given.get(name, 0) + 1
        return name if number == 1 else f"{name}-{number}"


def _target(inventory: Inventory) -> _Object:
    package = _described(_TARGET, inventory.target, inventory.digest)
    package["primaryPackagePurpose"] = "CONTAINER" if inventory.digest else "FILE"
    package["annotations"] = _annotations({"layers": list(inventory.layers)})
    return package


def _operating_system(distribution: Distribution) -> _Object:
    package = _described(_SYSTEM, distribution.id, distribution.version)
    package["primaryPackagePurpose"] = "OPERATING_SYSTEM"
    package["annotations"] = _annotations({"distribution": asdict(distribution)})
    return package


def _package(
    package: Package, distribution: Distribution | None, identifiers: _Identifiers
) -> _Object:
    url = purl(package, distribution)
    described = _described(identifiers.identifier(package, url), package.name, package.version)
    if package.path:
        described["sourceInfo"] = f"{'locked' if package.locked else 'found'} in /{package.path}"
    described["externalRefs"] = [
        {
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": url,
        }
    ]
    described["primaryPackagePurpose"] = "LIBRARY"
    # `asdict` would copy each text, which is half of the time for a large image.
    facts = {name: value for name in _FIELDS if (value := getattr(package, name))}
    described["annotations"] = _annotations({"package": facts})
    return described


def _described(identifier: str, name: str, version: str) -> _Object:
    package: _Object = {"SPDXID": identifier, "name": name}
    if version:
        package["versionInfo"] = version
    return package | {
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
    }


def _annotations(facts: _Object) -> list[_Object]:
    """Return one annotation; its date is set when all else is known."""
    return [
        {
            "annotationDate": "",
            "annotationType": "OTHER",
            "annotator": f"Tool: seawall-{__version__}",
            "comment": COMMENT + json.dumps(facts),
        }
    ]


def _relationship(element: str, kind: str, related: str) -> _Object:
    return {
        "spdxElementId": element,
        "relationshipType": kind,
        "relatedSpdxElement": related,
    }
