"""Choose the few files worth reading among millions of names, by path and by first bytes.

A pattern is a path from the image's root; ``*`` stands for one component or part of it, a leading
``**/`` for any folders. Its last component must be a name or end in ``.ENDING`` (or the pattern
names one folder: ``folder/*``), so that one or two dictionary look-ups settle a name that nobody
wants. Only a pattern with `magic` may be ``**/*``: it means every file that starts with these
bytes.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

_ANYWHERE = "**/*"


@dataclass(frozen=True, slots=True)
class Pattern:
    """Which files one reader wants.

    `magic` are the bytes such a file must start with. A pattern without wildcards names a place
    that programs open by that very path, so a symbolic link there is followed (inside the image).
    `probe` tells from path and content, where that can be seen without a copy, that the reader
    would find nothing: most of the large files of an image are programs without a word for it.
    """

    path: str
    magic: bytes = b""
    probe: Callable[[str, "bytes | memoryview"], bool] | None = None

    @property
    def is_exact(self) -> bool:
        """Whether the pattern names a single path."""
        return "*" not in self.path

    def matches(self, path: bytes) -> bool:
        """Tell whether `path` (no leading slash) is one of those meant."""
        return _regex(self.path).fullmatch(path) is not None


@lru_cache(maxsize=512)
def _regex(glob: str) -> re.Pattern[bytes]:
    parts = re.split(r"(\*\*/|\*)", glob)
    meaning = {"**/": "(?:.*/)?", "*": "[^/]*"}
    text = "".join(meaning.get(part) or re.escape(part) for part in parts)
    return re.compile(text.encode("utf-8", "surrogateescape"), re.DOTALL)


class Selector:
    """All patterns together, asked once a name.

    A name that matches nothing in `names`, `endings` and `folders` is wanted by no pattern; the
    loops that see millions of names look there before they ask `candidates`. `above` are the
    folders that lead to places which programs open by their very path: a symbolic link in place
    of one moves the file behind it.
    """

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self.exact: list[Pattern] = []
        self.above: set[bytes] = set()
        self._by_name: dict[bytes, list[Pattern]] = {}
        self._by_ending: dict[bytes, list[Pattern]] = {}
        self._by_folder: dict[bytes, list[Pattern]] = {}
        self.anywhere: list[Pattern] = []
        for pattern in patterns:
            if pattern.path == _ANYWHERE and pattern.magic:
                self.anywhere.append(pattern)
                continue
            folder, _, last = pattern.path.encode("utf-8", "surrogateescape").rpartition(b"/")
            if b"*" not in last:
                self._by_name.setdefault(last, []).append(pattern)
            elif last == b"*" and b"*" not in folder:
                self._by_folder.setdefault(folder, []).append(pattern)
            elif b"." in last and b"*" not in (ending := last.rpartition(b".")[2]):
                self._by_ending.setdefault(ending, []).append(pattern)
            else:
                raise ValueError(f"pattern {pattern.path!r} would need a look at every name")
            if pattern.is_exact:
                self.exact.append(pattern)
                self.above.update(_above(folder))
        self.names = frozenset(self._by_name)
        self.endings = frozenset(self._by_ending)
        self.folders = frozenset(self._by_folder)
        self.magics = tuple({pattern.magic for pattern in self.anywhere})
        self.has_probes = any(pattern.probe is not None for pattern in self.anywhere)

    def candidates(self, path: bytes) -> list[Pattern] | None:
        """Return the patterns that mean `path`; None or an empty list for most paths."""
        folder, _, last = path.rpartition(b"/")
        found = self._by_name.get(last)
        if folder in self._by_folder:
            found = [*(found or ()), *self._by_folder[folder]]
        if b"." in last:
            ending = self._by_ending.get(last[last.rfind(b".") + 1 :])
            if ending is not None:
                found = [*(found or ()), *ending]
        if found is None:
            return None
        return [pattern for pattern in found if pattern.matches(path)]

    def wanted_by(self, path: bytes, head: bytes) -> list[Pattern]:
        """Return the patterns that mean a file at `path` which starts with `head`."""
        found = [*(self.candidates(path) or ()), *self.anywhere]
        return [pattern for pattern in found if head.startswith(pattern.magic)]

    def is_worth(self, path: str, content: "bytes | memoryview") -> bool:
        """Tell whether one of the patterns that mean files anywhere wants this one."""
        return any(
            content[: len(pattern.magic)] == pattern.magic
            and (pattern.probe is None or pattern.probe(path, content))
            for pattern in self.anywhere
        )


def _above(folder: bytes) -> list[bytes]:
    """Return a folder and all folders above it, without the root."""
    parts = folder.split(b"/") if folder else []
    return [b"/".join(parts[: end + 1]) for end in range(len(parts))]
