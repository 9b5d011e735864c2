import json

import pytest

from seawall.inventory.catalogers import Ownership
from seawall.inventory.catalogers.conda import CONDA
from seawall.inventory.catalogers.documents import LIMIT_BYTES
from seawall.model import Incomplete, Package
from tests.unit.inventory.catalogers.locks import facts

PATH = "opt/conda/conda-meta/requests-2.28.1-py310h06a4308_0.json"
RECORD = {
    "arch": None,
    "build": "py310h06a4308_0",
    "build_number": 0,
    "channel": "https://repo.anaconda.com/pkgs/main/linux-64",
    "depends": ["python >=3.10,<3.11.0a0"],
    "files": [
        "lib/python3.10/site-packages/requests-2.28.1.dist-info/METADATA",
        "lib/python3.10/site-packages/requests/__init__.py",
    ],
    "link": {"source": "/opt/conda/pkgs/requests-2.28.1-py310h06a4308_0", "type": 1},
    "name": "requests",
    "subdir": "linux-64",
    "version": "2.28.1",
}


def test_a_record_names_the_package_and_its_files() -> None:
    site = b"opt/conda/lib/python3.10/site-packages"
    assert facts(CONDA, json.dumps(RECORD), PATH) == [
        Package("conda", "requests", "2.28.1", arch="linux-64"),
        Ownership(
            "conda:requests",
            site + b"/requests-2.28.1.dist-info/METADATA\n" + site + b"/requests/__init__.py",
        ),
    ]


def test_a_record_beyond_all_measure_still_has_its_name() -> None:
    found = facts(CONDA, b" " * (LIMIT_BYTES + 1), PATH)
    assert found[0] == Package("conda", "requests", "2.28.1")
    assert [type(fact) for fact in found[1:]] == [Incomplete]


def test_a_record_without_a_version_is_said_to_be_unread() -> None:
    assert [type(fact) for fact in facts(CONDA, '{"name": "x"}', PATH)] == [Incomplete]
    assert facts(CONDA, "{}", "opt/conda/conda-meta/state.json") == []


def test_a_damaged_record_is_refused() -> None:
    with pytest.raises(ValueError, match=r"."):
        facts(CONDA, '{"name":', PATH)
