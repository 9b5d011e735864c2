"""Releases that get no security updates any more: one loud finding instead of silence.

An advisory feed stops with its release, so an image of an old one has fewer findings every year.
``end_of_life.csv`` has the last day of free security support of each release (Debian's counts its
LTS, which is free), as the distributions publish them, and until when support can be paid for.
Rolling distributions have no releases and no rows.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

from seawall.advisories import is_open, is_stream
from seawall.model import Distribution, Finding, FixState, Kind, Severity, Urgency

ID = "end-of-life"
# Ids that share the releases of another one.
_SAME = {
    "opensuse": "opensuse-leap",
    "sle_hpc": "sles",
    "sled": "sles",
    "sles_sap": "sles",
}
_PAID_NAMES = {
    "els": "Red Hat's Extended Life Cycle Support",
    "elts": "Debian's paid ELTS",
    "esm": "Ubuntu Pro",
    "extended": "Oracle's Extended Support",
    "ltss": "SUSE's LTSS",
}


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """How long one release is supported."""

    release: str
    end: date  # the last day of free security support
    channel: str = ""  # what can be paid for after that
    paid_end: date | None = None


@cache
def lifecycles() -> Mapping[str, tuple[Lifecycle, ...]]:
    """Return the releases of each distribution, by its os-release id, oldest first."""
    table: dict[str, list[Lifecycle]] = {}
    with resources.files(__package__).joinpath("end_of_life.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            channel, _, until = row["paid"].partition(" until ")
            table.setdefault(row["distribution"], []).append(
                Lifecycle(
                    row["release"],
                    date.fromisoformat(row["end"]),
                    channel,
                    date.fromisoformat(until) if until else None,
                )
            )
    return {name: tuple(rows) for name, rows in table.items()}


def end_of_life(distribution: Distribution | None, today: date) -> Finding | None:
    """Return the finding for a release whose support ended before `today`; None for any other.

    Support that is paid for counts where `distribution.channels` names it.
    """
    if distribution is None:
        return None
    rows = _releases(distribution)
    lifecycle = _of(distribution, rows)
    if lifecycle is None or today <= _end(lifecycle, distribution):
        return None
    paid = _PAID_NAMES.get(lifecycle.channel, "")
    still = lifecycle.paid_end is not None and today <= lifecycle.paid_end
    called = distribution.name or f"{distribution.id} {distribution.version}"
    reason = f"{called}: no security updates since {lifecycle.end.isoformat()}"
    if still:
        reason += f" without {paid}, which this image does not use"
    elif paid:
        reason += f", and {paid} ended on {lifecycle.paid_end}"
    newest = max(rows, key=lambda row: row.end)
    remedy = "move to a release that is still supported"
    if today <= newest.end:
        remedy = f"move to {distribution.id} {newest.release}, supported until {newest.end}"
    if still:
        remedy += f"; or use {paid} (until {lifecycle.paid_end})"
    return Finding(
        kind=Kind.END_OF_LIFE,
        id=ID,
        severity=Severity.HIGH,
        urgency=Urgency.NOW,
        reason=reason,
        path="etc/os-release",
        name=distribution.id,
        installed=distribution.version,
        state=FixState.END_OF_LIFE,
        source=distribution.id,
        title=f"{called} is no longer supported",
        remedy=remedy,
    )


def supported_until(distribution: Distribution | None) -> date | None:
    """Return the last day of a release's support, paid where it is in use; None if not known."""
    lifecycle = _of(distribution, _releases(distribution)) if distribution else None
    return _end(lifecycle, distribution) if lifecycle and distribution else None


def _end(lifecycle: Lifecycle, distribution: Distribution) -> date:
    if lifecycle.paid_end and is_open(lifecycle.channel, distribution.channels):
        return max(lifecycle.end, lifecycle.paid_end)
    return lifecycle.end


def _releases(distribution: Distribution) -> tuple[Lifecycle, ...]:
    return lifecycles().get(_SAME.get(distribution.id, distribution.id), ())


def _of(distribution: Distribution, rows: tuple[Lifecycle, ...]) -> Lifecycle | None:
    """Return the row of the most exact release there is: 15.5 before 15, 9 for 9.4."""
    numbers = re.match(r"[0-9]+(?:\.[0-9]+)?", distribution.version)
    version = numbers[0] if numbers else _DEBIAN.get(distribution.codename, "")
    if is_stream(distribution):
        version = f"stream {version}"
    by_release = {row.release: row for row in rows}
    whole = by_release.get(version)
    # Where releases are named by two numbers, one alone would be another release.
    return whole or by_release.get(version.partition(".")[0])


# Debian before it wrote VERSION_ID, and images that lack it.
_DEBIAN = {"jessie": "8", "stretch": "9", "buster": "10", "bullseye": "11", "bookworm": "12"}
