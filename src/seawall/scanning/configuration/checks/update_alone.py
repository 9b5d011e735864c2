"""A list of packages fetched in a layer of its own: builds reuse it when it is months old."""

from collections.abc import Iterator

from seawall.model import Severity, Urgency
from seawall.scanning.configuration.contract import Check, Problem, Subject
from seawall.scanning.configuration.packages import uses


def examine(subject: Subject) -> Iterator[Problem]:
    """Judge each RUN that updates a list and then installs nothing from it."""
    for instruction in subject.instructions:
        found = list(uses(instruction.commands))
        installing = {u.manager for u in found if u.verb in ("install", "upgrade", "build-dep")}
        for manager in dict.fromkeys(u.manager for u in found if u.verb == "refresh"):
            if manager not in installing:
                yield Problem(
                    f"{manager} fetches its list in a RUN that installs nothing: later builds "
                    "take it from the cache, and install old packages",
                    "join it with the installation: RUN update && install",
                    instruction,
                    evidence=f"{manager} update",
                )


UPDATE_ALONE = Check(
    id="update-alone",
    title="a list of packages is fetched in a layer of its own",
    severity=Severity.LOW,
    urgency=Urgency.WATCH,
    image=examine,
    build_file=examine,
    sources=("CIS Docker Benchmark 1.6.0, 4.7",),
)
