"""``.dockerignore``: what a build leaves out of what it is sent.

Source: Docker's manual, "Build context", and BuildKit's ``frontend/dockerui/context.go``: a file
named as the Dockerfile with ``.dockerignore`` behind it is taken instead of the one in the root of
the context. Podman and Buildah prefer ``.containerignore``.
"""

from collections.abc import Iterator, Mapping

_NAMES = (".containerignore", ".dockerignore")
_LONGEST = 64 << 10  # characters of a file that are read; one pattern answers the question
_DEEPEST = 100  # folders above a Dockerfile that are looked into


def ignoring(path: str, files: Mapping[str, bytes]) -> tuple[str, tuple[str, ...]]:
    """Return the ignore file that holds for the Dockerfile at `path`, and what it leaves out.

    Which folder is the context is not written anywhere: it may be the Dockerfile's or one above.
    Of the files there the nearest that leaves something out is taken, else the nearest. Both parts
    are empty where there is none.
    """
    first = ""
    for place in _places(path):
        if place in files:
            patterns = _patterns(files[place])
            # Nothing else is looked at where the Dockerfile has its own.
            if patterns or place.startswith(path):
                return place, patterns
            first = first or place
    return first, ()


def _places(path: str) -> Iterator[str]:
    """Yield where an ignore file may be, the one that counts most first."""
    yield from (f"{path}{name}" for name in _NAMES)
    folder = path.rpartition("/")[0]
    for _ in range(_DEEPEST):
        yield from (f"{folder}/{name}".lstrip("/") for name in _NAMES)
        if not folder:
            return
        folder = folder.rpartition("/")[0]


def _patterns(data: bytes) -> tuple[str, ...]:
    """Return the patterns that leave something out: no comments, and no exceptions (``!``)."""
    text = data[:_LONGEST].decode("utf-8", "backslashreplace").removeprefix("\ufeff")
    lines = (line.strip() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith(("#", "!")))
