import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.errors import UsageError
from seawall.fleet.component import Component
from seawall.fleet.indicators import (
    FileIndicator,
    Match,
    PackageIndicator,
    PathIndicator,
    Seen,
    in_words,
    parse_indicator,
)
from seawall.model import Distribution, Package

BOOKWORM = Distribution("debian", "12", "bookworm")
LIBLZMA = Component(
    Package("deb", "liblzma5", "5.6.1-1+b1", "xz-utils", "5.6.1-1", "amd64"), None, BOOKWORM
)
RUNC = Component(Package("generic", "runc", "weird version"))
TORCH = Component(Package("pypi", "Torch_Vision", "2.0.0+cpu"))
OPENSSL = Component(
    Package("rpm", "openssl-libs", "1:3.0.7-1.el9", "openssl", "3.0.7-1.el9"),
    None,
    Distribution("rhel", "9.2"),
)
LOG4J = Component(Package("maven", "org.apache.logging.log4j:log4j-core", "2.14.1"))
LODASH = Component(Package("npm", "@types/lodash", "4.17.20"))


def package(text: str) -> PackageIndicator:
    indicator = parse_indicator("package", text)
    assert isinstance(indicator, PackageIndicator)
    return indicator


@pytest.mark.parametrize(
    ("text", "component", "expected"),
    [
        # by its own name, and by that of its source
        ("liblzma5", LIBLZMA, Match.YES),
        ("xz-utils", LIBLZMA, Match.YES),
        ("liblzma5@5.6.1-1+b1", LIBLZMA, Match.YES),
        ("xz-utils@5.6.1-1", LIBLZMA, Match.YES),
        ("liblzma5@5.6.1-1", LIBLZMA, Match.NO),
        ("xz-utils@5.6.1-1+b1", LIBLZMA, Match.NO),
        ("lzma", LIBLZMA, Match.NO),
        ("XZ-utils", LIBLZMA, Match.NO),
        # ranges, in the order of the ecosystem
        ("xz-utils<5.6.2", LIBLZMA, Match.YES),
        ("xz-utils<5.6.1-1", LIBLZMA, Match.NO),
        ("xz-utils<=5.6.1-1", LIBLZMA, Match.YES),
        ("xz-utils>5.6.1~rc1", LIBLZMA, Match.YES),
        ("xz-utils>=5.6.0,<5.6.2", LIBLZMA, Match.YES),
        ("xz-utils>=5.6.0,<5.6.1", LIBLZMA, Match.NO),
        ("xz-utils=0:5.6.1-1", LIBLZMA, Match.YES),
        # package-urls
        ("pkg:deb/debian/xz-utils@5.6.1-1", LIBLZMA, Match.YES),
        ("pkg:deb/debian/liblzma5", LIBLZMA, Match.YES),
        ("pkg:deb/liblzma5", LIBLZMA, Match.YES),
        ("pkg:deb/debian/liblzma5?arch=amd64", LIBLZMA, Match.YES),
        ("pkg:deb/debian/liblzma5?arch=arm64", LIBLZMA, Match.NO),
        ("pkg:deb/debian/liblzma5?distro=debian-12", LIBLZMA, Match.YES),
        ("pkg:deb/debian/liblzma5?distro=debian-13", LIBLZMA, Match.NO),
        ("pkg:deb/ubuntu/xz-utils@5.6.1-1", LIBLZMA, Match.NO),
        ("pkg:deb/debian/xz-utils<5.6.2", LIBLZMA, Match.YES),
        ("pkg:rpm/debian/xz-utils", LIBLZMA, Match.NO),
        ("pkg:pypi/torch-vision@2.0.0", TORCH, Match.YES),
        ("pkg:npm/torch-vision", TORCH, Match.NO),
        ("pkg:maven/org.apache.logging.log4j/log4j-core<2.17.1", LOG4J, Match.YES),
        ("pkg:npm/%40types/lodash@4.17.20", LODASH, Match.YES),
        ("pkg:npm/lodash", LODASH, Match.NO),
        # as each ecosystem writes names and versions
        ("torch.vision", TORCH, Match.YES),
        ("torch-vision==2.0.0", TORCH, Match.YES),
        ("torch-vision==2.0.0+cpu", TORCH, Match.YES),
        ("torch-vision==2.0.0+cu118", TORCH, Match.NO),
        ("torch-vision<=2.0", TORCH, Match.YES),
        ("org.apache.logging.log4j:log4j-core>=2.0-beta9,<2.15.0", LOG4J, Match.YES),
        ("@types/lodash", LODASH, Match.YES),
        ("@types/lodash@4.17.20", LODASH, Match.YES),
        # the source of an rpm has the epoch of the binary
        ("openssl<3.0.9", OPENSSL, Match.NO),
        ("openssl<1:3.0.9", OPENSSL, Match.YES),
        ("openssl@1:3.0.7-1.el9", OPENSSL, Match.YES),
        ("pkg:rpm/redhat/openssl@3.0.7-1.el9?epoch=1", OPENSSL, Match.YES),
        # what cannot be compared is not said to be without it
        ("runc<1.1.12", RUNC, Match.UNCLEAR),
        ("runc@weird", RUNC, Match.NO),
        ("xz-utils<not a version".replace(" ", "_"), LIBLZMA, Match.UNCLEAR),
    ],
)
def test_a_package_is_meant_by_name_and_version(
    text: str, component: Component, expected: Match
) -> None:
    indicator = package(text)
    assert indicator.match(component) is expected
    if expected is not Match.NO:
        name = component.package.name + component.package.source
        assert indicator.token in name.lower().encode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<1",
        "x<",
        "x<1,",
        "x<1,2",
        "x y",
        "x@1<2",
        "x<1 2",
        "pkg:",
        "pkg:deb",
        "pkg:deb/x@1<2",
        "x=,",
    ],
)
def test_what_is_no_package_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        package(text)
    assert "NAME@VERSION" in refused.value.hint


