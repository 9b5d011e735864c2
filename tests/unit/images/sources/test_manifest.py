"""From documents to an image: which one of several, and documents that are none."""

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seawall.errors import CorruptImage, ImageError, NotAnImage, SeawallError, UsageError
from tests.unit.images.building import INDEX, Built, Files, as_json, digest, hexed, layout, unpacked
from tests.unit.images.sources.one_image import BOTTOM, EXPECTED, IMAGE, TOP, read, stored

OTHER = Built([TOP], ["example/app:2.0", "other:latest"])


def test_one_of_several_images_is_chosen_by_name(tmp_path: Path) -> None:
    entries = [json.loads(built.skopeo()["manifest.json"])[0] for built in (IMAGE, OTHER)]
    docker = {**IMAGE.skopeo(), **OTHER.skopeo(), "manifest.json": as_json(entries)}
    both = layout({**IMAGE.blobs(), **OTHER.blobs()}, IMAGE.descriptor(), OTHER.descriptor())
    places = {
        "docker-archive": stored(tmp_path / "docker.tar", docker),
        "oci-archive": stored(tmp_path / "oci.tar", both),
        "oci-dir": unpacked(both, tmp_path / "oci"),
    }
    for source, place in places.items():
        for name in ("example/app:2.0", "2.0"):
            assert read(source, f"{place}:{name}")[0].digest == digest(OTHER.config)
        assert read(source, f"{place}:1.0")[0].digest == digest(IMAGE.config)
        with pytest.raises(UsageError, match=r"2 images in it .*example/app:1\.0") as refused:
            read(source, place)
        assert ":NAME" in refused.value.hint
        with pytest.raises(UsageError, match=r"'3\.0' means 0 of its images"):
            read(source, f"{place}:3.0")
    assert read("docker-archive", f"{places['docker-archive']}:other")[0].tags == tuple(OTHER.tags)
    by_digest = f"{places['oci-dir']}:{digest(IMAGE.manifest())}"
    assert read("oci-dir", by_digest)[0].digest == digest(IMAGE.config)


def in_index(*descriptors: dict[str, Any]) -> tuple[dict[str, Any], Files]:
    index = as_json({"mediaType": INDEX, "manifests": list(descriptors)})
    return {"mediaType": INDEX, "digest": digest(index)}, {f"blobs/sha256/{hexed(index)}": index}


def on(machine: str, os_name: str = "linux") -> dict[str, Any]:
    return {"platform": {"os": os_name, "architecture": machine}}


def test_this_machines_platform_is_taken_from_an_index(tmp_path: Path) -> None:
    arm = replace(OTHER, architecture="arm64")
    attestation = IMAGE.descriptor(**on("unknown", "unknown"))
    choices = (arm.descriptor(**on("arm64")), IMAGE.descriptor(**on("amd64")), attestation)
    blobs = {**IMAGE.blobs(), **arm.blobs()}
    descriptor, index = in_index(*choices)
    for files in (layout({**blobs, **index}, descriptor), layout(blobs, *choices)):
        place = unpacked(files, tmp_path / str(len(files)))
        assert read("oci-dir", place)[0].digest == digest(IMAGE.config)


def test_the_only_platform_there_is_will_do(tmp_path: Path) -> None:
    attestation = OTHER.descriptor(**on("unknown", "unknown"))
    descriptor, index = in_index(attestation, IMAGE.descriptor(**on("s390x")))
    path = stored(tmp_path / "image.tar", layout({**IMAGE.blobs(), **index}, descriptor))
    assert read("oci-archive", path)[1] == EXPECTED


def test_an_index_without_this_machines_platform_is_refused_with_what_it_has(
    tmp_path: Path,
) -> None:
    for machines, have in ((("s390x", "arm64"), "linux/s390x, linux/arm64"), ((), "none")):
        descriptor, index = in_index(*(IMAGE.descriptor(**on(machine)) for machine in machines))
        path = stored(tmp_path / "image.tar", layout({**IMAGE.blobs(), **index}, descriptor))
        with pytest.raises(NotAnImage, match=f"no image for linux/amd64; it has {have}"):
            read("oci-archive", path)


def test_a_docker_configuration_with_a_name_of_its_own_is_taken_as_it_is(tmp_path: Path) -> None:
    files = IMAGE.skopeo()
    files["config.json"] = files.pop(f"{hexed(IMAGE.config)}.json")
    entry = json.loads(files["manifest.json"])[0]
    files["manifest.json"] = as_json([{**entry, "Config": "config.json"}])
    image, _ = read("docker-archive", stored(tmp_path / "image.tar", files))
    assert image.digest == digest(IMAGE.config)


_BAD_JSON = [
    b"",
    b"{",
    b"\xff\xfe\x00",
    b"[" * 200_000,
    b"null",
    b'"x"',
    b"12",
    b"{}",
    b"[]",
    b"[1]",
]


