"""One module a feed: parsing is pure, fetching is shared (`fetch`)."""

from seawall.advisories.feeds import epss, kev, osv

FEEDS = (osv, kev, epss)

__all__ = ["FEEDS", "epss", "kev", "osv"]
