import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from seawall.cli import configuration, main, wiring
from seawall.cli.fleet import _Held
from seawall.cli.fleet_status import duration, write_table
from seawall.errors import UsageError
from seawall.fleet.notifying import test_notice as notice_of_a_test
from seawall.fleet.service.answering import Answer, on_socket
from tests.unit.fleet.notifying.receivers import HttpReceiver, serving

SAID: dict[str, Any] = {
    "state": "degraded",
    "reasons": ["1 images cannot be read; web:1\x1b[2J: torn"],
    "version": "0.1.0",
    "uptime_s": 7260,
    "images": {"present": 1234, "ever": 2000},
    "containers_running": 17,
    "findings": {"critical": 3, "low": 1200},
    "findings_running": {},
    "reads": {
        "waiting": 2,
        "now": "sha256:2",
        "failed": 1,
        "failures": [
            {
                "digest": "sha256:1",
                "names": ["web:1\x1b[2J"],
                "attempts": 3,
                "reason": "torn",
                "given_up": True,
            }
        ],
    },
    "advisories": {
        "updating": False,
        "updated": "2026-11-22T11:00:00Z",
        "judged": "2026-11-22T11:50:00Z",
        "as_of": {"Debian:11": "2025-01-02", "PyPI": "2026-11-21T00:00:00Z", "odd": ""},
    },
    "notices": {
        "delivers": True,
        "sinks": {
            "soc": {"waiting": 1, "sent": 20, "failed": 1, "dead": 0, "skipped": 4, "error": ""},
            "chat": {"waiting": 0, "sent": 0, "failed": 0, "dead": 0, "skipped": 0, "error": ""},
        },
    },
    "runtime": {"watched": True, "connected_since": "2026-11-22T09:59:01Z", "error": ""},
    "memory_bytes": 45_000_000,
}
TABLE = """\
degraded, up 2 hours
  1 images cannot be read; web:1\\x1b[2J: torn

images        1,234 there, 2,000 ever seen, 2 to be read
              cannot read web:1\\x1b[2J: torn
containers    17 run
findings      3 critical, 1,200 low
  that run    none
updated       60 minutes ago
judged        10 minutes ago
advisories    PyPI as of 2026-11-21, Debian:11 as of 2025-01-02
to soc        1 waiting, 20 sent
to chat       nothing to tell yet
docker        answers since 2026-11-22T09:59:01Z
memory        45 MB
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEAWALL_HOME", str(tmp_path))
    monkeypatch.delenv("SEAWALL_CONFIG", raising=False)
    tmp_path.chmod(0o700)
    return tmp_path


@pytest.fixture
def hook() -> Iterator[HttpReceiver]:
    receiver = HttpReceiver()
    with serving(receiver):
        yield receiver


def write(home: Path, settings: dict[str, Any]) -> Path:
    path = home / "seawall.yaml"
    path.write_text(json.dumps(settings))
    path.chmod(0o600)
    return path


def with_sinks(home: Path, **urls: str) -> Path:
    sinks = [{"name": name, "type": "webhook", "url": url} for name, url in urls.items()]
    return write(home, {"notifications": {"sinks": sinks}})


def test_a_person_sees_what_is_wrong_first_and_nothing_an_image_could_write(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (home / "out").open("w") as out:
        write_table(SAID, datetime(2026, 11, 22, 12, tzinfo=UTC), out)
    assert (home / "out").read_text() == TABLE


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 seconds"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (7200, "2 hours"),
        (86_400, "24 hours"),
        (172_800, "2 days"),
    ],
)
def test_a_length_of_time_has_one_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(("state", "code"), [("ok", 0), ("degraded", 0), ("failing", 3)])
def test_the_status_is_what_the_service_says(
    home: Path, capsys: pytest.CaptureFixture[str], state: str, code: int
) -> None:
    said = SAID | {"state": state}
    listener = on_socket(
        home / "fleet.sock", {"/health": lambda: Answer(json.dumps(said).encode())}
    )
    try:
        assert main(["fleet", "status", "--format", "json"]) == code
        assert json.loads(capsys.readouterr().out) == said
        assert main(["fleet", "status"]) == code
        assert capsys.readouterr().out.startswith(f"{state}, up 2 hours\n")
    finally:
        listener.close()


def test_without_a_service_the_status_says_so_and_is_3(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fleet", "status"]) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert f"does not answer at {home}/fleet.sock" in told.err


def test_a_second_service_on_a_store_is_refused(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = configuration.read()
    with wiring.open_fleet(settings) as fleet, fleet.database.alone("run") as is_alone:
        assert is_alone
        assert main(["fleet", "run"]) == 3
    assert "runs on this fleet already" in capsys.readouterr().err
    assert not (home / "fleet.sock").exists()


def test_a_test_goes_through_the_very_sink_and_its_answer_is_told(
    home: Path, hook: HttpReceiver, capsys: pytest.CaptureFixture[str]
) -> None:
    with_sinks(home, soc=hook.url("/soc"), bad=hook.url("/bad"))
    assert main(["fleet", "test", "soc"]) == 0
    assert [request.path for request in hook.got] == ["/soc"]
    assert json.loads(hook.got[0].body)["kind"] == "test"
    assert "soc: taken" in capsys.readouterr().err
    hook.answers = [(204, {}), (404, {})]
    assert main(["fleet", "test", "--all"]) == 3
    told = capsys.readouterr().err
    assert "soc: taken" in told
    assert "bad: " in told
    assert "404" in told


def test_a_test_needs_to_know_which_sinks(
    home: Path, hook: HttpReceiver, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fleet", "test", "--all"]) == 2
    assert "names no sink" in capsys.readouterr().err
    with_sinks(home, soc=hook.url())
    assert main(["fleet", "test"]) == 2
    assert main(["fleet", "test", "soc", "--all"]) == 2
    assert main(["fleet", "test", "sco"]) == 2
    assert "sco: no such sink" in capsys.readouterr().err
    assert hook.got == []


def test_what_is_due_is_delivered_once(home: Path, hook: HttpReceiver) -> None:
    assert main(["fleet", "deliver"]) == 2
    with_sinks(home, soc=hook.url())
    with wiring.open_fleet(configuration.read()) as fleet, fleet.writing():
        fleet.outbox.put(notice_of_a_test(datetime.now(UTC)))
    hook.answers = [(503, {})]
    assert main(["fleet", "deliver"]) == 3
    with wiring.open_fleet(configuration.read()) as fleet, fleet.writing():
        fleet.database.run("UPDATE delivery SET due = ''")  # as if half a minute went by
    assert main(["fleet", "deliver"]) == 0
    assert main(["fleet", "deliver"]) == 0
    assert len(hook.got) == 2
    assert len({request.headers["Seawall-Delivery"] for request in hook.got}) == 1


def test_that_another_process_delivers_is_said(
    home: Path, hook: HttpReceiver, capsys: pytest.CaptureFixture[str]
) -> None:
    with_sinks(home, soc=hook.url())
    with wiring.open_fleet(configuration.read()) as fleet, fleet.database.alone("deliver"):
        assert main(["fleet", "deliver"]) == 0
        assert "another process delivers notices: nothing waits" in capsys.readouterr().err
        fleet.outbox.put(notice_of_a_test(datetime.now(UTC)))
        assert main(["fleet", "deliver"]) == 3
        assert "1 notices wait for it" in capsys.readouterr().err
    assert hook.got == []


def test_children_get_the_configuration_that_was_taken_last(home: Path) -> None:
    path = write(home, {"advisories": {"every": "10m"}})
    held = _Held(configuration.read(), home / "copy.yaml")
    assert (home / "copy.yaml").read_bytes() == path.read_bytes()
    assert (home / "copy.yaml").stat().st_mode & 0o777 == 0o600
    write(home, {"advisories": {"every": "20m"}})
    settings = configuration.read()
    assert held.taken(settings) == settings
    assert configuration.read(home / "copy.yaml").advisories == settings.advisories
    write(home, {"advisories": {"every": "30m"}})
    with pytest.raises(UsageError, match="changed while it was read"):
        held.taken(settings)
    assert configuration.read(home / "copy.yaml").advisories == settings.advisories
    path.unlink()
    with pytest.raises(UsageError, match="No such file"):
        held.taken(settings)
    held.taken(configuration.read())
    assert (home / "copy.yaml").read_bytes() == b""
    assert [path.name for path in home.iterdir()] == ["copy.yaml"]


def test_a_mistake_in_the_configuration_hides_no_status(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(home, {"health": {"socket": str(home / "other.sock")}})
    _Held(configuration.read(), home / "fleet-service.yaml")
    (home / "seawall.yaml").write_text("notifikations: {}\n")
    assert main(["fleet", "status"]) == 3
    said = capsys.readouterr().err
    assert "notifikations: unknown key" in said
    assert "other.sock" in said


def test_children_get_a_configuration_that_names_secrets(home: Path) -> None:
    (home / "key").write_text("k" * 32)
    (home / "seawall.yaml").write_text(
        "notifications:\n  sinks:\n"
        f"    - {{name: a, type: webhook, url: 'https://a.example', secret_file: {home}/key}}\n"
        "    - {name: b, type: slack, url_env: SLACK}\n"
    )
    held = _Held(configuration.read(), home / "copy.yaml")
    copied = configuration.read(held.copy)
    assert copied.sinks == held.settings.sinks


def test_a_service_keeps_its_store_for_life(home: Path) -> None:
    held = _Held(configuration.read(), home / "copy.yaml")
    write(home, {"fleet": {"store": f"sqlite://{home}/other.sqlite"}})
    with pytest.raises(UsageError, match="fleet and health are others now"):
        held.taken(configuration.read())
