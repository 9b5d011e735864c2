"""FIRST's Exploit Prediction Scoring System (EPSS), as its daily CSV file.

The file starts with a comment that names model and date, then a header, then one CVE a line.
"""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from seawall.errors import BadFeed

_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_DATE = re.compile(r"score_date:(\d{4}-\d{2}-\d{2})")
_CONTENT_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class Score:
    """How likely a CVE is to be exploited in the next 30 days."""

    cve: str
    probability: float  # 0 to 1
    percentile: float  # 0 to 1


@dataclass(frozen=True, slots=True)
class Scores:
    """One day's file."""

    date: str  # YYYY-MM-DD; empty when the file does not say
    rows: Iterator[Score]


def parse(content: bytes) -> Scores:
    """Return the scores in a gzipped or plain file; rows that are none are passed over.

    Raises:
        BadFeed: the content is no EPSS file; also while the rows are read.
    """
    text = _text(content)
    start = text[:200]
    if "cve,epss,percentile" not in start:
        raise BadFeed("EPSS: not a file of EPSS scores")
    date = _DATE.search(start)
    lines = (line for line in io.StringIO(text) if not line.startswith("#"))
    return Scores(date[1] if date else "", _rows(csv.reader(lines)))


def _rows(reader: Iterator[list[str]]) -> Iterator[Score]:
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadFeed(f"EPSS: damaged ({error})") from error
        if len(row) < 3 or not _CVE.fullmatch(row[0]):
            continue
        try:
            score = Score(row[0], float(row[1]), float(row[2]))
        except ValueError:
            continue
        if 0 <= score.probability <= 1 and 0 <= score.percentile <= 1:
            yield score


def _text(content: bytes) -> str:
    if content[:2] != b"\x1f\x8b":
        return content.decode("utf-8", "replace")
    try:
        with gzip.open(io.BytesIO(content)) as file:
            plain = file.read(_CONTENT_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise BadFeed(f"EPSS: damaged ({error})") from error
    if len(plain) > _CONTENT_BYTES:
        raise BadFeed(f"EPSS: more than {_CONTENT_BYTES:,} bytes")
    return plain.decode("utf-8", "replace")
