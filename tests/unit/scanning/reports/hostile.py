"""Reports of images whose makers want to deceive the reader."""

from dataclasses import replace
from random import Random

from hypothesis import strategies as st

from seawall.advisories import Currency
from seawall.model import (
    Distribution,
    Finding,
    FixState,
    Image,
    ImageRef,
    Incomplete,
    Kind,
    Layer,
    Severity,
    Urgency,
)
from seawall.scanning.report import AdvisoryData, BaseImage, Decision, Report
from tests.unit.inventory.sbom.hostile import texts
from tests.unit.scanning.reports.samples import BASE, REPORT


def report_with(pool: list[str], seed: int) -> Report:
    """Return a report whose every text is one of `pool`.

    The places are chosen by a seed: to draw each of some 60 fields takes longer than to test them.
    """
    random = Random(seed)

    def text(*usual: str) -> str:
        return random.choice([*pool, *usual])

    def some(most: int) -> range:
        return range(random.randint(0, most))

    def finding() -> Finding:
        return Finding(
            kind=random.choice(list(Kind)),
            id=text(),
            aliases=tuple(text() for _ in some(2)),
            severity=random.choice(list(Severity)),
            package=text("", "pkg:npm/a@1"),
            name=text(),
            installed=text(),
            fixed_in=text("", ""),
            state=random.choice(list(FixState)),
            urgency=random.choice(list(Urgency)),
            layer=text(BASE),
            path=text(),
            reason=text(),
            source=text(""),
            score=random.choice([None, 0.0, 9.8]),
            exploited_since=text("2024-02-29", ""),
            epss=random.choice([None, 0.0, 0.5, 1.0]),
            summary=text(""),
            confirmed=random.choice([True, False]),
            locked=random.choice([True, False]),
            title=text(""),
            remedy=text(""),
            line=random.choice([0, 1, 10**9]),
            evidence=text(""),
            removed_in=text(BASE, ""),
            suppressed=text("", "", ""),
            from_base=random.choice([None, True, False]),
        )

    known = Distribution(text(), text(), text(), text())
    statuses = ["accepted", "not_affected", "fixed"]
    base = BaseImage(text(), text(), random.randint(0, 3), text(), random.choice([True, False]))
    return replace(
        REPORT,
        image=Image(
            ref=ImageRef(text(), text()),
            digest=text(""),
            layers=(Layer(BASE, text()),),
            os=text(),
            architecture=text(),
            tags=tuple(text() for _ in some(2)),
        ),
        distribution=random.choice([None, known]),
        packages={text(): random.randint(0, 10**6) for _ in some(3)},
        findings=[finding() for _ in some(6)],
        incomplete=[Incomplete(text(), text(), text()) for _ in some(3)],
        data=AdvisoryData(
            newest=text("2026-11-20T10:00:00Z"),
            obtained=text(),
            is_snapshot=random.choice([True, False]),
            advisories=random.randint(0, 10**6),
            ecosystems=[Currency(text(), text(), text()) for _ in some(3)],
            scores=[Currency(text(), text(), text()) for _ in some(2)],
        ),
        notes=[text() for _ in some(2)],
        warnings=[text() for _ in some(2)],
        decisions={text(): Decision(random.choice(statuses), text()) for _ in some(2)},
        base=random.choice([None, base]),
    )


reports = st.builds(report_with, st.lists(texts, min_size=1, max_size=3), st.integers(0, 10**6))
