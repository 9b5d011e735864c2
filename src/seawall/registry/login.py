"""From a registry's challenge to the ``Authorization`` header that answers it.

Basic (RFC 7617), and bearer tokens as the distribution project specifies them ("Token
Authentication Specification", "OAuth2 Token Authentication").
"""

import json
from urllib.parse import urlencode

from seawall.errors import BadRegistryAnswer, RegistryDenied
from seawall.registry.challenge import Challenge
from seawall.registry.credentials import Credentials
from seawall.registry.transport import Transport, place_of, shown

_TOKEN_BYTES = 1 << 20
_CLIENT = "seawall"


def authorization(
    offered: list[Challenge],
    credentials: Credentials,
    transport: Transport,
    base: str,
    scope: str,
) -> str:
    """Return the header's value; empty where nothing we have answers what is `offered`.

    Raises:
        RegistryDenied: the token server does not accept the credentials.
        BadRegistryAnswer: the challenge, or the token server's answer, is unusable.
        RegistryUnreachable: the token server does not answer.
    """
    for challenge in offered:
        match challenge.scheme:
            case "bearer":
                return f"Bearer {_token(challenge, credentials, transport, base, scope)}"
            case "basic" if credentials.basic:
                return credentials.basic
    return ""


def _token(
    challenge: Challenge, credentials: Credentials, transport: Transport, base: str, scope: str
) -> str:
    if credentials.registry_token:
        return credentials.registry_token
    realm = challenge.parameters.get("realm", "")
    scheme, _ = place_of(realm)
    if scheme != "https" and base.startswith("https:"):
        raise BadRegistryAnswer(
            f"{base}: it wants the login sent to {shown(realm)}, in the clear",
            "nothing was sent; ask who runs the registry",
        )
    form = {"service": challenge.parameters.get("service", ""), "scope": scope}
    form = {name: value for name, value in form.items() if value}
    if credentials.identity_token:
        form |= {
            "grant_type": "refresh_token",
            "client_id": _CLIENT,
            "refresh_token": credentials.identity_token,
        }
        answer = transport.answered(realm, form=form)
    else:
        headers = {"Authorization": credentials.basic} if credentials.basic else {}
        query = urlencode(form | ({"account": credentials.user} if credentials.user else {}))
        joint = "&" if "?" in realm else "?"
        answer = transport.answered(f"{realm}{joint}{query}" if query else realm, headers)
    raw = transport.whole(answer, realm, _TOKEN_BYTES)
    if answer.status in (400, 401, 403):
        raise RegistryDenied(
            f"{shown(realm)}: gives no token ({answer.status})",
            "log in anew: docker login HOST"
            if credentials != Credentials()
            else RegistryDenied.hint,
        )
    if answer.status != 200:
        raise BadRegistryAnswer(f"{shown(realm)}: the token server answers {answer.status}")
    try:
        document = json.loads(raw)
        token = document.get("token") or document.get("access_token")
    except (ValueError, AttributeError, RecursionError):
        token = None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise BadRegistryAnswer(f"{shown(realm)}: an answer without a token")
    return token
