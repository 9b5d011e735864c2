"""What servers write into WWW-Authenticate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.registry.challenge import Challenge, challenges
from tests.patience import ends


@pytest.mark.parametrize(
    ("header", "meant"),
    [
        ("", []),
        ("Basic", [Challenge("basic", {})]),
        ('BASIC Realm="a, b"', [Challenge("basic", {"realm": "a, b"})]),
        (
            'Bearer realm="https://auth.example/token",service=it,scope="a:b:pull,push"',
            [
                Challenge(
                    "bearer",
                    {
                        "realm": "https://auth.example/token",
                        "service": "it",
                        "scope": "a:b:pull,push",
                    },
                )
            ],
        ),
        (
            'Negotiate, Basic realm="x", Bearer realm="y" , service = "z"',
            [
                Challenge("negotiate", {}),
                Challenge("basic", {"realm": "x"}),
                Challenge("bearer", {"realm": "y", "service": "z"}),
            ],
        ),
        (
            'Negotiate YIIJ+w==, Basic realm="a \\"quoted\\" word"',
            [Challenge("negotiate", {}), Challenge("basic", {"realm": 'a "quoted" word'})],
        ),
        ('Basic realm="never closed', [Challenge("basic", {})]),
    ],
)
def test_a_header_offers_its_ways_in_order(header: str, meant: list[Challenge]) -> None:
    assert challenges(header) == meant


@given(st.text(max_size=300))
def test_any_header_is_read_without_an_error(header: str) -> None:
    challenges(header)


@pytest.mark.parametrize("piece", ['a="', "a=", "\\", '"', ",", "= "])
def test_a_hostile_header_offers_what_it_begins_with(piece: str) -> None:
    with ends():
        assert challenges("Bearer " + piece * 500_000) == [Challenge("bearer", {})]


def test_only_the_beginning_of_a_header_is_read() -> None:
    with ends():
        found = challenges("Bearer " + "a " * 500_000)
    assert 1000 < len(found) < 5000
    assert set(map(repr, found[1:])) == {repr(Challenge("a", {}))}
