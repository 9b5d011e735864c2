"""Databases of package managers that are cut, changed or made up: never an exception of ours."""

import gzip
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.inventory.catalogers import (
    CATALOGERS,
    Cataloger,
    Channels,
    Checksums,
    Diversions,
    Fact,
    ImageFile,
    Ownership,
)
from seawall.model import Distribution, Incomplete, Package
from tests.unit.inventory.catalogers import databases
from tests.unit.inventory.catalogers.test_dpkg import STATUS

SUMS = b"d41d8cd98f00b204e9800998ecf8427e  usr/bin/a\n"
RECORD = b"a/__init__.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n../../b,,\n"
SAMPLES = {
    "rpm-sqlite": databases.rpm("rpmdb.sqlite"),
    "rpm-ndb": databases.rpm("Packages.db"),
    "rpm-berkeley": databases.rpm("Packages"),
    "rpm-manifest": ImageFile("m", b"bash\t5-4\t1\t2\tV\t(none)\t3\tx\t0\tbash-5-4.src.rpm\n"),
    "apk": databases.apk(),
    "apk-repositories": ImageFile("r", b"@t https://a/alpine/edge/main\n"),
    "pacman": databases.pacman("desc"),
    "pacman-files": databases.pacman("files"),
    "pacman-checksums": databases.pacman("mtree"),
    "dpkg": ImageFile("var/lib/dpkg/status", STATUS),
    "dpkg-checksums": ImageFile("var/lib/dpkg/info/a.md5sums", SUMS * 3),
    "dpkg-diversions": ImageFile("var/lib/dpkg/diversions", b"/bin/sh\n/bin/sh.distrib\ndash\n"),
    "opkg": ImageFile("usr/lib/opkg/status", STATUS),
    "python-files": ImageFile("usr/lib/a-1.dist-info/RECORD", RECORD),
    "apt-sources": ImageFile("s", b"deb https://esm.ubuntu.com/infra/ubuntu x main\n"),
    "ubuntu-pro": ImageFile("s", b'{"services": [{"name": "esm-apps", "status": "enabled"}]}'),
    "os-release": ImageFile("etc/os-release", b'ID=a\nVERSION_ID="1"\nCPE_NAME="cpe:/o:a"\n'),
}
_TELLING = (b"\0", b"\xff", b"\xff" * 4, b"\0" * 4, b"\x7f", b"\n", b"\n\n")
_FACTS = (Package, Ownership, Diversions, Checksums, Channels, Distribution, Incomplete)


def cataloger(name: str) -> Cataloger:
    return next(found for found in CATALOGERS if found.name == name)


def facts(name: str, content: bytes) -> list[Fact]:
    """Return what a cataloger says; a `ValueError` is one of its ways to say that it cannot."""
    found: list[Fact] = []
    try:
        for fact in cataloger(name).parse(ImageFile(SAMPLES[name].path, content)):
            found.append(fact)  # noqa: PERF402 - what came before an error must stay
    except (ValueError, RecursionError) as error:
        found.append(Incomplete(SAMPLES[name].path, str(error)))
    return found


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_are_whole(name: str) -> None:
    found = facts(name, SAMPLES[name].content)
    assert found
    assert not any(isinstance(fact, Incomplete) for fact in found)


def changed(content: bytes, source: random.Random, within: int) -> bytes:
    """Return a database with some bytes changed near its start, and sometimes cut."""
    data = bytearray(content)
    for _ in range(source.randrange(12)):
        new = source.choice([*_TELLING, source.randbytes(source.randrange(1, 5))])
        start = source.randrange(min(within, len(data)) + 1)
        data[start : start + len(new)] = new
    end = source.randrange(len(data) + 1) if source.random() < 0.3 else len(data)
    return bytes(data[:end])


@pytest.mark.parametrize("name", SAMPLES)
def test_a_changed_database_never_ends_in_an_exception(name: str) -> None:
    source = random.Random(name)
    content = SAMPLES[name].content
    for number in range(500):
        if name == "pacman-checksums" and number % 2:
            text = gzip.decompress(content)
            data = gzip.compress(changed(text, source, len(text)))
        else:
            data = changed(content, source, len(content) if number % 3 else 4_200)
        found = facts(name, data)
        assert all(isinstance(fact, _FACTS) for fact in found)
        assert len(found) <= 20 + len(data)


@pytest.mark.parametrize("name", SAMPLES)
@given(st.binary(max_size=400))
@settings(max_examples=40)
def test_bytes_of_any_kind_never_end_in_an_exception(name: str, content: bytes) -> None:
    assert all(isinstance(fact, _FACTS) for fact in facts(name, content))
