"""``docker:NAME``: an image of a Docker daemon, over its socket (Docker Engine API 1.24 or later).

The daemon writes the image as an archive, which is read as it arrives. Where the daemon is comes
from ``DOCKER_HOST``, as for the docker command; else the usual sockets are tried.

To write an archive the daemon packs every layer, so it is not asked for one where all layers are
known. Which layers an image has, and its history to the letter, stand in its configuration alone.
The API does not give that, but a daemon on this machine keeps it in a file named by its digest,
which is the image's id (moby, ``image/fs.go``).
"""

import http.client
import json
import os
import re
import socket
import ssl
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from seawall.errors import (
    CorruptImage,
    ImageError,
    LimitExceeded,
    SourceUnavailable,
    UnknownTarget,
)
from seawall.images.blobs import MappedFile
from seawall.images.limits import Limits
from seawall.images.selection import Selector
from seawall.images.sources.archive import StreamedArchive, check_document
from seawall.images.sources.contract import Inspect, LayerReading, OpenImage
from seawall.images.sources.manifest import Resolution, digest_of, image_of, resolve_docker
from seawall.model import Image, ImageRef

_TIMEOUT_S = 120  # for one answer; the daemon may be preparing a large image
_CHUNK = 1 << 20
_ANSWER_BYTES = 256 << 20  # a container may have changed a million files
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
        archive = saved(daemon, ref, limits, image_id, tuple(tags))
        config = _configuration(daemon, ref, image_id)
        if config is None:
            yield archive
        else:
            yield SavedImage(image_of(ref, config, image_id, tags, limits), archive)


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


def _configuration(daemon: "Daemon", ref: ImageRef, image_id: str) -> bytes | None:
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


def saved(
    daemon: "Daemon", ref: ImageRef, limits: Limits, image_id: str, tags: tuple[str, ...]
) -> StreamedArchive:
    """Return the archive that a daemon makes of an image, as it arrives."""
    archive = f"/images/get?names={quote(image_id, safe=':', errors='surrogateescape')}"

    def tagged(resolution: Resolution) -> Resolution:
        """Restore the names: an archive made by id has none."""
        return replace(resolution, image=replace(resolution.image, tags=tags))

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


class Daemon:
    """One connection to a Docker daemon."""

    def __init__(self, connection: http.client.HTTPConnection, place: str) -> None:
        self._connection = connection
        self._place = _shown(place)
        self.is_local = place.startswith("unix:")

    def document(self, path: str, ref: ImageRef) -> dict[str, Any]:
        """Return the JSON object at `path`."""
        found = self._json(path, ref)
        if not isinstance(found, dict):
            raise CorruptImage(f"{ref}: {self._place} answers in an unknown form")
        return found

    def documents(self, path: str, ref: ImageRef) -> list[dict[str, Any]]:
        """Return the JSON objects of the list at `path`; Go writes an empty one as null."""
        found = self._json(path, ref) or []
        if not isinstance(found, list):
            raise CorruptImage(f"{ref}: {self._place} answers in an unknown form")
        return [item for item in found if isinstance(item, dict)]

    def stream(self, path: str, ref: ImageRef) -> Iterator[bytes]:
        """Yield the body at `path` as it arrives."""
        response = self._get(path, ref)
        try:
            while chunk := response.read(_CHUNK):
                yield chunk
        except (OSError, http.client.HTTPException) as error:
            raise _stopped(ref, self._place, error) from error

    def _json(self, path: str, ref: ImageRef) -> Any:
        response = self._get(path, ref)
        try:
            raw = response.read(_ANSWER_BYTES + 1)
            if len(raw) > _ANSWER_BYTES:
                raise LimitExceeded(
                    f"{ref}: {self._place} answers with over {_ANSWER_BYTES:,} bytes"
                )
            return json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise CorruptImage(f"{ref}: {self._place} answers in an unknown form") from error
        except (OSError, http.client.HTTPException) as error:
            raise _stopped(ref, self._place, error) from error

    def _get(self, path: str, ref: ImageRef) -> http.client.HTTPResponse:
        try:
            self._connection.request("GET", path, headers={"Host": "docker"})
            response = self._connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise _unreachable(ref, self._place, error) from error
        if response.status == http.HTTPStatus.OK:
            return response
        try:
            message = str(json.loads(response.read()).get("message", ""))
        except (ValueError, AttributeError, OSError, http.client.HTTPException):
            message = response.reason
        if response.status == http.HTTPStatus.NOT_FOUND:
            kind = path.split("/")[1].removesuffix("s")
            raise UnknownTarget(
                f"{ref}: the Docker daemon at {self._place} has no such {kind}",
                "see   docker ps --all"
                if kind == "container"
                else f"docker pull {ref.place}   or see   docker images",
            )
        raise SourceUnavailable(
            f"{ref}: {self._place} answers {response.status}: {message}", "see the daemon's log"
        )


