import pytest

from seawall.scanning.configuration.checks.unpinned_packages import UNPINNED_PACKAGES
from tests.unit.scanning.configuration.subjects import evidence, in_build_file, run


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("apt-get install -y -t stable curl git=1:2", "apt-get: 1 package"),
        ("apk add --virtual .build gcc", "apk: 1 package"),
        ("pip install -r a.txt flask boto3==1.0", "pip: 1 package"),
        ("npm install -g @angular/cli yarn@1.22", "npm: 1 package"),
        ("gem install rake", "gem: 1 package"),
    ],
)
def test_a_package_without_a_version_is_found(command: str, shown: str) -> None:
    assert evidence(in_build_file(UNPINNED_PACKAGES, run(command))) == [shown]


@pytest.mark.parametrize(
    "command",
    [
        "apt-get install -y curl=7.88.1-10",
        "apk add 'curl~=8' git=2.43.0-r0",
        "pip install -r requirements.txt -e . ./x.whl git+https://x.example/a",
        "npm install",
        "npm install @angular/cli@17.0.0 ./local",
        "gem install rake -v 13.1.0",
        "apt-get install -y $PACKAGES",
    ],
)
def test_versions_files_and_variables_are_fine(command: str) -> None:
    assert in_build_file(UNPINNED_PACKAGES, run(command)) == []


def test_of_many_packages_a_few_are_named() -> None:
    [found] = in_build_file(UNPINNED_PACKAGES, run("apt-get install -y a b c d e f g"))
    assert found.message.endswith("a, b, c, d, e and 2 more")
