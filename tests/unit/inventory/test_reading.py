import io
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from seawall.images import Pattern, open_image, parse_target
from seawall.inventory import read_inventory
from seawall.inventory.catalogers import CATALOGERS, Cataloger, Fact, ImageFile
from seawall.model import Inventory, Package
from tests.unit.inventory.images import file, link, save

OS_RELEASE = b"ID=debian\nVERSION_ID=12\nVERSION_CODENAME=bookworm\n"
STATUS = "var/lib/dpkg/status"


def stanza(name: str, version: str) -> bytes:
    return f"Package: {name}\nStatus: install ok installed\nVersion: {version}\n\n".encode()


def package_json(name: str, version: str = "1.0.0") -> bytes:
    return f'{{"name": "{name}", "version": "{version}"}}'.encode()


def read(path: Path, *layers: list[tuple[tarfile.TarInfo, bytes]]) -> Inventory:
    with open_image(parse_target(save(path / "image.tar", list(layers)))) as opened:
        return read_inventory(opened)


def names(inventory: Inventory) -> list[str]:
    return [package.name for package in inventory.packages]


def test_a_package_belongs_to_the_layer_that_brought_its_version(tmp_path: Path) -> None:
    inventory = read(
        tmp_path,
        [file("etc/os-release", OS_RELEASE), file(STATUS, stanza("a", "1") + stanza("b", "1"))],
        [file(STATUS, stanza("a", "1") + stanza("b", "2") + stanza("c", "1"))],
        [file(STATUS, stanza("a", "1") + stanza("b", "2") + stanza("c", "1") + stanza("d", "1"))],
    )
    place = {p.name: inventory.layers.index(p.layer) for p in inventory.packages}
    assert place == {"a": 0, "b": 1, "c": 1, "d": 2}


def test_a_removed_file_takes_its_package_with_it(tmp_path: Path) -> None:
    inventory = read(
        tmp_path,
        [
            file("app/node_modules/a/package.json", package_json("a")),
            file("app/node_modules/b/package.json", package_json("b")),
        ],
        [file("app/node_modules/.wh.a"), file("x", b"")],
    )
    assert names(inventory) == ["b"]


def test_a_removed_owner_no_longer_owns(tmp_path: Path) -> None:
    path = "usr/share/nodejs/semver/package.json"
    owner = file("var/lib/dpkg/info/node-semver.list", f"/{path}\n".encode())
    deb = file(STATUS, stanza("node-semver", "7"))
    owned = read(tmp_path, [deb, file(path, package_json("semver")), owner])
    assert [p.owner for p in owned.packages if p.type == "npm"] == ["deb:node-semver"]
    orphaned = read(
        tmp_path,
        [deb, file(path, package_json("semver")), owner],
        [file("var/lib/dpkg/info/.wh.node-semver.list")],
    )
    assert [p.owner for p in orphaned.packages if p.type == "npm"] == [""]


def test_a_diverted_file_belongs_to_whoever_brought_it(tmp_path: Path) -> None:
    path = "usr/share/nodejs/semver/package.json"
    inventory = read(
        tmp_path,
        [
            file(STATUS, stanza("original", "7") + stanza("wrapper", "1")),
            file("var/lib/dpkg/diversions", f"/{path}\n/opt/package.json\nwrapper\n".encode()),
            file("var/lib/dpkg/info/original.list", f"/{path}\n".encode()),
            file("var/lib/dpkg/info/wrapper.list", f"/{path}\n".encode()),
            file(path, package_json("wrapped")),
            file("opt/package.json", package_json("semver")),
        ],
    )
    owners = {p.name: p.owner for p in inventory.packages if p.type == "npm"}
    assert owners == {"semver": "deb:original", "wrapped": "deb:wrapper"}


def test_packages_of_every_kind_own_files_and_their_database_is_nobodys(tmp_path: Path) -> None:
    path = "usr/lib/node_modules/semver/package.json"
    database = "lib/apk/db/installed"
    stanzas = f"P:npm\nV:1-r0\nF:lib/apk/db\nR:installed\nF:{path[:-13]}\nR:package.json\n\n"
    inventory = read(
        tmp_path, [file(database, stanzas.encode()), file(path, package_json("semver"))]
    )
    assert [(p.name, p.owner) for p in inventory.packages] == [("npm", ""), ("semver", "apk:npm")]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("debian", "var/lib/dpkg"),
        ("rhel", "var/lib/rpm"),
        ("wolfi", "lib/apk/db"),
        ("arch", "var/lib/pacman"),
    ],
)
def test_a_distribution_without_its_package_database_is_told(
    tmp_path: Path, name: str, place: str
) -> None:
    system = file("etc/os-release", f"ID={name}\n".encode())
    package = file("app/node_modules/a/package.json", package_json("a"))
    assert [item.path for item in read(tmp_path, [system, package]).incomplete] == [place]


