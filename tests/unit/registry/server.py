"""A small registry on loopback that can fail on purpose, and a token server beside it."""

import base64
import hashlib
import http.server
import json
import ssl
import subprocess
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
USER, PASSWORD = "ada", "s3cret:with colon"
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class LoopbackRegistry(http.server.ThreadingHTTPServer):
    """Serves `files` by path, or by path and query; `faults` of a path are used up one a request.

    Faults: a status; ``"429 7"`` with seconds to wait; ``"cut 1000"`` ends the connection after as
    many bytes of the body; ``"drop"`` ends it before an answer.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, tuple[str, bytes]] = {}
        self.faults: dict[str, list[str]] = defaultdict(list)
        self.headers: dict[str, dict[str, str]] = defaultdict(dict)  # added to a path's answer
        self.redirects: dict[str, str] = {}
        self.wants = ""  # "basic", "bearer"
        self.realm = ""  # of the bearer challenge; this server's own /token unless set
        self.token = "t0"  # noqa: S105 - a made-up one
        self.scope = "repository:team/app:pull"  # that its token is good for
        self.knows_ranges = True
        self.scheme = "http"
        self.asked: list[tuple[str, dict[str, str], str]] = []  # path, headers, body

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}"

    def put_blob(self, data: bytes, name: str = "team/app") -> str:
        digest = digest_of(data)
        self.files[f"/v2/{name}/blobs/{digest}"] = ("application/octet-stream", data)
        return digest

    def put_manifest(
        self, document: Any, tag: str = "latest", name: str = "team/app", kind: str = MANIFEST
    ) -> str:
        raw = document if isinstance(document, bytes) else json.dumps(document).encode()
        digest = digest_of(raw)
        for wanted in (tag, digest):
            self.files[f"/v2/{name}/manifests/{wanted}"] = (kind, raw)
        return digest

    def asked_for(self, part: str) -> list[dict[str, str]]:
        """Return the headers of all requests whose path has `part`."""
        return [headers for path, headers, _ in self.asked if part in path]


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: LoopbackRegistry

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        self._serve(body)

    def do_GET(self) -> None:
        self._serve("")

    def _serve(self, body: str) -> None:
        server, path = self.server, urlsplit(self.path).path
        headers = {name.title(): value for name, value in self.headers.items()}
        server.asked.append((self.path, headers, body))
        if self.path in server.files:  # one page of several
            path = self.path
        fault = server.faults[path].pop(0) if server.faults[path] else ""
        if fault == "drop":
            self.close_connection = True
        elif fault and not fault.startswith("cut"):
            status, _, wait = fault.partition(" ")
            self._answer(int(status), b"", {"Retry-After": wait} if wait else {})
        elif path == "/token":
            self._give_token(body)
        elif path.startswith("/v2/") and not self._is_allowed():
            self._challenge()
        elif path in server.redirects:
            self._answer(307, b"", {"Location": server.redirects[path]})
        elif path not in server.files:
            said = {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}
            self._answer(404, json.dumps(said).encode())
        else:
            kind, content = server.files[path]
            self._send(content, {"Content-Type": kind, **server.headers[path]}, fault)

    def _send(self, content: bytes, headers: dict[str, str], fault: str) -> None:
        status, asked = 200, self.headers.get("Range", "")
        if asked and self.server.knows_ranges:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            headers = {
                "Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"
            } | headers
            status, content = 206, content[start:]
        self._answer(status, content, headers, int(fault.split()[1]) if fault else None)

    def _is_allowed(self) -> bool:
        header = self.headers.get("Authorization", "")
        match self.server.wants:
            case "basic":
                return header == BASIC
            case "bearer":
                return header == f"Bearer {self.server.token}"
            case _:
                return True

    def _challenge(self) -> None:
        realm = self.server.realm or f"{self.server.url}/token"
        said = {
            "basic": 'Basic realm="a registry"',
            "bearer": f'Bearer realm="{realm}",service="it",scope="repository:else:pull"',
        }[self.server.wants]
        body = json.dumps({"errors": [{"code": "UNAUTHORIZED", "message": "log in"}]}).encode()
        self._answer(401, body, {"WWW-Authenticate": said})

    def _give_token(self, body: str) -> None:
        query = parse_qs(urlsplit(self.path).query) | parse_qs(body)
        header = self.headers.get("Authorization", "")
        if header not in ("", BASIC) or query.get("refresh_token", ["good"]) != ["good"]:
            self._answer(401, b"{}")
        elif query.get("scope") != [self.server.scope] or query.get("service") != ["it"]:
            self._answer(400, b"{}")
        else:
            self._answer(200, json.dumps({"token": self.server.token}).encode())

    def _answer(
        self,
        status: int,
        content: bytes,
        headers: dict[str, str] | None = None,
        sent: int | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:sent])
        if sent is not None:
            self.close_connection = True


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[LoopbackRegistry]:
    """Run a registry; with TLS where there is a certificate (its key lies beside it)."""
    with LoopbackRegistry() as server:
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, certificate.with_suffix(".key"))
            server.socket = context.wrap_socket(server.socket, server_side=True)
            server.scheme = "https"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def make_certificate(folder: Path) -> Path:
    """Make a self-signed certificate for loopback, or skip."""
    certificate = folder / "server.crt"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=seawall test"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    command += ["-keyout", str(folder / "server.key"), "-out", str(certificate)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("needs openssl")
    return certificate
