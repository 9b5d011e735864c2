"""How current the advisories are: for each ecosystem, since when news may be missing.

Two dates tell, and either alone deceives. When the store last asked says nothing where the one who
answers has stood still: a mirror, or a folder carried over by hand. The newest record says nothing
where little happens: a small ecosystem rightly has no news for half a year. So the date of asking
counts always, and the newest record where its feed is large enough for news to be regular.

It is the whole feed that must not fall silent, all its releases and withdrawn records included: one
file brings them all, so what stands still stands still as a whole, and one release is silent for
longer than its feed. A release's own newest record counts only where it lags half a year behind:
then the feed has stopped to speak of it.

How long a feed may be silent was measured on what `FeedState.newest` is made of: the dates of all
records, in the last two years of each feed that the snapshot is made of (most end in August 2026).
The longest times without a changed record: AlmaLinux 14.4 days, Debian 8.4; RubyGems 42, PyPI 38,
Go 35, crates.io 34, Bitnami 9 (81 in the year before its last). PHP's, which is there in part, had
101; CRAN has 14 records, and those of Alpine and npm carry the date of their copy, which tells
nothing. Parts of a feed are silent for longer: Debian 13 for 19 days, PyPI's records that name
versions for 64. The limits are the longest of the feeds, and the week that may pass unasked.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from seawall.advisories.ecosystems import ECOSYSTEMS
from seawall.advisories.store import AdvisoryStore, FeedState
from seawall.model import Incomplete

OLD = timedelta(days=7)  # since the store asked; from here on a reader should know
OUTDATED = timedelta(days=183)  # from here on so much is missing that a scan is incomplete
_SILENT = timedelta(days=15) + OLD  # of whole feeds, not of releases: see above
_SILENT_LANGUAGE = timedelta(days=45) + OLD
_REGULAR = 500  # records of a feed from which on it has news at least every few weeks
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Currency:
    """How current one feed is, or the part of it that speaks of one release."""

    name: str  # "Debian:12", "PyPI", "kev"; the feed's ("Red Hat") where several parts are meant
    newest: str  # RFC 3339 or date: when its newest record was changed; may be empty
    obtained: str  # RFC 3339: when the store last knew it to be what its feed has
    is_regular: bool = True  # its feed is large enough that long silence means something
    until: str = ""  # YYYY-MM-DD after which nobody publishes any more: the release's end of life
    feed_newest: str = ""  # as `newest`, of the whole feed; empty where `newest` is that already

    @property
    def as_of(self) -> str:
        """Since when news may be missing, as the feed writes it; empty when nothing tells.

        Of a release that had ended when the store asked, and whose feed was not silent then, that
        nothing came since tells nothing.
        """
        counts = self.is_regular and not self._is_complete
        told = [self.obtained, *([self._heard] if counts else [])]
        return min(filter(None, told), key=_moment, default="")

    def is_old(self, now: datetime) -> bool:
        """Tell whether a reader should know that news may be missing."""
        return self._lacks(now, OLD, self._silent)

    def is_outdated(self, now: datetime) -> bool:
        """Tell whether so much may be missing that "nothing found" means little."""
        return self._lacks(now, OUTDATED, OUTDATED)

    @property
    def _heard(self) -> str:
        """When its feed last spoke, or the release, where it had not for half a year when asked.

        Languages have no releases: what stands behind a colon there is a small repository.
        """
        latest = max(self.newest, self.feed_newest, key=_moment)
        if self._is_language or not self.newest:
            return latest
        asked = self._before_its_end(_moment(self.obtained))
        return self.newest if asked - _moment(self.newest) > OUTDATED else latest

    @property
    def _is_complete(self) -> bool:
        """Tell whether the store asked after the release's end and has what came until then."""
        if not self.until or _moment(self.obtained) < self._end:
            return False
        return self._end - _moment(self._heard) <= self._silent

    @property
    def _end(self) -> datetime:
        """The first moment after the release's end of life."""
        return _moment(self.until) + timedelta(days=1)

    @property
    def _silent(self) -> timedelta:
        return _SILENT_LANGUAGE if self._is_language else _SILENT

    @property
    def _is_language(self) -> bool:
        ecosystem = ECOSYSTEMS.get(self.name.partition(":")[0])
        return ecosystem is not None and not ecosystem.has_releases

    def _lacks(self, now: datetime, unasked: timedelta, silent: timedelta) -> bool:
        """Tell whether nobody asked, or nothing came, for longer than that before `now`.

        After the end of a release nothing more can be missed.
        """
        there = self._before_its_end(now)
        if there - _moment(self.obtained) > unasked:
            return True
        return self.is_regular and bool(self._heard) and there - _moment(self._heard) > silent

    def _before_its_end(self, moment: datetime) -> datetime:
        return min(moment, self._end) if self.until else moment


def currencies(
    store: AdvisoryStore, ecosystems: Collection[str], until: str = ""
) -> tuple[Currency, ...]:
    """Return how current the store is on these ecosystems (with release), sorted by name.

    Those of one feed count as one, for a distribution that has its advisories under many names.
    `until` is when support of the distribution's release ends.
    """
    feeds = {feed.name: feed for feed in store.feeds()}
    return currencies_by(feeds, store.newest(ecosystems), ecosystems, until)


def currencies_by(
    feeds: Mapping[str, FeedState],
    newest: Mapping[str, str],
    ecosystems: Collection[str],
    until: str = "",
) -> tuple[Currency, ...]:
    """Return what `currencies` does, by what was noted of a store.

    That is the state of its feeds by name, and the newest record of each ecosystem.
    """
    groups: dict[str, list[str]] = {}
    for name in sorted(ecosystems):
        groups.setdefault(name.partition(":")[0], []).append(name)
    return tuple(
        _currency(
            names[0] if len(names) == 1 else family,
            max((newest.get(name, "") for name in names), key=_moment),
            feeds.get(f"osv/{family}"),
            until if family in ECOSYSTEMS and ECOSYSTEMS[family].has_releases else "",
        )
        for family, names in groups.items()
    )


def outdated_gaps(currencies: Iterable[Currency], today: date) -> Iterator[Incomplete]:
    """Yield a gap for each ecosystem of which half a year is missing."""
    now = datetime.combine(today, time(), UTC)
    for one in currencies:
        if one.is_outdated(now):
            since = f"end at {one.as_of[:10]}" if one.as_of else "are of unknown age"
            yield Incomplete("/", f"the advisories for {one.name} {since}: later flaws are missing")


def of_feeds(feeds: Iterable[FeedState]) -> tuple[Currency, ...]:
    """Return how current whole feeds are, by their own names without ``osv/``."""
    return tuple(_currency(feed.name.removeprefix("osv/"), feed.newest, feed) for feed in feeds)


def _currency(name: str, newest: str, feed: FeedState | None, until: str = "") -> Currency:
    if feed is None:  # a store that lost its note of a feed knows nothing of its age
        return Currency(name, newest, "", until=until)
    return Currency(
        name, newest, feed.obtained, feed.records >= _REGULAR, until, feed_newest=feed.newest
    )


def _moment(text: str) -> datetime:
    """Return a time of a feed; what is none is before all others."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _NEVER
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
