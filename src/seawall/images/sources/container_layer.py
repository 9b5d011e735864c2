"""What a container changed, as one more layer: a tar stream with OCI whiteouts.

Two ways to it. `of_upper_folder` reads the folder in which the kernel's overlay file system keeps
what was written (Documentation/filesystems/overlayfs.rst): it misses nothing. `of_export` picks
from the daemon's export of the whole file system what the daemon says has changed: it works from
anywhere, but the daemon compares sizes and times, not content.
"""

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from seawall.errors import CorruptImage, LimitExceeded, SourceUnavailable
from seawall.images.layers import clean, shown
from seawall.images.limits import Budget, Limits
from seawall.images.stream import ChunkStream
from seawall.images.tar import BLOCK, Kind, TarReader
from seawall.model import Incomplete

DELETED = 2  # as the daemon's API numbers changes; 0 is modified, 1 added

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a FIFO must not block
_PIECE = 1 << 20
_WHITEOUT = b".wh."
_OPAQUE = b".wh..wh..opq"
_END = bytes(2 * BLOCK)
_SYS_ADMIN = 21  # the capability's number, linux/capability.h
_ODD_NAME = "a name that in an image means a deletion; it was not looked into"


def opened_upper_folder(path: str) -> int | None:
    """Return a descriptor of an overlay's upper folder; None where we cannot read all of it.

    Without CAP_SYS_ADMIN over the whole machine the kernel hides the attributes that mark replaced
    folders, and says nothing.
    """
    try:
        status = Path("/proc/self/status").read_text("ascii", "replace")
        users = Path("/proc/self/uid_map").read_text("ascii").split()
        effective = int(status.partition("CapEff:")[2].split()[0], 16)
        if not effective >> _SYS_ADMIN & 1 or users != ["0", "0", "4294967295"]:
            return None
        return os.open(path, _FOLDER)
    except (OSError, ValueError, IndexError):
        return None


def of_upper_folder(
    top: int, where: str, limits: Limits, gaps: list[Incomplete]
) -> Iterator[bytes]:
    """Yield the layer in an overlay's upper folder, which `top` has open.

    The container may be running and hostile: folders are opened one by one from `top`, no link is
    followed. What cannot be read is added to `gaps`.

    Raises:
        LimitExceeded: deeper or of more entries than the limits allow.
        SourceUnavailable: the folder is gone.
    """
    budget = Budget(limits)
    folders = [b""]
    while folders:
        folder = folders.pop()
        if folder.count(b"/") > limits.depth:
            raise LimitExceeded(f"{where}: folders nested deeper than {limits.depth} (depth)")
        try:
            here = _opened_folder(top, folder)
        except OSError as error:
            _note(folder, error, gaps)
            continue
        try:
            yield from _folder(here, folder, folders, budget, where, gaps)
        except OSError as error:
            _note(folder, error, gaps)
        finally:
            os.close(here)
    if os.fstat(top).st_nlink == 0:
        raise SourceUnavailable(f"{where}: removed while it was read", "see   docker ps --all")
    yield _END


def _folder(  # noqa: PLR0917 - one folder, and all it adds to
    here: int,
    folder: bytes,
    folders: list[bytes],
    budget: Budget,
    where: str,
    gaps: list[Incomplete],
) -> Iterator[bytes]:
    below = folder + b"/" if folder else b""
    if folder:
        yield _entry(folder, Kind.DIRECTORY)
    if _attribute(here, "opaque") == b"y":
        yield _entry(below + _OPAQUE, Kind.FILE)
    if _attribute(here, "redirect"):
        gaps.append(Incomplete(shown(folder), "a renamed folder whose content is in the image"))
    with os.scandir(here) as scan:
        for entry in scan:
            budget.spend_entries(1, where)
            name = os.fsencode(entry.name)
            path = below + name
            try:
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:
                    yield _entry(below + _WHITEOUT + name, Kind.FILE)
                elif name.startswith(_WHITEOUT):
                    gaps.append(Incomplete(shown(path), _ODD_NAME))
                elif stat.S_ISDIR(status.st_mode):
                    folders.append(path)
                elif stat.S_ISLNK(status.st_mode):
                    target = os.fsencode(os.readlink(entry.name, dir_fd=here))
                    yield _entry(path, Kind.SYMLINK, link=target)
                elif stat.S_ISREG(status.st_mode):
                    yield from _file(here, path, gaps)
                else:
                    yield _entry(path, Kind.FIFO)  # a device or socket: only its name counts
            except OSError as error:
                _note(path, error, gaps)


