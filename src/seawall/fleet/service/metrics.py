"""The service's numbers in Prometheus' text format (exposition format 0.0.4)."""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from seawall.fleet.service.condition import Condition
from seawall.fleet.service.health import State, age, health
from seawall.fleet.service.numbers import Numbers
from seawall.model import Severity

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def text(condition: Condition, numbers: Numbers, now: datetime, monotonic: float) -> bytes:
    """Return all metrics, those of this process among them."""
    registry = CollectorRegistry()
    registry.register(_Service(condition, numbers, now, monotonic))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


class _Service(Collector):
    def __init__(
        self, condition: Condition, numbers: Numbers, now: datetime, monotonic: float
    ) -> None:
        self._condition, self._numbers = condition, numbers
        self._now, self._monotonic = now, monotonic

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics; each label has few values, none is from an image."""
        condition, numbers = self._condition, self._numbers
        state = health(condition, numbers, self._now, self._monotonic).state
        up = GaugeMetricFamily(
            "seawall_health", "1 for the state that the service is in", labels=["state"]
        )
        for each in State:
            up.add_metric([str(each)], each is state)
        yield up
        yield GaugeMetricFamily("seawall_images", "Images that are somewhere now", numbers.images)
        yield GaugeMetricFamily(
            "seawall_containers_running", "Containers that run now", numbers.running
        )
        for name, what, found in (
            ("seawall_findings", "in the fleet", numbers.findings),
            ("seawall_findings_running", "in images that run", numbers.findings_running),
        ):
            findings = GaugeMetricFamily(
                name,
                f"Open findings {what} that can be acted on, one for each version of a package",
                labels=["severity"],
            )
            for severity in Severity:
                findings.add_metric([str(severity)], found.get(severity, 0))
            yield findings
        yield from self._times()
        yield GaugeMetricFamily(
            "seawall_images_waiting", "Images that are to be read", condition.waiting
        )
        yield GaugeMetricFamily(
            "seawall_images_unreadable",
            "Images that could not be read when last tried",
            condition.failed_reads_total,
        )
        yield CounterMetricFamily(
            "seawall_image_read_failures",
            "Tries to read an image that failed",
            condition.read_failures,
        )
        yield GaugeMetricFamily(
            "seawall_runtime_connected",
            "Whether the container runtime tells what happens",
            bool(condition.runtime_since),
        )
        yield from self._notices()

    def _times(self) -> Iterator[Metric]:
        ages = GaugeMetricFamily(
            "seawall_advisory_age_seconds",
            "How old the newest advisory of an ecosystem is",
            labels=["ecosystem"],
        )
        for ecosystem, as_of in sorted(self._numbers.advisories_as_of.items()):
            if (age_s := age(as_of, self._now)) is not None:
                ages.add_metric([ecosystem], age_s)
        yield ages
        yield GaugeMetricFamily(
            "seawall_last_update_timestamp_seconds",
            "When the advisories were last updated; 0: never",
            self._condition.updated,
        )
        ago_s = age(self._numbers.judged, self._now)
        yield GaugeMetricFamily(
            "seawall_last_judgement_timestamp_seconds",
            "When the fleet was last judged; 0: never",
            0.0 if ago_s is None else round(self._now.timestamp() - ago_s),
        )

    def _notices(self) -> Iterator[Metric]:
        notices = CounterMetricFamily(
            "seawall_notices", "Notices by what became of them", labels=["sink", "state"]
        )
        waiting = GaugeMetricFamily(
            "seawall_notices_waiting", "Notices that a sink has not got yet", labels=["sink"]
        )
        for name, sink in sorted(self._condition.sinks.items()):
            for state in ("sent", "failed", "dead", "skipped"):
                notices.add_metric([name, state], getattr(sink, state))
            waiting.add_metric([name], self._numbers.notices_waiting.get(name, 0))
        yield notices
        yield waiting
