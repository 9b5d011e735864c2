"""Packages against a store: which flaws, under which name, and what could not be judged."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
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
    fresh = folder / f"store-{len(list(folder.iterdir()))}"
    with store_of(fresh, records, exploited, scores) as store:
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


# --- distributions -------------------------------------------------------------------------------

ALMA = Distribution("almalinux", "8.8")
INSIDE = "1:18.18.2-1.module_el8.8.0+3671+cfc0ae4d"


def advised(release: str, name: str, fixed: str, **more: object) -> dict[str, list[Record]]:
    """Return a feed with one record, of a real one's shape."""
    content = record("X-2023:1", below(release, name, fixed), upstream=["CVE-2023-1111"], **more)
    return {release.partition(":")[0]: [content]}


@pytest.mark.parametrize(
    ("distribution", "release", "package", "fixed"),
    [
        (ALMA, "AlmaLinux:8", Package("rpm", "bind-libs", "32:9.11.36-8.el8"), "32:9.11.36-9.el8"),
        (
            Distribution("rocky", "9.3"),
            "Rocky Linux:9",
            Package("rpm", "openssl-libs", "1:3.0.7-24.el9", "openssl", "3.0.7-24.el9"),
            "1:3.0.7-25.el9_3",
        ),
        (
            Distribution("rhel", "9.4"),
            "Red Hat:enterprise_linux:9::appstream",
            Package("rpm", "openssl-libs", "1:3.0.7-24.el9", "openssl"),
            "1:3.0.7-27.el9",
        ),
        (
            Distribution("centos", "7"),
            "Red Hat:enterprise_linux:7::server",
            Package("rpm", "openssl-libs", "1:1.0.2k-16.el7"),
            "1:1.0.2k-26.el7_9",
        ),
        (
            Distribution("sles", "15.5"),
            "SUSE:Linux Enterprise Module for Basesystem 15 SP5",
            Package("rpm", "libopenssl1_1", "1.1.1l-150500.17.22.1", "openssl-1_1"),
            "1.1.1l-150500.17.25.1",
        ),
        (
            Distribution("opensuse-leap", "15.5"),
            "openSUSE:Leap 15.5",
            Package("rpm", "libopenssl1_1", "1.1.1l-150500.17.22.1", "openssl-1_1"),
            "1.1.1l-150500.17.25.1",
        ),
        (
            Distribution("alpine", "3.18.4"),
            "Alpine:v3.18",
            Package("apk", "libcrypto3", "3.1.3-r0", "openssl"),
            "3.1.4-r0",
        ),
        (
            Distribution("wolfi", "20230201"),
            "Wolfi",
            Package("apk", "libcrypto3", "3.1.3-r0", "openssl"),
            "3.1.4-r0",
        ),
        (
            Distribution("azurelinux", "3.0"),
            "Azure Linux:3",
            Package("rpm", "zlib", "1.3-1.azl3"),
            "1.3.1-1",
        ),
        (
            Distribution("openeuler", "22.03", name="openEuler 22.03 (LTS-SP3)"),
            "openEuler:22.03-LTS-SP3",
            Package("rpm", "bash-help", "5.1.8-5.oe2203sp3", "bash"),
            "5.1.8-6.oe2203sp3",
        ),
        (
            Distribution("mageia", "9"),
            "Mageia:9",
            Package("rpm", "lib64ssl3", "3.0.10-1.mga9", "openssl"),
            "3.0.11-1.mga9",
        ),
    ],
)
def test_each_distribution_is_judged_by_its_own_names_and_versions(
    tmp_path: Path, distribution: Distribution, release: str, package: Package, fixed: str
) -> None:
    source = package.name
    if release.partition(":")[0] not in ("AlmaLinux", "Red Hat"):
        source = package.source or package.name
    records = advised(release, source, fixed)
    found = matched(tmp_path, records, package, distribution=distribution)
    assert [(flaw.id, flaw.fixed_in) for flaw in found.flaws[package]] == [("CVE-2023-1111", fixed)]
    mended = replace(package, version=fixed, source_version="")
    assert not matched(tmp_path, records, mended, distribution=distribution).flaws.get(mended)


@pytest.mark.parametrize(
    ("version", "module", "affected"),
    [
        ("1:18.16.1-1.module_el8.8.0+3613+1", "nodejs:18", True),
        ("1:18.16.1-1.module_el8.8.0+3613+1", "", True),  # nothing names its stream
        ("1:16.20.1-1.module_el8.8.0+3613+1", "nodejs:16", False),
        ("1:10.24.0-1.el8", "", False),  # was built outside of modules
    ],
)
def test_a_fix_of_a_module_is_one_for_its_own_stream_only(
    tmp_path: Path, version: str, module: str, affected: bool
) -> None:
    records = advised("AlmaLinux:8", "nodejs", INSIDE, summary="Important: nodejs:18 security")
    package = Package("rpm", "nodejs", version, module=module)
    found = matched(tmp_path, records, package, distribution=ALMA)
    assert bool(found.flaws.get(package)) is affected


