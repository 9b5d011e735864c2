"""Families of images: built on each other, with packages that come, go and come back."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st

from seawall.fleet.component import Component, Place
from seawall.fleet.databases import SqliteDatabase
from seawall.fleet.record import ImageRecord, LayerRecord, chain_ids
from seawall.fleet.store import Fleet
from seawall.fleet.store.images import StoredImage
from seawall.model import Distribution, Finding, FixState, Kind, Package, Severity, Urgency

BOOKWORM = Distribution("debian", "12", "bookworm")
FIRST = "2026-01-01T00:00:00Z"
LATER = "2026-02-01T00:00:00Z"


def digest(text: str) -> str:
    return "sha256:" + text.encode().hex().ljust(64, "0")[:64]


@dataclass(frozen=True)
class Step:
    """What one layer does: packages by place; an empty version removes."""

    name: str
    does: Mapping[tuple[str, str], str]  # package, path → version


def image(
    name: str, steps: Sequence[Step], *, names: tuple[str, ...] = (), kind: str = "npm"
) -> ImageRecord:
    """Return the image that the steps make, lowest first."""
    since: dict[tuple[str, str], tuple[str, int]] = {}  # what is shown: version, layer
    for number, step in enumerate(steps):
        for where, version in step.does.items():
            if not version:
                since.pop(where, None)
            elif since.get(where, ("", 0))[0] != version:
                since[where] = (version, number)
    diff_ids = [digest(f"step {step.name}") for step in steps]
    layers = []
    for number, chain in enumerate(chain_ids(diff_ids)):
        contents = tuple(
            (component(package, version, kind), Place(path))
            for (package, path), (version, layer) in sorted(since.items())
            if layer == number
        )
        layers.append(LayerRecord(chain, diff_ids[number], f"RUN {steps[number].name}", contents))
    return ImageRecord(digest(f"image {name}"), tuple(layers), BOOKWORM, names)


def component(name: str, version: str, kind: str = "npm") -> Component:
    return Component(Package(kind, name, version), None, BOOKWORM if kind == "deb" else None)


def finding(flaw: str, one: Component, **more: object) -> Finding:
    told: dict[str, Any] = {
        "kind": Kind.VULNERABILITY,
        "id": flaw,
        "severity": Severity.HIGH,
        "urgency": Urgency.SOON,
        "reason": "it is below",
        "package": f"pkg:{one.package.type}/{one.package.name}@{one.package.version}",
        "name": one.package.name,
        "installed": one.package.version,
        "fixed_in": "9",
        "state": FixState.FIXED,
        "source": one.package.name,
        **more,
    }
    return Finding(**told)


def row_of(fleet: Fleet, one: Component) -> int:
    rows: list[int] = [row for (row,) in fleet.database.rows("SELECT id FROM component")]
    return next(row for row, known in fleet.images.components(rows).items() if known == one)


def keep(fleet: Fleet, record: ImageRecord, at: str = FIRST) -> StoredImage:
    with fleet.writing():
        fleet.images.add(record, at)
    found = fleet.images.find(record.digest)
    assert found is not None
    return found


def judge(
    fleet: Fleet,
    found: Sequence[tuple[Finding, Component]],
    at: str = FIRST,
    fix_since: str = "",
    speaking: Sequence[str] = ("npm",),
) -> None:
    """Write findings as judging does."""
    with fleet.writing():
        fleet.findings.add([(row_of(fleet, one), f, fix_since) for f, one in found], at)
        fleet.database.run("DELETE FROM pending")
        fleet.notes.set_speaking({row: speaking for row, _ in fleet.images.namespaces()})
        fleet.notes.set("judged", at)


@contextmanager
def new_fleet() -> Iterator[Fleet]:
    """Yield an empty fleet, in a file of its own: for tests that need many."""
    with TemporaryDirectory() as folder:
        database = SqliteDatabase.open(Path(folder) / "fleet.sqlite")
        database.run("PRAGMA synchronous = OFF")
        with Fleet(database) as fleet:
            yield fleet


_WHERE = st.tuples(st.sampled_from("abc"), st.sampled_from(["usr", "app"]))
_DOES = st.dictionaries(_WHERE, st.sampled_from(["", "1", "2"]), max_size=4)


@st.composite
def families(draw: st.DrawFn) -> dict[str, list[Step]]:
    """Images by name with their steps: each is built on one before it, or on nothing.

    They come in any order, so that a layer may be kept first as an image shows it that removed
    some of it.
    """
    family: dict[str, list[Step]] = {}
    for number in range(draw(st.integers(1, 7))):
        below = draw(st.sampled_from(["", *family]))
        upper = [Step(f"{number}.{n}", draw(_DOES)) for n in range(draw(st.integers(1, 3)))]
        start = family.get(below, [])
        # On some of its layers only, it may be: then nothing known brings them.
        shared = len(start) - draw(st.integers(0, max(0, len(start) - 1)))
        family[f"i{number}"] = [*start[:shared], *upper]
    order = draw(st.permutations(list(family)))
    return {name: family[name] for name in order}
