"""VEX documents as their makers write them, as small as they can be."""

import json
from pathlib import Path
from typing import Any

from seawall.scanning.vex import Statement, read

Object = dict[str, Any]


def openvex(*statements: Object, **changes: Any) -> Object:
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.org/vex-1",
        "author": "ana",
        "timestamp": "2026-05-01T00:00:00Z",
        "version": 1,
        "statements": list(statements),
    } | changes


def said(*products: object, status: str = "not_affected", **more: Any) -> Object:
    reason = {"justification": "vulnerable_code_not_present"} if status == "not_affected" else {}
    vulnerability = {"name": "CVE-2023-4911"}
    return {"vulnerability": vulnerability, "products": list(products), "status": status} | (
        reason | more
    )


def csaf(product_tree: Object, **flaw: Any) -> Object:
    return {
        "document": {
            "category": "csaf_vex",
            "csaf_version": "2.0",
            "title": "Example",
            "tracking": {"id": "E-1", "current_release_date": "2026-05-01T11:00:00.000Z"},
        },
        "product_tree": product_tree,
        "vulnerabilities": [{"cve": "CVE-2023-4911"} | flaw],
    }


def product(identifier: str, **helper: Any) -> Object:
    found: Object = {"product_id": identifier, "name": f"Product {identifier}"}
    return found | ({"product_identification_helper": helper} if helper else {})


def statements(folder: Path, document: object, name: str = "vex.json") -> list[Statement]:
    file = folder / name
    file.write_text(json.dumps(document))
    return read(str(file))
