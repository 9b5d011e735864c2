"""Documents of other tools: real ones from tests/data, and small ones made in a test."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seawall.inventory.sbom.reading import Sbom, parse_sbom, read_sbom

DATA = Path(__file__).parents[4] / "data" / "sbom"


def real(name: str) -> Sbom:
    return read_sbom(str(DATA / name))


def parsed(document: object, where: str = "x.json") -> Sbom:
    return parse_sbom(json.dumps(document).encode(), where)


def cyclonedx(*components: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": list(components), **more}


def library(name: str, version: str, purl: str = "", **more: Any) -> dict[str, Any]:
    return {"type": "library", "name": name, "version": version, "purl": purl, **more}


def spdx(*packages: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"spdxVersion": "SPDX-2.3", "name": "it", "packages": list(packages), **more}


def package(name: str, version: str, purl: str = "", **more: Any) -> dict[str, Any]:
    reference = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl"}
    references = [{**reference, "referenceLocator": purl}] if purl else []
    return {
        "SPDXID": f"SPDXRef-{name}",
        "name": name,
        "versionInfo": version,
        "externalRefs": references,
        **more,
    }
