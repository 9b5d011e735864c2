import os
from datetime import time, timedelta
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from seawall.cli import wiring
from seawall.cli.configuration import (
    AdvisorySettings,
    Configuration,
    HealthSettings,
    PostgresqlStore,
    SqliteStore,
    WatchSettings,
    first_of,
    read,
)
from seawall.errors import UsageError
from seawall.fleet.notifying.settings import (
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
from seawall.settings import Address, Secret

PAGE = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text(encoding="utf-8")
EXAMPLES = [block.partition("```")[0] for block in PAGE.split("```yaml\n")[1:]]
BERLIN = ZoneInfo("Europe/Berlin")


def configured(folder: Path, text: str | bytes) -> Configuration:
    file = folder / "seawall.yaml"
    file.write_bytes(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
    file.chmod(0o600)
    return read(file)


def refused(folder: Path, text: str) -> str:
    with pytest.raises(UsageError) as error:
        configured(folder, text)
    assert error.value.hint
    return str(error.value).removeprefix(f"{folder}/seawall.yaml:")


def one_sink(folder: Path, text: str, common: str = "") -> SinkSettings:
    lines = f"notifications:\n  {common}\n  sinks:\n    - {{{text}}}\n"
    [sink] = configured(folder, lines).sinks
    return sink


def wrong_sink(folder: Path, text: str) -> str:
    return refused(folder, f"notifications:\n  sinks:\n    - {{{text}}}\n")


def test_the_page_shows_a_whole_configuration(tmp_path: Path) -> None:
    common = Filter(
        minimum_epss=0.5, quiet_hours=QuietHours(time(22), time(7), BERLIN, True, Severity.CRITICAL)
    )
    file = tmp_path / "seawall.yaml"
    assert configured(tmp_path, EXAMPLES[0]) == Configuration(
        file=file,
        store=PostgresqlStore(
            "postgresql://seawall@db.example/fleet",
            Secret(Path("/run/secrets/fleet-store"), f"{file}:3: store_password_file"),
        ),
        health=HealthSettings(wiring.home() / "fleet.sock", Address("127.0.0.1", 9464)),
        advisories=AdvisorySettings(
            None, timedelta(minutes=15), frozenset(("Debian", "PyPI", "npm"))
        ),
        watch=WatchSettings(True, ("registry.example/shop",), timedelta(hours=1)),
        sinks=(
            WebhookSettings(
                "soc",
                "https://soc.example/hooks/seawall",
                Secret(Path("/run/secrets/soc-hook"), f"{file}:23: secret_file"),
                filter=Filter(minimum_epss=0.5),
            ),
            SlackSettings(
                "chat",
                Secret(Path("/run/secrets/slack-hook"), f"{file}:27: url_file"),
                filter=Filter(minimum_epss=0.5, only_running=True, quiet_hours=common.quiet_hours),
            ),
            EmailSettings(
                name="mail",
                host="smtp.example",
                port=587,
                encryption="starttls",
                sender="seawall@example.org",
                recipients=("security@example.org", "ops@example.org"),
                user="seawall",
                password=Secret(Path("/run/secrets/smtp"), f"{file}:33: password_file"),
                filter=Filter(
                    minimum_severity=Severity.CRITICAL,
                    minimum_epss=0.5,
                    quiet_hours=common.quiet_hours,
                    tell=frozenset(("new",)),
                ),
            ),
        ),
    )


@pytest.mark.parametrize("example_", EXAMPLES)
def test_each_example_of_the_page_is_read_as_it_stands(tmp_path: Path, example_: str) -> None:
    assert configured(tmp_path, example_) != configured(tmp_path, "")


def test_the_page_shows_every_type_of_sink(tmp_path: Path) -> None:
    shown = {type(sink) for text in EXAMPLES for sink in configured(tmp_path, text).sinks}
    assert shown == set(get_args(SinkSettings))


@pytest.mark.parametrize(
    "text",
    [
        *("", "# nothing\n", "---\n", "fleet:\nadvisories:\nwatch:\nnotifications:\nhealth:\n"),
        *("notifications: {sinks: []}", "notifications: {sinks: }", "watch: {registries: []}"),
    ],
)
def test_what_is_not_written_has_its_default(tmp_path: Path, text: str) -> None:
    assert configured(tmp_path, text) == Configuration(
        file=tmp_path / "seawall.yaml",
        store=SqliteStore(wiring.home() / "fleet.sqlite"),
        health=HealthSettings(wiring.home() / "fleet.sock"),
    )


def test_the_first_file_that_is_there_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, named = tmp_path / "home", tmp_path / "named.yaml"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("SEAWALL_HOME", str(home))
    monkeypatch.delenv("SEAWALL_CONFIG", raising=False)
    (home / "seawall.yaml").write_text("watch: {every: 2h}")
    (home / "seawall.yaml").chmod(0o600)
    named.write_text("watch: {every: 3h}")
    named.chmod(0o600)
    assert read().watch.every == timedelta(hours=2)
    monkeypatch.setenv("SEAWALL_CONFIG", str(named))
    assert read().watch.every == timedelta(hours=3)
    assert read(home / "seawall.yaml").watch.every == timedelta(hours=2)


def test_a_file_in_the_current_folder_is_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEAWALL_CONFIG", raising=False)
    for name in ("seawall.yaml", ".seawall.yaml"):
        (tmp_path / name).write_text("no: such key")
    assert read().file != Path("seawall.yaml")


def test_a_place_is_passed_over_only_where_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    missing = (tmp_path / "none", tmp_path / "file" / "none")
    assert first_of(missing) is None
    assert first_of((*missing, tmp_path / "link")) == tmp_path / "link"
    with pytest.raises(UsageError, match="cannot be read"):
        first_of((tmp_path / ("x" * 5000), tmp_path / "file"))


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("none.yaml", ".", "pipe", "nul\x00byte"):
        with pytest.raises(UsageError, match=r"cannot be read|is no file"):
            read(tmp_path / name)


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_that_others_may_write_is_refused(tmp_path: Path, mode: int) -> None:
    configured(tmp_path, "")
    (tmp_path / "seawall.yaml").chmod(mode)
    with pytest.raises(UsageError, match="other users may write to it"):
        read(tmp_path / "seawall.yaml")


def test_a_file_in_a_folder_that_others_may_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    with pytest.raises(UsageError, match="open: other users may write to it"):
        configured(tmp_path / "open", "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    configured(tmp_path, "")
    os.chown(tmp_path / "seawall.yaml", 12345, 0)
    with pytest.raises(UsageError, match="belongs to another user"):
        read(tmp_path / "seawall.yaml")


def test_a_file_of_more_than_a_mebibyte_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="larger than 1 MiB"):
        configured(tmp_path, "#" * (1 << 20) + "\n")


@pytest.mark.parametrize(
    ("url", "store"),
    [
        ("sqlite:///srv/a b.sqlite", SqliteStore(Path("/srv/a b.sqlite"))),
        ("postgresql:///fleet", PostgresqlStore("postgresql:///fleet")),
        ("postgres://me@[::1]:5432/db", PostgresqlStore("postgres://me@[::1]:5432/db")),
        (
            "postgresql://a:1,b:2/db?sslmode=verify-full",
            PostgresqlStore("postgresql://a:1,b:2/db?sslmode=verify-full"),
        ),
    ],
)
def test_a_fleet_is_kept_in_a_file_or_in_postgresql(
    tmp_path: Path, url: str, store: SqliteStore | PostgresqlStore
) -> None:
    assert configured(tmp_path, f"fleet: {{store: '{url}'}}").store == store


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hunter2@db/fleet",
        "postgresql://me:hunter2@x@db/fleet",
        "postgresql://me@db/fleet?password=hunter2",
        "postgresql://me@db/fleet?sslmode=require&p%61ssword=hunter2",
        "postgresql://me@db?PASSFILE=/hunter2",
    ],
)
def test_a_password_in_the_address_of_the_store_is_refused(tmp_path: Path, url: str) -> None:
    message = refused(tmp_path, f"fleet:\n  store: {url}\n")
    assert message.startswith("2: store: must have no password in it")
    assert "hunter2" not in message


