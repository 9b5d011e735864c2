import io
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.inventory.catalogers.java.zip_file import Budget, Damaged, Limited, ZipFile, read
from tests.unit.inventory.catalogers.java.archives import zipped

MEMBERS = {"a": b"first", "b/c.class": b"second" * 1000, "d": b""}
names = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FFF), min_size=1, max_size=20)


def opened(content: bytes, budget: Budget | None = None) -> ZipFile:
    archive = read(memoryview(content), lambda _: True, budget or Budget())
    assert archive is not None
    return archive


def contents(archive: ZipFile) -> dict[str, bytes]:
    return {
        entry.name: bytes(archive.content(entry, 1 << 20, Budget())) for entry in archive.entries
    }


@given(st.dictionaries(names, st.binary(max_size=100), max_size=5), st.sampled_from([0, 8]))
def test_what_zipfile_writes_is_read_again(members: dict[str, bytes], method: int) -> None:
    archive = opened(zipped(members, method))
    assert contents(archive) == members
    assert not archive.is_cut


def test_only_what_is_wanted_is_listed() -> None:
    archive = read(memoryview(zipped(MEMBERS)), lambda name: name == b"a", Budget())
    assert archive is not None
    assert [entry.name for entry in archive.entries] == ["a"]


def test_a_script_may_stand_in_front() -> None:
    assert contents(opened(b"#!/bin/sh\nexec java -jar $0\n" + zipped(MEMBERS))) == MEMBERS


def test_a_comment_that_looks_like_an_end_is_none() -> None:
    out = io.BytesIO(zipped(MEMBERS))
    with zipfile.ZipFile(out, "a") as archive:
        archive.comment = b"PK\x05\x06" + b"\0" * 40
    assert contents(opened(out.getvalue())) == MEMBERS


def test_zip64_is_read_also_with_a_script_in_front(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 1)  # so that a small one is written so
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in MEMBERS.items():
            with archive.open(name, "w", force_zip64=True) as stream:
                stream.write(member)
    content = out.getvalue()
    assert b"PK\x06\x06" in content
    assert contents(opened(content)) == MEMBERS
    assert contents(opened(b"#!/bin/sh\n" + content)) == MEMBERS


def test_what_is_no_archive_is_none() -> None:
    assert read(memoryview(b"no archive at all" * 10), lambda _: True, Budget()) is None
    assert read(memoryview(b""), lambda _: True, Budget()) is None


def test_a_cut_off_archive_is_damaged_or_none() -> None:
    content = zipped(MEMBERS)
    assert read(memoryview(content[:-30]), lambda _: True, Budget()) is None
    with pytest.raises(Damaged):
        read(memoryview(content[-25:]), lambda _: True, Budget())


def test_other_content_than_the_checksums_is_damaged() -> None:
    content = zipped(MEMBERS, zipfile.ZIP_STORED).replace(b"first", b"fists")
    with pytest.raises(Damaged, match="checksum"):
        contents(opened(content))


def test_an_encrypted_entry_is_damaged() -> None:
    content = bytearray(zipped(MEMBERS))
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1
    with pytest.raises(Damaged, match="encrypted"):
        contents(opened(bytes(content)))


def test_more_than_the_limit_is_refused_before_it_is_there() -> None:
    archive = opened(zipped({"bomb": b"\0" * (8 << 20)}))
    with pytest.raises(Limited):
        archive.content(archive.entries[0], 1 << 20, Budget())
    with pytest.raises(Limited):
        archive.content(archive.entries[0], 1 << 30, Budget(size_bytes=1 << 20))


def test_more_entries_than_the_budget_has_are_refused() -> None:
    with pytest.raises(Limited):
        opened(zipped(MEMBERS), Budget(entries=2))


@given(st.data())
def test_damage_is_damage_and_nothing_else(data: st.DataObject) -> None:
    content = bytearray(zipped(MEMBERS, data.draw(st.sampled_from([0, 8]))))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(content[data.draw(st.integers(0, 60)) : data.draw(st.integers(0, len(content)))])
    budget = Budget()
    try:
        archive = read(memoryview(cut), lambda _: True, budget)
    except (Damaged, Limited):
        return
    for entry in archive.entries if archive else ():
        try:
            content_of = archive.content(entry, 1 << 20, budget) if archive else b""
        except (Damaged, Limited):
            continue
        assert zlib.crc32(content_of) == entry.crc
