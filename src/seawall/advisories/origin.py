"""Where feeds come from: a mirror over HTTP, or a folder that somebody carried here.

Both have the layout of OSV's bulk export (``ecosystems.txt``, ``<Ecosystem>/all.zip``); KEV and
EPSS stand beside it. See ``docs/feeds.md``.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from seawall import __version__
from seawall.advisories.drafts import draft
from seawall.errors import FeedUnavailable, UsageError

if TYPE_CHECKING:
    import requests

OSV_URL = "https://storage.googleapis.com/osv-vulnerabilities"
KEV_URL = "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"
EPSS_URL = "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz"

_KEV_PATH = "sites/default/files/feeds/known_exploited_vulnerabilities.json"
_EPSS_PATH = "epss_scores-current.csv.gz"
_FEED_BYTES = 8 << 30  # a feed is never larger
_LIST_BYTES = 1 << 20  # nor is the list of ecosystems
_TIMEOUT_S = (15, 120)  # to connect, and for each piece of an answer
_TRIES = 3  # of a whole download, beside the retries of single requests

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,20}://\S+")

Progress = Callable[[str, int, int | None], None]  # what, bytes done, bytes in all if known


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a feed's last content, to ask only for news."""

    etag: str = ""
    last_modified: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A feed's content, in a file that lasts as long as the ``with`` block it came from."""

    path: Path
    etag: str
    last_modified: str
    sha256: str


class Origin(Protocol):
    """A place that has feeds."""

    @property
    def is_chosen(self) -> bool:
        """Whether somebody put together what is there, so that all of it is meant."""

    def ecosystems(self) -> list[str]:
        """Return the names of the directories there are, without releases."""

    @contextmanager
    def feed(self, name: str, known: Known, progress: Progress) -> Iterator[Fetched | None]:
        """Fetch ``osv/NAME``, ``kev`` or ``epss``; None when it has not changed.

        Raises:
            FeedUnavailable: it is not there, or does not answer.
        """


class Folder:
    """A folder with the bulk layout: from a USB stick, a share, a test."""

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise UsageError(f"{root}: no such directory", "name the folder with ecosystem folders")
        self._root = root
        self._osv = next(
            (f for f in (root, root / "osv", root / "osv-vulnerabilities") if _has_feeds(f)), None
        )
        if self._osv is None:
            raise UsageError(
                f"{root}: no <Ecosystem>/all.zip in it", "the layout is that of OSV's bulk export"
            )

    @property
    def is_chosen(self) -> bool:
        """True: somebody copied these files."""
        return True

    def ecosystems(self) -> list[str]:
        """Return the names of the directories there are."""
        assert self._osv is not None  # noqa: S101 - checked above
        return sorted(path.parent.name for path in self._osv.glob("*/all.zip"))

    @contextmanager
    def feed(self, name: str, known: Known, progress: Progress) -> Iterator[Fetched | None]:
        """Find a feed's file; None when its content is the known one."""
        path = self._path(name)
        state = hashlib.sha256()
        try:
            size, done = path.stat().st_size, 0
            with path.open("rb") as file:
                while chunk := file.read(1 << 20):
                    state.update(chunk)
                    done += len(chunk)
                    progress(name, done, size)
        except OSError as error:
            raise FeedUnavailable(f"{path}: {error.strerror}", "is it readable?") from error
        digest = state.hexdigest()
        yield None if digest == known.sha256 else Fetched(path, "", "", digest)

    def _path(self, name: str) -> Path:
        assert self._osv is not None  # noqa: S101 - checked above
        kind, _, ecosystem = name.partition("/")
        places = {
            "kev": ["kev.json", _KEV_PATH, Path(_KEV_PATH).name],
            "epss": ["epss.csv.gz", _EPSS_PATH],
        }
        names = places.get(kind, [f"{ecosystem}/all.zip"])
        roots = [self._osv] if kind == "osv" else [self._root, self._osv.parent]
        for place in [root / name for root in roots for name in names]:
            if place.is_file():
                return place
        raise FeedUnavailable(
            f"{roots[0] / names[0]}: no such file", "the rest was imported without it"
        )


def _has_feeds(folder: Path) -> bool:
    return any(folder.glob("*/all.zip"))


