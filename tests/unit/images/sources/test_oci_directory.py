"""Layouts in a directory, where each blob is a file of its own."""

import os
from pathlib import Path

import pytest

from seawall.errors import CorruptImage, SourceUnavailable
from tests.unit.images.building import Built, Entry, hexed, packed, unpacked
from tests.unit.images.sources.one_image import IMAGE, TOP, alarm, read


def test_an_error_while_a_large_layer_is_hashed_stays_that_error(tmp_path: Path) -> None:
    large = packed([Entry("a", bytes(64 << 20))])
    built = Built([large, TOP])
    place = unpacked(built.layout(), tmp_path / "layout")
    (place / f"blobs/sha256/{hexed(TOP)}").unlink()
    with pytest.raises(CorruptImage, match="is missing"):
        read("oci-dir", place)


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
