"""Releases without security updates."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from seawall.advisories.distributions import family_of
from seawall.model import Distribution, Kind, Severity, Urgency
from seawall.scanning import judge
from seawall.scanning.end_of_life import end_of_life, lifecycles, supported_until
from tests.unit.advisories.records import store_of
from tests.unit.scanning.test_vulnerabilities import inventory

TODAY = date(2026, 11, 22)
BUSTER = Distribution("debian", "10", "buster", "Debian GNU/Linux 10 (buster)")


@pytest.mark.parametrize(
    ("distribution", "since"),
    [
        (BUSTER, "2024-06-30"),
        (Distribution("debian", "", "stretch"), "2022-06-30"),
        (Distribution("debian", "11.9"), "2026-08-31"),
        (Distribution("debian", "12"), None),
        (Distribution("debian", "", "sid"), None),
        (Distribution("ubuntu", "18.04"), "2023-05-31"),
        (Distribution("ubuntu", "18.04", channels=("esm-infra",)), None),
        (Distribution("ubuntu", "16.04", channels=("esm-infra",)), "2021-04-30"),
        (Distribution("ubuntu", "22.04"), None),
        (Distribution("alpine", "3.11.13"), "2021-11-01"),
        (Distribution("alpine", "3.23.0"), None),
        (Distribution("centos", "7"), "2024-06-30"),
        (Distribution("centos", "8", name="CentOS Linux 8"), "2021-12-31"),
        (Distribution("centos", "8", name="CentOS Stream 8"), "2024-05-31"),
        (Distribution("centos", "9", name="CentOS Stream 9"), None),
        (Distribution("rhel", "7.9"), "2024-06-30"),
        (Distribution("rhel", "9.4"), None),
        (Distribution("almalinux", "8.8"), None),
        (Distribution("ol", "7.9"), "2024-12-31"),
        (Distribution("amzn", "2"), "2026-06-30"),
        (Distribution("amzn", "2018.03"), "2023-12-31"),
        (Distribution("amzn", "2023"), None),
        (Distribution("fedora", "40"), "2025-05-13"),
        (Distribution("opensuse-leap", "15.5"), "2024-12-31"),
        (Distribution("sles", "15.5"), "2024-12-31"),
        (Distribution("sles_sap", "15.5", channels=("ltss",)), None),
        (Distribution("sles", "15.7"), None),
        (Distribution("mariner", "2.0.20240123"), "2025-07-31"),
        (Distribution("wolfi", "20230201"), None),
        (Distribution("arch", ""), None),
        (Distribution("unheard-of", "1"), None),
        (None, None),
    ],
)
def test_a_release_that_nobody_supports_is_told_with_its_last_day(
    distribution: Distribution | None, since: str | None
) -> None:
    finding = end_of_life(distribution, TODAY)
    if since is None:
        assert finding is None
    else:
        assert finding is not None
        assert f"no security updates since {since}" in finding.reason


def test_the_finding_is_loud_and_says_what_to_do() -> None:
    finding = end_of_life(BUSTER, TODAY)
    assert finding is not None
    assert (finding.kind, finding.id) == (Kind.END_OF_LIFE, "end-of-life")
    assert (finding.severity, finding.urgency) == (Severity.HIGH, Urgency.NOW)
    assert finding.title == "Debian GNU/Linux 10 (buster) is no longer supported"
    assert finding.remedy == (
        "move to debian 13, supported until 2030-06-30; "
        "or use Debian's paid ELTS (until 2029-06-30)"
    )


def test_the_last_day_still_counts() -> None:
    last = date(2024, 6, 30)
    assert end_of_life(BUSTER, last) is None
    assert end_of_life(BUSTER, last + timedelta(days=1)) is not None


def test_where_no_release_is_supported_the_remedy_names_none() -> None:
    finding = end_of_life(BUSTER, date(2040, 1, 1))
    assert finding is not None
    assert finding.remedy == "move to a release that is still supported"


def test_the_table_is_about_distributions_that_are_known_and_in_order() -> None:
    for name, rows in lifecycles().items():
        assert family_of(Distribution(name, "")) is not None
        assert len({row.release for row in rows}) == len(rows)
        for row in rows:
            assert row.paid_end is None or row.paid_end > row.end
            assert bool(row.channel) == (row.paid_end is not None)


def test_a_scan_has_one_such_finding_when_it_is_told_the_day(tmp_path: Path) -> None:
    old = inventory(distribution=BUSTER)
    with store_of(tmp_path, {}) as store:
        assert judge(old, store).findings == ()
        assert [finding.id for finding in judge(old, store, today=TODAY).findings] == [
            "end-of-life"
        ]


def test_the_last_day_of_support_is_the_paid_one_where_that_is_in_use() -> None:
    bionic = Distribution("ubuntu", "18.04")
    assert supported_until(bionic) == date(2023, 5, 31)
    paid = supported_until(replace(bionic, channels=("esm-infra",)))
    assert paid is not None
    assert paid > TODAY
    assert supported_until(Distribution("wolfi", "20230201")) is None
    assert supported_until(None) is None
