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
    │   └── SourceUnavailable    a daemon or file that does not answer
    ├── CacheUnusable            the cache of layers cannot be used; nothing is lost with it
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
        "write docker:NAME, oci-dir:PATH, oci-archive:PATH, docker-archive:PATH or dir:PATH, "
        "or the path of something that exists"
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


class SourceUnavailable(ImageError):
    """A daemon or file that the image should come from does not answer."""


class CacheUnusable(SeawallError):
    """The cache of layers cannot be opened, read or written."""

    hint = "nothing is lost with it: remove the file, or scan with --no-cache"


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
