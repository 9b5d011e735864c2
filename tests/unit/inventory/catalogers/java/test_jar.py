import io
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.inventory.catalogers import ImageFile
from seawall.inventory.catalogers.java.jar import DEPTH, jar, pom_properties
from seawall.model import Incomplete, Package
from tests.patience import ends
from tests.unit.inventory.catalogers.java.archives import manifest, record, zipped


def facts(content: bytes, path: str = "app/shop-1.0.jar") -> list[object]:
    return list(jar(ImageFile(path, content)))


def shown(found: list[object]) -> list[tuple[str, str, str]]:
    return [(f.path, f.name, f.version) for f in found if isinstance(f, Package)]


LIBRARY = zipped({**record("org.a", "lib", "2.0"), "org/a/X.class": b"code"})
BOOT = {
    **manifest(Main_Class="Launcher", Implementation_Version="1.0"),
    "BOOT-INF/lib/lib-2.0.jar": LIBRARY,
    "BOOT-INF/classes/X.class": b"code",
}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("front", [b"", b"#!/bin/bash\nexec java -jar $0\n"])
def test_archives_in_an_application_are_found_with_their_path(method: int, front: bytes) -> None:
    assert shown(facts(front + zipped(BOOT, method))) == [
        ("app/shop-1.0.jar", "shop", "1.0"),
        ("app/shop-1.0.jar!/BOOT-INF/lib/lib-2.0.jar", "org.a:lib", "2.0"),
    ]


def test_archives_may_hold_archives_that_hold_archives() -> None:
    war = zipped({**record("org.a", "web", "1"), "WEB-INF/lib/lib-2.0.jar": LIBRARY})
    ear = zipped({**manifest(), "web.war": war, "app.xml": b""})
    assert shown(facts(ear, "opt/big.ear")) == [
        ("opt/big.ear", "big", "unknown"),
        ("opt/big.ear!/web.war", "org.a:web", "1"),
        ("opt/big.ear!/web.war!/WEB-INF/lib/lib-2.0.jar", "org.a:lib", "2.0"),
    ]


def test_a_jar_nested_fifty_deep_is_limited() -> None:
    content = LIBRARY
    for _ in range(50):
        content = zipped({"inner.jar": content}, zipfile.ZIP_STORED)
    found = facts(content)
    assert isinstance(found[-1], Incomplete)
    assert f"deeper than {DEPTH}" in found[-1].reason
    assert len(found) == DEPTH + 2


def test_a_bomb_is_limited() -> None:
    zeros = b"\0" * (129 << 20)
    bomb = zipped({"bomb.war": zeros, "lib.jar": LIBRARY})
    found = facts(bomb)
    assert any("limited" in f.reason for f in found if isinstance(f, Incomplete))
    assert shown(found)[-1][1] == "org.a:lib"


def repeated(name: str, content: bytes, count: int, method: int, size: int | None = None) -> bytes:
    """Return an archive whose directory names the same bytes `count` times.

    As in D. Fifield's "A better zip bomb". `size` is what the directory claims instead.
    """
    base = zipped({name: content}, method)
    start, end = base.rindex(b"PK\x01\x02"), base.rindex(b"PK\x05\x06")
    entry, tail = bytearray(base[start:end]), bytearray(base[end:])
    if size is not None:
        entry[24:28] = size.to_bytes(4, "little")
    tail[8:12] = count.to_bytes(2, "little") * 2
    tail[12:16] = (count * len(entry)).to_bytes(4, "little")
    return base[:start] + bytes(entry) * count + bytes(tail)


@pytest.mark.parametrize(
    "content",
    [
        repeated("a.jar", zipped({}), 60_000, zipfile.ZIP_STORED),
        repeated("a.jar", b"\0" * (16 << 20), 60_000, zipfile.ZIP_DEFLATED, size=0),
        repeated("a.jar", zipped({"x": b"\0" * (4 << 20)}, 0), 60_000, zipfile.ZIP_STORED),
    ],
    ids=["many", "inflated", "large"],
)
def test_bytes_that_are_named_often_are_limited_together(content: bytes) -> None:
    with ends():
        found = facts(content)
    assert isinstance(found[-1], Incomplete)
    assert "limited" in found[-1].reason


def test_what_is_damaged_is_said_to_be() -> None:
    content = zipped(BOOT)
    for broken in (content[: len(content) // 2], content[-40:], b"no archive"):
        found = facts(broken)
        assert [type(f) for f in found] == [Incomplete]


def test_a_damaged_archive_inside_does_not_hide_the_others() -> None:
    content = zipped({"a.jar": b"PK\x03\x04 cut off", "b.jar": LIBRARY, **manifest()})
    found = facts(content)
    assert ("app/shop-1.0.jar!/b.jar", "org.a:lib", "2.0") in shown(found)
    assert [f.path for f in found if isinstance(f, Incomplete)] == ["app/shop-1.0.jar!/a.jar"]


def test_an_empty_file_holds_nothing() -> None:
    assert facts(b"") == []


def test_other_files_with_such_an_ending_say_nothing() -> None:
    assert facts(zipped({"song": b"la"}), "home/tune.kar") == []
    assert facts(b"MThd", "home/tune.kar") == []


def test_a_plug_in_is_an_archive_too() -> None:
    content = zipped({**record("org.jenkins", "git", "5.0"), "WEB-INF/lib/lib-2.0.jar": LIBRARY})
    assert len(facts(content, "plugins/git.hpi")) == 2


def test_classes_are_not_unpacked() -> None:
    code, name = b"\0" * 100_000, "org/a/C.class"
    damaged = bytearray(zipped({name: code}))
    damaged[30 + len(name)] = 0xFF  # the first of the compressed bytes: no block has this type
    with pytest.raises(zlib.error), zipfile.ZipFile(io.BytesIO(damaged)) as archive:
        archive.read(name)
    (package,) = facts(bytes(damaged))
    assert shown([package]) == [("app/shop-1.0.jar", "shop", "1.0")]


def test_an_unpacked_archive_has_its_record_as_a_file() -> None:
    ((path, text),) = record("org.a", "lib", "2.0").items()
    (fact,) = pom_properties(ImageFile(f"app/{path}", text))
    assert isinstance(fact, Package)
    assert (fact.name, fact.version) == ("org.a:lib", "2.0")
    assert list(pom_properties(ImageFile(f"app/{path}", b"x=y"))) == []


@given(st.data())
def test_no_damage_makes_the_reader_fail(data: st.DataObject) -> None:
    content = bytearray(zipped(BOOT, data.draw(st.sampled_from([0, 8]))))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    for fact in facts(bytes(content[: data.draw(st.integers(0, len(content)))])):
        assert isinstance(fact, Package | Incomplete)
