"""``container:NAME``: the file system of a container of the Docker daemon, running or not.

The layers are those of its image, and one more without a diff-id: what was added, changed and
deleted since the container was made. What is mounted into it (volumes, folders of the host) belongs
to others and is left out.
"""

import json
import os
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from seawall.errors import SourceUnavailable, UnknownTarget
from seawall.images.blobs import Layers
from seawall.images.layers import FoundFile, clean
from seawall.images.limits import Budget, Limits
from seawall.images.selection import Selector
from seawall.images.sources.container_layer import of_export, of_upper_folder, opened_upper_folder
from seawall.images.sources.contract import Inspect, LayerReading, OpenImage
from seawall.images.sources.docker_api import Daemon, connected
from seawall.images.sources.docker_daemon import SavedImage, saved
from seawall.images.sources.manifest import image_of
from seawall.model import Image, ImageRef, Incomplete, Layer

_OWN_LAYER = "changed since the container started"
_SETTINGS_ONLY = frozenset(
    (
        *("ARG", "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER"),
        *("ONBUILD", "SHELL", "STOPSIGNAL", "USER", "VOLUME"),
    )
)


@contextmanager
def open_container(ref: ImageRef, limits: Limits) -> Iterator[OpenImage]:
    """Open a container by name or id; it goes on running as it does."""
    with ExitStack() as held:
        daemon = held.enter_context(connected(ref))
        name = quote(ref.place, safe="", errors="surrogateescape")
        found = daemon.document(f"/containers/{name}/json", ref)
        upper = _upper_folder(daemon, ref, found)
        if upper is not None:
            held.callback(os.close, upper)
        yield Container(daemon, ref, limits, found, upper)


class Container:
    """A container, seen as its image and one more layer."""

    def __init__(
        self,
        daemon: Daemon,
        ref: ImageRef,
        limits: Limits,
        found: dict[str, Any],
        upper: int | None,
    ) -> None:
        self._daemon, self._ref, self._limits, self._upper = daemon, ref, limits, upper
        self._path = f"/containers/{quote(str(found.get('Id') or ref.place), safe='')}"
        self.notes = list(_notes(found))
        if upper is None:
            self.notes.append(
                "changes are those that the daemon lists: a file rewritten with its old size and "
                "time is not among them"
            )
        self._base: SavedImage | None = None
        self.diff_ids: tuple[str, ...] = ()
        try:
            self._base = _base(daemon, ref, limits, str(found.get("Image") or ""))
        except UnknownTarget:
            self.notes.append("its image is gone: all files count as the container's own")
            self.image = Image(ref, "", (Layer("", "the whole file system"),), os="linux")
        else:
            base = self._base.image
            self.image = replace(base, layers=(*base.layers, Layer("", _OWN_LAYER)))
            self.diff_ids = self._base.diff_ids

    def layers(
        self,
        selector: Selector,
        inspect: Inspect | None = None,
        known: Collection[str] = frozenset(),
    ) -> Iterator[LayerReading]:
        """Yield the image's layers, unless all are known, and then the container's own."""
        if self._base is not None:
            yield from self._base.layers(selector, inspect, known)
        layers = Layers(selector, Budget(self._limits), inspect)
        gaps: list[Incomplete] = []
        reading = layers.chunked(self._own_layer(gaps), b"", f"{self._ref}: its own layer")
        reading.files = _nameless(reading, reading.files, gaps)
        yield reading
        with self._going_away():
            self._daemon.document(f"{self._path}/json", self._ref)

    def _own_layer(self, gaps: list[Incomplete]) -> Iterator[bytes]:
        where = f"{self._ref}: its own layer"
        with self._going_away():
            if self._base is not None and self._upper is not None:
                yield from of_upper_folder(self._upper, where, self._limits, gaps)
                return
            changes = self._changes() if self._base is not None else None
            if changes == {}:
                yield from of_export(iter(()), changes, where, self._limits, gaps)
                return
            export = self._daemon.stream(f"{self._path}/export", self._ref)
            yield from of_export(export, changes, where, self._limits, gaps)
            for _ in export:
                pass  # what follows the archive's end must not meet the next request

    def _changes(self) -> dict[bytes, int]:
        listed = self._daemon.documents(f"{self._path}/changes", self._ref)
        return {
            clean(str(change.get("Path", "")).encode("utf-8", "surrogateescape")): kind
            for change in listed
            if isinstance(kind := change.get("Kind"), int)
        }

    @contextmanager
    def _going_away(self) -> Iterator[None]:
        """Say so when a container that was there is gone."""
        try:
            yield
        except UnknownTarget as error:
            raise SourceUnavailable(
                f"{self._ref}: removed while it was read", "see   docker ps --all"
            ) from error


