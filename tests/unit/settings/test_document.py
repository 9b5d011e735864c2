from collections.abc import Callable
from datetime import time, timedelta

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from seawall.errors import UsageError
from seawall.settings import Value
from seawall.settings.document import parse
from tests.patience import ends

MINUTE = timedelta(minutes=1)
YEAR = timedelta(days=365)


def top(text: str) -> Value:
    value = parse("a.yaml", text.encode(), "read the page")
    assert value is not None
    return value


def under_key(text: str) -> Value:
    return top(f"key: {text}\n").mapping(("key",))["key"]


def refused(read: Callable[[], object]) -> str:
    with pytest.raises(UsageError) as error:
        read()
    assert error.value.hint == "read the page"
    return str(error.value)


def test_a_value_knows_where_it_stands() -> None:
    keys = top("a: 1\nb:\n  - x\n  - y\n").mapping(("a", "b"))
    assert keys["a"].where == "a.yaml:1: a"
    assert [item.where for item in keys["b"].items("a thing")] == [
        "a.yaml:3: a thing",
        "a.yaml:4: a thing",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("storr: 1", "a.yaml:1: storr: unknown key (did you mean store?); the file has store, url"),
        ("x: 1", "a.yaml:1: x: unknown key; the file has store, url"),
        ("store: 1\nstore: 2", "a.yaml:2: store: is there twice"),
        ("url: 1", "a.yaml:1: store: missing; the file needs store"),
        ("[a]: 1", "a.yaml:1: a key that is no word: unknown key; the file has store, url"),
        ("<<: {store: 1}", "a.yaml:1: <<: unknown key; the file has store, url"),
        ("[]", "a.yaml:1: the file: must be keys and values (store, url)"),
        ("word", "a.yaml:1: the file: must be keys and values (store, url)"),
    ],
)
def test_a_mapping_has_its_known_keys_once(text: str, message: str) -> None:
    assert refused(lambda: top(text).mapping(("store", "url"), ("store",))) == message


def test_a_key_of_any_length_is_shown_in_part() -> None:
    assert len(refused(lambda: top(f"? {'k' * 90_000}\n: 1").mapping(("store",)))) < 200


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_an_empty_document_has_no_top(text: str) -> None:
    value = parse("a.yaml", text.encode(), "")
    assert value is None or value.is_absent


def test_a_key_without_a_value_is_absent_and_other_words_for_nothing_are_not() -> None:
    assert under_key("").is_absent
    assert not under_key("null").is_absent
    assert not under_key("[]").is_absent


@pytest.mark.parametrize(
    ("text", "is_yes"),
    [("true", True), ("Yes", True), ("on", True), ("false", False), ("no", False), ("OFF", False)],
)
def test_a_flag_is_written_in_any_word_of_yaml(text: str, is_yes: bool) -> None:
    assert under_key(text).flag() is is_yes


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("60s", MINUTE),
        ("1m", MINUTE),
        ("2h", timedelta(hours=2)),
        ("1d", timedelta(days=1)),
        ("365d", YEAR),
    ],
)
def test_a_duration_has_a_unit(text: str, duration: timedelta) -> None:
    assert under_key(text).duration(MINUTE, YEAR) == duration


@pytest.mark.parametrize(
    ("text", "size"), [("500000", 500_000), ("4G", 4 << 30), ("64M", 64 << 20), ("1k", 1024)]
)
def test_a_size_may_have_a_unit_of_1024(text: str, size: int) -> None:
    assert under_key(text).size(1 << 40) == size


@pytest.mark.parametrize(
    ("text", "clock"), [("22:00", time(22)), ("7:05", time(7, 5)), ("'00:00'", time())]
)
def test_a_time_of_day_is_read_with_or_without_quotes(text: str, clock: time) -> None:
    assert under_key(text).clock() == clock


@given(st.times(), st.integers(-9999, 9999))
def test_what_is_written_is_what_is_read(moment: time, hundredths: int) -> None:
    assert under_key(moment.strftime("%H:%M")).clock() == moment.replace(second=0, microsecond=0)
    assert under_key(f"{hundredths / 100:.2f}").number(-100, 100) == hundredths / 100


