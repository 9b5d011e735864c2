import sqlite3
from pathlib import Path

import pytest

from seawall.inventory.catalogers import Cataloger, Checksums, Fact, ImageFile, Ownership
from seawall.inventory.catalogers.rpm import (
    RPM_BERKELEY,
    RPM_NDB,
    RPM_SQLITE,
    journal,
    manifest,
)
from seawall.model import Incomplete, Package
from tests.unit.inventory.catalogers.databases import rpm
from tests.unit.inventory.rpmdb.writing import Value, header, own_form

SAMPLE = [
    ("rpmdb.sqlite", RPM_SQLITE),
    ("Packages", RPM_BERKELEY),
    ("Packages-big-endian", RPM_BERKELEY),
]


def packages(facts: list[Fact]) -> list[Package]:
    return sorted((f for f in facts if isinstance(f, Package)), key=lambda p: p.name)


@pytest.mark.parametrize(("name", "cataloger"), SAMPLE)
def test_each_form_of_database_holds_the_same_packages(name: str, cataloger: Cataloger) -> None:
    assert packages(list(cataloger.parse(rpm(name)))) == [
        Package(
            type="rpm",
            name="seawall-sample",
            version="2:1.2.3-4.el9",
            source="seawall-sample",
            source_version="2:1.2.3-4.el9",
            arch="noarch",
        ),
        Package(
            type="rpm",
            name="seawall-sample-module",
            version="2:18.2~rc1-4.el9",
            source="seawall-sample",
            source_version="2:1.2.3-4.el9",
            arch="noarch",
            module="nodejs:18",
        ),
        Package(  # its epoch is 0
            type="rpm",
            name="seawall-sample-tools",
            version="1.2.3-4.el9",
            source="seawall-sample",
            source_version="1.2.3-4.el9",
            arch="noarch",
        ),
    ]


@pytest.mark.parametrize(("name", "cataloger"), SAMPLE)
def test_each_form_of_database_holds_the_same_files(name: str, cataloger: Cataloger) -> None:
    facts = list(cataloger.parse(rpm(name)))
    owned = {f.owner: f.paths.decode().split("\n") for f in facts if isinstance(f, Ownership)}
    assert owned["rpm:seawall-sample"] == [
        "etc/sample.conf",
        "usr/bin/alias",
        "usr/bin/sample",
        "usr/share/doc/x/manual",
        "usr/share/with space",
        "usr/share/with space/Überschrift",
        "var/log/sample.log",
    ]
    assert owned["rpm:seawall-sample-tools"] == ["usr/bin/tool"]


@pytest.mark.parametrize(("name", "cataloger"), SAMPLE)
def test_sums_are_of_files_that_are_there_and_nobody_should_change(
    name: str, cataloger: Cataloger
) -> None:
    sums = [fact for fact in cataloger.parse(rpm(name)) if isinstance(fact, Checksums)]
    (sample,) = (fact for fact in sums if fact.owner == "rpm:seawall-sample")
    assert sample.algorithm == "sha256"
    lines = sample.lines.decode().splitlines()
    assert lines[0] == (
        "a8076d3d28d21e02012b20eaf7dbf75409a6277134439025f282e368e3305abf  usr/bin/sample"
    )
    assert [line[66:] for line in lines[1:]] == [
        "usr/share/doc/x/manual",
        "usr/share/with space/Überschrift",
    ]


def test_a_database_that_suse_wrote() -> None:
    facts = list(RPM_NDB.parse(rpm("Packages.db")))
    assert not [fact for fact in facts if isinstance(fact, Incomplete)]
    assert [(p.name, p.version, p.arch) for p in packages(facts)] == [
        ("filesystem", "15.0-11.3.2", "x86_64"),
        ("system-user-root", "20190513-3.3.1", "noarch"),
    ]


def read(*headers: bytes) -> list[Fact]:
    return list(RPM_NDB.parse(ImageFile("var/lib/rpm/Packages.db", own_form(*headers))))


def built(**others: Value) -> bytes:
    values: dict[str, Value] = {"NAME": "a", "VERSION": "1", "RELEASE": "2", **others}
    return header(values)


def test_a_public_key_is_no_package() -> None:
    assert read(built(NAME="gpg-pubkey")) == []


def test_without_an_epoch_the_version_has_none_in_front() -> None:
    assert read(built()) == [Package("rpm", "a", "1-2")]


@pytest.mark.parametrize(
    ("source", "name", "version"),
    [
        ("java-17-openjdk-17.0.9.0.9-2.el9.src.rpm", "java-17-openjdk", "17.0.9.0.9-2.el9"),
        ("icu-1-1.nosrc.rpm", "icu", "1-1"),
        ("(none)", "", ""),
        ("a.src.rpm", "", ""),
    ],
)
def test_the_source_is_what_its_files_name_says(source: str, name: str, version: str) -> None:
    assert read(built(SOURCE=source)) == [
        Package("rpm", "a", "1-2", source=name, source_version=version)
    ]


