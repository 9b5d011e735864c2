import pytest

from seawall.scanning.configuration.checks.runs_as_root import RUNS_AS_ROOT
from tests.unit.scanning.configuration.subjects import evidence, in_build_file, in_image, lines


@pytest.mark.parametrize("user", ["", "root", "0", "00", "root:root", "0:1000"])
def test_root_by_any_name_is_found(user: str) -> None:
    [problem] = in_image(RUNS_AS_ROOT, user=user)
    assert "root" in problem.message or user in problem.message


@pytest.mark.parametrize("user", ["1000", "app", "1000:0", "rooter", "$UNKNOWN"])
def test_another_user_is_fine(user: str) -> None:
    assert in_image(RUNS_AS_ROOT, user=user) == []
    assert in_build_file(RUNS_AS_ROOT, f"FROM debian:12\nUSER {user}\n") == []


def test_the_last_user_of_the_last_stage_counts() -> None:
    text = "FROM debian:12 AS a\nUSER app\nFROM debian:12\nUSER app\nRUN x\nUSER root\n"
    assert lines(in_build_file(RUNS_AS_ROOT, text)) == [6]


def test_a_user_of_an_unrelated_stage_does_not_count() -> None:
    found = in_build_file(RUNS_AS_ROOT, "FROM debian:12 AS a\nUSER app\nFROM debian:12\n")
    assert (lines(found), evidence(found)) == ([3], ["FROM debian:12"])


def test_a_user_is_inherited_from_the_stage_it_is_from() -> None:
    text = "FROM debian:12 AS base\nUSER app\nFROM base\nCMD x\n"
    assert in_build_file(RUNS_AS_ROOT, text) == []


@pytest.mark.parametrize(
    "base", ["gcr.io/distroless/static:nonroot", "nginxinc/nginx-unprivileged:1", "$BASE"]
)
def test_a_base_image_with_a_user_of_its_own_or_unknown_is_not_judged(base: str) -> None:
    assert in_build_file(RUNS_AS_ROOT, f"ARG BASE\nFROM {base}\n") == []


def test_a_variable_with_a_known_value_is_judged_by_it() -> None:
    text = "FROM debian:12\nARG UID=0\nUSER ${UID}\n"
    assert evidence(in_build_file(RUNS_AS_ROOT, text)) == ["USER 0"]


def test_a_trigger_changes_the_user_of_the_next_build_only() -> None:
    assert lines(in_build_file(RUNS_AS_ROOT, "FROM debian:12\nONBUILD USER app\n")) == [1]
