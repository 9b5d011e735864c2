"""Read one layer once and keep only what matters of it.

What matters: the files that somebody asked for, and the few facts that decide which files of
lower layers stay visible (OCI image specification, "Applying Changesets"): whiteouts, opaque
folders, and names that now stand for something else.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from seawall.errors import LimitExceeded
from seawall.images.selection import Selector
from seawall.images.tar import Kind, TarReader
from seawall.model import Incomplete

_WHITEOUT = b".wh."
_OPAQUE = b".wh..wh..opq"
_AUFS = b".wh..wh."  # bookkeeping of an old driver, no whiteout
_NO_NAMES = frozenset((b"", b".", b".."))
_DIRECTORY, _SYMLINK = int(Kind.DIRECTORY), int(Kind.SYMLINK)  # compared once a name


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that was asked for: its path from the root, and either content or where it points.

    Exactly one of `content`, `link` (same file as that path, in this layer or below) and
    `symlink` (as stored) is set.
    """

    path: bytes
    content: bytes | None = None
    link: bytes | None = None
    symlink: bytes | None = None


@dataclass(slots=True)
class Changes:
    """What a layer does to those below it."""

    removed: set[bytes] = field(default_factory=set)  # whiteouts: these and all below them
    opaque: set[bytes] = field(default_factory=set)  # folders whose lower content is gone
    folders: set[bytes] = field(default_factory=set)  # wanted names that are folders here
    # One 64-bit hash for each name that is no folder: such a name hides a lower folder of the
    # same name. 8 bytes an entry instead of an object; Python's hash is keyed for each process,
    # so nobody can prepare a collision.
    names: "array[int]" = field(default_factory=lambda: array("q"))
    # Links that stand where folders usually are, at the root or above a place that is opened by
    # its very path: bin → usr/bin. Targets are paths from the root.
    folder_links: dict[bytes, bytes] = field(default_factory=dict)


def clean(name: bytes) -> bytes:
    """Return `name` as a path from the root: no leading slash, no ``.``, no way above the root."""
    parts: list[bytes] = []
    for part in name.split(b"/"):
        if part == b"..":
            if parts:
                parts.pop()
        elif part and part != b".":
            parts.append(part)
    return b"/".join(parts)


def read_layer(
    tar: TarReader, selector: Selector, changes: Changes, incomplete: list[Incomplete], where: str
) -> Iterator[FoundFile]:
    """Yield the files of a layer that `selector` wants, filling `changes` on the way.

    A wanted file over the limit for one file is added to `incomplete` and not yielded.
    """
    candidates = selector.candidates
    names, endings, folders = selector.names, selector.endings, selector.folders
    remember = changes.names.append
    depth = tar.budget.limits.depth
    # This loop sees every name of the image: it rules out the many before it asks about the few,
    # and cleans a folder's name once, as what is in one folder mostly stands together.
    stored_folder: bytes | None = None
    folder = below = b""
    for name, kind, size, link in tar:
        if kind == _DIRECTORY:
            path = clean(name)
            if _is_whiteout(path) and _note_whiteout(path, changes):
                continue
            # Docker makes a plain folder of it, so what lower layers have below shows again.
            changes.removed.discard(path)
            if candidates(path):
                changes.folders.add(path)  # hides a file of that name, not what is below it
            continue
        stored, _, last = name.rpartition(b"/")
        if stored != stored_folder:
            stored_folder, folder = stored, clean(stored)
            below = folder + b"/" if folder else b""
        if last in _NO_NAMES:
            path = clean(name)
            folder, _, last = path.rpartition(b"/")
            stored_folder = None  # `below` no longer fits it
        else:
            path = below + last
        if last[:4] == _WHITEOUT and _note_whiteout(path, changes):
            continue
        remember(hash(path))
        patterns = (
            candidates(path)
            if last in names or last.rpartition(b".")[2] in endings or folder in folders
            else None
        )
        if kind == _SYMLINK:
            if not folder or path in selector.above:
                changes.folder_links[path] = resolve(path, link)
            if patterns and any(pattern.is_exact for pattern in patterns):
                yield FoundFile(path, symlink=link)
            continue
        if not patterns:
            continue
        if path.count(b"/") > depth:
            raise LimitExceeded(f"{where}: folders nested deeper than {depth} (depth)")
        if kind == Kind.HARD_LINK:
            yield FoundFile(path, link=clean(link))
        elif kind == Kind.FILE:
            content = _content(tar, path, [p.magic for p in patterns], size, incomplete)
            if content is not None:
                yield FoundFile(path, content)


