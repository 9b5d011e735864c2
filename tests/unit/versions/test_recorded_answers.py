"""Keys agree with answers that the reference implementations gave once.

Not every machine has R, Elixir, Rust, mono or conda. ``SEAWALL_GOLDEN=renew`` records the answers
anew where the programs are; without them the old ones stay.
"""

import json
import os
from itertools import islice
from pathlib import Path

import pytest

from seawall.versions import VersionSyntaxError, compare, key
from tests.unit.versions.oracles import Verdict
from tests.unit.versions.pairs import DATA, corpus, pairs
from tests.unit.versions.test_order_properties import ROWS

RECORDED = ("cargo", "composer", "conda", "go", "hex", "nuget", "r")
PAIRS = 1_000


@pytest.mark.parametrize("scheme", RECORDED)
def test_keys_agree_with_recorded_golden_answers(scheme: str, tmp_path: Path) -> None:
    path = DATA / "answers" / f"{scheme}.json"
    if os.environ.get("SEAWALL_GOLDEN") == "renew":
        row = next(row for row in ROWS if row.scheme == scheme)
        asked = list(islice(pairs(corpus(row.corpus), row.pieces, row.made_up, seed=7), PAIRS))
        answers = zip(asked, row.oracle(asked, tmp_path), strict=True)
        lines = [json.dumps([*pair, *map(int, verdict)]) for pair, verdict in answers]
        path.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
    recorded = json.loads(path.read_text(encoding="utf-8"))
    assert len(recorded) == PAIRS
    different = []
    for a, b, a_allowed, b_allowed, order in recorded:
        theirs = Verdict(bool(a_allowed), bool(b_allowed), order)
        ours = Verdict(allowed(scheme, a), allowed(scheme, b), 0)
        if ours.a_allowed and ours.b_allowed:
            ours = ours._replace(order=compare(scheme, a, b))
        if ours != theirs:
            different.append((a, b, ours, theirs))
    assert not different


def allowed(scheme: str, version: str) -> bool:
    try:
        key(scheme, version)
    except VersionSyntaxError:
        return False
    return True
