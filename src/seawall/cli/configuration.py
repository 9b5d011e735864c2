"""``seawall.yaml``: how the fleet is kept, watched and told of. Its page: docs/configuration.md.

The file decides where findings go, so it must be the user's own or root's, and it is not looked for
in the current folder: a repository that somebody cloned must not steer what is told to whom.
"""

import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

from seawall.cli import wiring
from seawall.cli.configured_sinks import sinks
from seawall.errors import UsageError
from seawall.fleet.notifying.settings import SinkSettings
from seawall.own_file import check_own
from seawall.registry.reference import is_host_name
from seawall.registry.reference import parse as parse_reference
from seawall.settings import Address, Secret, Value, document, reading

_SYSTEM = Path("/etc/seawall/seawall.yaml")
_FLEET = "fleet.sqlite"  # in the folder for state
_MOST_BYTES = 1 << 20
_HINT = "docs/configuration.md shows the file with all its keys"
_SHORTEST, _LONGEST = timedelta(seconds=10), timedelta(days=7)
_SOCKET_BYTES = 107  # of a path, as unix(7) allows, without the null byte behind it
_POSTGRESQL = re.compile(r"postgres(?:ql)?://[!-~]+")
# What libpq would take for a password or a file of one in the query of a URI.
_PASSWORD = re.compile(r"[?&](?:sslpassword|password|passfile)=", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SqliteStore:
    """A fleet in one file."""

    path: Path


@dataclass(frozen=True, slots=True)
class PostgresqlStore:
    """A fleet in a PostgreSQL database."""

    url: str  # as libpq reads it, without a password
    password: Secret | None = None  # None: libpq's own ways, as PGPASSFILE


@dataclass(frozen=True, slots=True)
class AdvisorySettings:
    """Where advisories come from."""

    url: str | None = None  # of a mirror; None: the public feeds
    every: timedelta = timedelta(minutes=15)
    ecosystems: frozenset[str] | None = None  # None: the usual ones


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """What is looked at for images."""

    docker: bool = True
    registries: tuple[str, ...] = ()  # HOST, HOST/NAME or HOST/NAME:TAG
    every: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class HealthSettings:
    """Where the service says how it is."""

    socket: Path
    metrics: Address | None = None  # None: only on the socket


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the file says, with defaults for all it does not say."""

    file: Path | None  # where it was read; None: there is none
    store: SqliteStore | PostgresqlStore
    health: HealthSettings
    advisories: AdvisorySettings = field(default_factory=AdvisorySettings)
    watch: WatchSettings = field(default_factory=WatchSettings)
    sinks: tuple[SinkSettings, ...] = ()


def read(path: Path | None = None) -> Configuration:
    """Return what a file says; without a path the first that is there, else the defaults.

    Looked for are ``$SEAWALL_CONFIG``, ``seawall.yaml`` in the folder for state, and
    ``/etc/seawall/seawall.yaml``. A file that is named must be there.

    Raises:
        UsageError: it cannot be read, another user could have written it, or something in it is
            wrong; the message names line and key.
    """
    if path is None and (named := os.environ.get("SEAWALL_CONFIG")):
        path = Path(named)
    file = path or first_of((wiring.home() / "seawall.yaml", _SYSTEM))
    if file is None:
        return _configuration(None, {})
    top = document.parse(str(file), _content(file), _HINT)
    sections = ("fleet", "advisories", "watch", "notifications", "health")
    keys = top.mapping(sections) if top and not top.is_absent else {}
    return _configuration(file, keys)


def first_of(places: Sequence[Path]) -> Path | None:
    """Return the first path at which something is, be it readable or not.

    Raises:
        UsageError: that cannot be told; to go on would be to leave out what somebody has written.
    """
    for place in places:
        try:
            place.lstat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise _unreadable(place, error.strerror) from error
        return place
    return None


def _content(file: Path) -> bytes:
    """Return what is in a file that nobody but its reader and root could have written.

    Raises:
        UsageError: it cannot be read, is too large, or is not to be believed.
    """
    try:
        with open(file, "rb", opener=_at_once) as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise UsageError(f"{file}: is no file", _HINT)
            if reason := check_own(file):
                raise UsageError(
                    reason[0], "it and its folder must be yours or root's, and written by no others"
                )
            data = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        raise _unreadable(file, error.strerror) from error
    except ValueError as error:  # a null byte in the path
        raise _unreadable(file, str(error)) from error
    if len(data) > _MOST_BYTES:
        raise UsageError(f"{file}: larger than {_MOST_BYTES >> 20} MiB", _HINT)
    return data


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # a pipe of this name waits for no writer


def _unreadable(file: Path, reason: str | None) -> UsageError:
    return UsageError(f"{file}: cannot be read ({reason})", _HINT)


def _configuration(file: Path | None, keys: Mapping[str, Value]) -> Configuration:
    return Configuration(
        file=file,
        store=_store(keys.get("fleet")),
        health=_health(keys.get("health")),
        advisories=_advisories(keys.get("advisories")),
        watch=_watch(keys.get("watch")),
        sinks=sinks(there) if (there := _written(keys.get("notifications"))) else (),
    )


def _written(value: Value | None) -> Value | None:
    """Return a section; None where it is missing or only its name is written."""
    return None if value is None or value.is_absent else value


def _keys(value: Value | None, known: Sequence[str]) -> Mapping[str, Value]:
    section = _written(value)
    return section.mapping(known) if section else {}


def _store(value: Value | None) -> SqliteStore | PostgresqlStore:
    if value:
        reading.refuse_written_secret(value, "store_password")
    keys = _keys(value, ("store", "store_password_file", "store_password_env"))
    password = reading.secret(keys, "store_password")
    store = keys.get("store")
    if store and not store.text().startswith("sqlite://"):
        return PostgresqlStore(_postgresql_url(store), password)
    if password and value:
        raise value.wrong("a file of SQLite has no password", "store_password")
    return SqliteStore(reading.path(store, "sqlite://") if store else wiring.home() / _FLEET)


def _postgresql_url(value: Value) -> str:
    text = value.text()
    if not _POSTGRESQL.fullmatch(text):
        raise value.wrong("must be sqlite:///PATH or postgresql://USER@HOST/DATABASE")
    server = re.split("[/?#]", text.partition("://")[2], maxsplit=1)[0]
    user, at, _ = server.rpartition("@")
    if (at and ":" in user) or _PASSWORD.search(unquote(text)):
        raise value.wrong(
            "must have no password in it: name a file that holds it with store_password_file, "
            "or use PGPASSFILE"
        )
    return text


def _advisories(value: Value | None) -> AdvisorySettings:
    keys = _keys(value, ("url", "every", "ecosystems"))
    usual = AdvisorySettings()
    return AdvisorySettings(
        url=reading.web_address(keys["url"]) if "url" in keys else usual.url,
        every=_every(keys, usual.every),
        ecosystems=_ecosystems(keys["ecosystems"]) if "ecosystems" in keys else usual.ecosystems,
    )


def _ecosystems(value: Value) -> frozenset[str]:
    from seawall.advisories import ECOSYSTEMS

    return frozenset(name.one_of(tuple(ECOSYSTEMS)) for name in value.each())


def _watch(value: Value | None) -> WatchSettings:
    keys = _keys(value, ("docker", "registries", "every"))
    usual = WatchSettings()
    registries = _written(keys.get("registries"))
    return WatchSettings(
        docker=keys["docker"].flag() if "docker" in keys else usual.docker,
        registries=tuple(map(_registry, registries.items("a registry"))) if registries else (),
        every=_every(keys, usual.every),
    )


def _registry(value: Value) -> str:
    text = value.text()
    host, slash, _ = text.partition("/")
    if not is_host_name(host):
        raise value.wrong("must be HOST, HOST/NAME or HOST/NAME:TAG, without https://")
    if slash:
        try:
            parse_reference(text)
        except UsageError as error:
            raise value.wrong(str(error)) from error
    return text


def _every(keys: Mapping[str, Value], usual: timedelta) -> timedelta:
    return keys["every"].duration(_SHORTEST, _LONGEST) if "every" in keys else usual


def _health(value: Value | None) -> HealthSettings:
    keys = _keys(value, ("socket", "metrics"))
    socket = wiring.home() / "fleet.sock"
    if "socket" in keys:
        socket = reading.path(keys["socket"])
        if len(os.fsencode(socket)) > _SOCKET_BYTES:
            raise keys["socket"].wrong(f"longer than {_SOCKET_BYTES} bytes, which no socket can be")
    return HealthSettings(socket, reading.address(keys["metrics"]) if "metrics" in keys else None)
