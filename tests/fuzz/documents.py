"""The parsers that are no catalogers, each with documents to start from."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from seawall.advisories.feeds import epss, kev, osv
from seawall.images import Limits
from seawall.images.sources.manifest import image_of, resolve_docker, resolve_oci
from seawall.inventory.purl import located
from seawall.inventory.sbom.reading import parse_sbom
from seawall.model import ImageRef, Step
from seawall.registry.challenge import challenges
from seawall.registry.reference import parse as parse_reference
from seawall.scanning import exceptions, vex
from seawall.scanning.configuration import dockerfile, history
from seawall.scanning.content.contract import Window
from seawall.scanning.content.malware import MalwareDetector
from seawall.scanning.content.malware import own_rules as malware_rules
from seawall.scanning.content.searching import Looking
from seawall.scanning.content.secrets import SecretsDetector
from seawall.scanning.content.secrets import own_rules as secret_rules
from tests.fuzz.parsers import Parser
from tests.unit.scanning.vex import documents as vex_documents

_DATA = Path(__file__).parents[1] / "data"
_GOLDEN = Path(__file__).parents[1] / "golden"
_REF = ImageRef("oci-archive", "fuzz.tar")
_DIGEST = "sha256:" + "ab" * 32
_CONFIG = {
    "architecture": "amd64",
    "os": "linux",
    "config": {
        "User": "app",
        "Env": ["PATH=/bin", "TOKEN=x"],
        "Cmd": ["/bin/sh"],
        "ExposedPorts": {"80/tcp": {}},
        "Labels": {"a": "b"},
        "Healthcheck": {"Test": ["CMD", "true"]},
    },
    "history": [
        {"created_by": "RUN x", "empty_layer": False},
        {"created_by": "CMD", "empty_layer": True},
    ],
    "rootfs": {"type": "layers", "diff_ids": [_DIGEST]},
}
_INDEX = {
    "schemaVersion": 2,
    "manifests": [
        {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": _DIGEST,
            "size": 7,
            "platform": {"os": "linux", "architecture": "amd64"},
            "annotations": {"org.opencontainers.image.ref.name": "latest"},
        }
    ],
}
_DOCKER = [{"Config": "ab.json", "RepoTags": ["a:1"], "Layers": ["1/layer.tar"]}]


def documents() -> list[Parser]:
    """Return them all."""
    scratch = Path(tempfile.mkdtemp(prefix="fuzz-")) / "document"
    secrets, malware = Looking([SecretsDetector(secret_rules())]), MalwareDetector(malware_rules())
    return [
        Parser(
            "sbom",
            lambda name, data: parse_sbom(data, name),
            _files("data/sbom/*.json", "golden/inventory/*.json"),
        ),
        Parser("vex", _from_file(scratch, vex.read), _vex()),
        Parser("exceptions", _from_file(scratch, exceptions.read), _exceptions()),
        Parser(
            "dockerfile",
            lambda _, data: dockerfile.parse(_text(data)),
            _files("data/dockerfiles/*.Dockerfile"),
        ),
        Parser("image-history", _history, _files("data/dockerfiles/*.Dockerfile")),
        Parser("image-config", _image_config, [("config", json.dumps(_CONFIG).encode())]),
        Parser("docker-manifest", _manifest(resolve_docker), [("m", json.dumps(_DOCKER).encode())]),
        Parser("oci-index", _manifest(resolve_oci), [("i", json.dumps(_INDEX).encode())]),
        Parser("osv-record", _osv, _files("data/osv/*/*.json")),
        Parser("kev", lambda _, data: list(kev.parse(data)), [("kev.json", _KEV)]),
        Parser("epss", lambda _, data: epss.parse(data), [("epss.csv", _EPSS)]),
        Parser("registry-challenge", lambda _, data: challenges(_text(data)), [("h", _CHALLENGE)]),
        Parser(
            "image-reference",
            lambda _, data: parse_reference(_text(data)),
            [("r", b"ghcr.io:443/a/b:1@" + _DIGEST.encode())],
        ),
        Parser("package-url", lambda _, data: located(_text(data)), _PURLS),
        Parser(
            "secrets",
            lambda name, data: list(secrets.look([Window(name, 0, len(data), data)])),
            _texts(),
        ),
        Parser(
            "malware",
            lambda name, data: list(malware.look(Window(name, 0, len(data), data), ())),
            _texts(),
        ),
    ]


_KEV = json.dumps(
    {
        "catalogVersion": "2025.08.25",
        "vulnerabilities": [
            {
                "cveID": "CVE-2023-4863",
                "dateAdded": "2023-09-13",
                "knownRansomwareCampaignUse": "Known",
            }
        ],
    }
).encode()
_EPSS = (
    b"#model_version:v1,score_date:2026-01-01T00:00:00Z\n"
    b"cve,epss,percentile\nCVE-2023-4863,0.9,0.99\n"
)
_CHALLENGE = (
    b'Bearer realm="https://auth.example/token",service="r",scope="repository:a/b:pull", '
    b'Basic realm="x"'
)


_PURLS = [
    ("purl", text)
    for text in (
        b"pkg:deb/debian/curl@7.88.1-10?arch=amd64&distro=debian-12&upstream=curl%407.88",
        b"pkg:rpm/redhat/nodejs@18.1-2.el9?arch=x86_64&epoch=1&rpmmod=nodejs%3A18",
        b"pkg:maven/org.apache/log4j@2.17.1",
        b"pkg:npm/%40babel/core@7.0.0#lib",
        b"pkg:golang/github.com/a/b@v1.2.3%2Bincompatible",
    )
]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def _root() -> Path:
    return Path(__file__).parents[1]


def _files(*patterns: str) -> list[tuple[str, bytes]]:
    found = [p for pattern in patterns for p in sorted(_root().glob(pattern))]
    return [(p.name, p.read_bytes()[: 256 << 10]) for p in found if p.is_file()]


def _texts() -> list[tuple[str, bytes]]:
    return [
        *_files("data/dockerfiles/*.Dockerfile", "data/malware/*.toml", "data/locks/*/*"),
        ("app/.env", b"DB_PASSWORD=hunter2\nURL=postgres://u:p4ssw0rd@db.internal/x\n"),
        (
            "key.pem",
            b"-----BEGIN RSA PRIVATE KEY-----\n"
            + b"QUJDRA==" * 60
            + b"\n-----END RSA PRIVATE KEY-----\n",
        ),
    ]


def _vex() -> list[tuple[str, bytes]]:
    found = [
        vex_documents.openvex(vex_documents.said({"@id": "pkg:deb/debian/glibc@2.36"})),
        vex_documents.csaf(
            {"full_product_names": [vex_documents.product("P1", purl="pkg:rpm/redhat/glibc@2.34")]},
            product_status={"known_not_affected": ["P1"]},
        ),
    ]
    return [("vex.json", json.dumps(document).encode()) for document in found]


def _exceptions() -> list[tuple[str, bytes]]:
    return [
        (
            ".seawall.yaml",
            b"exceptions:\n  - id: [CVE-2023-4911, CVE-2023-4806]\n    package: pkg:deb/*/glibc\n"
            b"    path: usr/**/x\n    owner: ana\n    reason: never called\n"
            b"    until: 2027-03-31\n",
        )
    ]


def _from_file(scratch: Path, read: Callable[[str], object]) -> Callable[[str, bytes], object]:
    def parse(_: str, data: bytes) -> object:
        scratch.write_bytes(data)
        return read(str(scratch))

    return parse


def _history(_: str, data: bytes) -> object:
    steps = [Step(line) for line in _text(data).splitlines()]
    return list(history.instructions(steps))


def _image_config(_: str, data: bytes) -> object:
    return image_of(_REF, data, _DIGEST, [], Limits())


def _manifest(resolve: Callable[..., object]) -> Callable[[str, bytes], object]:
    """Give the damaged document first, and a sound configuration for all else that is asked for."""
    first = ("manifest.json", "index.json")
    config = json.dumps(_CONFIG).encode()
    return lambda _, data: resolve(lambda n: data if n in first else config, _REF, "", Limits())


def _osv(_: str, data: bytes) -> object:
    return osv.parse(json.loads(data), "Debian", osv.Keys())
