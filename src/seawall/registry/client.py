"""One repository of a registry: its manifests and its blobs."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from seawall.errors import (
    BadRegistryAnswer,
    DigestMismatch,
    NotAnImage,
    NotInRegistry,
    RegistryDenied,
)
from seawall.registry import credentials, login
from seawall.registry.challenge import Challenge, challenges
from seawall.registry.reference import Reference, is_digest
from seawall.registry.settings import Settings
from seawall.registry.transport import TRIES, Dropped, Transport, place_of, shown

if TYPE_CHECKING:
    import urllib3

MANIFEST_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
MANIFEST_BYTES = 4 << 20  # what registries must accept at least (distribution specification)
_ERROR_BYTES = 64 << 10
_HOPS = 5  # redirects behind one another
_PROGRESS = 1 << 20  # bytes after which a download that broke off starts counting anew
_REDIRECTS = frozenset((301, 302, 303, 307, 308))


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest or index as the registry has it."""

    raw: bytes  # what the digest is of
    digest: str
    media_type: str  # as the registry says


@contextmanager
def opened(reference: Reference, settings: Settings | None = None) -> Iterator["Registry"]:
    """Yield the repository that `reference` names; connections end with the ``with`` block.

    Without `settings` those of the environment apply.
    """
    settings = Settings.from_environment() if settings is None else settings
    transport = Transport(settings)
    try:
        yield Registry(reference, settings, transport)
    finally:
        transport.close()


