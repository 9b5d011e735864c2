"""What runs on a host with Docker, over its Engine API (1.24 or later).

Read are ``/images/json``, ``/containers/json``, the two ``…/ID/json`` and ``/events``. An event's
own words are not enough: it names a container's image as it was started, which may mean another
image by now, and of a name that was taken away only the image. So each event is a reason to ask.

The daemon keeps its last 256 events of all kinds in memory (moby, ``daemon/events/events.go``).
Whether they reach back to a moment is seen from the event of that moment: it is there, or `Missed`
is told.

With Docker's own store an image's id is the digest of its configuration. With containerd's it is
that of the manifest or index; containers name their image by the same one.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from seawall.errors import CorruptImage, ImageError, UnknownTarget, UsageError
from seawall.fleet.workloads import (
    Change,
    Ended,
    ImageArrived,
    ImageGone,
    Missed,
    RuntimeImage,
    Started,
    Tagged,
    Untagged,
    Workload,
)
from seawall.images.sources.docker_api import connected
from seawall.images.sources.docker_daemon import repository_digests
from seawall.model import ImageRef

_DAEMON = ImageRef("docker", "*")  # for messages
_HEARTBEAT_S = 2.0
_LINE_BYTES = 4 << 20  # an event has all labels of what it is about
_CONTAINER_EVENTS = ["start", "die", "commit"]
_IMAGE_EVENTS = ["pull", "push", "load", "import", "create", "tag", "untag", "delete"]
_FILTERS = {"type": ["container", "image"], "event": _CONTAINER_EVENTS + _IMAGE_EVENTS}
_CONTAINER_ID = re.compile(r"[0-9a-f]{64}")
_IMAGE_ID = re.compile(r"sha256:[0-9a-f]{64}")
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._:/@-]{0,511}")  # of an image, as part of an address
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII)
_LAST_NS = 253_402_300_800 * 10**9  # the year 10000
_NAME_CHARACTERS, _LABELS, _KEY_CHARACTERS, _VALUE_CHARACTERS = 512, 256, 256, 4096
_NO_LABELS = frozenset(("image", "name"))  # what Docker adds to a container's labels in an event


def place_of(host: str) -> str:
    """Return what the fleet calls the daemon of a host."""
    return f"docker:{host}"


class Docker:
    """The daemon that ``DOCKER_HOST`` or the usual sockets name; a `Runtime`.

    A name or label longer than 512, 256 (key) or 4,096 (value) characters is cut, a container has
    256 labels at most, and control characters are replaced: what is read here was written by
    whoever made the image.
    """

    def __init__(self, host: str = "") -> None:
        """Call the host `host`; empty: as its daemon calls it."""
        self._host = _clean(host)

    def images(self) -> list[RuntimeImage]:
        """Return the images with a name, and those without that no other one is built from."""
        with connected(_DAEMON) as daemon:
            found = daemon.documents("/images/json?all=0", _DAEMON)
        return [
            RuntimeImage(
                digest, _names(image), _unix(image.get("Created")), repository_digests(image)
            )
            for image in found
            if (digest := _image_id(image.get("Id")))
        ]

    def workloads(self) -> list[Workload]:
        """Return the containers that run or are paused."""
        with connected(_DAEMON) as daemon:
            found = daemon.documents("/containers/json", _DAEMON)
        names = [str(container.get("Id")) for container in found]
        asked = [self._workload(name) for name in names if _CONTAINER_ID.fullmatch(name)]
        return [workload for workload in asked if workload and not workload.ended]

    def changes(self, since: str = "") -> Iterator[Change | None]:
        """Yield what happens; see `Runtime.changes`.

        The end of a container's main program is its end. A new name of a running container is not
        told, and neither is an image that was built without a name: it is heard of when a
        container starts from it.

        Raises:
            SourceUnavailable: the daemon stopped, or does not answer.
            UsageError: `since` is no moment.
        """
        start_ns = _ns(since) if since else _now_ns()
        if start_ns is None:
            raise UsageError(f"{since[:80]!r} is no moment", "2026-01-31T12:00:00.000000000Z")
        at, is_sure = _moment(start_ns), not since
        query = urlencode({"since": _seconds(start_ns), "filters": json.dumps(_FILTERS)})
        is_first = True
        with connected(_DAEMON) as daemon:
            for line in daemon.lines(
                f"/events?{query}", _DAEMON, silence_s=_HEARTBEAT_S, longest=_LINE_BYTES
            ):
                if line is None:
                    if not is_first and not is_sure:
                        is_sure = True
                        yield Missed(at, "the daemon does not remember so far back")
                    is_first = False
                    yield None
                    continue
                event = _event(line)
                if event is None:
                    yield Missed(at, "the daemon told of something in a form we do not know")
                    continue
                if not is_sure and event.ns >= start_ns:
                    is_sure = True
                    if event.ns > start_ns:
                        yield Missed(at, "the daemon does not remember so far back")
                at = _moment(event.ns)
                try:
                    found = list(self._meaning(event, at))
                except ImageError as error:  # should the daemon be gone, its next line will tell
                    found = [Missed(at, str(error))]
                yield from found

    def _meaning(self, event: "_Event", at: str) -> Iterator[Change]:
        """Yield the changes that an event stands for."""
        match event.type, event.action:
            case "container", "start" if _CONTAINER_ID.fullmatch(event.id):
                yield Started(at, self._workload(event.id) or self._gone(event, at))
            case "container", "die" if _CONTAINER_ID.fullmatch(event.id):
                yield Ended(at, event.id)
            case "container", "commit":  # with a name, the image's own event tells it
                if digest := _image_id(event.attributes.get("imageID")):
                    yield ImageArrived(at, digest, "")
            case "image", "tag":
                name = _clean(event.attributes.get("name"))
                if name and (digest := _image_id(event.id)):
                    yield Tagged(at, name, digest)
            case "image", "untag":
                if digest := _image_id(event.id):
                    yield Untagged(at, digest, _names(_image(digest)))
            case "image", "delete":
                if digest := _image_id(event.id):
                    yield ImageGone(at, digest)
            case "image", "pull" | "push":  # known by its name alone
                image = _image(event.id)
                if digest := _image_id(image.get("Id")):
                    name = event.id if event.action == "pull" and "@" not in event.id else ""
                    yield ImageArrived(at, digest, name, repository_digests(image))
            case "image", "import":
                if digest := _image_id(event.id):
                    yield ImageArrived(at, digest, "")
            case "image", "load" | "create":  # names that came with it have no events
                image = _image(event.id)
                if digest := _image_id(image.get("Id")):
                    yield ImageArrived(at, digest, "")
                    for name in _names(image):
                        yield Tagged(at, name, digest)

    def _workload(self, id: str) -> Workload | None:  # noqa: A002 - as the noun calls it
        """Return a container as it is now; None where it is gone."""
        try:
            found = _document(f"/containers/{id}/json")
        except UnknownTarget:
            return None
        config, state = _mapping(found.get("Config")), _mapping(found.get("State"))
        ended = "" if state.get("Running") else _normal(state.get("FinishedAt"))
        return Workload(
            id=id,
            name=_clean(found.get("Name")).removeprefix("/"),
            image=_image_id(found.get("Image")),
            image_name=_clean(config.get("Image")),
            runtime="docker",
            host=self.host(),
            started=_normal(state.get("StartedAt")),
            ended=ended,
            labels=_labels(_mapping(config.get("Labels"))),
        )

    def _gone(self, event: "_Event", at: str) -> Workload:
        """Return a container that was removed before it could be asked for."""
        image = _clean(event.attributes.get("image"))
        labels = {key: value for key, value in event.attributes.items() if key not in _NO_LABELS}
        return Workload(
            id=event.id,
            name=_clean(event.attributes.get("name")),
            image=_image_id(image),
            image_name=image,
            runtime="docker",
            host=self.host(),
            started=at,
            labels=_labels(labels),
        )

    def host(self) -> str:
        """Return what the host is called: as it was named here, else as its daemon calls it."""
        if not self._host:
            self._host = _clean(_document("/info").get("Name"))
        return self._host


@dataclass(frozen=True, slots=True)
class _Event:
    ns: int  # since the Unix epoch, by the daemon's clock
    type: str
    action: str
    id: str
    attributes: Mapping[str, Any]


def _event(line: bytes) -> _Event | None:
    """Return what a line of ``/events`` says; None where it cannot be read."""
    try:
        found = json.loads(line)
        actor = found["Actor"]
        ns = found.get("timeNano") or found["time"] * 10**9
        event = _Event(
            ns, found["Type"], found["Action"], actor["ID"], actor.get("Attributes") or {}
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    texts = (event.type, event.action, event.id)
    if not all(isinstance(text, str) for text in texts) or not isinstance(event.attributes, dict):
        return None
    return event if isinstance(ns, int) and 0 <= ns < _LAST_NS else None


def _document(path: str) -> dict[str, Any]:
    with connected(_DAEMON) as daemon:
        return daemon.document(path, _DAEMON)


def _now_ns() -> int:
    """Return the time by the daemon's clock, which its events have."""
    now = _ns(str(_document("/info").get("SystemTime")))
    if now is None:
        raise CorruptImage(f"{_DAEMON}: the daemon does not tell the time", "see docker info")
    return now


