"""Archives, plain and compressed: what may be in them, and what goes wrong."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from seawall.errors import CorruptImage, DigestMismatch, LimitExceeded, NotAnImage
from seawall.images import parse_target
from seawall.images.sources import archive as archive_source
from seawall.model import ImageRef
from tests.unit.images.building import Built, Files, archived, as_json, digest, hexed, layout
from tests.unit.images.sources.one_image import BOTTOM, EXPECTED, IMAGE, TOP, read, stored, zstd


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


def test_a_path_may_hold_colons(tmp_path: Path) -> None:
    path = stored(tmp_path / "a:b:1.0", IMAGE.skopeo())
    assert read("docker-archive", path)[1] == EXPECTED
    assert read("docker-archive", f"{path}:example/app:1.0")[1] == EXPECTED


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
