"""Expands the examples that stand beside the rules.

They are templates, so that no file of this repository holds what a scanner takes for a secret:
``«hex 32»`` is 32 random hexadecimal digits, ``«b64of TEXT»`` is TEXT in base64, ``«»`` is nothing.
"""

import base64
import random
import re
import string
import tomllib
import uuid
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

_ALPHABETS = {
    "alnum": string.ascii_letters + string.digits,
    "alpha": string.ascii_letters,
    "lower": string.ascii_lowercase + string.digits,
    "UPPER": string.ascii_uppercase + string.digits,
    "digits": string.digits,
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "b64": string.ascii_letters + string.digits + "+/",
    "url64": string.ascii_letters + string.digits + "-_",
    "base32": string.ascii_uppercase + "234567",
    "bech32": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
}
# Published by their owners: in base64 for the same reason.
_PUBLISHED = {
    "azurite": "RWJ5OHZkTTAyeE5PY3FGbHFVd0pQTGxtRXRsQ0RYSjFPVXpGVDUwdVNSWjZJ"
    "RnN1RnEyVVZFckN6NEk2dHEvSzFTWkZQVE90ci9LQkhCZWtzb0dNR3c9PQ==",
    "stripe-docs": "NGVDMzlIcUx5aldEYXJqdFQxemRwN2Rj",
}
_TEMPLATE = re.compile(r"«([^«»]*)»")


@dataclass(frozen=True, slots=True)
class Example:
    rule: str
    path: str
    content: bytes
    values: tuple[str, ...]  # what is random in it, of six characters and more


def expand(template: str, seed: str | int) -> str:
    """Return the text that a template stands for; another one for another seed."""
    return _expanded(template, seed)[0]


def _expanded(template: str, seed: str | int) -> tuple[str, list[str]]:
    dice = random.Random(f"{template}{seed}")
    values: list[str] = []

    def part(found: re.Match[str]) -> str:
        values.append(_part(found[1], dice))
        return values[-1]

    text = template
    while _TEMPLATE.search(text):  # the innermost first
        text = _TEMPLATE.sub(part, text)
    return text, [value for value in values if len(value) >= 6]


def _part(what: str, dice: random.Random) -> str:
    kind, _, rest = what.partition(" ")
    if not what:
        return ""
    if kind == "uuid":
        return str(uuid.UUID(int=dice.getrandbits(128), version=4))
    if kind == "b64of":
        return base64.b64encode(rest.encode()).decode()
    if kind == "b64url":
        return base64.urlsafe_b64encode(rest.encode()).decode().rstrip("=")
    if kind in _PUBLISHED:
        return base64.b64decode(_PUBLISHED[kind]).decode()
    size = int(rest)
    if kind == "password":  # as people make them: of each sort, nothing that a shell would read
        return "".join(dice.choices("bcdfghjkmnp", k=size - 4)) + "".join(
            (dice.choice("QRTVW"), dice.choice("34789"), dice.choice("+.-_"), dice.choice("xyz"))
        )
    return "".join(dice.choices(_ALPHABETS[kind], k=size))


def listed(kind: str, seed: str | int = 0) -> list[Example]:
    """Return the ``examples`` or ``counterexamples`` of all rules."""
    found = []
    for rule in _rules():
        path = rule.get("example_path", "srv/app/settings")
        for template in rule[kind]:
            text, values = _expanded(template, seed)
            found.append(Example(rule["id"], path, text.encode(), tuple(values)))
    return found


@cache
def _rules() -> list[dict[str, Any]]:
    folder = resources.files("seawall.scanning.content") / "rules" / "secrets"
    files = sorted(folder.iterdir(), key=lambda file: file.name)
    return [rule for file in files for rule in tomllib.loads(file.read_text("utf-8"))["rule"]]
