from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.errors import UsageError
from seawall.scanning.exceptions import Entry, path_matches, read
from tests.patience import ends
from tests.unit.scanning.reports.samples import AWS_KEY, GLIBC, REPORT

WHO = "owner: ana, reason: never called, until: 2027-03-31"


def entries(folder: Path, text: str) -> tuple[Entry, ...]:
    file = folder / "exceptions.yaml"
    file.write_text(text)
    return read(str(file))


def refused(folder: Path, text: str) -> str:
    with pytest.raises(UsageError) as error:
        entries(folder, text)
    return str(error.value).removeprefix(f"{folder}/")


def one(folder: Path, criteria: str) -> Entry:
    [entry] = entries(folder, f"exceptions:\n  - {{{criteria}, {WHO}}}\n")
    return entry


def test_an_exception_has_an_owner_a_reason_and_an_end(tmp_path: Path) -> None:
    [entry] = entries(
        tmp_path,
        """\
# decisions of the shop team
exceptions:
  - id: [CVE-2023-4911, CVE-2023-4806]
    package: pkg:deb/debian/glibc
    image: shop/*
    owner: ana@example.org
    reason: |
      Only root can set the variable.
    until: 2027-03-31
    justification: vulnerable_code_not_in_execute_path
""",
    )
    assert entry.ids == ("CVE-2023-4911", "CVE-2023-4806")
    assert (entry.owner, entry.reason) == ("ana@example.org", "Only root can set the variable.")
    assert entry.until == date(2027, 3, 31)
    assert entry.line == 3
    assert entry.means(GLIBC, REPORT.image)


@pytest.mark.parametrize(
    "criteria",
    [
        "id: CVE-2023-4911",
        "id: cve-2023-*",
        "id: DSA-5514-1",
        "kind: vulnerability",
        "package: 'pkg:deb/debian/libc6'",
        "package: 'pkg:deb/*/libc*@2.36-*'",
        "path: var/lib/dpkg/status",
        "path: /var/**",
        "id: CVE-2023-4911, image: 'docker:shop/api:2.3'",
        "id: CVE-2023-4911, image: 'sha256:9f2c*'",
    ],
)
def test_each_criterion_can_mean_a_finding(tmp_path: Path, criteria: str) -> None:
    assert one(tmp_path, criteria).means(GLIBC, REPORT.image)


@pytest.mark.parametrize(
    "criteria",
    [
        "id: CVE-2023-491",
        "kind: secret",
        "package: 'pkg:deb/debian/libc'",
        "path: var/lib",
        "path: '*/status'",
        "id: CVE-2023-4911, image: other",
        "id: CVE-2023-4911, kind: [secret, malware]",
        "id: CVE-2023-4911, package: 'pkg:npm/a'",
    ],
)
def test_every_criterion_must_be_met(tmp_path: Path, criteria: str) -> None:
    assert not one(tmp_path, criteria).means(GLIBC, REPORT.image)


def test_a_star_is_all_that_means_more_than_itself(tmp_path: Path) -> None:
    assert not one(tmp_path, "id: 'CVE-2023-491?'").means(GLIBC, REPORT.image)
    assert not one(tmp_path, "id: 'CVE-2023-49[01]1'").means(GLIBC, REPORT.image)
    assert not one(tmp_path, "package: 'pkg:deb/debian/libc?'").means(GLIBC, REPORT.image)


def test_a_package_means_the_files_it_brought(tmp_path: Path) -> None:
    file = replace(AWS_KEY, brought_by=GLIBC.package)
    entry = one(tmp_path, "package: 'pkg:deb/debian/libc6'")
    assert entry.means(file, REPORT.image)
    assert not entry.means(AWS_KEY, REPORT.image)


def test_a_rule_and_a_path_mean_a_secret(tmp_path: Path) -> None:
    entry = one(tmp_path, "id: aws-access-key, path: '**/.env'")
    assert entry.means(AWS_KEY, REPORT.image)
    assert not entry.means(replace(AWS_KEY, path="app/env"), REPORT.image)


@pytest.mark.parametrize("text", ["", "# nothing\n", "exceptions:\n", "exceptions: []\n"])
def test_an_empty_file_has_no_exceptions(tmp_path: Path, text: str) -> None:
    assert entries(tmp_path, text) == ()


