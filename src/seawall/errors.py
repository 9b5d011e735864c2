"""Every error a caller may catch.

::

    SeawallError
    ├── UsageError               the request itself is wrong (exit code 2)
    │   └── UnknownTarget        a target that names nothing we can open
    ├── VersionSyntaxError       a version its scheme does not allow (also a ValueError)
    ├── ImageError               an image cannot be opened or read
    │   ├── NotAnImage           what is there has another form
    │   ├── CorruptImage         truncated or malformed
    │   ├── DigestMismatch       content differs from the digest that names it
    │   ├── LimitExceeded        larger than the limits allow
    │   │   └── TooManyFindings  more than the fleet keeps of one image (exit code 4)
    │   └── SourceUnavailable    a daemon or file that does not answer
    │       └── RegistryError    a registry cannot be used
    │           ├── RegistryUnreachable  no answer, or none of use
    │           ├── RegistryUntrusted    its certificate is not trusted
    │           ├── RegistryDenied       it wants (other) credentials
    │           ├── NotInRegistry        it has no such image, manifest or blob
    │           ├── RateLimited          it wants us to wait longer than is sensible
    │           ├── BadRegistryAnswer    it answers with something it should not
    │           └── BadRegistrySetup     a login, certificate or proxy of ours is unusable
    ├── SbomError                a bill of materials cannot be read, or is none
    ├── OutputUnwritable         a result cannot be written where it should go
    ├── CacheUnusable            the cache of layers cannot be used; nothing is lost with it
    │   └── CacheDamaged         its file is damaged, or no database
    ├── FleetError               the inventories of the fleet
    │   └── FleetUnusable        their store cannot be opened, read or written
    ├── NotificationError        a notice cannot be delivered
    │   ├── DeliveryFailed       not now; the same notice is sent again later
    │   └── DeliveryRefused      never; it goes to the dead letters
    └── AdvisoryError            advisories cannot be fetched, read or stored
        ├── FeedUnavailable      a feed does not answer
        ├── BadFeed              a feed answers with something it should not
        └── StoreUnusable        the store is absent, damaged or of another version

Each carries a ``hint``: what to do next. Only the command line (and later the servers) catches
`SeawallError`, prints message and hint, and chooses the exit code.
"""


class SeawallError(Exception):
    """An error with a message (what and where) and a hint (what to do)."""

    hint = ""
    exit_code = 3

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        if hint is not None:
            self.hint = hint


class UsageError(SeawallError):
    """The request itself is wrong."""

    exit_code = 2


class UnknownTarget(UsageError):
    """A target that names nothing we can open."""

    hint = (
        "write docker:NAME, registry:NAME, container:NAME, oci-dir:PATH, oci-archive:PATH, "
        "docker-archive:PATH, dir:PATH or sbom:PATH, or the path of something that exists"
    )


class VersionSyntaxError(SeawallError, ValueError):
    """A version that its scheme does not allow."""

    hint = "the package is listed, but advisories cannot be matched with this version"


class ImageError(SeawallError):
    """An image cannot be opened or read."""


class NotAnImage(ImageError):
    """What is there has another form than the one asked for."""

    hint = "check the prefix: docker-archive:, oci-archive:, oci-dir: and dir: are different forms"


class CorruptImage(ImageError):
    """The image is truncated or malformed."""

    hint = "make the archive again; if it persists, the file was damaged on its way here"


class DigestMismatch(ImageError):
    """Content differs from the digest that names it."""

    hint = "pull or save the image again; if it persists, something altered the blob"

    def __init__(self, where: str, expected: str, actual: str) -> None:
        super().__init__(f"{where}: expected {expected}, content is {actual}")
        self.where, self.expected, self.actual = where, expected, actual


class LimitExceeded(ImageError):
    """The image is larger than the limits allow."""

    hint = "if the image is trusted and really that large, raise the limit with --limit NAME=VALUE"


class TooManyFindings(LimitExceeded):
    """An image would bring more findings into the fleet than any honest one does."""

    hint = "nothing of it was kept; seawall scan shows what it has"
    exit_code = 4  # whoever tries again gets the same


class SourceUnavailable(ImageError):
    """A daemon or file that the image should come from does not answer."""


class SbomError(SeawallError):
    """A file is no bill of materials that we can read, or a damaged one."""

    hint = "CycloneDX 1.2 to 1.7 and SPDX 2.2 and 2.3 can be read, as JSON"


class CacheUnusable(SeawallError):
    """The cache of layers cannot be opened, read or written."""

    hint = "a scan needs it only to be fast, and goes on without it: check the path and permissions"


class CacheDamaged(CacheUnusable):
    """The file of the cache is damaged, or no database; another program's is not this error."""

    hint = "nothing is lost with it: seawall cache prune --all puts an empty one in its place"


class OutputUnwritable(SeawallError):
    """A result cannot be written where it should go: no such folder, a full disk."""

    hint = "nothing was left there that looks whole: check the path, its permissions and the space"


class RegistryError(SourceUnavailable):
    """A registry cannot be used."""


class RegistryUnreachable(RegistryError):
    """A registry gives no answer, or only that it is out of order."""

    hint = "check the name, the network, and HTTPS_PROXY and NO_PROXY"


class RegistryUntrusted(RegistryError):
    """A registry's certificate is not trusted, or it does not speak TLS."""

    hint = (
        "name its authority in SEAWALL_REGISTRY_CA or /etc/docker/certs.d/HOST/ca.crt; "
        "a registry without TLS in SEAWALL_INSECURE_REGISTRIES"
    )


class RegistryDenied(RegistryError):
    """A registry does not accept the credentials, or wants some."""

    hint = "check the name; if the image is private: docker login HOST"


class NotInRegistry(RegistryError):
    """A registry has no such image, manifest or blob."""

    hint = "check the name and the tag"


class RateLimited(RegistryError):
    """A registry wants us to wait longer than is sensible."""

    hint = "log in (docker login HOST), which often has a higher limit, or try later"


class BadRegistryAnswer(RegistryError):
    """A registry answers with something it should not."""

    hint = "is it a registry? if so, a proxy may stand in between"


class BadRegistrySetup(RegistryError):
    """A file of logins, a credential helper, a certificate or a proxy setting is unusable."""


class FleetError(SeawallError):
    """The inventories of the fleet cannot be used."""


class FleetUnusable(FleetError):
    """The store of the fleet cannot be opened, read or written."""

    hint = "check the path or address, permissions and free space"


class AdvisoryError(SeawallError):
    """Advisories cannot be fetched, read or stored."""


class FeedUnavailable(AdvisoryError):
    """A feed does not answer."""

    hint = "check the network or --url; `seawall advisories import DIR` works without one"


class BadFeed(AdvisoryError):
    """A feed answers with something it should not; the store keeps what it had."""


class StoreUnusable(AdvisoryError):
    """The advisory store is absent, damaged or of another version."""

    hint = "make it anew: seawall advisories update"


class NotificationError(SeawallError):
    """A notice cannot be delivered."""


class DeliveryFailed(NotificationError):
    """A notice could not be delivered now: no answer, or one that asks to come back later."""

    hint = "it is sent again; if it persists, check the address and whether somebody listens there"

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s  # as the receiver asked for; None: it did not say


class DeliveryRefused(NotificationError):
    """The receiver will not take this notice, however often it is sent."""

    hint = "the notice is kept among the dead letters; mend the settings of the sink"
