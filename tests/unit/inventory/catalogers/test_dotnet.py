import json

import pytest

from seawall.inventory.catalogers.dotnet import DOTNET, NUGET_CONFIG, NUGET_LOCK
from seawall.model import Package
from tests.unit.inventory.catalogers.locks import facts, named

TARGET = ".NETCoreApp,Version=v8.0/linux-x64"
USED: dict[str, object] = {"runtime": {"x.dll": {}}}
DOCUMENT = {
    "runtimeTarget": {"name": TARGET, "signature": ""},
    "targets": {
        ".NETCoreApp,Version=v8.0": {},
        TARGET: {
            "Shop/1.0.0": {"dependencies": {"Newtonsoft.Json": "13.0.1"}, **USED},
            "Newtonsoft.Json/13.0.1": USED,
            "System.Net.Http/4.3.0": {"dependencies": {"System.IO": "4.3.0"}},
            "SQLitePCLRaw.lib/2.1.0": {"native": {"libe_sqlite3.so": {}}},
            "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.0": USED,
        },
    },
    "libraries": {
        "Shop/1.0.0": {"type": "project", "serviceable": False, "sha512": ""},
        "Newtonsoft.Json/13.0.1": {"type": "package", "serviceable": True},
        "System.Net.Http/4.3.0": {"type": "package"},
        "SQLitePCLRaw.lib/2.1.0": {"type": "package"},
        "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.0": {"type": "runtimepack"},
    },
}


def test_a_program_s_packages_are_those_that_brought_it_a_file() -> None:
    assert facts(DOTNET, json.dumps(DOCUMENT), "app/Shop.deps.json") == [
        Package("nuget", "Newtonsoft.Json", "13.0.1"),
        Package("nuget", "SQLitePCLRaw.lib", "2.1.0"),
        Package("nuget", "Microsoft.NETCore.App.Runtime.linux-x64", "8.0.0"),
    ]


def test_without_a_target_every_package_counts() -> None:
    content = json.dumps({"libraries": {"A/1.0": {"type": "package"}, "B": {"type": "package"}}})
    assert facts(DOTNET, content, "app/Shop.deps.json") == [Package("nuget", "A", "1.0")]


SHARED = "usr/share/dotnet/shared/Microsoft.NETCore.App/6.0.5/Microsoft.NETCore.App.deps.json"


def test_the_shared_runtime_is_known_by_its_folder() -> None:
    evidence = "folder shared/Microsoft.NETCore.App/6.0.5"
    found = facts(DOTNET, '{"libraries": {}}', SHARED)
    assert found == [Package("nuget", "Microsoft.NETCore.App", "6.0.5", evidence=evidence)]


def test_the_shared_runtime_is_not_named_twice() -> None:
    name = "Microsoft.NETCore.App.Runtime.linux-x64"
    content = json.dumps({"libraries": {f"{name}/6.0.5": {"type": "package"}}})
    assert facts(DOTNET, content, SHARED) == [Package("nuget", name, "6.0.5")]


def test_a_program_of_that_name_elsewhere_is_no_runtime() -> None:
    assert facts(DOTNET, "{}", "app/6.0.5/Microsoft.NETCore.App.deps.json") == []


def test_a_lock_file_names_packages_and_no_projects() -> None:
    content = """\
{
  "version": 1,
  "dependencies": {
    "net8.0": {
      "Serilog": {"type": "Direct", "requested": "[2.10.0, )", "resolved": "2.10.0"},
      "System.Text.Json": {"type": "Transitive", "resolved": "6.0.0", "contentHash": "x"},
      "shop.core": {"type": "Project", "resolved": "1.0.0"}
    },
    "net8.0/linux-x64": {"System.Text.Json": {"type": "Transitive", "resolved": "6.0.0"}}
  }
}
"""
    assert named(NUGET_LOCK, content) == ["Serilog 2.10.0", "System.Text.Json 6.0.0"]


def test_an_old_project_lists_its_packages_in_xml() -> None:
    content = """\
<?xml version="1.0" encoding="utf-8"?>
<packages>
  <package id="jQuery" version="3.1.1" targetFramework="net46" />
  <!-- <package id="Gone" version="1.0.0" /> -->
  <package targetFramework='net46' version='1.0.0&#45;beta' id='A'/>
  <package id="NoVersion" />
</packages>
"""
    assert named(NUGET_CONFIG, content) == ["jQuery 3.1.1", "A 1.0.0-beta"]


@pytest.mark.parametrize("piece", ["<package ", "<!--", '<package id="', "<package id = "])
def test_hostile_xml_names_nothing(piece: str) -> None:
    assert named(NUGET_CONFIG, piece * 200_000) == []
