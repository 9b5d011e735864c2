"""``seawall indicators …``: was this ever in one of our images? Also asked of images to come."""

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from seawall.cli import arguments
from seawall.errors import UsageError
from seawall.moments import stamp

if TYPE_CHECKING:
    from seawall.fleet.indicators import Indicator
    from seawall.fleet.look_back import Answer, NotKnown, SeenIn
    from seawall.fleet.store.indicators import StoredIndicator

_KINDS = ("package", "file", "path", "secret", "malware")
_SHOWN = 50  # images
_PLACES = 5  # of one image


def add_to(commands: Any) -> None:
    """Declare the command and what it can do."""
    parser = commands.add_parser(
        "indicators",
        help="look back: was this ever in an image, also in one that is gone",
        description="Ask what was noted of every image that was ever seen; nothing is opened.",
        epilog="example: seawall indicators ask package 'xz-utils>=5.6.0,<5.6.2'",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    ask = actions.add_parser("ask", help="ask all images once", description="Ask all images once.")
    _add_question(ask)
    arguments.add_format(ask)
    ask.set_defaults(run=run_ask)
    keep = actions.add_parser(
        "keep",
        help="ask all images, and each one that comes",
        description="Ask all images, and each one that comes: a notice tells of these.",
    )
    _add_question(keep)
    keep.add_argument("--note", default="", metavar="TEXT", help="why, for whoever is told")
    arguments.add_format(keep)
    keep.set_defaults(run=run_keep)
    listed = actions.add_parser(
        "list", help="what is asked of images to come", description="What is asked, since when."
    )
    arguments.add_format(listed)
    listed.set_defaults(run=run_list)
    forget = actions.add_parser(
        "forget", help="ask it no more", description="Ask it of new images no more."
    )
    _add_question(forget)
    forget.set_defaults(run=run_forget)


def _add_question(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", choices=_KINDS, metavar="KIND", help=", ".join(_KINDS))
    parser.add_argument(
        "what",
        metavar="WHAT",
        help="NAME, NAME@VERSION, 'NAME<VERSION' or a purl; a SHA-256; a name with stars; a rule",
    )


def run_ask(args: argparse.Namespace) -> int:
    """Ask once; 1 where some image had it."""
    from seawall.cli.images import opened
    from seawall.fleet.indicators import parse_indicator
    from seawall.fleet.look_back import look_back

    indicator = parse_indicator(args.kind, args.what)
    with opened() as (fleet, _):
        answer = look_back(fleet, indicator)
    return _tell(answer, args)


def run_keep(args: argparse.Namespace) -> int:
    """Ask from now on."""
    from seawall.cli.images import opened
    from seawall.fleet.indicators import parse_indicator
    from seawall.fleet.look_back import watch

    indicator = parse_indicator(args.kind, args.what)
    with opened() as (fleet, _):
        answer = watch(fleet, indicator, args.note, _now())
    _tell(answer, args)
    return 0


def run_list(args: argparse.Namespace) -> int:
    """List what is asked."""
    from seawall.cli import fleet_tables, wiring
    from seawall.cli.images import opened

    with opened() as (fleet, _):
        asked = fleet.indicators.listed()
        counted = {one.id: len(fleet.indicators.sightings(one.id)) for one in asked}
    with wiring.output(None) as out:
        if args.format == "json":
            fleet_tables.write_json([_stored_json(one, counted[one.id]) for one in asked], out)
        elif not asked:
            out.write("nothing is asked: seawall indicators keep KIND WHAT\n")
        else:
            from seawall.inventory.sbom.columns import aligned, shortened

            rows = [
                (
                    str(one.indicator.kind),
                    shortened(one.indicator.text, 60),
                    one.added[:10],
                    f"{counted[one.id]} seen",
                    shortened(one.note, 80),
                )
                for one in asked
            ]
            out.writelines(f"{line.rstrip()}\n" for line in aligned(rows, 120, ""))
    return 0


def run_forget(args: argparse.Namespace) -> int:
    """Ask it no more."""
    from seawall.cli.images import opened
    from seawall.fleet.indicators import parse_indicator

    indicator = parse_indicator(args.kind, args.what)
    with opened() as (fleet, _), fleet.writing():
        if not fleet.indicators.remove(indicator, _now()):
            raise UsageError(
                f"{args.kind} {args.what}: is not asked", "see   seawall indicators list"
            )
    return 0


def _now() -> str:
    return stamp(datetime.now(UTC))


def _tell(answer: "Answer", args: argparse.Namespace) -> int:
    """Write the answer; 1 where it was found, 3 where nothing was and not all could be asked."""
    from seawall.cli import fleet_tables, wiring

    args.code = 1 if answer.found else 3 if answer.not_known else 0
    with wiring.output(None) as out:
        if args.format == "json":
            fleet_tables.write_json(_answer_json(answer), out)
        else:
            out.writelines(f"{line.rstrip()}\n" for line in _answer_lines(answer))
    return int(args.code)


def _answer_lines(answer: "Answer") -> Iterator[str]:
    from seawall.inventory.sbom.columns import shortened
    from seawall.inventory.sbom.identity import count_of

    runs = sum(any(not w.ended for w in one.containers) for one in answer.found)
    yield f"{answer.indicator.kind} {shortened(answer.indicator.text, 70)}"
    yield (
        f"  found in {count_of(len(answer.found), 'image')}, {runs} of them running; "
        f"not in {answer.not_found}; not known of {len(answer.not_known)}"
    )
    for one in answer.found[:_SHOWN]:
        yield ""
        yield from _seen_lines(one)
    if len(answer.found) > _SHOWN:
        yield f"… and {len(answer.found) - _SHOWN} more images: --format json"
    by_reason: dict[str, list[NotKnown]] = {}
    for unknown in answer.not_known:
        by_reason.setdefault(unknown.why, []).append(unknown)
    for why, images in by_reason.items():
        yield ""
        yield f"not known of {count_of(len(images), 'image')}: {why}"
        yield from (f"  {image.remedy}" for image in images[:_PLACES])
        if len(images) > _PLACES:
            yield f"  … and {len(images) - _PLACES} more: --format json"
    for note in answer.notes:
        yield f"note: {note}"


def _seen_lines(one: "SeenIn") -> Iterator[str]:
    from seawall.inventory.sbom.columns import shortened
    from seawall.inventory.sbom.identity import short_digest

    image = one.image
    names = ", ".join(
        shortened(span.name, 40) + (f" (until {span.until[:10]})" if span.until else "")
        for span in one.names[:4]
    )
    state = f"gone {image.gone[:10]}" if image.gone else f"last seen {image.last_seen[:10]}"
    yield f"{short_digest(image.digest)}  {names or 'without a name'}"
    yield f"  first seen {image.first_seen[:10]}, {state}"
    for place in one.places[:_PLACES]:
        layer = f" in layer {short_digest(place.layer)}" if place.layer else ""
        what = f": {shortened(place.what, 60)}" if place.what else ""
        yield f"  {shortened(place.path, 70)}{layer}{what}"
    if one.places_total > _PLACES:
        yield f"  … {one.places_total} places in all"
    for container in one.containers[:_PLACES]:
        end = f"until {container.ended[:16]}" if container.ended else "runs"
        host = f" on {shortened(container.host, 30)}" if container.host else ""
        yield f"  ▸ {shortened(container.name, 40)}{host}, from {container.started[:16]}, {end}"


def _answer_json(answer: "Answer") -> dict[str, Any]:
    return {
        **_indicator_json(answer.indicator),
        "found": [
            {
                "digest": one.image.digest,
                "names": [
                    {
                        "name": span.name,
                        "first_seen": span.first_seen,
                        "last_seen": span.last_seen,
                        "until": span.until or None,
                    }
                    for span in one.names
                ],
                "first_seen": one.image.first_seen,
                "last_seen": one.image.last_seen,
                "gone": one.image.gone or None,
                "places_total": one.places_total,
                "places": [
                    {"path": place.path, "layer": place.layer or None, "what": place.what or None}
                    for place in one.places
                ],
                "containers": [
                    {
                        "id": container.id,
                        "name": container.name,
                        "host": container.host,
                        "started": container.started,
                        "ended": container.ended or None,
                    }
                    for container in one.containers
                ],
            }
            for one in answer.found
        ],
        "not_found": answer.not_found,
        "not_known": [
            {"digest": one.image.digest, "why": one.why, "remedy": one.remedy}
            for one in answer.not_known
        ],
        "notes": list(answer.notes),
    }


def _indicator_json(indicator: "Indicator") -> dict[str, Any]:
    return {"kind": str(indicator.kind), "what": indicator.text}


def _stored_json(one: "StoredIndicator", seen: int) -> dict[str, Any]:
    return {
        **_indicator_json(one.indicator),
        "note": one.note,
        "added": one.added,
        "sightings": seen,
    }
