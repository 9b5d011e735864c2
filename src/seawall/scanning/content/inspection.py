"""Looks at every file of a layer once: detectors, checksums, and bits that give privileges.

What comes out holds for the layer by itself, so it can be kept and used for any image that has
the layer.
"""

import hashlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial

import msgspec
import zstandard

from seawall.errors import LimitExceeded
from seawall.images import shown
from seawall.inventory import LayerCache
from seawall.model import Incomplete
from seawall.scanning.content.background import Background
from seawall.scanning.content.contract import Detector, Hit, Window
from seawall.scanning.content.searching import Looking

WHOLE_BYTES = 16 << 20  # files up to this size are shown to detectors in one piece
_OVERLAP = 4 << 10  # bytes that two windows of a large file share
_BATCH_BYTES, _BATCH_FILES = 1 << 20, 2_000  # what is searched at once
_WINDOW_BYTES = 500  # of memory that a window costs beside its content
MOST_HITS = 1_000  # in one file
_HASHED_BESIDE = 32 << 10  # bytes; handing on less costs more than hashing it
_SETUID, _SETGID = 0o4000, 0o2000
# Where packages of the operating system put their files; what is elsewhere has no checksum of it.
_SYSTEM = (
    *(b"usr/", b"bin/", b"sbin/", b"lib/", b"lib32/", b"lib64/", b"libx32/"),
    *(b"etc/", b"boot/", b"opt/", b"var/lib/"),
)
_LOCAL = b"usr/local/"
_PYTHON_OF_DEBIAN = b"usr/lib/python3/dist-packages/"
_BUILD_FILES = (b"dockerfile", b"containerfile")
_BUILD_ENDINGS = (b".dockerfile", b".containerfile", b".dockerignore", b".containerignore")
_BUILD_FILE_BYTES = 1 << 20


def algorithm_for(path: bytes, system: str) -> str:
    """Return the algorithm by which packages record what `path` holds; empty where none does.

    `system` is that of the operating system's packages. Python's wheels use SHA-256 wherever
    they are; Debian's own Python packages have their folder to themselves.
    """
    if b"/site-packages/" in path or (
        b"/dist-packages/" in path and not path.startswith(_PYTHON_OF_DEBIAN)
    ):
        return "sha256"
    return system if path.startswith(_SYSTEM) and not path.startswith(_LOCAL) else ""


@dataclass(frozen=True, slots=True)
class FileHit:
    """A detector's hit, and where."""

    path: bytes
    detector: str
    hit: Hit


@dataclass(frozen=True, slots=True)
class Link:
    """A name that stands for another file."""

    target: bytes  # as stored for a symbolic link, a path from the root for a hard one
    is_hard: bool


