"""Read one layer once and keep only what matters of it.

What matters: the files that somebody asked for, and the few facts that decide which files of
lower layers stay visible (OCI image specification, "Applying Changesets"): whiteouts, opaque
folders, and names that now stand for something else.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from seawall.errors import LimitExceeded
from seawall.images.inspection import Inspection
from seawall.images.selection import Pattern, Selector
from seawall.images.tar import Kind, TarReader
from seawall.model import Incomplete

_WHITEOUT = b".wh."
_OPAQUE = b".wh..wh..opq"
_AUFS = b".wh..wh."  # bookkeeping of an old driver, no whiteout
_NO_NAMES = frozenset((b"", b".", b".."))
# Compared once a name.
_DIRECTORY, _SYMLINK, _FILE = int(Kind.DIRECTORY), int(Kind.SYMLINK), int(Kind.FILE)
_HEAD = 8  # first bytes of a file that tell what it is; no magic may be longer
_BATCH = 1 << 13  # names handed on together


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


def read_layer(  # noqa: PLR0917 - one loop over every name, with everything it needs
    tar: TarReader,
    selector: Selector,
    changes: Changes,
    incomplete: list[Incomplete],
    where: str,
    inspection: Inspection | None = None,
) -> Iterator[FoundFile]:
    """Yield the files of a layer that `selector` wants, filling `changes` on the way.

    A wanted file over the limit for one file is added to `incomplete` and not yielded.
    `inspection` is shown every name, and every regular file where it reads content.
    """
    candidates = selector.candidates
    names, endings, folders = selector.names, selector.endings, selector.folders
    batch: list[bytes] = []
    remember = batch.append
    depth = tar.budget.limits.depth
    inspected = inspection is not None and inspection.reads_content
    magics = selector.magics
    shortest = min(map(len, magics), default=0)
    probing = selector.has_probes

    def hand_on() -> None:
        changes.names.extend(map(hash, batch))
        if inspection is not None:
            inspection.names(batch)
        batch.clear()

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
        remember(path)
        if len(batch) >= _BATCH:
            hand_on()
        patterns = (
            candidates(path)
            if last in names or last.rpartition(b".")[2] in endings or folder in folders
            else None
        )
        if inspected and link and inspection is not None:
            is_hard = kind != _SYMLINK
            inspection.link(path, clean(link) if is_hard else link, is_hard)
        if kind == _SYMLINK:
            if not folder or path in selector.above:
                changes.folder_links[path] = resolve(path, link)
            if patterns and any(pattern.is_exact for pattern in patterns):
                yield FoundFile(path, symlink=link)
            continue
        if kind != _FILE:
            if patterns and kind == Kind.HARD_LINK:
                _check_depth(path, depth, where)
                yield FoundFile(path, link=clean(link))
            continue
        if not (patterns or inspected or (magics and size >= shortest)):
            continue
        head = tar.head(_HEAD) if size and not tar.is_sparse else b""
        content: bytes | None = None
        # What a sparse file starts with is known only with its holes filled.
        if (patterns and (tar.is_sparse or not size)) or _is_meant(head, patterns, magics):
            _check_depth(path, depth, where)
            if patterns or not probing or _is_worth(tar, path, selector):
                content = _content(tar, path, incomplete)
            if content is not None and _is_meant(content, patterns, magics):
                yield FoundFile(path, content)
        if inspected and inspection is not None:
            blocks = tar.chunks() if size and content is None else iter((content or b"",))
            inspection.file(path, tar.mode, size, blocks)
    hand_on()


def _is_meant(head: bytes, patterns: list[Pattern] | None, magics: tuple[bytes, ...]) -> bool:
    """Tell whether a file that starts with `head` is wanted, by its name or wherever it is."""
    if magics and head.startswith(magics):
        return True
    return bool(patterns) and any(head.startswith(pattern.magic) for pattern in patterns or ())


def _is_worth(tar: TarReader, path: bytes, selector: Selector) -> bool:
    """Tell whether a file that is wanted for its first bytes has more to say, as far as is seen."""
    view = None if tar.is_sparse else tar.view()
    if view is None:
        return True
    with view:
        return selector.is_worth(shown(path), view)


def _check_depth(path: bytes, depth: int, where: str) -> None:
    if path.count(b"/") > depth:
        raise LimitExceeded(f"{where}: folders nested deeper than {depth} (depth)")


def _content(tar: TarReader, path: bytes, incomplete: list[Incomplete]) -> bytes | None:
    """Return a file's content; None when it is too large."""
    try:
        return tar.content()
    except LimitExceeded as error:
        incomplete.append(Incomplete(shown(path), str(error)))
        return None


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
            for path in _hidden(below, changes):
                del shown_paths[path]
        for path in paths:
            shown_paths[path] = index
    return shown_paths


def hides(changes: Changes, path: bytes) -> bool:
    """Tell whether a layer with these changes hides what a lower layer has at `path`."""
    return bool(_hidden([path], changes))


def _hidden(paths: list[bytes], changes: Changes) -> list[bytes]:
    """Return those of `paths` that a higher layer removes or replaces, or a folder above them.

    Thousands of paths share few folders, so each folder is judged once.
    """
    folders: set[bytes] = set()
    for path in paths:
        folder = path.rpartition(b"/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition(b"/")[0]
    # Asking the long array for a few hashes, not the reverse, keeps memory flat.
    names = {*map(hash, paths), *map(hash, folders)}.intersection(changes.names)
    removed, opaque = changes.removed, changes.opaque
    gone = {b""} if b"" in opaque else set()
    for folder in sorted(folders, key=len):  # what is above comes first
        if (
            folder in removed
            or folder in opaque
            or hash(folder) in names
            or folder.rpartition(b"/")[0] in gone
        ):
            gone.add(folder)
    return [
        path
        for path in paths
        if path in removed
        or path in changes.folders
        or hash(path) in names
        or path.rpartition(b"/")[0] in gone
    ]


def resolve(path: bytes, target: bytes) -> bytes:
    """Return where a symbolic link at `path` leads, inside the image's root whatever it says."""
    if target.startswith(b"/"):
        return clean(target)
    folder = path.rpartition(b"/")[0]
    return clean(folder + b"/" + target)
