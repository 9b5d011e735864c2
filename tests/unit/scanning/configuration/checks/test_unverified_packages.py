import pytest

from seawall.scanning.configuration.checks.unverified_packages import UNVERIFIED_PACKAGES
from tests.unit.scanning.configuration.subjects import evidence, in_build_file, in_image, run


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("apt-get install -y --allow-unauthenticated a", "apt-get --allow-unauthenticated"),
        ("apk add --allow-untrusted a.apk", "apk --allow-untrusted"),
        ("dnf install -y --nogpgcheck a", "dnf --nogpgcheck"),
        ("zypper --no-gpg-checks in a", "zypper --no-gpg-checks"),
        ("rpm -i --nosignature a.rpm", "rpm --nosignature"),
        (
            "echo 'deb [arch=amd64 trusted=yes] http://x.example ./' > /etc/x",
            "[arch=amd64 trusted=yes",
        ),
        ("sed -i s/gpgcheck=1/gpgcheck=0/ /etc/yum.conf", "gpgcheck=0"),
    ],
)
def test_a_switched_off_verification_is_found(command: str, shown: str) -> None:
    assert evidence(in_build_file(UNVERIFIED_PACKAGES, run(command))) == [shown]
    assert in_image(UNVERIFIED_PACKAGES, f"RUN /bin/sh -c {command} # buildkit")


@pytest.mark.parametrize(
    "command", ["apt-get install -y a", "echo gpgcheck=1 > /etc/x", "pip install --nogpgcheck a"]
)
def test_verified_packages_are_fine(command: str) -> None:
    assert in_build_file(UNVERIFIED_PACKAGES, run(command)) == []
