"""Parsing of OSV records: the schema's own evaluation as oracle, and every quirk of the feeds."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from seawall.advisories.feeds.osv import Interval, base_score, contains, severity_of
from seawall.errors import BadFeed
from seawall.model import FixState, Severity
from seawall.versions import key
from tests.unit.advisories.records import Record, affects, below, parsed, real, record

SCHEMES = {"PyPI": "pep440", "npm": "npm", "Debian:12": "dpkg", "Ubuntu:22.04:LTS": "dpkg"}


def intervals(ecosystem: str, *events: Mapping[str, object], **more: object) -> list[Interval]:
    content = record("X-1", affects(ecosystem, "thing", *events, **more))
    return parsed(content, ecosystem.partition(":")[0]).intervals


def holds(found: Sequence[Interval], ecosystem: str, version: str) -> bool:
    place = key(SCHEMES[ecosystem], version)
    return any(i.low <= place and (i.high is None or place < i.high) for i in found)


# --- the schema's evaluation algorithm -----------------------------------------------------------


def oracle(events: Sequence[dict[str, str]], version: str, ends_first: bool) -> bool:
    """Evaluate as the OSV schema's pseudo-code does ("Evaluation"), with `packaging`.

    It does not say in which order events of one version stand, so the caller chooses.
    """
    asked = Version(version)

    def place(event: dict[str, str]) -> tuple[int, Version, bool]:
        ((what, at),) = event.items()
        before_all = at == "0" and what in ("introduced", "fixed")
        return (0 if before_all else 1, Version(at), (what == "introduced") == ends_first)

    limits = [event["limit"] for event in events if "limit" in event]
    if limits and not any(limit == "*" or asked < Version(limit) for limit in limits):
        return False
    vulnerable = False
    for event in sorted((e for e in events if "limit" not in e), key=place):
        ((what, at),) = event.items()
        if what == "introduced" and (at == "0" or asked >= Version(at)):
            vulnerable = True
        elif (what == "fixed" and (at == "0" or asked >= Version(at))) or (
            what == "last_affected" and asked > Version(at)
        ):
            vulnerable = False
    return vulnerable


def at(what: str, version: str) -> dict[str, str]:
    return {what: version}


versions = st.sampled_from(
    ["0", "0.1", "1.0a1", "1.0rc1", "1.0", "1.0.post1", "1.1.dev0", "1.1", "1.10", "2.0", "1!0.1"]
)
kinds = st.sampled_from(["introduced", "introduced", "fixed", "fixed", "last_affected"])
limits = st.lists(st.builds(at, st.just("limit"), st.one_of(versions, st.just("*"))), max_size=2)


@given(st.lists(st.tuples(kinds, versions), max_size=7, unique_by=lambda e: e[1]), limits, versions)
@settings(max_examples=200)
def test_an_interval_holds_a_version_exactly_when_the_schema_says_so(
    pairs: list[tuple[str, str]], limits: list[dict[str, str]], version: str
) -> None:
    events = [at(*pair) for pair in pairs] + limits
    found = intervals("PyPI", *events)
    assert holds(found, "PyPI", version) == oracle(events, version, ends_first=True)


@given(st.lists(st.tuples(kinds, versions), max_size=8), limits, versions)
@settings(max_examples=200)
def test_events_of_one_version_count_in_some_order_that_the_schema_allows(
    pairs: list[tuple[str, str]], limits: list[dict[str, str]], version: str
) -> None:
    events = [at(*pair) for pair in pairs] + limits
    found = intervals("PyPI", *events)
    ours = holds(found, "PyPI", version)
    assert oracle(events, version, ends_first=False) <= ours
    assert ours <= oracle(events, version, ends_first=True)


INTRODUCED: dict[str, object] = {"introduced": "0"}


@pytest.mark.parametrize(
    ("ecosystem", "events", "inside", "outside"),
    [
        (
            "PyPI",
            [INTRODUCED, {"fixed": "2.0"}],
            ["0.dev0", "1.9", "2.0rc1"],
            ["2.0", "2.0.0", "3"],
        ),
        ("PyPI", [{"fixed": "2.0"}, {"introduced": "1.0"}], ["1.0", "1.5"], ["1.0rc1", "2"]),
        ("PyPI", [INTRODUCED, {"last_affected": "2.0"}], ["2.0", "2.0.0"], ["2.0.1", "2.0.post1"]),
        ("PyPI", [{"introduced": "1.0"}, {"last_affected": "1.0"}], ["1.0"], ["0.9", "1.0.post1"]),
        (
            "PyPI",
            [{"introduced": "3"}, INTRODUCED, {"fixed": "4"}, {"fixed": "2"}],
            ["1", "3"],
            ["2", "2.5", "4"],
        ),
        (
            "PyPI",
            [INTRODUCED, {"fixed": "2"}, {"introduced": "2"}, {"fixed": "3"}],
            ["1", "2", "2.9"],
            ["3"],
        ),
        (  # an end that stands twice ends nothing of what begins there
            "PyPI",
            [INTRODUCED, {"fixed": "2"}, {"fixed": "2"}, {"introduced": "2"}, {"fixed": "3"}],
            ["1", "2.5"],
            ["3"],
        ),
        ("PyPI", [INTRODUCED, {"fixed": "0"}], [], ["0", "0.dev0", "1"]),
        ("PyPI", [INTRODUCED], ["0.dev0", "99!1"], []),
        ("PyPI", [INTRODUCED, {"limit": "2"}], ["1"], ["2", "3"]),
        ("PyPI", [INTRODUCED, {"limit": "2"}, {"limit": "3"}], ["1", "2.5"], ["3"]),
        ("PyPI", [INTRODUCED, {"fixed": "5"}, {"limit": "*"}], ["1", "4"], ["5"]),
        ("PyPI", [INTRODUCED, {"fixed": "5", "introduced": "0"}], ["4"], ["5"]),
        ("PyPI", [INTRODUCED, {"fixed": "5"}, {"unheard-of": {"x": 1}}], ["4"], ["5"]),
        ("npm", [{"introduced": "1.9.0-0"}, {"fixed": "1.9.0"}], ["1.9.0-b1"], ["1.8.9", "1.9.0"]),
        ("npm", [INTRODUCED, {"fixed": "1.9.0-b1"}], ["1.8.0", "1.9.0-a1"], ["1.9.0-b1", "1.9.0"]),
        (
            "Debian:12",
            [INTRODUCED, {"fixed": "1:2.4.68-1"}],
            ["9", "1:2.4.68-1~deb12u1"],
            ["1:2.4.68-1"],
        ),
        ("Debian:12", [INTRODUCED, {"fixed": "0"}], [], ["0~", "0", "1"]),
        (
            "Ubuntu:22.04:LTS",
            [INTRODUCED, {"last_affected": "1-2ubuntu3"}],
            ["1-2ubuntu3"],
            ["1-2ubuntu3.1"],
        ),
    ],
)
def test_events_make_intervals(
    ecosystem: str, events: list[dict[str, object]], inside: list[str], outside: list[str]
) -> None:
    found = intervals(ecosystem, *events)
    assert [v for v in inside if not holds(found, ecosystem, v)] == []
    assert [v for v in outside if holds(found, ecosystem, v)] == []


def test_introduced_and_fixed_at_zero_is_kept_as_not_affected() -> None:
    (interval,) = intervals("Debian:12", INTRODUCED, {"fixed": "0"})
    assert interval.range.state is FixState.NOT_AFFECTED
    assert interval.low == interval.high


# --- lists of versions ---------------------------------------------------------------------------


def test_listed_versions_outside_the_ranges_are_affected_each_by_itself() -> None:
    found = intervals("PyPI", INTRODUCED, {"fixed": "2"}, versions=["1.0", "2.5", "2.5.0", "v3"])
    assert [i.range.introduced for i in found] == ["0", "2.5", "v3"]
    assert holds(found, "PyPI", "2.5.0")
    assert holds(found, "PyPI", "3")
    assert not holds(found, "PyPI", "2.5.1")
    assert not holds(found, "PyPI", "2.5.post1")


def test_a_record_may_have_versions_only() -> None:
    found = intervals("PyPI", versions=["1.0", "1.1"])
    assert [(i.range.introduced, i.range.last_affected) for i in found] == [
        ("1.0", "1.0"),
        ("1.1", "1.1"),
    ]


def test_many_versions_take_no_quadratic_time() -> None:
    found = intervals("PyPI", versions=[f"1.{n}" for n in range(30_000)])
    assert len(found) == 30_000


def test_versions_that_cannot_be_parsed_are_kept_as_text() -> None:
    found = parsed(record("X-1", affects("PyPI", "thing", versions=["1.0", "2004d"])), "PyPI")
    assert len(found.intervals) == 1
    assert [(u.text, u.is_exact) for u in found.unparsable] == [("2004d", True)]


def test_a_range_that_cannot_be_compared_is_kept_and_named() -> None:
    content = real("PyPI", "PYSEC-2024-264")
    (doubtful,) = [u for u in parsed(content, "PyPI").unparsable if not u.is_exact]
    assert doubtful.name == "apache-airflow"
    assert doubtful.text.startswith("introduced 0 last_affected 2.9.0-NA")
    assert "2.9.0-NA" in doubtful.reason


def test_one_bad_range_leaves_the_others() -> None:
    content = record("X-1", affects("PyPI", "thing", INTRODUCED, {"fixed": "1"}))
    content["affected"][0]["ranges"].append({"type": "ECOSYSTEM", "events": [{"fixed": "one"}]})
    content["affected"][0]["ranges"].append({"type": "SEMVER", "events": [{"introduced": 7}]})
    found = parsed(content, "PyPI")
    assert len(found.intervals) == 1
    assert len(found.unparsable) == 2


def test_git_ranges_speak_of_commits_and_are_passed_over() -> None:
    found = parsed(real("PyPI", "PYSEC-2014-82"), "PyPI")
    assert [(i.range.introduced, i.range.fixed) for i in found.intervals] == [("0", "2.7.3")]
    assert found.unparsable == []


def test_last_affected_zero_in_npm_cannot_be_compared() -> None:
    found = parsed(
        record("X-1", affects("npm", "thing", INTRODUCED, {"last_affected": "0"})), "npm"
    )
    assert found.intervals == []
    assert len(found.unparsable) == 1


# --- whose versions ------------------------------------------------------------------------------


def test_python_names_are_brought_to_one_form() -> None:
    found = parsed(record("X-1", below("PyPI", "Zope.Interface_x", "1")), "PyPI")
    assert found.intervals[0].range.name == "zope-interface-x"


def test_a_record_for_two_ecosystems_says_to_each_directory_its_own_part() -> None:
    content = real("npm", "GHSA-rmxg-73gg-4p98")
    found = parsed(content, "npm")
    assert {i.range.name for i in found.intervals} == {"jquery"}
    assert holds(found.intervals, "npm", "1.4.0")
    assert not holds(found.intervals, "npm", "1.12.0")
    assert parsed(content, "PyPI").intervals == []


def test_several_ranges_of_one_package_stand_side_by_side() -> None:
    found = parsed(real("npm", "GHSA-q42p-pg8m-cqh6"), "npm").intervals
    affected = ["3.0.6", "4.0.13", "4.1.1"]
    assert [v for v in affected if not holds(found, "npm", v)] == []
    assert [v for v in ("3.0.7", "4.0.14", "4.1.2") if holds(found, "npm", v)] == []


def test_releases_stay_apart() -> None:
    found = parsed(real("Debian", "DEBIAN-CVE-2023-4911"), "Debian")
    fixes = {i.range.ecosystem: i.range.fixed for i in found.intervals}
    assert fixes["Debian:12"] == "2.36-9+deb12u3"
    assert fixes["Debian:13"] != fixes["Debian:12"]


def test_ubuntu_names_its_releases_with_lts_and_pro() -> None:
    found = parsed(real("Ubuntu", "UBUNTU-CVE-2021-3782"), "Ubuntu")
    assert {i.range.ecosystem.split(":")[1] for i in found.intervals} >= {"Pro"}
    assert found.advisory.severity is Severity.MEDIUM
    assert found.advisory.score == 6.6


# --- names and dates -----------------------------------------------------------------------------


def test_a_feeds_own_name_of_a_cve_is_the_cve() -> None:
    assert parsed(real("Ubuntu", "USN-5614-1"), "Ubuntu").advisory.upstream == ("CVE-2021-3782",)
    bare = record("DEBIAN-CVE-2020-12345", below("Debian:12", "x", "1"))
    assert parsed(bare, "Debian").advisory.upstream == ("CVE-2020-12345",)


def test_related_cves_count_only_where_nothing_else_names_the_flaw() -> None:
    alone = parsed(real("PyPI", "PYSEC-2023-174"), "PyPI").advisory
    assert alone.upstream == ("CVE-2023-4863", "CVE-2023-5129")
    named = record("GHSA-1", aliases=["CVE-2020-1111"], related=["CVE-2020-2222", "CVE-2020-3333"])
    assert parsed(named, "PyPI").advisory.upstream == ()


def test_names_hold_no_blanks() -> None:
    advisory = parsed(record("X-1", aliases=["CVE-2020-1111 CVE-2020-2222"]), "PyPI").advisory
    assert advisory.aliases == ("CVE-2020-1111", "CVE-2020-2222")


def test_a_withdrawn_record_keeps_its_date() -> None:
    found = parsed(real("Ubuntu", "UBUNTU-CVE-2013-2208"), "Ubuntu")
    assert found.advisory.withdrawn == "2025-07-18T16:42:51Z"


def test_a_withdrawn_record_may_have_lost_what_it_affected() -> None:
    found = parsed(real("PyPI", "PYSEC-2010-33"), "PyPI")
    assert found.advisory.withdrawn
    assert found.intervals == []


def test_summaries_are_one_short_line() -> None:
    advisory = parsed(record("X-1", details="a\n\n b\t" + "c" * 500), "PyPI").advisory
    assert advisory.summary.startswith("a b ccc")
    assert len(advisory.summary) == 200
    assert advisory.summary.endswith("…")


# --- severity ------------------------------------------------------------------------------------

V2 = {"type": "CVSS_V2", "score": "AV:N/AC:L/Au:N/C:P/I:P/A:P"}
V3_HIGH = {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}
V3_LOW = {"type": "CVSS_V3", "score": "CVSS:3.0/AV:L/AC:L/PR:L/UI:N/S:U/C:L/I:N/A:N"}
V4 = {
    "type": "CVSS_V4",
    "score": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
}
UBUNTU = {"type": "Ubuntu", "score": "negligible"}


@pytest.mark.parametrize(
    ("fields", "severity", "score"),
    [
        ({}, Severity.UNKNOWN, None),
        ({"severity": [V2]}, Severity.HIGH, 7.5),
        ({"severity": [V3_HIGH]}, Severity.HIGH, 7.5),
        ({"severity": [V4]}, Severity.CRITICAL, 9.3),
        ({"severity": [V3_LOW, V3_HIGH]}, Severity.HIGH, 7.5),
        ({"severity": [V4, V3_LOW, V2]}, Severity.LOW, 3.3),
        ({"severity": [UBUNTU]}, Severity.LOW, None),
        ({"severity": [UBUNTU, V3_HIGH]}, Severity.HIGH, 7.5),
        ({"severity": [{"type": "CVSS_V3", "score": "9.8"}, V2]}, Severity.HIGH, 7.5),
        ({"severity": [{"type": "CVSS_V3", "score": None}]}, Severity.UNKNOWN, None),
        ({"severity": "high"}, Severity.UNKNOWN, None),
        ({"database_specific": {"severity": "MODERATE"}}, Severity.MEDIUM, None),
        ({"database_specific": {"severity": "CRITICAL"}}, Severity.CRITICAL, None),
        ({"database_specific": {"severity": ["CRITICAL"]}}, Severity.UNKNOWN, None),
        ({"affected": [{"severity": [V3_HIGH]}]}, Severity.HIGH, 7.5),
        ({"affected": [{"ecosystem_specific": {"urgency": "medium**"}}]}, Severity.MEDIUM, None),
        (
            {"affected": [{"ecosystem_specific": {"urgency": "not yet assigned"}}]},
            Severity.UNKNOWN,
            None,
        ),
    ],
)
def test_severity_is_found_wherever_a_feed_puts_it(
    fields: dict[str, Any], severity: Severity, score: float | None
) -> None:
    advisory = parsed({**record("X-1"), **fields}, "Debian").advisory
    assert (advisory.severity, advisory.score) == (severity, score)


def test_malicious_packages_are_critical_though_nobody_rates_them() -> None:
    content = record("MAL-2024-1", affects("npm", "evil", INTRODUCED))
    assert parsed(content, "npm").advisory.severity is Severity.CRITICAL


@pytest.mark.parametrize(
    ("score", "severity"),
    [(0, "low"), (3.9, "low"), (4, "medium"), (6.9, "medium"), (7, "high"), (9, "critical")],
)
def test_scores_become_the_words_of_cvss(score: float, severity: str) -> None:
    assert str(severity_of(score)) == severity


@given(
    st.sampled_from(["CVSS_V2", "CVSS_V3", "CVSS_V4", "other"]),
    st.one_of(
        st.text(),
        st.from_regex(r"(CVSS:(3\.1|4\.0)/)?([A-Z]{1,2}:[A-Z]{0,2}/?){0,14}", fullmatch=True),
    ),
)
def test_malformed_vectors_have_no_score(form: str, vector: str) -> None:
    score = base_score(form, vector)
    assert score is None or 0 <= score <= 10


@pytest.mark.parametrize(
    ("urgency", "fixed", "state"),
    [
        ("unimportant", None, FixState.WILL_NOT_FIX),
        ("unimportant", "1.2-3", FixState.WILL_NOT_FIX),
        ("end-of-life", None, FixState.END_OF_LIFE),
        ("end-of-life", "1.2-3", FixState.FIXED),
        ("low", None, FixState.UNFIXED),
        ("not yet assigned", "1.2-3", FixState.FIXED),
        (None, None, FixState.UNFIXED),
    ],
)
@pytest.mark.parametrize("place", ["ecosystem_specific", "database_specific"])
def test_debians_urgency_says_whether_to_expect_a_fix(
    urgency: str | None, fixed: str | None, state: FixState, place: str
) -> None:
    end: list[dict[str, object]] = [{"fixed": fixed}] if fixed else []
    (interval,) = intervals("Debian:12", INTRODUCED, *end, **{place: {"urgency": urgency}})
    assert interval.range.state is state
    assert interval.range.fixed == (fixed or "")


# --- records that break the schema ---------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)
texts = st.text(st.characters(exclude_categories=()), max_size=8)  # also halves of characters
ecosystems = st.sampled_from(["PyPI", "Debian:12", "npm", "Ubuntu:22.04:LTS", "Debian"])
likely_event = st.dictionaries(
    st.sampled_from(["introduced", "fixed", "last_affected", "limit"]) | texts,
    st.sampled_from(["0", "1.0", "*", "\ud800", "1.0\x00"]) | json_values,
    max_size=2,
)
likely_range = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["ECOSYSTEM", "SEMVER", "GIT"]) | json_values,
        "events": st.lists(likely_event | json_values, max_size=4) | json_values,
    },
)
likely_affected = st.fixed_dictionaries(
    {
        "package": st.fixed_dictionaries(
            {"ecosystem": ecosystems | json_values, "name": texts | json_values}
        )
        | json_values
    },
    optional={
        "ranges": st.lists(likely_range | json_values, max_size=3) | json_values,
        "versions": st.lists(texts | json_values, max_size=3) | json_values,
        "severity": st.lists(json_values, max_size=2),
        "ecosystem_specific": st.dictionaries(st.just("urgency"), json_values) | json_values,
        "database_specific": json_values,
    },
)
likely_record = st.fixed_dictionaries(
    {"id": texts | json_values, "modified": texts | json_values},
    optional={
        "affected": st.lists(likely_affected | json_values, max_size=3) | json_values,
        "severity": st.lists(
            st.fixed_dictionaries(
                {
                    "type": st.sampled_from(["CVSS_V3", "CVSS_V2", "CVSS_V4", "Ubuntu"]),
                    "score": json_values,
                }
            ),
            max_size=2,
        )
        | json_values,
        **dict.fromkeys(
            ("aliases", "upstream", "related"), st.lists(texts | json_values, max_size=3)
        ),
        **dict.fromkeys(
            ("withdrawn", "published", "summary", "details", "database_specific"), json_values
        ),
    },
)


@given(likely_record | json_values, st.sampled_from(["PyPI", "Debian", "npm", "Ubuntu"]))
@settings(max_examples=200)
def test_of_any_json_only_bad_feed_escapes_and_what_comes_back_can_be_stored(
    content: object, feed: str
) -> None:
    try:
        found = parsed(content, feed)
    except BadFeed:
        return
    json.dumps(asdict(found), ensure_ascii=False, default=repr).encode("utf-8")
    for interval in found.intervals:
        assert interval.high is None or interval.low <= interval.high


@pytest.mark.parametrize("content", [None, [], {}, {"id": ""}, {"id": 3}, {"id": "X-1"}])
def test_a_record_without_id_or_date_is_refused(content: object) -> None:
    with pytest.raises(BadFeed):
        parsed(content, "PyPI")


# --- what each feed does in its own way ----------------------------------------------------------


def nodejs(*fixed: str, summary: str = "Important: nodejs:18 security update") -> Record:
    affected = [below("AlmaLinux:8", "nodejs", version) for version in fixed]
    return record("ALSA-2023:5869", *affected, summary=summary, related=["CVE-2023-44487"])


def test_a_fix_in_a_module_is_marked_with_the_streams_that_the_summary_names() -> None:
    inside = "1:18.18.2-1.module_el8.8.0+3671+cfc0ae4d"
    cases = {
        "Important: nodejs:18 security update": "nodejs:18",
        "Moderate: httpd:2.4/mod_http2 security update": "httpd:2.4",
        "virt:rhel and virt-devel:rhel update": "virt:rhel virt-devel:rhel",
        "Important: varnish security update": "*",
        "Important: java: CVE-1": "*",
    }
    for summary, module in cases.items():
        (interval,) = parsed(nodejs(inside, summary=summary), "AlmaLinux").intervals
        assert interval.module == module
    (outside,) = parsed(nodejs("1:16.20.2-4.el8"), "AlmaLinux").intervals
    assert outside.module == ""


def test_of_the_builds_of_one_fixed_version_the_lowest_counts() -> None:
    fixed = [
        "1:18.18.2-1.module_el8.8.0+3671+cfc0ae4d",
        "1:18.18.2-1.module_el8.6.0+3300+cfc0ae4d",
        "1:18.19.0-1.module_el8.8.0+3671+cfc0ae4d",
    ]
    intervals = parsed(nodejs(*fixed), "AlmaLinux").intervals
    assert {interval.range.fixed for interval in intervals} == set(fixed[1:])


@pytest.mark.parametrize("name", ["ALBA-2019:1", "ALEA-2019:1", "RHBA-2019:1", "SUSE-RU-2019:1-1"])
def test_errata_that_are_not_about_security_say_nothing(name: str) -> None:
    release = {"A": "AlmaLinux:8", "R": "Red Hat:enterprise_linux:8::baseos", "S": "SUSE:Linux"}
    feed = release[name[0]].partition(":")[0]
    content = record(name, below(release[name[0]], "x", "1-1"))
    assert parsed(content, feed).intervals == []
    assert len(parsed({**content, "upstream": ["CVE-2020-1111"]}, feed).intervals) == 1


@pytest.mark.parametrize(
    ("more", "severity"),
    [
        ({"summary": "Important: x security update"}, Severity.HIGH),
        ({"summary": "Moderate: x security update"}, Severity.MEDIUM),
        ({"summary": "Importantly: x"}, Severity.UNKNOWN),
        ({"severity": [{"type": "Red Hat", "score": "critical"}]}, Severity.CRITICAL),
        ({"severity": [{"type": "Ubuntu", "score": "negligible"}]}, Severity.LOW),
        ({"severity": [{"type": ["x"], "score": {}}]}, Severity.UNKNOWN),
    ],
)
def test_severities_come_in_words_as_well(more: dict[str, Any], severity: Severity) -> None:
    content = record("RHSA-1", below("Red Hat:enterprise_linux:9", "x", "1-1"), **more)
    assert parsed(content, "Red Hat").advisory.severity is severity


@pytest.mark.parametrize(
    ("value", "score"),
    [("6.1", 6.1), (9.8, 9.8), (0, None), ("11", None), (True, None), ("x", None), ([], None)],
)
def test_a_score_without_its_vector_counts(value: object, score: float | None) -> None:
    part = below("RubyGems", "rack", "2", database_specific={"cvss_v3_score": value})
    assert parsed(record("GHSA-a", part), "RubyGems").advisory.score == score


def test_alpines_zero_means_not_affected() -> None:
    content = record("ALPINE-CVE-2020-1111", below("Alpine:v3.18", "openssl", "0"))
    (interval,) = parsed(content, "Alpine").intervals
    assert interval.range.state is FixState.NOT_AFFECTED


def test_rustsecs_notices_and_unreviewed_records_of_go_are_marked() -> None:
    notice = below("crates.io", "x", "1.0.0", database_specific={"informational": "unmaintained"})
    (interval,) = parsed(record("RUSTSEC-1", notice), "crates.io").intervals
    assert interval.notice == "unmaintained"
    go = record("GO-1", below("Go", "x", "1"), database_specific={"review_status": "UNREVIEWED"})
    assert [i.notice for i in parsed(go, "Go").intervals] == ["unreviewed"]


def test_go_names_the_fix_by_its_own_count_where_module_versions_have_none() -> None:
    custom = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.9.0"}]}]
    part = affects("Go", "k8s.io/ingress-nginx", {"introduced": "0"})
    (interval,) = parsed(
        record("GO-1", {**part, "ecosystem_specific": {"custom_ranges": custom}}), "Go"
    ).intervals
    assert interval.range.fixed == "1.9.0"
    closed = below("Go", "x", "2", ecosystem_specific={"custom_ranges": custom})
    assert [i.range.fixed for i in parsed(record("GO-1", closed), "Go").intervals] == ["2"]


@pytest.mark.parametrize(
    ("release", "purl", "availability", "fixed", "channel"),
    [
        (
            "Ubuntu:Pro:16.04:LTS",
            "pkg:deb/ubuntu/x@1?distro=esm-infra/xenial",
            "",
            "1",
            "esm-infra",
        ),
        ("Ubuntu:Pro:18.04:LTS", "pkg:deb/ubuntu/x@1?a=b&distro=esm-apps/x", "", "1", "esm-apps"),
        ("Ubuntu:Pro:18.04:LTS", "", "Available with Ubuntu Pro (Infra-only): u", "1", "esm-infra"),
        ("Ubuntu:Pro:18.04:LTS", "", "", "1", "esm"),
        ("Ubuntu:Pro:FIPS:18.04:LTS", "", "", "1", "fips"),
        ("Ubuntu:22.04:LTS", "", "Available with Ubuntu Pro: u", "1", "esm"),
        ("Ubuntu:22.04:LTS", "", "No subscription required", "1", ""),
        ("Ubuntu:22.04:LTS", "", "", "1.2-3ubuntu1~esm1", "esm"),
        ("Ubuntu:22.04:LTS", "", "", "1.2-3ubuntu1", ""),
    ],
)
def test_what_only_ubuntu_pro_has_is_marked(
    release: str, purl: str, availability: str, fixed: str, channel: str
) -> None:
    part = below(release, "x", fixed, ecosystem_specific={"availability": availability})
    part["package"]["purl"] = purl
    (interval,) = parsed(record("USN-1-1", part), "Ubuntu").intervals
    assert interval.channel == channel


def test_what_only_suses_long_term_support_has_is_marked() -> None:
    places = ["SUSE:Linux Enterprise Server 15 SP5-LTSS", "SUSE:Linux Enterprise Server 15 SP5"]
    content = record("SUSE-SU-1", *(below(place, "x", "1-1") for place in places))
    assert [i.channel for i in parsed(content, "SUSE").intervals] == ["ltss", ""]


def maven(version: str, *events: Mapping[str, object]) -> bool:
    """Tell whether `version` is affected, as matching asks."""
    content = record("GHSA-a", affects("Maven", "g:a", *events))
    place = key("maven", version)
    return any(
        contains(interval, "maven", place, version)
        for interval in parsed(content, "Maven").intervals
    )


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ("2.14.1", True),
        ("2.0-beta9", True),
        ("2.0-beta8", False),
        ("2.15.0-rc1", True),  # its key is that of 2.15.0
        ("2.15.0", False),
        ("2.15.0.Final", False),
        ("2.15.1", False),
    ],
)
def test_mavens_limits_are_compared_exactly(version: str, affected: bool) -> None:
    assert maven(version, {"introduced": "2.0-beta9"}, {"fixed": "2.15.0"}) is affected


def test_mavens_events_of_one_key_are_two_places() -> None:
    events = [{"introduced": "1.0-rc1"}, {"fixed": "1.0"}]
    assert maven("1.0-rc2", *events)
    assert not maven("1.0", *events)
    assert maven("1.0-rc2", {"introduced": "1.0-rc1"}, {"last_affected": "1.0-rc2"})
    assert not maven("1.0", {"introduced": "1.0-rc1"}, {"last_affected": "1.0-rc2"})


def test_mavens_listed_versions_stand_for_themselves() -> None:
    content = record("GHSA-a", affects("Maven", "g:a", versions=["1.0-rc1", "1.0"]))
    intervals = parsed(content, "Maven").intervals
    assert [i.range.introduced for i in intervals] == ["1.0-rc1", "1.0"]
