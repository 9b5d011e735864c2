"""An image put together again is the one that was read, and judged as a scan judges it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.fleet.record import record_of
from seawall.fleet.rejudging import rejudge
from seawall.fleet.shown import findings_of, first_seen, gaps_of, inventory_of
from seawall.fleet.store import Fleet
from seawall.images import open_image, parse_target
from seawall.inventory import read_image
from seawall.model import (
    Distribution,
    Finding,
    Image,
    ImageRef,
    Incomplete,
    Inventory,
    Kind,
    Layer,
    Package,
    Severity,
    Urgency,
)
from seawall.scanning.vulnerabilities import judge
from tests.unit.advisories.records import NOW, below, record, store_of
from tests.unit.fleet.families import FIRST, LATER, keep, new_fleet
from tests.unit.images.building import Built, archived, unpacked

BOOKWORM = Distribution("debian", "12", "bookworm", "Debian GNU/Linux 12", channels=("x",))
LAYERS = [f"sha256:{n:064x}" for n in range(3)]
SECRET = Finding(
    Kind.SECRET, "aws-key", Severity.HIGH, Urgency.NOW, "it is there", path="root/.aws", line=3
)


def inventory(
    packages: Sequence[Package],
    distribution: Distribution | None = BOOKWORM,
    incomplete: Sequence[Incomplete] = (),
) -> Inventory:
    order = sorted(packages, key=lambda p: (p.type, p.name, p.version, p.path, p.arch))
    return Inventory(
        "docker:web:1", "sha256:" + "e" * 64, distribution, tuple(order), incomplete, tuple(LAYERS)
    )


def read(inventory: Inventory) -> Image:
    layers = tuple(Layer(diff_id, "RUN x") for diff_id in inventory.layers)
    return Image(ImageRef("docker", "web:1"), inventory.digest, layers, tags=("web:1",))


_words = st.sampled_from(["glibc", "libc6", "node", "@a/b", "ö", ""])
_packages = st.builds(
    Package,
    st.sampled_from(["deb", "npm", "pypi"]),
    st.sampled_from(["libc6", "node", "@a/b", "ö"]),
    st.sampled_from(["1", "1:2-3"]),
    _words,
    _words,
    st.sampled_from(["", "amd64"]),
    layer=st.sampled_from(LAYERS),
    path=st.sampled_from(["usr/a", "b"]),
    owner=st.sampled_from(["", "deb:node", "deb:none"]),
    module=st.sampled_from(["", "m:1"]),
    locked=st.booleans(),
    evidence=st.sampled_from(["", "offset 1"]),
)


@settings(deadline=None)
@given(
    st.lists(_packages, unique_by=lambda p: (p.type, p.name, p.version, p.path, p.arch)),
    st.sampled_from([None, BOOKWORM]),
    st.lists(st.builds(Incomplete, _words, _words, st.sampled_from(LAYERS)), unique=True),
)
def test_any_inventory_comes_back_as_it_was_read(
    packages: list[Package], distribution: Distribution | None, incomplete: list[Incomplete]
) -> None:
    whole = inventory(packages, distribution, tuple(incomplete))
    with new_fleet() as fleet:
        assert inventory_of(fleet, keep(fleet, record_of(read(whole), whole))) == whole


def test_findings_and_their_order_are_those_of_a_scan(fleet: Fleet, tmp_path: Path) -> None:
    whole = inventory(
        [
            Package("deb", "libc6", "2.36-1", "glibc", "2.36-1", "amd64", LAYERS[0], "var/status"),
            Package("npm", "left-pad", "1.0.0", layer=LAYERS[1], path="app/package.json"),
            Package("npm", "left-pad", "1.0.0", layer=LAYERS[2], path="app/lib/package.json"),
            Package("npm", "left-pad", "1.0.0", layer=LAYERS[2], path="app/lock", locked=True),
            Package("npm", "pad", "1", layer=LAYERS[2], path="usr/pad", owner="deb:libc6"),
            Package("npm", "odd", "1..x", layer=LAYERS[2], path="odd"),
            Package("cargo", "ring", "1.0.0", layer=LAYERS[2], path="bin"),
            Package("conan", "zlib", "1.0.0", layer=LAYERS[2], path="conan.lock"),
        ],
        Distribution("debian", "10", "buster"),
        [Incomplete("a", "cut off", LAYERS[1])],
    )
    records = {
        "Debian": [
            record("DEBIAN-CVE-2026-0001", below("Debian:10", "glibc", "2.36-2")),
            record("DEBIAN-CVE-2026-0003", below("Debian:10", "glibc", "2.36-3")),
        ],
        "npm": [
            record("GHSA-1", below("npm", "left-pad", "1.1.0"), aliases=["CVE-2026-0002"]),
            record("GHSA-2", below("npm", "pad", "2.0.0")),
            record("GHSA-3", below("npm", "odd", "2.0.0")),
        ],
    }
    with store_of(tmp_path, records) as advisories:
        stored = keep(fleet, record_of(read(whole), whole, other_findings=[SECRET]))
        pending = gaps_of(fleet, stored)
        assert Incomplete("/", "8 packages not judged yet") in pending
        assert findings_of(fleet, stored) == (SECRET,)
        rejudge(fleet, advisories, NOW)
        scan = judge(whole, advisories, today=NOW.date())
        found = findings_of(fleet, stored, today=NOW.date())
        assert found == (*scan.findings, SECRET)
        assert {f.kind for f in found} == {Kind.VULNERABILITY, Kind.END_OF_LIFE, Kind.SECRET}
        assert len(findings_of(fleet, stored)) == len(found) - 1
        hardly = Incomplete("/", "there are hardly any advisories for Debian:10 here")
        told = {*whole.incomplete, *scan.incomplete} - {hardly}
        assert set(gaps_of(fleet, stored)) == told
        assert any("1 cargo packages not judged" in gap.reason for gap in told)


def test_the_same_is_true_of_an_image_that_was_read(fleet: Fleet, tmp_path: Path) -> None:
    status = b"Package: libc6\nStatus: install ok installed\nVersion: 2.36-1\nArchitecture: all\n\n"
    more = b"Package: zlib1g\nStatus: install ok installed\nVersion: 1.2\nArchitecture: all\n\n"
    node = b'{"name": "left-pad", "version": "1.0.0"}'
    layers = [
        {"etc/os-release": b"ID=debian\nVERSION_ID=12\n", "var/lib/dpkg/status": status},
        {"var/lib/dpkg/status": status + more},
        {"app/node_modules/left-pad/package.json": node},
    ]
    layout = unpacked(Built([archived(files) for files in layers]).layout(), tmp_path / "layout")
    with open_image(parse_target(f"oci-dir:{layout}")) as opened:
        reading = read_image(opened)
    assert len(reading.inventory.packages) == 3
    stored = keep(fleet, record_of(reading.image, reading.inventory))
    assert inventory_of(fleet, stored) == reading.inventory


def test_a_finding_is_known_since_the_later_of_itself_and_its_image(
    fleet: Fleet, tmp_path: Path
) -> None:
    whole = inventory([Package("npm", "left-pad", "1.0.0", layer=LAYERS[0], path="p")])
    image = keep(fleet, record_of(read(whole), whole))
    records = {"npm": [record("GHSA-1", below("npm", "left-pad", "1.1.0"))]}
    with store_of(tmp_path, records) as advisories:
        rejudge(fleet, advisories, datetime(2026, 2, 1, tzinfo=UTC))
    (stored,) = fleet.findings.named("GHSA-1")
    assert first_seen(stored, image) == LATER
    assert first_seen(replace(stored, first_seen=""), image) == FIRST


def test_advisories_that_are_half_a_year_old_are_a_gap(fleet: Fleet, tmp_path: Path) -> None:
    whole = inventory([Package("npm", "left-pad", "1.0.0", layer=LAYERS[0], path="p")])
    image = keep(fleet, record_of(read(whole), whole, other_findings=[]))
    records = {"npm": [record("GHSA-1", below("npm", "left-pad", "1.1.0"))]}
    with store_of(tmp_path, records) as advisories:
        rejudge(fleet, advisories, NOW)
        for now in (NOW, datetime(2027, 6, 1, tzinfo=UTC)):
            scan = judge(whole, advisories, today=now.date())
            assert gaps_of(fleet, image, now=now) == scan.incomplete
            assert bool(scan.incomplete) == (now != NOW)
    assert date(2027, 6, 1) > NOW.date()
