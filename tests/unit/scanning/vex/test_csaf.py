from pathlib import Path
from typing import Any

import pytest

from seawall.errors import UsageError
from seawall.scanning.vex import Status
from tests.unit.scanning.vex.documents import csaf, product, statements


def test_statuses_become_statements_with_flags_and_threats_as_reasons(tmp_path: Path) -> None:
    tree = {
        "full_product_names": [
            product("A", purl="pkg:npm/a@1"),
            product("B", purl="pkg:npm/b@1"),
            product("C", purl="pkg:npm/c@1"),
        ],
        "product_groups": [{"group_id": "G", "product_ids": ["A"]}],
    }
    document = csaf(
        tree,
        ids=[{"system_name": "GitHub", "text": "GHSA-a"}],
        product_status={
            "known_not_affected": ["A", "B"],
            "first_fixed": ["C"],
            "recommended": ["C"],
        },
        flags=[{"label": "component_not_present", "group_ids": ["G"]}],
        threats=[
            {"category": "impact", "details": "the class was removed", "product_ids": ["B"]},
            {"category": "exploit_status", "details": "none known", "product_ids": ["B"]},
        ],
        remediations=[{"category": "vendor_fix", "details": "update", "product_ids": ["C"]}],
    )
    first, second, third = statements(tmp_path, document)
    assert first.names == {"CVE-2023-4911", "GHSA-A"}
    assert (first.justification, first.text) == ("component_not_present", "")
    assert (second.justification, second.text) == ("", "the class was removed")
    assert (third.status, third.text) == (Status.FIXED, "update")
    assert [s.products[0].component.label for s in (first, second, third)] == [
        "pkg:npm/a@1",
        "pkg:npm/b@1",
        "pkg:npm/c@1",
    ]
    assert first.since.isoformat() == "2026-05-01T11:00:00+00:00"


def test_products_are_found_in_branches_and_relationships(tmp_path: Path) -> None:
    tree = {
        "branches": [
            {
                "category": "vendor",
                "name": "Example",
                "branches": [
                    {"category": "product_version", "product": product("OS", cpe="cpe:/o:x:y:1")},
                    {
                        "category": "product_version",
                        "product": product("P", purl="pkg:rpm/x/p@1"),
                        "branches": [{"product": product("Q", purl="pkg:rpm/x/q@1")}],
                    },
                ],
            }
        ],
        "relationships": [
            {
                "category": "default_component_of",
                "product_reference": "Q",
                "relates_to_product_reference": "OS",
                "full_product_name": {"product_id": "OS:Q", "name": "q of OS"},
            }
        ],
    }
    [statement] = statements(
        tmp_path, csaf(tree, product_status={"known_affected": ["OS:Q", "P", "gone"]})
    )
    part, whole, unknown = statement.products
    assert part.component.cpes == ("cpe:/o:x:y:1",)
    assert [c.names for c in part.parts] == [("pkg:rpm/x/q@1",)]
    assert whole.component.names == ("pkg:rpm/x/p@1",)
    assert unknown.component.names == ()


def test_an_image_is_known_by_its_hash(tmp_path: Path) -> None:
    hashes = [{"filename": "i", "file_hashes": [{"algorithm": "sha256", "value": "AB" * 32}]}]
    tree = {"full_product_names": [product("I", hashes=hashes)]}
    [statement] = statements(tmp_path, csaf(tree, product_status={"fixed": ["I"]}))
    assert statement.products[0].component.names == ("sha256:" + "ab" * 32,)


def test_not_affected_without_a_reason_cannot_be_relied_on(tmp_path: Path) -> None:
    tree = {"full_product_names": [product("A", purl="pkg:npm/a@1")]}
    [statement] = statements(tmp_path, csaf(tree, product_status={"known_not_affected": ["A"]}))
    assert "it gives no reason" in statement.fault


def test_branches_may_be_deep(tmp_path: Path) -> None:
    branch: dict[str, Any] = {"product": product("A", purl="pkg:npm/a@1")}
    for _ in range(300):
        branch = {"branches": [branch]}
    found = statements(tmp_path, csaf({"branches": [branch]}, product_status={"fixed": ["A"]}))
    assert found[0].products[0].component.names == ("pkg:npm/a@1",)


def test_a_document_without_a_date_or_with_an_unknown_flag_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="tracking"):
        statements(tmp_path, csaf({}) | {"document": {"csaf_version": "2.0"}})
    with pytest.raises(UsageError, match="flag 'x' is none"):
        statements(tmp_path, csaf({}, flags=[{"label": "x"}], product_status={"fixed": ["A"]}))
