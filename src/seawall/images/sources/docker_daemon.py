"""``docker:NAME``: an image of a Docker daemon.

The daemon writes the image as an archive, which is read as it arrives.

To write an archive the daemon packs every layer, so it is not asked for one where all layers are
known. Which layers an image has, and its history to the letter, stand in its configuration alone.
The API does not give that, but a daemon on this machine keeps it in a file named by its digest,
which is the image's id (moby, ``image/fs.go``).
"""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from seawall.errors import CorruptImage, ImageError, UnknownTarget
from seawall.images.blobs import MappedFile
from seawall.images.limits import Limits
from seawall.images.selection import Selector
from seawall.images.sources.archive import StreamedArchive, check_document
from seawall.images.sources.contract import Inspect, LayerReading, OpenImage
from seawall.images.sources.docker_api import Daemon, connected
from seawall.images.sources.manifest import Resolution, digest_of, image_of, resolve_docker
from seawall.model import Image, ImageRef

_ID = re.compile(r"sha256:([0-9a-f]{64})")
_DRIVER = re.compile(r"[a-z0-9-]+")


@contextmanager
def open_docker_image(ref: ImageRef, limits: Limits) -> Iterator[OpenImage]:
    """Open an image by name, id or digest; the stream ends with the ``with`` block."""
    with connected(ref) as daemon:
        name = quote(ref.place, safe="/:@", errors="surrogateescape")
        found = daemon.document(f"/images/{name}/json", ref)
        # By id, so that a tag which moves between the two requests cannot change the answer.
        image_id = str(found.get("Id") or ref.place)
        tags = [tag for tag in found.get("RepoTags") or [] if isinstance(tag, str)]
        others = repository_digests(found)
        archive = saved(daemon, ref, limits, image_id, tuple(tags), others=others)
        config = _configuration(daemon, ref, image_id)
        if config is None:
            yield archive
        else:
            image = image_of(ref, config, image_id, tags, limits)
            yield SavedImage(replace(image, other_digests=others), archive)


class SavedImage:
    """An image that is known beforehand; of the daemon are only layers wanted, if at all."""

    def __init__(self, image: Image, archive: StreamedArchive) -> None:
        self.notes: list[str] = []
        self.image = image
        self.diff_ids = tuple(layer.diff_id for layer in image.layers)
        self._archive = archive

    def layers(
        self,
        selector: Selector,
        inspect: Inspect | None = None,
        known: Collection[str] = frozenset(),
    ) -> Iterator[LayerReading]:
        """Yield each distinct layer once, known or not; but none where all are known."""
        if set(self.diff_ids) <= set(known):
            return
        yield from self._archive.layers(selector, inspect, known)
        if tuple(layer.diff_id for layer in self._archive.image.layers) != self.diff_ids:
            raise CorruptImage(f"{self.image.ref}: the daemon saves other layers than it lists")


def _configuration(daemon: Daemon, ref: ImageRef, image_id: str) -> bytes | None:
    """Return an image's configuration as the daemon keeps it; None where we cannot read it there.

    It is the one that the archive has, or none: it is compared with the id, its digest.
    """
    found = _ID.fullmatch(image_id)
    if not found or not daemon.is_local:
        return None
    try:
        info = daemon.document("/info", ref)
        root, driver = str(info.get("DockerRootDir") or ""), str(info.get("Driver") or "")
        if not root.startswith("/") or not _DRIVER.fullmatch(driver):
            return None
        path = Path(root, "image", driver, "imagedb/content/sha256", found[1])
        with MappedFile(path, str(ref)) as file:
            check_document(ref, path.name, file.size)
            raw = file.data[: file.size]
    except (ImageError, UnknownTarget, ValueError):  # not ours to read, elsewhere, or no path
        return None
    return raw if digest_of(raw) == image_id else None


def repository_digests(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the digests by which registries have an image: of what was pulled or pushed.

    ``RepoDigests`` has them as ``NAME@DIGEST``: of the manifest, or of the index that was pulled.
    """
    listed = found.get("RepoDigests")
    texts = [text for text in listed if isinstance(text, str)] if isinstance(listed, list) else []
    digests = [text.rpartition("@")[2] for text in texts]
    return tuple(dict.fromkeys(digest for digest in digests if _ID.fullmatch(digest)))


def saved(
    daemon: Daemon,
    ref: ImageRef,
    limits: Limits,
    image_id: str,
    tags: tuple[str, ...],
    *,
    others: tuple[str, ...] = (),
) -> StreamedArchive:
    """Return the archive that a daemon makes of an image, as it arrives.

    `tags` and `others` are the names and digests that the daemon has for it.
    """
    archive = f"/images/get?names={quote(image_id, safe=':', errors='surrogateescape')}"

    def tagged(resolution: Resolution) -> Resolution:
        """Restore the names: an archive made by id has none, and digests of its own making."""
        image = replace(resolution.image, tags=tags, other_digests=others)
        return replace(resolution, image=image)

    return StreamedArchive(
        lambda: daemon.stream(archive, ref),
        ref,
        limits,
        lambda read: tagged(resolve_docker(read, ref, "", limits)),
    )


def image_names() -> list[str]:
    """Return the names of the images that a running daemon has, newest first.

    Raises:
        SourceUnavailable: no daemon answers.
    """
    ref = ImageRef("docker", "*")
    with connected(ref) as daemon:
        images = daemon.documents("/images/json", ref)
    images.sort(key=lambda image: int(image.get("Created") or 0), reverse=True)
    return [
        tag
        for image in images
        for tag in image.get("RepoTags") or []
        if isinstance(tag, str) and "<none>" not in tag
    ]