def test_a_filter_of_a_sink_overrides_the_common_one_key_by_key(tmp_path: Path) -> None:
    common = "{minimum_severity: low, minimum_epss: 0.25, only_fixable: yes, exploited: no, sinks: "
    own = "{minimum_severity: medium, minimum_epss: off, only_fixable: no, tell: resolved}"
    text = (
        f"notifications: {common} [{{name: a, type: stdout}}, {{name: b, type: stdout, {own[1:]}]}}"
    )
    first, second = configured(tmp_path, text).sinks
    assert first.filter == Filter(Severity.LOW, False, 0.25, False, True)
    assert second.filter == Filter(
        Severity.MEDIUM, False, None, False, False, frozenset(("resolved",))
    )


@pytest.mark.parametrize(
    ("text", "exploited", "severity"),
    [
        ("", True, Severity.CRITICAL),
        (", except: []", False, None),
        (", except: exploited", True, None),
        (", except: [medium, critical]", False, Severity.MEDIUM),
    ],
)
def test_quiet_hours_have_exceptions(
    tmp_path: Path, text: str, exploited: bool, severity: Severity | None
) -> None:
    quiet = f"quiet_hours: {{from: 22:00, to: 7:00, timezone: Europe/Berlin{text}}}"
    sink = one_sink(tmp_path, "name: a, type: stdout", quiet)
    assert sink.filter.quiet_hours == QuietHours(time(22), time(7), BERLIN, exploited, severity)