def test_a_fix_outside_of_modules_is_none_for_a_stream(tmp_path: Path) -> None:
    records = advised("AlmaLinux:8", "perl", "4:5.26.3-422.el8")
    package = Package("rpm", "perl", "4:5.24.4-403.module_el8.3.0+2027+1", module="perl:5.24")
    assert not matched(tmp_path, records, package, distribution=ALMA).flaws.get(package)


def test_a_missing_epoch_is_zero(tmp_path: Path) -> None:
    records = advised("AlmaLinux:8", "x", "0:1.2-3.el8")
    package = Package("rpm", "x", "1.2-3.el8")
    assert not matched(tmp_path, records, package, distribution=ALMA).flaws.get(package)


def pro(folder: Path, channels: tuple[str, ...], version: str = "2.31-0ubuntu9.17") -> list[Flaw]:
    part = below("Ubuntu:Pro:20.04:LTS", "glibc", "2.31-0ubuntu9.18+esm1")
    part["package"]["purl"] = "pkg:deb/ubuntu/glibc@2?arch=source&distro=esm-infra/focal"
    records = {"Ubuntu": [record("UBUNTU-CVE-2023-1111", part)]}
    package = Package("deb", "libc6", version, "glibc", version)
    focal = Distribution("ubuntu", "20.04", "focal", channels=channels)
    return matched(folder, records, package, distribution=focal).flaws.get(package, [])


def test_a_fix_that_only_ubuntu_pro_has_is_none_without_it(tmp_path: Path) -> None:
    (flaw,) = pro(tmp_path, ())
    assert (flaw.state, flaw.fixed_in) == (FixState.UNFIXED, "")
    assert (flaw.withheld, flaw.channel) == ("2.31-0ubuntu9.18+esm1", "esm-infra")
    assert pro(tmp_path, ("esm-apps",))[0].fixed_in == ""


def test_a_fix_of_ubuntu_pro_counts_with_it(tmp_path: Path) -> None:
    (flaw,) = pro(tmp_path, ("esm-infra",))
    assert (flaw.state, flaw.fixed_in) == (FixState.FIXED, "2.31-0ubuntu9.18+esm1")
    assert flaw.withheld == ""


def test_who_has_a_version_of_ubuntu_pro_gets_the_next(tmp_path: Path) -> None:
    (flaw,) = pro(tmp_path, (), "2.31-0ubuntu9.18+esm0")
    assert flaw.fixed_in == "2.31-0ubuntu9.18+esm1"
    assert pro(tmp_path, (), "2.31-0ubuntu9.18+esm1") == []


def test_what_alpine_calls_not_affected_is_no_flaw(tmp_path: Path) -> None:
    package = Package("apk", "openssl", "3.1.3-r0", "openssl")
    alpine = Distribution("alpine", "3.18.4")
    records = advised("Alpine:v3.18", "openssl", "0")
    assert not matched(tmp_path, records, package, distribution=alpine).flaws.get(package)


@pytest.mark.parametrize(
    ("distribution", "package", "told"),
    [
        (
            Distribution("alpine", "3.23.0"),
            Package("apk", "x", "1-r0"),
            "no advisories for Alpine:v3.23 here, the newest are for Alpine:v3.18",
        ),
        (
            Distribution("centos", "9", name="CentOS Stream 9"),
            Package("rpm", "x", "1-1"),
            "no advisories for CentOS Stream 9; Red Hat's are about versions that it is ahead of",
        ),
        (
            Distribution("fedora", "42"),
            Package("rpm", "x", "1-1"),
            "no advisories for Fedora 42; OSV has none",
        ),
        (
            Distribution("rhel", "9.4"),
            Package("rpm", "x", "1-1"),
            "no advisories for Red Hat:enterprise_linux:9::baseos here",
        ),
        (
            Distribution("alpine", "3.18.0"),
            Package("deb", "x", "1-1"),
            "no advisories for alpine 3.18.0 here",
        ),
    ],
)
def test_a_release_that_nobody_speaks_of_is_named_with_the_reason(
    tmp_path: Path, distribution: Distribution, package: Package, told: str
) -> None:
    older = record("ALPINE-CVE-2019-1111", below("Alpine:v3.9", "y", "1-r0"))
    records = {"Alpine": [*many("Alpine:v3.18"), older]}
    found = matched(tmp_path, records, package, distribution=distribution)
    assert [g.reason for g in found.incomplete] == [f"1 {package.type} packages not judged: {told}"]


