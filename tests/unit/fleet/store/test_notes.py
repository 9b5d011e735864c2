"""What the fleet notes of itself."""

from seawall.fleet.store import Fleet


def test_a_note_is_replaced_and_found_by_its_beginning(fleet: Fleet) -> None:
    assert fleet.notes.get("serial") == ""
    fleet.notes.set("as-of:Debian:12", "1")
    fleet.notes.set("as-of:Debian:12", "2")
    fleet.notes.set("as-of:PyPI", "3")
    fleet.notes.set("as-other", "4")
    assert fleet.notes.get("as-of:Debian:12") == "2"
    assert fleet.notes.starting_with("as-of:") == {"Debian:12": "2", "PyPI": "3"}


def test_who_speaks_of_a_namespace_is_replaced(fleet: Fleet) -> None:
    fleet.notes.set_speaking({1: ["Debian:12"], 2: ["PyPI", "npm"]})
    fleet.notes.set_speaking({2: ["npm"], 3: []})
    assert fleet.notes.speaking() == {1: frozenset({"Debian:12"}), 2: frozenset({"npm"})}
