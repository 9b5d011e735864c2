import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.images import Pattern, Selector


@pytest.mark.parametrize(
    ("pattern", "meant", "not_meant"),
    [
        ("etc/os-release", ["etc/os-release"], ["x/etc/os-release", "etc/os-releases"]),
        ("**/package.json", ["package.json", "a/b/package.json"], ["a/xpackage.json"]),
        ("**/*.egg-info", ["x.egg-info", "a/b/.egg-info"], ["x.egg-info/y", "a.egg"]),
        ("**/a*b.c.d", ["a/ab.c.d", "a.xb.c.d"], ["ab.c", "xab.c.d", "a/b.c.d"]),
        ("d/*", ["d/x", "d/.hidden", "d/x.y"], ["d/x/y", "e/x", "d"]),
        ("**/*.dist-info/METADATA", ["a.dist-info/METADATA", "x/a.dist-info/METADATA"],
         ["METADATA", "dist-info/METADATA", "a.dist-info/x/METADATA"]),
        ("a/**/b", ["a/b", "a/x/y/b"], ["b", "ab"]),
        ("a+[b].c", ["a+[b].c"], ["aab.c"]),
    ],
)  # fmt: skip
def test_a_pattern_means_these_paths_only(
    pattern: str, meant: list[str], not_meant: list[str]
) -> None:
    selector = Selector([Pattern(pattern)])
    for path in meant:
        assert selector.candidates(path.encode()) == [Pattern(pattern)]
    for path in not_meant:
        assert not selector.candidates(path.encode())


@pytest.mark.parametrize("path", ["**/a*", "a/*b", "**/*.tar*", "*/*", "**/*"])
def test_patterns_that_would_need_a_look_at_every_name_are_refused(path: str) -> None:
    with pytest.raises(ValueError, match="look at every name"):
        Selector([Pattern(path)])


def test_names_are_bytes_of_any_kind() -> None:
    path = b"a\n\xff/package.json"
    assert Selector([Pattern("**/package.json")]).candidates(path)
    exact = Pattern(b"a\n\xff/x".decode("utf-8", "surrogateescape"))
    assert Selector([exact]).candidates(b"a\n\xff/x") == [exact]


def test_a_pattern_without_wildcards_names_one_place() -> None:
    assert Pattern("etc/os-release").is_exact
    assert not Pattern("**/os-release").is_exact


_PART = st.sampled_from(["a", "b.c", ".c", "c", "x.c"])
_PATHS = st.lists(_PART, min_size=1, max_size=4).map("/".join)
_PATTERNS = st.one_of(
    _PATHS,
    _PATHS.map("**/{}".format),
    st.sampled_from(["**/*.c", "a/*.c", "a/*", "b.c/a/*", "**/*.c/a", "*/c", "**/b*.c"]),
).map(Pattern)


@given(st.lists(_PATTERNS, unique=True, max_size=6), st.lists(_PATHS, max_size=5))
def test_the_look_up_finds_exactly_the_patterns_that_match(
    patterns: list[Pattern], paths: list[str]
) -> None:
    selector = Selector(patterns)
    for path in map(str.encode, paths):
        found = selector.candidates(path) or []
        assert set(found) == {pattern for pattern in patterns if pattern.matches(path)}
        assert len(found) == len(set(found))
