"""What a VEX document says, whichever form it has."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Status(Enum):
    """How a product stands to a flaw, in the words of VEX."""

    NOT_AFFECTED = "not_affected"
    FIXED = "fixed"
    AFFECTED = "affected"
    UNDER_INVESTIGATION = "under_investigation"

    def __str__(self) -> str:
        return self.value

    @property
    def suppresses(self) -> bool:
        """Whether a finding that it speaks of does not count."""
        return self in (Status.NOT_AFFECTED, Status.FIXED)


JUSTIFICATIONS = (  # CISA, "Vulnerability Exploitability eXchange - Status Justifications"
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
)


@dataclass(frozen=True, slots=True)
class Component:
    """Something that a statement names; any one of its names is enough."""

    label: str  # for people
    names: tuple[str, ...] = ()  # package-urls, image references, digests
    cpes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Product:
    """A component, and the parts of it that are meant; without parts it is meant whole."""

    component: Component
    parts: tuple[Component, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """One claim about one flaw in some products."""

    file: str
    number: int  # in the file, from 1
    names: frozenset[str]  # all names of the flaw, upper case
    status: Status
    since: datetime
    products: Sequence[Product]
    justification: str = ""
    text: str = ""  # why, or what to do
    fault: str = ""  # why nobody may rely on it; empty: one may

    def __str__(self) -> str:
        return f"{self.file}, statement {self.number}"