def _file(here: int, path: bytes, gaps: list[Incomplete]) -> Iterator[bytes]:
    """Yield a file's entry and content, of the size it has at first: it may change meanwhile."""
    descriptor = os.open(path.rpartition(b"/")[2], _FILE, dir_fd=here)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return
        if _attribute(descriptor, "metacopy") is not None:
            gaps.append(Incomplete(shown(path), "only its attributes are in the container's layer"))
            return
        left = status.st_size
        yield _entry(path, Kind.FILE, left, mode=stat.S_IMODE(status.st_mode))
        padding = -left % BLOCK
        while left:
            piece = file.read(min(left, _PIECE)) or bytes(min(left, _PIECE))  # it has shrunk
            left -= len(piece)
            yield piece
        yield bytes(padding)


def _opened_folder(top: int, path: bytes) -> int:
    here = os.dup(top)
    try:
        for part in path.split(b"/") if path else []:
            above, here = here, os.open(part, _FOLDER, dir_fd=here)
            os.close(above)
    except OSError:
        os.close(here)
        raise
    return here


def _attribute(descriptor: int, name: str) -> bytes | None:
    try:
        return os.getxattr(descriptor, f"trusted.overlay.{name}")
    except OSError:
        return None


def _note(path: bytes, error: OSError, gaps: list[Incomplete]) -> None:
    """Add what could not be read to the gaps, but for what has gone since it was listed."""
    if error.errno != errno.ENOENT:
        gaps.append(Incomplete(shown(path), error.strerror or "unreadable"))


def of_export(
    chunks: Iterator[bytes],
    changes: Mapping[bytes, int] | None,
    where: str,
    limits: Limits,
    gaps: list[Incomplete],
) -> Iterator[bytes]:
    """Yield the layer that is in an export: what `changes` (path → kind) lists; all without them.

    Raises:
        CorruptImage: the export is truncated or malformed.
        LimitExceeded: more entries than the limits allow.
    """
    missing = set(changes or ())
    tar = TarReader(ChunkStream(chunks, where), Budget(limits))
    for name, kind, size, link in tar:
        path = clean(name)
        if changes is not None and path not in changes and _is_utf8(path):
            continue  # a name that is not UTF-8 reaches us distorted in the list of changes
        if changes is None or changes.get(path) != DELETED:
            missing.discard(path)
        if not path:
            continue
        if any(part.startswith(_WHITEOUT) for part in path.split(b"/")):
            gaps.append(Incomplete(shown(path), _ODD_NAME))
            continue
        if tar.is_sparse:
            raise CorruptImage(f"{where}: {shown(path)} is stored as a sparse file")
        target = clean(link) if kind == Kind.HARD_LINK else link
        yield _entry(path, kind, size if kind == Kind.FILE else 0, target, tar.mode)
        if kind == Kind.FILE:
            yield from tar.chunks()
            yield bytes(-size % BLOCK)
    # Last, so that a folder that was removed and made again hides what lower layers had in it.
    # What has gone since the list was made is as good as deleted.
    for path in sorted(missing - {b""}):
        folder, slash, last = path.rpartition(b"/")
        if not last.startswith(_WHITEOUT):
            yield _entry(folder + slash + _WHITEOUT + last, Kind.FILE)
    yield _END


def _is_utf8(path: bytes) -> bool:
    try:
        path.decode()
    except UnicodeDecodeError:
        return False
    return True


def _entry(path: bytes, kind: int, size: int = 0, link: bytes = b"", mode: int = 0) -> bytes:
    """Return the header of one entry, in GNU's format: names may be long and of any bytes."""
    import tarfile  # noqa: PLC0415 - images need only the reader, which is our own

    made = tarfile.TarInfo(os.fsdecode(path))
    made.type, made.size, made.mode = bytes((kind,)), size, mode
    made.linkname = os.fsdecode(link)
    return made.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
