import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.errors import UsageError
from seawall.scanning.vex import read
from tests.unit.scanning.vex.documents import csaf, openvex, product, said


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "not a VEX document"),
        (b'{"bomFormat": "CycloneDX"}', "not a VEX document"),
    ],
)
def test_what_is_no_vex_document_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    file = tmp_path / "x.json"
    file.write_bytes(data)
    with pytest.raises(UsageError, match=message):
        read(str(file))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read(str(tmp_path / "none.json"))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
DOCUMENTS = [
    openvex(said("pkg:npm/a", {"@id": "x", "identifiers": {"purl": "pkg:npm/b"}})),
    csaf(
        {"full_product_names": [product("A", purl="pkg:npm/a")], "branches": [{"branches": []}]},
        product_status={"fixed": ["A"]},
        flags=[{"label": "component_not_present", "product_ids": ["A"]}],
    ),
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(DOCUMENTS), st.integers(0, 60), json_values)
def test_a_document_with_any_part_replaced_is_read_or_refused(
    tmp_path: Path, document: Any, place: int, value: Any
) -> None:
    bent = json.loads(json.dumps(document))
    places: list[tuple[Any, Any]] = []
    waiting = [bent]
    while waiting:
        holder = waiting.pop()
        if isinstance(holder, dict | list):
            keys = holder if isinstance(holder, dict) else range(len(holder))
            places += [(holder, key) for key in keys]
            waiting += [holder[key] for key in keys]
    holder, key = places[place % len(places)]
    holder[key] = value
    file = tmp_path / "bent.json"
    file.write_text(json.dumps(bent))
    try:
        read(str(file))
    except UsageError as error:
        refusal = str(error)
    else:
        refusal = "bent.json"
    assert "bent.json" in refusal
