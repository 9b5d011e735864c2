"""The quality gate for what the content of files tells: secrets, malware, changed files."""

import tomllib
from pathlib import Path

from seawall.cli.wiring import detectors
from seawall.images import open_image, parse_target
from seawall.inventory import read_image
from seawall.model import Finding, Urgency
from seawall.scanning.content.inspection import ContentInspector
from seawall.scanning.content.looking import FIRST_GUESS, look_at
from tests.quality import scoring
from tests.quality.conftest import SCORES, held
from tests.quality.recipe import DATA, load
from tests.quality.scoring import Score

NAME = "content"
BYTES = 64 << 20


def findings(target: str) -> list[Finding]:
    looking = detectors((), ())
    with open_image(parse_target(target)) as opened:
        inspector = ContentInspector(looking, FIRST_GUESS, BYTES)
        reading = read_image(opened, inspector=inspector)
        return list(look_at(reading, opened, inspector).findings)


def scored(found: list[Finding]) -> Score:
    document = tomllib.loads((DATA / NAME / "labels.toml").read_text("utf-8"))
    there = {(path, kind) for path, kind, verdict, _ in document["labels"] if verdict == "affected"}
    told = {(f.path, str(f.kind)) for f in found if f.urgency is not Urgency.HIDDEN}
    why = {(f.path, str(f.kind)): f"{f.path} {f.kind} {f.id} {f.evidence}" for f in found}
    return Score(
        len(document["labels"]),
        len(there & told),
        tuple(f"{path} {kind}" for path, kind in sorted(there - told)),
        tuple(why[place] for place in sorted(told - there)),
    )


def test_findings_in_files_are_as_right_as_they_were(tmp_path: Path) -> None:
    load(NAME, "recipe.toml").build(tmp_path / "image.tar")
    SCORES[NAME] = scored(findings(f"docker-archive:{tmp_path / 'image.tar'}"))
    held(NAME, SCORES[NAME])


def test_every_file_of_the_recipe_has_a_label() -> None:
    document = tomllib.loads((DATA / NAME / "labels.toml").read_text("utf-8"))
    named = {label[0] for label in document["labels"]}
    layers = load(NAME, "recipe.toml").layers
    put = {path for layer in layers for path in layer.get("planted", ())}
    assert put <= named
    assert len(document["labels"]) == len({tuple(label[:2]) for label in document["labels"]})
    assert {label[2] for label in document["labels"]} == {"affected", "not affected"}
    assert set(scoring.recorded()) >= {NAME}
