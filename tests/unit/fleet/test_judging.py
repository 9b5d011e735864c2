"""Components are judged as a scan judges the packages of one image."""

from dataclasses import replace
from pathlib import Path

import pytest

from seawall.advisories import AdvisoryStore
from seawall.fleet import judging
from seawall.fleet.component import Component
from seawall.fleet.judging import judged
from seawall.scanning.vulnerabilities import judge_packages
from tests.unit.advisories.records import below, record
from tests.unit.fleet.samples import DEBIAN, ROCKY, deb, publish, pypi

FLAWS = {
    "Debian": [record("DEBIAN-CVE-2026-1001", below("Debian:12", "bash", "5.2-2"))],
    "PyPI": [record("PY-1", below("PyPI", "jinja2", "3.1.3"))],
}
BASH, JINJA, STRANGE = deb("bash", "5.2-1"), pypi("jinja2", "3.1.2"), pypi("jinja2", "three.one")
OWNED = replace(JINJA, owner=BASH.package, distribution=DEBIAN)
ELSEWHERE = replace(BASH, distribution=ROCKY)
COMPONENTS: dict[int, Component] = dict(enumerate([BASH, JINJA, STRANGE, OWNED, ELSEWHERE], 7))


@pytest.mark.parametrize("at_once", [1, 2, 100])
def test_each_component_is_judged_by_its_own_distribution_and_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(judging, "_AT_ONCE", at_once)
    with AdvisoryStore.open(publish(tmp_path, FLAWS)) as store:
        batches = list(judged(COMPONENTS, store))
        found = {row: one for batch in batches for row, one in batch.items()}
        assert set(found) == set(COMPONENTS)
        assert max(map(len, batches)) <= at_once
        for row, component in COMPONENTS.items():
            alone = {component.package: component.owner}
            findings, matches = judge_packages(alone, component.distribution, store)
            assert found[row].findings == findings
            assert found[row].gaps == [gap.reason for gap in matches.incomplete if gap.path != "/"]
    assert [len(found[row].findings) for row in sorted(found)] == [1, 1, 0, 1, 0]
    assert [bool(found[row].gaps) for row in sorted(found)] == [False, False, True, False, False]


def test_nothing_is_judged_where_there_is_nothing(tmp_path: Path) -> None:
    with AdvisoryStore.open(publish(tmp_path, FLAWS)) as store:
        assert list(judged({}, store)) == []