ENTRY = "exceptions:\n  - id: CVE-1\n    owner: ana\n    reason: x\n    until: 2027-01-01\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ENTRY + "    untill: x\n", ":6: untill: unknown key"),
        (ENTRY.replace("    owner: ana\n", ""), ":2: owner: missing"),
        (ENTRY.replace("    until: 2027-01-01\n", ""), ":2: until: missing"),
        (ENTRY.replace("2027-01-01", "2027-02-30"), ":5: until: '2027-02-30' is no date"),
        (ENTRY.replace("2027-01-01", "tomorrow"), ":5: until: 'tomorrow' is no date"),
        (ENTRY.replace("2027-01-01", "20270101"), ":5: until: '20270101' is no date"),
        (ENTRY.replace("id: CVE-1", "image: a"), ":2: exception: what does it mean?"),
        (ENTRY.replace("id: CVE-1", "id: []"), ":2: id: is empty"),
        (ENTRY.replace("reason: x", "reason: ''"), ":4: reason: is empty"),
        (ENTRY.replace("reason: x", "reason: [a, b]"), ":4: reason: must be one text"),
        (ENTRY.replace("id: CVE-1", "id: {a: b}"), ":2: id: must be text"),
        (ENTRY.replace("id: CVE-1", "kind: bug"), ":2: kind: 'bug' is none of vulnerability"),
        (ENTRY.replace("id: CVE-1", "package: lodash"), ":2: package: 'lodash' is no package-url"),
        (ENTRY + "    justification: because\n", ":6: justification: 'because' is none of"),
        (ENTRY + "    owner: bob\n", ":6: owner: is there twice"),
        (ENTRY + "ignore: []\n", ":6: ignore: unknown key; the file has exceptions"),
        ("- id: CVE-1\n", ":1: the file: must be keys and values"),
        ("exceptions: CVE-1\n", ":1: exceptions: must be a list"),
        ("exceptions: [CVE-1]\n", ":1: an exception: must be keys and values"),
        ("exceptions:\n  - id: 'CVE\n", ":3: not YAML"),
        ("exceptions: *a\n", ":1: not YAML"),
        ("a: 1\n---\nb: 2\n", ":2: not YAML"),
        ("[" * 10_000, ": nested too deeply"),
        ("\x00", ": not YAML"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_key(tmp_path: Path, text: str, message: str) -> None:
    assert refused(tmp_path, text).startswith(f"exceptions.yaml{message}")


def test_the_pages_example_is_read_as_it_stands(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "reports.md").read_text(encoding="utf-8")
    example = page.partition("```yaml\n")[2].partition("```")[0]
    first, second = entries(tmp_path, example)
    assert first.means(GLIBC, REPORT.image)
    assert second.means(replace(AWS_KEY, path="app/tests/a/.env"), REPORT.image)


def test_a_file_that_is_missing_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read(str(tmp_path / "none.yaml"))
    (tmp_path / "binary").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(UsageError, match="not UTF-8"):
        read(str(tmp_path / "binary"))


def test_aliases_within_aliases_are_not_unfolded(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    with ends():
        assert "unknown key" in refused(tmp_path, "\n".join(lines))


@pytest.mark.parametrize(
    ("path", "glob", "means"),
    [
        ("app/.env", "app/.env", True),
        ("app/.env", "/app/.env", True),
        ("app/.env", "app/*", True),
        ("app/a/.env", "app/*", False),
        ("app/a/.env", "app/**", True),
        ("app/a/.env", "**/.env", True),
        (".env", "**/.env", True),
        ("a/b/c/d", "a/**/d", True),
        ("a/d", "a/**/d", True),
        ("a/b/x", "a/**/d", False),
        ("app", "app/**", True),
        ("", "a", False),
        ("app/[id]/.env", "app/[id]/.env", True),
        ("app/[id]/.env", "app/[*]/.env", True),
        ("app/i/.env", "app/[id]/.env", False),
        ("app/a?", "app/a?", True),
        ("app/ab", "app/a?", False),
        ("", "*", False),
        ("", "**", False),
        ("(environment)", "*", False),
        ("(environment)", "**", False),
        ("(environment)", "(environment)", True),
        ("(environment)", "(*)", True),
        ("(group)/page.js", "*/page.js", True),
    ],
)
def test_a_glob_means_paths_as_people_expect(path: str, glob: str, means: bool) -> None:
    assert path_matches(path, glob) is means


words = st.lists(st.sampled_from(["a", "b", "c.txt"]), min_size=1, max_size=5)


@given(words, words, words)
def test_two_stars_stand_for_any_folders(
    before: list[str], middle: list[str], after: list[str]
) -> None:
    path = "/".join([*before, *middle, *after])
    assert path_matches(path, "/".join([*before, "**", *after]))


def test_a_glob_of_many_stars_does_not_try_all_ways() -> None:
    with ends():
        assert not path_matches("a/" * 2000 + "b", "**/a/" * 100 + "c")
