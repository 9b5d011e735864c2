"""A small mirror on loopback: the bulk layout over HTTP, which can fail on purpose."""

import hashlib
import http.server
import io
import json
import threading
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any

from tests.unit.advisories.records import Record, below, record

KEV = "/sites/default/files/feeds/known_exploited_vulnerabilities.json"
EPSS = "/epss_scores-current.csv.gz"
KEV_CONTENT = json.dumps(
    {"vulnerabilities": [{"cveID": "CVE-2020-1000", "dateAdded": "2020-01-02"}]}
).encode()
EPSS_CONTENT = (
    b"#model_version:v1,score_date:2026-08-16T00:00:00+0000\n"
    b"cve,epss,percentile\nCVE-2020-1000,0.5,0.9\n"
)


def zipped(records: Sequence[Record | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for number, one in enumerate(records):
            name = f"R-{number}.json"
            archive.writestr(name, one if isinstance(one, bytes) else json.dumps(one))
    return buffer.getvalue()


def flaws(ecosystem: str, count: int, fixed: str = "2.0") -> list[Record]:
    return [
        record(
            f"{ecosystem[:3].upper()}-{number}",
            below(ecosystem, f"thing-{number}", fixed),
            aliases=[f"CVE-2020-{1000 + number}"],
        )
        for number in range(count)
    ]


def feeds(**ecosystems: bytes) -> dict[str, bytes]:
    """Return a mirror's files, by path."""
    return {
        "/ecosystems.txt": "\n".join(["Android", *ecosystems]).encode(),
        **{f"/{name}/all.zip": content for name, content in ecosystems.items()},
        KEV: KEV_CONTENT,
        EPSS: EPSS_CONTENT,
    }


def lay_out(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write a mirror's files into a folder."""
    for path, content in files.items():
        place = folder / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return folder


class LoopbackMirror(http.server.ThreadingHTTPServer):
    """Serves `files`; `faults` of a path are used up one a request."""

    daemon_threads = True

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = dict(files)
        self.faults: dict[str, list[str]] = defaultdict(list)  # "500", "short"
        self.has_etags = True
        self.answers: list[tuple[str, int]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answered(self, path: str) -> list[int]:
        return [status for asked, status in self.answers if asked == path]


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: LoopbackMirror

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
        pass

    def do_GET(self) -> None:
        content = self.server.files.get(self.path)
        fault = self.server.faults[self.path].pop(0) if self.server.faults[self.path] else ""
        etag = f'"{hashlib.sha256(content or b"").hexdigest()}"'
        if fault.isdigit():
            self._answer(int(fault), b"")
        elif content is None:
            self._answer(404, b"not found")
        elif self.server.has_etags and self.headers.get("If-None-Match") == etag:
            self._answer(304, b"")
        elif fault == "short":
            self._answer(200, content, sent=len(content) // 2)
        else:
            self._answer(200, content, etag=etag if self.server.has_etags else "")

    def _answer(self, status: int, content: bytes, etag: str = "", sent: int | None = None) -> None:
        self.server.answers.append((self.path, status))
        self.send_response(status)
        if etag:
            self.send_header("ETag", etag)
            self.send_header("Last-Modified", formatdate(1_700_000_000, usegmt=True))
        if status != 304:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:sent])
        if sent is not None:
            self.close_connection = True


@contextmanager
def serving(files: Mapping[str, bytes]) -> Iterator[LoopbackMirror]:
    with LoopbackMirror(files) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