def _nameless(
    reading: LayerReading, files: Iterator[FoundFile], gaps: list[Incomplete]
) -> Iterator[FoundFile]:
    """Yield the files; the layer then has no digest, as the next reading would find another."""
    yield from files
    reading.diff_id = ""
    reading.incomplete.extend(gaps)


def _upper_folder(daemon: Daemon, ref: ImageRef, found: dict[str, Any]) -> int | None:
    """Return the open folder with the container's changes, where we may read it ourselves.

    Only that of a daemon on this machine, and only where the daemon itself takes the folder's
    content for the difference: some options of overlayfs leave half of it in lower layers.
    """
    driver = found.get("GraphDriver")
    data = driver.get("Data") if isinstance(driver, dict) else None
    path = data.get("UpperDir") if isinstance(data, dict) else None
    if not isinstance(path, str) or not path.startswith("/") or not daemon.is_local:
        return None
    status = daemon.document("/info", ref).get("DriverStatus")
    pairs = [pair for pair in status if isinstance(pair, list)] if isinstance(status, list) else []
    if ["Native Overlay Diff", "true"] not in pairs or ["userxattr", "true"] in pairs:
        return None
    return opened_upper_folder(path)


def _notes(found: dict[str, Any]) -> Iterator[str]:
    """Yield what a person should know: what it is, and what is mounted and so left out."""
    state, config = found.get("State"), found.get("Config")
    status = state.get("Status") if isinstance(state, dict) else ""
    image = config.get("Image") if isinstance(config, dict) else ""
    name = str(found.get("Name") or "").lstrip("/")
    yield f"container {name} ({status}), made from {image} ({found.get('Image')})"
    mounts, host = found.get("Mounts"), found.get("HostConfig")
    for mount in mounts if isinstance(mounts, list) else []:
        if isinstance(mount, dict):
            what = mount.get("Name") or mount.get("Source") or ""
            kind = f"{mount.get('Type')} {what}".strip()
            yield f"left out {mount.get('Destination')} ({kind})"
    scratch = host.get("Tmpfs") if isinstance(host, dict) else None
    for place in scratch if isinstance(scratch, dict) else ():
        yield f"left out {place} (tmpfs)"


def _base(daemon: Daemon, ref: ImageRef, limits: Limits, image_id: str) -> SavedImage:
    """Return the image that the container was made from.

    The daemon's answers say as much as the configuration does, and need no archive.
    """
    name = quote(image_id, safe=":")
    found = daemon.document(f"/images/{name}/json", ref)
    history = daemon.documents(f"/images/{name}/history", ref)
    rootfs = found.get("RootFS")
    ids = rootfs.get("Layers") if isinstance(rootfs, dict) else None
    document = {
        "rootfs": {"diff_ids": ids},
        "history": _history(history, len(ids) if isinstance(ids, list) else 0),
        "config": found.get("Config"),
        "os": found.get("Os"),
        "architecture": found.get("Architecture"),
        "created": found.get("Created"),
    }
    tags = [tag for tag in found.get("RepoTags") or [] if isinstance(tag, str)]
    image = image_of(ref, json.dumps(document).encode(), "", tags, limits)
    return SavedImage(image, saved(daemon, ref, limits, image_id, tuple(tags)))


def _history(listed: list[dict[str, Any]], layers: int) -> list[dict[str, Any]]:
    """Return the steps, oldest first, with whether each made a layer.

    The daemon gives sizes instead. A step without size made a layer all the same where it is one
    that may (a ``WORKDIR`` that was there); when that leaves the number of layers open, none is
    told apart, and layers stand without the step that made them.
    """
    steps = [
        {
            "created_by": str(step.get("CreatedBy") or ""),
            "comment": str(step.get("Comment") or ""),
            "empty_layer": not step.get("Size"),
        }
        for step in reversed(listed)
    ]
    may_have = [
        step for step in steps if step["empty_layer"] and not _sets_only(str(step["created_by"]))
    ]
    if len(steps) - sum(bool(step["empty_layer"]) for step in steps) + len(may_have) == layers:
        for step in may_have:
            step["empty_layer"] = False
    return steps


def _sets_only(created_by: str) -> bool:
    """Tell whether a step changes settings alone, as both of Docker's builders write them."""
    instruction = created_by.partition("#(nop)")[2] or created_by
    return instruction.strip().partition(" ")[0] in _SETTINGS_ONLY
