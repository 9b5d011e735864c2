import pytest

from seawall.inventory.catalogers.ruby import GEMFILE_LOCK, GEMS
from seawall.model import Incomplete, Package
from tests.unit.inventory.catalogers.locks import DATA, facts, named, recorded

SPECIFICATIONS = "usr/lib/ruby/gems/3.1.0/specifications"


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("rexml-3.2.5", Package("gem", "rexml", "3.2.5")),
        ("default/json-2.6.1", Package("gem", "json", "2.6.1")),
    ],
)
def test_an_installed_gem_is_what_its_specification_says(name: str, package: Package) -> None:
    content = (DATA / f"ruby/specifications/{name}.gemspec").read_bytes()
    assert facts(GEMS, content, f"{SPECIFICATIONS}/{name}.gemspec") == [package]


def test_the_platform_of_a_gem_is_its_architecture() -> None:
    content = "# -*- encoding: utf-8 -*-\n# stub: nokogiri 1.13.0 x86_64-linux lib\n"
    assert facts(GEMS, content) == [Package("gem", "nokogiri", "1.13.0", arch="x86_64-linux")]


def test_without_a_stub_the_fields_count_and_then_the_file_name() -> None:
    content = 'Gem::Specification.new do |s|\n  s.name = "a"\n  s.version = "1.2"\n  s.name = "b"\n'
    assert facts(GEMS, content) == [Package("gem", "a", "1.2")]
    computed = "Gem::Specification.new do |s|\n  s.version = A::VERSION\nend\n"
    path = f"{SPECIFICATIONS}/a-b-1.2.pre.1-java.gemspec"
    assert facts(GEMS, computed, path) == [Package("gem", "a-b", "1.2.pre.1", arch="java")]


def test_a_specification_that_names_nothing_is_said_to_be_unread() -> None:
    found = facts(GEMS, "", f"{SPECIFICATIONS}/x.gemspec")
    assert [type(fact) for fact in found] == [Incomplete]


def test_bundler_names_gems_of_others_only() -> None:
    assert recorded(GEMFILE_LOCK, "ruby/Gemfile.lock") == ["rake 13.0.6", "rexml 3.2.5"]


def test_the_platform_behind_a_version_is_no_part_of_it() -> None:
    content = """\
GIT
  remote: https://example.org/a.git
  revision: 0123
  specs:
    a (0.1.0)
      rack (>= 2)

GEM
  remote: https://gems.example/
  specs:
    nokogiri (1.13.0)
    nokogiri (1.13.0-x86_64-linux)
      racc (~> 1.4)
    pre (7.0.0.rc1)

PLATFORMS
  ruby

DEPENDENCIES
    odd (1.0)!
"""
    assert facts(GEMFILE_LOCK, content) == [
        Package("gem", "a", "0.1.0", locked=True),
        Package("gem", "nokogiri", "1.13.0", locked=True),
        Package("gem", "nokogiri", "1.13.0", arch="x86_64-linux", locked=True),
        Package("gem", "pre", "7.0.0.rc1", locked=True),
    ]


def test_a_file_with_conflicts_is_refused() -> None:
    with pytest.raises(ValueError, match="conflicts"):
        named(GEMFILE_LOCK, "<<<<<<< HEAD\nGEM\n")
