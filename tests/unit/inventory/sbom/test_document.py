import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.inventory.sbom.document import write_document


def document(value: object) -> str:
    out = io.StringIO()
    write_document(value, out)
    return out.getvalue()


def test_it_is_indented_and_ends_with_a_newline() -> None:
    assert document({"a": [1]}) == '{\n  "a": [\n    1\n  ]\n}\n'


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("größer 漢字", '"größer 漢字"\n'),
        ("\x1b\x7f\x9b", '"\\u001b\\u007f\\u009b"\n'),
        ("\u202e", '"\\u202e"\n'),
        ("\U000e0041", '"\\udb40\\udc41"\n'),
        ("\udcff", '"\\\\udcff"\n'),
    ],
    ids=ascii,
)
def test_readable_letters_stay_and_others_are_escaped(text: str, written: str) -> None:
    assert document(text) == written


numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
ascii_text = st.text(st.characters(max_codepoint=0x7E))
documents = st.recursive(
    st.none() | st.booleans() | numbers | ascii_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ascii_text, inner, max_size=3),
)


@given(documents)
def test_a_document_is_indented_as_the_standard_library_does_it(value: object) -> None:
    assert document(value) == json.dumps(value, indent=2) + "\n"


@given(st.text())
def test_every_text_comes_back(text: str) -> None:
    assert json.loads(document(text)) == text


@given(st.text(st.characters(exclude_categories=())))
def test_every_document_is_utf_8_and_harmless_on_a_terminal(text: str) -> None:
    written = document({text: text})
    written.encode()
    assert written.replace("\n", "").isprintable()
    json.loads(written)
