"""Whether a text that looks like a secret is one: entropy, placeholders, published values, forms.

What is refused, and why: a value that stands for another (``${TOKEN}``, ``<your key>``), a value
that says that it is an example, and a value that its owner has published, as Azure's storage
emulator does. None can be revoked, and none opens anything that is not open to all.
"""

import base64
import binascii
import hashlib
import json
import math
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from itertools import pairwise

_REFERENCE = re.compile(
    rb"""
      \$\{ | \$\( | \$[A-Za-z_]+$ | ^\$[A-Za-z_0-9]+ | \{\{ | ^\{.*\}$ | \#\{  # shells, templates
    | <[^>]*>? | \xc2\xab | ^\[.*\]$ | ^&[a-z]+;                       # <your token> and the like
    | ^%[\w(%{] | %\( | %[sd] | ^@\w+@$ | ^__\w+__$
    | ^(?:process\.env|os\.environ|ENV\[|env\.|getenv|System\.)
    | ^!(?:Ref|Sub|vault|secret)\b | ^(?:vault|secret|file|env|arn|op|ssm):
    """,
    re.VERBOSE | re.IGNORECASE,
)
_EXAMPLE = re.compile(
    rb"""
      example | placeholder | redacted | dummy | notasecret | not[_-]a[_-] | insert[_-]
    | change[_-]?(?:me|it|this) | replace[_-]?(?:me|with|this)
    | \byour[ _-] | your(?:key|token|secret|pass|api|own|client|access|account)
    | (?:fake|mock|sample|testing|invalid)[_-]? (?:key|token|secret|pass|api|value)
    | xxxxx | \*{3} | \.{3} | 0123456789 | 1234567890 | 12345678$
    | abcdefgh | qwerty | deadbeef | foobar
    """,
    re.VERBOSE | re.IGNORECASE,
)
_WORDS = re.compile(rb"[A-Za-z]*(?:[ _.:/-]+[A-Za-z]*)*\d{0,2}")
_PATH = re.compile(rb"(?:\.{0,2}/|~/|[A-Za-z]:\\)[\w./\\@+-]*")
_NOTHING = frozenset(
    (
        *(b"true", b"false", b"none", b"null", b"nil", b"undefined", b"yes", b"no", b"on", b"off"),
        *(b"required", b"optional", b"string", b"enabled", b"disabled", b"auto", b"default"),
    )
)
# Names that speak of a secret and do not hold one.
_ABOUT = re.compile(
    rb"(?:_|^)(?:FILE|PATH|DIR|URL|URI|ENDPOINT|HOST|NAME|ID|TTL|EXPIR\w*|LENGTH|LEN|SIZE|TYPE|ALGO\w*"
    rb"|VERSION|HEADER|FIELD|PROMPT|POLICY|COUNT|LIMIT|TIMEOUT|FORMAT|REGEX|PATTERN|ENABLED?|REQUIRED"
    rb"|ISSUER|AUDIENCE|SCOPES?|ENV|VAR|HELPER|STORE|PROVIDER|MANAGER|ROTATION|FINGERPRINT)$",
    re.IGNORECASE,
)


def entropy(value: bytes) -> float:
    """Return Shannon's entropy in bits a character, by how often each occurs in `value`."""
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values())


def is_placeholder(value: bytes) -> bool:
    """Tell whether a value stands for another one, or says that it is none."""
    return bool(_REFERENCE.search(value) or _EXAMPLE.search(value) or _is_sequence(value))


def _is_sequence(value: bytes) -> bool:
    """Tell whether most characters follow on the one before them: ``abcdef012345``."""
    steps = sum(b - a in (0, 1) for a, b in pairwise(value))
    return steps * 2 > len(value)


def is_published(value: bytes) -> bool:
    """Tell whether the value's owner, or a specification, has published it as an example."""
    return hashlib.sha256(b"".join(value.split())).hexdigest() in _published()


@cache
def _published() -> frozenset[str]:
    file = resources.files("seawall.scanning.content") / "rules" / "published_secrets.toml"
    listed = tomllib.loads(file.read_text("utf-8"))["value"]
    return frozenset(value["sha256"] for value in listed)


