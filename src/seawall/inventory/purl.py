"""Package-urls (https://github.com/package-url/purl-spec) with everything matching needs.

A Debian package carries its distribution, architecture and source package as qualifiers, so that
an SBOM is judged exactly as the image it was made from.
"""

from packageurl import PackageURL

from seawall.model import Distribution, Package


def purl(package: Package, distribution: Distribution | None) -> str:
    """Return the package-url, for example ``pkg:deb/debian/libssl3@3.0.11?arch=amd64&…``."""
    namespace, name = "", package.name
    qualifiers: dict[str, str] = {}
    if package.type == "npm" and name.startswith("@"):
        namespace, _, name = name.partition("/")
    elif package.type == "deb":
        namespace = distribution.id if distribution else "debian"
        if package.arch:
            qualifiers["arch"] = package.arch
        if distribution and (release := distribution.version or distribution.codename):
            qualifiers["distro"] = f"{distribution.id}-{release}"
        if package.source and (package.source, package.source_version) != (name, package.version):
            version = package.source_version
            qualifiers["upstream"] = f"{package.source}@{version}" if version else package.source
    return PackageURL(package.type, namespace, name, package.version, qualifiers).to_string()
