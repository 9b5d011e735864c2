import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.scanning.content.secrets.judging import entropy, is_placeholder, is_published
from tests.unit.scanning.content.secrets.examples import expand


@given(st.binary(min_size=1, max_size=200))
def test_entropy_lies_between_nothing_and_that_of_distinct_characters(value: bytes) -> None:
    assert -1e-9 <= entropy(value) <= math.log2(len(set(value))) + 1e-9


def test_entropy_is_bits_a_character() -> None:
    assert entropy(b"aaaa") == 0
    assert entropy(b"abab") == 1
    assert entropy(bytes(range(256))) == 8


@pytest.mark.parametrize(
    "value",
    [
        *("${TOKEN}", "$TOKEN", "$(cat /run/secrets/x)", "{{ vault.token }}", "<your token>"),
        *("%(password)s", "%s", "@PASSWORD@", "__TOKEN__", "process.env.TOKEN", "#{token}"),
        *("your_api_key", "changeme", "xxxxxxxxxxxx", "********", "REDACTED", "my-example-key"),
        *("abcdefghijklmnop", "0123456789abcdef", "aaaabbbbcccc", "not-a-secret"),
    ],
)
def test_what_stands_for_a_value_is_none(value: str) -> None:
    assert is_placeholder(value.encode())


@pytest.mark.parametrize("template", ["«alnum 40»", "«hex 32»", "«password 14»", "«b64 43»="])
@pytest.mark.parametrize("seed", range(50))
def test_a_random_value_is_no_placeholder(template: str, seed: int) -> None:
    assert not is_placeholder(expand(template, seed).encode())


def test_values_that_their_owners_published_are_known() -> None:
    assert is_published(expand("«azurite»", 0).encode())
    assert not is_published(expand("«b64 86»==", 0).encode())