def _image(name: str) -> dict[str, Any]:
    """Return what an id or name means now; empty where it means nothing."""
    if not _NAME.fullmatch(name) or ".." in name or "//" in name:
        return {}
    try:
        return _document(f"/images/{quote(name, safe='/:@')}/json")
    except UnknownTarget:
        return {}


def _image_id(value: object) -> str:
    return value if isinstance(value, str) and _IMAGE_ID.fullmatch(value) else ""


def _names(image: Mapping[str, Any]) -> tuple[str, ...]:
    tags = image.get("RepoTags")
    texts = [_clean(tag) for tag in tags if tag] if isinstance(tags, list) else []
    return tuple(text for text in texts if text and "<none>" not in text)


def _labels(found: Mapping[str, Any]) -> dict[str, str]:
    labels = {}
    for key in sorted(found, key=str)[:_LABELS]:
        value = found[key]
        if isinstance(value, str):
            labels[_clean(key, _KEY_CHARACTERS)] = _clean(value, _VALUE_CHARACTERS, lines="\n\t")
    return labels


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _clean(value: object, longest: int = _NAME_CHARACTERS, *, lines: str = "") -> str:
    """Return a text without control characters and without halves of characters."""
    if not isinstance(value, str):
        return ""
    cut = value[:longest]
    if cut.isprintable():
        return cut
    return "".join(
        char if char.isprintable() or char in lines else "\N{REPLACEMENT CHARACTER}" for char in cut
    )


def _ns(text: str) -> int | None:
    """Return a moment of RFC 3339 in nanoseconds since the Unix epoch; None before it."""
    found = _MOMENT.fullmatch(text)
    if not found:
        return None
    try:
        whole = datetime.fromisoformat(found[1] + found[3].replace("Z", "+00:00"))
        ns = int(whole.timestamp()) * 10**9 + int((found[2] or "").ljust(9, "0"))
    except (ValueError, OverflowError):
        return None
    return ns if 0 <= ns < _LAST_NS else None


def _moment(ns: int) -> str:
    """Return a moment as `Workload` has it."""
    whole = datetime.fromtimestamp(ns // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{ns % 10**9:09}Z"


def _normal(value: object) -> str:
    """Return a moment of the daemon as `Workload` has it; empty where there was none."""
    ns = _ns(value) if isinstance(value, str) else None
    return "" if ns is None else _moment(ns)


def _unix(value: object) -> str:
    ok = isinstance(value, int) and 0 < value * 10**9 < _LAST_NS
    return _moment(value * 10**9) if ok and isinstance(value, int) else ""


def _seconds(ns: int) -> str:
    """Return a moment as the API takes it."""
    return f"{ns // 10**9}.{ns % 10**9:09}"
