"""Layers by the OCI image specification, "Applying Changesets", against a naive file system."""

import mmap
import tarfile
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.errors import CorruptImage, LimitExceeded
from seawall.images import FoundFile, Limits, Pattern, Selector, resolve, shown, visible
from seawall.images.layers import Changes, clean, read_layer
from seawall.images.limits import Budget
from seawall.images.stream import ByteStream, ChunkStream, MappedStream
from seawall.images.tar import TarReader
from seawall.model import Incomplete
from tests.unit.images.building import Entry, folder, hard_link, packed, symlink
from tests.unit.images.test_tar import END, header, octal, padded, pax

WANTED = (Pattern("**/wanted"), Pattern("etc/exact"), Pattern("**/*.egg", magic=b"PK"))


@dataclass
class Read:
    files: list[FoundFile]
    changes: Changes
    incomplete: list[Incomplete] = field(default_factory=list)

    @property
    def paths(self) -> list[bytes]:
        return [file.path for file in self.files]


def read(archive: bytes, limits: Limits | None = None) -> Read:
    changes, incomplete = Changes(), list[Incomplete]()
    tar = TarReader(ChunkStream(iter((archive,)), "test"), Budget(limits or Limits()))
    files = list(read_layer(tar, Selector(WANTED), changes, incomplete, "test"))
    return Read(files, changes, incomplete)


def merged(*layers: list[Entry]) -> dict[bytes, int]:
    found = [read(packed(layer)) for layer in layers]
    return visible([(set(layer.paths), layer.changes) for layer in found])


def wanted(name: str = "app/wanted") -> Entry:
    return Entry(name, b"content")


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("./app/wanted", "app/wanted"),
        ("/app/wanted", "app/wanted"),
        ("app//wanted", "app/wanted"),
        ("app/./wanted", "app/wanted"),
        ("././app/wanted", "app/wanted"),
        ("../../app/wanted", "app/wanted"),
        ("x/../app/wanted", "app/wanted"),
        ("app/x/../wanted", "app/wanted"),
        ("/../app/wanted", "app/wanted"),
        ("app/wanted/.", "app/wanted"),
        ("wanted", "wanted"),
    ],
)
def test_a_name_is_a_path_from_the_root(name: str, path: str) -> None:
    assert read(packed([wanted(name)])).paths == [path.encode()]


@given(st.lists(st.sampled_from([b"", b".", b"..", b"a", b"b.", b".c", b"..d"])).map(b"/".join))
def test_a_clean_name_stays_inside_and_as_it_is(name: bytes) -> None:
    path = clean(name)
    assert clean(path) == path
    assert not path.startswith(b"/")
    assert not {b"", b".", b".."} & set(path.split(b"/")) or path == b""


@pytest.mark.parametrize(
    ("link", "target", "place"),
    [
        ("etc/exact", "../usr/lib/exact", "usr/lib/exact"),
        ("etc/exact", "../../../../etc/shadow", "etc/shadow"),
        ("etc/exact", "/etc/shadow", "etc/shadow"),
        ("etc/exact", "shadow", "etc/shadow"),
        ("exact", "../shadow", "shadow"),
        ("etc/exact", "", "etc"),
    ],
)
def test_a_symbolic_link_never_leads_out_of_the_root(link: str, target: str, place: str) -> None:
    assert resolve(link.encode(), target.encode()) == place.encode()


def test_bytes_that_are_no_utf8_are_shown_as_escapes() -> None:
    assert shown(b"a/\xffb\xc3\xa4") == "a/\\xffbä"


def test_symbolic_links_at_the_root_are_known() -> None:
    layer = [symlink("lib", "usr/lib"), symlink("bin", "/usr/bin/"), symlink("a/b", "c")]
    assert read(packed(layer)).changes.folder_links == {b"lib": b"usr/lib", b"bin": b"usr/bin"}


# --- what is found -------------------------------------------------------------------------------


def test_only_files_that_somebody_wants_are_found() -> None:
    layer = read(packed([wanted(), Entry("app/other", b"x"), wanted("deep/er/wanted")]))
    assert layer.files == [
        FoundFile(b"app/wanted", b"content"),
        FoundFile(b"deep/er/wanted", b"content"),
    ]


