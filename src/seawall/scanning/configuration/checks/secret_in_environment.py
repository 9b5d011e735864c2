"""ENV with the value of a secret: everybody who has the image can read it."""

from collections.abc import Iterator

from seawall.model import Kind, Severity, Urgency
from seawall.scanning.configuration.contract import (
    ENVIRONMENT,
    BuildFile,
    Check,
    ImageFacts,
    Problem,
)
from seawall.scanning.configuration.secret_names import holds_secret

_REMEDY = "take it out and change it; give it to the container when it starts, best as a file"


def in_image(image: ImageFacts) -> Iterator[Problem]:
    """Judge the variables of the image; what the secrets detector found is not told twice."""
    for line, variable in enumerate(image.config.env, start=1):
        name, _, value = variable.partition("=")
        if (ENVIRONMENT, line) not in image.secrets and holds_secret(name, value):
            yield Problem(
                f"the environment holds a value for {name}",
                _REMEDY,
                path=ENVIRONMENT,
                line=line,
                evidence=f"{name}=…",
            )


def in_build_file(file: BuildFile) -> Iterator[Problem]:
    """Judge each ENV, those of build stages too: the file itself shows the value."""
    for instruction in file.instructions:
        if instruction.keyword != "ENV":
            continue
        if file.secrets.intersection(range(instruction.line, instruction.last_line + 1)):
            continue
        for name, value in instruction.assignments:
            if holds_secret(name, value):
                message = f"ENV holds a value for {name}"
                yield Problem(message, _REMEDY, instruction, evidence=f"{name}=…")


SECRET_IN_ENVIRONMENT = Check(
    id="secret-in-environment",
    title="a secret in the environment",
    severity=Severity.HIGH,
    urgency=Urgency.SOON,
    image=in_image,
    build_file=in_build_file,
    sources=("CIS Docker Benchmark 1.6.0, 4.10",),
    kind=Kind.SECRET,
)
