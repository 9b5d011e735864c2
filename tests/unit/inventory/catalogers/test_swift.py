import json

import pytest

from seawall.inventory.catalogers.swift import SWIFT_RESOLVED
from tests.unit.inventory.catalogers.locks import named

VERSION_2 = """\
{
  "pins" : [
    {
      "identity" : "swift-nio",
      "kind" : "remoteSourceControl",
      "location" : "https://github.com/apple/swift-nio.git",
      "state" : {"revision" : "77b84ac2cd2ac9e4ac67d19f045fd5b434f56967", "version" : "2.101.0"}
    },
    {
      "identity" : "branch",
      "kind" : "remoteSourceControl",
      "location" : "https://github.com/acme/branch",
      "state" : {"branch" : "main", "revision" : "0123"}
    },
    {
      "identity" : "mona.linked",
      "kind" : "registry",
      "location" : "",
      "state" : {"version" : "1.0.0"}
    },
    {
      "identity" : "mine",
      "kind" : "localSourceControl",
      "location" : "/srv/mine",
      "state" : {"version" : "1.0.0"}
    }
  ],
  "version" : 2
}
"""


def test_a_package_is_named_by_its_repository() -> None:
    assert named(SWIFT_RESOLVED, VERSION_2) == [
        "github.com/apple/swift-nio 2.101.0",
        "mona.linked 1.0.0",
    ]


def test_version_1_keeps_the_pins_in_an_object() -> None:
    url = "https://github.com/vapor/vapor.git"
    pin = {"package": "vapor", "repositoryURL": url, "state": {"branch": None, "version": "4.0.0"}}
    content = json.dumps({"object": {"pins": [pin]}, "version": 1})
    assert named(SWIFT_RESOLVED, content) == ["github.com/vapor/vapor 4.0.0"]


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("git@github.com:apple/swift-log.git", "github.com/apple/swift-log"),
        ("ssh://git@GitHub.com:22/apple/swift-log", "github.com/apple/swift-log"),
        ("https://user@example.org:8443/a/b/c.git/", "example.org/a/b/c"),
        ("https://github.com/Alamofire/Alamofire", "github.com/Alamofire/Alamofire"),
    ],
)
def test_scheme_user_port_and_ending_are_no_part_of_the_name(location: str, name: str) -> None:
    pin = {"kind": "remoteSourceControl", "location": location, "state": {"version": "1.0.0"}}
    assert named(SWIFT_RESOLVED, json.dumps({"pins": [pin], "version": 3})) == [f"{name} 1.0.0"]
