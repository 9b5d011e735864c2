"""The part ``notifications`` of ``seawall.yaml``: what is to be told to whom."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from seawall.fleet.notifying.settings import (
    TELLABLE,
    EmailSettings,
    FileSettings,
    Filter,
    QuietHours,
    SinkSettings,
    SlackSettings,
    StdoutSettings,
    SyslogSettings,
    WebhookSettings,
)
from seawall.model import Severity
from seawall.settings import Value, reading

_FILTER = (
    "minimum_severity",
    "exploited",
    "minimum_epss",
    "only_running",
    "only_fixable",
    "quiet_hours",
    "tell",
)
_SEVERITIES = tuple(str(severity) for severity in sorted(Severity, reverse=True))
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")  # it becomes part of the name of a file
# No display name, no quotes, no letters beyond ASCII: those need a server that speaks SMTPUTF8.
_MAIL_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?"
)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# RFC 5426, 6587, 5425
_SYSLOG_PORTS: dict[Literal["udp", "tcp", "tls"], int] = {"udp": 514, "tcp": 601, "tls": 6514}
# RFC 5424, table 1, by the names that syslog.conf has for them.
_FACILITIES = {
    name: number
    for number, name in enumerate(
        (
            *("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron"),
            *("authpriv", "ftp", "ntp", "audit", "alert", "clock"),
            *(f"local{number}" for number in range(8)),
        )
    )
} | {"security": 4}  # the older name of auth

_Keys = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class _Kind:
    """One type of sink: the keys it has beside name, type and filter, and how it is made."""

    keys: tuple[str, ...]
    required: tuple[str, ...]
    secrets: tuple[str, ...]  # stems of keys whose value must not be written in the file
    make: Callable[[Value, _Keys, str, Filter], SinkSettings]


def sinks(value: Value) -> tuple[SinkSettings, ...]:
    """Return the sinks in the order of the file, each with its whole filter.

    Raises:
        UsageError: something in it is wrong; the message names line and key.
    """
    keys = value.mapping((*_FILTER, "sinks"))
    common = _filter(keys, Filter())
    found: dict[str, SinkSettings] = {}
    listed = keys.get("sinks")
    for item in listed.items("a sink") if listed and not listed.is_absent else ():
        sink = _sink(item, common)
        if sink.name in found:
            raise item.wrong(f"another sink is called {sink.name}, too", "name")
        found[sink.name] = sink
    return tuple(found.values())


def _sink(item: Value, common: Filter) -> SinkSettings:
    type_ = item.peek("type")
    if type_ is None:
        raise item.wrong(f"missing; a sink needs name and type ({', '.join(_KINDS)})", "type")
    word = type_.one_of(tuple(_KINDS))
    kind = _KINDS[word]
    for stem in kind.secrets:
        reading.refuse_written_secret(item, stem)
    named = item.renamed(f"{'an' if word == 'email' else 'a'} {word} sink")
    keys = named.mapping(("name", "type", *kind.keys, *_FILTER), ("name", "type", *kind.required))
    name = keys["name"].text()
    if not _NAME.fullmatch(name):
        raise keys["name"].wrong("must be of letters, digits and . _ -, at most 64 of them")
    return kind.make(named, keys, name, _filter(keys, common))


def _filter(keys: _Keys, base: Filter) -> Filter:
    """Return `base` changed by what the keys say."""

    def flag(key: str, otherwise: bool) -> bool:
        return keys[key].flag() if key in keys else otherwise

    severity, epss = keys.get("minimum_severity"), keys.get("minimum_epss")
    quiet, tell = keys.get("quiet_hours"), keys.get("tell")
    minimum_epss = base.minimum_epss
    if epss:
        minimum_epss = None if epss.is_off else epss.number(0, 1)
    return Filter(
        minimum_severity=_severity(severity) if severity else base.minimum_severity,
        exploited=flag("exploited", base.exploited),
        minimum_epss=minimum_epss,
        only_running=flag("only_running", base.only_running),
        only_fixable=flag("only_fixable", base.only_fixable),
        tell=frozenset(kind.one_of(TELLABLE) for kind in tell.each()) if tell else base.tell,
        quiet_hours=_quiet_hours(quiet) if quiet else base.quiet_hours,
    )


def _severity(value: Value) -> Severity:
    return Severity[value.one_of(_SEVERITIES).upper()]


def _quiet_hours(value: Value) -> QuietHours | None:
    if value.is_off:
        return None
    required = ("from", "to", "timezone")
    keys = value.mapping((*required, "except"), required)
    begin, end = keys["from"].clock(), keys["to"].clock()
    if begin == end:
        raise keys["to"].wrong("the same as from: which hours are quiet?")
    hours = QuietHours(begin, end, _zone(keys["timezone"]))
    if (loud := keys.get("except")) is None:
        return hours
    words = () if loud.is_list and not loud.items("except") else loud.each()
    known = ("exploited", *_SEVERITIES)
    chosen = {word.one_of(known) for word in words}
    severities = [Severity[word.upper()] for word in chosen - {"exploited"}]
    return QuietHours(
        begin, end, hours.zone, "exploited" in chosen, min(severities) if severities else None
    )


def _zone(value: Value) -> ZoneInfo:
    name = value.text()
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # "Mars", "../x", "Europe" (a folder)
        raise value.wrong(
            f"{name[:60]!r} is no time zone of this machine; write it as Europe/Berlin"
        ) from error


def _webhook(_item: Value, keys: _Keys, name: str, choice: Filter) -> WebhookSettings:
    url = reading.web_address(keys["url"])
    ca_file = _ca_file(keys, is_used=url.startswith("https:"))
    return WebhookSettings(name, url, reading.secret(keys, "secret"), ca_file, choice)


def _slack(item: Value, keys: _Keys, name: str, choice: Filter) -> SlackSettings:
    url = reading.secret(keys, "url")
    if url is None:
        raise item.wrong("missing; it names the file with the address of the webhook", "url_file")
    return SlackSettings(name, url, _ca_file(keys, is_used=True), choice)


def _email(item: Value, keys: _Keys, name: str, choice: Filter) -> EmailSettings:
    encryption = _encryption(item, keys)
    server = reading.address(keys["server"], 465 if encryption == "tls" else 587)
    password = reading.secret(keys, "password")
    user = keys["user"].text() if "user" in keys else ""
    if bool(user) != bool(password):
        raise item.wrong("user and password_file (or password_env) go together", "user")
    if not user.isprintable():
        raise keys["user"].wrong("must be one line without control characters")
    if user and encryption == "none" and server.host not in _LOOPBACK:
        raise item.wrong("without it everybody on the way could read the password", "starttls")
    return EmailSettings(
        name=name,
        host=server.host,
        port=server.port,
        encryption=encryption,
        sender=_mail_address(keys["from"]),
        recipients=tuple(map(_mail_address, keys["to"].each())),
        user=user,
        password=password,
        ca_file=_ca_file(keys, is_used=encryption != "none"),
        filter=choice,
    )


def _encryption(item: Value, keys: _Keys) -> Literal["starttls", "tls", "none"]:
    """Return what the keys ask for; where they say nothing, what is usual at the port."""
    starttls = keys["starttls"].flag() if "starttls" in keys else None
    tls = keys["tls"].flag() if "tls" in keys else None
    if starttls and tls:
        raise item.wrong("starttls and tls: one of them", "tls")
    is_tls_port = reading.address(keys["server"], 587).port == 465
    if tls or (tls is None and starttls is None and is_tls_port):
        return "tls"
    return "none" if starttls is False else "starttls"


def _mail_address(value: Value) -> str:
    text = value.text()
    if not _MAIL_ADDRESS.fullmatch(text):
        raise value.wrong("must be an address as name@host, without anything around it")
    return text


def _syslog(_item: Value, keys: _Keys, name: str, choice: Filter) -> SyslogSettings:
    facility = keys["facility"].one_of(tuple(_FACILITIES)) if "facility" in keys else "security"
    made = SyslogSettings(name, "unix", facility=_FACILITIES[facility], filter=choice)
    where = keys["address"]
    if where.text().startswith("unix://"):
        _ca_file(keys, is_used=False)
        return replace(made, path=reading.path(where, "unix://"))
    scheme, server = reading.address_after_scheme(where, _SYSLOG_PORTS)
    ca_file = _ca_file(keys, is_used=scheme == "tls")
    return replace(made, transport=scheme, host=server.host, port=server.port, ca_file=ca_file)


def _stdout(_item: Value, _keys: _Keys, name: str, choice: Filter) -> StdoutSettings:
    return StdoutSettings(name, choice)


def _file(_item: Value, keys: _Keys, name: str, choice: Filter) -> FileSettings:
    return FileSettings(name, reading.path(keys["path"]), choice)


def _ca_file(keys: _Keys, *, is_used: bool) -> Path | None:
    value = keys.get("ca_file")
    if value and not is_used:
        raise value.wrong("there is no TLS here that it could be for")
    return reading.path(value) if value else None


_KINDS = {
    "webhook": _Kind(
        ("url", "secret_file", "secret_env", "ca_file"), ("url",), ("secret",), _webhook
    ),
    "slack": _Kind(("url_file", "url_env", "ca_file"), (), ("url",), _slack),
    "email": _Kind(
        (
            *("server", "starttls", "tls", "user", "password_file", "password_env"),
            *("from", "to", "ca_file"),
        ),
        ("server", "from", "to"),
        ("password",),
        _email,
    ),
    "syslog": _Kind(("address", "facility", "ca_file"), ("address",), (), _syslog),
    "stdout": _Kind((), (), (), _stdout),
    "file": _Kind(("path",), ("path",), (), _file),
}
