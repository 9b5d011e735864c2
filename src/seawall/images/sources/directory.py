"""``dir:PATH``: the files below a directory, as one layer: a root file system, or a part of one.

Symbolic links are never followed out of the directory: an absolute target starts at its root. Each
folder is opened from the one above it and never by its whole path (openat(2), O_NOFOLLOW): what is
swapped for a link meanwhile leads nowhere, and folders may nest deeper than the kernel takes in one
path. Places too deep
for `Limits.depth` or `_PATH_BYTES` are gaps; the rest is read.

What is not the machine's own content is left out and named in the notes: pseudo file systems,
and the storage of container engines, whose images are targets of their own.
"""

import errno
import itertools
import os
import stat
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO, Self

from seawall.errors import SourceUnavailable, UnknownTarget
from seawall.images.file_forms import no_directory
from seawall.images.inspection import Inspection
from seawall.images.layers import Changes, FoundFile, resolve, shown
from seawall.images.limits import Budget, Limits
from seawall.images.selection import Pattern, Selector
from seawall.images.sources.contract import Inspect, LayerReading, OpenImage
from seawall.model import Image, ImageRef, Incomplete, Layer

_PSEUDO = frozenset(
    (
        *("autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts"),
        *("devtmpfs", "efivarfs", "fusectl", "hugetlbfs", "mqueue", "nsfs", "overlay", "proc"),
        *("pstore", "ramfs", "rpc_pipefs", "securityfs", "sysfs", "tracefs"),
    )
)
_ENGINE_STORAGE = (
    b"var/lib/docker",
    b"var/lib/containerd",
    b"var/lib/containers/storage",
    b"var/lib/kubelet/pods",
    b"run/containerd",
    b"run/docker",
)
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_BELOW = _FOLDER | os.O_NOFOLLOW
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a FIFO must not block
_HEAD = 8  # first bytes of a file that tell what it is
_BLOCK = 4 << 20
_LINKS = 40  # symbolic links followed for one path, as the kernel does
_PATH_BYTES = 4096  # no program can open a longer one at once (PATH_MAX, linux/limits.h)
_NAMES = 1 << 13  # handed on together
_HELD = 64  # folders kept open on the way down
_SHOWN = 80  # bytes of a path that is named because it is too long


@contextmanager
def open_directory(ref: ImageRef, limits: Limits) -> Iterator[OpenImage]:
    """Open a directory; it must exist and be readable."""
    root = Path(ref.place)
    try:
        top = os.open(root, _FOLDER)
    except NotADirectoryError as error:
        raise no_directory(root, str(ref)) from error
    except FileNotFoundError as error:
        raise UnknownTarget(f"{ref}: no such directory", "check the path") from error
    except OSError as error:
        raise SourceUnavailable(
            f"{ref}: {error.strerror}", "check the path, or run as root"
        ) from error
    with ExitStack() as opened:
        opened.callback(os.close, top)
        yield Directory(root, top, ref, limits, opened)


