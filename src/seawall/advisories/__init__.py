"""What is known to be wrong: feeds in, one indexed store, matching as a range join.

`update` fills the store from an `Origin`, `AdvisoryStore` answers, `match` judges packages. A
version is compared as bytes, so the whole match is one statement of the database.
"""

from seawall.advisories.currency import OLD, Currency, currencies, of_feeds
from seawall.advisories.distributions import is_stream
from seawall.advisories.ecosystems import ECOSYSTEMS, Subject, subject_of
from seawall.advisories.feeds.osv import Interval
from seawall.advisories.journal import Change, ChangeKind, Changes, StoreState, Touched
from seawall.advisories.matching import Flaw, Matches, flaw_names, holds, is_about, is_open, match
from seawall.advisories.origin import Folder, Mirror, Origin, Progress
from seawall.advisories.store import AdvisoryStore, FeedState
from seawall.advisories.store_writer import snapshot_of
from seawall.advisories.updating import Outcome, update

__all__ = [
    "ECOSYSTEMS",
    "OLD",
    "AdvisoryStore",
    "Change",
    "ChangeKind",
    "Changes",
    "Currency",
    "FeedState",
    "Flaw",
    "Folder",
    "Interval",
    "Matches",
    "Mirror",
    "Origin",
    "Outcome",
    "Progress",
    "StoreState",
    "Subject",
    "Touched",
    "currencies",
    "flaw_names",
    "holds",
    "is_about",
    "is_open",
    "is_stream",
    "match",
    "of_feeds",
    "snapshot_of",
    "subject_of",
    "update",
]
