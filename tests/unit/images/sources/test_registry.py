"""``registry:``: an image from a registry is the image that was put there."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from seawall.errors import (
    BadRegistryAnswer,
    CorruptImage,
    DigestMismatch,
    LimitExceeded,
    NotAnImage,
    UnknownTarget,
)
from seawall.images import FoundFile, Limits, Pattern, Selector, open_image
from seawall.model import Image, ImageRef
from tests.unit.images.building import INDEX, Built, Entry, as_json, digest, packed
from tests.unit.registry.server import LoopbackRegistry, serving

BOTTOM = packed([Entry("a/wanted", b"one"), Entry("b/other", bytes(3000))])
TOP = packed([Entry("c/wanted", b"two"), Entry("a/.wh.wanted")])
IMAGE = Built([BOTTOM, TOP, BOTTOM])
SELECTOR = Selector([Pattern("**/wanted")])
Found = dict[str, list[FoundFile]]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LoopbackRegistry]:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setenv("HOME", str(tmp_path))  # nobody's logins
    with serving() as running:
        yield running


def put(server: LoopbackRegistry, image: Built, tag: str = "latest") -> str:
    for blob in (image.config, *map(image.blob, image.layers)):
        server.put_blob(blob)
    return server.put_manifest(image.manifest(), tag)


def read(
    server: LoopbackRegistry,
    tag: str = "",
    known: frozenset[str] = frozenset(),
    platform: str = "",
    limits: Limits | None = None,
) -> tuple[Image, Found]:
    ref = ImageRef("registry", f"{server.host}/team/app{tag}", platform)
    with open_image(ref, limits) as opened:
        found = {
            reading.diff_id: (list(reading.files))
            for reading in opened.layers(SELECTOR, known=known)
        }
        return opened.image, found


EXPECTED = {
    digest(BOTTOM): [FoundFile(b"a/wanted", b"one")],
    digest(TOP): [FoundFile(b"c/wanted", b"two")],
}


@pytest.mark.parametrize("compression", ["", "gzip", "zstd"])
def test_an_image_is_what_was_put_there(server: LoopbackRegistry, compression: str) -> None:
    pinned = put(server, replace(IMAGE, compression=compression))
    for tag in ("", f"@{pinned}"):
        image, found = read(server, tag)
        assert found == EXPECTED
        assert image.digest == digest(IMAGE.config)
        assert [layer.diff_id for layer in image.layers] == [digest(x) for x in IMAGE.layers]
    assert read(server)[0].tags == (f"{server.host}/team/app:latest",)


def test_each_layer_is_downloaded_once_and_none_that_is_known(server: LoopbackRegistry) -> None:
    put(server, IMAGE)
    assert read(server, known=frozenset((digest(TOP),)))[1] == {
        digest(BOTTOM): EXPECTED[digest(BOTTOM)]
    }
    assert len(server.asked_for(digest(BOTTOM))) == 1
    assert server.asked_for(digest(TOP)) == []


def test_a_tag_that_moves_meanwhile_changes_nothing(server: LoopbackRegistry) -> None:
    put(server, IMAGE)
    ref = ImageRef("registry", f"{server.host}/team/app")
    with open_image(ref) as opened:
        put(server, Built([TOP]))
        found = {reading.diff_id: list(reading.files) for reading in opened.layers(SELECTOR)}
    assert found == EXPECTED
    assert len(server.asked_for("manifests/latest")) == 1


def put_index(server: LoopbackRegistry) -> str:
    arm = replace(IMAGE, architecture="arm64", layers=[TOP])
    choices = []
    for image in (arm, IMAGE):
        put(server, image, image.architecture)
        platform = {"os": "linux", "architecture": image.architecture}
        choices.append(image.descriptor(platform=platform))
    return server.put_manifest({"mediaType": INDEX, "manifests": choices}, "both", kind=INDEX)


def test_a_platform_is_chosen_from_an_index(server: LoopbackRegistry) -> None:
    put_index(server)
    assert read(server, ":both")[0].architecture == "amd64"
    image, found = read(server, ":both", platform="linux/arm64")
    assert image.architecture == "arm64"
    assert set(found) == {digest(TOP)}
    with pytest.raises(NotAnImage, match="no image for linux/s390x; it has linux/arm64, linux/amd"):
        read(server, ":both", platform="linux/s390x")


def test_an_image_has_the_digests_of_its_manifest_and_index(server: LoopbackRegistry) -> None:
    index = put_index(server)
    manifest = put(server, IMAGE)
    assert read(server)[0].other_digests == (manifest,)
    assert read(server, ":both")[0].other_digests == (index, manifest)
    assert read(server, f"@{index}")[0].other_digests == (index, manifest)
    assert read(server, f"@{manifest}")[0].other_digests == (manifest,)


def test_the_only_image_is_not_taken_for_another_platform(server: LoopbackRegistry) -> None:
    put(server, IMAGE)
    assert read(server, platform="linux/amd64")[1] == EXPECTED
    with pytest.raises(NotAnImage, match="linux/amd64, not linux/arm64"):
        read(server, platform="linux/arm64")


def test_an_image_that_is_not_there_is_an_unknown_target(server: LoopbackRegistry) -> None:
    with pytest.raises(UnknownTarget, match="MANIFEST_UNKNOWN"):
        read(server, ":none")


def test_a_document_that_is_index_and_manifest_is_refused(server: LoopbackRegistry) -> None:
    server.put_manifest({"manifests": [], "layers": [], "config": {}})
    with pytest.raises(CorruptImage, match="both index and manifest"):
        read(server)


def altered(change: Callable[[dict[str, object]], object]) -> bytes:
    manifest = json.loads(IMAGE.manifest())
    change(manifest)
    return as_json(manifest)


def test_a_layer_without_a_size_is_refused(server: LoopbackRegistry) -> None:
    put(server, IMAGE)

    def drop_size(manifest: dict[str, object]) -> None:
        layers = manifest["layers"]
        assert isinstance(layers, list)
        del layers[0]["size"]

    server.put_manifest(altered(drop_size))
    with pytest.raises(CorruptImage, match="how large"):
        read(server)


def test_a_layer_that_is_not_what_the_configuration_says_is_refused(
    server: LoopbackRegistry,
) -> None:
    lying = Built([BOTTOM])
    lying_config = as_json({"rootfs": {"diff_ids": [digest(TOP)]}, "os": "linux"})
    put(server, lying)
    server.put_blob(lying_config)
    manifest = lying.manifest().replace(
        digest(lying.config).encode(), digest(lying_config).encode()
    )
    server.put_manifest(manifest)
    with pytest.raises(DigestMismatch):
        read(server)


def test_a_huge_configuration_is_refused(server: LoopbackRegistry) -> None:
    huge = b" " * ((16 << 20) + 1)
    manifest = {"config": {"digest": server.put_blob(huge)}, "layers": []}
    server.put_manifest(manifest)
    with pytest.raises(BadRegistryAnswer, match="more than"):
        read(server)


def test_limits_hold_for_what_is_downloaded(server: LoopbackRegistry) -> None:
    put(server, IMAGE)
    with pytest.raises(LimitExceeded, match="image_bytes"):
        read(server, limits=Limits(image_bytes=1000))


def test_other_sources_never_load_the_network_client(tmp_path: Path) -> None:
    code = "import sys, seawall.images; print('urllib3' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
