"""How well findings agree with labels."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seawall.model import Finding, Kind, Urgency
from tests.quality.labels import Label, Verdict

RECORDED = Path(__file__).with_name("recorded.json")


@dataclass(frozen=True, slots=True)
class Score:
    """What came of one subject; the lists name each label or finding that went wrong."""

    labels: int
    found: int
    missed: tuple[str, ...]
    false: tuple[str, ...]

    @property
    def precision(self) -> float:
        """Return which part of what was reported is right."""
        return self.found / max(1, self.found + len(self.false))

    @property
    def recall(self) -> float:
        """Return which part of what is there was reported."""
        return self.found / max(1, self.found + len(self.missed))

    @property
    def f1(self) -> float:
        """Return the harmonic mean of both."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def counts(finding: Finding) -> bool:
    """Tell whether a finding is put to a person as something to know of."""
    return finding.kind is Kind.VULNERABILITY and finding.urgency is not Urgency.HIDDEN


def score(findings: Iterable[Finding], labels: Iterable[Label]) -> Score:
    """Compare what was found with what is known.

    A label is met by a finding about that package which has its flaw's name among its own. What
    is found and not labelled counts as false, too: labels name all there is to find.
    """
    known = list(labels)
    by_place: dict[tuple[str, str], Verdict] = {
        (label.package, label.flaw): Verdict(label.verdict) for label in known
    }
    met: set[tuple[str, str]] = set()
    false: list[str] = []
    for finding in findings:
        if not counts(finding):
            continue
        package = named(finding)
        verdicts = {
            (package, name): by_place[package, name]
            for name in (finding.id, *finding.aliases)
            if (package, name) in by_place
        }
        right = {place for place, verdict in verdicts.items() if verdict is Verdict.AFFECTED}
        met |= right
        is_remark = Verdict.REMARK in verdicts.values() and finding.urgency is Urgency.WATCH
        if not right and not is_remark:
            why = ", ".join(v.value for v in verdicts.values()) or "no label"
            false.append(f"{package} {finding.id} [{why}] {finding.reason}")
    missed = [
        f"{label.package} {label.flaw} [{label.evidence}]"
        for label in known
        if label.verdict == Verdict.AFFECTED.value and (label.package, label.flaw) not in met
    ]
    return Score(len(known), len(met), tuple(missed), tuple(dict.fromkeys(false)))


def named(finding: Finding) -> str:
    """Return the package of a finding as labels write it."""
    kind = finding.package.partition(":")[2].partition("/")[0]
    return f"{kind}/{finding.name} {finding.installed}"


def reached(score: Score) -> dict[str, float]:
    """Return what is recorded of a score."""
    return {"f1": round(score.f1, 4), "missed": len(score.missed), "false": len(score.false)}


def is_worse(now: Mapping[str, float], before: Mapping[str, float]) -> bool:
    """Tell whether any of the values is worse than the recorded one."""
    return (
        now["f1"] < before["f1"]
        or now["missed"] > before["missed"]
        or now["false"] > before["false"]
    )


def recorded() -> dict[str, Any]:
    """Return the last recorded values by subject."""
    found: dict[str, Any] = json.loads(RECORDED.read_text("utf-8")) if RECORDED.is_file() else {}
    return found


def record(name: str, now: Mapping[str, float]) -> None:
    """Note values of a new subject, or better ones; a line that says why one is lower stays."""
    noted = recorded()
    noted[name] = {**noted.get(name, {}), **now}
    RECORDED.write_text(json.dumps(dict(sorted(noted.items())), indent=2) + "\n", "utf-8")


def table(scores: Mapping[str, Score]) -> list[str]:
    """Return a table for people."""
    head = f"{'subject':<16}{'labels':>7}{'found':>7}{'missed':>8}{'false':>7}"
    lines = [f"{head}{'precision':>11}{'recall':>8}{'F1':>8}"]
    lines += [
        f"{name:<16}{s.labels:>7}{s.found:>7}{len(s.missed):>8}{len(s.false):>7}"
        f"{s.precision:>11.4f}{s.recall:>8.4f}{s.f1:>8.4f}"
        for name, s in scores.items()
    ]
    return lines
