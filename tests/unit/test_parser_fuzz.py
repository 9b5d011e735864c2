"""A short run over the parsers that are no catalogers; the long one is ``make fuzz``."""

import pytest

from tests.fuzz.documents import documents
from tests.fuzz.parsers import Parser, run


@pytest.mark.parametrize("parser", documents(), ids=lambda parser: parser.name)
def test_a_damaged_document_is_read_or_refused(parser: Parser) -> None:
    summary = run(parser, 150, 5, None)
    assert summary.failures == []
    assert summary.outcomes