@pytest.mark.parametrize(
    ("text", "sink"),
    [
        ("type: webhook, url: 'http://127.0.0.1:1/'", WebhookSettings("a", "http://127.0.0.1:1/")),
        (
            "type: webhook, url: 'https://b', ca_file: /ca.pem",
            WebhookSettings("a", "https://b", ca_file=Path("/ca.pem")),
        ),
        ("type: stdout", StdoutSettings("a")),
        ("type: file, path: /b.jsonl", FileSettings("a", Path("/b.jsonl"))),
        (
            "type: syslog, address: 'unix:///dev/log'",
            SyslogSettings("a", "unix", path=Path("/dev/log")),
        ),
        ("type: syslog, address: 'udp://b'", SyslogSettings("a", "udp", "b", 514)),
        (
            "type: syslog, address: 'tcp://b:1', facility: local7",
            SyslogSettings("a", "tcp", "b", 1, facility=23),
        ),
        (
            "type: syslog, address: 'tls://[::1]', facility: auth, ca_file: /c",
            SyslogSettings("a", "tls", "::1", 6514, facility=4, ca_file=Path("/c")),
        ),
        (
            "type: email, server: b, from: c@d, to: e@f",
            EmailSettings("a", "b", 587, "starttls", "c@d", ("e@f",)),
        ),
        (
            "type: email, server: 'b:465', from: c@d, to: e@f",
            EmailSettings("a", "b", 465, "tls", "c@d", ("e@f",)),
        ),
        (
            "type: email, server: b, tls: true, from: c@d, to: e@f",
            EmailSettings("a", "b", 465, "tls", "c@d", ("e@f",)),
        ),
        (
            "type: email, server: 'b:25', starttls: false, from: c@d, to: e@f",
            EmailSettings("a", "b", 25, "none", "c@d", ("e@f",)),
        ),
    ],
)
def test_a_sink_is_what_its_type_says(tmp_path: Path, text: str, sink: SinkSettings) -> None:
    assert one_sink(tmp_path, f"name: a, {text}") == sink