def _content(
    tar: TarReader, path: bytes, magics: list[bytes], size: int, incomplete: list[Incomplete]
) -> bytes | None:
    """Return a file's content, or None when its first bytes are wrong or it is too large."""
    prefix = b""
    if all(magics) and not tar.is_sparse:
        longest = max(len(magic) for magic in magics)
        prefix = tar.peek(longest) if size else b""
        if not any(prefix.startswith(magic) for magic in magics):
            return None
    try:
        content = tar.content(prefix)
    except LimitExceeded as error:
        incomplete.append(Incomplete(shown(path), str(error)))
        return None
    return content if any(content.startswith(magic) for magic in magics) else None


def _is_whiteout(path: bytes) -> bool:
    return path.rpartition(b"/")[2][:4] == _WHITEOUT


def _note_whiteout(path: bytes, changes: Changes) -> bool:
    """Note the whiteout that `path` stands for; False when it is an ordinary name."""
    folder, slash, last = path.rpartition(b"/")
    if not last.startswith(_WHITEOUT):
        return False
    if last == _OPAQUE:
        changes.opaque.add(folder)
    elif not last.startswith(_AUFS) and len(last) > len(_WHITEOUT):
        changes.removed.add(folder + slash + last[len(_WHITEOUT) :])
    return True


def shown(path: bytes) -> str:
    r"""Return a path as text; bytes that are no UTF-8 stand as ``\xNN``."""
    return path.decode("utf-8", "backslashreplace")


def visible(layers: list[tuple[set[bytes], Changes]]) -> dict[bytes, int]:
    """Return which wanted paths the merged file system shows, and the layer each comes from.

    `layers`, lowest first, hold the wanted paths of each layer (of whatever kind) and its changes.
    """
    shown_paths: dict[bytes, int] = {}
    for index, (paths, changes) in enumerate(layers):
        if shown_paths and index:
            below = [path for path in shown_paths if path not in paths]
            # Asking the long array for a few hashes, not the reverse, keeps memory flat.
            ancestors = {hash(folder) for path in below for folder in (path, *_folders(path))}
            hidden_names = ancestors.intersection(changes.names)
            for path in below:
                if _is_hidden(path, changes, hidden_names):
                    del shown_paths[path]
        for path in paths:
            shown_paths[path] = index
    return shown_paths


def _is_hidden(path: bytes, changes: Changes, names: set[int]) -> bool:
    """Tell whether a higher layer removes `path`, replaces it, or does so with a folder above."""
    if path in changes.removed or path in changes.folders or hash(path) in names:
        return True
    if b"" in changes.opaque:
        return True
    return any(
        folder in changes.removed or folder in changes.opaque or hash(folder) in names
        for folder in _folders(path)
    )


def _folders(path: bytes) -> Iterator[bytes]:
    """Yield the folders above `path`, nearest first, without the root."""
    end = path.rfind(b"/")
    while end > 0:
        yield path[:end]
        end = path.rfind(b"/", 0, end)


def resolve(path: bytes, target: bytes) -> bytes:
    """Return where a symbolic link at `path` leads, inside the image's root whatever it says."""
    if target.startswith(b"/"):
        return clean(target)
    folder = path.rpartition(b"/")[0]
    return clean(folder + b"/" + target)
