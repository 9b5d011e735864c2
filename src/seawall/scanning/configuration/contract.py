"""What a check of the configuration is, and what it looks at."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from seawall.model import Distribution, ImageConfig, Kind, Package, Severity, Urgency
from seawall.scanning.configuration.dockerfile import Dockerfile
from seawall.scanning.configuration.instruction import Instruction

# Where an image's configuration says something; the secrets detector uses the same names.
ENVIRONMENT, HISTORY, CONFIGURATION = "(environment)", "(history)", "(configuration)"


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """An image as checks see it."""

    config: ImageConfig
    instructions: tuple[Instruction, ...] = ()  # from the history; `line` is the step, from 1
    tags: tuple[str, ...] = ()
    privileged: Mapping[str, int] = field(default_factory=dict)  # path → mode; setuid or setgid
    packages: Sequence[Package] = ()
    distribution: Distribution | None = None
    secrets: frozenset[tuple[str, int]] = frozenset()  # (place, line) where a detector found one

    @property
    def shipped(self) -> tuple[Instruction, ...]:
        """The instructions that made it: all that its history has."""
        return self.instructions


@dataclass(frozen=True, slots=True)
class BuildFile:
    """A Dockerfile as checks see it."""

    path: str  # from the root of the project
    dockerfile: Dockerfile
    secrets: frozenset[int] = frozenset()  # lines where a detector found one
    ignore_file: str = ""  # the .dockerignore that holds for it; empty where there is none
    ignored: tuple[str, ...] = ()  # its patterns that leave something out

    @property
    def instructions(self) -> tuple[Instruction, ...]:
        """All of its instructions, those of build stages too."""
        return self.dockerfile.instructions

    @property
    def shipped(self) -> tuple[Instruction, ...]:
        """Those of the last stage, and of the stages that it is from."""
        return self.dockerfile.shipped

    @property
    def last_from(self) -> Instruction | None:
        """Where the last stage begins: the place of what it lacks."""
        stages = self.dockerfile.stages
        return stages[-1].start if stages else None


Subject = ImageFacts | BuildFile


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a check found: where, what, and what to do."""

    message: str  # one clause: "USER is root"
    remedy: str
    instruction: Instruction | None = None  # where, if it is an instruction
    path: str = ""  # where, if it is a file or a part of the configuration
    line: int = 0
    evidence: str = ""  # what was seen; holds no value that may be secret
    severity: Severity | None = None  # None: the check's
    urgency: Urgency | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One question to an image, to a Dockerfile, or to both."""

    id: str  # never changes: exceptions name it
    title: str  # what is wrong where it finds something
    severity: Severity
    urgency: Urgency
    image: Callable[[ImageFacts], Iterator[Problem]] | None = None
    build_file: Callable[[BuildFile], Iterator[Problem]] | None = None
    sources: tuple[str, ...] = ()  # "CIS Docker Benchmark 1.6.0, 4.1": numbers move, ids do not
    kind: Kind = Kind.CONFIGURATION  # SECRET where what it finds is one: `--skip` goes by this
    needs_configuration: bool = True  # False: it also looks at a root file system without one
