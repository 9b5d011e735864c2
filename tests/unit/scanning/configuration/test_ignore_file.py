import pytest

from seawall.scanning.configuration.ignore_file import ignoring

NONE = ("", ())


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("Dockerfile", "Dockerfile.dockerignore"),
        ("Dockerfile", ".dockerignore"),
        ("Dockerfile", ".containerignore"),
        ("api/Dockerfile", "api/Dockerfile.dockerignore"),
        ("api/Dockerfile", "api/.dockerignore"),
        ("api/docker/Dockerfile.prod", ".dockerignore"),
    ],
)
def test_it_lies_beside_the_dockerfile_or_above(path: str, place: str) -> None:
    assert ignoring(path, {place: b".git\n.env\n"}) == (place, (".git", ".env"))


@pytest.mark.parametrize(
    "place",
    ["web/.dockerignore", "api/x/.dockerignore", "Dockerfile.dockerignore", "api.dockerignore"],
)
def test_one_elsewhere_does_not_hold(place: str) -> None:
    assert ignoring("api/Dockerfile", {place: b".git\n"}) == NONE


def test_one_that_is_named_as_the_dockerfile_is_taken_alone() -> None:
    files = {"Dockerfile.dockerignore": b"", ".dockerignore": b".git\n"}
    assert ignoring("Dockerfile", files) == ("Dockerfile.dockerignore", ())


def test_of_several_folders_the_nearest_that_leaves_something_out_is_taken() -> None:
    files = {"a/.dockerignore": b"# nothing\n", ".dockerignore": b"*.key\n"}
    assert ignoring("a/Dockerfile", files) == (".dockerignore", ("*.key",))
    files[".dockerignore"] = b"\n"
    assert ignoring("a/Dockerfile", files) == ("a/.dockerignore", ())


@pytest.mark.parametrize("text", [b"", b"\n \n", b"# .git\n", b"!src\n", b"\xef\xbb\xbf# x\r\n"])
def test_a_file_without_a_pattern_leaves_nothing_out(text: bytes) -> None:
    assert ignoring("Dockerfile", {".dockerignore": text}) == (".dockerignore", ())


def test_a_hostile_path_ends() -> None:
    assert ignoring("a/" * 200_000 + "Dockerfile", {".dockerignore": b"x"}) == NONE
