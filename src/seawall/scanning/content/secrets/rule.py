r"""A rule says which text is a secret. Rules come from TOML.

A rule has one of three forms:

* **token**: ``prefix`` and ``body``. A value that says itself what it is: ``ghp_`` and 36 letters.
* **assigned**: ``name`` and ``value``. A value without marks, behind the name of what it is for:
  ``heroku_api_key = …``, ``"herokuApiKey": "…"``, ``--heroku-api-key …``.
* **free**: ``find`` and ``regex``. The regular expression has a group ``secret``; ``public`` or
  ``name`` is a group that may be shown.

``find`` is the pattern of the one pass over all content. Where a rule's ``regex`` matches, its
``find`` ends inside. It holds a literal of three characters or more, and is short, so that common
content calls nothing. ``examples`` and ``counterexamples`` are for tests.
"""

import dataclasses
import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from importlib import resources
from typing import Any

from seawall.errors import SeawallError
from seawall.model import Severity
from seawall.scanning.content.secrets.judging import CHECKS

# How most remedies end; a report with many of them says it once.
WITHOUT_IT = "build without it: RUN --mount=type=secret, or mount it when the container runs"
THEN_BUILD = f", then {WITHOUT_IT}"
_ENTROPY = 2.5  # bits a character: "0000", "abcabc" and the like are below
_BEHIND = 96  # bytes before the place found at which a secret may begin
_AHEAD = 512  # bytes after it that the regular expression may look at
_AHEAD_OF_NAME = 256  # the same for an assigned value
# Before a token: no letter or digit, but for the n of "\n", "%3D", and the length byte that stands
# before a string constant in a .pyc file.
_BEFORE = r"(?:(?<![0-9A-Za-z_])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2})|(?<=[\xda\xfa][\x00-\xff]))"
_AFTER = r"(?![0-9A-Za-z_])"
_GOES_ON = r"[\w.+/=~:%-]{8}"
_NAME_GOES_ON = r"[\w.-]{0,24}"
_ASSIGNS = r"[\"'\]]{0,2}[ \t]{0,4}(?:=>|:=|[=:,> ])[ \t]{0,4}[\"'`]{0,2}"


class RulesWrong(SeawallError):
    """A file of rules for secrets cannot be used."""

    hint = "correct the rule, or leave it out"


class Confidence(IntEnum):
    """How sure a rule's match is a secret, and so where the rule is used."""

    GUESS = 1  # only in text that is neither documentation nor somebody else's package
    LIKELY = 2  # in text, but for minified code
    CERTAIN = 3  # everywhere, programs too


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of secret."""

    id: str  # never changes
    title: str
    severity: Severity
    confidence: Confidence
    remedy: str
    find: bytes
    regex: re.Pattern[bytes]
    entropy: float  # at least, in bits a character of the secret
    near: tuple[bytes, ...]  # one of these stands near, in lower case
    paths: re.Pattern[str] | None  # only there
    check: str  # a name in `CHECKS`, or empty
    head: bytes  # what the regex begins with: it is tried there alone, and may be a long one
    behind: int
    ahead: int


def own_rules() -> list[Rule]:
    """Return the rules that come with Seawall, the more specific one of two first."""
    return [rule for name, text in _own_files() for rule in parse(name, text)]


def fingerprint(rules: Iterable[Rule]) -> str:
    """Return what differs whenever the rules, or the code and data that use them, differ."""
    state = hashlib.sha256()
    content = resources.files("seawall.scanning.content")
    used = [content / "rules" / "published_secrets.toml", *(content / "secrets").iterdir()]
    for file in sorted((f for f in used if f.is_file()), key=lambda f: f.name):
        state.update(file.read_bytes())
    for rule in rules:
        fields = (getattr(rule, field.name) for field in dataclasses.fields(rule))
        state.update(repr([getattr(f, "pattern", f) for f in fields]).encode())
    return state.hexdigest()[:16]


def _own_files() -> list[tuple[str, str]]:
    folder = resources.files("seawall.scanning.content") / "rules" / "secrets"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return [(f.name, f.read_text("utf-8")) for f in files]


def parse(name: str, text: str) -> list[Rule]:
    """Return the rules of a file, in its order.

    Raises:
        RulesWrong: it is no TOML, or a rule lacks something; the message names file and rule.
    """
    try:
        listed = tomllib.loads(text).get("rule", [])
    except tomllib.TOMLDecodeError as error:
        raise RulesWrong(f"{name}: {error}") from error
    rules = []
    for about in listed:
        try:
            rules.append(_rule(about))
        except (KeyError, ValueError, TypeError, re.error) as error:
            raise RulesWrong(f"{name}: rule {about.get('id', '?')}: {error!r}") from error
    return rules


def _rule(about: Mapping[str, Any]) -> Rule:
    unknown = set(about) - _FIELDS
    if unknown:
        raise ValueError(f"unknown fields: {', '.join(sorted(unknown))}")
    find, regex = _patterns(about)
    compiled = re.compile(regex.encode("latin-1"))
    if "secret" not in compiled.groupindex:
        raise ValueError("its regex has no group named secret")
    check = about.get("check", "")
    if check and check not in CHECKS:
        raise ValueError(f"no such check: {check}")
    paths = about.get("paths")
    return Rule(
        id=about["id"],
        title=about["title"],
        severity=Severity[about["severity"].upper()],
        confidence=Confidence[about["confidence"].upper()],
        remedy=about.get("remedy") or f"revoke it ({about['revoke']}){THEN_BUILD}",
        find=find.encode("latin-1"),
        regex=compiled,
        entropy=float(about.get("entropy", _ENTROPY)),
        near=tuple(word.lower().encode() for word in about.get("near", ())),
        paths=re.compile(paths) if paths else None,
        check=check,
        head=about.get("head", "").encode(),
        behind=int(about.get("behind", _BEHIND)),
        ahead=int(about.get("ahead", _AHEAD_OF_NAME if "value" in about else _AHEAD)),
    )


def _patterns(about: Mapping[str, Any]) -> tuple[str, str]:
    """Return the pattern for the one pass, and the one that confirms."""
    if "prefix" in about:
        prefix = about["prefix"]
        return (
            about.get("find") or f"(?:{prefix}){_GOES_ON}",
            f"{_BEFORE}(?P<public>{prefix})(?P<secret>{about['body']}){_AFTER}",
        )
    if "value" in about:
        value = f"(?P<secret>{about['value']}){_AFTER}"
        return (
            about.get("find") or f"(?i:{about['name']})",
            f"(?P<name>(?i:{about['name']}){_NAME_GOES_ON}){_ASSIGNS}{value}",
        )
    return about["find"], about["regex"]


_FIELDS = frozenset(
    (
        *("id", "title", "severity", "confidence", "remedy", "revoke", "entropy", "near", "paths"),
        *("check", "head", "behind", "ahead", "prefix", "body", "name", "value", "find", "regex"),
        *("examples", "counterexamples", "example_path"),
    )
)


def by_id(rules: Iterable[Rule]) -> dict[str, Rule]:
    """Return the rules by their ids.

    Raises:
        RulesWrong: two have the same.
    """
    named: dict[str, Rule] = {}
    for rule in rules:
        if rule.id in named:
            raise RulesWrong(f"two rules are named {rule.id}")
        named[rule.id] = rule
    return named
