import gzip

from seawall.inventory.catalogers import Checksums, Fact, ImageFile, Ownership
from seawall.inventory.catalogers.pacman import checksums, files_of, installed
from seawall.model import Incomplete, Package
from tests.unit.inventory.catalogers.databases import PACMAN, pacman


def test_the_description_that_pacman_wrote() -> None:
    assert list(installed(pacman("desc"))) == [
        Package(
            "alpm",
            "seawall-sample",
            "2:1.2-3",
            source="seawall-sample",
            source_version="2:1.2-3",
            arch="any",
        )
    ]


def test_several_packages_of_one_build_have_one_source() -> None:
    text = b"%NAME%\ngcc-libs\n\n%VERSION%\n13.2.1-3\n\n%BASE%\ngcc\n\n%ARCH%\nx86_64\n"
    (found,) = installed(ImageFile("d", text))
    assert isinstance(found, Package)
    assert (found.name, found.source, found.source_version) == ("gcc-libs", "gcc", "13.2.1-3")


def test_a_description_without_a_version_is_said_to_be_unread() -> None:
    found = list(installed(ImageFile("d", b"%NAME%\na\n\n%DESC%\n\n\n%URL%\nx\n")))
    assert [type(fact) for fact in found] == [Incomplete]


def test_all_files_of_the_list_are_the_packages_and_its_backups_no_more() -> None:
    (found,) = files_of(pacman("files"))
    assert isinstance(found, Ownership)
    assert found.owner == "alpm:seawall-sample"
    assert b"usr/bin/sample" in found.paths.split(b"\n")
    assert b"(null)" not in found.paths
    assert b"d5e29449" not in found.paths


def test_the_sums_of_files_outside_etc() -> None:
    assert list(checksums(pacman("mtree"))) == [
        Checksums(
            "alpm:seawall-sample",
            "sha256",
            b"a8076d3d28d21e02012b20eaf7dbf75409a6277134439025f282e368e3305abf  usr/bin/sample\n"
            b"73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac"
            b"  usr/share/with space/" + "Überschrift".encode(),
        )
    ]


def types(content: bytes) -> list[type[Fact]]:
    return [type(fact) for fact in checksums(ImageFile(f"{PACMAN}/mtree", content))]


def test_a_list_that_ends_too_early_is_read_as_far_as_it_goes() -> None:
    lines = b"".join(b"./usr/%d sha256digest=%064x\n" % (n, n * 7919**9) for n in range(3_000))
    content = gzip.compress(b"#mtree\n" + lines)
    assert types(content) == [Checksums]
    assert types(content[: len(content) // 2]) == [Incomplete, Checksums]


def test_a_list_that_is_no_gzip_file_is_said_to_be_unread() -> None:
    assert types(b"#mtree\n") == [Incomplete]


def test_a_bomb_is_not_inflated() -> None:
    assert types(gzip.compress(b"\n" * (70 << 20))) == [Incomplete]
