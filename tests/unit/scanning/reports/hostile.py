"""Reports of images whose makers want to deceive the reader."""

from dataclasses import replace

from hypothesis import strategies as st

from seawall.model import (
    Distribution,
    Finding,
    FixState,
    Image,
    ImageRef,
    Incomplete,
    Layer,
    Severity,
    Urgency,
)
from seawall.scanning.report import AdvisoryData
from tests.unit.inventory.sbom.hostile import texts
from tests.unit.scanning.reports.samples import BASE, REPORT

findings = st.builds(
    Finding,
    kind=st.just("vulnerability"),
    id=texts,
    aliases=st.lists(texts, max_size=2),
    severity=st.sampled_from(Severity),
    package=texts,
    name=texts,
    installed=texts,
    fixed_in=texts,
    state=st.sampled_from(FixState),
    urgency=st.sampled_from(Urgency),
    layer=st.just(BASE) | texts,
    path=texts,
    reason=texts,
    source=texts,
    score=st.none() | st.floats(0, 10),
    exploited_since=st.just("2024-02-29") | texts,
    epss=st.none() | st.floats(0, 1),
    summary=texts,
    confirmed=st.booleans(),
)
reports = st.builds(
    replace,
    st.just(REPORT),
    image=st.builds(
        Image,
        ref=st.builds(ImageRef, texts, texts),
        digest=texts,
        layers=st.just((Layer(BASE),)),
        os=texts,
        architecture=texts,
        tags=st.lists(texts, max_size=2).map(tuple),
    ),
    distribution=st.none() | st.builds(Distribution, texts, texts, texts, texts),
    packages=st.dictionaries(texts, st.integers(0, 10**6), max_size=3),
    findings=st.lists(findings, max_size=6),
    incomplete=st.lists(st.builds(Incomplete, texts, texts, texts), max_size=3),
    data=st.builds(
        AdvisoryData,
        newest=st.just("2026-11-20T10:00:00Z") | texts,
        obtained=texts,
        is_snapshot=st.booleans(),
        advisories=st.integers(0, 10**6),
    ),
    notes=st.lists(texts, max_size=2),
)
