import json

from seawall.images import Selector
from seawall.inventory.catalogers.bitnami import BITNAMI
from seawall.model import Incomplete, Package
from tests.unit.inventory.catalogers.locks import facts

PATH = "opt/bitnami/postgresql/.spdx-postgresql.spdx"


def package(name: str, version: str, purl: str) -> dict[str, object]:
    reference = {
        "referenceCategory": "PACKAGE-MANAGER",
        "referenceType": "purl",
        "referenceLocator": purl,
    }
    return {"name": name, "versionInfo": version, "externalRefs": [reference]}


def test_what_bitnami_built_is_named_and_other_packages_are_not() -> None:
    packages = [
        package("postgresql", "18.6.0-3", "pkg:bitnami/postgresql@18.6.0-3?arch=amd64"),
        package("geos", "3.14.1", "pkg:bitnami/geos@3.14.1?arch=amd64&distro=photon-5"),
        package("org.postgresql:pljava", "1.6.10", "pkg:maven/org.postgresql/pljava@1.6.10"),
    ]
    content = json.dumps({"SPDXID": "SPDXRef-DOCUMENT", "packages": packages})
    assert facts(BITNAMI, content, PATH) == [
        Package("bitnami", "postgresql", "18.6.0-3"),
        Package("bitnami", "geos", "3.14.1"),
    ]


def test_a_package_without_a_version_is_said_to_be_unread() -> None:
    content = json.dumps({"packages": [package("x", "", "pkg:bitnami/x")]})
    assert [type(fact) for fact in facts(BITNAMI, content, PATH)] == [Incomplete]


def test_only_documents_below_bitnami_s_folder_are_meant() -> None:
    selector = Selector(BITNAMI.patterns)
    assert selector.candidates(PATH.encode())
    assert selector.candidates(b"opt/bitnami/.spdx-common.spdx")
    assert not selector.candidates(b"srv/.spdx-x.spdx")
    assert not selector.candidates(b"opt/bitnami/x/licenses.spdx")
