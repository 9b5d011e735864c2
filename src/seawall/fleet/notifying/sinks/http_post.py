"""One POST to an address that a person chose, for the sinks that speak HTTP.

Redirects are not followed: a notice goes where the settings say and nowhere else. Proxies are
those of the environment, never for this machine. No ``.netrc``, no cookies, no connection kept.
"""

import ssl
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from seawall import __version__
from seawall.errors import DeliveryFailed, DeliveryRefused
from seawall.inventory.sbom.columns import shortened
from seawall.registry.reference import is_loopback

if TYPE_CHECKING:
    import urllib3

CONNECT_S, READ_S = 10, 30
_EXCERPT = 512  # bytes of an answer that says no
_LATER = frozenset((408, 425, 429))  # and all from 500 on


def post(url: str, body: bytes, headers: Mapping[str, str], ca_file: Path | None) -> None:
    """Send `body`; any answer from 200 to 299 is a yes.

    Of an answer only its status, ``Retry-After`` and its first bytes are looked at. Messages name
    the host alone: the rest of such an address is often a secret.

    Raises:
        DeliveryFailed: no answer, 408, 425, 429 or from 500 on.
        DeliveryRefused: any other answer.
    """
    import urllib3  # noqa: PLC0415 - only who sends needs it

    where = shown(url)
    if not where:
        raise DeliveryFailed("its address is neither http:// nor https://")
    headers = {"User-Agent": f"seawall/{__version__}", "Accept": "*/*", **headers}
    try:
        with _pool(url, ca_file) as pool:
            answer = pool.request(
                "POST",
                url,
                body=body,
                headers=headers,
                redirect=False,
                retries=False,
                timeout=urllib3.Timeout(connect=CONNECT_S, read=READ_S),
                preload_content=False,
                decode_content=False,
            )
            try:
                _check(where, answer)
            finally:
                answer.close()
    except (urllib3.exceptions.HTTPError, OSError, UnicodeError) as error:
        raise DeliveryFailed(f"{where}: no answer ({_cause(error)})") from None


def shown(url: str) -> str:
    """Return scheme and host of an http or https address; empty if it is none."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}"


def _check(where: str, answer: "urllib3.BaseHTTPResponse") -> None:
    status = answer.status
    if 200 <= status < 300:
        return
    # One read, not all of it: whoever sends a byte a second must not hold us.
    said = answer.read1(_EXCERPT).decode("utf-8", "replace").strip()
    message = f"{where} answers {status}" + (f" ({shortened(said, 160)})" if said else "")
    if status in _LATER or status >= 500:
        raise DeliveryFailed(message, _retry_after_s(answer.headers.get("Retry-After", "")))
    if 300 <= status < 400:
        message = f"{where} answers {status}, a redirect, and those are not followed"
    raise DeliveryRefused(message)


def _retry_after_s(text: str) -> float | None:
    """Return the seconds of a ``Retry-After`` header (RFC 9110, section 10.2.3), if it is one."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):
        return None


def _pool(url: str, ca_file: Path | None) -> "urllib3.PoolManager":
    import urllib3  # noqa: PLC0415 - only who sends needs it

    context = context_for(ca_file) if url.startswith("https:") else None
    proxy = _proxy(url)
    if not proxy:
        return urllib3.PoolManager(num_pools=1, ssl_context=context)
    login = urlsplit(proxy)
    headers = None
    if login.username:
        user, password = (unquote(t or "") for t in (login.username, login.password))
        headers = urllib3.make_headers(proxy_basic_auth=f"{user}:{password}")
    return urllib3.ProxyManager(proxy, proxy_headers=headers, ssl_context=context)


def context_for(ca_file: Path | None) -> ssl.SSLContext:
    """Return what checks a server: its name, and the system's authorities or those of a file.

    Raises:
        DeliveryFailed: the file cannot be used.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise DeliveryFailed(f"{ca_file}: no usable certificates ({_cause(error)})") from error


def _proxy(url: str) -> str:
    parts = urlsplit(url)
    if is_loopback(parts.netloc.rpartition("@")[2]):
        return ""
    proxies = urllib.request.getproxies_environment()
    if urllib.request.proxy_bypass(parts.netloc, proxies):
        return ""
    proxy = proxies.get(parts.scheme) or proxies.get("all") or ""
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"


def _cause(error: BaseException) -> str:
    """Return the innermost reason in a few words, without the address it is about."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    if isinstance(error, OSError) and error.strerror:
        return shortened(error.strerror, 120)
    text = str(error).rpartition(": ")[2]
    return shortened(text, 120) if text and "://" not in text else type(error).__name__
