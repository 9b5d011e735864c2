"""How ``seawall fleet status`` shows the service to a person."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, TextIO

from seawall.cli.arguments import printable
from seawall.fleet.service.health import age

_SEVERITIES = ("critical", "high", "medium", "low", "unknown")
_SHOWN = 5


def write_table(said: Mapping[str, Any], now: datetime, out: TextIO) -> None:
    """Write what ``/health`` says, what is wrong first."""
    out.write(f"{said['state']}, up {duration(said['uptime_s'])}\n")
    out.writelines(f"  {printable(reason)}\n" for reason in said["reasons"])
    out.write("\n")
    out.writelines(f"{label:12}  {printable(text)}\n" for label, text in _rows(said, now) if text)


def _rows(said: Mapping[str, Any], now: datetime) -> Iterator[tuple[str, str]]:
    reads, advisories = said["reads"], said["advisories"]
    images = said["images"]
    waiting = f", {reads['waiting']:,} to be read" if reads["waiting"] else ""
    yield "images", f"{images['present']:,} there, {images['ever']:,} ever seen{waiting}"
    for one in reads["failures"][:_SHOWN]:
        name = (one["names"] or [one["digest"]])[0]
        yield "", f"cannot read {name}: {one['reason']}"
    yield "containers", f"{said['containers_running']:,} run"
    yield "findings", _severities(said["findings"])
    yield "  that run", _severities(said["findings_running"])
    yield "updated", "under way" if advisories["updating"] else _ago(advisories["updated"], now)
    yield "judged", _ago(advisories["judged"], now)
    if advisories["as_of"]:
        dates = sorted((date[:10], name) for name, date in advisories["as_of"].items() if date)
        ends = dates[-1:] + (dates[:1] if len(dates) > 1 else [])
        yield "advisories", ", ".join(f"{name} as of {date}" for date, name in ends)
    for name, sink in said["notices"]["sinks"].items():
        parts = [f"{sink[key]:,} {key}" for key in ("waiting", "sent", "dead") if sink[key]]
        yield f"to {name}", ", ".join(parts) or "nothing to tell yet"
    runtime = said["runtime"]
    if runtime["watched"]:
        since = runtime["connected_since"]
        yield (
            "docker",
            f"answers since {since}" if since else f"does not answer: {runtime['error']}",
        )
    yield "memory", f"{said['memory_bytes'] / 1e6:,.0f} MB"


def _severities(found: Mapping[str, int]) -> str:
    return ", ".join(f"{found[key]:,} {key}" for key in _SEVERITIES if found.get(key)) or "none"


def _ago(moment: str, now: datetime) -> str:
    seconds = age(moment, now)
    return "never" if seconds is None else f"{duration(seconds)} ago"


def duration(seconds: float) -> str:
    """Return a length of time in its largest unit."""
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds"
