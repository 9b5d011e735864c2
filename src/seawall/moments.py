"""Moments as they are kept and told: RFC 3339 in UTC, to the second, so that they sort as text."""

from datetime import UTC, datetime


def stamp(moment: datetime) -> str:
    """Return a moment with a time zone as text: ``2026-11-22T09:30:00Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
