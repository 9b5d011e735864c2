"""How the commands about the fleet show what they found: tables for people, JSON for programs."""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from seawall.fleet.verdict import Verdict, as_json
from seawall.inventory.sbom.columns import aligned, cells, clipped, facts, shortened
from seawall.inventory.sbom.identity import count_of, short_digest
from seawall.model import Severity

if TYPE_CHECKING:
    from seawall.fleet import Delta
    from seawall.fleet.affected import Affected, BlastRadius, Container, HitPackage, Origin
    from seawall.fleet.keeping import Kept
    from seawall.fleet.news import FlawNews
    from seawall.fleet.rebase import Advice, Change, Option, PackageChange, Preview
    from seawall.fleet.store.images import ImageFacts, StoredImage
    from seawall.model import Finding

Rows = Sequence[tuple["StoredImage", Verdict]]

_SHOWN = 20  # flaws of a delta, and images below one another
_WIDE = 90  # cells from which on a list says when each image was seen
_RED, _YELLOW, _DIM = "1;31", "33", "2"
_COLOURS = {Severity.CRITICAL: _RED, Severity.HIGH: "31", Severity.MEDIUM: _YELLOW}


def write_json(document: Any, out: TextIO) -> None:
    """Write a document for programs."""
    json.dump(document, out, indent=2, ensure_ascii=False)
    out.write("\n")


def _called(names: Sequence[str], digest: str, limit: int = 44) -> str:
    """Return what people call an image: a name, and how many more it has; else its digest."""
    if not names:
        return short_digest(digest)
    more = f" +{len(names) - 1}" if len(names) > 1 else ""
    return shortened(names[0], limit - len(more)) + more


# --- one image that was added, and what an update found ----------------------------------------


def kept_line(kept: "Kept", names: Sequence[str]) -> str:
    """Return the line that tells of an image that is in the fleet now."""
    from seawall.fleet.store.findings import counts
    from seawall.model import Urgency

    counting = [finding for finding in kept.findings if counts(finding)]
    now = sum(finding.urgency is Urgency.NOW for finding in counting)
    said = [
        short_digest(kept.image.digest),
        count_of(kept.packages, "package"),
        count_of(len(counting), "finding"),
        *([f"{now} to fix now"] if now else []),
        *([count_of(kept.gaps, "gap")] if kept.gaps else []),
        *([] if kept.is_new else ["was known"]),
    ]
    # By the name that was given: the image may have others elsewhere.
    called = [name for name in (*names, *kept.image.names) if kept.image.digest not in name]
    return f"{shortened(called[0] if called else '-', 60)}  {facts(said)}\n".replace("\u00a0", " ")


def gone_line(place: str, count: int) -> str:
    """Return the line that tells of images that are no longer in a place."""
    return f"{shortened(place, 60)}: {count_of(count, 'image')} gone\n".replace("\u00a0", " ")


def choice_line(image: "StoredImage", places: Sequence[str], facts: "ImageFacts") -> str:
    """Return the line that tells one of several images from the others."""
    where = ", ".join(shortened(place, 60) for place in places[:5]) or f"gone {image.gone[:10]}"
    more = f" and {len(places) - 5} more" if len(places) > 5 else ""
    platform = f"{shortened(facts.os, 20)}/{shortened(facts.architecture, 20)}"
    return f"  {image.digest}  {platform}  {where}{more}"


def write_delta(delta: "Delta", out: TextIO) -> None:
    """Write what judging the fleet again found."""
    if delta.refused:
        out.write(f"fleet         not judged: it knows newer advisories; {delta.refused}\n")
        return
    news = [one for one in delta.new if one.was_epss is None]
    why = f" ({delta.why_all})" if delta.why_all else ""
    judged = count_of(delta.judged, "package version")
    out.write(f"fleet         {judged} judged again{why}\n")
    if news:
        images = count_of(delta.images_new, "image")
        out.write(f"              {images} newly affected, {delta.running_new} of them running\n")
        out.writelines(_news_lines(news))
    if delta.resolved:
        flaws = count_of(len(delta.resolved), "flaw")
        images = count_of(delta.images_resolved, "image")
        out.write(f"              {flaws} resolved, in {images}\n")
        out.writelines(_news_lines(delta.resolved))
    if not (news or delta.resolved):
        out.write("              nothing changed for any image\n")


