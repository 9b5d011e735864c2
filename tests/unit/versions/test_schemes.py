from contextlib import suppress
from pathlib import Path

import pytest

import seawall.versions
from seawall.errors import UsageError
from seawall.versions import MAX_LENGTH, SCHEMES, VersionSyntaxError, after, compare, is_exact, key
from tests.patience import ends

ROOM = Path(seawall.versions.__file__).parent
NOT_SCHEMES = {"__init__", "encoding", "refusal"}
every_scheme = pytest.mark.parametrize("scheme", SCHEMES)


def test_every_module_of_the_room_is_a_scheme_in_the_list() -> None:
    assert {module.stem for module in ROOM.glob("*.py")} - NOT_SCHEMES == set(SCHEMES)


@every_scheme
def test_every_scheme_has_a_test_file_and_a_row_in_the_page(scheme: str) -> None:
    assert (Path(__file__).parent / f"test_{scheme}.py").is_file()
    page = Path(__file__).parents[3] / "docs" / "versions.md"
    assert f"| `{scheme}` |" in page.read_text(encoding="utf-8")


def test_an_unknown_scheme_is_an_error_that_names_the_known_ones() -> None:
    for ask in (lambda: key("ruby", "1.0"), lambda: is_exact("ruby")):
        with pytest.raises(UsageError, match=r"'ruby'; known are .*dpkg.*, npm, .*semver"):
            ask()


@every_scheme
def test_compare_tells_lower_equal_and_higher(scheme: str) -> None:
    answers = [compare(scheme, version, "1.10.0") for version in ("1.9.0", "1.10.0", "1.11.0")]
    assert answers == [-1, 0, 1]


@every_scheme
def test_the_bound_after_a_version_is_above_it_and_below_the_next(scheme: str) -> None:
    last_affected = key(scheme, "1.2.3")
    assert last_affected < after(last_affected) < key(scheme, "1.2.4")


@every_scheme
def test_the_empty_key_is_below_every_version(scheme: str) -> None:
    assert key(scheme, "0.0.0") > b""


HOSTILE = (
    "1" * 1_000_000,
    "1." * 500_000,
    "1.0.0-" + "0" * 1_000_000,
    "1.0.0-" + "a." * 500_000,
    "1.0.0+" + "a" * 1_000_000,
    " " * 1_000_000 + "1.0.0",
    "1.0.0" + " " * 1_000_000,
    "1:" * 500_000,
    "~" * 1_000_000,
    "v" * 1_000_000,
)
AWKWARD = (
    "1." + "1" * 4_000 + "!",
    "1" * 4_000 + "_",
    "1.0.0-" + "1" * 4_000 + "_",
    "1.0.0-" + "a." * 2_000,
    "1.0.0" + "-_." * 1_300,
    "1.0" + "a" * 4_000,
    "1.2." + "1" * 251 + "!",
    "1.2.3" + "0." * 125 + "!",
    "1.2.3" + "-" * 250 + "!",
)


@every_scheme
@pytest.mark.parametrize("version", HOSTILE, ids=lambda version: version[:8])
def test_a_version_of_a_megabyte_is_refused_for_its_length(scheme: str, version: str) -> None:
    with ends(), pytest.raises(VersionSyntaxError, match="characters, at most") as refused:
        key(scheme, version)
    assert len(str(refused.value)) < 500  # it quotes only the beginning


@every_scheme
@pytest.mark.parametrize("version", AWKWARD, ids=lambda version: version[:8])
def test_no_version_is_read_in_all_possible_ways(scheme: str, version: str) -> None:
    with ends(), suppress(VersionSyntaxError):  # for one of 4,000 characters that takes for ever
        assert key(scheme, version) > b""


# Their own tools read numbers into 31 to 64 bits, or up to five digits.
LIMITED = {"cargo", "composer", "npm", "nuget", "pub", "r"}


@pytest.mark.parametrize("scheme", sorted(set(SCHEMES) - LIMITED))
def test_numbers_of_thousands_of_digits_are_compared_exactly(scheme: str) -> None:
    digits = "9" * (MAX_LENGTH - 5)
    assert compare(scheme, f"{digits}8.0.0", f"{digits}9.0.0") == -1
    assert compare(scheme, "1.0.0", f"{digits}9.0.0") == -1


@every_scheme
@pytest.mark.parametrize(
    "version",
    [
        "",
        " ",
        ".",
        "\0",
        "1.0.0\0",
        "1.0.\u0663",
        "\uff11.0.0",
        "1.0.0-\u0663",
        "\ud800",
    ],
    ids=ascii,
)
def test_what_is_no_version_anywhere_is_refused(scheme: str, version: str) -> None:
    with pytest.raises(VersionSyntaxError, match=f"is not a {scheme} version: "):
        key(scheme, version)


def test_a_refusal_shows_the_version_and_the_reason() -> None:
    with pytest.raises(VersionSyntaxError) as refused:
        key("dpkg", "1.0_1")
    assert str(refused.value) == "'1.0_1' is not a dpkg version: '_' is not allowed"
