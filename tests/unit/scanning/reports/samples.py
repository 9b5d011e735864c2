"""One report as a real image gives it, and how to bend it."""

import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from seawall.model import (
    Distribution,
    Finding,
    FixState,
    Image,
    ImageRef,
    Incomplete,
    Inventory,
    Kind,
    Layer,
    Package,
    Severity,
    Urgency,
)
from seawall.scanning.report import AdvisoryData, BaseImage, Decision, Report
from seawall.scanning.reports import FORMATS, Options

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BASE, TOOLS, APP = ("sha256:" + digit * 64 for digit in "abc")

GLIBC = Finding(
    kind=Kind.VULNERABILITY,
    id="CVE-2023-4911",
    aliases=("DSA-5514-1",),
    severity=Severity.HIGH,
    package="pkg:deb/debian/libc6@2.36-9%2Bdeb12u1?arch=amd64&distro=debian-12&upstream=glibc",
    name="libc6",
    source="glibc",
    installed="2.36-9+deb12u1",
    fixed_in="2.36-9+deb12u3",
    state=FixState.FIXED,
    urgency=Urgency.NOW,
    layer=BASE,
    path="var/lib/dpkg/status",
    reason="glibc 2.36-9+deb12u1 is below 2.36-9+deb12u3 (Debian 12, DSA-5514-1)",
    score=7.8,
    exploited_since="2023-11-21",
    epss=0.652,
    summary="A buffer overflow in the dynamic loader ld.so lets local users become root.",
)


def deb(name: str, source: str, **changes: Any) -> Finding:
    package = f"pkg:deb/debian/{name}@{changes.get('installed', GLIBC.installed)}?arch=amd64"
    plain = replace(GLIBC, aliases=(), score=None, exploited_since="", epss=None, summary="")
    return replace(plain, name=name, source=source, package=package, **changes)


def pypi(name: str, **changes: Any) -> Finding:
    package = f"pkg:pypi/{name}@{changes['installed']}"
    path = f"app/lib/python3.11/site-packages/{name}-{changes['installed']}.dist-info/METADATA"
    plain = replace(GLIBC, aliases=(), source="", layer=APP, exploited_since="", epss=None)
    return replace(plain, name=name, package=package, path=path, **changes)


LINUX = [
    deb(
        "linux-image-6.1.0-13-amd64",
        "linux",
        id=f"CVE-2024-{number}",
        installed="6.1.55-1",
        fixed_in="6.1.90-1",
        urgency=Urgency.SOON,
        layer=TOOLS,
        reason="linux 6.1.55-1 is below 6.1.90-1 (Debian 12)",
        epss=0.004,
    )
    for number in range(26581, 26595)
]
FINDINGS = [
    GLIBC,
    replace(
        GLIBC,
        name="libc-bin",
        package="pkg:deb/debian/libc-bin@2.36-9%2Bdeb12u1?arch=amd64&upstream=glibc",
    ),
    pypi(
        "jinja2",
        id="CVE-2024-56326",
        aliases=("GHSA-q2x7-8rv6-6q7h",),
        severity=Severity.CRITICAL,
        installed="3.1.2",
        fixed_in="3.1.5",
        reason="jinja2 3.1.2 is below 3.1.5 (PyPI)",
        score=9.8,
        summary="Jinja has a sandbox breakout through indirect reference to the format method.",
    ),
    *LINUX,
    pypi(
        "cryptography",
        id="GHSA-3ww4-gg4f-jr7f",
        aliases=(),
        installed="41.0.3",
        fixed_in="42.0.0",
        urgency=Urgency.SOON,
        reason="cryptography 41.0.3 is below 42.0.0 (PyPI)",
        score=7.5,
        summary="Bleichenbacher timing oracle in RSA decryption.",
    ),
    pypi(
        "urllib3",
        id="CVE-2024-37891",
        severity=Severity.MEDIUM,
        installed="1.26.12",
        fixed_in="1.26.19",
        urgency=Urgency.WATCH,
        reason="GHSA-34jh-p97f-mpxf (PyPI, urllib3): 1.26.12 is below 1.26.19",
        confirmed=False,
    ),
    deb(
        "libexpat1",
        "expat",
        id="CVE-2023-52425",
        severity=Severity.MEDIUM,
        installed="2.5.0-1",
        fixed_in="",
        state=FixState.UNFIXED,
        urgency=Urgency.WATCH,
        reason="Debian 12 has no fix for expat yet",
        score=5.5,
        epss=0.012,
    ),
    deb(
        "tar",
        "tar",
        id="CVE-2005-2541",
        severity=Severity.LOW,
        installed="1.34+dfsg-1.2",
        fixed_in="",
        state=FixState.WILL_NOT_FIX,
        urgency=Urgency.HIDDEN,
        reason="Debian calls it unimportant: tar keeps setuid bits when root extracts",
    ),
]
DEBIAN = Distribution("debian", "12", "bookworm", "Debian GNU/Linux 12 (bookworm)")
INVENTORY = Inventory(
    target="docker:shop/api:2.3",
    digest="sha256:9f2c" + "0" * 56 + "41ab",
    distribution=DEBIAN,
    packages=(
        Package("deb", "libc6", "2.36-9+deb12u1", "glibc", "", "amd64", BASE, GLIBC.path),
        Package("pypi", "jinja2", "3.1.2", layer=APP, path=FINDINGS[2].path),
    ),
    layers=(BASE, TOOLS, APP),
)
REPORT = Report(
    image=Image(
        ref=ImageRef("docker", "shop/api:2.3"),
        digest="sha256:9f2c" + "0" * 56 + "41ab",
        layers=(Layer(BASE, "ADD rootfs.tar.xz /"), Layer(TOOLS, "RUN apt-get"), Layer(APP)),
        os="linux",
        architecture="amd64",
        tags=("shop/api:2.3",),
    ),
    distribution=DEBIAN,
    packages={"deb": 298, "npm": 18, "pypi": 96},
    findings=FINDINGS,
    incomplete=(),
    data=AdvisoryData(
        newest="2026-11-20T10:00:00Z",
        obtained="2026-11-20T11:00:00Z",
        is_snapshot=False,
        advisories=312_456,
    ),
    version="0.1.0",
    inventory=INVENTORY,
    notes=("2 packages of type golang are listed, but not judged",),
)
GAPS = (
    Incomplete("var/lib/dpkg/status.d/openssl", "no Version field in the second stanza", BASE),
    Incomplete("app/package-lock.json", "not JSON: line 4, column 1", APP),
)
WITH_GAPS = replace(REPORT, incomplete=GAPS)
SNAPSHOT = replace(
    REPORT, data=replace(REPORT.data, newest="2026-10-17T10:00:00Z", is_snapshot=True)
)


