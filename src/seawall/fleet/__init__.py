"""Inventories of all images that were ever seen, judged again when the advisories change.

`Fleet` keeps them, `record_of` makes what it keeps, `rejudge` finds what a change of the advisories
means for them. ``notifying`` tells it.
"""

from seawall.fleet.record import ImageRecord, record_of
from seawall.fleet.rejudging import Delta, rejudge
from seawall.fleet.store import Fleet

__all__ = ["Delta", "Fleet", "ImageRecord", "record_of", "rejudge"]