@contextmanager
def connected(ref: ImageRef) -> Iterator[Daemon]:
    """Connect to the daemon that ``DOCKER_HOST`` or the usual places name."""
    host = os.environ.get("DOCKER_HOST") or _usual_socket()
    connection = _connection(host, ref)
    try:
        connection.connect()
    except (OSError, UnicodeError) as error:  # a host name that DNS does not allow
        connection.close()
        raise _unreachable(ref, _shown(host), error) from error
    try:
        yield Daemon(connection, host)
    finally:
        connection.close()


def _connection(host: str, ref: ImageRef) -> http.client.HTTPConnection:
    """Return a connection, not yet open, to what ``DOCKER_HOST`` says."""
    try:
        url = urlsplit(host)
        if url.scheme == "unix":
            return _UnixConnection(url.path)
        if url.scheme in ("tcp", "http", "https") and url.hostname:
            encrypted = url.scheme == "https" or bool(os.environ.get("DOCKER_TLS_VERIFY"))
            return _tcp(url.hostname, url.port, encrypted=encrypted)
    except (ValueError, http.client.InvalidURL):
        pass  # a port that is no number, brackets without an address
    raise SourceUnavailable(
        f"{ref}: DOCKER_HOST={_shown(host)} is of a kind Seawall does not speak",
        "use unix:///path or tcp://host:port, or docker save and docker-archive:",
    )


def _shown(host: str) -> str:
    """Return where a daemon is without user, password and query, which may be secret."""
    if "@" not in host and "?" not in host:
        return host
    from seawall.registry.transport import shown  # noqa: PLC0415 - few need it

    return shown(host) if "://" in host else "…"


def _usual_socket() -> str:
    """Return the first usual socket that exists: the system's, or a rootless daemon's."""
    places = ["/var/run/docker.sock"]
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        places.append(f"{runtime}/docker.sock")
    return "unix://" + next((place for place in places if Path(place).exists()), places[0])


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("docker", timeout=_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _tcp(host: str, port: int | None, *, encrypted: bool) -> http.client.HTTPConnection:
    """Return a connection over TCP, with TLS and the docker command's certificates if asked."""
    if not encrypted:
        return http.client.HTTPConnection(host, port or 2375, timeout=_TIMEOUT_S)
    folder = Path(os.environ.get("DOCKER_CERT_PATH") or Path.home() / ".docker")
    try:
        context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    except OSError as error:
        raise SourceUnavailable(
            f"{folder}: no usable ca.pem, cert.pem and key.pem ({error})", "see DOCKER_CERT_PATH"
        ) from error
    return http.client.HTTPSConnection(host, port or 2376, timeout=_TIMEOUT_S, context=context)


def _stopped(ref: ImageRef, place: str, error: Exception) -> SourceUnavailable:
    return SourceUnavailable(f"{ref}: {place} stopped answering ({error})", "try again")


def _unreachable(ref: ImageRef, place: str, error: Exception) -> SourceUnavailable:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    hint = "start the daemon, or set DOCKER_HOST"
    if isinstance(error, PermissionError):
        hint = "run as root, or as a member of the group docker"
    return SourceUnavailable(f"{ref}: no Docker daemon at {place} ({reason})", hint)
