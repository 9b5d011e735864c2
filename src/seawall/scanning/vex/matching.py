"""Does a statement speak of a finding? And if not, why not?

A product may be the image, by digest or name, or the package itself; with parts, one part must be
the package. A digest decides alone: where an image was fetched from says nothing more
(package-url types ``oci`` and ``docker``).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from seawall.model import Distribution, Finding, Image, Kind
from seawall.scanning.purl_pattern import Purl, PurlPattern, parsed
from seawall.scanning.vex.product import product_of
from seawall.scanning.vex.statement import Component, Product, Statement

_IMAGE_TYPES = ("oci", "docker")
_TOLD = 3  # reasons of one statement that are told
_BY_NAME = ("docker", "registry")  # sources whose place is an image's name


@dataclass(frozen=True, slots=True)
class ImageNames:
    """What an image may be called."""

    targets: frozenset[str]  # as people write it: "docker:shop/api:2.3", "shop/api:2.3"
    digests: frozenset[str]  # the image id, and the manifest's where the target names it
    repositories: tuple[tuple[str, str], ...]  # full repository and tag, tag may be empty
    architecture: str
    distribution: Distribution | None


def image_names(image: Image, distribution: Distribution | None) -> ImageNames:
    """Return what VEX documents may call an image."""
    written = [*image.tags]
    if image.ref.source in _BY_NAME:
        written.append(image.ref.place)
    digests = {image.digest, *(name.partition("@")[2] for name in written)}
    targets = {
        product_of(image)["@id"],
        str(image.ref),
        *written,
        *(name.partition("@")[0] for name in written),
    }
    repositories = tuple(dict.fromkeys(_repository(name.partition("@")[0]) for name in written))
    return ImageNames(
        frozenset(targets - {""}),
        frozenset(digests - {""}),
        repositories,
        image.architecture,
        distribution,
    )


def _repository(name: str) -> tuple[str, str]:
    """Return ``("docker.io/library/debian", "12")`` for ``debian:12``."""
    folder, slash, last = name.rpartition("/")
    last, _, tag = last.partition(":")
    path = f"{folder}{slash}{last}"
    host, slash, _ = path.partition("/")
    if slash and ("." in host or ":" in host or host == "localhost"):
        return path.replace("index.docker.io/", "docker.io/", 1), tag
    return f"docker.io/{path if slash else f'library/{path}'}", tag


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a set of statements says of one finding."""

    deciding: Statement | None  # the newest that applies
    refused: tuple[tuple[Statement, str], ...]  # those that do not apply, and why


def verdict(finding: Finding, statements: Iterable[Statement], image: ImageNames) -> Verdict:
    """Return the newest statement that applies.

    Of equally old ones it is the last that calls the flaw by the finding's own id, not by an alias.
    """
    applying: list[Statement] = []
    refused: list[tuple[Statement, str]] = []
    for statement in statements:
        if reason := why_not(statement, finding, image):
            refused.append((statement, reason))
        else:
            applying.append(statement)
    # Of equals, max takes the first.
    own = finding.id.upper()
    deciding = max(reversed(applying), key=lambda s: (s.since, own in s.names), default=None)
    return Verdict(deciding, tuple(refused))


def why_not(statement: Statement, finding: Finding, image: ImageNames) -> str:
    """Return why a statement does not speak of a finding; empty when it does."""
    if finding.kind is not Kind.VULNERABILITY:
        return f"VEX speaks of flaws in packages, this is a {finding.kind}"
    names = {name.upper() for name in (finding.id, *finding.aliases)}
    if not names & statement.names:
        return f"it speaks of {', '.join(sorted(statement.names)) or 'no flaw'}"
    if statement.fault:
        return statement.fault
    if not statement.products:
        return "it names no product"
    reasons: dict[str, None] = {}
    for product in statement.products:
        reason = _product_differs(product, finding, image)
        if not reason:
            return ""
        reasons[reason] = None
    told = "; ".join(list(reasons)[:_TOLD])
    return told + (f"; and {len(reasons) - _TOLD} more" if len(reasons) > _TOLD else "")


def _product_differs(product: Product, finding: Finding, image: ImageNames) -> str:
    whole = _differs(product.component, finding, image)
    if whole or not product.parts:
        return whole
    reasons = [_package_differs(part, finding) for part in product.parts]
    if "" in reasons:
        return ""
    told = next((reason for reason in reasons if "name differs" not in reason), reasons[0])
    return f"product matches, subcomponent {told}"


