from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from seawall.errors import UsageError
from seawall.scanning.vex import Component, Product, Status
from tests.unit.scanning.vex.documents import openvex, said, statements


def test_a_statement_has_names_status_reason_and_products(tmp_path: Path) -> None:
    document = openvex(
        {
            "vulnerability": {"name": "CVE-1", "aliases": ["GHSA-a"]},
            "products": [
                {
                    "@id": "pkg:oci/api@sha256:ab",
                    "identifiers": {"purl": "pkg:oci/api", "cpe23": "cpe:2.3:a:x:api"},
                    "hashes": {"sha-256": "AB", "md5": "cd"},
                    "subcomponents": [{"@id": "pkg:npm/a@1"}],
                }
            ],
            "status": "not_affected",
            "justification": "component_not_present",
            "impact_statement": "it was removed",
        }
    )
    [statement] = statements(tmp_path, document)
    assert statement.names == {"CVE-1", "GHSA-A"}
    assert statement.status is Status.NOT_AFFECTED
    assert (statement.justification, statement.text) == ("component_not_present", "it was removed")
    assert statement.since == datetime(2026, 5, 1, tzinfo=UTC)
    image = Component(
        "pkg:oci/api@sha256:ab",
        ("pkg:oci/api@sha256:ab", "pkg:oci/api", "sha256:ab"),
        ("cpe:2.3:a:x:api",),
    )
    assert statement.products == (Product(image, (Component("pkg:npm/a@1", ("pkg:npm/a@1",)),)),)


def test_the_first_form_of_openvex_is_read_too(tmp_path: Path) -> None:
    # As a tool of 2023 wrote it: mere strings, subcomponents beside the products.
    document = openvex(
        {
            "vulnerability": "CVE-2023-12345",
            "products": ["pkg:apk/wolfi/git@2.39.0-r1?arch=armv7"],
            "subcomponents": ["pkg:npm/a@1"],
            "status": "fixed",
        },
        **{"@context": "https://openvex.dev/ns/v0.0.1", "version": "1"},
        timestamp="2023-01-08T18:02:03.647787998-06:00",
    )
    [statement] = statements(tmp_path, document)
    assert statement.names == {"CVE-2023-12345"}
    assert statement.since.utcoffset() == timedelta(hours=-6)
    assert statement.since == datetime(
        2023, 1, 8, 18, 2, 3, 647787, tzinfo=timezone(timedelta(hours=-6))
    )
    [found] = statement.products
    assert found.component.label == "pkg:apk/wolfi/git@2.39.0-r1?arch=armv7"
    assert found.parts[0].names == ("pkg:npm/a@1",)


def test_a_statement_has_its_own_time_before_that_of_the_document(tmp_path: Path) -> None:
    times = [
        {"timestamp": "2026-06-01T00:00:00Z"},
        {"timestamp": "2026-06-01T00:00:00Z", "last_updated": "2026-07-01T00:00:00Z"},
        {},
    ]
    found = statements(tmp_path, openvex(*(said("pkg:npm/a", **time) for time in times)))
    assert [statement.since.month for statement in found] == [6, 7, 5]


def test_not_affected_without_a_reason_cannot_be_relied_on(tmp_path: Path) -> None:
    [statement] = statements(tmp_path, openvex(said("pkg:npm/a", justification="")))
    assert "it gives no reason" in statement.fault


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"status": "harmless"}, "statement 1: status 'harmless' is none of OpenVEX"),
        ({"justification": "trust me"}, "statement 1: justification 'trust me' is none"),
        ({"timestamp": "yesterday"}, "statement 1: 'yesterday' is no time"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, changes: Any, message: str) -> None:
    with pytest.raises(UsageError) as error:
        statements(tmp_path, openvex(said("pkg:npm/a", **changes)))
    assert message in str(error.value)


@pytest.mark.parametrize(
    "statement",
    [
        {"status": "fixed"},
        {"status": "fixed", "products": None, "vulnerability": None},
        {"status": "fixed", "products": {"a": 1}, "vulnerability": [1]},
        {"status": "fixed", "products": [None, 1, [], {}, {"identifiers": 3, "hashes": {"a": 1}}]},
        {"status": "fixed", "products": ["x"], "subcomponents": 5, "vulnerability": {"name": 7}},
    ],
)
def test_a_statement_of_another_shape_is_read_and_means_nothing(
    tmp_path: Path, statement: Any
) -> None:
    assert len(statements(tmp_path, openvex(statement))) == 1
