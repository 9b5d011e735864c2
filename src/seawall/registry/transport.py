"""Requests over HTTP: connections, proxies, TLS, and patience with servers that stumble.

Redirects are not followed here: only the caller knows which host may see which header.
"""

import email.utils
import ipaddress
import random
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlencode, urlsplit

from seawall import __version__
from seawall.errors import (
    BadRegistryAnswer,
    BadRegistrySetup,
    RateLimited,
    RegistryUnreachable,
    RegistryUntrusted,
)
from seawall.registry import tls
from seawall.registry.reference import is_host_name, is_loopback
from seawall.registry.settings import Settings

if TYPE_CHECKING:
    import urllib3

TRIES = 5  # of one request, before its failure is reported
_LONGEST_WAIT_S = 60.0  # a server may ask for hours; a person should decide about those
_CONNECT_S, _READ_S = 15, 120  # to connect; for each piece of an answer
_CHUNK = 1 << 18
_ASK_AGAIN = frozenset((408, 429, 500, 502, 503, 504))


class Dropped(RegistryUnreachable):
    """A connection ended before its answer did: asking again may help."""

    hint = "try again; what is in between may not keep long connections"


class Transport:
    """Connections to a registry and to the hosts it sends us to."""

    def __init__(self, settings: Settings, sleep: Callable[[float], object] = time.sleep) -> None:
        self._settings = settings
        self._sleep = sleep
        self._pools: dict[tuple[str, str], urllib3.PoolManager] = {}  # by scheme and host

    def close(self) -> None:
        """End all connections."""
        for pool in self._pools.values():
            pool.clear()
        self._pools.clear()

    def base(self, host: str) -> str:
        """Return ``https://HOST``; ``http://HOST`` where it has no TLS and need not have it.

        That is this machine, and what ``SEAWALL_INSECURE_REGISTRIES`` lists.
        """
        if not is_loopback(host) and host.lower() not in self._settings.insecure:
            return f"https://{host}"
        try:
            self.send(f"https://{host}/v2/").close()
        except RegistryUntrusted as error:
            if isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise
            return f"http://{host}"
        except Dropped:
            return f"http://{host}"
        except RegistryUnreachable:
            if ":" in host.rpartition("]")[2]:  # one port, and nobody there
                raise
            return f"http://{host}"
        return f"https://{host}"

    def answered(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> "urllib3.BaseHTTPResponse":
        """Return the answer to a request, after waiting where the server asks for that.

        Raises:
            RegistryUnreachable: no answer, or again and again that it is out of order.
            RegistryUntrusted: no trusted certificate.
            RateLimited: it does not want to be asked so often.
        """
        for attempt in range(1, TRIES + 1):
            try:
                answer = self.send(url, headers, form)
            except Dropped:
                if attempt == TRIES:
                    raise
                self.pause(attempt)
                continue
            if answer.status not in _ASK_AGAIN:
                return answer
            asked_s = _retry_after(answer.headers.get("Retry-After", ""))
            answer.close()
            if attempt == TRIES or asked_s > _LONGEST_WAIT_S:
                raise _refused(shown(url), answer.status, asked_s)
            self.pause(attempt, asked_s)
        raise AssertionError("unreachable")

    def pause(self, attempt: int, at_least_s: float = 0.0) -> None:
        """Wait before the next attempt, longer each time, and never all clients at once."""
        self._sleep(max(at_least_s, 0.25 * 2**attempt * random.uniform(0.5, 1)))

    def send(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> "urllib3.BaseHTTPResponse":
        """Send one request, a POST with a `form`; the body of the answer is still to be read."""
        import urllib3  # noqa: PLC0415 - images from elsewhere never go to the network
        from urllib3 import exceptions  # noqa: PLC0415 - the same

        where = shown(url)
        sent = {"User-Agent": f"seawall/{__version__}", **(headers or {})}
        if form is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            return self._pool(url).request(
                "GET" if form is None else "POST",
                url,
                body=None if form is None else urlencode(form),
                headers=sent,
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=urllib3.Timeout(connect=_CONNECT_S, read=_READ_S),
            )
        except exceptions.SSLError as error:
            cause = (
                error.args[0] if error.args and isinstance(error.args[0], ssl.SSLError) else error
            )
            raise RegistryUntrusted(f"{where}: no trusted TLS ({_reason(cause)})") from cause
        except exceptions.ProxyError as error:
            raise RegistryUnreachable(
                f"{where}: no answer through the proxy ({_reason(error)})",
                "check HTTPS_PROXY and NO_PROXY",
            ) from error
        except (exceptions.NewConnectionError, exceptions.ConnectTimeoutError) as error:
            raise RegistryUnreachable(f"{where}: no connection ({_reason(error)})") from error
        except (exceptions.LocationValueError, UnicodeError) as error:
            raise BadRegistryAnswer(f"{where}: no usable address ({_reason(error)})") from error
        except (exceptions.HTTPError, OSError) as error:
            raise Dropped(f"{where}: no answer ({_reason(error)})") from error

    def body(self, answer: "urllib3.BaseHTTPResponse", url: str) -> Iterator[bytes]:
        """Yield an answer's body as it was sent, piece by piece; `Dropped` where it breaks off."""
        from urllib3 import exceptions  # noqa: PLC0415 - images from elsewhere never need it

        try:
            yield from answer.stream(_CHUNK, decode_content=False)
        except (exceptions.HTTPError, OSError) as error:
            raise Dropped(f"{shown(url)}: the answer breaks off ({_reason(error)})") from error

    def whole(self, answer: "urllib3.BaseHTTPResponse", url: str, limit: int) -> bytes:
        """Return an answer's body of at most `limit` bytes.

        Raises:
            BadRegistryAnswer: it is larger.
            Dropped: it breaks off.
        """
        data = b""
        for chunk in self.body(answer, url):
            data += chunk
            if len(data) > limit:
                answer.close()
                raise BadRegistryAnswer(f"{shown(url)}: an answer of more than {limit:,} bytes")
        return data

    def _pool(self, url: str) -> "urllib3.PoolManager":
        """Return the connections to a host, with its certificates and through its proxy."""
        import urllib3  # noqa: PLC0415 - images from elsewhere never go to the network

        scheme, host = place_of(url)
        pool = self._pools.get((scheme, host))
        if pool is not None:
            return pool
        context = tls.context(host, self._settings) if scheme == "https" else None
        proxy = _proxy(scheme, host, self._settings.proxies)
        if proxy:
            pool = _proxied(proxy, context)
        else:
            pool = urllib3.PoolManager(num_pools=2, ssl_context=context)
        self._pools[scheme, host] = pool
        return pool


def place_of(url: str) -> tuple[str, str]:
    """Return scheme and ``HOST[:PORT]`` of an address, in small letters.

    Raises:
        BadRegistryAnswer: it is no http or https address.
    """
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2].lower()
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or not is_host_name(host):
        raise BadRegistryAnswer(f"{url[:80]!r} is no http or https address")
    standard = ":443" if parts.scheme == "https" else ":80"
    return parts.scheme, host.removesuffix(standard)


def shown(url: str) -> str:
    """Return an address without what may be secret in it: user, password, signed query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an address that is none"
    if "@" in url and "@" not in parts.netloc:  # perhaps of a password with "/", "?" or "#" in it
        return f"{parts.scheme}://…"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:300]


def _proxy(scheme: str, host: str, proxies: Mapping[str, str]) -> str:
    """Return the proxy for a host; empty where there is none, and for this machine always."""
    proxy = proxies.get(scheme) or proxies.get("all") or ""
    if not proxy or is_loopback(host) or _is_exempt(host, proxies.get("no", "")):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def _is_exempt(host: str, exempt: str) -> bool:
    """Tell whether ``NO_PROXY`` lists a host: by name, domain, address, network, or all (``*``)."""
    if host.startswith("["):
        name, _, port = host[1:].partition("]")
        port = port.removeprefix(":")
    else:
        name, _, port = host.partition(":")
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        address = None
    for entry in filter(None, (part.strip().lower() for part in exempt.split(","))):
        listed, colon, only = entry.rpartition(":")
        if colon and only.isdigit() and only == port and "]" not in listed[:-1]:
            entry = listed.strip("[]")  # noqa: PLW2901 - the entry without its port
        if entry == "*" or name == entry.lstrip(".") or name.endswith("." + entry.lstrip(".")):
            return True
        try:
            if address is not None and address in ipaddress.ip_network(entry, strict=False):
                return True
        except ValueError:
            continue
    return False


def _proxied(proxy: str, context: ssl.SSLContext | None) -> "urllib3.PoolManager":
    import urllib3  # noqa: PLC0415 - images from elsewhere never go to the network

    try:
        parts = urlsplit(proxy)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("not an http or https address")
        headers = {}
        if parts.username:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            headers = urllib3.make_headers(proxy_basic_auth=pair)
        address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        return urllib3.ProxyManager(
            address, num_pools=2, proxy_headers=headers, ssl_context=context
        )
    except ValueError as error:
        raise BadRegistrySetup(
            f"the proxy {shown(proxy)} is of a kind Seawall does not speak ({error})",
            "write http://HOST:PORT into HTTPS_PROXY",
        ) from error


def _retry_after(value: str) -> float:
    """Return the seconds a server asks us to wait (RFC 9110, section 10.2.3); 0 where it does not.

    Seconds, or a date.
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = email.utils.parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return max(0.0, moment - time.time())


def _refused(where: str, status: int, asked_s: float) -> RegistryUnreachable | RateLimited:
    wait = f", and wants {asked_s:.0f} seconds of peace" if asked_s else ""
    if status == 429:
        return RateLimited(f"{where}: asked too often (429){wait}")
    return RegistryUnreachable(f"{where}: the server answers {status}{wait}", "try again later")


def _reason(error: BaseException) -> str:
    """Say in a few words what a chain of network errors means."""
    cause: BaseException = error
    while cause.__cause__ or cause.__context__:
        cause = cause.__cause__ or cause.__context__ or cause
    text = getattr(cause, "verify_message", "") or getattr(cause, "strerror", "") or str(cause)
    return (str(text) or type(cause).__name__)[:200]
