import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.images import open_image, parse_target
from seawall.inventory.layer_facts import names_in
from seawall.scanning import read, read_with_files
from seawall.scanning.content.background import Background
from seawall.scanning.content.contract import asked_rules
from seawall.scanning.content.file_digests import (
    DIGEST_BYTES,
    ContentAndFilesInspector,
    FileList,
    LayerFiles,
)
from seawall.scanning.content.inspection import WHOLE_BYTES, ContentInspector
from tests.unit.scanning.content.detectors import Words


def start(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:DIGEST_BYTES]


def blocks(data: bytes, size: int = 1 << 20) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def starts(listed: FileList) -> list[bytes]:
    data = listed.digests
    return [data[at : at + DIGEST_BYTES] for at in range(0, len(data), DIGEST_BYTES)]


def noted(*files: tuple[bytes, bytes]) -> FileList:
    layer = LayerFiles(Background())
    for path, data in files:
        assert b"".join(layer.passing(path, len(data), blocks(data))) == data
    return layer.listed()


@given(
    st.lists(
        st.tuples(
            st.text("abc/", min_size=1, max_size=8).map(str.encode),
            st.binary(max_size=100) | st.integers(1, 90_000).map(lambda n: b"x" * n),
        ),
        max_size=30,
    )
)
def test_each_file_with_content_is_listed_with_its_digest_in_the_layers_order(
    files: list[tuple[bytes, bytes]],
) -> None:
    listed = noted(*files)
    full = [(path, start(data)) for path, data in files if data]
    assert list(zip(names_in(listed.names), starts(listed), strict=True)) == full
    assert list(names_in(listed.others)) == [path for path, data in files if not data]
    assert len(listed) == len(full)


def test_more_names_than_are_compressed_together_keep_their_order() -> None:
    files = [(b"srv/%d" % number, b"%d" % number) for number in range(10_000)]
    listed = noted(*files)
    assert list(names_in(listed.names)) == [path for path, _ in files]
    assert starts(listed)[9_999] == start(b"9999")


def test_a_file_of_which_not_all_is_stored_has_a_name_and_no_digest() -> None:
    layer = LayerFiles(Background())
    list(layer.passing(b"srv/sparse", 1_000_000, iter([b"the part that is stored"])))
    assert list(names_in(layer.listed().others)) == [b"srv/sparse"]
    assert len(layer.listed()) == 0


def test_a_large_file_is_hashed_whole_also_where_nobody_looks_at_its_end() -> None:
    content = ContentInspector([Words()], "md5", content_bytes=1 << 20)
    both = ContentAndFilesInspector(content).begin()
    data = bytes(WHOLE_BYTES) + b"the end"
    both.file(b"srv/large", 0o644, len(data), blocks(data))
    assert starts(both.files.listed()) == [start(data)]


def image(folder: Path) -> Path:
    """A Docker archive with one layer."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        for path, data in (("app/key", b"TOKEN1\n"), ("app/empty", b""), ("app/\udcff", b"same")):
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
        for kind, path, target in (
            (tarfile.SYMTYPE, "app/s", "key"),
            (tarfile.LNKTYPE, "h", "app/key"),
        ):
            entry = tarfile.TarInfo(path)
            entry.type, entry.linkname = kind, target
            tar.addfile(entry)
    diff_id = f"sha256:{hashlib.sha256(layer.getvalue()).hexdigest()}"
    rootfs = f'{{"type":"layers","diff_ids":["{diff_id}"]}}'
    config = f'{{"architecture":"amd64","os":"linux","rootfs":{rootfs}}}'
    name = f"{hashlib.sha256(config.encode()).hexdigest()}.json"
    manifest = f'[{{"Config":"{name}","RepoTags":["x:1"],"Layers":["layer.tar"]}}]'
    archive = folder / "image.tar"
    with tarfile.open(archive, "w") as tar:
        for entry_name, data in (
            ("layer.tar", layer.getvalue()),
            (name, config.encode()),
            ("manifest.json", manifest.encode()),
        ):
            entry = tarfile.TarInfo(entry_name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return archive


class Kept:
    """A cache in memory."""

    def __init__(self) -> None:
        self.data: dict[tuple[str, str], bytes] = {}

    def get(self, subject: str, part: str) -> bytes | None:
        return self.data.get((subject, part))

    def put(self, subject: str, part: str, data: bytes) -> None:
        self.data[subject, part] = data


def test_files_are_noted_beside_the_findings_which_stay_the_same_and_are_kept(
    tmp_path: Path,
) -> None:
    target, cache = parse_target(f"docker-archive:{image(tmp_path)}"), Kept()
    with open_image(target) as opened:
        _, alone = read(opened, [Words()], 1 << 20)
    for cached in (0, 1):
        with open_image(target) as opened:
            reading, contents, files = read_with_files(opened, [Words()], 1 << 20, cache)
        assert reading.cached == cached
        assert contents == alone
        assert len(contents.findings) == 1
        [listed] = files.values()
        assert list(names_in(listed.names)) == [b"app/key", b"app/\xff"]
        assert starts(listed) == [start(b"TOKEN1\n"), start(b"same")]
        assert list(names_in(listed.others)) == [b"app/empty", b"app/s", b"h"]


def test_what_was_kept_damaged_is_refused() -> None:
    inspector = ContentAndFilesInspector(ContentInspector([Words()], "md5", 1 << 20))
    for data in (b"", b"\x92", b"\x92\xc4\x00\x01", b"\x93\xc4\x00\x01\x02"):
        with pytest.raises(ValueError, match="not a stored inspection"):
            inspector.restore(data, ())


def test_asked_is_every_rule_of_every_detector() -> None:
    assert asked_rules([Words(), Words(name="others", rules=("b", "a"))]) == (
        "others:a",
        "others:b",
        "words:word",
    )
