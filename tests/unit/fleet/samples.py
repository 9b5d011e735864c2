"""Small images, made by hand, and what a fleet says of them."""

import hashlib
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from seawall.advisories import Folder, update
from seawall.fleet.component import Component, Place, package_at
from seawall.fleet.databases import Database
from seawall.fleet.record import ImageRecord, LayerRecord, Located, chain_ids
from seawall.fleet.schema import TABLES
from seawall.fleet.store import Fleet
from seawall.model import Distribution, Finding, Package
from tests.unit.advisories.records import NOW, Record
from tests.unit.advisories.server import EPSS, KEV, feeds, lay_out, zipped

NO_KEV = b'{"vulnerabilities": [{"cveID": "CVE-1999-1001", "dateAdded": "2020-01-01"}]}'
NO_EPSS = (
    b"#model_version:v1,score_date:2026-08-16T00:00:00+0000\ncve,epss,percentile\n"
    b"CVE-1999-1001,0.1,0.1\n"
)
DEBIAN = Distribution("debian", "12", "bookworm", "Debian GNU/Linux 12 (bookworm)")
ROCKY = Distribution("rocky", "9.4", "", "Rocky Linux 9.4", "cpe:/o:rocky:rocky:9::baseos")
T0 = "2026-11-20T00:00:00Z"
T1 = "2026-11-21T00:00:00Z"
T2 = "2026-11-22T00:00:00Z"
Shown = Mapping[str, Sequence[Located]]  # by the names of layers, lowest first

_NAMES = [re.match(r"CREATE TABLE IF NOT EXISTS (\w+)", sql) for sql in TABLES]
TABLE_NAMES = [found[1] for found in _NAMES if found]


def digest(name: str) -> str:
    return "sha256:" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def deb(name: str, version: str, **more: Any) -> Component:
    return Component(Package("deb", name, version, arch="amd64", **more), None, DEBIAN)


def pypi(name: str, version: str, **more: Any) -> Component:
    return Component(Package("pypi", name, version, **more))


def at(component: Component, path: str = "var/lib/dpkg/status") -> Located:
    return component, Place(path)


def image(name: str, layers: Shown, **more: Any) -> ImageRecord:
    """Return the record of an image; layers of the same name on the same base are the same."""
    diff_ids = [digest(layer) for layer in layers]
    return ImageRecord(
        digest=digest(name),
        layers=tuple(
            LayerRecord(chain, diff_id, f"RUN {layer}", tuple(contents))
            for chain, diff_id, (layer, contents) in zip(
                chain_ids(diff_ids), diff_ids, layers.items(), strict=True
            )
        ),
        distribution=more.pop("distribution", DEBIAN),
        **{"names": (f"{name}:1",), **more},
    )


def add(fleet: Fleet, *records: ImageRecord, at: str = T0) -> None:
    with fleet.writing():
        for record in records:
            fleet.images.add(record, at)


def shown(fleet: Fleet, name: str) -> dict[str, set[Located]]:
    """Return what the fleet says that an image shows, by chain."""
    found = fleet.images.find(name)
    assert found is not None
    contents = fleet.images.contents(found)
    pairs = {pair for several in contents.values() for pair in several}
    components = fleet.images.components({component for component, _ in pairs})
    places = fleet.images.places({place for _, place in pairs})
    chains = {layer.id: layer.chain_id for layer in fleet.images.layers(found)}
    assert list(contents) == list(chains)
    return {
        chains[row]: {(components[c], places[p]) for c, p in several}
        for row, several in contents.items()
    }


def having(fleet: Fleet) -> dict[Component, set[str]]:
    """Return which images have each component of the fleet."""
    rows = [row for (row,) in fleet.database.rows("SELECT id FROM component")]
    components = fleet.images.components(rows)
    digests = {found.id: found.digest for found in fleet.images.all()}
    return {
        components[row]: {digests[one] for one in images}
        for row, images in fleet.images.with_components(rows).items()
    }


def findings_of(fleet: Fleet, name: str) -> list[Finding]:
    """Return the open findings of an image as a scan of it has them."""
    found = fleet.images.find(name)
    assert found is not None
    contents = fleet.images.contents(found)
    open_ = fleet.findings.of({c for pairs in contents.values() for c, _ in pairs})
    places = fleet.images.places({p for pairs in contents.values() for _, p in pairs})
    diff_ids = {layer.id: layer.diff_id for layer in fleet.images.layers(found)}
    return in_order(
        replace(s.finding, layer=diff_ids[row], path=places[p].path, evidence=places[p].evidence)
        for row, pairs in contents.items()
        for c, p in pairs
        for s in open_.get(c, ())
    )


def in_order(findings: Any) -> list[Finding]:
    return sorted(findings, key=repr)


def packages_of(record: ImageRecord) -> dict[Package, Package | None]:
    """Return the packages of an image with their owners."""
    return {
        package_at(component, place, layer.diff_id): component.owner
        for layer in record.layers
        for component, place in layer.contents
    }


def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables."""
    return {
        name: sorted(database.rows(f"SELECT * FROM {name}"), key=repr)  # noqa: S608 - our own names
        for name in TABLE_NAMES
    }


def empty(fleet: Fleet) -> None:
    """Make a fleet as good as new."""
    with fleet.writing():
        for name in TABLE_NAMES[1:]:
            fleet.database.run(f"DELETE FROM {name}")  # noqa: S608 - our own names
        fleet.database.run("DELETE FROM meta WHERE key != 'format'")
    fleet.images.forget()


def publish(home: Path, records: Mapping[str, Sequence[Record]], **scores: bytes) -> Path:
    """Make or update an advisory store from these feeds; return its path."""
    folder = home / "feeds"
    shutil.rmtree(folder, ignore_errors=True)
    files = feeds(**{name: zipped(several) for name, several in records.items()})
    lay_out(folder, {**files, KEV: scores.get("kev", NO_KEV), EPSS: scores.get("epss", NO_EPSS)})
    path = home / "advisories.sqlite"
    update(path, Folder(folder), lambda *_: None, NOW, force=True)
    return path