class LayerContent:
    """What the files of one layer hold. `file` is called once for each.

    Looking goes on in the background; whoever asks for results waits for it.
    """

    reads_content = True

    def __init__(
        self, looking: Looking, background: Background, system: str, content_bytes: int
    ) -> None:
        self._looking, self._background = looking, background
        self._system, self._content_bytes = system, content_bytes
        self._paths = array("q")  # hashes of the names whose digest is known
        self._digests = array("Q")  # the first eight bytes of each: enough to tell a change
        self._hits: dict[bytes, dict[FileHit, None]] = {}
        self.links: dict[bytes, Link] = {}  # in the system's folders only
        self.privileged: dict[bytes, int] = {}  # permission bits of setuid and setgid files
        self.build_files: dict[bytes, bytes] = {}  # Dockerfiles, and what they ignore
        self._limited: list[Incomplete] = []  # too large
        self._refused: list[Incomplete] = []  # by a detector
        self._crowded: set[bytes] = set()  # files with more hits than are kept
        self._batch: list[tuple[bytes, Window]] = []
        self._batch_bytes = 0

    @property
    def hits(self) -> Iterable[FileHit]:
        """All hits, in the order of the files."""
        self._finish()
        return (hit for hits in self._hits.values() for hit in hits)

    @property
    def incomplete(self) -> Sequence[Incomplete]:
        """What was not looked at, or not all of it."""
        self._finish()
        return [*self._limited, *self._refused]

    def digests(self) -> Mapping[int, int]:
        """Return the first eight bytes of each file's digest, by the hash of its path."""
        self._finish()
        return dict(zip(self._paths, self._digests, strict=True))

    def twice(self) -> Set[int]:
        """Return the hashes of the paths that stand in the layer more than once."""
        self._finish()
        if len(set(self._paths)) == len(self._paths):
            return frozenset()
        return {path for path, count in Counter(self._paths).items() if count > 1}

    def names(self, paths: Sequence[bytes]) -> None:
        """Nothing: names alone tell nothing here."""

    def link(self, path: bytes, target: bytes, is_hard: bool) -> None:
        """Note a link in a place that packages own."""
        if path.startswith(_SYSTEM):
            self.links[path] = Link(target, is_hard)

    def file(self, path: bytes, mode: int, size: int, blocks: Iterator[bytes]) -> None:
        """Look at a regular file.

        Of two with one name both are looked at: what was overwritten is in the layer all the same.
        """
        if mode & (_SETUID | _SETGID):
            self.privileged[path] = mode
        else:
            self.privileged.pop(path, None)  # of two with one name the later one counts
        algorithm = algorithm_for(path, self._system)
        if not size and not algorithm:
            return  # empty, and nobody's: some images have millions
        if size > WHOLE_BYTES:
            self._large(path, mode, size, blocks, algorithm)
            return
        data = b"".join(blocks)
        if algorithm:
            self._hash(path, algorithm, data)
        if data and self._looking.detectors:
            seen = data[: self._content_bytes]
            self._add(path, Window(shown(path), mode, len(data), seen))
            self._note_limit(path, len(data))
        if data and _is_build_file(path) and len(data) <= _BUILD_FILE_BYTES:
            self.build_files[path] = data

    def _large(
        self, path: bytes, mode: int, size: int, blocks: Iterator[bytes], algorithm: str
    ) -> None:
        state = hashlib.new(algorithm, usedforsecurity=False) if algorithm else None
        seen, line, tail = 0, 1, b""
        for block in blocks:
            if state is not None:
                self._background.do(partial(state.update, block), len(block))
            if seen < self._content_bytes and self._looking.detectors:
                data = tail + block if tail else block
                offset = seen - len(tail)
                self._add(path, Window(shown(path), mode, size, data, offset, line))
                tail = data[-_OVERLAP:]
                line += data.count(b"\n", 0, len(data) - len(tail))
            elif state is None:
                break
            seen += len(block)
        if state is not None:
            self._background.do(partial(self._keep, self._slot(path), state), 0)
        self._note_limit(path, size)

    def _note_limit(self, path: bytes, size: int) -> None:
        if size > self._content_bytes:
            reason = (
                f"{size:,} bytes, only the first {self._content_bytes:,} were looked through "
                "for secrets and malware (content_bytes)"
            )
            self._limited.append(Incomplete(shown(path), reason))

    def _hash(self, path: bytes, algorithm: str, data: bytes) -> None:
        state = hashlib.new(algorithm, usedforsecurity=False)
        slot = self._slot(path)
        if len(data) < _HASHED_BESIDE:
            state.update(data)
            self._keep(slot, state)
        else:
            self._background.do(partial(self._keep, slot, state, data), len(data))

    def _slot(self, path: bytes) -> int:
        """Return where the digest of the next file will stand."""
        self._paths.append(hash(path))
        self._digests.append(0)
        return len(self._digests) - 1

    def _keep(self, slot: int, state: "hashlib._Hash", rest: bytes = b"") -> None:
        state.update(rest)
        self._digests[slot] = int.from_bytes(state.digest()[:8], "big")

    def _add(self, path: bytes, window: Window) -> None:
        """Have a window looked at; a small one together with its neighbours."""
        if self._batch and self._batch_bytes + len(window.data) > _BATCH_BYTES:
            self._send()
        self._batch.append((path, window))
        self._batch_bytes += len(window.data)
        if self._batch_bytes >= _BATCH_BYTES or len(self._batch) >= _BATCH_FILES:
            self._send()

    def _send(self) -> None:
        batch, size = self._batch, self._batch_bytes
        self._batch, self._batch_bytes = [], 0
        self._background.do(partial(self._look, batch), size + _WINDOW_BYTES * len(batch))

    def _finish(self) -> None:
        if self._batch:
            self._send()
        self._background.finish()

    def _look(self, batch: Sequence[tuple[bytes, Window]]) -> None:
        for number, detector, said in self._looking.look([window for _, window in batch]):
            path, window = batch[number]
            if isinstance(said, LimitExceeded):
                self._refused.append(Incomplete(window.path, str(said)))
                continue
            known = self._hits.setdefault(path, {})
            if len(known) < MOST_HITS:
                known[FileHit(path, detector.name, said)] = None
            elif path not in self._crowded:
                self._crowded.add(path)
                reason = f"more than {MOST_HITS:,} findings in it: the others are not told"
                self._refused.append(Incomplete(window.path, reason))

    def encode(self, names: Iterable[bytes]) -> bytes:
        """Return all of it as bytes; names stand as their numbers in `names`.

        Dockerfiles are left out: they may hold secrets, and only those of a directory, which has no
        layer to be kept, are judged.
        """
        self._finish()
        wanted = set(self._paths)
        hashes = enumerate(map(hash, names)) if wanted else ()
        number = {path: at for at, path in hashes if path in wanted}
        stored = _Stored(
            array("I", (number[path] for path in self._paths)).tobytes(),
            self._digests.tobytes(),
            list(self.hits),
            self.links,
            self.privileged,
            list(self.incomplete),
        )
        return zstandard.ZstdCompressor(level=3).compress(msgspec.msgpack.encode(stored))

    def take(self, data: bytes, names: Iterable[bytes]) -> None:
        """Become what `encode` wrote; ValueError when `data` is nothing of it."""
        try:
            raw = zstandard.ZstdDecompressor().decompress(data)
            stored = msgspec.msgpack.decode(raw, type=_Stored)
            numbers = array("I")
            numbers.frombytes(stored.paths)
            wanted = set(numbers)
            hashes = {at: hash(name) for at, name in enumerate(names) if at in wanted}
            self._paths = array("q", (hashes[number] for number in numbers))
            self._digests.frombytes(stored.digests)
        except (zstandard.ZstdError, msgspec.MsgspecError, KeyError) as error:
            raise ValueError(f"not a stored inspection: {error}") from error
        for found in stored.hits:
            self._hits.setdefault(found.path, {})[found] = None
        self.links, self.privileged = stored.links, stored.privileged
        self._limited = stored.incomplete