def other(kind: Kind, identifier: str, **changes: Any) -> Finding:
    """Return a finding that is about no package."""
    plain = Finding(kind, identifier, Severity.HIGH, Urgency.NOW, "a rule says so")
    return replace(plain, **changes)


AWS_KEY = other(
    Kind.SECRET,
    "aws-access-key",
    severity=Severity.CRITICAL,
    layer=TOOLS,
    path="app/.env",
    line=3,
    title="AWS access key",
    evidence="AKIA…(20 characters)",
    removed_in=APP,
    remedy="revoke the key; keep it out of the image with a build secret",
    reason="the pattern of an access key id, and its letters are random",
)
ROOT = other(
    Kind.CONFIGURATION,
    "runs-as-root",
    severity=Severity.MEDIUM,
    urgency=Urgency.WATCH,
    title="runs as root",
    remedy="add USER with a number above 0",
)
ENDED = other(
    Kind.END_OF_LIFE,
    "distribution-end-of-life",
    title="Debian 10 is no longer supported",
    path="etc/os-release",
    reason="Debian 10: no security updates since 2024-06-30",
    remedy="build on a supported release",
)
OTHERS = [
    AWS_KEY,
    other(
        Kind.MALWARE,
        "xmrig-miner",
        severity=Severity.CRITICAL,
        layer=APP,
        path="usr/local/bin/kworker",
        title="XMRig cryptocurrency miner",
        evidence="donate.v2.xmrig.com at offset 0x1f3a",
        remedy="remove the file and find out who put it there",
    ),
    other(
        Kind.TAMPERED,
        "file-differs-from-package",
        layer=APP,
        path="usr/bin/curl",
        title="differs from package curl 7.88.1-10+deb12u5",
        urgency=Urgency.SOON,
        remedy="install the package again",
    ),
    ROOT,
    ENDED,
]
TEXT = "exception of ana@example.org until 2027-03-31: the code is never called"
VEX_TEXT = "VEX, vex.json, statement 1: not affected, vulnerable_code_not_present"
MIXED = replace(
    REPORT,
    findings=[
        replace(finding, from_base=finding.layer == BASE if finding.layer else None)
        for finding in [
            *FINDINGS[:2],
            AWS_KEY,
            *OTHERS[1:],
            replace(FINDINGS[2], suppressed=TEXT),
            *FINDINGS[3:],
            replace(FINDINGS[-4], name="h11", source="", locked=True),
            replace(FINDINGS[-3], suppressed=VEX_TEXT, id="CVE-2024-1", aliases=("GHSA-a",)),
            replace(AWS_KEY, path="app/tests/.env", suppressed=TEXT),
        ]
    ],
    decisions={
        TEXT: Decision("accepted", "the code is never called (ana@example.org)"),
        VEX_TEXT: Decision("not_affected", "", "vulnerable_code_not_present"),
    },
    warnings=("the exception .seawall.yaml:3 (CVE-1, bob) ended on 2026-01-01",),
    base=BaseImage("debian:12", "", 1, "guessed from the image's history", False),
)
CLEAN = replace(REPORT, findings=(), notes=())


def rendered(report: Report, format_name: str, **choices: Any) -> str:
    out = io.StringIO()
    FORMATS[format_name](report, out, Options(**({"now": NOW} | choices)))
    return out.getvalue()
