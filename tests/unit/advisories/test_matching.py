"""Packages against a store: which flaws, under which name, and what could not be judged."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from seawall.advisories import Flaw, Matches, match
from seawall.advisories.feeds.epss import Score
from seawall.advisories.feeds.kev import Exploited
from seawall.model import Distribution, FixState, Package, Severity
from tests.unit.advisories.records import Record, affects, below, real, record, store_of

BOOKWORM = Distribution("debian", "12", "bookworm")
BULLSEYE = Distribution("debian", "11", "bullseye")
OPENSSL = [real("Debian", "DSA-4963-1"), real("Debian", "DEBIAN-CVE-2021-3711")]
INTRODUCED = {"introduced": "0"}


def deb(version: str, source: str = "openssl", name: str = "libssl1.1") -> Package:
    return Package("deb", name, version, source, version, path="var/lib/dpkg/status")


def matched(
    folder: Path,
    records: Mapping[str, Sequence[Record]],
    *packages: Package,
    distribution: Distribution | None = BULLSEYE,
    exploited: Sequence[Exploited] = (),
    scores: Sequence[Score] = (),
) -> Matches:
    with store_of(folder, records, exploited, scores) as store:
        return match(packages, distribution, store)


def flaws(folder: Path, records: Mapping[str, Sequence[Record]], package: Package) -> list[Flaw]:
    return matched(folder, records, package).flaws.get(package, [])


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ("1.1.1k-1", True),
        ("1.1.1k-1+deb11u1~", True),
        ("1.1.1k-1+deb11u1", False),
        ("1.1.1k-1+deb11u2", False),
        ("1.1.1l-1~bpo", False),
        ("2:0", False),
    ],
)
def test_a_package_is_affected_below_the_fixed_version_only(
    tmp_path: Path, version: str, affected: bool
) -> None:
    assert bool(flaws(tmp_path, {"Debian": OPENSSL}, deb(version))) is affected


def test_a_rebuild_counts_as_its_source(tmp_path: Path) -> None:
    content = record("DSA-1-1", below("Debian:11", "x", "1.0-1"), upstream=["CVE-2020-1111"])
    rebuilt = Package("deb", "x", "1.0-1+b3")
    assert flaws(tmp_path, {"Debian": [content]}, rebuilt) == []


def test_an_advisory_of_several_cves_makes_a_flaw_of_each_and_merges_with_its_own(
    tmp_path: Path,
) -> None:
    found = {flaw.id: flaw for flaw in flaws(tmp_path, {"Debian": OPENSSL}, deb("1.1.1k-1"))}
    assert found.keys() == {"CVE-2021-3711", "CVE-2021-3712"}
    assert found["CVE-2021-3711"].aliases == ("DEBIAN-CVE-2021-3711", "DSA-4963-1")
    assert found["CVE-2021-3711"].severity is Severity.CRITICAL
    assert found["CVE-2021-3712"].aliases == ("DSA-4963-1",)
    assert found["CVE-2021-3712"].severity is Severity.UNKNOWN


def test_pysec_and_ghsa_are_one_flaw_and_the_highest_fix_counts(tmp_path: Path) -> None:
    pysec = record("PYSEC-1", below("PyPI", "x", "2.0"), aliases=["CVE-2020-1111", "GHSA-a"])
    ghsa = record("GHSA-a", below("PyPI", "x", "2.0.1"), aliases=["CVE-2020-1111"])
    (flaw,) = flaws(tmp_path, {"PyPI": [pysec, ghsa]}, Package("pypi", "X", "1.0"))
    assert (flaw.id, flaw.fixed_in) == ("CVE-2020-1111", "2.0.1")
    assert flaw.names == {"CVE-2020-1111", "GHSA-a", "PYSEC-1"}
    assert flaw.advisories == ("PYSEC-1", "GHSA-a")


def test_advisories_that_only_a_third_connects_are_one_flaw(tmp_path: Path) -> None:
    records = [
        record("PYSEC-1", below("PyPI", "x", "2"), aliases=["CVE-2020-1111"]),
        record("GHSA-b", below("PyPI", "x", "2")),
        record("SNYK-1", below("PyPI", "x", "2"), aliases=["GHSA-b", "CVE-2020-1111"]),
    ]
    assert len(flaws(tmp_path, {"PyPI": records}, Package("pypi", "x", "1"))) == 1


def test_related_flaws_stay_flaws_of_their_own(tmp_path: Path) -> None:
    records = [
        record(
            "GHSA-a",
            below("PyPI", "x", "2"),
            aliases=["CVE-2020-1111"],
            related=["CVE-2020-2222", "CVE-2020-3333"],
        ),
        record("GHSA-b", below("PyPI", "x", "3"), aliases=["CVE-2020-2222"]),
    ]
    found = flaws(tmp_path, {"PyPI": records}, Package("pypi", "x", "1"))
    assert {(flaw.id, flaw.fixed_in) for flaw in found} == {
        ("CVE-2020-1111", "2"),
        ("CVE-2020-2222", "3"),
    }


def test_a_name_of_its_own_stays_beside_upstream_flaws(tmp_path: Path) -> None:
    content = record(
        "GHSA-a", below("PyPI", "x", "2"), aliases=["CVE-2020-1111"], upstream=["CVE-2020-2222"]
    )
    found = flaws(tmp_path, {"PyPI": [content]}, Package("pypi", "x", "1"))
    assert {flaw.id for flaw in found} == {"CVE-2020-1111", "CVE-2020-2222"}


def test_ubuntus_notice_and_record_of_a_cve_are_one_flaw(tmp_path: Path) -> None:
    records = [real("Ubuntu", "USN-5614-1"), real("Ubuntu", "UBUNTU-CVE-2021-3782")]
    for content in records:
        content["affected"] = [
            affects("Ubuntu:20.04:LTS", "wayland", INTRODUCED, {"fixed": "1.18.0-1ubuntu0.1"})
        ]
    package = Package("deb", "libwayland-client0", "1.18.0-1", "wayland", "1.18.0-1")
    focal = Distribution("ubuntu", "20.04", "focal")
    found = matched(tmp_path, {"Ubuntu": records}, package, distribution=focal)
    assert [flaw.id for flaw in found.flaws[package]] == ["CVE-2021-3782"]


def test_a_flaw_without_a_cve_has_the_best_name_there_is(tmp_path: Path) -> None:
    records = [record("PYSEC-1", below("PyPI", "x", "2"), aliases=["GHSA-z"])]
    assert flaws(tmp_path, {"PyPI": records}, Package("pypi", "x", "1"))[0].id == "GHSA-z"


def test_withdrawn_advisories_do_not_count(tmp_path: Path) -> None:
    gone = record("X-1", below("PyPI", "x", "2"), withdrawn="2026-01-01T00:00:00Z")
    assert flaws(tmp_path, {"PyPI": [gone]}, Package("pypi", "x", "1")) == []


def test_exploitation_and_likelihood_are_joined_by_any_cve(tmp_path: Path) -> None:
    package = deb("1.1.1k-1")
    found = matched(
        tmp_path,
        {"Debian": OPENSSL},
        package,
        exploited=[Exploited("CVE-2021-3711", "2022-01-01", ransomware=True)],
        scores=[Score("CVE-2021-3711", 0.2, 0.9), Score("CVE-2021-3712", 0.01, 0.1)],
    )
    told = {f.id: (f.exploited_since, f.epss) for f in found.flaws[package]}
    assert told == {"CVE-2021-3711": ("2022-01-01", 0.2), "CVE-2021-3712": ("", 0.01)}


def test_the_publishers_judgement_goes_before_a_fix(tmp_path: Path) -> None:
    minor = below("Debian:11", "openssl", "2", ecosystem_specific={"urgency": "unimportant"})
    (flaw,) = flaws(tmp_path, {"Debian": [record("X-1", minor)]}, deb("1"))
    assert (flaw.state, flaw.fixed_in) == (FixState.WILL_NOT_FIX, "2")


def test_packages_of_one_source_have_the_same_flaws(tmp_path: Path) -> None:
    library, tool = deb("1.1.1k-1"), deb("1.1.1k-1", name="openssl")
    found = matched(tmp_path, {"Debian": OPENSSL}, library, tool).flaws
    assert found[library] == found[tool] != []


def test_a_package_in_two_ecosystems_is_judged_in_each(tmp_path: Path) -> None:
    records = {
        "Debian": [record("DSA-1-1", below("Debian:11", "x", "2-1"), upstream=["CVE-2020-1111"])],
        "PyPI": [record("PYSEC-1", below("PyPI", "x", "3"), aliases=["CVE-2020-1111"])],
    }
    mine, theirs = Package("pypi", "x", "1"), deb("1-1", "x", "python3-x")
    found = matched(tmp_path, records, mine, theirs).flaws
    assert (found[mine][0].fixed_in, found[theirs][0].fixed_in) == ("3", "2-1")


def test_a_build_with_a_local_version_is_affected_as_its_public_one(tmp_path: Path) -> None:
    last = record("X-1", affects("PyPI", "torch", INTRODUCED, {"last_affected": "2.0.0"}))
    listed = record("X-2", affects("PyPI", "torch", versions=["2.0.0"]))
    package = Package("pypi", "torch", "2.0.0+cpu")
    found = flaws(tmp_path, {"PyPI": [last, listed]}, package)
    assert {flaw.id for flaw in found} == {"X-1", "X-2"}


# --- what could not be judged --------------------------------------------------------------------


def many(release: str) -> list[Record]:
    return [record(f"DSA-{n}-1", below(release, f"thing-{n}", "1")) for n in range(60)]


def test_an_unknown_release_is_incomplete_not_clean(tmp_path: Path) -> None:
    packages = [deb("1"), deb("2"), Package("pypi", "x", "1")]
    found = matched(tmp_path, {"Debian": many("Debian:12")}, *packages)
    assert found.flaws == {}
    assert [item.reason for item in found.incomplete] == [
        "2 deb packages not judged: no advisories for Debian:11 here",
        "1 pypi packages not judged: no advisories for PyPI here",
    ]


@pytest.mark.parametrize(
    ("distribution", "named"),
    [
        (None, "a distribution that is not named"),
        (Distribution("raspbian", "12"), "raspbian 12"),
        (Distribution("debian", "", "unheard-of"), "debian unheard-of"),
    ],
)
def test_a_distribution_nobody_speaks_of_is_incomplete(
    tmp_path: Path, distribution: Distribution | None, named: str
) -> None:
    records = {"Debian": many("Debian:12")}
    found = matched(tmp_path, records, deb("1"), distribution=distribution)
    assert [item.reason for item in found.incomplete] == [
        f"1 deb packages not judged: no advisories for {named} here"
    ]


def test_a_release_with_a_handful_of_advisories_is_incomplete(tmp_path: Path) -> None:
    found = matched(tmp_path, {"Debian": OPENSSL}, deb("1.1.1k-1"))
    assert [item.reason for item in found.incomplete] == [
        "there are hardly any advisories for Debian:11 here"
    ]
    assert matched(tmp_path, {"Debian": many("Debian:11")}, deb("1")).incomplete == []


def test_a_version_nobody_can_parse_is_compared_as_text_and_named(tmp_path: Path) -> None:
    records = [
        record("X-1", affects("PyPI", "pytz", versions=["2004d", "2004e"])),
        record("X-2", affects("PyPI", "pytz", versions=["2004e"])),
        record("X-3", below("PyPI", "pytz", "2005")),
        record("X-4", affects("PyPI", "pytz", INTRODUCED)),
        record("X-5", affects("PyPI", "pytz", versions=["2004d"]), withdrawn="2026-01-01"),
    ]
    package = Package("pypi", "pytz", "2004d", path="a/METADATA")
    found = matched(tmp_path, {"PyPI": records}, package)
    assert {flaw.id for flaw in found.flaws[package]} == {"X-1", "X-4"}
    (gap,) = found.incomplete
    assert gap.path == "a/METADATA"
    assert "'2004d' is not a pep440 version" in gap.reason


def test_an_unparsable_version_of_a_package_nobody_speaks_of_is_no_gap(tmp_path: Path) -> None:
    records = {"PyPI": [record("X-1", below("PyPI", "x", "2"))]}
    assert matched(tmp_path, records, Package("pypi", "y", "one")).incomplete == []


def test_a_range_nobody_can_compare_is_named_for_the_packages_it_is_about(tmp_path: Path) -> None:
    records = {"PyPI": [real("PyPI", "PYSEC-2024-264"), record("X-1", below("PyPI", "x", "2"))]}
    airflow, other = Package("pypi", "apache-airflow", "2.9.0"), Package("pypi", "x", "3")
    (gap,) = matched(tmp_path, records, airflow, other).incomplete
    assert gap.reason.startswith("apache-airflow 2.9.0: PYSEC-2024-264 cannot be compared")


def test_withdrawn_advisories_leave_no_gap(tmp_path: Path) -> None:
    content = {**real("PyPI", "PYSEC-2024-264"), "withdrawn": "2026-01-01T00:00:00Z"}
    package = Package("pypi", "apache-airflow", "9")
    assert matched(tmp_path, {"PyPI": [content]}, package).incomplete == []
