"""From os-release to what OSV calls a release."""

import pytest

from seawall.advisories.distributions import FAMILIES, family_of
from seawall.advisories.ecosystems import releases_of
from seawall.model import Distribution


@pytest.mark.parametrize(
    ("distribution", "names"),
    [
        (Distribution("alpine", "3.18.4"), ["Alpine:v3.18"]),
        (Distribution("alpine", "3.22.0_alpha20250108"), ["Alpine:edge"]),
        (Distribution("wolfi", "20230201"), ["Wolfi"]),
        (Distribution("chainguard", "20230214"), ["Chainguard"]),
        (Distribution("almalinux", "9.4"), ["AlmaLinux:9"]),
        (Distribution("rocky", "9.3"), ["Rocky Linux:9"]),
        (Distribution("opensuse-leap", "15.5"), ["openSUSE:Leap 15.5"]),
        (Distribution("opensuse-tumbleweed", "20240801"), ["openSUSE:Tumbleweed"]),
        (Distribution("mageia", "9"), ["Mageia:9"]),
        (Distribution("photon", "4.0"), ["Photon OS:4.0"]),
        (Distribution("azurelinux", "3.0"), ["Azure Linux:3"]),
        (Distribution("mariner", "2.0"), ["Azure Linux:2"]),
        (
            Distribution("openeuler", "22.03", name="openEuler 22.03 (LTS-SP3)"),
            ["openEuler:22.03-LTS-SP3"],
        ),
        (
            Distribution("ubuntu", "22.04", channels=("fips-updates",)),
            [
                "Ubuntu:22.04:LTS",
                "Ubuntu:22.04",
                "Ubuntu:Pro:22.04:LTS",
                "Ubuntu:Pro:FIPS-updates:22.04:LTS",
            ],
        ),
        # OSV has nothing of these.
        (Distribution("ol", "9.3"), []),
        (Distribution("amzn", "2023"), []),
        (Distribution("fedora", "42"), []),
        (Distribution("arch", ""), []),
        (Distribution("centos", "9", name="CentOS Stream 9"), []),
        (Distribution("centos", "8", name="CentOS Stream 8"), []),
        (Distribution("alpine", ""), []),
        (Distribution("rhel", ""), []),
        (None, []),
    ],
)
def test_a_release_is_called_as_osv_calls_it(
    distribution: Distribution | None, names: list[str]
) -> None:
    assert list(releases_of(distribution).names) == names


RED_HAT = {
    "Red Hat:enterprise_linux:9::baseos",
    "Red Hat:enterprise_linux:9::appstream",
    "Red Hat:enterprise_linux:9::crb",
    "Red Hat:enterprise_linux:8::baseos",
    "Red Hat:enterprise_linux:10.0",
    "Red Hat:rhel_eus:9.2::appstream",
    "Red Hat:rhel_eus:9.4::baseos",
    "Red Hat:openshift:4.12::el9",
    "AlmaLinux:9",
}


@pytest.mark.parametrize(
    ("distribution", "names"),
    [
        (
            Distribution("rhel", "9.4", cpe="cpe:/o:redhat:enterprise_linux:9::baseos"),
            {
                "enterprise_linux:9::baseos",
                "enterprise_linux:9::appstream",
                "enterprise_linux:9::crb",
            },
        ),
        (
            Distribution("rhel", "9.4", cpe="cpe:/o:redhat:rhel_eus:9.4::baseos"),
            {
                "enterprise_linux:9::baseos",
                "enterprise_linux:9::appstream",
                "enterprise_linux:9::crb",
                "rhel_eus:9.4::baseos",
            },
        ),
        (Distribution("rhel", "10.0"), {"enterprise_linux:10.0"}),
        (Distribution("centos", "8", name="CentOS Linux 8"), {"enterprise_linux:8::baseos"}),
        (Distribution("rhel", "7.9", cpe="(((("), set()),
    ],
)
def test_red_hat_speaks_in_each_repository_of_a_release(
    distribution: Distribution, names: set[str]
) -> None:
    found = releases_of(distribution).among(RED_HAT)
    assert set(found) == {f"Red Hat:{name}" for name in names}


SUSE = [
    "SUSE:Linux Enterprise High Performance Computing 15 SP5-ESPOS",
    "SUSE:Linux Enterprise Micro 5.5",
    "SUSE:Linux Enterprise Module for Basesystem 15 SP5",
    "SUSE:Linux Enterprise Module for Basesystem 15 SP4",
    "SUSE:Linux Enterprise Server 15",
    "SUSE:Linux Enterprise Server 15 SP5-LTSS",
    "SUSE:Linux Enterprise Server 16.0",
    "openSUSE:Leap 15.5",
]


@pytest.mark.parametrize(
    ("distribution", "places"),
    [
        (Distribution("sles", "15.5"), [0, 2, 5]),
        (Distribution("sles", "15"), [4]),
        (Distribution("sles", "16.0"), [6]),
        (Distribution("sle-micro", "5.5"), [1]),
        (Distribution("sles", "5.5"), []),
    ],
)
def test_suse_speaks_in_each_product_and_module_of_a_service_pack(
    distribution: Distribution, places: list[int]
) -> None:
    found = releases_of(distribution).among(SUSE)
    assert sorted(found) == [SUSE[place] for place in places]


def test_centos_is_judged_by_red_hats_data_and_says_so() -> None:
    assert "Red Hat's advisories" in releases_of(Distribution("centos", "7")).note
    assert releases_of(Distribution("rhel", "7.9")).note == ""


def test_packages_of_alpines_edge_in_a_release_are_said_to_be_judged_as_its_own() -> None:
    mixed = releases_of(Distribution("alpine", "3.18.4", channels=("edge-tagged",)))
    assert mixed.names == ("Alpine:v3.18",)
    assert "edge" in mixed.note


def test_an_id_names_one_family() -> None:
    ids = [name for family in FAMILIES for name in family.ids]
    assert len(ids) == len(set(ids))
    assert family_of(Distribution("raspbian", "12")) is None