@given(
    st.sampled_from(["package", "file", "secret", "malware", "path"]),
    st.text() | st.text("ab@<>=,/*:?%1. pkg&", max_size=20) | st.text("0a", min_size=60),
)
def test_whatever_is_written_is_refused_or_means_the_same_when_read_again(
    kind: str, text: str
) -> None:
    try:
        indicator = parse_indicator(kind, text)
    except UsageError:
        return
    again = parse_indicator(str(indicator.kind), indicator.text)
    assert again == indicator
    assert again.text == indicator.text


@given(st.text("ab<>=,@/pkg:?.1%40", max_size=30))
def test_a_package_url_that_was_read_can_be_asked_for(text: str) -> None:
    try:
        indicator = package(f"pkg:deb/{text}")
    except UsageError:
        return
    assert indicator.match(LIBLZMA) in Match


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError) as refused:
        parse_indicator("hash", "x")
    assert "package, file, secret, malware, path" in refused.value.hint


def test_a_very_long_indicator_is_refused() -> None:
    with pytest.raises(UsageError, match="5,000 letters"):
        parse_indicator("path", "a" * 5_000)


def test_a_file_is_told_by_its_sha_256() -> None:
    digest = "0123456789ABCDEF" * 4
    for text in (digest, f"sha256:{digest.lower()}", f" {digest}\n"):
        assert parse_indicator("file", text) == FileIndicator(digest.lower())
    indicator = FileIndicator(digest.lower())
    assert indicator.start.hex() == digest[:16].lower()


@pytest.mark.parametrize("text", ["0" * 32, "0" * 40, "md5:" + "0" * 32, "0" * 128])
def test_another_digest_is_refused_as_one_that_is_not_kept(text: str) -> None:
    with pytest.raises(UsageError, match="not a SHA-256") as refused:
        parse_indicator("file", text)
    assert "only this digest is kept" in refused.value.hint


@pytest.mark.parametrize("text", ["", "0" * 63, "xyz", "0" * 65])
def test_what_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no SHA-256"):
        parse_indicator("file", text)


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/etc/cron.d/apt-compat-update", "etc/cron.d/apt-compat-update", True),
        ("etc/cron.d/*", "etc/cron.d/x", True),
        ("etc/cron.d/*", "srv/etc/cron.d/x", False),
        ("*/cron.d/*", "srv/etc/cron.d/x/y", True),
        ("id_rsa", "root/.ssh/id_rsa", True),
        ("id_rsa", "root/.ssh/id_rsa.pub", False),
        ("id_rsa*", "root/.ssh/id_rsa.pub", True),
        ("app/[id].js", "app/[id].js", True),
        ("app/[id].js", "app/i.js", False),
        ("app/?", "app/x", False),
        ("ID_RSA", "root/.ssh/id_rsa", False),
    ],
)
def test_a_pattern_of_paths_fits(pattern: str, path: str, fits: bool) -> None:
    indicator = parse_indicator("path", pattern)
    assert isinstance(indicator, PathIndicator)
    assert indicator.fits(path) is fits
    if fits:
        assert indicator.literal in path.encode()


@pytest.mark.parametrize("pattern", ["", "*", "/", "**/*", "a\nb", "a\0b", "*a" * 51])
def test_a_pattern_that_means_nothing_or_everything_is_refused(pattern: str) -> None:
    with pytest.raises(UsageError):
        parse_indicator("path", pattern)


def test_hostile_names_take_no_long_time() -> None:
    indicator = parse_indicator("path", "*a" * 50)
    assert isinstance(indicator, PathIndicator)
    assert not indicator.fits("a" * 4_000 + "b")


def test_a_line_says_the_first_place_and_how_many_more_there_are() -> None:
    place = Seen("usr/lib/x", "sha256:1", "libx 1")
    assert in_words((place,), 1) == "libx 1 in usr/lib/x"
    assert in_words((place,), 1_201) == "libx 1 in usr/lib/x, and 1,200 more"
    assert in_words((Seen("usr/lib/x", ""),), 1) == "usr/lib/x"
    assert not in_words((), 0)
