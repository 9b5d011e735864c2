"""CycloneDX 1.6 as JSON (https://cyclonedx.org/docs/1.6/json/).

Everything matching needs is in it, so that an SBOM is judged as its image is: package-urls, an
operating-system component for the distribution, and ``seawall:…`` properties. The same inventory
gives the same bytes: the serial number is made from the content, and there is a timestamp only
where SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/) gives one.
"""

import json
import uuid
from typing import Any, TextIO
from urllib.parse import quote

from seawall import __version__
from seawall.inventory.purl import purl
from seawall.inventory.sbom.document import source_date, write_document
from seawall.model import Distribution, Incomplete, Inventory, Package

_Object = dict[str, Any]


class _References:
    """Hands out each ``bom-ref`` once."""

    def __init__(self) -> None:
        self._given: set[str] = set()
        self._numbers: dict[str, int] = {}

    def reference(self, wish: str, otherwise: str) -> str:
        """Return `wish` when it is free, else `otherwise`, else that with a number."""
        reference = wish if wish not in self._given else otherwise
        while reference in self._given:
            number = self._numbers[otherwise] = self._numbers.get(otherwise, 1) + 1
            reference = f"{otherwise}#{number}"
        self._given.add(reference)
        return reference


def write(inventory: Inventory, out: TextIO) -> None:
    """Write the bill of materials.

    Raises:
        UsageError: SOURCE_DATE_EPOCH is set and is no time.
    """
    references = _References()
    subject = _subject(inventory, references)
    components = [
        _library(package, inventory.distribution, references) for package in inventory.packages
    ]
    if inventory.distribution:
        components.insert(0, _operating_system(inventory.distribution, references))
    metadata: _Object = {
        "tools": {
            "components": [{"type": "application", "name": "seawall", "version": __version__}]
        },
        "component": subject,
    }
    document: _Object = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": "",
        "version": 1,
        "metadata": metadata,
        "components": components,
    }
    if inventory.incomplete:
        metadata["properties"] = [
            {"name": "seawall:incomplete", "value": _gap(gap)} for gap in inventory.incomplete
        ]
        document["compositions"] = [{"aggregate": "incomplete", "assemblies": [subject["bom-ref"]]}]
    document["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(document)).urn
    if date := source_date():
        metadata["timestamp"] = date.isoformat().replace("+00:00", "Z")
    write_document(document, out)


def _subject(inventory: Inventory, references: _References) -> _Object:
    subject: _Object = {
        "type": "container" if inventory.digest else "file",
        "bom-ref": references.reference(f"target:{inventory.digest or inventory.target}", "target"),
        "name": inventory.target,
    }
    if inventory.digest:
        subject["version"] = inventory.digest
    if inventory.layers:
        subject["properties"] = [
            {"name": "seawall:layer", "value": layer} for layer in inventory.layers
        ]
    return subject


def _operating_system(distribution: Distribution, references: _References) -> _Object:
    wish = f"os:{distribution.id}@{distribution.version}"
    component: _Object = {
        "type": "operating-system",
        "bom-ref": references.reference(wish, wish),
        "name": distribution.id,
        "version": distribution.version,
    }
    component |= _properties(
        codename=distribution.codename, name=distribution.name, cpe=distribution.cpe
    )
    if distribution.channels:
        component.setdefault("properties", []).extend(
            {"name": "seawall:channel", "value": channel} for channel in distribution.channels
        )
    return component


def _library(
    package: Package, distribution: Distribution | None, references: _References
) -> _Object:
    url = purl(package, distribution)
    component: _Object = {
        "type": "library",
        "bom-ref": references.reference(url, f"{url}#{package.path}"),
        "name": package.name,
        "version": package.version,
        "purl": url,
    }
    if package.path:
        occurrence = {"location": package.path}
        if package.evidence:
            occurrence["additionalContext"] = package.evidence
        component["evidence"] = {"occurrences": [occurrence]}
    return component | _properties(
        type=package.type,
        source=package.source,
        source_version=package.source_version,
        arch=package.arch,
        layer=package.layer,
        path=package.path,
        owner=package.owner,
        module=package.module,
        locked="true" if package.locked else "",
        evidence=package.evidence,
    )


def _properties(**values: str) -> _Object:
    properties = [
        {"name": f"seawall:{name}", "value": value} for name, value in values.items() if value
    ]
    return {"properties": properties} if properties else {}


def _gap(gap: Incomplete) -> str:
    """Return ``PATH in LAYER: REASON`` or ``PATH: REASON``, without spaces in path and layer."""
    place = quote(gap.path, "/+,@=", errors="surrogatepass")
    if gap.layer:
        place += f" in {quote(gap.layer, ':', errors='surrogatepass')}"
    return f"{place}: {gap.reason}"
