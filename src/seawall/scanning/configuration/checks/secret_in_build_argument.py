"""ARG for a secret: the history of the image keeps what it was given."""

from collections.abc import Iterator

from seawall.model import Kind, Severity, Urgency
from seawall.scanning.configuration.contract import HISTORY, BuildFile, Check, ImageFacts, Problem
from seawall.scanning.configuration.secret_names import holds_secret, is_secret_name

_REMEDY = "change it; give it to the build with RUN --mount=type=secret, which leaves no trace"


def in_image(image: ImageFacts) -> Iterator[Problem]:
    """Judge the build arguments that stand before commands in the history, each name once."""
    told: set[str] = set()
    for step in image.instructions:
        pairs = step.build_arguments if step.keyword == "RUN" else ()
        if step.keyword == "ARG":
            pairs = step.assignments
        for name, value in pairs:
            if name in told or (HISTORY, step.line) in image.secrets:
                continue
            if holds_secret(name, value):
                told.add(name)
                message = f"the history shows the value of the build argument {name}"
                yield Problem(message, _REMEDY, step, evidence=f"{name}=…")


def in_build_file(file: BuildFile) -> Iterator[Problem]:
    """Judge each ARG: with a value it is known, without one the history will show it."""
    for instruction in file.instructions:
        if instruction.keyword != "ARG":
            continue
        for name, value in instruction.assignments:
            if holds_secret(name, value):
                if not file.secrets.intersection(
                    range(instruction.line, instruction.last_line + 1)
                ):
                    message = f"ARG holds a value for {name}"
                    yield Problem(message, _REMEDY, instruction, evidence=f"{name}=…")
            elif is_secret_name(name) and not value:
                yield Problem(
                    f"the history of the image will show what ARG {name} is given",
                    _REMEDY.removeprefix("change it; "),
                    instruction,
                    evidence=f"ARG {name}",
                    severity=Severity.MEDIUM,
                    urgency=Urgency.WATCH,
                )


SECRET_IN_BUILD_ARGUMENT = Check(
    id="secret-in-build-argument",
    title="a secret as a build argument",
    severity=Severity.HIGH,
    urgency=Urgency.SOON,
    image=in_image,
    build_file=in_build_file,
    sources=("CIS Docker Benchmark 1.6.0, 4.10",),
    kind=Kind.SECRET,
)
