import json
from dataclasses import replace
from typing import Any

from hypothesis import given

from seawall.model import Image, ImageRef, Kind
from seawall.scanning.report import Report
from seawall.scanning.vex import JUSTIFICATIONS, product_of
from tests.golden.comparison import assert_golden
from tests.unit.scanning.reports import hostile
from tests.unit.scanning.reports.samples import AWS_KEY, CLEAN, GLIBC, MIXED, REPORT, rendered

# As openvex_json_schema.json 0.2.0 has it.
MAY = {
    "vulnerability",
    "products",
    "status",
    "status_notes",
    "justification",
    "impact_statement",
    "action_statement",
}


def document(report: Report) -> Any:
    read = json.loads(rendered(report, "openvex"))
    assert set(read) == {
        "@context", "@id", "author", "timestamp", "version", "tooling", "statements"
    }  # fmt: skip
    assert isinstance(read["version"], int)
    for statement in read["statements"]:
        assert set(statement) <= MAY
        assert set(statement["vulnerability"]) <= {"name", "aliases"}
        aliases = statement["vulnerability"].get("aliases", [])
        assert len(aliases) == len(set(aliases))
        match statement["status"]:
            case "not_affected":
                assert ("justification" in statement) != ("impact_statement" in statement)
                assert statement.get("justification", JUSTIFICATIONS[0]) in JUSTIFICATIONS
            case "affected":
                assert statement["action_statement"]
            case other:
                assert other in ("fixed", "under_investigation")
        for product in statement["products"]:
            assert set(product) <= {"@id", "identifiers", "hashes", "subcomponents"}
            ids = [part["@id"] for part in product["subcomponents"]]
            assert len(ids) == len(set(ids)) > 0
    return read


def test_the_document_is_as_the_golden_file() -> None:
    document(MIXED)
    assert_golden("reports/report.openvex.json", rendered(MIXED, "openvex"))


def test_only_flaws_of_packages_are_spoken_of() -> None:
    said = {s["vulnerability"]["name"] for s in document(MIXED)["statements"]}
    assert said == {f.id for f in MIXED.findings if f.kind is Kind.VULNERABILITY}
    assert document(replace(REPORT, findings=[AWS_KEY]))["statements"] == []
    assert document(CLEAN)["statements"] == []


def test_the_product_is_the_image_by_its_id() -> None:
    [product] = document(replace(REPORT, findings=[GLIBC]))["statements"][0]["products"]
    digest = REPORT.image.digest
    assert product["@id"] == f"pkg:oci/api@{digest}?repository_url=shop/api&tag=2.3"
    assert product["hashes"] == {"sha-256": digest.removeprefix("sha256:")}
    assert [part["@id"] for part in product["subcomponents"]] == [GLIBC.package]


def test_an_image_without_a_name_is_its_digest_and_a_directory_its_target() -> None:
    nameless = replace(REPORT.image, ref=ImageRef("docker-archive", "a.tar"), tags=())
    assert product_of(nameless)["@id"] == f"urn:{REPORT.image.digest}"
    assert product_of(Image(ImageRef("dir", "/srv"), "", ()))["@id"] == "dir:/srv"
    assert product_of(Image(ImageRef("dir", "/a b"), "", ()))["@id"].startswith("urn:seawall:")


def test_two_copies_that_were_decided_otherwise_are_told_apart_by_their_path() -> None:
    second = replace(GLIBC, path="opt/a b/status", suppressed="x")
    statements = document(replace(REPORT, findings=[GLIBC, second]))["statements"]
    parts = [s["products"][0]["subcomponents"][0]["@id"] for s in statements]
    assert parts[0].endswith("&path=var/lib/dpkg/status")
    assert parts[1].endswith("&path=opt/a%20b/status")


def test_an_alias_of_two_flaws_names_neither() -> None:
    shared = replace(GLIBC, id="CVE-1", aliases=("DSA-5514-1", "GHSA-a"))
    first, second = document(replace(REPORT, findings=[GLIBC, shared]))["statements"]
    assert "aliases" not in first["vulnerability"]
    assert second["vulnerability"]["aliases"] == ["GHSA-a"]


@given(hostile.reports)
def test_hostile_text_never_breaks_the_document(report: Report) -> None:
    text = rendered(report, "openvex")
    text.encode()
    assert text.replace("\n", "").isprintable()
    document(report)