def test_centos_is_judged_by_red_hats_advisories_and_says_so(tmp_path: Path) -> None:
    records = {"Red Hat": many("Red Hat:enterprise_linux:7::server")}
    package = Package("rpm", "thing-1", "0.5-1.el7")
    found = matched(tmp_path, records, package, distribution=Distribution("centos", "7"))
    assert [flaw.id for flaw in found.flaws[package]] == ["DSA-1-1"]
    assert "Red Hat's advisories" in found.notes[0]


# --- languages -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ecosystem", "package", "fixed"),
    [
        ("Go", Package("golang", "stdlib", "go1.21.3"), "1.21.4"),
        ("crates.io", Package("cargo", "time", "0.1.40"), "0.2.23"),
        ("Maven", Package("maven", "org.apache.logging.log4j:log4j-core", "2.14.1"), "2.15.0"),
        ("RubyGems", Package("gem", "nokogiri", "1.13.5-x86_64-linux"), "1.13.6"),
        ("Packagist", Package("composer", "Symfony/HTTP-kernel", "v5.4.19"), "5.4.20"),
        ("NuGet", Package("nuget", "NEWTONSOFT.json", "12.0.3"), "13.0.1"),
        ("CRAN", Package("cran", "readxl", "1.0.0"), "1.1.0"),
        ("Hackage", Package("hackage", "aeson", "2.0.0.0"), "2.0.1.0"),
        ("Hex", Package("hex", "plug", "1.0.3"), "1.0.4"),
        ("Pub", Package("pub", "http", "0.13.2"), "0.13.3"),
        ("Julia", Package("julia", "OpenSSL_jll", "3.0.15+0"), "3.0.15+2"),
        ("SwiftURL", Package("swift", "github.com/vapor/vapor", "4.40.0"), "4.47.2"),
        ("Bitnami", Package("generic", "redis", "7.0.11"), "7.0.12"),
        ("Bitnami", Package("bitnami", "redis", "7.0.11-3"), "7.0.12"),
    ],
)
def test_each_language_is_judged_by_its_own_order(
    tmp_path: Path, ecosystem: str, package: Package, fixed: str
) -> None:
    name = {"NuGet": "Newtonsoft.Json", "Packagist": "symfony/http-kernel"}.get(
        ecosystem, package.name
    )
    records = advised(ecosystem, name, fixed)
    found = matched(tmp_path, records, package, replace(package, version=fixed))
    assert {p.version: [f.fixed_in for f in flaws] for p, flaws in found.flaws.items()} == {
        package.version: [fixed]
    }


def test_what_only_mavens_key_lets_through_is_no_flaw(tmp_path: Path) -> None:
    package = Package("maven", "g:a", "2.15.0")
    found = matched(tmp_path, advised("Maven", "g:a", "2.15.0"), package)
    assert not found.flaws.get(package)


def test_what_nobody_publishes_advisories_for_is_said_in_one_line(tmp_path: Path) -> None:
    packages = [
        Package("conda", "a", "1"),
        Package("conda", "b", "1"),
        Package("alpm", "c", "1-1"),
        Package("generic", "busybox", "1.36.1"),
        Package("generic", "redis", "7.0.12"),
        Package("generic", "python", "3.11.2", owner="deb:python3.11-minimal"),
    ]
    found = matched(tmp_path, advised("Bitnami", "redis", "7.0.12"), *packages)
    assert [gap.reason for gap in found.incomplete] == [
        "not judged, nobody publishes advisories for them: 1 alpm; 2 conda; "
        "1 without package (busybox)"
    ]


def test_a_notice_is_told_as_such_unless_an_advisory_says_more(tmp_path: Path) -> None:
    notice = below("crates.io", "x", "2.0.0", database_specific={"informational": "unsound"})
    one = record("RUSTSEC-1", notice, aliases=["CVE-2020-1111"])
    two = record("GHSA-a", below("crates.io", "x", "2.0.0"), aliases=["CVE-2020-1111"])
    package = Package("cargo", "x", "1.0.0")
    assert flaws(tmp_path, {"crates.io": [one]}, package)[0].notice == "unsound"
    assert flaws(tmp_path, {"crates.io": [one, two]}, package)[0].notice == ""


