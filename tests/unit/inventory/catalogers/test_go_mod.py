import pytest

from seawall.inventory.catalogers.go_mod import GO_MOD
from tests.unit.inventory.catalogers.locks import named

GO_MOD_FILE = """\
module example.org/shop // the shop

go 1.21

toolchain go1.21.4

require (
	github.com/gin-gonic/gin v1.7.0
	"golang.org/x/text" v0.3.5 // indirect
	github.com/dgrijalva/jwt-go v3.2.0+incompatible
	example.org/local v1.0.0
	example.org/moved v1.0.0
	example.org/other v1.5.0
)

require example.org/single v0.0.0-20210101000000-0123456789ab

replace example.org/local => ../local

replace (
	example.org/moved v1.0.0 => example.org/fork v1.0.1
	example.org/other v1.4.0 => example.org/never v9.9.9
)

exclude example.org/excluded v1.0.0
retract [v1.0.0, v1.1.0]
"""


def test_required_modules_are_named_as_replaced() -> None:
    assert named(GO_MOD, GO_MOD_FILE) == [
        "github.com/gin-gonic/gin v1.7.0",
        "golang.org/x/text v0.3.5",
        "github.com/dgrijalva/jwt-go v3.2.0+incompatible",
        "example.org/fork v1.0.1",
        "example.org/other v1.5.0",
        "example.org/single v0.0.0-20210101000000-0123456789ab",
    ]


def test_a_replacement_of_one_version_wins_over_that_of_all() -> None:
    content = "require a.org/a v1.0.0\nreplace a.org/a => b.org/b v2.0.0\n"
    assert named(GO_MOD, content) == ["b.org/b v2.0.0"]
    content += "replace a.org/a v1.0.0 => c.org/c v3.0.0\n"
    assert named(GO_MOD, content) == ["c.org/c v3.0.0"]


@pytest.mark.parametrize("name", ["std", "cmd"])
def test_the_standard_library_s_own_copies_are_no_modules(name: str) -> None:
    assert named(GO_MOD, f"module {name}\nrequire golang.org/x/net v0.1.0\n") == []


@pytest.mark.parametrize(
    "content", ["", ")", "(", "require", "replace a =>", "replace => b", "require ("]
)
def test_broken_lines_name_nothing(content: str) -> None:
    assert named(GO_MOD, content) == []


def test_an_arrow_without_a_module_before_it_replaces_nothing() -> None:
    content = "require a.org/a v1.0.0\nreplace => => b.org/b v2.0.0\n"
    assert named(GO_MOD, content) == ["a.org/a v1.0.0"]
