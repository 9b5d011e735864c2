"""Connections: proxies, TLS, and patience."""

import email.utils
import subprocess
import time
from pathlib import Path

import pytest

from seawall.errors import (
    BadRegistryAnswer,
    BadRegistrySetup,
    RateLimited,
    RegistryUnreachable,
    RegistryUntrusted,
)
from seawall.registry.settings import Settings
from seawall.registry.transport import TRIES, Dropped, Transport, place_of, shown
from tests.unit.registry.server import LoopbackRegistry, make_certificate, serving


def transport(settings: Settings | None = None) -> tuple[Transport, list[float]]:
    """Return connections that note how long they would have waited."""
    waited: list[float] = []
    return Transport(settings or Settings(), waited.append), waited


def files(server: LoopbackRegistry) -> None:
    server.files["/thing"] = ("text/plain", b"content")


def test_a_server_that_stumbles_is_asked_again() -> None:
    with serving() as server:
        files(server)
        server.faults["/thing"] = ["503", "drop", "429 7", "500"]
        connections, waited = transport()
        answer = connections.answered(f"{server.url}/thing")
        assert connections.whole(answer, "", 100) == b"content"
        assert len(waited) == 4
        assert waited[2] == 7
        connections.close()


def test_a_date_to_wait_for_is_a_time_to_wait() -> None:
    with serving() as server:
        files(server)
        server.faults["/thing"] = ["429 " + email.utils.formatdate(time.time() + 20, usegmt=True)]
        connections, waited = transport()
        connections.answered(f"{server.url}/thing").close()
        assert 15 < waited[0] <= 20
        connections.close()