def _news_lines(news: "Sequence[FlawNews]") -> Iterator[str]:
    rows = []
    for one in news[:_SHOWN]:
        first = one.packages[0]
        fix = f" → {first.fixed_in}" if first.fixed_in and not one.reason else ""
        more = f" +{len(one.packages) - 1}" if len(one.packages) > 1 else ""
        rows.append(
            (
                shortened(one.finding.id, 28),
                str(one.finding.severity),
                str(one.finding.urgency),
                f"{count_of(len(one.images), 'image')}, {len(one.running)} running",
                clipped(f"{first.name} {first.installed}{fix}{more}", 60)
                + (f": {clipped(one.reason, 80)}" if one.reason else ""),
            )
        )
    yield from (f"{line}\n" for line in aligned(rows, 120, " " * 14))
    if len(news) > _SHOWN:
        yield f"              … and {len(news) - _SHOWN} more: seawall images list\n"


# --- images list, images verdict ---------------------------------------------------------------


def write_list(rows: Rows, out: TextIO, width: int, colour: bool) -> None:
    """Write the images, worst first."""
    if not rows:
        out.write("no such image\n")
        return
    heads = ("IMAGE", "DIGEST", "WORST", "NOW", "FIX", "KEV", "RUNS", "SEEN")
    table: list[tuple[str, ...]] = [tuple(_paint(head, _DIM, colour) for head in heads)]
    if width < _WIDE:  # names matter more than the day
        table = [row[:-1] for row in table]
    for image, said in sorted(rows, key=_worst_first):
        worst = str(said.worst) if said.worst is not None else "none"
        if not said.is_complete:
            worst += " ?"
        table.append(
            (
                _called(image.names or ("-",), image.digest),
                image.digest.removeprefix("sha256:")[:12],
                _paint(worst, _COLOURS.get(said.worst, "") if said.worst else "", colour),
                _number(said.fix_now),
                _number(said.fixable),
                _number(said.exploited),
                _number(said.running),
                f"gone {image.gone[:10]}" if image.gone else image.last_seen[:10],
            )[: len(table[0])]
        )
    out.writelines(f"{line.rstrip()}\n" for line in _grid(table, width))
    unsure = sum(not said.is_complete for _, said in rows)
    if unsure:
        out.write(f"\n?  not all of it could be read or judged: seawall images show ({unsure})\n")


