"""The databases of rpm: three forms of file, one form of record.

`header.Header` reads a record. `sqlite`, `ndb` and `berkeley` each have one function `records`
that yields all records of a file, and `Damage` for what of it cannot be read.
"""

from seawall.inventory.rpmdb import berkeley, ndb, sqlite
from seawall.inventory.rpmdb.damage import Damage
from seawall.inventory.rpmdb.header import Header

__all__ = ["Damage", "Header", "berkeley", "ndb", "sqlite"]
