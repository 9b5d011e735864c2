import pytest

from seawall.scanning.configuration.checks.package_cache_left import PACKAGE_CACHE_LEFT
from tests.unit.scanning.configuration.subjects import evidence, in_build_file, in_image, run


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("apt-get update && apt-get install -y curl", "apt-get update"),
        ("apt-get update && apt-get install -y curl && apt-get clean", "apt-get update"),
        ("apk add curl", "apk install"),
        ("yum -y install curl", "yum install"),
        ("zypper -n in curl", "zypper install"),
        ("pip install flask", "pip install"),
        ("python3.11 -m pip install flask", "python3.11 install"),
    ],
)
def test_a_cache_that_stays_is_found(command: str, shown: str) -> None:
    assert evidence(in_build_file(PACKAGE_CACHE_LEFT, run(command))) == [shown]
    assert in_image(PACKAGE_CACHE_LEFT, f"RUN /bin/sh -c {command} # buildkit")


@pytest.mark.parametrize(
    "command",
    [
        "apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*",
        "--mount=type=cache,target=/var/lib/apt apt-get update && apt-get install -y curl",
        "apk add --no-cache curl",
        "apk add curl && rm -rf /var/cache/apk/*",
        "dnf install -y curl && dnf clean all",
        "microdnf install curl && microdnf clean all",
        "pip install --no-cache-dir flask",
        "PIP_NO_CACHE_DIR=1 pip install flask",
        "--mount=type=cache,target=/root/.cache/pip pip install flask",
        "pip install flask && rm -rf /root/.cache",
        "apt-get install -y curl",
        "echo apk add curl",
    ],
)
def test_what_is_cleaned_in_the_same_layer_is_fine(command: str) -> None:
    assert in_build_file(PACKAGE_CACHE_LEFT, run(command)) == []


def test_cleaning_in_a_later_layer_is_too_late() -> None:
    text = run("apt-get update && apt-get install -y a", "rm -rf /var/lib/apt/lists/*")
    assert evidence(in_build_file(PACKAGE_CACHE_LEFT, text)) == ["apt-get update"]


def test_a_build_stage_may_keep_its_cache() -> None:
    text = "FROM a:1 AS b\nRUN apk add gcc\nFROM a:1\nCOPY --from=b /x /x\n"
    assert in_build_file(PACKAGE_CACHE_LEFT, text) == []


def test_pip_is_told_by_the_environment() -> None:
    assert in_image(PACKAGE_CACHE_LEFT, "RUN pip install a", env=("PIP_NO_CACHE_DIR=1",)) == []
    assert in_image(PACKAGE_CACHE_LEFT, "RUN pip install a", env=("PIP_NO_CACHE_DIR=0",))