MAIL = "name: a, type: email, server: b, from: c@d, to: e@f"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: a", "type: missing; a sink needs name and type (webhook, slack, email"),
        ("name: a, type: slak", "type: 'slak' is none of webhook, slack, "),
        ("type: stdout", "name: missing; a stdout sink needs name, type"),
        ("name: a/b, type: stdout", "name: must be of letters"),
        ("name: a, type: stdout, url: x", "url: unknown key; a stdout sink has name, type"),
        ("name: a, type: stdout, tel: new", "tel: unknown key (did you mean tell?)"),
        ("name: a, type: webhook", "url: missing; a webhook sink needs name, type, url"),
        ("name: a, type: webhook, url: x, secret: hunter2", "secret: must not stand in this file"),
        ("name: a, type: webhook, url: 'http://b', ca_file: /c", "ca_file: there is no TLS here"),
        ("name: a, type: slack", "url_file: missing; it names the file"),
        ("name: a, type: slack, url: https://hunter2", "url: must not stand in this file"),
        (f"{MAIL}, user: x", "user: user and password_file (or password_env) go together"),
        (f"{MAIL}, password_env: X", "user: user and password_file (or password_env) go"),
        (f"{MAIL}, user: x, password: hunter2", "password: must not stand in this file"),
        (f"{MAIL}, tls: true, starttls: true", "tls: starttls and tls: one of them"),
        (f"{MAIL}, starttls: no, user: x, password_env: X", "starttls: without it everybody"),
        (f"{MAIL}, starttls: no, ca_file: /c", "ca_file: there is no TLS here"),
        (MAIL.replace("e@f", "[]"), "to: is empty"),
        (MAIL.replace("e@f", "'E <e@f>'"), "to: must be an address as name@host"),
        (MAIL.replace("e@f", '"e@f\\nBcc: g@h"'), "to: must be an address as name@host"),
        (MAIL.replace("c@d", "ü@d"), "from: must be an address as name@host"),
        (
            "name: a, type: syslog, address: b",
            "address: must begin with udp:// or tcp:// or tls://",
        ),
        (
            "name: a, type: syslog, address: 'unix://b'",
            "address: must be an absolute path, as unix",
        ),
        ("name: a, type: syslog, address: 'udp://b', ca_file: /c", "ca_file: there is no TLS"),
        ("name: a, type: syslog, address: 'udp://b', facility: locl1", "facility: 'locl1' is none"),
        ("name: a, type: file, path: b", "path: must be an absolute path"),
        ("name: a, type: stdout, tell: [new, news]", "tell: 'news' is none of new, image"),
        ("name: a, type: stdout, minimum_severity: hi", "minimum_severity: 'hi' is none of crit"),
        ("name: a, type: stdout, minimum_epss: 50", "minimum_epss: '50' is no number from 0 to 1"),
    ],
)
def test_a_mistake_in_a_sink_is_named(tmp_path: Path, text: str, message: str) -> None:
    told = wrong_sink(tmp_path, text)
    assert told.startswith(f"3: {message}")
    assert "hunter2" not in told