@pytest.mark.parametrize("content", _BAD_JSON, ids=range(len(_BAD_JSON)))
def test_documents_that_are_none_are_refused(tmp_path: Path, content: bytes) -> None:
    def refused(source: str, files: Files) -> None:
        for compress in (bytes, gzip.compress):
            path = stored(tmp_path / "image.tar", files, compress)
            with pytest.raises(ImageError):
                read(source, path)

    refused("docker-archive", {**IMAGE.skopeo(), "manifest.json": content})
    refused("oci-archive", {**IMAGE.layout(), "index.json": content})

    class Odd(Built):
        config = content

    for form in (Built.skopeo, Built.layout):
        refused("docker-archive" if form == Built.skopeo else "oci-archive", form(Odd([BOTTOM])))
    blob: Files = {f"blobs/sha256/{hexed(content)}": content}
    refused("oci-archive", layout(blob, {"digest": digest(content)}))


@pytest.mark.parametrize(
    "value",
    [
        *("sha256:../../x", "sha256:" + "A" * 64, "sha256:" + "a" * 63, "md5:" + "a" * 32, "", "x"),
        *("sha256:" + "a" * 64 + "\n", "../../../etc/passwd", None, 5, ["a"]),
    ],
    ids=str,
)
def test_a_digest_that_is_none_never_becomes_a_path(tmp_path: Path, value: object) -> None:
    place = unpacked(layout(IMAGE.blobs(), {"digest": value}), tmp_path / "index")
    with pytest.raises(CorruptImage, match="is no digest"):
        read("oci-dir", place)
    for part in ("config", "layers"):
        document = json.loads(IMAGE.manifest())
        document[part] = {"digest": value} if part == "config" else [{"digest": value}] * 3
        raw = as_json(document)
        files = layout(
            {**IMAGE.blobs(), f"blobs/sha256/{hexed(raw)}": raw}, {"digest": digest(raw)}
        )
        with pytest.raises(CorruptImage, match="is no digest"):
            read("oci-dir", unpacked(files, tmp_path / part))
    config = as_json({"rootfs": {"diff_ids": [value]}})
    files = {
        "c.json": config,
        "manifest.json": as_json([{"Config": "c.json", "Layers": ["x"]}]),
    }
    with pytest.raises(CorruptImage, match="diff_ids"):
        read("docker-archive", stored(tmp_path / "image.tar", files))


def test_text_that_no_utf8_can_hold_neither_crashes_nor_comes_out(tmp_path: Path) -> None:
    lone = "\ud800"
    entry = json.loads(IMAGE.skopeo()["manifest.json"])[0]
    for changed in (
        {"Config": lone},
        {"Layers": [lone] * 3},
        {"RepoTags": [f"name:{lone}"]},
    ):
        files = {**IMAGE.skopeo(), "manifest.json": as_json([{**entry, **changed}])}
        try:
            image, _ = read("docker-archive", stored(tmp_path / "image.tar", files))
        except SeawallError as error:
            str(error).encode()
        else:
            "".join(image.tags).encode()
    odd = as_json(
        {
            "os": lone,
            "architecture": lone,
            "rootfs": {"diff_ids": [digest(BOTTOM)]},
            "history": [{"created_by": lone}],
        }
    )
    files = {
        "c.json": odd,
        "l.tar": BOTTOM,
        "manifest.json": as_json([{"Config": "c.json", "Layers": ["l.tar"]}]),
    }
    image, _ = read("docker-archive", stored(tmp_path / "image.tar", files))
    f"{image.os}{image.architecture}{image.layers[0].created_by}".encode()


def test_a_history_that_does_not_fit_the_layers_is_left_out(tmp_path: Path) -> None:
    histories: list[object] = [None, "x", [], [{"created_by": "one"}], [{}] * 5, ["x", 5]]
    for history in histories:
        config = as_json({"rootfs": {"diff_ids": [digest(BOTTOM)] * 2}, "history": history})
        names = ["l.tar"] * 2
        files: Files = {
            "c.json": config,
            "l.tar": BOTTOM,
            "manifest.json": as_json([{"Config": "c.json", "Layers": names}]),
        }
        image, _ = read("docker-archive", stored(tmp_path / "image.tar", files))
        assert [layer.created_by for layer in image.layers] == ["", ""]


def test_documents_and_configuration_must_agree_on_the_number_of_layers(tmp_path: Path) -> None:
    class Odd(Built):
        config = IMAGE.config

    for source, form in (("docker-archive", Built.skopeo), ("oci-archive", Built.layout)):
        with pytest.raises(CorruptImage, match=r"2 layers in .*, 3 in "):
            read(source, stored(tmp_path / "image.tar", form(Odd([BOTTOM, TOP]))))