def _grid(table: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Yield lines with aligned columns; the first gives way where there is too little room."""
    widths = [max(cells(row[number]) for row in table) for number in range(len(table[0]))]
    room = max(12, width - sum(widths[1:]) - 2 * (len(widths) - 1))
    widths[0] = min(widths[0], room)
    for row in table:
        first = row[0] if cells(row[0]) <= widths[0] else shortened(row[0], widths[0])
        yield "  ".join(
            cell + " " * (size - cells(cell))
            for cell, size in zip((first, *row[1:]), widths, strict=True)
        )


def _worst_first(row: tuple["StoredImage", Verdict]) -> tuple[Any, ...]:
    image, said = row
    return (
        bool(image.gone),
        -said.exploited,
        -(said.worst or 0),
        -said.fix_now,
        -said.fixable,
        -said.running,
        image.names,
        image.digest,
    )


def _number(count: int) -> str:
    return f"{count:,}" if count else "-"


def _paint(text: str, colour: str, wanted: bool) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m" if wanted and colour else text


def write_list_json(rows: Rows, out: TextIO) -> None:
    """Write the same as a list of objects."""
    write_json(
        [
            {
                **as_json(said),
                "first_seen": image.first_seen,
                "last_seen": image.last_seen,
                "gone": image.gone or None,
            }
            for image, said in rows
        ],
        out,
    )


def write_verdict_json(said: Verdict, out: TextIO) -> None:
    """Write what a gate is told."""
    write_json(as_json(said), out)


def write_verdict(said: Verdict, out: TextIO) -> None:
    """Write the same for a person."""
    if not said.is_known:
        out.write(f"{short_digest(said.digest)}: not known; nothing can be said of it\n")
        return
    counted = [f"{n:,} {severity}" for severity, n in sorted(said.counts.items(), reverse=True)]
    lines = [
        ("image", f"{_called(said.names, said.image)}  {short_digest(said.image)}"),
        *([("platform", shortened(said.platform, 40))] if said.platform else []),
        ("findings", ", ".join(counted) or "none that counts"),
        ("to fix now", str(said.fix_now)),
        ("fixable", f"{said.fixable:,}" + _oldest(said)),
        ("exploited", str(said.exploited)),
    ]
    lines.append(("in files", _in_files(said)))
    if said.end_of_life_since:
        lines.append(("release", f"without support since {said.end_of_life_since}"))
    age = "" if said.data_age_hours is None else f", {_age(said.data_age_hours)} old"
    lines += [
        ("containers", f"{said.running} running"),
        ("advisories", (said.data_as_of[:10] or "none speak of it") + age),
        ("complete", "yes" if said.is_complete else _lacking(said)),
    ]
    out.writelines(f"{name:12}{text}\n" for name, text in lines)


def _in_files(said: Verdict) -> str:
    if not said.files_looked_at:
        return "not looked at: only a bill of materials is known"
    told = (("secrets", said.secrets), ("malware", said.malware))
    return ", ".join(
        f"{name} not looked for" if count is None else f"{count} {name}" for name, count in told
    )


def _age(hours: float) -> str:
    return count_of(round(hours), "hour") if hours < 48 else count_of(round(hours / 24), "day")


def _oldest(said: Verdict) -> str:
    if said.oldest_fix_days is None:
        return ""
    return (
        f", the oldest fix exists for {count_of(said.oldest_fix_days, 'day')} ({said.oldest_fix})"
    )


def _lacking(said: Verdict) -> str:
    told = [
        *([f"{said.pending} packages wait"] if said.pending else []),
        *([f"{said.unjudged} packages nobody speaks of"] if said.unjudged else []),
        *([count_of(said.incomplete, "gap")] if said.incomplete else []),
        *([] if said.judged else ["never judged"]),
        *_not_looked_for(said),
    ]
    return f"no: {', '.join(told)}"


def _not_looked_for(said: Verdict) -> list[str]:
    if not said.files_looked_at:
        return ["files not looked at"]
    told = (("secrets", said.secrets), ("malware", said.malware))
    return [f"{name} not looked for" for name, count in told if count is None]


# --- images affected ---------------------------------------------------------------------------


def write_radius(radius: "BlastRadius", out: TextIO, width: int) -> None:
    """Write where something is, from base images down to containers."""
    out.writelines(f"{line.rstrip()}\n" for line in _radius_lines(radius, width))


def _radius_lines(radius: "BlastRadius", width: int) -> Iterator[str]:
    for flaw in radius.flaws:
        said = [str(flaw.severity), str(flaw.urgency)]
        said += [f"exploited since {flaw.exploited_since}"] if flaw.exploited_since else []
        yield f"{flaw.id}  {facts(said)}".replace("\u00a0", " ")
        if flaw.summary:
            yield f"  {clipped(flaw.summary, width - 2)}"
    gone = f", and {radius.images_gone} that are gone" if radius.images_gone else ""
    images, containers = count_of(radius.images, "image"), count_of(radius.containers, "container")
    yield f"{shortened(radius.what, 60)}: {images}{gone}, {containers} running"
    if radius.packages:
        told = ", ".join(_package(package) for package in radius.packages[:5])
        more = f" and {len(radius.packages) - 5} more" if len(radius.packages) > 5 else ""
        yield f"  {clipped(told + more, width - 2)}"
    alone = [origin.roots[0] for origin in radius.origins if _is_alone(origin)]
    if alone:
        yield ""
        yield f"in {count_of(len(alone), 'image')}, each from a layer of its own"
        for root in alone[:_SHOWN]:
            yield from _tree(root, "  ", [0])
        if len(alone) > _SHOWN:
            yield f"  … and {len(alone) - _SHOWN} more: --format json"
    for origin in radius.origins:
        if _is_alone(origin):
            continue
        yield ""
        if origin.is_of_image and len(origin.roots) == 1:
            yield f"brought by a base image, in {count_of(origin.images, 'image')}"
        else:
            made = f": {clipped(origin.created_by, 60)}" if origin.created_by else ""
            layer = short_digest(origin.diff_id) if origin.diff_id else "unknown layers"
            yield f"layer {layer}, in {count_of(origin.images, 'image')}{made}"
        for root in origin.roots[:_SHOWN]:
            yield from _tree(root, "  ", [0])
        if len(origin.roots) > _SHOWN:
            yield f"  … and {len(origin.roots) - _SHOWN} more: --format json"


def _is_alone(origin: "Origin") -> bool:
    return len(origin.roots) == 1 and not origin.roots[0].derived


def _package(package: "HitPackage") -> str:
    fix = f" → {package.fixed_in}" if package.fixed_in else ""
    return f"{shortened(package.name, 40)} {shortened(package.version, 40)}{fix}"


def _tree(root: "Affected", indent: str, told: list[int]) -> Iterator[str]:
    """Yield an image, its containers and what was built from it; so many that a person reads."""
    waiting: list[tuple[str, Affected]] = [(indent, root)]
    while waiting:
        indent, image = waiting.pop()
        told[0] += 1
        if told[0] > _SHOWN * 2:
            yield f"{indent}… and {1 + len(waiting)} or more below: --format json"
            return
        said = [short_digest(image.digest), f"since {image.since[:10]}"]
        said += [f"gone {image.gone[:10]}"] if image.gone else []
        said += [f"until {image.until[:10]}"] if image.until else []
        called = f"{_called(image.names, image.digest)}  " if image.names else ""
        yield f"{indent}{called}{facts(said)}".replace("\u00a0", " ")
        for container in image.containers[:_SHOWN]:
            state = f"ended {container.ended[:10]}" if container.ended else "running"
            yield f"{indent}  ▸ {shortened(container.name, 40)} on {container.host}, {state}"
        waiting.extend((indent + "  ", one) for one in reversed(image.derived))


def write_radius_json(radius: "BlastRadius", out: TextIO) -> None:
    """Write all of it as one object."""
    write_json(
        {
            "what": radius.what,
            "images": radius.images,
            "images_gone": radius.images_gone,
            "containers": radius.containers,
            "flaws": [
                {
                    "id": flaw.id,
                    "aliases": list(flaw.aliases),
                    "severity": str(flaw.severity),
                    "urgency": str(flaw.urgency),
                    "exploited_since": flaw.exploited_since or None,
                    "epss": flaw.epss,
                }
                for flaw in radius.flaws
            ],
            "packages": [package._asdict() for package in radius.packages],
            "origins": [
                {
                    "layer": origin.diff_id,
                    "chain": origin.chain_id,
                    "created_by": origin.created_by,
                    "is_of_image": origin.is_of_image,
                    "images": origin.images,
                    "roots": [_affected_json(root) for root in origin.roots],
                }
                for origin in radius.origins
            ],
        },
        out,
    )


def _affected_json(root: "Affected") -> dict[str, Any]:
    """Return a tree of images; generations may be many, so without recursion."""
    document = _image_json(root)
    waiting = [(root, document)]
    while waiting:
        image, told = waiting.pop()
        for one in image.derived:
            below = _image_json(one)
            told["derived"].append(below)
            waiting.append((one, below))
    return document


def _image_json(image: "Affected") -> dict[str, Any]:
    return {
        "digest": image.digest,
        "names": list(image.names),
        "first_seen": image.first_seen,
        "gone": image.gone or None,
        "since": image.since,
        "until": image.until or None,
        "packages": [package._asdict() for package in image.packages],
        "containers": [_container_json(container) for container in image.containers],
        "derived": [],
    }


def _container_json(container: "Container") -> dict[str, Any]:
    return {**container._asdict(), "ended": container.ended or None}


# --- images advise -----------------------------------------------------------------------------


def write_advice(said: "Advice", out: TextIO, *, as_json: bool) -> None:
    """Write what newer bases would change."""
    if as_json:
        write_json(_advice_json(said), out)
        return
    out.write(f"{_called(said.image.names, said.image.digest)}\n")
    if said.base is not None:
        known = _called(said.base_names or said.base.names, said.base.digest)
        out.write(f"built from {known}  {short_digest(said.base.digest)}\n")
    if said.why:
        out.write(f"no advice: {said.why}\n")
    for option in said.options:
        out.writelines(f"{line}\n" for line in _option_lines(option))


def _option_lines(option: "Option") -> Iterator[str]:
    counted = _change_words(option.change)
    yield ""
    yield f"rebase on {_called(option.names, option.image.digest)}  " + short_digest(
        option.image.digest
    )
    yield f"  {counted}"
    if option.is_other_release:
        yield "  another release of the distribution: what is installed on top changes as well"
    if option.touched:
        names = ", ".join(option.touched[:5]) + (" …" if len(option.touched) > 5 else "")
        yield f"  own layers replace packages of the base: {shortened(names, 90)}"
    yield from _change_lines(option.change)


def _change_words(change: "Change") -> str:
    return (
        f"{count_of(len(change.vanish), 'finding')} vanish, {len(change.appear)} appear, "
        f"{len(change.stay)} stay"
    )


def _change_lines(change: "Change") -> Iterator[str]:
    for word, findings in (("gone", change.vanish), ("new", change.appear)):
        rows = [
            (word, shortened(f.id, 28), str(f.severity), f"{shortened(f.name, 40)} {f.installed}")
            for f in sorted(findings, key=lambda f: (f.urgency.rank, -f.severity, f.id, f.name))
        ]
        yield from aligned(rows[:_SHOWN], 110, "  ")
        if len(rows) > _SHOWN:
            yield f"  … and {len(rows) - _SHOWN} more {word}: --format json"


def write_preview(preview: "Preview", out: TextIO, *, as_json: bool) -> None:
    """Write what one image instead of another would change."""
    if as_json:
        write_json(
            {
                "old": _named_json(preview.old),
                "new": _named_json(preview.new),
                "added": [_package_json(one) for one in preview.added],
                "removed": [_package_json(one) for one in preview.removed],
                "changed": [_package_json(one) for one in preview.changed],
                **_change_json(preview.change),
            },
            out,
        )
        return
    old, new = preview.old, preview.new
    out.write(
        f"{_called(new.names, new.digest)} {short_digest(new.digest)} instead of "
        f"{_called(old.names, old.digest)} {short_digest(old.digest)}\n"
    )
    out.write(
        f"  {count_of(len(preview.added), 'package')} added, {len(preview.removed)} removed, "
        f"{len(preview.changed)} changed\n  {_change_words(preview.change)}\n"
    )
    rows = [
        (word, shortened(one.name, 40), f"{', '.join(one.before)} → {', '.join(one.after)}")
        for word, ones in (
            ("added", preview.added),
            ("removed", preview.removed),
            ("changed", preview.changed),
        )
        for one in ones
    ]
    out.writelines(f"{line}\n" for line in aligned(rows[: 2 * _SHOWN], 110, "  "))
    if len(rows) > 2 * _SHOWN:
        out.write(f"  … and {len(rows) - 2 * _SHOWN} more packages: --format json\n")
    out.writelines(f"{line}\n" for line in _change_lines(preview.change))


def _advice_json(said: "Advice") -> dict[str, Any]:
    return {
        "image": _named_json(said.image),
        "base": _named_json(said.base) if said.base else None,
        "base_names": list(said.base_names),
        "why_none": said.why or None,
        "options": [
            {
                **_named_json(option.image),
                "as": list(option.names),
                "same_name": option.is_same_name,
                "other_release": option.is_other_release,
                "touched": list(option.touched),
                **_change_json(option.change),
            }
            for option in said.options
        ],
    }


def _named_json(image: "StoredImage") -> dict[str, Any]:
    return {"digest": image.digest, "names": list(image.names)}


def _change_json(change: "Change") -> dict[str, Any]:
    return {
        "vanish": [_finding_json(f) for f in change.vanish],
        "appear": [_finding_json(f) for f in change.appear],
        "stay": [_finding_json(f) for f in change.stay],
    }


def _finding_json(finding: "Finding") -> dict[str, Any]:
    return {
        "id": finding.id,
        "severity": str(finding.severity),
        "urgency": str(finding.urgency),
        "package": finding.package or None,
        "fixed_in": finding.fixed_in or None,
        "path": finding.path or None,
    }


def _package_json(change: "PackageChange") -> dict[str, Any]:
    return {
        "type": change.type,
        "name": change.name,
        "before": list(change.before),
        "after": list(change.after),
    }
