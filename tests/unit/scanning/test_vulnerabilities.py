"""Judging: who may speak of a package, what becomes a finding, and how urgent it is."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from seawall.advisories import AdvisoryStore, Flaw
from seawall.advisories.feeds.epss import Score
from seawall.advisories.feeds.kev import Exploited
from seawall.model import (
    Distribution,
    Finding,
    FixState,
    Inventory,
    Package,
    Range,
    Severity,
    Urgency,
)
from seawall.scanning import Judgement, judge
from seawall.scanning.vulnerabilities import urgency_of
from tests.unit.advisories.records import Record, affects, below, fill, real, record, store_of

BOOKWORM = Distribution("debian", "12", "bookworm")
LAYERS = ("sha256:a", "sha256:b", "sha256:c")
JINJA = Package(
    "pypi",
    "Jinja2",
    "3.1.2",
    layer=LAYERS[0],
    path="usr/lib/python3/dist-packages/Jinja2-3.1.2.egg-info/PKG-INFO",
    owner="deb:python3-jinja2",
)
DEB = Package(
    "deb", "python3-jinja2", "3.1.2-1", "jinja2", "3.1.2-1", layer=LAYERS[0], path="var/lib/dpkg"
)
GHSA = record(
    "GHSA-a",
    below("PyPI", "jinja2", "3.1.5"),
    aliases=["CVE-2024-56326"],
    database_specific={"severity": "CRITICAL"},
)
INTRODUCED = {"introduced": "0"}


def inventory(*packages: Package, distribution: Distribution | None = BOOKWORM) -> Inventory:
    return Inventory("dir:x", "", distribution, packages, layers=LAYERS)


def debian(cve: str, *events: Mapping[str, object], **more: object) -> Record:
    return record(f"DEBIAN-{cve}", affects("Debian:12", "jinja2", *events, **more), upstream=[cve])


def judged(
    folder: Path,
    records: Mapping[str, Sequence[Record]],
    *packages: Package,
    exploited: Sequence[Exploited] = (),
    scores: Sequence[Score] = (),
) -> Judgement:
    with store_of(folder, records, exploited, scores) as store:
        return judge(inventory(*packages), store)


def told(folder: Path, debian_says: Sequence[Record], *packages: Package) -> list[Finding]:
    records = {"PyPI": [GHSA], "Debian": list(debian_says)}
    return list(judged(folder, records, *(packages or (JINJA, DEB))).findings)


# --- ownership -----------------------------------------------------------------------------------


def test_where_nobody_owns_the_files_the_ecosystem_speaks(tmp_path: Path) -> None:
    (finding,) = told(tmp_path, [], replace(JINJA, owner=""))
    assert (finding.id, finding.urgency, finding.confirmed) == (
        "CVE-2024-56326",
        Urgency.NOW,
        True,
    )


def test_what_the_distribution_fixed_is_no_finding(tmp_path: Path) -> None:
    fixed = debian("CVE-2024-56326", INTRODUCED, {"fixed": "3.1.2-1"})
    assert told(tmp_path, [fixed]) == []


def test_what_the_distribution_calls_not_affected_is_no_finding(tmp_path: Path) -> None:
    assert told(tmp_path, [debian("CVE-2024-56326", INTRODUCED, {"fixed": "0"})]) == []


def test_what_the_distribution_calls_affected_is_its_finding_only(tmp_path: Path) -> None:
    affected = debian("CVE-2024-56326", INTRODUCED, {"fixed": "3.1.2-1+deb12u1"})
    (finding,) = told(tmp_path, [affected])
    assert (finding.name, finding.fixed_in) == ("python3-jinja2", "3.1.2-1+deb12u1")


def test_where_the_distribution_is_silent_the_flaw_is_unconfirmed(tmp_path: Path) -> None:
    other = debian("CVE-2019-1111", INTRODUCED, {"fixed": "2"})
    (finding,) = told(tmp_path, [other])
    assert finding.name == "Jinja2"
    assert not finding.confirmed
    assert finding.urgency is Urgency.WATCH
    assert "deb:python3-jinja2, and the distribution says nothing of it" in finding.reason


def test_a_withdrawn_statement_is_none(tmp_path: Path) -> None:
    gone = debian("CVE-2024-56326", INTRODUCED, {"fixed": "3.1.2-1"})
    (finding,) = told(tmp_path, [{**gone, "withdrawn": "2026-01-01T00:00:00Z"}])
    assert not finding.confirmed


def test_a_statement_about_another_release_is_none(tmp_path: Path) -> None:
    other = record(
        "DEBIAN-CVE-2024-56326", below("Debian:13", "jinja2", "1"), upstream=["CVE-2024-56326"]
    )
    here = debian("CVE-2019-1111", INTRODUCED, {"fixed": "2"})
    (finding,) = told(tmp_path, [other, here])
    assert not finding.confirmed


def test_of_a_flaw_with_two_cves_the_distribution_must_speak_of_both(tmp_path: Path) -> None:
    both = record(
        "GHSA-b", below("PyPI", "jinja2", "9"), aliases=["CVE-2020-1111", "CVE-2020-2222"]
    )
    one = debian("CVE-2020-1111", INTRODUCED, {"fixed": "1"})
    two = debian("CVE-2020-2222", INTRODUCED, {"fixed": "1"})
    (finding,) = judged(tmp_path, {"PyPI": [both], "Debian": [one]}, JINJA, DEB).findings
    assert "speaks only of CVE-2020-1111" in finding.reason
    assert judged(tmp_path / "b", {"PyPI": [both], "Debian": [one, two]}, JINJA, DEB).findings == ()


def test_an_advisory_of_the_distribution_that_bundles_flaws_speaks_of_each(tmp_path: Path) -> None:
    bundle = record(
        "DSA-1-1",
        below("Debian:12", "jinja2", "3.1.2-1"),
        upstream=["CVE-2024-56326", "CVE-2020-1111"],
    )
    assert told(tmp_path, [bundle]) == []


def test_an_owner_that_is_not_installed_owns_nothing(tmp_path: Path) -> None:
    fixed = debian("CVE-2024-56326", INTRODUCED, {"fixed": "3.1.2-1"})
    (finding,) = told(tmp_path, [fixed], JINJA)
    assert finding.confirmed


def test_a_version_that_a_later_layer_wrote_over_is_not_the_distributions(tmp_path: Path) -> None:
    fixed = debian("CVE-2024-56326", INTRODUCED, {"fixed": "3.1.2-1"})
    replaced = replace(JINJA, version="3.0.0", layer=LAYERS[1])
    (finding,) = told(tmp_path, [fixed], replaced, DEB)
    assert (finding.name, finding.confirmed) == ("Jinja2", True)


def test_the_distributions_own_version_in_a_later_layer_is_still_its_own(tmp_path: Path) -> None:
    fixed = debian("CVE-2024-56326", INTRODUCED, {"fixed": "3.1.2-1"})
    assert told(tmp_path, [fixed], replace(JINJA, layer=LAYERS[1]), DEB) == []


def test_an_owner_upgraded_in_a_later_layer_still_owns(tmp_path: Path) -> None:
    fixed = debian("CVE-2024-56326", INTRODUCED, {"fixed": "3.1.2-1+deb12u1"})
    upgraded = replace(
        DEB, version="3.1.2-1+deb12u1", source_version="3.1.2-1+deb12u1", layer=LAYERS[2]
    )
    assert told(tmp_path, [fixed], JINJA, upgraded) == []


def test_an_owner_with_a_version_nobody_can_parse_says_nothing(tmp_path: Path) -> None:
    fixed = debian("CVE-2024-56326", INTRODUCED, {"fixed": "3.1.2-1"})
    (finding,) = told(tmp_path, [fixed], JINJA, replace(DEB, version="x", source_version="x"))
    assert not finding.confirmed


# --- findings ------------------------------------------------------------------------------------


def test_a_finding_says_all_there_is_to_say(tmp_path: Path) -> None:
    records = {"Debian": [real("Debian", "DEBIAN-CVE-2023-4911")]}
    libc = Package(
        "deb", "libc6", "2.36-9+deb12u1", "glibc", "2.36-9+deb12u1", "amd64", LAYERS[0], "var/x"
    )
    (finding,) = judged(
        tmp_path,
        records,
        libc,
        exploited=[Exploited("CVE-2023-4911", "2023-11-21", ransomware=False)],
        scores=[Score("CVE-2023-4911", 0.65, 0.98)],
    ).findings
    assert finding.id == "CVE-2023-4911"
    assert finding.aliases == ("DEBIAN-CVE-2023-4911",)
    assert finding.package.startswith("pkg:deb/debian/libc6@2.36-9")
    assert (finding.name, finding.source) == ("libc6", "glibc")
    assert (finding.installed, finding.fixed_in) == ("2.36-9+deb12u1", "2.36-9+deb12u3")
    assert (finding.exploited_since, finding.epss) == ("2023-11-21", 0.65)
    assert (finding.layer, finding.path) == (LAYERS[0], "var/x")
    assert finding.urgency is Urgency.NOW
    assert finding.reason == (
        "DEBIAN-CVE-2023-4911 (Debian:12, glibc): 2.36-9+deb12u1 is below 2.36-9+deb12u3"
    )


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (below("PyPI", "x", "2"), "1.0 is below 2"),
        (
            affects("PyPI", "x", {"introduced": "0.5"}, {"fixed": "2"}),
            "1.0 is below 2 and not below 0.5",
        ),
        (
            affects("PyPI", "x", INTRODUCED, {"last_affected": "1.5"}),
            "1.0 is not above 1.5, the last affected version",
        ),
        (affects("PyPI", "x", versions=["1"]), "1.0 is listed as affected"),
        (affects("PyPI", "x", INTRODUCED), "1.0 is affected and no fix is known"),
    ],
)
def test_the_reason_tells_which_versions_were_compared(
    tmp_path: Path, part: dict[str, Any], reason: str
) -> None:
    package = Package("pypi", "x", "1.0")
    (finding,) = judged(tmp_path, {"PyPI": [record("X-1", part)]}, package).findings
    assert finding.reason == f"X-1 (PyPI, x): {reason}"


def test_the_reason_is_about_the_fix_that_is_named(tmp_path: Path) -> None:
    several = [
        record("PYSEC-1", below("PyPI", "x", "2"), aliases=["CVE-2020-1111"]),
        record("GHSA-a", below("PyPI", "x", "3"), aliases=["CVE-2020-1111"]),
    ]
    (finding,) = judged(tmp_path, {"PyPI": several}, Package("pypi", "x", "1")).findings
    assert finding.fixed_in == "3"
    assert finding.reason == "PYSEC-1, GHSA-a (PyPI, x): 1 is below 3"


def test_kernel_headers_are_hidden_and_the_kernel_is_not(tmp_path: Path) -> None:
    records = {"Debian": [record("DSA-1-1", below("Debian:12", "linux", "6.1.90-1"))]}
    headers = Package("deb", "linux-libc-dev", "6.1.55-1", "linux", "6.1.55-1")
    kernel = Package("deb", "linux-image-6.1.0-13-amd64", "6.1.55-1", "linux-signed-amd64", "6+1")
    found = {f.name: f.urgency for f in judged(tmp_path, records, headers, kernel).findings}
    assert found == {
        "linux-libc-dev": Urgency.HIDDEN,
        "linux-image-6.1.0-13-amd64": Urgency.SOON,
    }


def test_the_most_urgent_comes_first(tmp_path: Path) -> None:
    def rated(name: str, word: str, fixed: str = "2") -> Record:
        return record(name, below("PyPI", "x", fixed), database_specific={"severity": word})

    several = [
        rated("A-low", "LOW"),
        rated("B-critical", "CRITICAL"),
        rated("C-high", "HIGH"),
        record("D-open", affects("PyPI", "x", INTRODUCED), database_specific={"severity": "HIGH"}),
    ]
    found = judged(tmp_path, {"PyPI": several}, Package("pypi", "x", "1")).findings
    assert [f.id for f in found] == ["B-critical", "C-high", "D-open", "A-low"]


def test_what_could_not_be_judged_is_told_once(tmp_path: Path) -> None:
    packages = [Package("pypi", "x", "one", path="p"), Package("pypi", "x", "one", path="p")]
    records = {"PyPI": [record("X-1", below("PyPI", "x", "2"))]}
    assert len(judged(tmp_path, records, *packages).incomplete) == 1


def test_debians_own_rebuild_of_the_fixed_version_is_not_urgent(tmp_path: Path) -> None:
    fix = below("Debian:12", "openjdk-17", "17.0.19+10-1")
    records = {
        "Debian": [record("DEBIAN-CVE-2026-1", fix, database_specific={"severity": "critical"})]
    }
    expected = {
        "17.0.19+10-1~deb12u2": Urgency.WATCH,
        "17.0.19+10-1~deb12u2~x": Urgency.NOW,
        "17.0.19+9-1~deb12u2": Urgency.NOW,
    }
    packages = [
        Package("deb", "openjdk-17-jre", version, "openjdk-17", version, path="s")
        for version in expected
    ]
    findings = judged(tmp_path, records, *packages).findings
    assert {finding.installed: finding.urgency for finding in findings} == expected
    reasons = [finding.reason for finding in findings if finding.urgency is Urgency.WATCH]
    assert "rebuild" in reasons[0]


# --- urgency -------------------------------------------------------------------------------------

FLAW = Flaw(
    "CVE-2020-1111",
    (),
    Severity.MEDIUM,
    None,
    "",
    FixState.FIXED,
    "2",
    (Range("PyPI", "x"),),
    ("GHSA-a",),
)


@pytest.mark.parametrize(
    ("changes", "urgency"),
    [
        ({}, Urgency.WATCH),
        ({"severity": Severity.HIGH}, Urgency.SOON),
        ({"severity": Severity.CRITICAL}, Urgency.NOW),
        ({"exploited_since": "2020-01-01", "severity": Severity.LOW}, Urgency.NOW),
        ({"epss": 0.1}, Urgency.SOON),
        ({"epss": 0.09}, Urgency.WATCH),
        ({"severity": Severity.UNKNOWN}, Urgency.SOON),
        ({"severity": Severity.UNKNOWN, "epss": 0.001}, Urgency.WATCH),
        ({"severity": Severity.UNKNOWN, "advisories": ("DSA-1-1",)}, Urgency.SOON),
        ({"severity": Severity.UNKNOWN, "advisories": ("DLA-1-1",)}, Urgency.SOON),
        ({"severity": Severity.UNKNOWN, "advisories": ("USN-1-1",)}, Urgency.SOON),
        ({"severity": Severity.LOW, "advisories": ("DSA-1-1",)}, Urgency.WATCH),
        ({"state": FixState.UNFIXED, "severity": Severity.CRITICAL}, Urgency.WATCH),
        ({"state": FixState.UNFIXED, "exploited_since": "2020-01-01"}, Urgency.WATCH),
        ({"state": FixState.END_OF_LIFE, "severity": Severity.HIGH}, Urgency.WATCH),
        ({"state": FixState.WILL_NOT_FIX, "severity": Severity.CRITICAL}, Urgency.HIDDEN),
        ({"state": FixState.UNFIXED, "advisories": ("MAL-2024-1",)}, Urgency.NOW),
    ],
)
def test_urgency_is_what_can_be_done_now(changes: dict[str, Any], urgency: Urgency) -> None:
    assert urgency_of(replace(FLAW, **changes), confirmed=True) is urgency


@pytest.mark.parametrize(
    "changes",
    [{"severity": Severity.CRITICAL}, {"exploited_since": "2020-01-01"}, {"epss": 1.0}],
)
def test_what_is_unconfirmed_is_only_watched(changes: dict[str, Any]) -> None:
    assert urgency_of(replace(FLAW, **changes), confirmed=False) is Urgency.WATCH


def test_a_malicious_package_is_critical_and_urgent_without_any_fix(tmp_path: Path) -> None:
    content = record("MAL-2024-1", affects("npm", "evil", INTRODUCED))
    (finding,) = judged(tmp_path, {"npm": [content]}, Package("npm", "evil", "1.0.0")).findings
    assert (finding.severity, finding.urgency) == (Severity.CRITICAL, Urgency.NOW)


# --- other distributions, notices, lock files ----------------------------------------------------


@pytest.mark.parametrize(
    ("distribution", "release", "version", "fixed"),
    [
        (Distribution("almalinux", "9.3"), "AlmaLinux:9", "3.1.2-1.el9", "3.1.2-2.el9"),
        (Distribution("alpine", "3.18.4"), "Alpine:v3.18", "3.1.2-r0", "3.1.2-r1"),
        (Distribution("rocky", "9.3"), "Rocky Linux:9", "3.1.2-1.el9", "3.1.2-2.el9"),
    ],
)
def test_any_distribution_decides_on_what_it_owns(
    tmp_path: Path, distribution: Distribution, release: str, version: str, fixed: str
) -> None:
    kind = "apk" if distribution.id == "alpine" else "rpm"
    name = "python3-jinja2" if kind == "rpm" else "py3-jinja2"
    mine = replace(JINJA, owner=f"{kind}:{name}")
    content = record("X-1", below(release, name, fixed), upstream=["CVE-2024-56326"])
    records = {"PyPI": [GHSA], release.partition(":")[0]: [content]}
    results: list[list[tuple[str, bool]]] = []
    with store_of(tmp_path, records) as store:
        for installed in (version, fixed):
            owner = Package(kind, name, installed, name, layer=LAYERS[0])
            held = inventory(mine, owner, distribution=distribution)
            results.append([(f.name, f.confirmed) for f in judge(held, store).findings])
    assert results == [[(name, True)], []]
    silent = {"PyPI": [GHSA]}
    with store_of(tmp_path / "silent", silent) as store:
        held = inventory(mine, Package(kind, name, version, name), distribution=distribution)
        assert [(f.name, f.confirmed) for f in judge(held, store).findings] == [("Jinja2", False)]


def test_a_fix_that_only_ubuntu_pro_has_is_told_and_not_urgent(tmp_path: Path) -> None:
    part = below("Ubuntu:Pro:20.04:LTS", "glibc", "2.31-0ubuntu9.18+esm1")
    content = record("UBUNTU-CVE-2023-1", part, database_specific={"severity": "critical"})
    package = Package("deb", "libc6", "2.31-0ubuntu9.17", "glibc", "2.31-0ubuntu9.17")
    held = inventory(package, distribution=Distribution("ubuntu", "20.04"))
    with store_of(tmp_path, {"Ubuntu": [content]}) as store:
        (finding,) = judge(held, store).findings
    assert (finding.state, finding.urgency) == (FixState.UNFIXED, Urgency.WATCH)
    assert finding.reason.endswith(
        "2.31-0ubuntu9.17 is affected, and the fix 2.31-0ubuntu9.18+esm1 is only in Ubuntu Pro "
        "(esm), which this image does not use"
    )


@pytest.mark.parametrize(
    ("informational", "urgency"),
    [("unmaintained", Urgency.HIDDEN), ("notice", Urgency.HIDDEN), ("unsound", Urgency.WATCH)],
)
def test_a_notice_of_rustsec_is_no_flaw_by_itself(
    tmp_path: Path, informational: str, urgency: Urgency
) -> None:
    part = below("crates.io", "x", "2.0.0", database_specific={"informational": informational})
    content = record("RUSTSEC-1", part, database_specific={"severity": "critical"})
    (finding,) = judged(tmp_path, {"crates.io": [content]}, Package("cargo", "x", "1.0.0")).findings
    assert finding.urgency is urgency
    assert "no flaw by itself" in finding.reason


def test_what_only_a_lock_file_names_is_listed_and_marked(tmp_path: Path) -> None:
    locked = replace(JINJA, owner="", locked=True)
    with store_of(tmp_path, {"PyPI": [GHSA]}) as store:
        (in_image,) = judge(inventory(locked), store).findings
        (in_project,) = judge(inventory(locked), store, locked_counts=True).findings
    assert (in_image.locked, in_image.urgency) == (True, Urgency.WATCH)
    assert in_image.reason.endswith("only a lock file names it, nothing shows that it is installed")
    assert (in_project.locked, in_project.urgency) == (True, Urgency.NOW)


def test_what_shows_a_program_without_a_package_is_told(tmp_path: Path) -> None:
    redis = Package("generic", "redis", "7.0.11", evidence="offset 0x10: Redis v7.0.11")
    records = {"Bitnami": [record("BIT-redis-1", below("Bitnami", "redis", "7.0.12"))]}
    (finding,) = judged(tmp_path, records, redis).findings
    assert finding.evidence == "offset 0x10: Redis v7.0.11"


# --- ratings of others, and old advisories -------------------------------------------------------


def test_a_rating_of_somebody_else_is_named_and_decides(tmp_path: Path) -> None:
    go = record("GO-1", below("Go", "example.org/x", "1.2.0"), aliases=["CVE-2024-1111"])
    other = record(
        "GHSA-b",
        below("npm", "y", "2.0.0"),
        aliases=["CVE-2024-1111"],
        database_specific={"severity": "CRITICAL"},
    )
    package = Package("golang", "example.org/x", "v1.1.0")
    (finding,) = judged(tmp_path, {"Go": [go], "npm": [other]}, package).findings
    assert (finding.severity, finding.rated_by) == (Severity.CRITICAL, "GHSA-b")
    assert finding.urgency is Urgency.NOW
    assert "; rated critical by GHSA-b, for its own advisories rate nothing" in finding.reason


def test_what_somebody_else_rates_low_is_no_less_urgent_where_the_distribution_warns() -> None:
    flaw = Flaw(
        id="CVE-2024-1",
        aliases=("DSA-1-1",),
        severity=Severity.LOW,
        score=None,
        summary="",
        state=FixState.FIXED,
        fixed_in="2",
        ranges=(Range("Debian:12", "x", "0", "2"),),
        advisories=("DSA-1-1",),
        rated_by="BIT-1",
    )
    assert urgency_of(flaw, confirmed=True) is Urgency.SOON
    assert urgency_of(replace(flaw, rated_by=""), confirmed=True) is Urgency.WATCH


def regular(folder: Path, ecosystem: str, release: str, modified: str, packages: int) -> Path:
    """Make a store of a feed with so many records that long silence means something."""
    records = [
        record(f"X-{n}", below(release, f"x{n}", "2")) | {"modified": modified}
        for n in range(packages)
    ]
    fill(folder / "store.sqlite", {ecosystem: records})
    return folder / "store.sqlite"


@pytest.mark.parametrize(
    ("release", "modified", "count", "gap"),
    [
        ("Debian:12", "2026-01-01T00:00:00Z", 500, "Debian:12 end at 2026-01-01"),
        ("Debian:12", "2026-10-01T00:00:00Z", 500, ""),
        ("Debian:12", "2026-01-01T00:00:00Z", 60, ""),  # too few for silence to mean anything
        ("Debian:10", "2024-06-20T00:00:00Z", 500, ""),  # the last days of its support
        ("Debian:10", "2023-06-20T00:00:00Z", 500, "Debian:10 end at 2023-06-20"),
    ],
)
def test_a_release_of_which_half_a_year_is_missing_is_judged_incompletely(
    tmp_path: Path, release: str, modified: str, count: int, gap: str
) -> None:
    path = regular(tmp_path, "Debian", release, modified, count)
    version = release.partition(":")[2]
    held = inventory(Package("deb", "x1", "3"), distribution=Distribution("debian", version))
    with AdvisoryStore.open(path) as store:
        found = judge(held, store, today=date(2026, 11, 20))
        assert not judge(held, store).incomplete  # nobody said what day it is
    assert [gap.reason for gap in found.incomplete] == (
        [f"the advisories for {gap}: later flaws are missing"] if gap else []
    )
    assert [one.name for one in found.ecosystems] == [release]
