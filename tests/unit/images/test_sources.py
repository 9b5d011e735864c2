"""One logical image through every form it can have, and what goes wrong in each."""

import gzip
import http.server
import json
import os
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zstandard

from seawall.errors import (
    CorruptImage,
    DigestMismatch,
    ImageError,
    LimitExceeded,
    NotAnImage,
    SeawallError,
    SourceUnavailable,
    UnknownTarget,
    UsageError,
)
from seawall.images import (
    FoundFile,
    LayerReading,
    Limits,
    OpenImage,
    Pattern,
    Selector,
    open_image,
    parse_target,
)
from seawall.images.sources import archive as archive_source
from seawall.images.sources.docker_daemon import image_names
from seawall.model import Image, ImageRef
from tests.unit.images.building import (
    INDEX,
    Built,
    Entry,
    Files,
    archived,
    as_json,
    digest,
    hard_link,
    hexed,
    layout,
    packed,
    symlink,
    unpacked,
)

SELECTOR = Selector([Pattern("**/wanted"), Pattern("etc/exact"), Pattern("**/*.egg", magic=b"PK")])
BOTTOM = packed([Entry("a/wanted", b"one"), Entry("b/wanted", b"two"), Entry("x.egg", b"PKegg")])
TOP = packed(
    [
        Entry("a/.wh.wanted"),
        symlink("etc/exact", "../b/wanted"),
        hard_link("c/wanted", "c/first"),
        Entry("n" * 120 + "/wanted", b"long"),
    ]
)
IMAGE = Built([BOTTOM, TOP, BOTTOM])
Layers = dict[str, tuple[list[FoundFile], set[bytes]]]


