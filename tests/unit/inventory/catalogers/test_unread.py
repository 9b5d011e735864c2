from seawall.inventory.catalogers import ImageFile
from seawall.inventory.catalogers.unread import unread
from seawall.model import Incomplete


def test_a_database_that_cannot_be_read_is_named() -> None:
    facts = list(unread(ImageFile("nix/var/nix/db/db.sqlite", b"SQLite")))
    assert len(facts) == 1
    assert isinstance(facts[0], Incomplete)
    assert "Nix" in facts[0].reason


def test_an_empty_database_holds_nothing() -> None:
    assert list(unread(ImageFile("var/lib/snapd/state.json", b""))) == []
