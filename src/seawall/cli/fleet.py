"""``seawall fleet …``: the service that keeps the fleet current, and what it tells."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seawall.cli import arguments
from seawall.errors import FleetError, UsageError
from seawall.moments import stamp

if TYPE_CHECKING:
    from seawall.cli.configuration import Configuration
    from seawall.fleet.service import ServiceSettings, Watched
    from seawall.fleet.service.answering import Listener
    from seawall.fleet.service.supervisor import Supervisor

_HELD = "fleet-service.yaml"  # in the folder for state: the configuration that a service took
_NO_SINKS = "docs/notifications.md shows the section notifications of seawall.yaml"


def add_to(commands: Any) -> None:
    """Declare the command and what it can do."""
    parser = commands.add_parser(
        "fleet",
        help="the service that watches, updates, judges and tells",
        description="The service that keeps the fleet current, and whom it tells.",
        epilog="example: seawall fleet run",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    run = actions.add_parser(
        "run",
        help="run the service",
        description="Watch the Docker daemon and the feeds, keep the fleet current, and tell what "
        "is found, until SIGTERM. SIGHUP reads seawall.yaml again.",
        epilog="Whoever runs it must be root or in the group docker.",
    )
    run.add_argument("--quiet", action="store_true", help="no line for each event on stderr")
    run.set_defaults(run=run_service)

    status = actions.add_parser(
        "status",
        help="how the service is",
        description="Ask the service how it is; 3 where it does not answer, or does not work.",
    )
    arguments.add_format(status)
    status.set_defaults(run=run_status)

    test = actions.add_parser(
        "test",
        help="send a test notice",
        description="Send a test notice through sinks of seawall.yaml; 3 where one is not taken.",
        epilog="example: seawall fleet test --all",
    )
    test.add_argument("sink", nargs="*", metavar="SINK", help="its name in seawall.yaml")
    test.add_argument("--all", action="store_true", help="all of them")
    test.set_defaults(run=run_test)

    deliver = actions.add_parser(
        "deliver",
        help="send what is due, once",
        description="Send the notices that are due, once; for hosts without the service.",
    )
    deliver.set_defaults(run=run_deliver)


# --- the service -----------------------------------------------------------------------------


def run_service(args: argparse.Namespace) -> int:
    """Run until somebody asks to stop."""
    from seawall.cli import configuration, wiring
    from seawall.fleet.service import Supervisor

    named = os.environ.get("SEAWALL_CONFIG")
    path = Path(named) if named else None
    settings = configuration.read(path)
    say = (lambda _: None) if args.quiet else _say
    with wiring.open_fleet(settings) as fleet, fleet.database.alone("run") as is_alone:
        if not is_alone:
            raise FleetError(
                f"{fleet.database.place}: a service runs on this fleet already",
                "ask it: seawall fleet status",
            )
        held = _Held(settings, wiring.home() / _HELD)
        supervisor = Supervisor(
            fleet,
            _service_settings(held.settings),
            _docker(),
            reread=lambda: _service_settings(held.taken(configuration.read(path))),
            environment=os.environ | {"SEAWALL_CONFIG": str(held.copy)},
            dead_letters=wiring.dead_letters(),
            say=say,
        )
        with _answering(supervisor, settings, say):
            supervisor.run()
    return 0


def _say(text: str) -> None:
    moment = stamp(datetime.now(UTC))
    with suppress(OSError, ValueError):  # whoever read it is gone: the service is not
        print(f"{moment} {arguments.printable(text)}", file=sys.stderr, flush=True)  # noqa: T201


class _Held:
    """The configuration as it was taken, for the children: the file may be changing meanwhile."""

    def __init__(self, settings: "Configuration", copy: Path) -> None:
        self.settings, self.copy = settings, copy
        self._write(settings)

    def taken(self, settings: "Configuration") -> "Configuration":
        """Take another configuration.

        Raises:
            UsageError: it changes what a service keeps for its life.
        """
        if (settings.store, settings.health) != (self.settings.store, self.settings.health):
            raise UsageError(
                f"{settings.file or 'the configuration'}: fleet and health are others now",
                "start the service anew for these",
            )
        self._write(settings)
        self.settings = settings
        return settings

    def _write(self, settings: "Configuration") -> None:
        from seawall.cli import configuration

        draft = self.copy.with_name(f".{self.copy.name}-{os.getpid()}")
        try:
            content = settings.file.read_bytes() if settings.file else b""
            draft.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.unlink(missing_ok=True)
            with open(draft, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                file.write(content)
            if replace(configuration.read(draft), file=settings.file) != settings:
                raise UsageError(f"{settings.file}: changed while it was read", "try again")
            draft.replace(self.copy)
        except OSError as error:
            where = error.filename or self.copy
            raise UsageError(f"{where}: {error.strerror}", "check permissions") from error
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)


def _service_settings(settings: "Configuration") -> "ServiceSettings":
    from seawall.cli import wiring
    from seawall.fleet.service import ServiceSettings

    options: list[str] = []
    if settings.advisories.url is not None:
        options += ["--url", settings.advisories.url]
    for name in sorted(settings.advisories.ecosystems or ()):
        options += ["--ecosystem", name]
    return ServiceSettings(
        runtime=settings.watch.docker,
        registries=settings.watch.registries,
        registries_every=settings.watch.every,
        advisories_every=settings.advisories.every,
        update_options=tuple(options),
        recipients=tuple(wiring.recipients(settings)),
    )


def _docker() -> "Watched":
    from seawall.fleet.docker import Docker, place_of
    from seawall.fleet.service import Watched

    daemon = Docker()
    return Watched(daemon, "docker", daemon.host, place_of, lambda digest: f"docker:{digest}")


@contextmanager
def _answering(
    supervisor: "Supervisor", settings: "Configuration", say: Callable[[str], None]
) -> Iterator[None]:
    """Let others ask how the service is."""
    from seawall import __version__
    from seawall.cli import wiring
    from seawall.fleet.service import answering, metrics
    from seawall.fleet.service.health import document
    from seawall.fleet.service.numbers import Counted

    counted = Counted(lambda: wiring.open_fleet(settings), lambda: supervisor.sinks)

    def health() -> answering.Answer:
        said = document(
            supervisor.board.condition,
            counted.get(),
            __version__,
            datetime.now(UTC),
            time.monotonic(),
        )
        content = json.dumps(said, indent=2, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        return answering.Answer(content, status=answering.status_of(said["state"] != "failing"))

    def numbers() -> answering.Answer:
        now = datetime.now(UTC)
        text = metrics.text(supervisor.board.condition, counted.get(), now, time.monotonic())
        return answering.Answer(text, metrics.CONTENT_TYPE)

    socket, address = settings.health.socket, settings.health.metrics
    listeners: list[Listener] = []
    try:
        listeners.append(answering.on_socket(socket, {"/health": health, "/metrics": numbers}))
        if address is not None:
            pages = {"/metrics": numbers}
            listeners.append(answering.on_port(address.host, address.port, pages))
            say(f"metrics on http://{address}/metrics")
        counted.get()
        yield
    finally:
        for listener in listeners:
            listener.close()
        counted.close()


# --- asking it -------------------------------------------------------------------------------


def run_status(args: argparse.Namespace) -> int:
    """Show how the service is."""
    from seawall.cli import configuration, wiring
    from seawall.cli.fleet_status import write_table
    from seawall.fleet.service.asking import ask

    try:
        socket = configuration.read().health.socket
    except UsageError as error:
        held = wiring.home() / _HELD  # the service goes on with what it had, and says so
        if not held.is_file():
            raise
        arguments.mention([str(error)])
        socket = configuration.read(held).health.socket
    said = ask(socket, "/health")
    with wiring.output(None) as out:
        if args.format == "json":
            out.write(json.dumps(said, indent=2, ensure_ascii=False) + "\n")
        else:
            write_table(said, datetime.now(UTC), out)
    return 3 if said.get("state") == "failing" else 0


# --- telling ---------------------------------------------------------------------------------


def run_test(args: argparse.Namespace) -> int:
    """Send a test notice to each sink; 3 where one is not taken."""
    from seawall.cli import configuration, wiring
    from seawall.errors import NotificationError
    from seawall.fleet.notifying import test_notice

    settings = configuration.read()
    by_name = {recipient.name: recipient for recipient in wiring.recipients(settings)}
    failed = False
    for name in _chosen(args, by_name):
        began = time.monotonic()
        try:
            by_name[name].sink.send(test_notice(datetime.now(UTC)))
        except NotificationError as error:
            failed = True
            arguments.mention([f"{name}: {error}"])
            if error.hint:
                print(f"  {arguments.printable(error.hint)}", file=sys.stderr)  # noqa: T201
            continue
        print(f"{name}: taken, in {time.monotonic() - began:.1f} s", file=sys.stderr)  # noqa: T201
    return 3 if failed else 0


def _chosen(args: argparse.Namespace, known: Mapping[str, object]) -> list[str]:
    """Return the names of the sinks that are meant.

    Raises:
        UsageError: none is, or one is not known.
    """
    if not known:
        raise UsageError("seawall.yaml names no sink", _NO_SINKS)
    if bool(args.sink) == args.all:
        raise UsageError("name sinks, or --all", f"there are: {', '.join(known)}")
    if unknown := [name for name in args.sink if name not in known]:
        raise UsageError(f"{unknown[0]}: no such sink", f"there are: {', '.join(known)}")
    return list(dict.fromkeys(args.sink)) or list(known)


def run_deliver(_: argparse.Namespace) -> int:
    """Send what is due; 3 where something was not taken, or waits for another who delivers."""
    from seawall.cli import images

    with images.opened() as (fleet, settings):
        if not settings.sinks:
            raise UsageError("seawall.yaml names no sink", _NO_SINKS)
        return 0 if images.deliver(fleet, settings) else 3
