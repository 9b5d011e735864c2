"""The only place that decides where state lives and builds stores, origins and progress."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from seawall.errors import CacheUnusable, StoreUnusable, UsageError

if TYPE_CHECKING:
    from seawall.advisories import AdvisoryStore
    from seawall.inventory.layer_store import LayerStore

_SNAPSHOT = "snapshot.sqlite.zst"


def home() -> Path:
    """Return the folder for state: ``SEAWALL_HOME``, for root ``/var/lib/seawall``, else XDG's."""
    if chosen := os.environ.get("SEAWALL_HOME"):
        return Path(chosen)
    if os.geteuid() == 0:
        return Path("/var/lib/seawall")
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local/share") / "seawall"


def store_path() -> Path:
    """Return where the advisory store is, or will be."""
    return home() / "advisories.sqlite"


@contextmanager
def advisory_store() -> Iterator[tuple["AdvisoryStore", bool]]:
    """Open the store; where there is none, the snapshot in the package (then True).

    Raises:
        StoreUnusable: the store is damaged, or there is neither.
    """
    from seawall.advisories import AdvisoryStore

    path = store_path()
    try:
        there = path.exists()
    except OSError as error:
        raise StoreUnusable(
            f"{path}: {error.strerror}", "check permissions, or set SEAWALL_HOME"
        ) from error
    if there:
        with AdvisoryStore.open(path) as store:
            yield store, False
        return
    snapshot = resources.files("seawall.advisories") / _SNAPSHOT
    if not snapshot.is_file():
        raise StoreUnusable(f"{path}: no advisory store, and this build has no snapshot")
    with AdvisoryStore.from_snapshot(snapshot.read_bytes(), _SNAPSHOT) as store:
        yield store, True


def cache_path() -> Path:
    """Return where readings of layers are kept, or will be."""
    return home() / "layers.sqlite"


def open_cache(settings: str = "") -> "LayerStore":
    """Open the cache of layers; `settings` are those that change what a reading says.

    Raises:
        CacheUnusable: the file cannot be made, or is something else.
    """
    from seawall.inventory.layer_store import LayerStore, analyser_version

    return LayerStore.open(cache_path(), f"{analyser_version()} {settings}".rstrip())


@contextmanager
def layer_cache(is_wanted: bool, settings: str) -> Iterator["LayerStore | None"]:
    """Yield the cache of layers, or None where it is not wanted or cannot be used.

    A scan must not fail for want of a cache: why there is none is said on stderr.
    """
    if not is_wanted:
        yield None
        return
    try:
        store = open_cache(settings)
    except CacheUnusable as error:
        from seawall.cli.arguments import mention

        mention([f"reading without the cache of layers: {error}"])
        yield None
        return
    with store:
        yield store


@contextmanager
def output(path: str | None) -> Iterator[TextIO]:
    """Yield stdout, or the file that was asked for: whole, or not at all.

    Raises:
        UsageError: the file cannot be written.
    """
    if path is None or path == "-":
        yield sys.stdout
        return
    target = Path(path).resolve()  # a link stays, what it names is replaced
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        if target.exists() and not target.is_file():  # a device or a pipe is written to
            with target.open("w", encoding="utf-8") as file:
                yield file
            return
        with draft.open("w", encoding="utf-8") as file:
            if target.exists():
                draft.chmod(target.stat().st_mode & 0o777)
            yield file
        draft.replace(target)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def wants_colour(stream: TextIO) -> bool:
    """Tell whether colours may be used: on a terminal, unless ``NO_COLOR`` says otherwise."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