class _Stored(msgspec.Struct):
    """The stored form of a `LayerContent`."""

    paths: bytes
    digests: bytes
    hits: list[FileHit]
    links: dict[bytes, Link]
    privileged: dict[bytes, int]
    incomplete: list[Incomplete]


class ContentInspector:
    """Makes the inspections of one scan."""

    def __init__(
        self,
        detectors: Sequence[Detector],
        system: str,
        content_bytes: int,
        kept: LayerCache | None = None,
    ) -> None:
        self.looking, self._background = Looking(detectors, kept), Background()
        self._system, self._content_bytes = system, content_bytes
        keys = [f"{detector.name}={detector.key}" for detector in detectors]
        self.part = " ".join(["content", system, str(content_bytes), *keys])

    def begin(self) -> LayerContent:
        """Return the inspection of a layer that is about to be read."""
        return LayerContent(self.looking, self._background, self._system, self._content_bytes)

    def only_hashing(self, system: str) -> "ContentInspector":
        """Return an inspector without detectors, for another algorithm of the system's packages."""
        return ContentInspector((), system, self._content_bytes)

    def finish(self) -> None:
        """Wait until all that was read is looked at; raise what went wrong."""
        self._background.finish()

    def restore(self, data: bytes, names: Iterable[bytes]) -> LayerContent:
        """Return an inspection that was kept."""
        content = self.begin()
        content.take(data, names)
        return content


def _is_build_file(path: bytes) -> bool:
    name = path[path.rfind(b"/") + 1 :].lower()
    return name.startswith(_BUILD_FILES) or name.endswith(_BUILD_ENDINGS)
