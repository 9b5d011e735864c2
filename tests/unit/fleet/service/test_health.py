from dataclasses import replace
from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from seawall.fleet.service import metrics
from seawall.fleet.service.condition import Condition, FailedRead, SinkCondition
from seawall.fleet.service.health import State, document, health
from seawall.fleet.service.numbers import Numbers
from seawall.model import Severity

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
AT = NOW.timestamp()
WELL = Condition(
    started=AT - 3600,
    beat=1000.0,
    runtime_wanted=True,
    runtime_since=AT - 3500,
    updated=AT - 600,
    update_every_s=900,
    sinks={"soc": SinkCondition(sent=3)},
)
NUMBERS = Numbers(
    images=5,
    images_ever=7,
    running=2,
    findings={Severity.HIGH: 4},
    findings_running={Severity.HIGH: 1},
    advisories_as_of={"Debian:12": "2026-11-21", "PyPI": "2026-11-22T11:00:00Z", "odd": ""},
    judged="2026-11-22T11:59:00Z",
    notices_waiting={"soc": 2},
)
TORN = FailedRead("sha256:1", ("web:1",), 3, "torn", True)


def test_a_service_that_does_all_it_should_is_ok() -> None:
    found = health(WELL, NUMBERS, NOW, 1001.0)
    assert (found.state, found.reasons) == (State.OK, ())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"runtime_lost": AT - 31, "runtime_error": "refused"}, "not answered for 31 s: refused"),
        ({"failed_reads": (TORN,), "failed_reads_total": 1}, "web:1: torn"),
        ({"update_error": "no answer"}, "no answer"),
        ({"updated": AT - 86_401}, "not updated for 1.0 days"),
        ({"registry_errors": {"r.example": "denied"}}, "registry r.example: denied"),
        ({"sinks": {"soc": SinkCondition(error="refused")}}, "sink soc: refused"),
        ({"configuration_error": "line 3"}, "the former configuration holds: line 3"),
    ],
)
def test_a_service_that_cannot_do_something_is_degraded_and_says_what(
    change: dict[str, object], reason: str
) -> None:
    found = health(replace(WELL, **change), NUMBERS, NOW, 1001.0)  # type: ignore[arg-type]  # by name
    assert found.state is State.DEGRADED
    assert [reason in told for told in found.reasons] == [True]


def test_a_daemon_that_is_started_anew_is_no_reason() -> None:
    lost = replace(WELL, runtime_since=0.0, runtime_lost=AT - 5, runtime_error="gone")
    assert health(lost, NUMBERS, NOW, 1001.0).state is State.OK


def test_a_service_that_cannot_write_read_or_come_round_is_failing() -> None:
    full = replace(WELL, store_error="disk full")
    assert health(full, NUMBERS, NOW, 1001.0).state is State.FAILING
    assert health(WELL, replace(NUMBERS, error="damaged"), NOW, 1001.0).state is State.FAILING
    assert health(WELL, NUMBERS, NOW, 1000.0 + 421).state is State.FAILING


def test_every_metric_can_be_read_back_and_says_what_is() -> None:
    text = metrics.text(replace(WELL, read_failures=2), NUMBERS, NOW, 1001.0).decode()
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["seawall_health", "ok"] == 1
    assert found["seawall_images",] == 5
    assert found["seawall_containers_running",] == 2
    assert found["seawall_findings", "high"] == 4
    assert found["seawall_findings", "low"] == 0
    assert found["seawall_findings_running", "high"] == 1
    assert found["seawall_advisory_age_seconds", "PyPI"] == 3600
    assert found["seawall_advisory_age_seconds", "Debian:12"] == 36 * 3600
    assert ("seawall_advisory_age_seconds", "odd") not in found
    assert found["seawall_last_update_timestamp_seconds",] == AT - 600
    assert found["seawall_last_judgement_timestamp_seconds",] == AT - 60
    assert found["seawall_image_read_failures_total",] == 2
    assert found["seawall_notices_total", "soc", "sent"] == 3
    assert found["seawall_notices_waiting", "soc"] == 2
    assert found["process_resident_memory_bytes",] > 1e6


def test_the_document_has_what_the_page_lists_and_only_so_many_failures() -> None:
    many = replace(WELL, failed_reads=(TORN,) * 30, failed_reads_total=400)
    said = document(many, NUMBERS, "1.2.3", NOW, 1001.0)
    assert said["version"] == "1.2.3"
    assert said["uptime_s"] == 3600
    assert isinstance(reads := said["reads"], dict)
    assert (reads["failed"], len(reads["failures"])) == (400, 20)
    assert isinstance(memory := said["memory_bytes"], int)
    assert memory > 1e6