@pytest.mark.parametrize("wait", ["3600", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_server_that_wants_hours_of_peace_is_left_in_it(wait: str) -> None:
    with serving() as server:
        server.faults["/thing"] = [f"429 {wait}"]
        connections, waited = transport()
        with pytest.raises(RateLimited, match="429"):
            connections.answered(f"{server.url}/thing")
        assert waited == []
        connections.close()


@pytest.mark.parametrize(
    ("fault", "error"),
    [("503", RegistryUnreachable), ("429", RateLimited), ("drop", Dropped)],
)
def test_patience_ends(fault: str, error: type[Exception]) -> None:
    with serving() as server:
        server.faults["/thing"] = [fault] * 20
        connections, waited = transport()
        with pytest.raises(error):
            connections.answered(f"{server.url}/thing")
        assert len(server.asked) == TRIES
        assert waited == sorted(waited)
        connections.close()


def test_a_large_answer_is_refused_without_being_kept() -> None:
    with serving() as server:
        server.files["/thing"] = ("text/plain", bytes(1 << 20))
        connections, _ = transport()
        answer = connections.answered(f"{server.url}/thing")
        with pytest.raises(BadRegistryAnswer, match="more than 1,000 bytes"):
            connections.whole(answer, f"{server.url}/thing", 1000)
        connections.close()


def test_a_certificate_must_be_trusted(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    with serving(certificate) as server:
        files(server)
        connections, _ = transport()
        with pytest.raises(RegistryUntrusted, match="self-signed"):
            connections.answered(f"{server.url}/thing")
        # Loopback may do without TLS, but not with a certificate that nobody vouches for.
        with pytest.raises(RegistryUntrusted, match="self-signed"):
            connections.base(server.host)
        connections.close()


def test_authorities_are_named_for_all_hosts_or_for_one(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    with serving(certificate) as server:
        files(server)
        folder = tmp_path / "certs.d" / server.host
        folder.mkdir(parents=True)
        (folder / "ca.crt").write_bytes(certificate.read_bytes())
        for settings in (
            Settings(authorities=certificate),
            Settings(certificate_folders=(tmp_path / "absent", tmp_path / "certs.d")),
        ):
            connections, _ = transport(settings)
            assert connections.base(server.host) == server.url
            assert connections.answered(f"{server.url}/thing").status == 200
            connections.close()


def test_our_own_certificate_is_presented_where_docker_presents_it(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    with serving(certificate) as server:
        folder = tmp_path / "certs.d" / server.host
        folder.mkdir(parents=True)
        (folder / "client.cert").write_bytes(certificate.read_bytes())
        connections, _ = transport(Settings(certificate_folders=(tmp_path / "certs.d",)))
        with pytest.raises(BadRegistrySetup, match=r"client\.cert: .*client\.key"):
            connections.answered(f"{server.url}/thing")
        encrypted = ["openssl", "ec", "-aes128", "-passout", "pass:x"]
        encrypted += ["-in", str(tmp_path / "server.key"), "-out", str(folder / "client.key")]
        subprocess.run(encrypted, check=True, capture_output=True)
        with pytest.raises(BadRegistrySetup, match="has a password"):
            connections.answered(f"{server.url}/thing")
        (folder / "client.key").write_bytes((tmp_path / "server.key").read_bytes())
        with pytest.raises(RegistryUntrusted):  # the pair is taken, the server's is not trusted
            connections.answered(f"{server.url}/thing")
        connections.close()


@pytest.mark.parametrize("content", [b"", b"no certificate"])
def test_a_damaged_certificate_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ca.pem").write_bytes(content)
    connections, _ = transport(Settings(authorities=tmp_path / "ca.pem"))
    with pytest.raises(BadRegistrySetup, match=r"ca\.pem"):
        connections.send("https://127.0.0.1:1/")
    connections, _ = transport(Settings(authorities=tmp_path / "absent.pem"))
    with pytest.raises(BadRegistrySetup, match=r"absent\.pem"):
        connections.send("https://127.0.0.1:1/")


def test_only_loopback_and_listed_hosts_do_without_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as server:
        connections, _ = transport()
        assert connections.base(server.host) == server.url
        assert connections.base("registry.example") == "https://registry.example"
        # An address of this machine that is not known to be loopback, listed.
        other = server.host.replace("127.0.0.1", "0.0.0.0")  # noqa: S104 - nothing is bound to it
        assert connections.base(other) == f"https://{other}"
        connections.close()
        connections, _ = transport(Settings(insecure=frozenset((other,))))
        assert connections.base(other) == f"http://{other}"
        connections.close()


def test_a_proxy_is_used_but_for_exceptions() -> None:
    with serving() as proxy:
        # To a proxy the whole address is said, so the server sees it as a path.
        proxies = {
            "http": f"ada:x@{proxy.host}",
            "no": ".internal.example, 10.0.0.0/8,b.example:81",
        }
        connections, _ = transport(Settings(proxies=proxies))
        connections.send("http://registry.example/v2/").close()
        connections.send("http://b.example:82/v2/").close()
        asked = [(path, headers.get("Proxy-Authorization")) for path, headers, _ in proxy.asked]
        assert asked == [
            ("http://registry.example/v2/", "Basic YWRhOng="),
            ("http://b.example:82/v2/", "Basic YWRhOng="),
        ]
        for exempt in ("a.internal.example", "internal.example", "b.example:81"):
            with pytest.raises(RegistryUnreachable, match="no connection"):
                connections.send(f"http://{exempt}/v2/")
        assert len(proxy.asked) == 2
        connections.close()


def test_this_machine_is_never_reached_through_a_proxy() -> None:
    with serving() as server:
        files(server)
        connections, _ = transport(Settings(proxies={"all": "http://127.0.0.1:1"}))
        assert connections.send(f"{server.url}/thing").status == 200
        connections.close()


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "http://", "http://[x"])
def test_a_proxy_of_an_unknown_kind_is_named(proxy: str) -> None:
    connections, _ = transport(Settings(proxies={"https": proxy}))
    with pytest.raises(BadRegistrySetup, match="proxy"):
        connections.send("https://registry.example/v2/")


def test_what_may_be_secret_in_an_address_is_not_shown() -> None:
    assert shown("https://ada:pw@host.example/blob?sig=secret") == "https://host.example/blob"
    for password in ("p/w", "p?w", "p#w"):
        assert shown(f"https://ada:{password}@host.example/blob") == "https://…"


@pytest.mark.parametrize(
    "address",
    ["", "ftp://a/b", "file:///etc/passwd", "http://", "http://a b/", "https://[::1", "x"],
)
def test_only_http_addresses_are_gone_to(address: str) -> None:
    with pytest.raises(BadRegistryAnswer):
        place_of(address)
