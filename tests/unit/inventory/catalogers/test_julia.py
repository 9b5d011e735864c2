import pytest

from seawall.inventory.catalogers.julia import JULIA_MANIFEST
from seawall.model import Package
from tests.unit.inventory.catalogers.locks import facts

PACKAGES = """\
[[{0}JSON]]
deps = ["Dates", "Mmap", "Parsers", "Unicode"]
git-tree-sha1 = "31e996f0a15c7b280ba9f76636b3ff9e2ae58c9a"
uuid = "682c06a0-de6a-54ab-a142-c8b1cf79cde6"
version = "0.21.4"

[[{0}Dates]]
deps = ["Printf"]
uuid = "ade2ca70-3891-5945-98fb-dc099432e06a"
version = "1.11.0"

[[{0}Mine]]
path = "../Mine"
uuid = "00000000-0000-0000-0000-000000000000"
version = "0.1.0"
"""


@pytest.mark.parametrize(
    "content",
    [
        PACKAGES.format(""),
        'julia_version = "1.11.2"\nmanifest_format = "2.0"\n\n' + PACKAGES.format("deps."),
    ],
)
def test_packages_of_a_registry_are_named_with_their_uuid(content: str) -> None:
    uuid = "uuid 682c06a0-de6a-54ab-a142-c8b1cf79cde6"
    expected = [Package("julia", "JSON", "0.21.4", locked=True, evidence=uuid)]
    assert facts(JULIA_MANIFEST, content) == expected


def test_an_empty_manifest_names_nothing() -> None:
    assert facts(JULIA_MANIFEST, 'manifest_format = "2.0"\n[deps]\n') == []
