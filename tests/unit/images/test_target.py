"""What a target names: recognised by its prefix or content; a bill of materials is no image."""

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from seawall.errors import ImageError, NotAnImage, UnknownTarget, UsageError
from seawall.images import open_image, parse_target
from seawall.model import ImageRef
from tests.unit.images.building import Entry, packed, unpacked
from tests.unit.images.sources.one_image import IMAGE, stored

DATA = Path(__file__).parents[2] / "data" / "sbom"


def test_a_file_of_json_is_a_bill_of_materials() -> None:
    for file in DATA.glob("*.json"):
        assert parse_target(str(file)) == ImageRef("sbom", str(file))


@pytest.mark.parametrize(
    "content",
    [
        b'\xef\xbb\xbf\r\n {"a": 1}',
        b"SPDXVersion: SPDX-2.3\n",
        b'<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.5"/>',
    ],
    ids=["byte order mark", "tag-value", "XML"],
)
def test_other_forms_are_left_to_the_reader_to_refuse(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bill"
    file.write_bytes(content)
    assert parse_target(str(file)).source == "sbom"


@pytest.mark.parametrize("content", [b"", b"[]", b"text", b"<html>"])
def test_what_is_neither_archive_nor_bill_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(NotAnImage):
        parse_target(str(file))


def test_an_archive_whose_first_name_looks_like_json_stays_an_archive(tmp_path: Path) -> None:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name in ("{", "manifest.json"):
            archive.addfile(tarfile.TarInfo(name))
    file = tmp_path / "image.tar"
    file.write_bytes(content.getvalue())
    assert parse_target(str(file)).source == "docker-archive"


def test_the_prefix_is_taken_by_its_word(tmp_path: Path) -> None:
    (tmp_path / "any").touch()
    assert parse_target(f"sbom:{tmp_path}/any") == ImageRef("sbom", f"{tmp_path}/any")
    with pytest.raises(UnknownTarget, match="nothing after the prefix"):
        parse_target("sbom:")
    with pytest.raises(UsageError, match="no platforms"):
        parse_target(f"sbom:{tmp_path}", "linux/arm64")


def test_it_is_not_opened_as_an_image() -> None:
    with pytest.raises(UsageError, match="sbom:x: a bill of materials is no image"):
        open_image(ImageRef("sbom", "x"))


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
        ("registry:a:b", "registry", "a:b"),
        ("n" * 5000, "docker", "n" * 5000),
    ],
)
def test_a_prefix_is_taken_by_its_word_and_a_name_is_an_image(
    text: str, source: str, place: str
) -> None:
    assert parse_target(text) == ImageRef(source, place)


@pytest.mark.parametrize(
    "text",
    [
        *("", "dir:", "docker:", "/absent/x", "./absent", "~/x", " x", "x\n"),
        *("dir:/absent", "sbom:/absent", "oci-dir:/absent:x", "docker-archive:" + "n" * 5000),
    ],
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