FILES: dict[str, Value] = {
    "BASENAMES": ["x", "y", "z"],
    "FOLDERS": ["/usr/bin/", "/etc/"],
    "FOLDER_OF": [0, 1, 0],
    "DIGESTS": ["1" * 64, "2" * 64, "3" * 64],
    "DIGEST_ALGORITHM": [8],
}


def test_files_that_were_left_out_at_installation_have_no_sum() -> None:
    found = read(built(**FILES, FLAGS=[0, 0, 0], STATES=b"\0\0\2"))
    assert found[2:] == [
        Checksums("rpm:a", "sha256", f"{'1' * 64}  usr/bin/x\n{'2' * 64}  etc/y".encode())
    ]


def test_sums_of_old_packages_are_md5() -> None:
    old: dict[str, Value] = {"OLD_NAMES": ["/bin/x", "/bin/y"], "DIGESTS": ["1" * 32, ""]}
    assert read(built(**old))[1:] == [
        Ownership("rpm:a", b"bin/x\nbin/y"),
        Checksums("rpm:a", "md5", b"1" * 32 + b"  bin/x"),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"FOLDER_OF": [0, 2, 0]},
        {"FOLDER_OF": [0, 1]},
        {"DIGESTS": ["1" * 64]},
        {"DIGEST_ALGORITHM": [99]},
        {"STATES": b"\0"},
    ],
)
def test_a_damaged_list_of_files_does_not_hide_the_package(change: dict[str, Value]) -> None:
    found = read(built(**(FILES | change)), built(NAME="b"))
    assert [p.name for p in packages(found)] == ["a", "b"]
    assert isinstance(found[-1], Incomplete)


def test_a_list_of_files_that_grows_beyond_all_measure_is_cut() -> None:
    many: dict[str, Value] = {
        "BASENAMES": ["x"] * 50_000,
        "FOLDERS": ["y" * 50_000],
        "FOLDER_OF": [0] * 50_000,
    }
    assert [type(fact) for fact in read(built(**many))] == [Package, Incomplete]


@pytest.mark.parametrize(
    "values",
    [{"NAME": "a b"}, {"NAME": ""}, {"VERSION": ""}, {"RELEASE": ""}, {"VERSION": "1\n"}],
)
def test_a_package_without_a_usable_name_or_version_is_said_to_be_unread(
    values: dict[str, Value],
) -> None:
    found = read(built(**values), built(NAME="b"))
    assert [type(fact) for fact in found] == [Package, Incomplete]


def test_damage_is_told_once_with_how_much_of_it_there_is() -> None:
    found = read(*[built(NAME="")] * 3)
    assert len(found) == 1
    assert isinstance(found[0], Incomplete)
    assert found[0].reason.endswith(", and 2 more")


def test_records_that_share_their_bytes_do_not_make_a_small_file_a_large_inventory() -> None:
    content = own_form(*[built()] * 200, shared=True)
    found = list(RPM_NDB.parse(ImageFile("Packages.db", content)))
    assert len(found) < 100
    assert isinstance(found[-1], Incomplete)


def test_an_empty_file_holds_nothing() -> None:
    assert list(RPM_SQLITE.parse(ImageFile("var/lib/rpm/rpmdb.sqlite", b""))) == []


MANIFEST = (
    "bash\t5.1.8-4.cm2\t1696549021\t1677119012\tMicrosoft Corporation\t(none)\t8031484\tx86_64"
    "\t0\tbash-5.1.8-4.cm2.src.rpm\n"
    "openssl-libs\t1.1.1k-26.cm2\t1\t2\tMicrosoft Corporation\t1\t3\tx86_64\t1\t"
    "openssl-1.1.1k-26.cm2.src.rpm\n"
    "gpg-pubkey\t3135ce90-5e6fda74\t1\t2\t(none)\t(none)\t0\t(none)\t0\t(none)\n"
)


def test_the_list_of_an_image_without_rpm() -> None:
    assert list(manifest(ImageFile("m", MANIFEST.encode()))) == [
        Package("rpm", "bash", "5.1.8-4.cm2", "bash", "5.1.8-4.cm2", "x86_64"),
        Package("rpm", "openssl-libs", "1:1.1.1k-26.cm2", "openssl", "1:1.1.1k-26.cm2", "x86_64"),
    ]


@pytest.mark.parametrize(
    "line", ["bash", "a b\t1-1\t\t\t\t\t\tx86_64\t0\t", "a\t1\t\t\t\t\t\tx\t0\t"]
)
def test_a_line_that_names_no_package_is_said_to_be_unread(line: str) -> None:
    assert [type(fact) for fact in manifest(ImageFile("m", line.encode()))] == [Incomplete]


def test_changes_that_wait_beside_the_database_are_told(tmp_path: Path) -> None:
    path = tmp_path / "rpmdb.sqlite"
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB)")
    writer.commit()
    log = (tmp_path / "rpmdb.sqlite-wal").read_bytes()
    assert [type(fact) for fact in journal(ImageFile("rpmdb.sqlite-wal", log))] == [Incomplete]
    writer.close()
    for content in (b"", log[:32], log[:100], b"\0" * 5_000):
        assert list(journal(ImageFile("rpmdb.sqlite-wal", content))) == []
