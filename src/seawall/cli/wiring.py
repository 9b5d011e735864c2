"""The only place that decides where state lives and builds stores, origins and progress."""

import io
import os
import re
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

from seawall.errors import CacheUnusable, OutputUnwritable, StoreUnusable

if TYPE_CHECKING:
    from seawall.advisories import AdvisoryStore
    from seawall.cli.configuration import Configuration
    from seawall.fleet import Fleet
    from seawall.fleet.notifying import Recipient
    from seawall.inventory import LayerCache
    from seawall.inventory.layer_store import LayerStore
    from seawall.scanning.content.contract import Detector
    from seawall.scanning.kernel import HostKernel

_SNAPSHOT = "snapshot.sqlite.zst"
_DESCRIPTORS = re.compile(r"/proc/[0-9]+(?:/task/[0-9]+)?/fd")
_LINKS = 40  # as many as Linux follows


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
        CacheDamaged: the file is damaged, or no database.
        CacheUnusable: the file cannot be made or opened, is another program's, or could have been
            written by another user.
    """
    from seawall.inventory.layer_store import LayerStore, analyser_version

    return LayerStore.open(cache_path(), f"{analyser_version()} {settings}".rstrip())


def replace_cache() -> None:
    """Put an empty cache in the place of one that is damaged.

    Raises:
        CacheUnusable: it cannot be removed, or none can be made.
    """
    from seawall.inventory.layer_store import LayerStore, analyser_version

    LayerStore.replace(cache_path(), analyser_version()).close()


@contextmanager
def layer_cache(is_wanted: bool, settings: str) -> Iterator["LayerCache | None"]:
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

        # The general hint says only that the scan goes on.
        remedy = f"; {error.hint}" if error.hint != CacheUnusable.hint else ""
        mention([f"reading without the cache of layers: {error}{remedy}"])
        yield None
        return
    with store:
        yield _Forgiving(store)


class _Forgiving:
    """A cache whose failures cost only time; they are told once."""

    def __init__(self, store: "LayerStore") -> None:
        self._store: LayerStore | None = store

    def get(self, subject: str, part: str) -> bytes | None:
        """Return what was kept; None, too, where the cache fails."""
        with self._told():
            return self._store.get(subject, part) if self._store else None
        return None

    def put(self, subject: str, part: str, data: bytes) -> None:
        """Keep it, where the cache does not fail."""
        with self._told():
            if self._store:
                self._store.put(subject, part, data)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except CacheUnusable as error:
            from seawall.cli.arguments import mention

            self._store = None
            mention([f"going on without the cache of layers: {error}"])


def open_fleet(configuration: "Configuration") -> "Fleet":
    """Open the fleet's store, or make one.

    Raises:
        FleetUnusable: it cannot be used; see the databases of `seawall.fleet`.
    """
    from seawall.cli.configuration import SqliteStore
    from seawall.fleet import Fleet
    from seawall.fleet.databases import SqliteDatabase, open_postgresql

    match configuration.store:
        case SqliteStore(path):
            return Fleet(SqliteDatabase.open(path))
        case store:
            password = store.password.value() if store.password else ""
            return Fleet(open_postgresql(store.url, password))


def has_fleet(configuration: "Configuration") -> bool:
    """Tell whether there is a fleet: a server that was named, or a file that is there."""
    from seawall.cli.configuration import SqliteStore

    store = configuration.store
    return not isinstance(store, SqliteStore) or store.path.exists()


def judging_code() -> str:
    """Return a fingerprint of the code that judges: another one may judge otherwise."""
    from seawall.inventory.layer_store import analyser_version

    return analyser_version(("versions", "advisories", "scanning", "model", "fleet"))


def recipients(configuration: "Configuration") -> "list[Recipient]":
    """Return the sinks that are configured, and what each wants.

    Raises:
        UsageError: a secret of one cannot be read.
    """
    from seawall.fleet.notifying import Recipient, open_sink

    return [Recipient(open_sink(settings), settings.filter) for settings in configuration.sinks]


def dead_letters() -> Path:
    """Return the folder for notices that no sink took."""
    return home() / "dead-letters"


def detectors(skipped: Collection[str], rule_folders: Sequence[str]) -> list["Detector"]:
    """Return what looks at the content of files, but for what is skipped.

    Raises:
        UsageError: a folder without rules, or a rule that cannot be compiled.
    """
    found: list[Detector] = []
    if "secrets" not in skipped:
        from seawall.scanning.content.secrets import SecretsDetector, own_rules

        found.append(SecretsDetector(own_rules()))
    if "malware" not in skipped:
        from seawall.scanning.content import malware

        users = [rule for folder in rule_folders for rule in malware.rules_in(Path(folder))]
        found.append(malware.MalwareDetector([*malware.own_rules(), *users]))
    return found


def host_kernel() -> "HostKernel | None":
    """Return the kernel that runs on this host; None where it cannot be told."""
    from seawall.inventory.catalogers import ImageFile
    from seawall.inventory.catalogers.os_release import distribution
    from seawall.model import Distribution
    from seawall.scanning.kernel import host_kernel as named

    try:
        version = Path("/proc/version").read_text(encoding="utf-8", errors="replace")
        release = Path("/etc/os-release").read_bytes()
    except OSError:
        return None
    for fact in distribution(ImageFile("etc/os-release", release)):
        if isinstance(fact, Distribution):
            return named(fact, version)
    return None


def check_output(path: str | None) -> None:
    """Tell before the work whether `output` will be able to write.

    Raises:
        OutputUnwritable: its folder is missing or not ours to write to, or it is a folder itself;
            there is no stdout; its links lead in a circle.
    """
    if path is None or path == "-":
        if sys.__stdout__ is None:  # so Python starts where there is none
            raise OutputUnwritable("stdout: cannot be written (it is closed)", "name a file: -o")
        return
    target = _named(path)
    try:
        if target.is_dir():
            raise OutputUnwritable(f"{path}: cannot be written (it is a folder)")
        if not target.parent.is_dir():
            raise OutputUnwritable(f"{path}: cannot be written (no folder {target.parent})")
        is_file = not target.exists() or target.is_file()  # a device or a pipe needs no draft
    except OSError as error:
        raise _unwritable(path, error) from error
    if _is_descriptor(target):
        if is_file and not target.exists():
            raise OutputUnwritable(f"{path}: cannot be written (no such descriptor)")
        return
    if is_file and not os.access(target.parent, os.W_OK):
        raise OutputUnwritable(f"{path}: cannot be written (no permission for {target.parent})")


@contextmanager
def output(path: str | None) -> Iterator[TextIO]:
    """Yield stdout, or the file that was asked for: whole, or not at all.

    Raises:
        OutputUnwritable: it cannot be written.
        BrokenPipeError: it is a pipe, and its reader has gone.
    """
    if path is None or path == "-":
        check_output(None)
        try:
            yield sys.stdout
        except BrokenPipeError:
            raise
        except OSError as error:
            raise unwritable_stdout(error) from error
        flush_stdout()
        return
    with binary_output(path) as file, io.TextIOWrapper(file, encoding="utf-8") as text:
        yield text


def flush_stdout() -> None:
    """Write what is left for stdout.

    Raises:
        OutputUnwritable: it cannot be written.
        BrokenPipeError: its reader has gone.
    """
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unwritable_stdout(error) from error


@contextmanager
def binary_output(path: str) -> Iterator[BinaryIO]:
    """Yield a file that stands at `path` when all of it is written, and not before.

    Only a regular file is replaced: what is a link, a device or a pipe stays one.

    Raises:
        OutputUnwritable: it cannot be written.
        BrokenPipeError: it is a pipe, and its reader has gone.
    """
    target = _named(path)  # a link stays, what it names is replaced
    if _is_descriptor(target):
        with _opened_again(target) as file:
            yield file
        return
    # Nobody can foresee the name and put a link there; and it is short where the file's is not.
    draft = target.with_name(f".seawall-{os.urandom(8).hex()}")
    try:
        if target.exists() and not target.is_file():  # a device or a pipe is written to
            with target.open("wb") as file:
                yield file
            return
        with draft.open("xb") as file:
            if target.exists():
                draft.chmod(target.stat().st_mode & 0o777)
            yield file
        draft.replace(target)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _named(path: str) -> Path:
    """Return what `path` names in the end, be it there or not.

    What is a device, a pipe or an open descriptor keeps its name: the links of ``/dev/stdout`` end
    in ``pipe:[4711]``, which only the kernel can follow.

    Raises:
        OutputUnwritable: its links lead in a circle, or may not be followed.
    """
    given = Path(path)
    try:
        if _is_descriptor(given) or (given.exists() and not given.is_file()):
            return given
    except OSError as error:
        raise _unwritable(path, error) from error
    target = Path(os.path.realpath(path))
    try:
        is_link = target.is_symlink()
    except OSError as error:
        raise _unwritable(path, error) from error
    if is_link:  # else it would be replaced as if it were a file
        raise OutputUnwritable(f"{path}: cannot be written (its links lead in a circle)")
    return target


def _is_descriptor(path: Path) -> bool:
    """Tell whether `path` is an open descriptor: ``/dev/stdout``, ``/dev/fd/63`` or links to it."""
    for _ in range(_LINKS):
        if _DESCRIPTORS.fullmatch(os.path.realpath(path.parent)):
            return True
        try:
            path = path.parent / path.readlink()
        except OSError:  # the end of the links
            return False
    return False


@contextmanager
def _opened_again(path: Path) -> Iterator[BinaryIO]:
    """Yield an open descriptor to write to; where it is a file, behind what it holds."""
    try:
        with path.open("ab") as file:
            yield file
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _unwritable(str(path), error) from error


def discard_stdout() -> None:
    """Let what is still to be written to stdout go nowhere: Python would complain at its end."""
    with suppress(OSError):  # a stream without a descriptor has nothing of that kind
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def unwritable_stdout(error: OSError) -> OutputUnwritable:
    """Return the error of an stdout that cannot be written, and give up what is left for it."""
    discard_stdout()
    return _unwritable("stdout", error)


def _unwritable(where: str, error: OSError) -> OutputUnwritable:
    return OutputUnwritable(f"{where}: cannot be written ({error.strerror or error})")


def wants_colour(stream: TextIO) -> bool:
    """Tell whether colours may be used: on a terminal, unless ``NO_COLOR`` says otherwise."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
