"""Kernel headers, and the kernel that runs."""

from pathlib import Path

import pytest

from seawall.model import Distribution, Package, Urgency
from seawall.scanning import judge
from seawall.scanning.kernel import HostKernel, host_kernel, is_kernel_part
from tests.unit.advisories.records import Record, affects, below, record, store_of
from tests.unit.scanning.test_vulnerabilities import inventory

BOOKWORM = Distribution("debian", "12", "bookworm")
DEBIAN_VERSION = (
    "Linux version 6.1.0-21-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) "
    "12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.90-1 "
    "(2024-05-03)"
)


@pytest.mark.parametrize(
    ("distribution", "text", "source", "version"),
    [
        (BOOKWORM, DEBIAN_VERSION, "linux", "6.1.90-1"),
        (
            Distribution("ubuntu", "22.04"),
            "Linux version 5.15.0-91-generic (buildd@lcy02-amd64-045) (gcc (Ubuntu "
            "11.4.0-1ubuntu1~22.04) 11.4.0, GNU ld 2.38) #101-Ubuntu SMP Tue Nov 14 13:30:08 UTC",
            "linux",
            "5.15.0-91.101",
        ),
        (
            Distribution("ubuntu", "22.04"),
            "Linux version 5.15.0-1051-aws (buildd@bos03-amd64-024) (gcc) #56-Ubuntu SMP x",
            "linux-aws",
            "5.15.0-1051.56",
        ),
        (
            Distribution("rhel", "9.3"),
            "Linux version 5.14.0-362.8.1.el9_3.x86_64 (mockbuild@x86-vm-09.build.eng) (gcc) #1 S",
            "kernel",
            "5.14.0-362.8.1.el9_3",
        ),
        (
            Distribution("fedora", "39"),
            "Linux version 6.6.9-200.fc39.x86_64 (mockbuild@c4b) (gcc) #1 SMP",
            "kernel",
            "6.6.9-200.fc39",
        ),
        (
            Distribution("sles", "15.5"),
            "Linux version 5.14.21-150500.55.7-default (geeko@buildhost) (gcc (SUSE Linux)) #1 S",
            "kernel-default",
            "5.14.21-150500.55.7",
        ),
        (
            Distribution("alpine", "3.20.1"),
            "Linux version 6.6.52-0-lts (buildozer@build-3-20-x86_64) (gcc (Alpine 13)) #1-Alpine",
            "linux-lts",
            "6.6.52-r0",
        ),
    ],
)
def test_the_running_kernel_is_a_package_of_its_distribution(
    distribution: Distribution, text: str, source: str, version: str
) -> None:
    kernel = host_kernel(distribution, text)
    assert kernel is not None
    assert (kernel.package.source, kernel.package.version) == (source, version)


@pytest.mark.parametrize(
    ("distribution", "text"),
    [
        (None, DEBIAN_VERSION),
        (BOOKWORM, "Linux version 6.18.5 (root@localhost) (gcc) #1 SMP"),
        (Distribution("ubuntu", "22.04"), DEBIAN_VERSION),
        (BOOKWORM, ""),
    ],
)
def test_a_kernel_of_somebody_else_is_none(distribution: Distribution | None, text: str) -> None:
    assert host_kernel(distribution, text) is None


@pytest.mark.parametrize(
    ("kind", "name", "is_part"),
    [
        ("deb", "linux-libc-dev", True),
        ("deb", "linux-headers-6.1.0-21-amd64", True),
        ("deb", "linux-image-6.1.0-21-amd64", False),
        ("rpm", "kernel-headers", True),
        ("rpm", "kernel-default-devel", True),
        ("rpm", "kernel-uek-devel", True),
        ("rpm", "kernel-core", False),
        ("rpm", "kernel-tools", False),
        ("apk", "linux-headers", True),
        ("apk", "linux-lts-dev", True),
        ("apk", "linux-lts", False),
        ("alpm", "linux-api-headers", True),
        ("npm", "linux-headers", False),
    ],
)
def test_headers_are_parts_of_a_kernel_and_no_kernel(kind: str, name: str, is_part: bool) -> None:
    assert is_kernel_part(Package(kind, name, "1")) is is_part


HEADERS = Package("deb", "linux-libc-dev", "6.1.55-1", "linux", "6.1.55-1")
FIXED = record("DEBIAN-CVE-2024-1", below("Debian:12", "linux", "6.1.90-1"))


def told(folder: Path, host: HostKernel | None, *records: Record) -> tuple[Urgency, str]:
    with store_of(folder, {"Debian": records or [FIXED]}) as store:
        (finding,) = judge(inventory(HEADERS), store, host=host).findings
    return finding.urgency, finding.reason.rpartition("; ")[2]


def running(version: str, distribution: Distribution = BOOKWORM) -> HostKernel:
    return HostKernel(distribution, Package("deb", "linux", version, "linux", version))


def test_headers_of_a_flaw_that_the_running_kernel_lacks_stay_hidden(tmp_path: Path) -> None:
    urgency, words = told(tmp_path, running("6.1.90-1"))
    assert (urgency, words) == (Urgency.HIDDEN, "this host's kernel 6.1.90-1 has the fix")


def test_headers_of_a_flaw_that_the_running_kernel_has_are_to_be_watched(tmp_path: Path) -> None:
    urgency, words = told(tmp_path, running("6.1.55-1"))
    assert urgency is Urgency.WATCH
    assert words == "headers only, but this host's kernel 6.1.55-1 is affected as well"


def test_the_kernel_is_judged_by_the_release_of_the_host(tmp_path: Path) -> None:
    both = affects("Debian:13", "linux", {"introduced": "0"}, {"fixed": "6.12.5-1"})
    content = record("DEBIAN-CVE-2024-1", *FIXED["affected"], both)
    host = running("6.12.1-1", Distribution("debian", "13"))
    assert told(tmp_path, host, content)[0] is Urgency.WATCH


def test_a_kernel_of_another_distribution_is_not_compared(tmp_path: Path) -> None:
    urgency, words = told(tmp_path, running("6.1.55-1", Distribution("ubuntu", "22.04")))
    assert urgency is Urgency.HIDDEN
    assert words == "the host's kernel is another distribution's: not compared"


def test_a_flaw_that_the_hosts_release_does_not_know_stays_hidden(tmp_path: Path) -> None:
    urgency, words = told(tmp_path, running("6.12.1-1", Distribution("debian", "13")))
    assert urgency is Urgency.HIDDEN
    assert words == "this host's kernel 6.12.1-1 is not known to have it"


def test_without_a_host_headers_stay_hidden(tmp_path: Path) -> None:
    urgency, words = told(tmp_path, None)
    assert urgency is Urgency.HIDDEN
    assert words == "headers only, no kernel code runs from this package"
