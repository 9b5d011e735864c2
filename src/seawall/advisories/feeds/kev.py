"""CISA's catalogue of known exploited vulnerabilities (KEV), as its JSON feed."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from seawall.errors import BadFeed

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")


@dataclass(frozen=True, slots=True)
class Exploited:
    """A CVE that is exploited in the wild."""

    cve: str
    since: str  # YYYY-MM-DD, when it entered the catalogue
    ransomware: bool  # known to be used in ransomware campaigns


def parse(content: bytes) -> Iterator[Exploited]:
    """Yield the catalogue's entries.

    Raises:
        BadFeed: the content is no KEV catalogue, or says nowhere since when a CVE is in it.
    """
    try:
        catalogue = json.loads(content)
        entries = catalogue["vulnerabilities"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadFeed("KEV: not a catalogue of known exploited vulnerabilities") from error
    if not isinstance(entries, list):
        raise BadFeed("KEV: not a catalogue of known exploited vulnerabilities")
    for entry in entries:
        if isinstance(entry, dict) and _CVE.fullmatch(str(entry.get("cveID"))):
            # A missing date must not make an exploited CVE look like one that is not.
            since = _date(entry.get("dateAdded")) or _date(catalogue.get("dateReleased"))
            if not since:
                raise BadFeed(f"KEV: no date for {entry['cveID']}, nor for the catalogue")
            known = str(entry.get("knownRansomwareCampaignUse")).lower() == "known"
            yield Exploited(entry["cveID"], since, known)


def _date(value: object) -> str:
    found = _DATE.match(value) if isinstance(value, str) else None
    return found[0] if found else ""
