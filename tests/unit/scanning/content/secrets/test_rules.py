"""All rules, by the examples that stand beside them."""

import contextlib
import random
import re
from collections import Counter
from pathlib import Path

import pytest

from seawall.errors import LimitExceeded
from seawall.scanning.content.contract import Window
from seawall.scanning.content.secrets import RulesWrong, SecretsDetector, own_rules, parse
from tests.patience import ends
from tests.unit.scanning.content.secrets.examples import Example, listed
from tests.unit.scanning.content.secrets.windows import DETECTOR, look, look_in_parts, rules, said

ROOT = Path(__file__).parents[5]
EXAMPLES = listed("examples")
COUNTEREXAMPLES = listed("counterexamples")
FILLER = b"# nothing of interest stands in this line\n" * 200  # twice what windows share


def name(example: Example) -> str:
    return example.rule


@pytest.mark.parametrize("example", EXAMPLES, ids=name)
def test_a_rule_finds_its_example_and_no_other_rule_tells_it_again(example: Example) -> None:
    assert set(rules(example.content, example.path)) == {example.rule}


@pytest.mark.parametrize("example", COUNTEREXAMPLES, ids=name)
def test_a_rule_spares_what_only_looks_like_it(example: Example) -> None:
    assert example.rule not in rules(example.content, example.path)


@pytest.mark.parametrize(
    "example", [e for e in EXAMPLES if e.rule != "rails-master-key"], ids=name
)  # that key is all of its file, which is no large one
def test_a_secret_cut_by_the_border_of_two_windows_is_found_once(example: Example) -> None:
    data = FILLER + example.content + b"\n" + FILLER
    whole = look(data, example.path)
    assert {hit.rule for hit in whole} == {example.rule}
    size = len(example.content)
    for cut in range(0, size + 1, max(1, size // 8)):
        assert look_in_parts(data, example.path, [len(FILLER) + cut]) == whole


@pytest.mark.parametrize(
    ("example", "other"), list(zip(EXAMPLES, listed("examples", seed="another"), strict=True))
)
def test_what_is_told_of_a_secret_depends_on_nothing_in_it(
    example: Example, other: Example
) -> None:
    assert look(example.content, example.path) == look(other.content, example.path)


@pytest.mark.parametrize("seed", range(5))
def test_no_six_characters_of_a_secret_are_told(seed: int) -> None:
    for example in listed("examples", seed=seed):
        hits = look(example.content, example.path)
        findings = [DETECTOR.finding(hit, example.path, "") for hit in hits]
        told = f"{hits!r} {findings!r}"
        for value in example.values:
            assert not any(value[at : at + 6] in told for at in range(len(value) - 5)), value


def test_each_rule_has_examples_a_title_and_a_remedy() -> None:
    found = Counter(example.rule for example in EXAMPLES)
    spared = Counter(example.rule for example in COUNTEREXAMPLES)
    for rule in own_rules():
        assert found[rule.id], rule.id
        assert spared[rule.id], rule.id
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.id)
        assert rule.title
        assert len(rule.remedy) > 20


def test_each_rule_stands_in_the_documentation() -> None:
    page = (ROOT / "docs" / "secrets.md").read_text("utf-8")
    assert [rule.id for rule in own_rules() if f"`{rule.id}`" not in page] == []


@pytest.mark.parametrize("folder", ["src/seawall/scanning/content", "tests/unit/scanning/content"])
def test_this_repository_holds_nothing_that_is_taken_for_a_secret(folder: str) -> None:
    for file in (ROOT / folder).rglob("*"):
        if file.suffix in (".py", ".toml"):
            path = f"srv/{file.relative_to(ROOT / folder)}"
            assert rules(file.read_bytes(), path) == [], file


def test_no_rule_is_slow_on_its_own_example_over_and_over() -> None:
    for example in EXAMPLES:
        dice = random.Random(example.rule)
        cut = example.content[: dice.randrange(len(example.content) // 2, len(example.content))]
        data = cut * (8_000 // len(cut))
        with ends(), contextlib.suppress(LimitExceeded):
            list(said(Window(example.path, 0, len(data), data)))


@pytest.mark.parametrize(
    "text",
    [
        "[[rule]",
        '[[rule]]\nid = "x"',
        '[[rule]]\nid="x"\ntitle="x"\nseverity="high"\nconfidence="certain"\nremedy="x"\n'
        'find="abc"\nregex="abc"',
        '[[rule]]\nid="x"\ntitle="x"\nseverity="high"\nconfidence="certain"\nremedy="x"\n'
        'find="abc"\nregex="(?P<secret>abc"',
        '[[rule]]\nid="x"\nsurprise=1',
    ],
)
def test_a_wrong_rule_is_refused_by_file_and_name(text: str) -> None:
    with pytest.raises(RulesWrong, match=r"mine\.toml"):
        parse("mine.toml", text)


def test_two_rules_of_one_name_are_refused() -> None:
    rule = own_rules()[0]
    with pytest.raises(RulesWrong, match=rule.id):
        SecretsDetector([rule, rule])


def test_other_rules_give_another_key() -> None:
    assert SecretsDetector(own_rules()[1:]).key != DETECTOR.key
    assert SecretsDetector().key == DETECTOR.key