def test_symbolic_links_are_found_only_in_places_that_programs_open_by_name() -> None:
    layer = read(packed([symlink("etc/exact", "../x"), symlink("app/wanted", "../x")]))
    assert layer.files == [FoundFile(b"etc/exact", symlink=b"../x")]


def test_hard_links_are_found_with_the_path_they_stand_for() -> None:
    layer = read(packed([wanted("a/file"), hard_link("app/wanted", "./a//file")]))
    assert layer.files == [FoundFile(b"app/wanted", link=b"a/file")]


@pytest.mark.parametrize("kind", [tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE])
def test_what_is_no_file_is_not_found(kind: bytes) -> None:
    assert read(packed([Entry("app/wanted", kind=kind)])).files == []


def test_files_with_other_first_bytes_are_not_found() -> None:
    layer = [Entry("a.egg", b"PK\x03"), Entry("b.egg", b"no"), Entry("c.egg", b"P"), Entry("d.egg")]
    assert read(packed(layer)).files == [FoundFile(b"a.egg", b"PK\x03")]


@pytest.mark.parametrize("is_mapped", [True, False])
def test_a_file_that_a_probe_refuses_is_not_copied_where_it_can_be_seen(is_mapped: bool) -> None:
    asked: list[tuple[str, bytes]] = []

    def probe(path: str, content: bytes | memoryview) -> bool:
        asked.append((path, bytes(content)))
        return bytes(content).endswith(b"yes")

    layer = [
        *(Entry("bin/a", b"MAGIC yes"), Entry("bin/b", b"MAGIC no"), Entry("bin/c", b"other yes")),
        *(Entry("bin/wanted", b"MAGIC no"), Entry("bin/last", b"MAGIC too yes")),
    ]
    archive = packed(layer)
    stream: ByteStream = ChunkStream(iter((archive,)), "test")
    if is_mapped:
        memory = mmap.mmap(-1, len(archive))
        memory[:] = archive
        stream = MappedStream(memory, 0, len(archive), "test")
    selector = Selector([Pattern("**/*", b"MAGIC", probe), Pattern("**/wanted")])
    tar = TarReader(stream, Budget(Limits()))
    found = {f.path: f.content for f in read_layer(tar, selector, Changes(), [], "test")}
    seen = {b"bin/a": b"MAGIC yes", b"bin/wanted": b"MAGIC no", b"bin/last": b"MAGIC too yes"}
    if is_mapped:
        assert found == seen
        assert asked == [
            (f"bin/{n}", c)
            for n, c in (("a", seen[b"bin/a"]), ("b", b"MAGIC no"), ("last", seen[b"bin/last"]))
        ]
        memory.close()  # no view is left behind
    else:
        assert found == seen | {b"bin/b": b"MAGIC no"}, "its reader finds nothing itself"


def test_the_first_bytes_of_a_sparse_file_are_not_those_that_are_stored() -> None:
    stored = b"2\n0\n2\n2000\n0\n"
    sparse = pax(
        (b"GNU.sparse.major", b"1"),
        (b"GNU.sparse.minor", b"0"),
        (b"GNU.sparse.name", b"a.egg"),
        (b"GNU.sparse.realsize", b"2000"),
    ) + header(b"x", octal(514))
    layer = read(sparse + padded(stored) + padded(b"PK") + END)
    assert layer.files == [FoundFile(b"a.egg", b"PK" + bytes(1998))]
    hole_first = pax(
        (b"GNU.sparse.map", b"100,2"),
        (b"GNU.sparse.size", b"2000"),
    ) + header(b"b.egg", octal(2))
    assert read(hole_first + padded(b"PK") + END).files == []


def test_a_file_over_the_limit_is_listed_and_the_rest_goes_on() -> None:
    layer = read(
        packed([Entry("a/wanted", b"x" * 101), Entry("a.egg", b"PK" * 51), wanted()]),
        Limits(file_bytes=100),
    )
    assert layer.paths == [b"app/wanted"]
    assert [item.path for item in layer.incomplete] == ["a/wanted", "a.egg"]
    assert "(file_bytes)" in layer.incomplete[0].reason


def test_a_path_deeper_than_the_limit_is_refused_where_somebody_wants_it() -> None:
    with pytest.raises(LimitExceeded, match=r"\(depth\)"):
        read(packed([wanted("a/" * 11 + "wanted")]), Limits(depth=10))
    assert read(packed([wanted("a/" * 10 + "wanted")]), Limits(depth=10)).files
    assert not read(packed([wanted("a/" * 11 + "other")]), Limits(depth=10)).files


