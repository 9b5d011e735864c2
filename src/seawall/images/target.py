"""From what a person writes to a source and a place in it."""

from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from seawall.errors import NotAnImage, UnknownTarget, UsageError
from seawall.images import compression
from seawall.images.blobs import MappedFile, looks_like_tar
from seawall.images.file_forms import is_document, no_archive, no_directory
from seawall.images.layers import clean
from seawall.images.limits import Budget, Limits
from seawall.images.platforms import Platform
from seawall.images.sources import SOURCES, OpenImage
from seawall.images.sources.archive import exists
from seawall.images.stream import ChunkStream, MappedStream
from seawall.images.tar import TarReader
from seawall.model import ImageRef

_SBOM = "sbom"  # a target that is no image: `seawall.inventory.sbom.reading` reads it
_PATHS = ("dir", _SBOM)
_PATHS_WITH_NAMES = ("docker-archive", "oci-archive", "oci-dir")
_FOLDERS = ("dir", "oci-dir")
_WITH_PLATFORMS = ("registry", "oci-archive", "oci-dir")  # others hold one image, or a daemon's
_FILE_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".json")


def parse_target(text: str, platform: str = "") -> ImageRef:
    """Return the source and place that `text` names, and the `platform` to choose there.

    With a prefix (``docker:``, ``oci-dir:``, …) it is taken by its word. Without one, an existing
    directory or file is recognised by its content, and anything else is an image of the Docker
    daemon. A bill of materials (``sbom:``) is a target, but no image: `open_image` refuses it.

    Raises:
        UnknownTarget: nothing behind the prefix, or a path where nothing is, with a prefix or not.
        UsageError: `platform` is none, or there are none to choose from in that source.
        ImageError: a file that is no image's archive, or cannot be read.
    """
    ref = _source_and_place(text)
    if not platform:
        return ref
    if ref.source not in _WITH_PLATFORMS:
        listed = ", ".join(f"{source}:" for source in _WITH_PLATFORMS)
        raise UsageError(f"--platform: {ref} has no platforms to choose from", f"{listed} have")
    return replace(ref, platform=str(Platform.parse(platform)))


def _source_and_place(text: str) -> ImageRef:
    source, colon, place = text.partition(":")
    if colon and (source in SOURCES or source == _SBOM):
        if not place:
            raise UnknownTarget(f"{text}: nothing after the prefix")
        if (source in _PATHS or source in _PATHS_WITH_NAMES) and not _is_there(source, place):
            raise _nothing_at(text)
        if source in _FOLDERS and not _is_folder(source, place):
            told = no_directory(Path(place), text)
            raise UnknownTarget(str(told), told.hint)
        return ImageRef(source, place)
    path = Path(text)
    if text and exists(path):
        if path.is_dir():
            return ImageRef("oci-dir" if exists(path / "oci-layout") else "dir", text)
        return ImageRef(_archive_kind(path, text), text)
    if not text or text.startswith(("/", ".", "~")) or text != text.strip():
        raise _nothing_at(text) if text else UnknownTarget("the target is empty")
    if text.endswith(_FILE_ENDINGS):
        raise _nothing_at(text)
    return ImageRef("docker", text)


def _is_there(source: str, place: str) -> bool:
    """Tell whether there is something at the path; behind it an archive's image may be named."""
    while not exists(Path(place)):
        place, colon, _ = place.rpartition(":")
        if not colon or source not in _PATHS_WITH_NAMES:
            return False
    return True


def _is_folder(source: str, place: str) -> bool:
    """Tell whether the longest part of `place` that is a path is a folder's."""
    while not exists(Path(place)) and source in _PATHS_WITH_NAMES:
        place = place.rpartition(":")[0]
    return Path(place).is_dir()


def _nothing_at(text: str) -> UnknownTarget:
    return UnknownTarget(
        f"{text}: no such file or directory", "check the path; an image: docker:NAME"
    )


def open_image(ref: ImageRef, limits: Limits | None = None) -> AbstractContextManager[OpenImage]:
    """Open the image; see `SOURCES` for what each source raises.

    Raises:
        UsageError: it is a bill of materials, which has no files.
    """
    if ref.source == _SBOM:
        raise UsageError(f"{ref}: a bill of materials is no image", "name the image itself")
    return SOURCES[ref.source](ref, limits or Limits())


def _archive_kind(path: Path, text: str) -> str:
    """Tell by its members which kind of archive a file is; Docker's form wins where both are.

    A file of JSON can only be a bill of materials; whether it is one, its reader tells better.
    """
    limits = Limits()
    kind = ""
    with MappedFile(path, text) as file:
        head = file.data[:512] if file.size else b""
        if compression.is_compressed(head):
            chunks = compression.decompressed(file.chunks(0, file.size), head, text, limits.ratio)
            tar = TarReader(ChunkStream(chunks, text), Budget(limits))
        elif not looks_like_tar(head):
            if is_document(head):
                return _SBOM
            raise no_archive(path, text, head)
        else:
            tar = TarReader(MappedStream(file.data, 0, file.size, text), Budget(limits))
        for name, *_ in tar:
            member = clean(name)
            if member == b"manifest.json":
                return "docker-archive"
            if member in (b"oci-layout", b"index.json"):
                kind = "oci-archive"
    if not kind:
        raise NotAnImage(f"{text}: a tar archive, but of no image", "name the source: dir:PATH, …")
    return kind
