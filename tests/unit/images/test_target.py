"""A bill of materials as a target: recognised by its content, and no image."""

import io
import tarfile
from pathlib import Path

import pytest

from seawall.errors import NotAnImage, UnknownTarget, UsageError
from seawall.images import open_image, parse_target
from seawall.model import ImageRef

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


def test_the_prefix_is_taken_by_its_word() -> None:
    assert parse_target("sbom:any/file") == ImageRef("sbom", "any/file")
    with pytest.raises(UnknownTarget, match="nothing after the prefix"):
        parse_target("sbom:")
    with pytest.raises(UsageError, match="no platforms"):
        parse_target("sbom:x", "linux/arm64")


def test_it_is_not_opened_as_an_image() -> None:
    with pytest.raises(UsageError, match="sbom:x: a bill of materials is no image"):
        open_image(ImageRef("sbom", "x"))
