"""Which files a layer holds: the name of each, and by which digest its content is known.

It is noted for later: whoever learns today that a file is malicious can ask which images ever had
it, also those that are gone. Beside the inspection of content, so that a layer is read once.

A digest is the first eight bytes of the SHA-256 (FIPS 180-4). Two files of a fleet with a thousand
million different ones share one with a chance of 3 %; an answer is a pointer, no proof.
"""

import hashlib
import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

import msgspec

from seawall.inventory import Reading
from seawall.inventory.layer_facts import NameLog
from seawall.scanning.content.background import Background
from seawall.scanning.content.inspection import ContentInspector, LayerContent

DIGEST_BYTES = 8
_HASHED_BESIDE = 32 << 10  # bytes; handing on less costs more than hashing it
_BATCH = 4_096  # names that are compressed together; each call costs as much as ten names


@dataclass(frozen=True, slots=True)
class FileList:
    """The files of one layer, packed: 8 bytes for each content, and some for its name."""

    digests: bytes  # of files with content, in the layer's order
    names: bytes  # a `NameLog` of their names, in the same order
    others: bytes  # a `NameLog` of what has no digest: empty files, links, sparse files

    def __len__(self) -> int:
        """Return how many digests there are."""
        return len(self.digests) // DIGEST_BYTES


class _Names:
    """A `NameLog` that is written in batches."""

    def __init__(self) -> None:
        self._log, self._batch = NameLog(), list[bytes]()

    def add(self, path: bytes) -> None:
        self._batch.append(path)
        if len(self._batch) >= _BATCH:
            self._log.add(self._batch)
            self._batch.clear()

    def finish(self) -> bytes:
        self._log.add(self._batch)
        return self._log.finish()


class LayerFiles:
    """Notes the files of one layer while it is read. Hashing goes on in the background."""

    def __init__(self, background: Background) -> None:
        self._background = background
        self._digests = array("Q")
        self._names, self._others = _Names(), _Names()
        self._finished: FileList | None = None

    def link(self, path: bytes) -> None:
        """Note a name that stands for another file."""
        self._others.add(path)

    def passing(self, path: bytes, size: int, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the content of a file; when it ends, the file is noted."""
        state, seen = hashlib.sha256(), 0
        is_small = size < _HASHED_BESIDE
        for block in blocks:
            seen += len(block)
            if is_small:
                state.update(block)
            else:  # all of it there: blocks must be hashed in their order
                self._background.do(partial(state.update, block), len(block))
            yield block
        if not size or seen != size:
            self._others.add(path)  # of a sparse file only what is stored was seen
            return
        self._names.add(path)
        self._digests.append(0)
        slot = len(self._digests) - 1
        if is_small:
            self._keep(slot, state)
        else:
            self._background.do(partial(self._keep, slot, state), 0)

    def _keep(self, slot: int, state: "hashlib._Hash") -> None:
        # In the machine's own order, so that the array's bytes are as they were hashed.
        self._digests[slot] = int.from_bytes(state.digest()[:DIGEST_BYTES], sys.byteorder)

    def listed(self) -> FileList:
        """Return all that was noted; nothing can be noted afterwards."""
        if self._finished is None:
            self._background.finish()
            self._finished = FileList(
                self._digests.tobytes(), self._names.finish(), self._others.finish()
            )
        return self._finished

    def take(self, listed: FileList) -> None:
        """Become what was noted before."""
        self._finished = listed


class ContentAndFiles:
    """Shows each file to the inspection of content, and notes it."""

    reads_content = True

    def __init__(self, content: LayerContent, files: LayerFiles) -> None:
        self.content, self.files = content, files

    def names(self, paths: Sequence[bytes]) -> None:
        """Hand the names on."""
        self.content.names(paths)

    def link(self, path: bytes, target: bytes, is_hard: bool) -> None:
        """Hand the link on."""
        self.content.link(path, target, is_hard)
        self.files.link(path)

    def file(self, path: bytes, mode: int, size: int, blocks: Iterator[bytes]) -> None:
        """Hand the file on, and note it whether all of it was looked at or not."""
        passing = self.files.passing(path, size, blocks)
        self.content.file(path, mode, size, passing)
        for _ in passing:
            pass

    def encode(self, names: Iterable[bytes]) -> bytes:
        """Return the results of both as bytes."""
        return msgspec.msgpack.encode((self.content.encode(names), self.files.listed()))


class ContentAndFilesInspector:
    """Makes the inspections of one reading for the fleet."""

    def __init__(self, content: ContentInspector) -> None:
        self._content, self._background = content, Background()
        self.part = f"files {content.part}"

    def begin(self) -> ContentAndFiles:
        """Return the inspection of a layer that is about to be read."""
        return ContentAndFiles(self._content.begin(), LayerFiles(self._background))

    def restore(self, data: bytes, names: Iterable[bytes]) -> ContentAndFiles:
        """Return an inspection that was kept; ValueError when `data` is none."""
        try:
            content, files = msgspec.msgpack.decode(data, type=tuple[bytes, FileList])
        except msgspec.MsgspecError as error:
            raise ValueError(f"not a stored inspection: {error}") from error
        both = ContentAndFiles(self._content.restore(content, names), LayerFiles(self._background))
        both.files.take(files)
        return both


def apart(reading: Reading) -> tuple[Reading, Mapping[str, FileList]]:
    """Return a reading by both as one by the `ContentInspector` alone, and the files by diff-id."""
    both = cast("Mapping[str, ContentAndFiles]", reading.inspections)
    content = {diff_id: inspection.content for diff_id, inspection in both.items()}
    files = {diff_id: inspection.files.listed() for diff_id, inspection in both.items()}
    return replace(reading, inspections=content), files
