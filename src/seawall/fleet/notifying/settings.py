"""What is to be told to whom: the filters and sinks that ``seawall.yaml`` describes, as values."""

from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from seawall.model import Severity
from seawall.settings.secret import Secret

TELLABLE = ("new", "image", "resolved", "indicator")  # kinds of notices that a sink can choose


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Hours of each day in which notices are held back, to be sent when they end."""

    begin: time  # on the clocks of `zone`, first minute of quiet; without a time zone of its own
    end: time  # first minute after it; before `begin` when the hours go across midnight
    zone: ZoneInfo
    except_exploited: bool = True  # what is known to be exploited is sent all the same
    except_from: Severity | None = Severity.CRITICAL  # so is what is at least this severe


@dataclass(frozen=True, slots=True)
class Filter:
    """Which notices a sink wants."""

    minimum_severity: Severity = Severity.HIGH
    exploited: bool = True  # what is known to be exploited counts, whatever its severity
    minimum_epss: float | None = None  # what is at least this likely to be counts, too; 0 to 1
    only_running: bool = False  # only what is in images that run now
    only_fixable: bool = False  # only what has a fixed version
    tell: frozenset[str] = frozenset(("new", "image", "indicator"))  # of `TELLABLE`
    quiet_hours: QuietHours | None = None


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Notices as JSON to an address, signed where there is a secret."""

    name: str
    url: str  # https or http, without a login in it
    secret: Secret | None = None  # key of the HMAC
    ca_file: Path | None = None  # certificates to trust instead of the system's
    filter: Filter = field(default_factory=Filter)


@dataclass(frozen=True, slots=True)
class SlackSettings:
    """Notices to an incoming webhook of Slack, or of what understands its messages."""

    name: str
    url: Secret  # whoever knows it may write there
    ca_file: Path | None = None
    filter: Filter = field(default_factory=Filter)


@dataclass(frozen=True, slots=True)
class EmailSettings:
    """Notices by SMTP."""

    name: str
    host: str
    port: int
    encryption: Literal["starttls", "tls", "none"]  # tls: from the first byte
    sender: str  # an address: LOCAL@DOMAIN, one line, no display name
    recipients: tuple[str, ...]  # likewise, at least one
    user: str = ""  # empty: no login; never with encryption "none"
    password: Secret | None = None  # there exactly when `user` is
    ca_file: Path | None = None
    filter: Filter = field(default_factory=Filter)


@dataclass(frozen=True, slots=True)
class SyslogSettings:
    """Notices as RFC 5424 messages."""

    name: str
    transport: Literal["udp", "tcp", "tls", "unix"]
    host: str = ""  # empty for unix
    port: int = 0  # 0 for unix
    path: Path | None = None  # of the socket, for unix only
    facility: int = 4  # RFC 5424, table 1: 0 to 23
    ca_file: Path | None = None  # for tls only
    filter: Filter = field(default_factory=Filter)


@dataclass(frozen=True, slots=True)
class StdoutSettings:
    """Notices as lines of JSON to standard output."""

    name: str
    filter: Filter = field(default_factory=Filter)


@dataclass(frozen=True, slots=True)
class FileSettings:
    """Notices as lines of JSON behind what a file holds."""

    name: str
    path: Path  # absolute
    filter: Filter = field(default_factory=Filter)


SinkSettings = (
    WebhookSettings | SlackSettings | EmailSettings | SyslogSettings | StdoutSettings | FileSettings
)