def _differs(component: Component, finding: Finding, image: ImageNames) -> str:
    """Return why a product is neither the image nor the package; empty when it is one of them."""
    reasons = []
    for name in component.names:
        url = parsed(name)
        if url is not None and url.type in _IMAGE_TYPES:
            reason = _image_differs(url, image)
        elif url is not None:
            reason = _pattern(name).mismatch(finding.package, finding.path)
        elif name in image.targets or name in image.digests:
            reason = ""
        else:
            reason = "is neither this image nor this package"
        if not reason:
            return ""
        reasons.append(f"product {name}: {reason}")
    if component.cpes:
        return _system_differs(component, image)
    return "; ".join(reasons) or f"product {component.label} has no name that could be compared"


def _package_differs(component: Component, finding: Finding) -> str:
    reasons = []
    for name in component.names:
        if parsed(name) is None:
            reasons.append(f"{name} is no package-url")
            continue
        reason = _pattern(name).mismatch(finding.package, finding.path)
        if not reason:
            return ""
        reasons.append(reason)
    return "; ".join(reasons) or f"{component.label} has no package-url"


@lru_cache(maxsize=8192)
def _pattern(name: str) -> PurlPattern:
    return PurlPattern.parse(name)


def _image_differs(url: Purl, image: ImageNames) -> str:
    if url.version.startswith("sha"):
        if url.version in image.digests:
            return ""
        known = ", ".join(sorted(image.digests)) or "none"
        return f"digest differs: {url.version} ≠ {known}"
    arch = url.qualifiers.get("arch", "")
    if arch and arch != image.architecture:
        return f"architecture differs: {arch} ≠ {image.architecture or 'unknown'}"
    reasons = [_repository_differs(url, *place) for place in image.repositories]
    if "" in reasons:
        return ""
    return reasons[0] if reasons else "this image has no name"


def _repository_differs(url: Purl, repository: str, tag: str) -> str:
    folder, _, name = repository.rpartition("/")
    if url.name.lower() != name.lower():
        return f"image name differs: {url.name} ≠ {name}"
    if url.namespace and not f"/{folder}".endswith(f"/{url.namespace}"):
        return f"image name differs: {url.namespace}/{url.name} ≠ {repository}"
    place = url.qualifiers.get("repository_url", "").removeprefix("https://").rstrip("/")
    place = place.replace("index.docker.io", "docker.io", 1)
    if place and place not in _prefixes(repository):
        return f"repository differs: {place} ≠ {repository}"
    wanted = url.qualifiers.get("tag", "") or url.version
    if wanted and wanted != tag:
        return f"tag differs: {wanted} ≠ {tag or 'none'}"
    return ""


def _prefixes(repository: str) -> Iterator[str]:
    """Yield a repository and all folders that hold it."""
    parts = repository.split("/")
    for end in range(len(parts), 0, -1):
        yield "/".join(parts[:end])


def _system_differs(component: Component, image: ImageNames) -> str:
    """Compare a CPE with the distribution's: vendor, product and version, as far as given.

    An edition or repository behind them says where a package came from, which images do not tell.
    """
    distribution = image.distribution
    held = _cpe_parts(distribution.cpe) if distribution else []
    for cpe in component.cpes:
        asked = _cpe_parts(cpe)
        if not held or not asked:
            return f"product {cpe}: this image's distribution names no CPE to compare"
        vendor, product, version = [*asked, "", ""][:3]
        version = version if version not in ("*", "-") else ""
        there = [*held, "", ""][:3]
        if (vendor, product) == (there[0], there[1]) and (
            not version or f"{there[2]}.".startswith(f"{version}.")
        ):
            return ""
    return f"product {component.cpes[0]}: this image is {distribution.cpe if distribution else ''}"


def _cpe_parts(cpe: str) -> list[str]:
    """Return vendor, product, version and what follows, of CPE 2.2 or 2.3; empty when neither."""
    if cpe.startswith("cpe:2.3:"):
        return cpe.lower().split(":")[3:]
    return cpe.lower().split(":")[2:] if cpe.startswith("cpe:/") else []