QUIET = "notifications:\n  quiet_hours: {from: 22:00, to: 07:00, timezone: Europe/Berlin}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("flet: {}", "1: flet: unknown key (did you mean fleet?); the file has fleet, advisories"),
        ("fleet: []", "1: fleet: must be keys and values"),
        ("fleet: {store: mysql://a}", "1: store: must be sqlite:///PATH or postgresql://"),
        ("fleet: {store: 'sqlite://a'}", "1: store: must be an absolute path"),
        ("fleet:\n  store_password: hunter2", "2: store_password: must not stand in this file"),
        ("fleet: {store_password_env: A}", "1: store_password: a file of SQLite has no password"),
        ("advisories: {every: 1s}", "1: every: 1s is not within 10s and 7d"),
        ("advisories: {url: 'ftp://a'}", "1: url: must be an http or https address"),
        (
            "advisories:\n  ecosystems:\n    - Debian\n    - debian",
            "4: ecosystems: 'debian' is none",
        ),
        ("watch: {docker: perhaps}", "1: docker: 'perhaps' is neither true nor false"),
        ("watch: {registries: a}", "1: registries: must be a list"),
        ("watch: {registries: ['https://a/b']}", "1: a registry: must be HOST, HOST/NAME"),
        ("watch: {registries: ['a.example/B']}", "1: a registry: a.example/B: 'B' is no name"),
        ("health: {socket: a}", "1: socket: must be an absolute path"),
        (f"health: {{socket: /{'a' * 107}}}", "1: socket: longer than 107 bytes"),
        ("health: {metrics: ':9464'}", "1: metrics: must be HOST:PORT"),
        (
            "notifications:\n  sinks:\n  - {name: a, type: stdout}\n  - {name: a, type: stdout}",
            "4: name: another sink is called a, too",
        ),
        (QUIET.replace("07", "22"), "2: to: the same as from: which hours are quiet?"),
        (QUIET.replace("07:00", "7"), "2: to: '7' is no time of day"),
        (QUIET.replace("Europe/Berlin", "Mars"), "2: timezone: 'Mars' is no time zone of this"),
        (QUIET.replace("Europe/Berlin", "Europe"), "2: timezone: 'Europe' is no time zone of"),
        (QUIET.replace("Europe/Berlin", "../etc/passwd"), "2: timezone: '../etc/passwd' is no"),
        (QUIET.replace("}", ", except: [loud]}"), "2: except: 'loud' is none of exploited, crit"),
        (QUIET.replace(", timezone: Europe/Berlin", ""), "2: timezone: missing; quiet_hours needs"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_key(tmp_path: Path, text: str, message: str) -> None:
    told = refused(tmp_path, text)
    assert told.startswith(message)
    assert "hunter2" not in told


def _settles(folder: Path, text: str | bytes) -> None:
    """Fail if a text has another outcome than a configuration or a complaint about the file."""
    complaint = str(folder)
    try:
        configured(folder, text)
    except UsageError as error:
        complaint = str(error)
    assert complaint.startswith(str(folder))
    complaint.encode()  # or it could not be printed


_ANY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
_KEYS = st.sampled_from(sorted(set("".join(EXAMPLES).replace(":", " ").split())))
_SCALARS = st.one_of(
    _KEYS, st.text(max_size=9), st.integers(), st.floats(), st.booleans(), st.none(), st.dates()
)
_TREES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=5),
    max_leaves=20,
)


@_ANY
@given(st.text() | st.binary())
@example('fleet: {store: "sqlite:///\\ud800"}')
@example('health: {socket: "/\\ud800"}')
@example('notifications: {quiet_hours: {from: 1:00, to: 2:00, timezone: "a\\0b"}}')
@example(f"notifications: {{quiet_hours: {{from: 1:00, to: 2:00, timezone: {'a' * 300}}}}}")
@example("notifications: &a {sinks: [*a]}")
def test_any_text_is_a_configuration_or_a_usage_error(tmp_path: Path, text: str | bytes) -> None:
    _settles(tmp_path, text)


@_ANY
@given(_TREES)
def test_any_tree_is_a_configuration_or_a_usage_error(tmp_path: Path, tree: object) -> None:
    _settles(tmp_path, yaml.safe_dump(tree, allow_unicode=True))


@_ANY
@given(st.sampled_from(EXAMPLES), st.data())
def test_an_example_with_one_value_replaced_is_read_or_refused(
    tmp_path: Path, text: str, data: st.DataObject
) -> None:
    tree = yaml.safe_load(text)
    holder, key = tree, data.draw(st.sampled_from(sorted(tree)))
    while isinstance(holder[key], dict | list) and data.draw(st.booleans()):
        holder = holder[key]
        names = sorted(holder) if isinstance(holder, dict) else range(len(holder))
        key = data.draw(st.sampled_from(list(names)))
    holder[key] = data.draw(_TREES)
    _settles(tmp_path, yaml.safe_dump(tree, allow_unicode=True))