class Registry:
    """One repository of a registry. The first request logs in, if the registry asks for that.

    Without a repository in its reference it is the registry itself, which has a catalog.

    Every method raises `RegistryError` of the kind that fits (see ``errors.py``).
    """

    def __init__(self, reference: Reference, settings: Settings, transport: Transport) -> None:
        self._reference, self._settings, self._transport = reference, settings, transport
        self._base = ""  # https://HOST, once known
        self._authorization = ""

    def manifest(self, wanted: str) -> Manifest:
        """Return the manifest or index that a tag or digest names.

        Raises:
            DigestMismatch: the content is not what the digest, or the registry, says.
            NotAnImage: it has the form that was given up in 2017 (Docker schema 1).
            NotInRegistry: there is none.
        """
        accept = {"Accept": ", ".join(MANIFEST_TYPES)}
        raw, answer = self._whole(f"manifests/{wanted}", accept, MANIFEST_BYTES)
        where = f"{self._reference}: manifest {wanted}"
        said = answer.headers.get("Docker-Content-Digest", "")
        expected = wanted if is_digest(wanted) else said
        digest = _digest_of(raw, expected)
        if is_digest(expected) and digest != expected:
            raise DigestMismatch(where, expected, digest)
        try:
            document = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise BadRegistryAnswer(f"{where}: no valid JSON") from error
        if isinstance(document, dict) and document.get("schemaVersion") == 1:
            raise NotAnImage(
                f"{where}: a manifest of Docker's schema 1, which is not read any more",
                "push the image again with a current docker, podman or skopeo",
            )
        return Manifest(raw, digest, answer.headers.get("Content-Type", ""))

    def page(self, path: str, limit: int) -> tuple[bytes, str]:
        """Return an answer of at most `limit` bytes, and the header ``Link`` beside it.

        `path` starts behind the repository's own: ``tags/list?n=1000``.
        """
        raw, answer = self._whole(path, {}, limit)
        return raw, answer.headers.get("Link", "")

    def document(self, digest: str, limit: int) -> bytes:
        """Return a small blob of at most `limit` bytes, whole.

        Raises:
            DigestMismatch: the content is not what the digest says.
            NotInRegistry: there is none.
        """
        raw, _ = self._whole(f"blobs/{digest}", {}, limit)
        actual = _digest_of(raw, digest)
        if actual != digest:
            raise DigestMismatch(f"{self._reference}: blob {digest}", digest, actual)
        return raw

    def blob(self, digest: str, size: int) -> Iterator[bytes]:
        """Yield a blob of `size` bytes as it arrives; nothing of it is kept.

        A download that breaks off goes on where it stopped. The content is compared with its
        digest behind the last chunk: exhaust the iterator before you believe what it gave.

        Raises:
            DigestMismatch: the content is not what the digest says.
            NotInRegistry: there is none.
        """
        state = hashlib.new(digest.partition(":")[0])
        done = failures = counted = 0
        while True:
            try:
                for chunk in self._from(digest, done, size):
                    state.update(chunk)
                    done += len(chunk)
                    yield chunk
                if done >= size:
                    break
                raise Dropped(f"{self._reference}: blob {digest}: ends after {done:,} bytes")
            except Dropped:
                if done - counted >= _PROGRESS:
                    failures, counted = 0, done
                failures += 1
                if failures == TRIES:
                    raise
                self._transport.pause(failures)
        actual = f"{state.name}:{state.hexdigest()}"
        if actual != digest:
            raise DigestMismatch(f"{self._reference}: blob {digest}", digest, actual)

    def _from(self, digest: str, offset: int, size: int) -> Iterator[bytes]:
        """Yield the bytes of a blob behind the first `offset`, in one answer."""
        path = f"blobs/{digest}"
        if offset == size and offset:
            return
        answer, url = self._answer(path, {"Range": f"bytes={offset}-"} if offset else {})
        try:
            skip = offset
            if answer.status == HTTPStatus.PARTIAL_CONTENT:
                place = answer.headers.get("Content-Range", "")
                if not place.startswith(f"bytes {offset}-"):
                    raise BadRegistryAnswer(
                        f"{shown(url)}: asked for what follows {offset:,}, got {place[:80]!r}"
                    )
                skip = 0
            at = offset - skip
            for chunk in self._transport.body(answer, url):
                at += len(chunk)
                if at > size:
                    raise BadRegistryAnswer(f"{shown(url)}: more than the {size:,} bytes it has")
                if at > offset:
                    yield chunk[-(at - offset) :] if at - len(chunk) < offset else chunk
        finally:
            answer.close()

    def _whole(
        self, path: str, headers: dict[str, str], limit: int
    ) -> tuple[bytes, "urllib3.BaseHTTPResponse"]:
        """Return a small answer's body, asking again where it breaks off."""
        for attempt in range(1, TRIES + 1):
            answer, url = self._answer(path, headers)
            try:
                return self._transport.whole(answer, url, limit), answer
            except Dropped:
                if attempt == TRIES:
                    raise
                self._transport.pause(attempt)
        raise AssertionError("unreachable")

    def _answer(self, path: str, headers: dict[str, str]) -> tuple["urllib3.BaseHTTPResponse", str]:
        """Return a good answer, its body still to be read, and the address it came from."""
        if not self._base:
            self._base = self._transport.base(self._reference.host)
        url = "/".join(filter(None, (self._base, "v2", self._reference.repository, path)))
        logged_in = False
        while True:
            answer, came_from = self._followed(url, headers)
            is_ours = place_of(came_from) == place_of(self._base)
            if answer.status in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
                return answer, came_from
            if answer.status == HTTPStatus.UNAUTHORIZED and is_ours and not logged_in:
                logged_in = True  # a second refusal is final; a token may only have grown old
                offered = challenges(answer.headers.get("WWW-Authenticate", ""))
                self._said(
                    answer, came_from
                )  # an answer that was read leaves its connection usable
                self._log_in(offered)
                continue
            raise self._refusal(answer, came_from, path, is_ours=is_ours)

    def _followed(
        self, url: str, headers: dict[str, str]
    ) -> tuple["urllib3.BaseHTTPResponse", str]:
        """Return the answer behind redirects; our login is shown to the registry alone."""
        start = place_of(url)
        for _ in range(_HOPS + 1):
            is_ours = place_of(url) == start
            login_header = {"Authorization": self._authorization} if self._authorization else {}
            answer = self._transport.answered(url, headers | (login_header if is_ours else {}))
            target = answer.headers.get("Location", "")
            if answer.status not in _REDIRECTS or not target:
                return answer, url
            answer.close()
            before, url = url, _joined(url, target)
            if place_of(url)[0] == "http" and before.startswith("https:"):
                raise BadRegistryAnswer(f"{shown(before)}: sends us to {shown(url)}, without TLS")
        raise BadRegistryAnswer(f"{shown(url)}: more than {_HOPS} redirects")

    def _log_in(self, offered: list[Challenge]) -> None:
        known = credentials.find(self._reference, self._settings.login_files)
        repository = self._reference.repository
        scope = f"repository:{repository}:pull" if repository else "registry:catalog:*"
        self._authorization = login.authorization(
            offered, known, self._transport, self._base, scope
        )
        if not self._authorization:
            wants = " or ".join(challenge.scheme for challenge in offered) or "a login"
            raise RegistryDenied(f"{self._reference}: the registry wants {wants}, we have none")

    def _refusal(
        self, answer: "urllib3.BaseHTTPResponse", url: str, path: str, *, is_ours: bool
    ) -> Exception:
        """Return the error for an answer that is none."""
        status = answer.status
        said = self._said(answer, url) if is_ours else ""  # another host may say anything
        answer.close()
        wanted = self._reference.wanted
        what = str(self._reference) if wanted and wanted in path else path.partition("?")[0]
        match status:
            case HTTPStatus.NOT_FOUND if is_ours:
                return NotInRegistry(f"{what}: the registry {self._base} has none{said}")
            case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN if is_ours:
                return RegistryDenied(
                    f"{what}: there is none, or {self._base} does not show it to us{said}"
                )
            case _:
                return BadRegistryAnswer(f"{shown(url)}: the server answers {status}{said}")

    def _said(self, answer: "urllib3.BaseHTTPResponse", url: str) -> str:
        """Return what the body of an error says, in brackets; empty where it says nothing."""
        try:
            said = _message(self._transport.whole(answer, url, _ERROR_BYTES))
        except (Dropped, BadRegistryAnswer):
            said = ""
        return f" ({said})" if said else ""


def _joined(url: str, target: str) -> str:
    """Return where a redirect leads."""
    try:
        return urljoin(url, target)
    except ValueError as error:
        raise BadRegistryAnswer(f"{shown(url)}: sends us to {target[:80]!r}") from error


def _digest_of(raw: bytes, like: str) -> str:
    """Return the digest of `raw`, with the algorithm of another digest where that is one."""
    algorithm = like.partition(":")[0] if is_digest(like) else "sha256"
    return f"{algorithm}:{hashlib.new(algorithm, raw).hexdigest()}"


def _message(raw: bytes) -> str:
    """Return what a registry's error document says (distribution specification, "Error Codes")."""
    try:
        first = json.loads(raw)["errors"][0]
        said = f"{first.get('code', '')}: {first.get('message', '')}"
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return ""
    return said.strip(" :")[:200].encode("utf-8", "backslashreplace").decode()
