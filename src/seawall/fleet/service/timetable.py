"""When something that is done again and again is due. Pure: whoever asks brings the time.

Times are seconds on a clock that only goes forward.
"""

from dataclasses import dataclass, field

_FIRST_S = 30.0  # after a first failure


@dataclass(slots=True)
class Recurring:
    """A task that is due every so often, and sooner again after it failed."""

    every_s: float
    due: float
    failures: int = 0  # in a row

    def is_due(self, now: float) -> bool:
        """Tell whether it is time."""
        return now >= self.due

    def done(self, now: float) -> None:
        """It ended well."""
        self.failures = 0
        self.due = now + self.every_s

    def failed(self, now: float) -> None:
        """It failed: wait 30 s, then longer, never longer than usual."""
        self.due = now + min(self.every_s, _FIRST_S * 2.0 ** min(self.failures, 16))
        self.failures += 1

    def set_every(self, every_s: float) -> None:
        """Take another interval; it counts from the last time."""
        self.due += every_s - self.every_s
        self.every_s = every_s


WAITS_S = (10.0, 60.0)  # before the second and the third try


@dataclass(slots=True)
class Read:
    """An image that is to be read."""

    digest: str
    names: tuple[str, ...]
    place: str
    attempts: int = 0
    due: float = 0.0
    reason: str = ""  # why the last try failed
    is_final: bool = False  # another try would fail in the same way


@dataclass(slots=True)
class Reads:
    """Images that are to be read, each once, in the order in which they came.

    One that failed three times is given up, and known as such, until the runtime is listed again;
    one that would always fail, for good.
    """

    waiting: dict[str, Read] = field(default_factory=dict)
    given_up: dict[str, Read] = field(default_factory=dict)
    failures: int = 0  # ever

    def want(self, digest: str, names: tuple[str, ...], place: str) -> None:
        """Add an image, or names of one that waits."""
        read = self.waiting.get(digest) or self.given_up.get(digest)
        if read is None:
            self.waiting[digest] = Read(digest, names, place)
        else:
            read.names = tuple(dict.fromkeys((*read.names, *names)))

    def restock(self, wanted: dict[str, tuple[str, ...]], place: str, *, again: bool) -> None:
        """Take what a listing found to be unread for all there is to read.

        With `again`, what was given up is tried once more.
        """
        if again:
            self.given_up = {d: read for d, read in self.given_up.items() if read.is_final}
        for reads in (self.waiting, self.given_up):
            for digest in reads.keys() - wanted.keys():
                del reads[digest]
        for digest, names in wanted.items():
            self.want(digest, names, place)

    def hurry(self, digest: str) -> None:
        """Have an image read before all others: it runs."""
        if read := self.waiting.pop(digest, None):
            self.waiting = {digest: read, **self.waiting}

    def next(self, now: float) -> Read | None:
        """Return an image whose time has come."""
        return next((read for read in self.waiting.values() if now >= read.due), None)

    def forget(self, digest: str) -> None:
        """It is read, or gone."""
        self.waiting.pop(digest, None)
        self.given_up.pop(digest, None)

    def failed(self, digest: str, reason: str, now: float, *, is_final: bool = False) -> bool:
        """Note that a try failed; return whether there will be another one."""
        self.failures += 1
        read = self.waiting.pop(digest, None)
        if read is None:  # gone meanwhile
            return False
        read.attempts, read.reason, read.is_final = read.attempts + 1, reason, is_final
        if is_final or read.attempts > len(WAITS_S):
            self.given_up[digest] = read
            return False
        read.due = now + WAITS_S[read.attempts - 1]
        self.waiting[digest] = read  # behind the others
        return True
