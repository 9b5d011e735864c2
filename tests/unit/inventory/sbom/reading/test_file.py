"""Files with a bill of materials, in all wrappings; what we wrote comes back as it was."""

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.errors import LimitExceeded, SbomError, SeawallError
from seawall.images import Limits
from seawall.inventory.sbom.reading import parse_sbom, read_sbom
from seawall.model import ImageRef, Inventory, Layer
from tests.unit.inventory.sbom.reading.documents import DATA, cyclonedx, library, parsed
from tests.unit.inventory.sbom.samples import (
    INVENTORY,
    LANGUAGES,
    OF_SYSTEMS,
    RHEL,
    WITH_GAPS,
    inventories,
    written,
)

BOTH = pytest.mark.parametrize("form", ["cyclonedx-json", "spdx-json"])
MS = cyclonedx(library("ms", "2.1.3", "pkg:npm/ms@2.1.3"))
EVERYTHING = replace(
    WITH_GAPS, distribution=RHEL, packages=(*LANGUAGES, OF_SYSTEMS["rpm"], *INVENTORY.packages)
)


def back(inventory: Inventory, form: str) -> Inventory:
    return parse_sbom(written(inventory, form).encode(), "x.json").inventory


@BOTH
@pytest.mark.parametrize(
    "inventory",
    [
        INVENTORY,
        WITH_GAPS,
        EVERYTHING,
        replace(INVENTORY, digest="", distribution=None, layers=(), packages=LANGUAGES),
    ],
)
def test_what_we_wrote_comes_back_as_it_was(inventory: Inventory, form: str) -> None:
    assert back(inventory, form) == inventory


@BOTH
@given(inventories())
def test_whatever_an_image_holds_comes_back(form: str, inventory: Inventory) -> None:
    read = back(inventory, form)
    # Halves of surrogate pairs, of which UTF-8 has none, are spelt out once and stay so then.
    again = back(read, form)
    assert again == read
    if not any("\ud800" <= letter <= "\udfff" for letter in repr_of(inventory)):
        assert as_lists(read) == as_lists(inventory)


def repr_of(inventory: Inventory) -> str:
    return json.dumps(as_lists(inventory), ensure_ascii=False)


def as_lists(inventory: Inventory) -> object:
    packages = [
        [getattr(package, name) for name in package.__slots__] for package in inventory.packages
    ]
    gaps = [[gap.path, gap.reason, gap.layer] for gap in inventory.incomplete]
    distribution = inventory.distribution and [
        getattr(inventory.distribution, name) for name in inventory.distribution.__slots__
    ]
    target = inventory.target if inventory.target and inventory.target != "sbom:x.json" else ""
    no_packages = not packages and (not gaps or "no package at all" in gaps[-1][1])
    return [
        target,
        inventory.digest,
        distribution,
        packages,
        [] if no_packages else gaps,
        [layer for layer in inventory.layers if layer],
    ]


def test_the_image_is_the_documents_own() -> None:
    image = parse_sbom(written(INVENTORY, "cyclonedx-json").encode(), "shop.json").image
    assert image.ref == ImageRef("sbom", "shop.json")
    assert image.digest == INVENTORY.digest
    assert image.layers == tuple(map(Layer, INVENTORY.layers))
    assert image.tags == ("shop/api:2.3",)


# --- wrappings -----------------------------------------------------------------------------------


def statement(document: object) -> dict[str, object]:
    return {
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": "https://spdx.dev/Document",
        "subject": [{"name": "pkg:docker/shop@2", "digest": {"sha256": "0" * 64}}],
        "predicate": document,
    }


def envelope(document: object) -> dict[str, object]:
    payload = base64.b64encode(json.dumps(document).encode()).decode()
    signature = {"keyid": "", "sig": "MEU="}
    kind = "application/vnd.in-toto+json"
    return {"payloadType": kind, "payload": payload, "signatures": [signature]}


@pytest.mark.parametrize(
    "wrapped",
    [
        statement(MS),
        envelope(statement(MS)),
        envelope(statement({"Data": json.dumps(MS), "Timestamp": "2026-01-01T00:00:00Z"})),
    ],
)
def test_an_attestation_is_read_and_noted(wrapped: object) -> None:
    sbom = parsed(wrapped)
    assert [package.name for package in sbom.inventory.packages] == ["ms"]
    assert sbom.notes == (
        "the bill of materials comes from an attestation, whose signature was not verified",
    )


@pytest.mark.parametrize("wrapped", [{"SPDX": MS}, {"sbom": MS}])
def test_a_wrapping_of_one_key_is_read(wrapped: object) -> None:
    sbom = parsed(wrapped)
    assert (len(sbom.inventory.packages), sbom.notes) == (1, ())


