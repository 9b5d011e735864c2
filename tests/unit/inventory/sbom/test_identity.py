import pytest

from seawall.inventory.sbom.identity import (
    count_of,
    distribution_name,
    package_counts,
    short_digest,
)
from seawall.model import Distribution


def test_a_digest_is_shortened_so_that_it_can_be_recognised() -> None:
    assert short_digest("sha256:9f2c" + "0" * 56 + "41ab") == "sha256:9f2c…41ab"
    assert short_digest("") == ""


@pytest.mark.parametrize(
    ("distribution", "name"),
    [
        (
            Distribution("debian", "12", "", "Debian GNU/Linux 12 (bookworm)"),
            "Debian 12 (bookworm)",
        ),
        (Distribution("alpine", "3.20"), "alpine 3.20"),
        (Distribution("debian", ""), "debian"),
        (None, "no distribution recognised"),
    ],
)
def test_a_distribution_is_called_as_people_call_it(
    distribution: Distribution | None, name: str
) -> None:
    assert distribution_name(distribution) == name


def test_packages_are_counted_by_type_the_most_numerous_first() -> None:
    counts = {"npm": 18, "deb": 298, "pypi": 96, "gem": 0}
    assert package_counts(counts) == "412 packages (298 deb, 96 python, 18 npm)"
    assert package_counts({}) == "0 packages"


def test_one_is_singular() -> None:
    assert count_of(1, "package") == "1 package"
    assert count_of(1234, "advisory", "advisories") == "1,234 advisories"
