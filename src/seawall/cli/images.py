"""``seawall images …``: the fleet, what is known of every image that was ever seen."""

import argparse
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from seawall.cli import arguments
from seawall.errors import SeawallError, UsageError
from seawall.moments import stamp

if TYPE_CHECKING:
    from seawall.advisories import AdvisoryStore
    from seawall.cli.configuration import Configuration
    from seawall.fleet import Delta, Fleet
    from seawall.fleet.keeping import Kept
    from seawall.fleet.record import ImageRecord
    from seawall.fleet.store.images import StoredImage
    from seawall.images import Limits
    from seawall.inventory import LayerCache
    from seawall.model import Image, ImageRef
    from seawall.registry import Reference
    from seawall.scanning.content.contract import Detector

_KINDS = ("secrets", "malware")
_LISTED = 1_000  # images
_CHOICES = 20  # images that a text may mean, as far as they are told


def add_to(commands: Any) -> None:
    """Declare the command and what it can do."""
    parser = commands.add_parser(
        "images",
        help="the fleet: images that were seen, judged again as advisories come",
        description="All images that were ever seen, and what is known to be wrong with them now.",
        epilog="example: seawall images affected CVE-2024-3094",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add_adding(actions)
    _add_looking(actions)
    _add_asking(actions)


def _add_adding(actions: Any) -> None:
    add = actions.add_parser(
        "add",
        help="read images and keep what is in them",
        description="Read images and keep what is in them; what is known already is not read.",
        epilog="example: seawall images add --docker",
    )
    add.add_argument("target", nargs="*", metavar="TARGET", help="as for seawall scan")
    add.add_argument(
        "--docker", action="store_true", help="all images of the Docker daemon, and what runs"
    )
    add.add_argument(
        "--registry",
        action="append",
        default=[],
        metavar="HOST[/NAME[:TAG]]",
        help="all images of a registry or repository; may be repeated",
    )
    _add_settings(add)
    add.add_argument("--place", default="", help=argparse.SUPPRESS)  # for the service
    add.add_argument(
        "--tell", action="store_true", help="put a notice of each new image on its way"
    )
    add.set_defaults(run=run_add)

    rescan = actions.add_parser(
        "rescan",
        help="judge all images again, or read some anew",
        description="Judge every package again, as after an update; no image is opened.",
        epilog="example: seawall images rescan --read web:1.2",
    )
    rescan.add_argument("image", nargs="*", metavar="IMAGE", help="read only these again")
    rescan.add_argument(
        "--read", action="store_true", help="read images again that another version had read"
    )
    _add_settings(rescan)
    rescan.set_defaults(run=run_rescan)


def _add_settings(parser: argparse.ArgumentParser) -> None:
    arguments.add_detectors(parser, _KINDS)
    arguments.add_cache(parser)
    arguments.add_opening(parser)


def _add_looking(actions: Any) -> None:
    listed = actions.add_parser(
        "list", help="the images, and how each stands", description="The images, worst first."
    )
    listed.add_argument("--running", action="store_true", help="only those that run now")
    listed.add_argument("--past", action="store_true", help="also those that are gone")
    listed.add_argument(
        "--all", action="store_true", help=f"more than the {_LISTED} that run or were seen last"
    )
    arguments.add_format(listed)
    listed.set_defaults(run=run_list)

    show = actions.add_parser(
        "show",
        help="the report on one image, as a scan writes it",
        description="The report on one image by today's advisories; the image is not opened.",
    )
    show.add_argument("image", metavar="IMAGE", help="a name, a digest, or the beginning of one")
    show.add_argument("--format", choices=arguments.REPORTS, default="table", metavar="FORMAT")
    arguments.add_output(show)
    show.add_argument("--all", action="store_true", help="show every finding, also the minor")
    show.set_defaults(run=run_show)

    verdict = actions.add_parser(
        "verdict",
        help="what a gate asks about an image, in milliseconds",
        description="What a gate asks: worst severity, fixes, exploits, age of the data.",
    )
    verdict.add_argument("image", metavar="IMAGE", help="a name, a digest, or the beginning of one")
    arguments.add_format(verdict)
    verdict.set_defaults(run=run_verdict)


def _add_asking(actions: Any) -> None:
    affected = actions.add_parser(
        "affected",
        help="which images and containers a flaw, package or layer is in",
        description="From an advisory, a package or a layer to base images, images, containers.",
        epilog="example: seawall images affected openssl@3.0.11-1~deb12u1",
    )
    affected.add_argument(
        "what", metavar="WHAT", help="CVE or other id, NAME[@VERSION], a purl, a layer's digest"
    )
    affected.add_argument("--past", action="store_true", help="also images that are gone")
    arguments.add_format(affected)
    affected.set_defaults(run=run_affected)

    advise = actions.add_parser(
        "advise",
        help="what a newer base image would mend",
        description="What would vanish and appear with a newer base, or with another image.",
        epilog="example: seawall images advise shop:1.4",
    )
    advise.add_argument("image", metavar="IMAGE")
    advise.add_argument("--instead", metavar="IMAGE", help="compare with this image")
    arguments.add_format(advise)
    advise.set_defaults(run=run_advise)


# --- opening ---------------------------------------------------------------------------------


@contextmanager
def opened() -> Iterator["tuple[Fleet, Configuration]"]:
    """Open the fleet that is there.

    Raises:
        UsageError: there is none yet.
    """
    from seawall.cli import configuration, wiring

    settings = configuration.read()
    if not wiring.has_fleet(settings):
        raise UsageError("no image was added yet", "seawall images add --docker")
    with wiring.open_fleet(settings) as fleet:
        yield fleet, settings


def _one(fleet: "Fleet", text: str) -> "StoredImage":
    """Return the image that a person means.

    Raises:
        UsageError: there is none, or there are several: they are told, and which to take is not
            guessed.
    """
    from seawall.cli import fleet_tables

    found = fleet.images.named(text)
    if not found:
        raise UsageError(f"{text}: no such image was seen", "see   seawall images list --past")
    if len(found) > 1:
        said = [
            fleet_tables.choice_line(
                image, fleet.images.places_of(image), fleet.images.facts(image.id)
            )
            for image in found[:_CHOICES]
        ]
        more = [f"  and {len(found) - _CHOICES} more"] if len(found) > _CHOICES else []
        arguments.mention([f"{text} means {len(found)} images:", *said, *more])
        raise UsageError(f"{text}: it is not clear which one", "give its digest, or more of it")
    return found[0]


# --- adding ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Task:
    """An image to be taken into the fleet."""

    ref: "ImageRef"
    place: str
    names: tuple[str, ...] = ()
    digest: str = ""  # by which its runtime knows it
    is_listed: bool = False  # by a registry: the others go on where it cannot be read


@dataclass(frozen=True, slots=True)
class _Listing:
    """What a registry or a repository has, all of it."""

    asked: str  # when
    names: dict[str, set[str]]  # by place; a repository without any is there, too
    registry: str = ""  # how its places begin, where it named its repositories; else empty


@dataclass(slots=True)
class _Taken:
    """What became of the tasks."""

    failed: int = 0
    digests: dict[str, set[str]] = field(default_factory=dict)  # by place: of any kind


@dataclass(frozen=True, slots=True)
class _Desk:
    """What all images are read with."""

    limits: "Limits"
    detectors: "list[Detector]"
    analyser: str
    cache: "LayerCache | None"
    advisories: "AdvisoryStore"
    code: str
    tells: bool


@contextmanager
def _desk(args: argparse.Namespace, *, tells: bool) -> Iterator[_Desk]:
    from seawall.cli import wiring
    from seawall.images import Limits
    from seawall.inventory.layer_store import analyser_version

    limits = Limits.parse(args.limit)
    detectors = wiring.detectors(args.skip, args.yara)
    keys = [f"{detector.name}={detector.key}" for detector in detectors]
    analyser = " ".join([analyser_version(), str(limits), *keys])
    with (
        wiring.advisory_store() as (advisories, _),
        wiring.layer_cache(not args.no_cache, str(limits)) as cache,
    ):
        yield _Desk(
            limits, detectors, analyser, cache, advisories, wiring.judging_code(), tells=tells
        )


def run_add(args: argparse.Namespace) -> int:
    """Read and keep; 3 where an image could not be read."""
    from seawall.cli import configuration, wiring

    if not (args.target or args.docker or args.registry):
        raise UsageError("nothing to add", "name a TARGET, or --docker, or --registry HOST/NAME")
    settings = configuration.read()
    with wiring.open_fleet(settings) as fleet, _desk(args, tells=args.tell) as desk:
        tasks = list(_tasks(args, fleet))
        looked_through = [_looked_through(text, args.platform) for text in args.registry]
        tasks += [task for _, found in looked_through for task in found]
        taken = _take(fleet, desk, tasks)
        for listing, _ in looked_through:
            if listing is not None:
                _let_go(fleet, listing, taken)
    return 3 if taken.failed else 0


def _tasks(args: argparse.Namespace, fleet: "Fleet") -> Iterator[_Task]:
    from seawall.images import parse_target

    # Looked at once: to recognise an archive its beginning is read.
    refs = [
        parse_target(target, args.platform if _has_platforms(target) else "")
        for target in args.target
    ]
    for ref in refs:
        yield _Task(ref, args.place or _place_of(ref), digest=_digest_in(ref))
    if args.docker:
        yield from _docker_tasks(fleet)
    elif not args.place and any(ref.source == "docker" for ref in refs):
        _note_running(fleet)


def _note_running(fleet: "Fleet") -> None:
    """Note what runs at the daemon that an image is read from: else nobody would have looked."""
    from seawall.fleet.docker import Docker

    daemon = Docker()
    running, host = daemon.workloads(), daemon.host()
    with fleet.writing():
        fleet.workloads.listed("docker", host, running, _now())


def _looked_through(text: str, platform: str) -> tuple[_Listing | None, list[_Task]]:
    """Return what a registry has, and its images; of one image no listing.

    Raises:
        RegistryError, UsageError: it could not be listed to its end.
    """
    from seawall.model import ImageRef
    from seawall.registry import references, scope

    whole, asked = scope(text), _now()
    names: dict[str, set[str]] = {}
    if whole.repository:
        names[_registry_place(whole)] = set()
    tasks = []
    for reference in references(text):
        names.setdefault(_registry_place(reference), set()).add(str(reference))
        ref = ImageRef("registry", str(reference), platform)
        tasks.append(_Task(ref, _registry_place(reference), is_listed=not whole.wanted))
    if whole.wanted:
        return None, tasks
    registry = "" if whole.repository else _registry_place(whole)
    return _Listing(asked, names, registry), tasks


def _let_go(fleet: "Fleet", listing: _Listing, taken: _Taken) -> None:
    """Note what is no longer where it was."""
    from seawall.cli import fleet_tables, wiring

    gone: dict[str, int] = {}
    with fleet.writing():
        places = set(listing.names)
        if listing.registry:
            there = fleet.images.places_with_images()
            places.update(place for place in there if place.startswith(listing.registry))
        for place in sorted(places):
            names, digests = listing.names.get(place, set()), taken.digests.get(place, set())
            gone[place] = fleet.images.listed(place, names, digests, listing.asked, _now())
    with wiring.output(None) as out:
        out.writelines(fleet_tables.gone_line(place, n) for place, n in gone.items() if n)


def _has_platforms(target: str) -> bool:
    return target.startswith(("registry:", "oci-dir:", "oci-archive:"))


def _digest_in(ref: "ImageRef") -> str:
    """Return the digest by which a runtime's image is opened; a name's is not known."""
    return ref.place if ref.source == "docker" and ref.place.startswith("sha256:") else ""


def _place_of(ref: "ImageRef") -> str:
    """Return what the fleet calls the place that an image was seen in."""
    if ref.source == "docker":
        from seawall.fleet.docker import Docker, place_of

        return place_of(Docker().host())
    if ref.source == "registry":
        from seawall.registry import parse

        return _registry_place(parse(ref.place))
    return ref.source


def _registry_place(reference: "Reference") -> str:
    return f"registry:{reference.registry}/{reference.repository}"


def _docker_tasks(fleet: "Fleet") -> Iterator[_Task]:
    """Take stock of the daemon; yield what is to be read."""
    from seawall.fleet.docker import Docker, place_of
    from seawall.fleet.watching import stock_of, take_stock
    from seawall.model import ImageRef

    daemon = Docker()
    images, workloads = stock_of(daemon)
    place = place_of(daemon.host())
    wanted = take_stock(
        fleet, place, images, workloads, runtime="docker", host=daemon.host(), at=_now()
    )
    arguments.mention(
        [
            f"images: {len(images)}, of these known: {len(images) - len(wanted)}; "
            f"running containers: {len(workloads)}"
        ]
    )
    for image in wanted:
        yield _Task(ImageRef("docker", image.digest), place, image.names, image.digest)


def _now() -> str:
    return stamp(datetime.now(UTC))


def _take(fleet: "Fleet", desk: _Desk, tasks: list[_Task]) -> _Taken:
    """Read and keep each image; what fails is told and does not stop the others."""
    from seawall.cli import fleet_tables, wiring

    taken, is_read, refused = _Taken(), True, ""
    for number, task in enumerate(tasks, 1):
        try:
            counted = f"{number}/{len(tasks)} " if len(tasks) > 1 else ""
            kept, digests = _keep(fleet, desk, task, counted)
        except SeawallError as error:
            # What a registry lists may be deleted before it is read: its tag is unknown then.
            if not task.is_listed and len(tasks) == 1:
                raise
            taken.failed += 1
            told = str(error)
            arguments.mention([told if told.startswith(str(task.ref)) else f"{task.ref}: {told}"])
            continue
        taken.digests.setdefault(task.place, set()).update(digests)
        refused = refused or kept.delta.refused
        if is_read:
            try:
                with wiring.output(None) as out:
                    out.write(fleet_tables.kept_line(kept, task.names or (task.ref.place,)))
                    out.flush()
            except BrokenPipeError:  # the images are wanted whoever reads of them
                wiring.discard_stdout()
                is_read = False
    if refused:
        taken.failed += 1
        arguments.mention([f"not judged: the fleet knows newer advisories; {refused}"])
        return taken
    if taken.failed and len(tasks) > 1:
        arguments.mention([f"{taken.failed} of {len(tasks)} images could not be read"])
    return taken


def _keep(fleet: "Fleet", desk: _Desk, task: _Task, counted: str) -> "tuple[Kept, tuple[str, ...]]":
    """Return the image as it is kept, and all digests by which it was met."""
    from seawall.cli import progress
    from seawall.fleet.keeping import check_not_refused, keep, seen_again
    from seawall.fleet.reading import read_record
    from seawall.fleet.record import ImageRecord

    def known(digest: str) -> bool:
        check_not_refused(fleet, digest, datetime.now(UTC))
        image = fleet.images.find(digest)
        # A manifest may have this digest as well, of another image.
        is_it = image is not None and image.digest == digest
        return image is not None and is_it and image.analyser == desk.analyser

    with progress.reading(counted + str(task.ref)) as report:
        found = read_record(
            task.ref,
            limits=desk.limits,
            detectors=desk.detectors,
            analyser=desk.analyser,
            known=known,
            cache=desk.cache,
            progress=report,
        )
    now = datetime.now(UTC)
    if not isinstance(found, ImageRecord):
        others = _others(found, task)
        kept = seen_again(
            fleet,
            found.digest,
            desk.advisories,
            now,
            names=(*found.tags, *task.names),
            others=others,
            place=task.place,
            code=desk.code,
        )
        return kept, (found.digest, *others)
    others = _others(found, task)
    names = tuple(dict.fromkeys((*found.names, *task.names)))
    kept = keep(
        fleet,
        replace(found, names=names, other_digests=others),
        desk.advisories,
        now,
        place=task.place,
        code=desk.code,
        tells=desk.tells,
    )
    return kept, (found.digest, *others)


def _others(found: "Image | ImageRecord", task: _Task) -> tuple[str, ...]:
    """Return the digests that an image has beside its own: its runtime's may be another."""
    digests = dict.fromkeys((*found.other_digests, *([task.digest] if task.digest else [])))
    return tuple(digest for digest in digests if digest != found.digest)


def run_rescan(args: argparse.Namespace) -> int:
    """Judge all anew, or read images again."""
    from seawall.cli import fleet_tables, progress, wiring
    from seawall.fleet import rejudge
    from seawall.images import parse_target

    with opened() as (fleet, _), _desk(args, tells=False) as desk:
        if args.read or args.image:
            images = [_one(fleet, text) for text in args.image] or [
                image for image in fleet.images.all() if not image.gone
            ]
            # What read a bill of materials ends with what reads images: see `read_record`.
            stale = [image for image in images if not image.analyser.endswith(desk.analyser)]
            if same := len(images) - len(stale):
                arguments.mention(
                    [f"{same} of {len(images)} were read by this very version: nothing to do"]
                )
            tasks = [
                _Task(parse_target(target), fleet.images.place_of(image))
                for image in stale
                if (target := fleet.images.facts(image.id).target)
            ]
            return 3 if _take(fleet, desk, tasks).failed else 0
        with progress.fetching() as report:
            now = datetime.now(UTC)
            delta = rejudge(fleet, desk.advisories, now, code=desk.code, anew=True, progress=report)
        with wiring.output(None) as out:
            fleet_tables.write_delta(delta, out)
    return 0


# --- looking ---------------------------------------------------------------------------------


def run_list(args: argparse.Namespace) -> int:
    """List the images."""
    from seawall.cli import fleet_tables, wiring
    from seawall.fleet.verdict import verdict_on

    now = datetime.now(UTC)
    with opened() as (fleet, _), fleet.database.reading():
        running = {workload.image for workload in fleet.workloads.running()}
        found = [image for image in fleet.images.all() if args.past or not image.gone]
        runs = {image.id for image in found if _runs(fleet, image, running)} if running else set()
        if args.running:
            found = [image for image in found if image.id in runs]
        # Those that run, then those that were seen last: a verdict takes a millisecond or two.
        found.sort(key=lambda image: image.id not in runs)
        images = found if args.all else found[:_LISTED]
        rows = [(image, verdict_on(fleet, image, now)) for image in images]
    with wiring.output(None) as out:
        if args.format == "json":
            fleet_tables.write_list_json(rows, out)
        else:
            colour = wiring.wants_colour(out)
            fleet_tables.write_list(rows, out, shutil.get_terminal_size((100, 24)).columns, colour)
    if len(images) < len(found):
        arguments.mention([f"{len(found) - len(images):,} more images were not looked at: --all"])
    return 0


def _runs(fleet: "Fleet", image: "StoredImage", running: set[str]) -> bool:
    return bool(running & {image.digest, *fleet.images.other_digests(image.id)})


def run_show(args: argparse.Namespace) -> int:
    """Show one image as a scan would."""
    from seawall.cli import wiring
    from seawall.fleet.report import report_of
    from seawall.scanning.reports import FORMATS, Options

    wiring.check_output(args.output)
    now = datetime.now(UTC)
    with opened() as (fleet, _), wiring.advisory_store() as (advisories, is_snapshot):
        image = _one(fleet, args.image)
        report = report_of(fleet, image, advisories, is_snapshot, now)
    width = shutil.get_terminal_size((100, 24)).columns
    with wiring.output(args.output) as out:
        options = Options(args.all, wiring.wants_colour(out), width, None, now)
        FORMATS[args.format](report, out, options)
    return 0


def run_verdict(args: argparse.Namespace) -> int:
    """Say what a gate would be told; 3 for an image that is not known."""
    from seawall.cli import fleet_tables, wiring
    from seawall.fleet.verdict import Verdict, verdict_on

    with opened() as (fleet, _):
        if fleet.images.named(args.image):
            said = verdict_on(fleet, _one(fleet, args.image), datetime.now(UTC))
        else:
            said = Verdict(args.image, is_known=False)
    with wiring.output(None) as out:
        if args.format == "json":
            fleet_tables.write_verdict_json(said, out)
        else:
            fleet_tables.write_verdict(said, out)
    return 0 if said.is_known else 3


def run_affected(args: argparse.Namespace) -> int:
    """Show where a flaw, package or layer is."""
    from seawall.cli import fleet_tables, wiring
    from seawall.fleet.affected import affected_by

    with opened() as (fleet, _):
        radius = affected_by(fleet, args.what, past=args.past)
    with wiring.output(None) as out:
        if args.format == "json":
            fleet_tables.write_radius_json(radius, out)
        else:
            fleet_tables.write_radius(radius, out, shutil.get_terminal_size((100, 24)).columns)
    if not (radius.flaws or radius.packages or radius.origins):
        with wiring.advisory_store() as (advisories, _):
            known = sorted({advisory.id for advisory in advisories.named(args.what).values()})
        told = f"known as {', '.join(known[:5])}" if known else "no advisory has this name either"
        arguments.mention([f"{args.what}: nothing of the fleet has it; {told}"])
    return 0


def run_advise(args: argparse.Namespace) -> int:
    """Say what another base, or another image, would change."""
    from seawall.cli import fleet_tables, wiring
    from seawall.fleet.rebase import advice, pull_preview

    with opened() as (fleet, _):
        image = _one(fleet, args.image)
        if args.instead:
            preview = pull_preview(fleet, image, _one(fleet, args.instead))
            with wiring.output(None) as out:
                fleet_tables.write_preview(preview, out, as_json=args.format == "json")
            return 0
        said = advice(fleet, image)
    with wiring.output(None) as out:
        fleet_tables.write_advice(said, out, as_json=args.format == "json")
    return 0


def judged_again(args: argparse.Namespace) -> "Delta | None":
    """Judge the fleet again after an update of the advisories, and tell what that found.

    None where there is no fleet. Nothing is written to stdout before: a reader that goes away early
    must keep nothing from being judged.
    """
    from seawall.cli import configuration, progress, wiring
    from seawall.fleet import rejudge

    settings = configuration.read()
    if not wiring.has_fleet(settings):
        return None
    with wiring.open_fleet(settings) as fleet:
        with wiring.advisory_store() as (advisories, _), progress.fetching() as report:
            delta = rejudge(
                fleet,
                advisories,
                datetime.now(UTC),
                code=wiring.judging_code(),
                progress=report,
            )
        if settings.sinks and not args.no_deliver:
            deliver(fleet, settings)
    return delta


def deliver(fleet: "Fleet", settings: "Configuration") -> bool:
    """Send what is due; return whether all of it went.

    Another process may be at it: that is said, and what it has not sent yet did not go.
    """
    from seawall.cli import wiring
    from seawall.fleet.notifying import deliver as send

    with fleet.database.alone("deliver") as is_alone:
        now = datetime.now(UTC)
        names = [sink.name for sink in settings.sinks]
        if not is_alone:
            waiting = sum(fleet.outbox.waiting(names, now).values())
            told = f"{waiting} notices wait for it" if waiting else "nothing waits"
            arguments.mention([f"another process delivers notices: {told}"])
            return not waiting
        sent = send(fleet.outbox, wiring.recipients(settings), now, wiring.dead_letters())
        fleet.outbox.prune(now, names)
    for name, report in sent.sinks.items():
        if report.error:
            print(f"seawall: {name}: {report.error}", file=sys.stderr)  # noqa: T201
    return sent.is_clean