def test_pysec_2024_60_is_found_under_its_cve(tmp_path: Path) -> None:
    """A review took it for a miss: the finding is named CVE-2024-3651, PYSEC-2024-60 an alias."""
    records = {"PyPI": [real("PyPI", "PYSEC-2024-60")]}
    (flaw,) = flaws(tmp_path, records, Package("pypi", "idna", "3.6"))
    assert flaw.id == "CVE-2024-3651"
    assert "PYSEC-2024-60" in flaw.aliases
    assert flaws(tmp_path, records, Package("pypi", "idna", "3.7")) == []


# --- ratings of others ---------------------------------------------------------------------------

GO = record("GO-2024-1", below("Go", "example.org/x", "1.2.0"), aliases=["CVE-2024-1111", "GHSA-x"])
XMOD = Package("golang", "example.org/x", "v1.1.0")


def rating(name: str, word: str, **more: object) -> Record:
    """Return a record of the same CVE that is about something else."""
    names = more or {"aliases": ["CVE-2024-1111"]}
    about = below("npm", "other", "2.0.0")
    return record(name, about, database_specific={"severity": word}, **names)


def rated(folder: Path, own: Record, *others: Record) -> tuple[Severity, str]:
    (flaw,) = flaws(folder, {"Go": [own], "npm": list(others)}, XMOD)
    return flaw.severity, flaw.rated_by


def test_an_unrated_flaw_has_the_highest_rating_that_anybody_gives_it(tmp_path: Path) -> None:
    low, high = rating("GHSA-low", "LOW"), rating("GHSA-high", "HIGH")
    assert rated(tmp_path, GO, low, high) == (Severity.HIGH, "GHSA-high")
    assert rated(tmp_path, GO, high, low) == (Severity.HIGH, "GHSA-high")
    assert rated(tmp_path, GO) == (Severity.UNKNOWN, "")


def test_a_rating_is_found_by_any_of_the_flaws_names(tmp_path: Path) -> None:
    assert rated(tmp_path, GO, rating("GHSA-x", "HIGH")) == (Severity.HIGH, "GHSA-x")
    repeats = rating("X-1", "LOW", upstream=["CVE-2024-1111"])
    assert rated(tmp_path, GO, repeats) == (Severity.LOW, "X-1")
    stranger = rating("X-1", "LOW", aliases=["CVE-2024-1112"])
    assert rated(tmp_path, GO, stranger) == (Severity.UNKNOWN, "")


def test_of_equal_ratings_the_higher_score_counts(tmp_path: Path) -> None:
    worse = record(
        "X-9",
        below("npm", "other", "2.0.0"),
        aliases=["CVE-2024-1111"],
        severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H"}],
    )
    (flaw,) = flaws(tmp_path, {"Go": [GO], "npm": [rating("X-1", "HIGH"), worse]}, XMOD)
    assert (flaw.severity, flaw.score, flaw.rated_by) == (Severity.HIGH, 8.8, "X-9")


def test_a_rating_of_its_own_always_counts(tmp_path: Path) -> None:
    own = GO | {"database_specific": {"severity": "LOW"}}
    assert rated(tmp_path, own, rating("GHSA-x", "CRITICAL")) == (Severity.LOW, "")


def test_the_rating_of_a_bundle_is_nobodys_in_it(tmp_path: Path) -> None:
    bundle = rating("ALSA-1", "CRITICAL", upstream=["CVE-2024-1111", "CVE-2024-2222"])
    assert rated(tmp_path, GO, bundle) == (Severity.UNKNOWN, "")


def test_a_rating_that_was_withdrawn_is_none(tmp_path: Path) -> None:
    gone = rating("GHSA-x", "CRITICAL") | {"withdrawn": "2026-01-01T00:00:00Z"}
    assert rated(tmp_path, GO, gone) == (Severity.UNKNOWN, "")


# --- who was asked -------------------------------------------------------------------------------


def test_the_ecosystems_that_were_asked_are_told(tmp_path: Path) -> None:
    records = {
        "Debian": OPENSSL,
        "PyPI": [record("X-1", below("PyPI", "x", "2"))],
        "Go": [GO],
        "Bitnami": [record("BIT-1", below("Bitnami", "nginx", "1.0.0"))],
    }
    packages = [deb("1.1.1k-1"), Package("pypi", "nobody-speaks-of-it", "1")]
    assert matched(tmp_path, records, *packages).ecosystems == {"Debian:11", "PyPI"}
    unknown, known = Package("generic", "made-here", "1.0"), Package("generic", "nginx", "2.0")
    assert matched(tmp_path, records, unknown).ecosystems == set()
    assert matched(tmp_path, records, known).ecosystems == {"Bitnami"}
    assert matched(tmp_path, records, Package("hex", "x", "1.0.0")).ecosystems == set()
