"""``dir:PATH``: the files below a directory, as one layer: a root file system, or a part of one.

Symbolic links are never followed out of the directory: an absolute target starts at its root.
What is not the machine's own content is left out and named in the notes: pseudo file systems,
and the storage of container engines, whose images are targets of their own.
"""

import errno
import itertools
import os
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from seawall.errors import LimitExceeded, NotAnImage, SourceUnavailable, UnknownTarget
from seawall.images.inspection import Inspection
from seawall.images.layers import FoundFile, resolve, shown
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
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a FIFO must not block
_HEAD = 8  # first bytes of a file that tell what it is
_BLOCK = 4 << 20
_LINKS = 40  # symbolic links followed for one path, as the kernel does


@contextmanager
def open_directory(ref: ImageRef, limits: Limits) -> Iterator[OpenImage]:
    """Open a directory; it must exist and be readable."""
    root = Path(ref.place)
    try:
        top = os.open(root, _FOLDER)
    except NotADirectoryError as error:
        raise NotAnImage(
            f"{ref}: not a directory", "use docker-archive: or oci-archive:"
        ) from error
    except FileNotFoundError as error:
        raise UnknownTarget(f"{ref}: no such directory", "check the path") from error
    except OSError as error:
        raise SourceUnavailable(
            f"{ref}: {error.strerror}", "check the path, or run as root"
        ) from error
    try:
        yield Directory(root, top, ref, limits)
    finally:
        os.close(top)


class Directory:
    """A directory seen as an image of one layer without a digest."""

    def __init__(self, root: Path, top: int, ref: ImageRef, limits: Limits) -> None:
        self.notes: list[str] = []
        self.digest = ""  # it has none
        self.diff_ids: tuple[str, ...] = ()
        self.image = Image(ref=ref, digest="", layers=(Layer(""),))
        self._root = os.path.realpath(os.fsencode(root))
        self._top = top  # the root's descriptor: files are opened from there
        self._limits = limits

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
        folders: list[tuple[bytes, int]] = [(b"", 0)]
        while folders:
            folder, depth = folders.pop()
            if depth > self._limits.depth:
                raise LimitExceeded(
                    f"{self.image.ref}: folders nested deeper than {self._limits.depth} (depth)"
                )
            try:
                with os.scandir(os.path.join(self._root, folder)) as scan:  # noqa: PTH118 - bytes
                    # One more than allowed is enough to refuse a folder of millions.
                    some = itertools.islice(scan, self._limits.entries + 1)
                    entries = sorted(some, key=lambda entry: entry.name)
            except OSError as error:
                if not folder:
                    raise SourceUnavailable(
                        f"{self.image.ref}: {error.strerror}", "check permissions, or run as root"
                    ) from error
                if error.errno != errno.ENOENT:  # it may have gone since its parent was listed
                    reading.incomplete.append(Incomplete(shown(folder), error.strerror or "?"))
                continue
            budget.spend_entries(len(entries), str(self.image.ref))
            below = folder + b"/" if folder else b""
            if inspection is not None:
                names = [below + e.name for e in entries if not e.is_dir(follow_symlinks=False)]
                inspection.names(names)
            for entry in entries:
                path = below + entry.name
                if entry.is_dir(follow_symlinks=False):
                    left_out = mounts.get(path) or _engine_storage(path)
                    if left_out:
                        self.notes.append(f"left out /{shown(path)} ({left_out})")
                    else:
                        folders.append((path, depth + 1))
                    continue
                if inspected and inspection is not None and entry.is_symlink():
                    with suppress(OSError):
                        inspection.link(path, _target(entry.path), is_hard=False)
                if (not below or path in selector.above) and entry.is_symlink():
                    with suppress(OSError):  # it may have been replaced since it was listed
                        target = resolve(path, _target(entry.path))
                        reading.changes.folder_links[path] = target
                patterns = selector.candidates(path)
                if patterns or inspected or selector.magics:
                    found = self._found(path, patterns or [], entry, reading, selector)
                    if found:
                        yield found

    def _found(
        self,
        path: bytes,
        patterns: list[Pattern],
        entry: "os.DirEntry[bytes]",
        reading: LayerReading,
        selector: Selector,
    ) -> FoundFile | None:
        place = path
        inspection = reading.inspection
        if entry.is_symlink():
            if not any(pattern.is_exact for pattern in patterns):
                return None
            place = self._inside(path)
            inspection = None  # it is shown what the link leads to, under its own name
        elif not entry.is_file(follow_symlinks=False):
            return None
        try:
            content = self._read(path, place, patterns, selector, reading, inspection)
        except OSError as error:
            # A dangling link and a file that has just gone are simply not there.
            if error.errno not in (errno.ENOENT, errno.ENOTDIR):
                reading.incomplete.append(Incomplete(shown(path), error.strerror or "unreadable"))
            return None
        return None if content is None else FoundFile(path, content)

    def _read(  # noqa: PLR0917 - one file, and all that is asked of it
        self,
        path: bytes,
        place: bytes,
        patterns: list[Pattern],
        selector: Selector,
        reading: LayerReading,
        inspection: Inspection | None,
    ) -> bytes | None:
        """Return a regular file's content; None when its first bytes are wrong."""
        descriptor = self._opened(place)
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
                blocks = (
                    iter(lambda: file.read(_BLOCK), b"") if content is None else iter([content])
                )
                inspection.file(path, stat.S_IMODE(status.st_mode), status.st_size, blocks)
            return content

    def _opened(self, path: bytes) -> int:
        """Open a file folder by folder: a link swapped in since the listing is not followed."""
        *folders, name = path.split(b"/")
        here = os.dup(self._top)
        try:
            for folder in folders:
                above, here = here, os.open(folder, _FOLDER | os.O_NOFOLLOW, dir_fd=here)
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


def _target(link: bytes) -> bytes:
    return os.readlink(link)  # noqa: PTH115 - bytes


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