class Mirror:
    """The feeds over HTTP: the public ones, or a mirror that has them under one address."""

    def __init__(self, base: str | None, drafts: Path) -> None:
        """Use the mirror at `base`, or the public feeds; `drafts` is for unfinished downloads."""
        if base is not None and not base.startswith(("http://", "https://")):
            raise UsageError(f"--url {_shown(base)}: not an http or https address")
        self._base = base.rstrip("/") if base else None
        self._osv = self._base or OSV_URL
        self._drafts = drafts
        self._session = _session()

    @property
    def is_chosen(self) -> bool:
        """False: a mirror has whatever there is."""
        return False

    def ecosystems(self) -> list[str]:
        """Return the names of the directories there are."""
        text = self._text(f"{self._osv}/ecosystems.txt")
        if text is None and self._base:  # a mirror of whole hosts has the bucket one level down
            self._osv = f"{self._base}/osv-vulnerabilities"
            text = self._text(f"{self._osv}/ecosystems.txt")
        if text is None:
            raise FeedUnavailable(f"{_shown(self._osv)}/ecosystems.txt: not there")
        return sorted({line.partition(":")[0].strip() for line in text.splitlines()} - {""})

    @contextmanager
    def feed(self, name: str, known: Known, progress: Progress) -> Iterator[Fetched | None]:
        """Download a feed; None when the server says that it has not changed."""
        with ExitStack() as held:
            try:
                self._drafts.mkdir(mode=0o700, parents=True, exist_ok=True)
                path = held.enter_context(draft(self._drafts, "feed-", ".part"))
            except OSError as error:
                raise FeedUnavailable(
                    f"{self._drafts}: {error.strerror}", "check permissions, or set SEAWALL_HOME"
                ) from error
            yield self._download(self._url(name), name, path, known, progress)

    def _url(self, name: str) -> str:
        root = self._osv.removesuffix("/osv-vulnerabilities")
        match name.partition("/"):
            case ("kev", _, _):
                return f"{root}/{_KEV_PATH}" if self._base else KEV_URL
            case ("epss", _, _):
                return f"{root}/{_EPSS_PATH}" if self._base else EPSS_URL
            case (_, _, ecosystem):
                return f"{self._osv}/{quote(ecosystem)}/all.zip"

    def _text(self, url: str) -> str | None:
        import requests  # noqa: PLC0415 - a scan never goes to the network

        try:
            with self._session.get(url, timeout=_TIMEOUT_S, stream=True) as answer:
                if answer.status_code == requests.codes.not_found:
                    return None
                _check(answer, url)
                content = b""
                for chunk in answer.iter_content(1 << 16):
                    content += chunk
                    if len(content) > _LIST_BYTES:
                        raise FeedUnavailable(f"{_shown(url)}: more than {_LIST_BYTES:,} bytes")
        except requests.RequestException as error:
            raise _unavailable(url, error) from error
        return content.decode("utf-8", "replace")

    def _download(
        self, url: str, name: str, path: Path, known: Known, progress: Progress
    ) -> Fetched | None:
        import requests  # noqa: PLC0415 - a scan never goes to the network

        headers = {"Accept-Encoding": "identity"}
        if known.etag:
            headers["If-None-Match"] = known.etag
        if known.last_modified:
            headers["If-Modified-Since"] = known.last_modified
        for attempt in range(1, _TRIES + 1):
            try:
                with self._session.get(
                    url, headers=headers, timeout=_TIMEOUT_S, stream=True
                ) as answer:
                    if answer.status_code == requests.codes.not_modified:
                        return None
                    _check(answer, url)
                    digest = _save(answer, name, path, progress)
                    return Fetched(
                        path,
                        answer.headers.get("ETag", ""),
                        answer.headers.get("Last-Modified", ""),
                        digest,
                    )
            except requests.RequestException as error:
                if attempt == _TRIES:
                    raise _unavailable(url, error) from error
            except OSError as error:
                raise FeedUnavailable(f"{path}: {error.strerror}", "is the disk full?") from error
        raise AssertionError("unreachable")


def _session() -> "requests.Session":
    import requests  # noqa: PLC0415 - a scan never goes to the network
    from requests.adapters import HTTPAdapter  # noqa: PLC0415 - a scan never goes to the network
    from urllib3.util import Retry  # noqa: PLC0415 - a scan never goes to the network

    retry = Retry(
        total=4,
        backoff_factor=0.5,
        status_forcelist=(429, 500, 502, 503, 504),
        respect_retry_after_header=False,  # it may say hours; a feed that fails is named instead
        raise_on_status=False,
    )
    session = requests.Session()
    session.headers["User-Agent"] = f"seawall/{__version__}"
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session


def _save(answer: "requests.Response", name: str, path: Path, progress: Progress) -> str:
    length = answer.headers.get("Content-Length", "")
    total = int(length) if length.isdigit() else None
    state, done = hashlib.sha256(), 0
    with path.open("wb") as file:
        for chunk in answer.iter_content(1 << 18):
            file.write(chunk)
            state.update(chunk)
            done += len(chunk)
            progress(name, done, total)
            if done > _FEED_BYTES:
                raise FeedUnavailable(f"{_shown(answer.url)}: more than {_FEED_BYTES:,} bytes")
    return state.hexdigest()


def _check(answer: "requests.Response", url: str) -> None:
    if not answer.ok:
        raise FeedUnavailable(
            f"{_shown(url)}: the server answers {answer.status_code} {answer.reason}"
        )


def _unavailable(url: str, error: Exception) -> FeedUnavailable:
    """Say in a few words what a chain of network errors means."""
    cause: BaseException = error
    while cause.__cause__ or cause.__context__:
        cause = cause.__cause__ or cause.__context__ or cause
    text = _ADDRESS.sub(lambda found: _shown(found[0]), str(cause)) or type(cause).__name__
    return FeedUnavailable(f"{_shown(url)}: no answer ({text[:200]})")


def _shown(url: str) -> str:
    """Return an address without user, password and query, which may be secret."""
    from seawall.registry.transport import shown  # noqa: PLC0415 - only a fault is told

    return shown(url) if "://" in url else "…"
