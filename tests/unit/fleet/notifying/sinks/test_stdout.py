import io
import os

import pytest

from seawall.errors import DeliveryFailed
from seawall.fleet.notifying import decode
from seawall.fleet.notifying.notice import bounded
from seawall.fleet.notifying.settings import StdoutSettings
from seawall.fleet.notifying.sinks.stdout import Stdout
from tests.unit.fleet.notifying.samples import HOSTILE, brought, flaw, notice


def test_each_notice_is_a_line_of_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    sent = [notice(), brought(), notice(flaw(HOSTILE))]
    for one in sent:
        Stdout(StdoutSettings("log")).send(one)
    lines = capsys.readouterr().out.splitlines()
    assert [decode(line.encode()) for line in lines] == [bounded(one) for one in sent]


def test_a_pipe_without_a_reader_is_tried_again() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    out = open(writer, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - a descriptor; it breaks
    with pytest.raises(DeliveryFailed, match="Broken pipe"):
        Stdout(StdoutSettings("log"), out).send(notice())
    os.close(writer)
    closed = io.StringIO()
    closed.close()
    with pytest.raises(DeliveryFailed, match="closed"):
        Stdout(StdoutSettings("log"), closed).send(notice())
