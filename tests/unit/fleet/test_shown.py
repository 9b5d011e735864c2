"""An image put together again is the one that was read."""

from collections.abc import Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.fleet.record import record_of
from seawall.fleet.shown import inventory_of
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
from tests.unit.fleet.families import keep, new_fleet
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