def test_a_database_that_cannot_be_read_is_told_once(tmp_path: Path) -> None:
    system = file("etc/os-release", b"ID=fedora\n")
    damaged = file("usr/lib/sysimage/rpm/rpmdb.sqlite", b"no database")
    package = file("app/node_modules/a/package.json", package_json("a"))
    inventory = read(tmp_path, [system, damaged, package])
    assert [item.path for item in inventory.incomplete] == ["usr/lib/sysimage/rpm/rpmdb.sqlite"]


def test_a_list_that_names_a_file_by_its_place_before_usrmerge_still_owns_it(
    tmp_path: Path,
) -> None:
    inventory = read(
        tmp_path,
        [
            file(STATUS, stanza("node-semver", "7")),
            link("lib", "usr/lib", tarfile.SYMTYPE),
            file("usr/lib/nodejs/semver/package.json", package_json("semver")),
            file("var/lib/dpkg/info/node-semver.list", b"/lib/nodejs/semver/package.json\n"),
        ],
    )
    assert [p.owner for p in inventory.packages if p.type == "npm"] == ["deb:node-semver"]


def test_a_hard_link_is_the_file_it_stands_for(tmp_path: Path) -> None:
    inventory = read(
        tmp_path,
        [
            file("store/00/abc", package_json("stored")),
            link("app/node_modules/stored/package.json", "store/00/abc"),
            file("app/node_modules/one/package.json", package_json("one")),
            link("app/node_modules/two/package.json", "app/node_modules/one/package.json"),
        ],
    )
    assert [(p.name, p.path) for p in inventory.packages] == [
        ("one", "app/node_modules/one/package.json"),
        ("one", "app/node_modules/two/package.json"),
        ("stored", "app/node_modules/stored/package.json"),
    ]


def test_a_hard_link_to_nothing_is_said_to_be_unread(tmp_path: Path) -> None:
    inventory = read(tmp_path, [link("app/node_modules/a/package.json", "gone")])
    assert [item.path for item in inventory.incomplete] == ["app/node_modules/a/package.json"]


def test_the_distribution_is_found_through_the_usual_link(tmp_path: Path) -> None:
    inventory = read(
        tmp_path,
        [
            link("etc/os-release", "../usr/lib/os-release", tarfile.SYMTYPE),
            file("usr/lib/os-release", OS_RELEASE),
            file(STATUS, stanza("a", "1")),
        ],
    )
    assert inventory.distribution is not None
    assert inventory.distribution.codename == "bookworm"


def test_a_database_behind_a_link_is_read_and_never_the_hosts(tmp_path: Path) -> None:
    inventory = read(
        tmp_path,
        [
            link(STATUS, "/../../../opt/db", tarfile.SYMTYPE),
            file("opt/db", stanza("a", "1")),
        ],
    )
    assert names(inventory) == ["a"]


def test_an_image_of_nothing_is_not_clean_but_unread(tmp_path: Path) -> None:
    inventory = read(tmp_path, [file("hello", b"\x7fELF")])
    assert [item.path for item in inventory.incomplete] == ["/"]


def test_debian_without_its_database_is_said_to_be_unread(tmp_path: Path) -> None:
    inventory = read(
        tmp_path,
        [file("etc/os-release", OS_RELEASE), file("a/package.json", package_json("a"))],
    )
    assert [item.path for item in inventory.incomplete] == ["var/lib/dpkg"]


def test_a_file_over_the_limit_is_said_to_be_unread_and_the_rest_is_read(tmp_path: Path) -> None:
    huge = file("app/node_modules/huge/package.json", b"{" + b" " * (65 << 20) + b"}")
    inventory = read(tmp_path, [huge, file("app/node_modules/a/package.json", package_json("a"))])
    assert names(inventory) == ["a"]
    assert [item.path for item in inventory.incomplete] == ["app/node_modules/huge/package.json"]


def test_two_layers_with_the_same_content_are_read_once_and_both_count(tmp_path: Path) -> None:
    same = [file("app/node_modules/a/package.json", package_json("a"))]
    inventory = read(tmp_path, same, [file("app/node_modules/.wh.a")], same)
    assert names(inventory) == ["a"]
    assert len(inventory.layers) == 3


def test_a_link_means_what_the_highest_layer_has_there(tmp_path: Path) -> None:
    inventory = read(
        tmp_path,
        [link(STATUS, "/opt/db", tarfile.SYMTYPE), file("opt/db", stanza("a", "1"))],
        [file("opt/db", stanza("a", "2"))],
    )
    assert [(p.name, p.version) for p in inventory.packages] == [("a", "2")]


def test_a_link_to_what_a_higher_layer_removed_leads_nowhere(tmp_path: Path) -> None:
    inventory = read(
        tmp_path,
        [link(STATUS, "/opt/db", tarfile.SYMTYPE), file("opt/db", stanza("a", "1"))],
        [file("opt/.wh.db")],
    )
    assert names(inventory) == []


def test_a_link_to_a_link_is_followed(tmp_path: Path) -> None:
    inventory = read(
        tmp_path,
        [
            link(STATUS, "/opt/one", tarfile.SYMTYPE),
            link("opt/one", "two", tarfile.SYMTYPE),
            file("opt/two", stanza("a", "1")),
        ],
    )
    assert names(inventory) == ["a"]