def test_a_byte_order_mark_is_passed_over() -> None:
    assert parse_sbom(b"\xef\xbb\xbf\n" + json.dumps(MS).encode(), "x").inventory.packages


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a JSON object"),
        (b"[]", "not a JSON object"),
        (b"{}", "JSON, but no bill of materials"),
        (b"{", "damaged"),
        (b'{"bomFormat": "CycloneDX", "specVersion": "1.5"', "damaged"),
        (b'{"bomFormat": "CycloneDX", "specVersion": "\xff"}', "damaged"),
        (b'{"bomFormat": "CycloneDX", "specVersion": "9.9"}', "CycloneDX 9.9 cannot be read"),
        (b'{"bomFormat": "CycloneDX"}', "CycloneDX without a version cannot be read"),
        (b'{"bomFormat": "Other", "specVersion": "1.5"}', "Other 1.5 cannot be read"),
        (b'{"spdxVersion": "SPDX-2.1"}', "SPDX-2.1 cannot be read"),
        (b'{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}', "SPDX 3 cannot"),
        (b'{"artifacts": [], "descriptor": {"name": "syft"}}', "syft's own form"),
        (b'<bom xmlns="http://cyclonedx.org/schema/bom/1.5"/>', "XML cannot be read"),
        (b"SPDXVersion: SPDX-2.3\n", "tag-value form cannot be read"),
        (b'{"payloadType": "x", "payload": "!"}', "no base64"),
        (b'{"predicateType": "https://spdx.dev/Document"}', "without a predicate"),
        (b'{"predicate": {"predicate": {"predicate": {"predicate": {"SPDX": {}}}}}}', "wrapping"),
        (
            b'{"bomFormat": "CycloneDX", "specVersion": "1.5", "metadata": []}',
            r"damaged: Expected `object \| null`, got `array` - at `\$.metadata`",
        ),
        (
            b'{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{"name": 1}',
            "damaged: Input data was truncated",
        ),
        (
            b'{"spdxVersion": "SPDX-2.3", "packages": [1], "relationships": {}}',
            "damaged: Expected `array",
        ),
        (
            b'{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": {}}',
            "damaged: Expected `array",
        ),
    ],
)
def test_what_is_no_bill_of_materials_is_refused_by_name(content: bytes, reason: str) -> None:
    with pytest.raises(SbomError, match=reason) as caught:
        parse_sbom(content, "x.json")
    assert str(caught.value).startswith("x.json: ")
    assert caught.value.exit_code == 3
    assert caught.value.hint


@pytest.mark.parametrize(
    "content",
    [
        b'{"bomFormat":"CycloneDX","specVersion":"1.5","components":['
        + b'{"components":[' * 200_000
        + b"]}" * 200_000
        + b"]}",
        b'{"x":' * 200_000 + b"1" + b"}" * 200_000,
        b'{"predicate":' * 200_000 + b"1" + b"}" * 200_000,
    ],
    ids=["components", "unknown keys", "predicates"],
)
def test_deep_nesting_is_refused(content: bytes) -> None:
    with pytest.raises(SbomError, match=r"nested too deep|no bill of materials"):
        parse_sbom(content, "x")


def test_a_file_above_the_limit_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    content = json.dumps(MS)
    file.write_text(content)
    assert read_sbom(str(file), Limits(file_bytes=len(content))).inventory.packages
    with pytest.raises(LimitExceeded, match="file_bytes"):
        read_sbom(str(file), Limits(file_bytes=len(content) - 1))


@pytest.mark.parametrize("name", ["missing.json", ".", "a\0b"])
def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(SbomError, match="cannot be read"):
        read_sbom(str(tmp_path / name))


DOCUMENTS = [
    *(file.read_bytes() for file in sorted(DATA.glob("*.json"))),
    written(WITH_GAPS, "cyclonedx-json").encode(),
    written(WITH_GAPS, "spdx-json").encode(),
    json.dumps(envelope(statement(MS))).encode(),
]
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "purl", "components"]), children, max_size=2)
    ),
    max_leaves=4,
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Return a document with some of its values replaced, and perhaps some of its bytes."""
    document = json.loads(draw(st.sampled_from(DOCUMENTS)))
    for _ in range(draw(st.integers(0, 3))):
        place = document
        while isinstance(place, dict | list) and place:
            keys = list(place) if isinstance(place, dict) else range(len(place))
            key = draw(st.sampled_from(keys))
            inner = place[key]
            if not isinstance(inner, dict | list) or not inner or draw(st.integers(0, 5)) == 0:
                place[key] = draw(values)
                break
            place = inner
    content = bytearray(json.dumps(document).encode())
    for _ in range(draw(st.sampled_from((0, 0, 0, 1, 2)))):
        position = draw(st.integers(0, len(content) - 1))
        content[position : position + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(content)


@given(mutated())
def test_a_damaged_document_is_read_or_refused_and_nothing_else(content: bytes) -> None:
    try:
        sbom = parse_sbom(content, "x")
    except SeawallError:
        return
    for package in sbom.inventory.packages:
        assert all(isinstance(getattr(package, name), str | bool) for name in package.__slots__)
    assert sbom.inventory.packages or sbom.inventory.incomplete
