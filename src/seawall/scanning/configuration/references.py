"""The images that a Dockerfile is built from, and how exactly it names them."""

from collections.abc import Iterator
from dataclasses import dataclass

from seawall.scanning.configuration.dockerfile import Dockerfile
from seawall.scanning.configuration.instruction import Instruction

_NOTHING = "scratch"


@dataclass(frozen=True, slots=True)
class Reference:
    """An image as ``FROM`` or ``COPY --from`` names it."""

    name: str  # as written
    tag: str
    digest: str
    instruction: Instruction


def tag_of(name: str) -> str:
    """Return the tag in an image's name; empty where there is none."""
    _, colon, tag = name.partition("@")[0].rpartition(":")
    return tag if colon and "/" not in tag else ""


def references(dockerfile: Dockerfile) -> Iterator[Reference]:
    """Yield the images that are no stages of the file, each once, at its first place.

    One whose name comes from a variable without a value is not known, and left out.
    """
    told: set[str] = set()
    names = {stage.name for stage in dockerfile.stages if stage.name}
    own = names | {str(number) for number in range(len(dockerfile.stages))}
    froms = [(s.start, s.base) for s in dockerfile.stages if s.parent is None]
    copies = [(i, i.flag("from")) for i in dockerfile.instructions if i.keyword == "COPY"]
    for instruction, name in (*froms, *((i, n) for i, n in copies if n.lower() not in own)):
        if not name or "$" in name or name == _NOTHING or name in told:
            continue
        told.add(name)
        digest = name.partition("@")[2]
        yield Reference(name, tag_of(name), digest, instruction)
