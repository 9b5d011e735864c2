"""One logical image through every form it can have, and what goes wrong in each."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from seawall.errors import (
    CorruptImage,
    DigestMismatch,
    NotAnImage,
    SourceUnavailable,
    UnknownTarget,
)
from seawall.images import LayerReading, Pattern, Selector, open_image
from seawall.model import ImageRef
from tests.unit.images.building import Built, Entry, Files, digest, hexed, packed, unpacked
from tests.unit.images.sources.one_image import (
    BOTTOM,
    EXPECTED,
    IMAGE,
    SELECTOR,
    TOP,
    Lying,
    contents,
    read,
    stored,
    zstd,
)

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
            lying = Lying([harmless, TOP, harmless], image.tags, compression=inner)
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
