import pytest

from seawall.scanning.configuration.checks.latest_tag import LATEST_TAG
from tests.unit.scanning.configuration.subjects import evidence, in_build_file, in_image


@pytest.mark.parametrize("name", ["debian", "debian:latest", "localhost:5000/debian"])
def test_a_base_without_a_version_is_found(name: str) -> None:
    assert evidence(in_build_file(LATEST_TAG, f"FROM {name}\n")) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "FROM debian:12",
        "FROM debian@sha256:0",
        "FROM debian:latest@sha256:0",
        "FROM scratch",
        "ARG V=12\nFROM debian:$V",
        "ARG BASE\nFROM $BASE",
        "ARG BASE\nFROM debian:${V:-12}",
        "FROM debian:12 AS Build\nFROM build\nCOPY --from=0 a b\nCOPY --from=BUILD a b",
    ],
)
def test_a_version_a_stage_or_an_unknown_name_is_fine(text: str) -> None:
    assert in_build_file(LATEST_TAG, text) == []


def test_an_image_to_copy_from_counts_too_and_each_name_once() -> None:
    text = "FROM a:1\nCOPY --from=busybox a b\nCOPY --from=busybox c d\n"
    assert evidence(in_build_file(LATEST_TAG, text)) == ["busybox"]


def test_an_image_must_have_one_name_with_a_version() -> None:
    assert evidence(in_image(LATEST_TAG, tags=("shop/api:latest",))) == ["shop/api:latest"]
    assert in_image(LATEST_TAG, tags=("shop/api:latest", "shop/api:2.3")) == []
    assert in_image(LATEST_TAG, tags=()) == []