# --- whiteouts -----------------------------------------------------------------------------------


def test_a_whiteout_hides_a_file_and_everything_below_a_folder() -> None:
    bottom = [wanted(), wanted("app/lib/wanted"), wanted("etc/exact")]
    assert merged(bottom, [Entry("app/.wh.wanted")]) == {b"app/lib/wanted": 0, b"etc/exact": 0}
    assert merged(bottom, [Entry(".wh.app")]) == {b"etc/exact": 0}
    assert merged(bottom, [Entry("./app/.wh.lib")]) == {b"app/wanted": 0, b"etc/exact": 0}


def test_a_whiteout_hides_whatever_its_own_kind_is() -> None:
    kinds = (tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE)
    for kind in kinds:
        assert merged([wanted()], [Entry("app/.wh.wanted", kind=kind, link="x")]) == {}


def test_a_whiteout_concerns_only_lower_layers() -> None:
    for layer in ([wanted(), Entry("app/.wh.wanted")], [Entry("app/.wh.wanted"), wanted()]):
        assert merged([wanted()], layer) == {b"app/wanted": 1}


def test_a_file_may_come_back_after_its_whiteout() -> None:
    assert merged([wanted()], [Entry("app/.wh.wanted")], [wanted()]) == {b"app/wanted": 2}


def test_an_opaque_folder_hides_what_lower_layers_have_in_it() -> None:
    bottom = [wanted(), wanted("app/lib/wanted"), wanted("other/wanted")]
    opaque = [wanted("app/new/wanted"), Entry("app/.wh..wh..opq")]
    assert merged(bottom, opaque) == {b"other/wanted": 0, b"app/new/wanted": 1}
    assert merged(bottom, [Entry(".wh..wh..opq"), wanted()]) == {b"app/wanted": 1}


def test_names_that_only_look_like_whiteouts_hide_nothing() -> None:
    names = [".wh.", "app/.wh.", ".wh..wh.plnk/1", ".wh..wh.aufs", "a.wh.wanted", "app/x.wh.wanted"]
    assert merged([wanted()], [Entry(name) for name in names]) == {b"app/wanted": 0}


def test_a_file_below_a_folder_of_a_whiteouts_name_is_no_whiteout() -> None:
    assert merged([wanted()], [wanted("app/.wh.x/wanted")]) == {
        b"app/wanted": 0,
        b"app/.wh.x/wanted": 1,
    }


# --- replacing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["app/wanted", "app"])
@pytest.mark.parametrize(
    "kind", [tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.FIFOTYPE, tarfile.LNKTYPE]
)
def test_a_name_that_stands_for_something_else_hides_what_was_there(name: str, kind: bytes) -> None:
    above = read(packed([Entry(name, kind=kind, link="x")]))
    assert b"app/wanted" not in visible([({b"app/wanted"}, Changes()), (set(), above.changes)])


def test_a_folder_hides_the_wanted_file_it_replaces() -> None:
    assert merged([wanted()], [folder("app/wanted/")]) == {}
    assert merged([wanted()], [folder("app/wanted"), wanted("app/wanted/wanted")]) == {
        b"app/wanted/wanted": 1
    }


def test_a_folder_of_a_wanted_name_hides_nothing_below_it() -> None:
    # `x.egg-info` is a file or a folder; a layer that touches the folder names it again
    bottom = [folder("a.egg"), wanted("a.egg/wanted")]
    assert merged(bottom, [folder("a.egg"), Entry("a.egg/installer")]) == {b"a.egg/wanted": 0}


def test_a_folder_that_is_there_again_hides_nothing() -> None:
    assert merged([wanted()], [folder("app"), folder("./"), folder("app/other")]) == {
        b"app/wanted": 0
    }


def test_a_link_in_a_folders_place_hides_what_was_below_it() -> None:
    assert merged([wanted(), wanted("b/wanted")], [symlink("app", "b")]) == {b"b/wanted": 0}


# --- any stack of layers -------------------------------------------------------------------------