class Directory:
    """A directory seen as an image of one layer without a digest."""

    def __init__(
        self, root: Path, top: int, ref: ImageRef, limits: Limits, opened: ExitStack
    ) -> None:
        self.notes: list[str] = []
        self.diff_ids: tuple[str, ...] = ()
        self.image = Image(ref=ref, digest="", layers=(Layer(""),))
        self._root = os.path.realpath(os.fsencode(root))
        self._top = top  # the root's descriptor: files are opened from there
        self._limits = limits
        self._opened_too = opened

    def layers(
        self,
        selector: Selector,
        inspect: Inspect | None = None,
        known: Collection[str] = frozenset(),  # noqa: ARG002 - its one layer has no diff-id
    ) -> Iterator[LayerReading]:
        """Yield the one layer."""
        reading = LayerReading(iter(()), inspection=inspect() if inspect else None)
        reading.files = self._walk(selector, reading)
        yield reading

    def _walk(self, selector: Selector, reading: LayerReading) -> Iterator[FoundFile]:
        budget = Budget(self._limits)
        inspection = reading.inspection
        inspected = inspection is not None and inspection.reads_content
        mounts = _pseudo_mounts(self._root)
        beyond = _Beyond(self._limits.depth)
        folders: list[tuple[bytes, int]] = [(b"", 0)]
        trail = _Trail(self._top)
        self._opened_too.push(trail)  # a walk that nobody goes on with ends with the image
        with trail:
            while folders:
                folder, depth = folders.pop()
                try:
                    here = trail.opened(folder)
                    with os.scandir(here) as scan:
                        # One more than allowed is enough to refuse a folder of millions.
                        some = itertools.islice(scan, self._limits.entries + 1)
                        # A name may come twice while a folder changes.
                        named = ((os.fsencode(entry.name), entry) for entry in some)
                        entries = sorted(named, key=itemgetter(0))
                except OSError as error:
                    self._unlisted(folder, error, reading)
                    continue
                budget.spend_entries(len(entries), str(self.image.ref))
                below = folder + b"/" if folder else b""
                if inspection is not None:
                    _hand_on(inspection, reading.changes, below, entries)
                for name, entry in entries:
                    path = below + name
                    try:
                        is_folder, is_link = _is_folder(entry), entry.is_symlink()
                    except OSError as error:
                        reading.incomplete.append(Incomplete(shown(path), error.strerror or "?"))
                        continue
                    if is_folder:
                        left_out = mounts.get(path) or _engine_storage(path)
                        if left_out:
                            note = f"left out /{shown(path)} ({left_out})"
                            if note not in self.notes:  # it may be walked again
                                self.notes.append(note)
                        elif not beyond.notes(path, depth + 1):
                            folders.append((path, depth + 1))
                        continue
                    if inspected and inspection is not None and is_link:
                        with suppress(OSError):
                            inspection.link(path, _target(name, here), is_hard=False)
                    if (not below or path in selector.above) and is_link:
                        with suppress(OSError):  # it may have been replaced since it was listed
                            target = resolve(path, _target(name, here))
                            reading.changes.folder_links[path] = target
                    patterns = selector.candidates(path)
                    if patterns or inspected or selector.magics:
                        found = self._found(path, patterns or [], entry, here, reading, selector)
                        if found:
                            yield found
        reading.incomplete.extend(beyond.gaps())

    def _unlisted(self, folder: bytes, error: OSError, reading: LayerReading) -> None:
        """Note that a folder could not be listed; the directory itself must be."""
        if not folder:
            raise SourceUnavailable(
                f"{self.image.ref}: {error.strerror}", "check permissions, or run as root"
            ) from error
        if error.errno != errno.ENOENT:  # it may have gone since its parent was listed
            reading.incomplete.append(Incomplete(shown(folder), error.strerror or "?"))

    def _found(  # noqa: PLR0917 - one entry, where it lies, and all that is asked of it
        self,
        path: bytes,
        patterns: list[Pattern],
        entry: "os.DirEntry[str]",
        folder: int,
        reading: LayerReading,
        selector: Selector,
    ) -> FoundFile | None:
        inspection = reading.inspection
        try:
            if entry.is_symlink():
                if not any(pattern.is_exact for pattern in patterns):
                    return None
                descriptor = self._opened(self._inside(path))
                inspection = None  # it is shown what the link leads to, under its own name
            elif entry.is_file(follow_symlinks=False):
                descriptor = os.open(entry.name, _FILE, dir_fd=folder)
            else:
                return None
            content = self._read(path, descriptor, patterns, selector, reading, inspection)
        except OSError as error:
            # A dangling link and a file that has just gone are simply not there.
            if error.errno not in (errno.ENOENT, errno.ENOTDIR):
                reading.incomplete.append(Incomplete(shown(path), error.strerror or "unreadable"))
            return None
        return None if content is None else FoundFile(path, content)

    def _read(  # noqa: PLR0917 - one file, and all that is asked of it
        self,
        path: bytes,
        descriptor: int,
        patterns: list[Pattern],
        selector: Selector,
        reading: LayerReading,
        inspection: Inspection | None,
    ) -> bytes | None:
        """Return a regular file's content and close it; None when its first bytes are wrong."""
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            return None
        with os.fdopen(descriptor, "rb") as file:
            head = file.peek(_HEAD)[:_HEAD]
            wanted = head.startswith(selector.magics) if selector.magics else False
            content: bytes | None = None
            if wanted or any(head.startswith(pattern.magic) for pattern in patterns):
                limit = self._limits.file_bytes
                if status.st_size <= limit:
                    content = file.read(limit + 1)
                if content is None or len(content) > limit:
                    size = max(status.st_size, len(content or b""))
                    reason = f"{size:,} bytes, more than {limit:,} (file_bytes)"
                    reading.incomplete.append(Incomplete(shown(path), reason))
                    content = None
                    file.seek(0)
            if inspection is not None and inspection.reads_content:
                blocks = _blocks(file, status.st_size) if content is None else iter([content])
                inspection.file(path, stat.S_IMODE(status.st_mode), status.st_size, blocks)
            return content

    def _opened(self, path: bytes) -> int:
        """Open a file folder by folder: a link swapped in since the listing is not followed."""
        *folders, name = path.split(b"/")
        here = os.dup(self._top)
        try:
            for folder in folders:
                above, here = here, os.open(folder, _BELOW, dir_fd=here)
                os.close(above)
            return os.open(name, _FILE, dir_fd=here)
        finally:
            os.close(here)

    def _inside(self, path: bytes) -> bytes:
        """Return where `path` really leads, links resolved with this directory as the root."""
        done: list[bytes] = []
        todo = path.split(b"/")
        for _ in range(_LINKS):
            while todo:
                part = todo.pop(0)
                if part in (b"", b"."):
                    continue
                if part == b"..":
                    done[-1:] = []
                    continue
                here = b"/".join([*done, part])
                try:
                    target = _target(os.path.join(self._root, here))  # noqa: PTH118 - bytes
                except OSError:
                    done.append(part)
                    continue
                todo = resolve(here, target).split(b"/") + todo
                done = []
                break
            else:
                return b"/".join(done)
        return path