@pytest.fixture(autouse=True)
def amd64(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")


def contents(opened: OpenImage) -> Layers:
    return {
        reading.diff_id: (files, reading.changes.removed)
        for reading, files in ((r, list(r.files)) for r in opened.layers(SELECTOR))
    }


def read(source: str, place: Path | str, limits: Limits | None = None) -> tuple[Image, Layers]:
    with open_image(ImageRef(source, str(place)), limits) as opened:
        found = contents(opened)
        return opened.image, {layer.diff_id: found[layer.diff_id] for layer in opened.image.layers}


def stored(path: Path, files: Files, compress: Callable[[bytes], bytes] = bytes) -> Path:
    path.write_bytes(compress(archived(files)))
    return path


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(1).compress(data)


EXPECTED: Layers = {
    digest(BOTTOM): (
        [
            FoundFile(b"a/wanted", b"one"),
            FoundFile(b"b/wanted", b"two"),
            FoundFile(b"x.egg", b"PKegg"),
        ],
        set(),
    ),
    digest(TOP): (
        [
            FoundFile(b"etc/exact", symlink=b"../b/wanted"),
            FoundFile(b"c/wanted", link=b"c/first"),
            FoundFile(b"n" * 120 + b"/wanted", b"long"),
        ],
        {b"a/wanted"},
    ),
}

# --- every form ----------------------------------------------------------------------------------

FORMS: dict[str, tuple[str, Callable[[Built], Files]]] = {
    "docker save before 25": ("docker-archive", Built.legacy),
    "skopeo": ("docker-archive", Built.skopeo),
    "docker save since 25": ("docker-archive", Built.modern),
    "the same as a layout": ("oci-archive", Built.modern),
    "layout": ("oci-archive", Built.layout),
    "layout in a directory": ("oci-dir", Built.layout),
}


@pytest.mark.parametrize("outer", [bytes, gzip.compress, zstd], ids=["plain", "gzip", "zstd"])
@pytest.mark.parametrize("inner", ["", "gzip", "zstd"])
@pytest.mark.parametrize("form", FORMS)
def test_one_image_is_the_same_in_every_form(
    tmp_path: Path, form: str, inner: str, outer: Callable[[bytes], bytes]
) -> None:
    source, members = FORMS[form]
    files = members(replace(IMAGE, compression=inner))
    if source == "oci-dir":
        place = unpacked(files, tmp_path / "layout")
    else:
        place = stored(tmp_path / "image.tar", files, outer)
    image, layers = read(source, place)
    assert layers == EXPECTED
    assert image.digest == digest(IMAGE.config)
    assert [layer.diff_id for layer in image.layers] == [digest(x) for x in (BOTTOM, TOP, BOTTOM)]
    assert [layer.created_by for layer in image.layers] == ["step 0", "step 1", "step 2"]
    assert (image.os, image.architecture, image.tags) == ("linux", "amd64", ("example/app:1.0",))


@pytest.mark.parametrize("outer", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("form", FORMS)
def test_an_image_can_be_read_again_for_other_files(
    tmp_path: Path, form: str, outer: Callable[[bytes], bytes]
) -> None:
    source, members = FORMS[form]
    files = members(IMAGE)
    place = unpacked(files, tmp_path / "x") if source == "oci-dir" else tmp_path / "image.tar"
    if source != "oci-dir":
        stored(place, files, outer)
    with open_image(ImageRef(source, str(place))) as opened:
        assert contents(opened) == EXPECTED
        again = [f for r in opened.layers(Selector([Pattern("x.egg")])) for f in r.files]
        assert {file.content for file in again} == {b"PKegg"}


def test_members_may_start_with_dot_slash_and_stand_in_any_order(tmp_path: Path) -> None:
    for name, form in (("docker-archive", Built.legacy), ("oci-archive", Built.layout)):
        files = {f"./{path}": content for path, content in reversed(form(IMAGE).items())}
        for compress in (bytes, gzip.compress):
            path = stored(tmp_path / "image.tar", files, compress)
            assert read(name, path)[1] == EXPECTED
            assert parse_target(str(path)) == ImageRef(name, str(path))


def test_a_docker_archive_without_tags_is_read(tmp_path: Path) -> None:
    path = stored(tmp_path / "image.tar", replace(IMAGE, tags=[]).legacy())
    assert read("docker-archive", path)[0].tags == ()
    entry = [{**json.loads(IMAGE.legacy()["manifest.json"])[0], "RepoTags": None}]
    path = stored(path, {**IMAGE.legacy(), "manifest.json": as_json(entry)})
    assert read("docker-archive", path)[0].tags == ()


def test_an_image_without_layers_is_read(tmp_path: Path) -> None:
    for source, form in (("docker-archive", Built.skopeo), ("oci-archive", Built.layout)):
        path = stored(tmp_path / "image.tar", form(Built([])))
        assert read(source, path)[1] == {}


def test_sha512_digests_are_compared_where_each_blob_can_be_read_twice(tmp_path: Path) -> None:
    import hashlib

    def name(data: bytes) -> str:
        return f"sha512:{hashlib.sha512(data).hexdigest()}"

    config = as_json({"rootfs": {"diff_ids": [name(BOTTOM)]}})
    document = as_json({"config": {"digest": name(config)}, "layers": [{"digest": name(BOTTOM)}]})
    blobs: Files = {f"blobs/{name(x).replace(':', '/')}": x for x in (config, document, BOTTOM)}
    files = layout(blobs, {"digest": name(document)})
    path = stored(tmp_path / "image.tar", files)
    assert list(read("oci-archive", path)[1]) == [name(BOTTOM)]
    stored(path, files, gzip.compress)
    with pytest.raises(NotAnImage, match="other than sha256"):
        read("oci-archive", path)


# --- several images ------------------------------------------------------------------------------

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


def test_a_path_may_hold_colons(tmp_path: Path) -> None:
    path = stored(tmp_path / "a:b:1.0", IMAGE.skopeo())
    assert read("docker-archive", path)[1] == EXPECTED
    assert read("docker-archive", f"{path}:example/app:1.0")[1] == EXPECTED


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


# --- what goes wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize("outer", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("inner", ["", "gzip", "zstd"])
@pytest.mark.parametrize(
    ("form", "part"),
    [
        (form, part)
        for form, (source, _) in FORMS.items()
        for part in ("config", "manifest", "layer", "diff-id")
        if part != "manifest" or source != "docker-archive"
    ],
)
def test_content_that_is_not_what_its_digest_says_is_refused(
    tmp_path: Path, form: str, inner: str, part: str, outer: Callable[[bytes], bytes]
) -> None:
    source, members = FORMS[form]
    image = replace(IMAGE, compression=inner)
    harmless = packed([Entry("a/wanted", b"0ne"), Entry("b/wanted", b"two"), Entry("x.egg", b"no")])
    files = members(image)
    kept = dict(files)
    match part:
        case "config":
            names = [n for n in files if files[n] == IMAGE.config]
            files[names[0]] = image.config.replace(b"step 0", b"step X")
        case "manifest":
            for name in [n for n in files if files[n] == image.manifest() and "blobs" in n]:
                files[name] = image.manifest().replace(b'"schemaVersion": 2', b'"schemaVersion": 3')
        case "layer":
            for name in [n for n in files if files[n] in {BOTTOM, image.blob(BOTTOM)}]:
                files[name] = harmless if files[name] == BOTTOM else image.blob(harmless)
        case _:
            # The manifest names the stored blob rightly, the configuration another content.
            lying = _Lying([harmless, TOP, harmless], image.tags, compression=inner)
            files = members(lying)
    assert files != kept
    if source == "oci-dir":
        place = unpacked(files, tmp_path / "layout")
    else:
        place = stored(tmp_path / "image.tar", files, outer)
    with pytest.raises(DigestMismatch, match="expected sha256:") as refused:
        read(source, place)
    assert refused.value.expected != refused.value.actual
    assert refused.value.hint


class _Lying(Built):
    """An image whose configuration is that of another one."""

    @property
    def config(self) -> bytes:
        return IMAGE.config


def test_a_docker_configuration_with_a_name_of_its_own_is_taken_as_it_is(tmp_path: Path) -> None:
    files = IMAGE.skopeo()
    files["config.json"] = files.pop(f"{hexed(IMAGE.config)}.json")
    entry = json.loads(files["manifest.json"])[0]
    files["manifest.json"] = as_json([{**entry, "Config": "config.json"}])
    image, _ = read("docker-archive", stored(tmp_path / "image.tar", files))
    assert image.digest == digest(IMAGE.config)


@pytest.mark.parametrize("outer", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("form", FORMS)
def test_every_missing_member_is_noticed(
    tmp_path: Path, form: str, outer: Callable[[bytes], bytes]
) -> None:
    source, members = FORMS[form]
    files = members(IMAGE)
    needless = {"oci-layout"}
    if source == "docker-archive":
        needless |= {"index.json", f"blobs/sha256/{hexed(IMAGE.manifest())}"}
    elif "manifest.json" in files:
        needless.add("manifest.json")
    # A link stands for a layer that is there under another name.
    needless |= {name for name, content in files.items() if isinstance(content, str)}
    for number, missing in enumerate(set(files) - needless):
        left = {name: content for name, content in files.items() if name != missing}
        if source == "oci-dir":
            place = unpacked(left, tmp_path / str(number))
        else:
            place = stored(tmp_path / "image.tar", left, outer)
        with pytest.raises((CorruptImage, NotAnImage), match=r"missing|no (manifest|index).json"):
            read(source, place)


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


def test_asking_for_another_form_says_what_is_wrong(tmp_path: Path) -> None:
    docker = stored(tmp_path / "docker.tar", IMAGE.legacy())
    oci = stored(tmp_path / "oci.tar", IMAGE.layout())
    folder = unpacked(IMAGE.layout(), tmp_path / "layout")
    text = tmp_path / "text"
    text.write_text("no archive at all\n" * 100)
    empty = tmp_path / "empty"
    empty.touch()
    empty_folder = tmp_path / "nothing"
    empty_folder.mkdir()
    for source, place in [
        *(("docker-archive", oci), ("oci-archive", docker), ("oci-dir", docker)),
        *(("docker-archive", folder), ("oci-archive", folder), ("dir", docker)),
        *(("docker-archive", text), ("oci-archive", text), ("docker-archive", empty)),
        ("oci-dir", empty_folder),
    ]:
        with pytest.raises(NotAnImage) as refused:
            read(source, place)
        assert refused.value.hint
        assert str(place) in str(refused.value)
    for source in ("docker-archive", "oci-archive", "oci-dir"):
        with pytest.raises(UnknownTarget, match="no such file"):
            read(source, tmp_path / "absent" / "x")
        with pytest.raises(UnknownTarget, match="no such file"):
            read(source, "n" * 5000)
    with pytest.raises(UnknownTarget, match="no such directory"):
        read("dir", tmp_path / "absent")
    with pytest.raises(SourceUnavailable, match="too long"):
        read("dir", tmp_path / ("n" * 300))


@pytest.mark.parametrize("outer", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_an_archive_cut_short_is_refused(tmp_path: Path, outer: Callable[[bytes], bytes]) -> None:
    whole = outer(archived(IMAGE.legacy()))
    path = tmp_path / "image.tar"
    for at in (513, len(whole) // 3, len(whole) // 2, len(whole) * 2 // 3):
        path.write_bytes(whole[:at])
        with pytest.raises((CorruptImage, NotAnImage)):
            read("docker-archive", path)


def test_a_zstd_layer_cut_short_is_refused(tmp_path: Path) -> None:
    # zstandard takes a frame cut short for its end, so the digest has to notice
    for at in (20, -1, -5):
        cut = zstd(BOTTOM + bytes(100_000))[:at]
        config = as_json({"rootfs": {"diff_ids": [digest(BOTTOM + bytes(100_000))]}})
        entry = [{"Config": "c.json", "Layers": ["l.tar"]}]
        files: Files = {"c.json": config, "l.tar": cut, "manifest.json": as_json(entry)}
        for compress in (bytes, gzip.compress):
            path = stored(tmp_path / "image.tar", files, compress)
            with pytest.raises((CorruptImage, DigestMismatch)):
                read("docker-archive", path)


def test_links_among_members_that_lead_in_a_circle_end(tmp_path: Path) -> None:
    files = {**IMAGE.skopeo(), f"{hexed(TOP)}.tar": "x", "x": f"{hexed(TOP)}.tar"}
    for compress in (bytes, gzip.compress):
        with pytest.raises(CorruptImage, match="is missing"):
            read("docker-archive", stored(tmp_path / "image.tar", files, compress))


def test_an_archive_with_sparse_members_is_refused(tmp_path: Path) -> None:
    from tests.unit.images.test_tar import END, header, octal, padded, pax

    sparse = pax((b"GNU.sparse.map", b"0,2"), (b"GNU.sparse.size", b"100000")) + header(
        b"manifest.json", octal(2)
    )
    path = tmp_path / "image.tar"
    for compress in (bytes, gzip.compress):
        path.write_bytes(compress(sparse + padded(b"[]") + END))
        with pytest.raises(CorruptImage, match="sparse") as refused:
            read("docker-archive", path)
        assert "--sparse" in refused.value.hint


def test_members_without_number_and_documents_without_end_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_source, "_MEMBERS", 20)
    monkeypatch.setattr(archive_source, "_ALL_DOCUMENTS_BYTES", 1 << 20)
    many: Files = {f"m{number}": b"{}" for number in range(22)}
    large: Files = {f"m{number}": b"a" * 200_000 for number in range(6)}
    for compress in (bytes, gzip.compress):
        with pytest.raises(LimitExceeded, match="more than 20 members"):
            read("docker-archive", stored(tmp_path / "many.tar", many, compress))
    with pytest.raises(LimitExceeded, match="bytes that are no layer"):
        read("docker-archive", stored(tmp_path / "large.tar", large, gzip.compress))
    huge: Files = {"manifest.json": b" " * ((16 << 20) + 1)}
    with pytest.raises(LimitExceeded, match="no manifest or configuration is that large"):
        read("docker-archive", stored(tmp_path / "huge.tar", huge))


def test_an_error_while_a_large_layer_is_hashed_stays_that_error(tmp_path: Path) -> None:
    large = packed([Entry("a", bytes(64 << 20))])
    built = Built([large, TOP])
    place = unpacked(built.layout(), tmp_path / "layout")
    (place / f"blobs/sha256/{hexed(TOP)}").unlink()
    with pytest.raises(CorruptImage, match="is missing"):
        read("oci-dir", place)


def test_leaving_in_the_middle_is_quiet(tmp_path: Path) -> None:
    large = packed([Entry("wanted", bytes(32 << 20)), Entry("b/wanted")])
    built = Built([large, TOP])
    places = {
        "oci-dir": unpacked(built.layout(), tmp_path / "layout"),
        "docker-archive": stored(tmp_path / "image.tar", built.skopeo()),
    }
    for source, place in places.items():
        with open_image(ImageRef(source, str(place))) as opened:
            reading: LayerReading = next(opened.layers(SELECTOR))
            assert next(reading.files).path == b"wanted"


# --- directories ---------------------------------------------------------------------------------


def read_folder(root: Path, limits: Limits | None = None) -> tuple[list[FoundFile], LayerReading]:
    with open_image(ImageRef("dir", str(root)), limits) as opened:
        (reading,) = opened.layers(SELECTOR)
        return list(reading.files), reading


def test_the_files_of_a_directory_are_one_layer(tmp_path: Path) -> None:
    unpacked({"a/wanted": b"one", "b/c/wanted": b"two", "x.egg": b"PKe", "y.egg": b"no"}, tmp_path)
    (tmp_path / "lib").symlink_to("usr/lib")
    files, reading = read_folder(tmp_path)
    assert {(file.path, file.content) for file in files} == {
        (b"a/wanted", b"one"),
        (b"b/c/wanted", b"two"),
        (b"x.egg", b"PKe"),
    }
    assert reading.incomplete == []
    assert reading.changes.folder_links == {b"lib": b"usr/lib"}


@pytest.mark.parametrize(
    ("target", "content"),
    [
        ("../usr/exact", b"inside"),
        ("/usr/exact", b"inside"),
        ("../../../../usr/exact", b"inside"),
        ("/hop/exact", b"inside"),
        ("/../outside", None),
        ("../../outside", None),
        ("nowhere", None),
        ("exact", None),
        ("/usr", None),
        ("/fifo", None),
    ],
)
def test_a_link_is_followed_with_the_directory_as_its_root(
    tmp_path: Path, target: str, content: bytes | None
) -> None:
    (tmp_path / "outside").write_bytes(b"secret")
    root = unpacked({"usr/exact": b"inside", "hop": "../usr", "etc/exact": target}, tmp_path / "r")
    os.mkfifo(root / "fifo")
    files, reading = read_folder(root)
    assert files == ([FoundFile(b"etc/exact", content)] if content else [])
    assert [item.path for item in reading.incomplete] == (
        ["etc/exact"] if target == "exact" else []
    )


def test_a_fifo_or_socket_in_a_wanted_files_place_does_not_block(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    os.mkfifo(tmp_path / "a/wanted")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "wanted"))
        with alarm(5):
            assert read_folder(tmp_path)[0] == []


def test_a_fifo_in_a_blobs_or_documents_place_does_not_block(tmp_path: Path) -> None:
    for number, name in enumerate(("index.json", f"blobs/sha256/{hexed(TOP)}")):
        place = unpacked(IMAGE.layout(), tmp_path / str(number))
        (place / name).unlink()
        os.mkfifo(place / name)
        with alarm(5), pytest.raises(SourceUnavailable, match="not a regular file"):
            read("oci-dir", place)
    os.mkfifo(tmp_path / "fifo")
    with alarm(5), pytest.raises(SourceUnavailable, match="not a regular file"):
        read("docker-archive", tmp_path / "fifo")


@contextmanager
def alarm(seconds: int) -> Iterator[None]:
    """End a test that blocks."""
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def test_a_file_over_the_limit_is_listed(tmp_path: Path) -> None:
    unpacked({"a/wanted": b"x" * 101, "b/wanted": b"x" * 100, "x.egg": b"PK" * 51}, tmp_path)
    files, reading = read_folder(tmp_path, Limits(file_bytes=100))
    assert [file.path for file in files] == [b"b/wanted"]
    assert sorted(item.path for item in reading.incomplete) == ["a/wanted", "x.egg"]
    assert "(file_bytes)" in reading.incomplete[0].reason


def test_folders_nested_too_deep_and_too_many_entries_are_refused(tmp_path: Path) -> None:
    unpacked({"a/" * 6 + "wanted": b""}, tmp_path)
    with pytest.raises(LimitExceeded, match=r"\(depth\)"):
        read_folder(tmp_path, Limits(depth=5))
    assert read_folder(tmp_path, Limits(depth=6))[0]
    with pytest.raises(LimitExceeded, match=r"\(entries\)"):
        read_folder(tmp_path, Limits(entries=6))
    assert read_folder(tmp_path, Limits(entries=7))[0]


def test_paths_longer_than_the_kernel_takes_at_once_are_listed(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(30):
        os.mkdir("d" * 200, dir_fd=here)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    files, reading = read_folder(tmp_path)
    assert files == []
    assert [item.reason for item in reading.incomplete] == ["File name too long"]
    shutil.rmtree(tmp_path / ("d" * 200))


def test_names_that_are_no_utf8_are_read(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/\xff\n"
    os.mkdir(folder)  # noqa: PTH102 - bytes
    Path(os.fsdecode(folder + b"/wanted")).write_bytes(b"x")
    assert read_folder(tmp_path)[0] == [FoundFile(b"\xff\n/wanted", b"x")]


class _Trap(Selector):
    """Changes the directory just after a name was listed and before the file is read."""

    def __init__(self, spring: Callable[[bytes], object]) -> None:
        super().__init__([Pattern("**/wanted"), Pattern("etc/exact")])
        self._spring = spring

    def candidates(self, path: bytes) -> list[Pattern] | None:
        self._spring(path)
        return super().candidates(path)


def trapped(root: Path, spring: Callable[[bytes], object]) -> list[FoundFile]:
    with open_image(ImageRef("dir", str(root))) as opened:
        (reading,) = opened.layers(_Trap(spring))
        return list(reading.files)


def test_what_is_replaced_during_the_walk_never_leads_outside(tmp_path: Path) -> None:
    outside = unpacked({"wanted": b"secret", "exact": b"secret"}, tmp_path / "outside")
    for number in range(4):
        root = unpacked({"a/wanted": b"x", "etc/exact": b"x"}, tmp_path / str(number))

        def spring(path: bytes, root: Path = root, number: int = number) -> None:
            if path != b"a/wanted":
                return
            match number:
                case 0:  # the file becomes a link
                    (root / "a/wanted").unlink()
                    (root / "a/wanted").symlink_to(outside / "wanted")
                case 1:  # its folder becomes a link
                    (root / "a").rename(root / "moved")
                    (root / "a").symlink_to(outside)
                case 2:  # it is gone
                    (root / "a/wanted").unlink()
                case _:  # it becomes a FIFO
                    (root / "a/wanted").unlink()
                    os.mkfifo(root / "a/wanted")

        assert [file for file in trapped(root, spring) if file.content != b"x"] == []


def test_a_file_that_may_not_be_read_is_listed() -> None:
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("root may read everything, and there is no setpriv to be somebody else")
    code = (
        "import sys; from tests.unit.images.test_sources import *; "
        "files, reading = read_folder(Path(sys.argv[1])); "
        "print([f.path.decode() for f in files], sorted((i.path, i.reason) for i in "
        "reading.incomplete))"
    )
    somebody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    with tempfile.TemporaryDirectory() as folder:
        root = unpacked({f"{name}/wanted": b"x" for name in "abc"}, Path(folder))
        root.chmod(0o755)
        (root / "a/wanted").chmod(0)
        (root / "b").chmod(0)
        ran = subprocess.run(
            [*(somebody if os.geteuid() == 0 else []), sys.executable, "-c", code, root],
            capture_output=True,
            text=True,
            check=False,
        )
        (root / "b").chmod(0o755)
    if ran.returncode and "read_folder" not in ran.stderr:
        pytest.skip(f"needs an interpreter that others may run: {ran.stderr[-200:]}")
    assert ran.stdout.strip() == (
        "['c/wanted'] [('a/wanted', 'Permission denied'), ('b', 'Permission denied')]"
    ), ran.stderr


# --- recognising targets -------------------------------------------------------------------------


def test_a_target_without_prefix_is_recognised_by_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stored(Path("legacy.tar"), IMAGE.legacy())
    stored(Path("modern.tar"), IMAGE.modern())
    stored(Path("layout.tar"), IMAGE.layout())
    stored(Path("zipped.tar.gz"), IMAGE.legacy(), gzip.compress)
    unpacked(IMAGE.layout(), Path("layout"))
    unpacked({"etc/passwd": b""}, Path("folder"))
    for text, source in {
        "legacy.tar": "docker-archive",
        "./modern.tar": "docker-archive",
        "layout.tar": "oci-archive",
        "zipped.tar.gz": "docker-archive",
        "layout": "oci-dir",
        "folder": "dir",
        ".": "dir",
    }.items():
        assert parse_target(text) == ImageRef(source, text)


@pytest.mark.parametrize(
    ("text", "source", "place"),
    [
        ("debian:12", "docker", "debian:12"),
        ("docker:debian:12", "docker", "debian:12"),
        ("registry.example:5000/a/b@sha256:00", "docker", "registry.example:5000/a/b@sha256:00"),
        ("dir:/", "dir", "/"),
        ("oci-archive:a:b", "oci-archive", "a:b"),
        ("n" * 5000, "docker", "n" * 5000),
    ],
)
def test_a_prefix_is_taken_by_its_word_and_a_name_is_an_image(
    text: str, source: str, place: str
) -> None:
    assert parse_target(text) == ImageRef(source, place)


@pytest.mark.parametrize(
    "text", ["", "dir:", "docker:", "/absent/x", "./absent", "~/x", " x", "x\n"]
)
def test_a_target_that_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(UnknownTarget) as refused:
        parse_target(text)
    assert refused.value.hint


def test_a_file_that_is_no_images_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content in (b"", b"text" * 1000, packed([Entry("x", b"y")]), gzip.compress(packed([]))):
        path.write_bytes(content)
        with pytest.raises(NotAnImage, match=str(path)):
            parse_target(str(path))
    path.write_bytes(gzip.compress(b"text" * 1000))
    with pytest.raises(ImageError):
        parse_target(str(path))


# --- the Docker daemon ---------------------------------------------------------------------------


class Daemon(http.server.BaseHTTPRequestHandler):
    """The three endpoints of Docker's API that are asked, and what each should answer."""

    protocol_version = "HTTP/1.1"
    known: dict[str, Any]
    archive: bytes
    status = 200
    dies_after: int | None = None
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.status != 200:
            self._answer({"message": "it went wrong"}, self.status)
        elif self.path == "/images/json":
            self._answer([{"RepoTags": ["old:1"], "Created": 1}, {"RepoTags": None}, self.known])
        elif self.path.startswith("/images/get?names="):
            self._stream()
        elif self.path in ("/images/example/app:1.0/json", "/images/example/app:%FF/json"):
            self._answer(self.known)
        else:
            self._answer({"message": "No such image"}, 404)

    def _answer(self, document: object, status: int = 200) -> None:
        body = document if isinstance(document, bytes) else as_json(document)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for at in range(0, len(self.archive), 5000):
            if self.dies_after is not None and at >= self.dies_after:
                self.close_connection = True
                return
            chunk = self.archive[at : at + 5000]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        self.wfile.write(b"0\r\n\r\n")

    def address_string(self) -> str:
        return "socket"

    def log_message(self, *_arguments: object) -> None:
        pass


@contextmanager
def serving(
    where: Path | None, monkeypatch: pytest.MonkeyPatch, **settings: Any
) -> Iterator[list[str]]:
    """Serve on a Unix socket, or on TCP; yield what was asked."""
    asked: list[str] = []
    known = {"Id": digest(IMAGE.config), "RepoTags": ["example/app:1.0"], "Created": 5}
    handler = type(
        "Handler",
        (Daemon,),
        {"asked": asked, "known": known, "archive": archived(IMAGE.legacy()), **settings},
    )
    server: socketserver.BaseServer
    if where is None:
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{server.server_address[1]}")
    else:
        server = socketserver.ThreadingUnixStreamServer(str(where), handler)
        monkeypatch.setenv("DOCKER_HOST", f"unix://{where}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("tcp", [False, True])
@pytest.mark.parametrize("form", [Built.legacy, Built.modern])
def test_an_image_of_the_daemon_is_the_same_as_its_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: Callable[[Built], Files], tcp: bool
) -> None:
    archive = archived(form(replace(IMAGE, tags=[])))  # an archive made by id has no names
    where = None if tcp else tmp_path / "socket"
    with serving(where, monkeypatch, archive=archive) as asked:
        image, layers = read("docker", "example/app:1.0")
    assert layers == EXPECTED
    assert (image.digest, image.tags) == (digest(IMAGE.config), ("example/app:1.0",))
    assert asked == ["/images/example/app:1.0/json", f"/images/get?names={digest(IMAGE.config)}"]


def test_an_image_of_the_daemon_can_be_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        serving(tmp_path / "socket", monkeypatch),
        open_image(ImageRef("docker", "example/app:1.0")) as opened,
    ):
        assert contents(opened) == contents(opened) == EXPECTED


def test_the_names_of_a_daemons_images_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path / "socket", monkeypatch):
        assert image_names() == ["example/app:1.0", "old:1"]


def test_an_image_the_daemon_does_not_have_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        serving(tmp_path / "socket", monkeypatch),
        pytest.raises(UnknownTarget, match="no such image") as refused,
    ):
        read("docker", "absent:1")
    assert "docker pull absent:1" in refused.value.hint


def test_a_daemon_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        serving(tmp_path / "socket", monkeypatch, status=500),
        pytest.raises(SourceUnavailable, match="answers 500: it went wrong"),
    ):
        read("docker", "example/app:1.0")


@pytest.mark.parametrize("after", [0, 5000, 15_000])
def test_a_daemon_that_dies_in_the_middle_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    with (
        serving(tmp_path / "socket", monkeypatch, dies_after=after),
        pytest.raises(SourceUnavailable, match="stopped answering"),
    ):
        read("docker", "example/app:1.0")


def test_a_daemon_that_sends_an_altered_image_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lying = archived(_Lying([TOP, TOP, BOTTOM]).legacy())
    with serving(tmp_path / "socket", monkeypatch, archive=lying), pytest.raises(DigestMismatch):
        read("docker", "example/app:1.0")


@pytest.mark.parametrize("known", [[], "x", b"{", b"\xff", b"[" * 200_000], ids=range(5))
def test_answers_of_an_unknown_form_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: object
) -> None:
    with (
        serving(tmp_path / "socket", monkeypatch, known=known),
        pytest.raises(CorruptImage, match="unknown form"),
    ):
        read("docker", "example/app:1.0")


