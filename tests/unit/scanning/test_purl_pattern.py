import pytest

from seawall.scanning.purl_pattern import PurlPattern

LIBC = "pkg:deb/debian/libc6@2.36-9%2Bdeb12u1?arch=amd64&distro=debian-12&upstream=glibc@2.36-9"


@pytest.mark.parametrize(
    "pattern",
    [
        LIBC,
        "pkg:deb/debian/libc6",
        "pkg:deb/debian/libc6@2.36-9+deb12u1",
        "pkg:deb/debian/libc6?distro=debian-12",
        "pkg:deb/debian/glibc",  # the source package
        "pkg:deb/debian/glibc@2.36-9?arch=source",
    ],
)
def test_what_is_left_out_may_be_anything(pattern: str) -> None:
    assert PurlPattern.parse(pattern).mismatch(LIBC) == ""


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("pkg:deb/debian/libc6@2.36-10", "version differs: 2.36-10 ≠ 2.36-9+deb12u1"),
        ("pkg:deb/debian/glibc@1", "version differs: 1 ≠ 2.36-9"),
        ("pkg:deb/ubuntu/libc6", "name differs: ubuntu ≠ debian"),
        ("pkg:deb/debian/libc", "name differs: libc ≠ libc6"),
        ("pkg:rpm/debian/libc6", "name differs: rpm ≠ deb"),
        ("pkg:deb/debian/libc6?arch=arm64", "qualifier arch differs: arm64 ≠ amd64"),
        ("pkg:deb/debian/libc*", "name differs: libc* ≠ libc6"),
    ],
)
def test_what_differs_is_told(pattern: str, reason: str) -> None:
    assert PurlPattern.parse(pattern).mismatch(LIBC) == reason


def test_stars_stand_for_anything_only_where_they_are_allowed() -> None:
    assert PurlPattern.parse("pkg:deb/debian/libc*@2.36-*", wildcards=True).mismatch(LIBC) == ""
    assert PurlPattern.parse("pkg:deb/*/libc6", wildcards=True).mismatch(LIBC) == ""
    assert PurlPattern.parse("pkg:deb/debian/z*", wildcards=True).mismatch(LIBC) != ""


def test_names_are_compared_as_their_ecosystem_does() -> None:
    assert PurlPattern.parse("pkg:pypi/Jinja2").mismatch("pkg:pypi/jinja2@3.1.2") == ""
    assert PurlPattern.parse("pkg:npm/%40babel/core").mismatch("pkg:npm/%40babel/core@7.0.0") == ""


def test_a_path_tells_two_copies_apart() -> None:
    pattern = PurlPattern.parse("pkg:npm/a@1?path=app/a/package.json")
    assert pattern.mismatch("pkg:npm/a@1", "app/a/package.json") == ""
    assert "qualifier path differs" in pattern.mismatch("pkg:npm/a@1", "b/a/package.json")


@pytest.mark.parametrize("text", ["", "lodash", "pkg:", "pkg:npm", "npm/lodash@4"])
def test_what_is_no_package_url_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no package-url"):
        PurlPattern.parse(text)


def test_a_finding_without_package_url_matches_nothing() -> None:
    assert "cannot be compared" in PurlPattern.parse("pkg:npm/a").mismatch("")