class _Trail:
    """The folders on the way to the one that is read, open: the next one is mostly below or near.

    At most `_HELD` are held, the lowest; what lies higher is opened anew when its turn comes.
    """

    def __init__(self, top: int) -> None:
        self._top = top
        self._held: list[tuple[bytes, int]] = []  # path and descriptor, each below the one before

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._let_go(0)

    def opened(self, path: bytes) -> int:
        """Return a folder's descriptor, which is good until the next call.

        Raises:
            OSError: it cannot be opened, or a link stands now in the place of a folder above.
        """
        kept = len(self._held)
        while kept and not path.startswith(self._held[kept - 1][0] + b"/"):
            kept -= 1
        self._let_go(kept)
        above, here = self._held[-1] if self._held else (b"", self._top)
        rest = path[len(above) :].lstrip(b"/")
        for name in rest.split(b"/") if rest else ():
            above = above + b"/" + name if above else name
            here = os.open(name, _BELOW, dir_fd=here)
            self._held.append((above, here))
            if len(self._held) > _HELD:
                os.close(self._held.pop(0)[1])
        return here

    def _let_go(self, start: int) -> None:
        for _, descriptor in self._held[start:]:
            os.close(descriptor)
        del self._held[start:]


class _Beyond:
    """Folders too deep to be looked into: one gap for each folder at the top that holds some."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._found: dict[tuple[bytes, str], tuple[bytes, int]] = {}

    def notes(self, path: bytes, depth: int) -> bool:
        """Tell whether a folder is too deep, and note it."""
        if depth > self._depth:
            reason = f"nested deeper than {self._depth:,} folders (depth)"
        elif len(path) > _PATH_BYTES:
            reason = f"a path longer than {_PATH_BYTES:,} bytes"
        else:
            return False
        place = (path.partition(b"/")[0], reason)
        first, count = self._found.get(place, (path, 0))
        self._found[place] = (first, count + 1)
        return True

    def gaps(self) -> Iterator[Incomplete]:
        """Yield what is to be said."""
        for (top, reason), (first, count) in self._found.items():
            which = f"{count:,} folders below /{shown(top)}" if count > 1 else "a folder"
            yield Incomplete(_cut(first), f"{which} not looked into: {reason}")


def _cut(path: bytes) -> str:
    """Return a path as text, of a long one the folders at its beginning."""
    if len(path) <= _SHOWN:
        return shown(path)
    return shown(path[: path.rfind(b"/", 0, _SHOWN) + 1] or path[:_SHOWN]) + "…"


def _blocks(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield a file's content, and no more of it than it had: somebody may be writing to it."""
    while size > 0 and (block := file.read(min(size, _BLOCK))):
        size -= len(block)
        yield block


def _hand_on(
    inspection: Inspection,
    changes: Changes,
    below: bytes,
    entries: Sequence[tuple[bytes, "os.DirEntry[str]"]],
) -> None:
    """Show the names in one folder, some at a time: whole paths of millions would fill memory."""
    for start in range(0, len(entries), _NAMES):
        names: list[bytes] = []
        for name, entry in entries[start : start + _NAMES]:
            with suppress(OSError):  # a gap when its turn comes
                if not _is_folder(entry):
                    names.append(below + name)
        changes.names.extend(map(hash, names))
        inspection.names(names)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    return entry.is_dir(follow_symlinks=False)


def _target(link: bytes, folder: int | None = None) -> bytes:
    return os.readlink(link, dir_fd=folder)


def _engine_storage(path: bytes) -> str:
    return "container engine storage" if path in _ENGINE_STORAGE else ""


def _pseudo_mounts(root: bytes) -> dict[bytes, str]:
    """Return the mounts below `root` that hold no files of their own: path from root → type."""
    prefix = root.rstrip(b"/") + b"/"
    found: dict[bytes, str] = {}
    try:
        lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        return found
    for line in lines:
        fields = line.split(b" ")
        try:
            kind = os.fsdecode(fields[fields.index(b"-", 6) + 1])
        except (ValueError, IndexError):
            continue
        # The kernel writes space, tab, newline and backslash as three octal digits.
        place = fields[4].decode("unicode_escape").encode("latin-1")
        if kind in _PSEUDO and place.startswith(prefix):
            found[place[len(prefix) :]] = kind
    return found
