import pytest

from seawall.inventory.catalogers.elixir import MIX_LOCK
from tests.patience import ends
from tests.unit.inventory.catalogers.locks import named

MIX = """\
%{
  "earmark": {:hex, :earmark, "1.2.0", "bf1ce17a", [:mix], []},
  "makeup": {:hex, :makeup, "1.1.0", "6b67c8bc", [:mix], [{:nimble_parsec, "~> 1.2.2 or ~> 1.3", \
[hex: :nimble_parsec, repo: "hexpm", optional: false]}], "hexpm", "0a45ed50"},
  "called": {:hex, :"Real.name", "0.1.0-rc.1", "24411ff0", [:mix], [], "hexpm"},
  # "gone": {:hex, :gone, "1.0.0", "x", [:mix], [], "hexpm"},
  "forked": {:git, "https://example.org/forked.git", "0123", []},
}
"""


def test_the_second_atom_is_the_package() -> None:
    assert named(MIX_LOCK, MIX) == ["earmark 1.2.0", "makeup 1.1.0", "Real.name 0.1.0-rc.1"]


def test_what_is_no_map_is_refused() -> None:
    with pytest.raises(ValueError, match="no map"):
        named(MIX_LOCK, '{:hex, :a, "1.0.0"}')


@pytest.mark.parametrize("piece", ["{:hex, ", "{ ", '{:hex, :a, "', " "])
def test_a_hostile_file_ends_soon(piece: str) -> None:
    with ends():
        assert named(MIX_LOCK, "%{" + piece * (2_000_000 // len(piece))) == []