def test_links_in_a_circle_are_said_to_be_unread(tmp_path: Path) -> None:
    inventory = read(
        tmp_path,
        [link(STATUS, "/opt/one", tarfile.SYMTYPE), link("opt/one", STATUS, tarfile.SYMTYPE)],
    )
    assert names(inventory) == []
    assert inventory.incomplete


def test_a_database_in_a_folder_behind_a_link_is_read(tmp_path: Path) -> None:
    inventory = read(
        tmp_path,
        [
            link("var/lib/dpkg", "../../usr/share/state", tarfile.SYMTYPE),
            file("usr/share/state/status", stanza("a", "1")),
        ],
    )
    assert names(inventory) == ["a"]


def test_a_broken_hard_link_that_a_higher_layer_removed_is_nobodys_loss(tmp_path: Path) -> None:
    inventory = read(
        tmp_path,
        [
            link("app/node_modules/a/package.json", "gone"),
            file("app/node_modules/b/package.json", package_json("b")),
        ],
        [file("app/node_modules/.wh.a")],
    )
    assert names(inventory) == ["b"]
    assert not inventory.incomplete


def test_a_folder_that_is_removed_and_made_again_shows_what_lies_below(tmp_path: Path) -> None:
    folder = tarfile.TarInfo("app/node_modules")
    folder.type = tarfile.DIRTYPE
    inventory = read(
        tmp_path,
        [file("app/node_modules/a/package.json", package_json("a"))],
        [file("app/.wh.node_modules"), (folder, b"")],
    )
    assert names(inventory) == ["a"]


def test_what_a_lock_file_names_and_is_installed_is_listed_once(tmp_path: Path) -> None:
    lock = (
        b'{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1.0.0"},'
        b' "node_modules/b": {"version": "2.0.0"}}}'
    )
    inventory = read(
        tmp_path,
        [
            file("app/package-lock.json", lock),
            file("app/node_modules/a/package.json", package_json("a")),
        ],
    )
    assert [(p.name, p.locked) for p in inventory.packages] == [("a", False), ("b", True)]


def _jar(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def test_what_lies_in_a_jar_has_the_jars_owner_under_each_of_its_names(tmp_path: Path) -> None:
    properties = b"groupId=org.example\nartifactId=inner\nversion=1.2\n"
    inner = _jar(("META-INF/maven/org.example/inner/pom.properties", properties))
    outer = _jar(("lib/inner-1.2.jar", inner))
    inventory = read(
        tmp_path,
        [
            file(STATUS, stanza("libouter-java", "1")),
            file("var/lib/dpkg/info/libouter-java.list", b"/usr/share/java/outer.jar\n"),
            file("usr/share/java/outer.jar", outer),
            link("srv/outer.jar", "usr/share/java/outer.jar"),
        ],
    )
    found = {p.path: p.owner for p in inventory.packages if p.name == "org.example:inner"}
    assert found == {
        "usr/share/java/outer.jar!/lib/inner-1.2.jar": "deb:libouter-java",
        "srv/outer.jar!/lib/inner-1.2.jar": "",
    }


def test_catalogers_may_share_a_pattern(tmp_path: Path) -> None:
    def one(image_file: ImageFile) -> Iterator[Fact]:
        yield Package("generic", "one", "1")

    def two(image_file: ImageFile) -> Iterator[Fact]:
        yield Package("generic", "two", "2")

    pattern = (Pattern("**/shared.txt"),)
    target = save(tmp_path / "image.tar", [[file("a/shared.txt", b"x")]])
    with open_image(parse_target(target)) as opened:
        both = read_inventory(
            opened, None, [Cataloger("a", pattern, one), Cataloger("b", pattern, two)]
        )
    assert names(both) == ["one", "two"]


def test_a_program_that_a_package_brought_is_the_package_and_nothing_else(tmp_path: Path) -> None:
    def program(image_file: ImageFile) -> Iterator[Fact]:
        yield Package("generic", "curl", image_file.text)

    cataloger = Cataloger("programs", (Pattern("usr/bin/curl"),), program)
    base = [
        file(STATUS, stanza("curl", "7.88.1-10")),
        file("var/lib/dpkg/info/curl.list", b"/usr/bin/curl\n"),
        file("usr/bin/curl", b"7.88.1"),
    ]
    book = [cataloger, *CATALOGERS]

    def found(*layers: list[tuple[tarfile.TarInfo, bytes]]) -> list[tuple[str, str]]:
        target = save(tmp_path / "image.tar", list(layers))
        with open_image(parse_target(target)) as opened:
            packages = read_inventory(opened, None, book).packages
        return [(p.type, p.version) for p in packages]

    assert found(base) == [("deb", "7.88.1-10")]
    replaced = found(base, [file("usr/bin/curl", b"8.9.0")])
    assert replaced == [("deb", "7.88.1-10"), ("generic", "8.9.0")]