_NAMES = st.lists(st.sampled_from(["a", "b", "wanted"]), min_size=1, max_size=4).map("/".join)
_CHANGES = st.lists(
    st.tuples(st.sampled_from(["file", "folder", "symlink", "fifo", "whiteout", "opaque"]), _NAMES),
    max_size=5,
)


def consistent(changes: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Leave out what one layer cannot hold: a name twice, and names below what is no folder."""
    taken: dict[str, str] = {}
    kept = []
    for change, name in changes:
        above = [name[:at] for at, letter in enumerate(name) if letter == "/"]
        clash = any(taken.get(folder, "folder") != "folder" for folder in above)
        holds = change != "folder" and any(other.startswith(name + "/") for other in taken)
        if change in ("whiteout", "opaque"):
            clash = clash or (change == "opaque" and taken.get(name, "folder") != "folder")
            if not clash:
                kept.append((change, name))
                # a whiteout and its name in one layer are allowed, what is below goes on
                for part in above + ([name] if change == "opaque" else []):
                    taken.setdefault(part, "folder")
        elif name not in taken and not clash and not holds:
            kept.append((change, name))
            taken[name] = change
            for part in above:
                taken.setdefault(part, "folder")
    return kept


def as_entries(changes: list[tuple[str, str]]) -> list[Entry]:
    """Write changes as tools do: the folders above each entry stand in the layer too."""
    out: dict[str, Entry] = {}
    for change, name in changes:
        parts = name.split("/")
        above = parts if change == "opaque" else parts[:-1]
        for count in range(1, len(above) + 1):
            place = "/".join(above[:count])
            out.setdefault(place, folder(place))
        start, _, last = name.rpartition("/")
        prefix = start + "/" if start else ""
        match change:
            case "file":
                out[name] = Entry(name, b"x")
            case "folder":
                out[name] = folder(name)
            case "symlink":
                out[name] = symlink(name, "elsewhere")
            case "fifo":
                out[name] = Entry(name, kind=tarfile.FIFOTYPE)
            case "whiteout":
                out[f"{prefix}.wh.{last}"] = Entry(f"{prefix}.wh.{last}")
            case _:
                out[f"{name}/.wh..wh..opq"] = Entry(f"{name}/.wh..wh..opq")
    return list(out.values())


def naive(layers: list[list[Entry]]) -> dict[bytes, int]:
    """Apply whole layers to a dictionary: first what they remove, then what they add."""
    tree: dict[str, tuple[bytes, int]] = {}

    def remove(path: str) -> None:
        for other in list(tree):
            if other == path or other.startswith(path + "/"):
                del tree[other]

    for number, layer in enumerate(layers):
        for at, entry in enumerate(layer):
            start, _, last = entry.name.rpartition("/")
            if last == ".wh..wh..opq":
                for other in list(tree):
                    if other.startswith(start + "/"):
                        del tree[other]
            elif last.startswith(".wh."):
                removed = (start + "/" if start else "") + last[4:]
                # Docker turns the whiteout into a plain folder: the lower one shows again.
                again = any(e.name == removed and e.kind == tarfile.DIRTYPE for e in layer[at:])
                if not again:
                    remove(removed)
        for entry in layer:
            if entry.name.rpartition("/")[2].startswith(".wh."):
                continue
            before = tree.get(entry.name)
            both_folders = before is not None and before[0] == entry.kind == tarfile.DIRTYPE
            if not both_folders:
                remove(entry.name)
                tree[entry.name] = (entry.kind, number)
    return {
        path.encode(): number
        for path, (kind, number) in tree.items()
        if kind == tarfile.REGTYPE and path.rpartition("/")[2] == "wanted"
    }


@settings(max_examples=400, deadline=None)
@given(st.lists(_CHANGES.map(consistent).map(as_entries), max_size=4))
def test_what_is_visible_is_what_a_naive_file_system_has(layers: list[list[Entry]]) -> None:
    assert merged(*layers) == naive(layers)


def test_a_layer_that_ends_too_early_yields_what_came_before_and_fails() -> None:
    archive = packed([wanted(), wanted("b/wanted")])[:1100]
    tar = TarReader(ChunkStream(iter((archive,)), "test"), Budget(Limits()))
    files = read_layer(tar, Selector(WANTED), Changes(), [], "test")
    assert next(files).path == b"app/wanted"
    with pytest.raises(CorruptImage, match="truncated"):
        next(files)