# Of RFC 7519, and what services add: a token without any is somebody's example.
_CLAIMS = frozenset(
    (
        *("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "scope", "scopes", "role", "roles"),
        *("azp", "client_id", "user_id", "email", "tenant", "tid", "sid", "ref", "kubernetes.io"),
    )
)


def _jwt(match: re.Match[bytes]) -> bool:
    """A signed JSON web token: header and claims are JSON, and the header names an algorithm."""
    header, claims, _ = match["secret"].split(b".", 2)
    read = _json(header)
    claimed = _json(claims)
    return (
        read.get("alg", "none") != "none"
        and not _CLAIMS.isdisjoint(claimed)
        and claimed.get("sub") != "1234567890"  # as on jwt.io, and copied into many manuals
    )


def _kubernetes_jwt(match: re.Match[bytes]) -> bool:
    claims = _json(match["secret"].split(b".", 2)[1])
    return _jwt(match) and (
        str(claims.get("iss", "")).startswith("kubernetes/serviceaccount")
        or "kubernetes.io" in claims
        or str(claims.get("sub", "")).startswith("system:serviceaccount:")
    )


def _json(part: bytes) -> Mapping[str, object]:
    """Return the JSON object in base64url; empty if there is none."""
    try:
        read = json.loads(base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _user_and_password(match: re.Match[bytes]) -> bool:
    """base64 of ``user:password``, as Docker's configuration and HTTP's basic scheme have it."""
    value = match["secret"]
    try:
        user, colon, password = base64.b64decode(value + b"=" * (-len(value) % 4)).partition(b":")
        (user + password).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return bool(user and colon and password) and not is_placeholder(password)


def _url_password(match: re.Match[bytes]) -> bool:
    """The password of a URL: no word of a manual, and not for a host of one."""
    password, user = match["secret"].lower(), (match["user"] or b"").lower()
    host = match["host"].lower()
    return not (
        _MANUAL.fullmatch(password)
        or password == user
        or _MANUAL_HOST.search(host)
        or _REFERENCE.search(match["secret"])
        or _REFERENCE.search(host)
        or _REFERENCE.search(user)
    )


# Words that manuals use as passwords; Oracle's and Firebird's accounts of the first installation.
_MANUAL = re.compile(
    rb"tiger(?:\^5hhh)?|masterkey|\w{0,12}(?:pass(?:wor[dt]|wd)?|pwd|passw0rd|p%40ss|p@ss(?:w0rd)?|(?:n@me:)?p(?:%40|@)ss(?:%3a|:)w[o0]rd)\d{0,3}"
    rb"|secret|token|x-oauth-basic|foo|bar|baz|test(?:ing)?|user(?:name)?|pw|port|key|abc|xxx|1234\d{0,2}"
)
_MANUAL_HOST = re.compile(
    rb"""
      (?:^|\.)example(?:\.|$) | \.(?:example|test|invalid|local\.test)(?:$|[:/])
    | ^(?:foo|bar|baz|domain|server|\w*host(?<!^localhost)|somewhere|site|proxy|some)(?:$|[.:/])
    """,
    re.VERBOSE,
)


def _not_of_a_manual(match: re.Match[bytes]) -> bool:
    return not _MANUAL.fullmatch(match["secret"].lower())


# What programs that try passwords try first.
_GUESSED = re.compile(
    rb"change[_-]?(?:me|it)\d{0,3}[!.]?|(?:my)?(?:password|passw0rd|secret|admin|root|toor|test|guest|welcome)\d{0,4}[!.]?"
    rb"|default|letmein|qwerty\d{0,3}|postgres|mysql|oracle|123456\d{0,4}"
)


def _environment(match: re.Match[bytes]) -> bool:
    """A variable whose value is used as it stands, however short, but for words of a manual.

    Of a password, words that everybody guesses first count: this is how the image runs.
    """
    value = match["secret"]
    if b"pass" in match["name"].lower() and _GUESSED.fullmatch(value.lower()):
        return True
    return not (
        _ABOUT.search(match["name"])
        or is_placeholder(value)
        or _MANUAL.fullmatch(value.lower())
        or _PATH.fullmatch(value)
        or value.lower() in _NOTHING
        or b"://" in value
        or (value.isdigit() and len(value) < 4)
    )


def _password(match: re.Match[bytes]) -> bool:
    """A guess at a password: no word, no name, no path, no code."""
    value = match["secret"]
    return not (
        _ABOUT.search(match["name"])
        or _WORDS.fullmatch(value)
        or _PATH.fullmatch(value)
        or b"://" in value
        or value.lower() in _NOTHING
        or value.isdigit()
        or re.search(rb"(?i)passw|secret|token|_key|test", value)
    )


def _generic(match: re.Match[bytes]) -> bool:
    """A guess at a token: letters and digits in no order that a person would write."""
    value = match["secret"]
    letters = sum(65 <= c <= 90 or 97 <= c <= 122 for c in value)
    digits = sum(48 <= c <= 57 for c in value)
    return letters >= 4 and digits >= 2 and _password(match)


CHECKS: Mapping[str, Callable[[re.Match[bytes]], bool]] = {
    "jwt": _jwt,
    "kubernetes-jwt": _kubernetes_jwt,
    "user-and-password": _user_and_password,
    "url-password": _url_password,
    "not-of-a-manual": _not_of_a_manual,
    "environment": _environment,
    "password": _password,
    "generic": _generic,
}
