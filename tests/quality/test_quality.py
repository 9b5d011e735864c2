"""The quality gate: findings against labelled truth, never worse than the last recorded values."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from seawall.advisories import AdvisoryStore
from seawall.images import open_image, parse_target
from seawall.inventory import read_inventory
from seawall.model import Inventory
from seawall.scanning import judge
from tests.quality import advisories, labels, scoring
from tests.quality.conftest import SCORES, held
from tests.quality.recipe import Subject, subjects

NAMES = [subject.name for subject in subjects()]
SUBJECTS = {subject.name: subject for subject in subjects()}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdvisoryStore]:
    with AdvisoryStore.open(advisories.store(tmp_path_factory.mktemp("store"))) as opened:
        yield opened


def inventory_of(subject: Subject, folder: Path) -> Inventory:
    path = folder / f"{subject.name}.tar"
    subject.build(path)
    with open_image(parse_target(f"docker-archive:{path}")) as opened:
        return read_inventory(opened)


@pytest.mark.parametrize("name", NAMES)
def test_findings_are_as_right_as_they_were(
    name: str, store: AdvisoryStore, tmp_path: Path
) -> None:
    subject = SUBJECTS[name]
    judgement = judge(inventory_of(subject, tmp_path), store)
    score = scoring.score(judgement.findings, labels.read(subject.folder / "labels.toml"))
    SCORES[name] = score
    held(name, score)


def test_every_subject_has_a_recorded_value_and_labels_of_each_sort() -> None:
    assert set(scoring.recorded()) >= set(NAMES)
    for subject in SUBJECTS.values():
        found = {label.verdict for label in labels.read(subject.folder / "labels.toml")}
        assert {"affected", "not affected"} <= found


@pytest.mark.parametrize("name", NAMES)
def test_labels_are_about_packages_that_are_there(name: str, tmp_path: Path) -> None:
    """Else a whole package could be missing, and only its flaws would show it, one by one."""
    subject = SUBJECTS[name]
    inventory = inventory_of(subject, tmp_path)
    there = {f"{p.type}/{p.name} {p.version}" for p in inventory.packages}
    assert {label.package for label in labels.read(subject.folder / "labels.toml")} <= there


def test_a_label_stands_once() -> None:
    for subject in SUBJECTS.values():
        found = [(x.package, x.flaw) for x in labels.read(subject.folder / "labels.toml")]
        assert len(found) == len(set(found)), subject.name
