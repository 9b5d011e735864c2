from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.inventory.catalogers import ImageFile
from seawall.inventory.catalogers.executables import executable, is_worth_reading
from seawall.inventory.catalogers.executables.go_binary import Module, parse
from seawall.model import Incomplete, Package
from tests.unit.inventory.catalogers.executables.elf_files import ADDRESS, elf

DATA = Path(__file__).parents[4] / "data" / "go_binary"
FRAME = bytes(range(16))
LIST = (
    "path\texample.com/shop/cmd\n"
    "mod\texample.com/shop\tv1.2.3\th1:x=\n"
    "dep\tgolang.org/x/text\tv0.14.0\th1:y=\n"
)


def varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def inline(go: str, listed: str) -> bytes:
    framed = FRAME + listed.encode() + b"\n"[: not listed.endswith("\n")] + FRAME if listed else b""
    header = b"\xff Go buildinf:" + bytes([8, 2]) + bytes(16)
    return header + varint(len(go)) + go.encode() + varint(len(framed)) + framed


def pointers(go: str, listed: str, width: int, order: str) -> bytes:
    """Return the form before Go 1.18, for a segment at `ADDRESS`."""
    big = "big" if order == ">" else "little"
    size = width // 8
    framed = FRAME + listed.encode() + FRAME
    strings_at = ADDRESS + 32 + 4 * size

    def number(value: int) -> bytes:
        return value.to_bytes(size, "big" if big == "big" else "little")

    header = b"\xff Go buildinf:" + bytes([size, order == ">"])
    header += number(ADDRESS + 32) + number(ADDRESS + 32 + 2 * size)
    return (
        header.ljust(32, b"\0")
        + number(strings_at) + number(len(go))
        + number(strings_at + len(go)) + number(len(framed))
        + go.encode() + framed
    )  # fmt: skip


def facts(blob: bytes, name: str = ".go.buildinfo", **form: object) -> list[object]:
    content = elf({name: blob}, writable=(name,), **form)  # type: ignore[arg-type] # passed on
    return list(executable(ImageFile("bin/shop", content)))


def named(found: list[object]) -> list[tuple[str, str]]:
    return [(f.name, f.version) for f in found if isinstance(f, Package)]


EXPECTED = [
    ("stdlib", "go1.21.5"),
    ("example.com/shop", "v1.2.3"),
    ("golang.org/x/text", "v0.14.0"),
]


@pytest.mark.parametrize("width", [32, 64])
@pytest.mark.parametrize("order", ["<", ">"])
def test_both_forms_are_read_on_every_machine(width: int, order: str) -> None:
    for blob in (inline("go1.21.5", LIST), pointers("go1.21.5", LIST, width, order)):
        assert named(facts(blob, width=width, order=order)) == EXPECTED


def test_a_program_without_section_table_is_searched_as_go_does() -> None:
    blob = b"before it, zeros" + inline("go1.21.5", LIST)
    assert named(facts(blob, with_table=False)) == EXPECTED


def test_the_magic_counts_only_where_go_puts_it() -> None:
    assert facts(b"12345678" + inline("go1.21.5", LIST), with_table=False) == []


def test_kubectl_names_its_modules() -> None:
    found = facts((DATA / "kubectl.buildinfo").read_bytes())
    assert ("stdlib", "go1.23.8") in named(found)
    assert ("github.com/MakeNowJust/heredoc", "v1.0.0") in named(found)
    assert ("k8s.io/kubernetes", "(devel)") in named(found)
    assert len(found) == 84


def test_a_version_that_the_linker_was_given_is_the_modules_own() -> None:
    found = facts(inline("go1.23.4", (DATA / "syft.modinfo").read_text()))
    own = [f for f in found if isinstance(f, Package) and f.name == "github.com/anchore/syft"]
    assert [f.version for f in own] == ["v1.18.1"]
    assert "-X main.version=1.18.1" in own[0].evidence


def built(flags: str) -> str:
    listed = f"path\tx\nmod\texample.com/shop\t(devel)\t\nbuild\t-ldflags={flags}\n"
    return dict(named(facts(inline("go1.21.5", listed))))["example.com/shop"]


@pytest.mark.parametrize(
    ("flags", "version"),
    [
        ("-X=main.version=1.4.2", "v1.4.2"),
        ('"-X example.com/shop/internal.AppVersion=v2.0.0-rc.1 -s"', "v2.0.0-rc.1"),
        ("\"-X 'main.gitVersion=1.4'\"", "v1.4"),
        ('"-X main.version=1.4.2 -X main.Version=v1.4.2"', "v1.4.2"),
    ],
)
def test_linker_flags_may_be_written_in_many_ways(flags: str, version: str) -> None:
    assert built(flags) == version


@pytest.mark.parametrize(
    "flags",
    [
        '"-X main.version=dev"',
        '"-X main.version=5e16e5031a13f8a1"',
        '"-X main.goVersion=1.21.5"',
        '"-X github.com/other/module.Version=1.0.0"',
        '"-X main.version=1.4.2 -X main.appVersion=1.5.0"',
        '"-X \'main.version=1.4.2"',
        "",
    ],
)
def test_a_version_is_never_guessed(flags: str) -> None:
    assert built(flags) == "(devel)"


