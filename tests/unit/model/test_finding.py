"""Findings: the order in which things are to be done."""

from seawall.model import Urgency


def test_an_urgency_ranks_by_what_is_to_be_done_first() -> None:
    mixed = [Urgency.HIDDEN, Urgency.NOW, Urgency.WATCH, Urgency.SOON]
    assert sorted(mixed, key=lambda urgency: urgency.rank) == list(Urgency)
    assert Urgency.NOW.rank == 0