def test_names_of_any_bytes_can_be_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path / "socket", monkeypatch):
        assert read("docker", "example/app:\udcff")[1] == EXPECTED


@pytest.mark.parametrize(
    "host",
    [
        "ssh://host",
        "npipe:////./pipe/docker",
        "fd://",
        "tcp://",
        "tcp://host:port",
        "tcp://host:99999",
        "tcp://[::1",
        "/var/run/docker.sock",
        "tcp://ho st",
        "tcp://host\x7f:1",
    ],
)
def test_a_docker_host_of_another_kind_is_refused(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    monkeypatch.delenv("DOCKER_TLS_VERIFY", raising=False)
    with pytest.raises(SourceUnavailable, match="docker:x: ") as refused:
        read("docker", "x")
    assert refused.value.hint


def test_no_daemon_is_said_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for host in (f"unix://{tmp_path}/absent", "tcp://127.0.0.1:1", f"unix:///{'n' * 200}"):
        monkeypatch.setenv("DOCKER_HOST", host)
        with pytest.raises(SourceUnavailable, match="no Docker daemon at"):
            image_names()


def test_an_encrypted_connection_is_never_made_without_encryption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path))
    with serving(None, monkeypatch) as asked:
        monkeypatch.setenv("DOCKER_HOST", os.environ["DOCKER_HOST"].replace("tcp", "https"))
        with pytest.raises(SourceUnavailable, match="no usable"):
            image_names()
        monkeypatch.setenv("DOCKER_HOST", os.environ["DOCKER_HOST"].replace("https", "tcp"))
        monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
        with pytest.raises(SourceUnavailable, match="no usable"):
            image_names()
    assert asked == []