def test_a_commit_is_evidence_and_no_version() -> None:
    listed = (
        "path\tx\nmod\texample.com/shop\t(devel)\t\nbuild\tvcs.revision=abc123\n"
        "build\tvcs.time=2024-01-02T03:04:05Z\nbuild\tvcs.modified=true\n"
    )
    own = [f for f in facts(inline("go1.21.5", listed)) if isinstance(f, Package)][1]
    assert own.version == "(devel)"
    assert own.evidence.endswith("commit abc123 of 2024-01-02T03:04:05Z, changed")


@pytest.mark.parametrize(
    ("written", "version"),
    [
        ("v0.0.0-20261122042638-eecc7ad2a69e", "v2.8.1"),  # as Go writes it since 1.24
        ("v0.0.0-20261122042638-eecc7ad2a69e+dirty", "v2.8.1"),
        ("v2.8.2-0.20261122042638-eecc7ad2a69e", "v2.8.2-0.20261122042638-eecc7ad2a69e"),
    ],
)
def test_what_go_makes_of_a_commit_without_a_release_is_no_version(
    written: str, version: str
) -> None:
    listed = f"mod\texample.com/shop\t{written}\t\nbuild\t-ldflags=-X=main.version=2.8.1\n"
    assert dict(named(facts(inline("go1.26.8", listed))))["example.com/shop"] == version


def test_a_replaced_module_is_what_replaced_it() -> None:
    listed = (
        "dep\tgithub.com/a/old\tv1.0.0\n=>\tgithub.com/b/new\tv1.1.0\th1:x=\n"
        "dep\texample.com/local\tv1.0.0\n=>\t./local\t(devel)\t\n"
    )
    assert named(facts(inline("go1.21.5", listed)))[1:] == [
        ("github.com/b/new", "v1.1.0"),
        ("example.com/local", "(devel)"),
    ]


def test_gos_own_commands_are_the_toolchain() -> None:
    assert named(facts(inline("go1.21.5", "path\tcmd/go\nbuild\t-compiler=gc\n"))) == [
        ("stdlib", "go1.21.5"),
        ("toolchain", "go1.21.5"),
    ]


def test_a_program_without_a_list_of_modules_still_has_its_standard_library() -> None:
    found = facts(inline("go1.19.8", ""))
    assert named(found) == [("stdlib", "go1.19.8")]
    assert isinstance(found[0], Package)
    assert "lists no modules" in found[0].evidence


def test_a_program_tells_without_a_copy_whether_it_is_worth_reading() -> None:
    library = elf({".text": b"x"}, writable=())
    program = elf({".go.buildinfo": b"x"}, writable=())
    for content, path, is_worth in (
        (library, "usr/lib/libx.so", False),
        (library, "usr/sbin/nginx", True),
        (program, "usr/bin/shop", True),
        (b"MZ" + b"\0" * 100, "x.exe", True),
    ):
        with memoryview(content) as view:
            assert is_worth_reading(path, view) is is_worth
        if not is_worth:
            assert list(executable(ImageFile(path, content))) == []


def test_a_go_program_without_build_information_is_said_to_be_unread() -> None:
    content = elf({".gopclntab": b"x", ".data": b"y"}, writable=(".data",))
    assert [type(f) for f in executable(ImageFile("x", content))] == [Incomplete]


def test_a_cut_off_list_is_said_to_be_unread() -> None:
    blob = inline("go1.21.5", LIST)
    assert [type(f) for f in facts(blob[:34])] == [Incomplete]


def test_quoted_settings_are_unquoted() -> None:
    info = parse("go1.21", 'build\t"a key"="a \\"value\\""\nbuild\tb=`x y`\nbuild\tc="\n')
    assert info.settings == {"a key": 'a "value"', "b": "x y", "c": '"'}


def test_an_arrow_without_a_module_before_it_means_nothing() -> None:
    assert parse("go1.21", "=>\tx\tv1\ndep\ty\tv2").modules == ((Module("y", "v2"), None),)


@given(st.data())
def test_no_damage_makes_the_reader_fail(data: st.DataObject) -> None:
    width, order = data.draw(st.sampled_from([32, 64])), data.draw(st.sampled_from("<>"))
    blob = data.draw(
        st.sampled_from([inline("go1.21.5", LIST), pointers("go1.21.5", LIST, width, order)])
    )
    content = bytearray(elf({".go.buildinfo": blob}, width, order, writable=(".go.buildinfo",)))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    list(executable(ImageFile("x", bytes(content[: data.draw(st.integers(0, len(content)))]))))


@given(st.text(alphabet="dep\tmod=>path build\n\"\\`-X.'1v"))
def test_any_text_may_stand_in_the_list(listed: str) -> None:
    for fact in facts(inline("go1.21.5", listed)):
        assert isinstance(fact, Package)
        assert fact.name
        assert fact.version