@pytest.mark.parametrize(
    ("text", "read", "message"),
    [
        ("maybe", lambda v: v.flag(), "'maybe' is neither true nor false"),
        ("0x1", lambda v: v.number(0, 1), "'0x1' is no number from 0 to 1"),
        ("1.5", lambda v: v.number(0, 1), "'1.5' is no number from 0 to 1"),
        (".nan", lambda v: v.number(0, 1), "'.nan' is no number from 0 to 1"),
        ("5", lambda v: v.duration(MINUTE, YEAR), "'5' is no duration; write it as 30s, 15m"),
        ("1w", lambda v: v.duration(MINUTE, YEAR), "'1w' is no duration"),
        ("30s", lambda v: v.duration(MINUTE, YEAR), "30s is not within 1m and 365d"),
        ("999999999d", lambda v: v.duration(MINUTE, YEAR), "999999999d is not within"),
        ("0", lambda v: v.size(100), "0 is not within 1 and 100 bytes"),
        ("1G", lambda v: v.size(100), "1G is not within 1 and 100 bytes"),
        ("1 GB", lambda v: v.size(100), "'1 GB' is no size; write it as 500000, 64M or 4G"),
        ("24:00", lambda v: v.clock(), "'24:00' is no time of day; write it as 22:00"),
        ("22", lambda v: v.clock(), "'22' is no time of day"),
        ("hihg", lambda v: v.one_of(("high", "low")), "'hihg' is none of high, low (did you mean"),
        ("''", lambda v: v.text(), "is empty"),
        ("[]", lambda v: v.text(), "must be one text"),
        ("[]", lambda v: v.texts(), "is empty"),
        ("[[a]]", lambda v: v.texts(), "must be text, or a list of texts"),
        ("{a: b}", lambda v: v.texts(), "must be text, or a list of texts"),
        ('"\\ud800"', lambda v: v.text(), "holds half a character"),
        ("a", lambda v: v.items("x"), "must be a list"),
    ],
)
def test_a_wrong_value_is_refused_by_its_key(
    text: str, read: Callable[[Value], object], message: str
) -> None:
    assert refused(lambda: read(under_key(text))).startswith(f"a.yaml:1: key: {message}")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xff", "a.yaml: not UTF-8"),
        (b"[" * 10_000, "a.yaml: nested too deeply"),
        (b"a: 1\n---\nb: 2", "a.yaml:2: not YAML: "),
        (b"\x00", "a.yaml: not YAML: "),
        (b'"\\Uffffffff"', "a.yaml: not YAML: "),
        (b"%YAML " + b"9" * 5000 + b".1\n--- a", "a.yaml: not YAML: "),
    ],
)
def test_what_is_no_document_is_refused(data: bytes, message: str) -> None:
    assert refused(lambda: parse("a.yaml", data, "read the page")).startswith(message)


@given(st.text(st.sampled_from("ab:-[]{}&*!|>%@`\"'\\#,? \n\t\ud800x1~<"), max_size=80))
@example('"\\Uffffffff"')
@example("&a [*a]")
def test_any_text_is_a_document_or_refused_by_name(text: str) -> None:
    complaint = "a.yaml"
    try:
        parse("a.yaml", text.encode("utf-8", "surrogatepass"), "")
    except UsageError as error:
        complaint = str(error)
    assert complaint.startswith("a.yaml")


words = st.dictionaries(
    st.sampled_from(("a", "b", "c")), st.text(st.characters(categories=["L", "N"]), min_size=1)
)


@given(words)
def test_a_mapping_is_what_the_loader_of_yaml_makes_of_it(written: dict[str, str]) -> None:
    value = parse("a.yaml", yaml.safe_dump(written, allow_unicode=True).encode(), "")
    assert value is not None
    read = {key: value.text() for key, value in value.mapping(("a", "b", "c")).items()}
    assert read == written


def test_a_large_document_takes_time_in_proportion() -> None:
    with ends():
        refused(lambda: top("- a\n" * (1 << 15)).mapping(("store",)))
