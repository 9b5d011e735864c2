"""From what the service knows of itself to one word and its reasons. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from seawall.fleet.service.condition import Condition
from seawall.fleet.service.memory import memory_bytes
from seawall.fleet.service.numbers import Numbers
from seawall.moments import stamp

_STUCK_S = 420.0  # the store lets a writer wait for five minutes
_LOST_S = 30.0  # a daemon that is started anew is no news
_OLD_S = 86_400.0  # since the last update that ended well; or three intervals, if that is more
_SHOWN = 20


class State(Enum):
    """How the service is."""

    OK = "ok"
    DEGRADED = "degraded"  # it works, and something it should do it cannot
    FAILING = "failing"  # it does not work

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Health:
    """How the service is, and why it is not well."""

    state: State
    reasons: tuple[str, ...]


def health(condition: Condition, numbers: Numbers, now: datetime, monotonic: float) -> Health:
    """Return how the service is."""
    failing = tuple(_failing(condition, numbers, monotonic))
    degraded = tuple(_degraded(condition, now))
    if failing:
        return Health(State.FAILING, failing + degraded)
    return Health(State.DEGRADED if degraded else State.OK, degraded)


def _failing(condition: Condition, numbers: Numbers, monotonic: float) -> Iterator[str]:
    if condition.store_error:
        yield f"the fleet cannot be written: {condition.store_error}"
    elif numbers.error:
        yield f"the fleet cannot be read: {numbers.error}"
    if (stuck_s := monotonic - condition.beat) > _STUCK_S:
        yield f"the service has not come round for {stuck_s:.0f} s"


def _degraded(condition: Condition, now: datetime) -> Iterator[str]:
    if condition.configuration_error:
        yield f"the former configuration holds: {condition.configuration_error}"
    lost_s = now.timestamp() - condition.runtime_lost
    if condition.runtime_lost and lost_s > _LOST_S:
        why = condition.runtime_error
        yield f"the container runtime has not answered for {lost_s:.0f} s: {why}"
    if condition.failed_reads_total:
        first = condition.failed_reads[0]
        yield (
            f"{condition.failed_reads_total} images cannot be read; "
            f"{(first.names or (first.digest,))[0]}: {first.reason}"
        )
    if condition.update_error:
        yield f"the last update of the advisories: {condition.update_error}"
    for name, error in sorted(condition.registry_errors.items()):
        yield f"registry {name}: {error}"
    old_s = now.timestamp() - (condition.updated or condition.started)
    if old_s > max(_OLD_S, 3 * condition.update_every_s):
        yield f"the advisories were not updated for {old_s / 86_400:.1f} days"
    for name, sink in sorted(condition.sinks.items()):
        if sink.error:
            yield f"sink {name}: {sink.error}"


def age(moment: str, now: datetime) -> float | None:
    """Return how many seconds ago a date or moment was; None where it is none."""
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        return None
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    return max(0.0, (now - found).total_seconds())


def document(
    condition: Condition, numbers: Numbers, version: str, now: datetime, monotonic: float
) -> dict[str, object]:
    """Return what ``/health`` answers; ``docs/fleet.md`` lists it."""
    found = health(condition, numbers, now, monotonic)
    return {
        "state": str(found.state),
        "reasons": list(found.reasons),
        "version": version,
        "uptime_s": round(now.timestamp() - condition.started),
        "images": {"present": numbers.images, "ever": numbers.images_ever},
        "containers_running": numbers.running,
        "findings": {str(severity): n for severity, n in sorted(numbers.findings.items())},
        "findings_running": {
            str(severity): n for severity, n in sorted(numbers.findings_running.items())
        },
        "reads": {
            "waiting": condition.waiting,
            "now": condition.reading,
            "failed": condition.failed_reads_total,
            "failures": [
                {
                    "digest": one.digest,
                    "names": list(one.names),
                    "attempts": one.attempts,
                    "reason": one.reason,
                    "given_up": one.given_up,
                }
                for one in condition.failed_reads[:_SHOWN]
            ],
        },
        "advisories": {
            "updating": condition.updating,
            "updated": _moment(condition.updated),
            "judged": numbers.judged,
            "as_of": dict(sorted(numbers.advisories_as_of.items())),
        },
        "notices": {
            "delivers": condition.delivers,
            "sinks": {
                name: {
                    "waiting": numbers.notices_waiting.get(name, 0),
                    "sent": sink.sent,
                    "failed": sink.failed,
                    "dead": sink.dead,
                    "skipped": sink.skipped,
                    "error": sink.error,
                }
                for name, sink in sorted(condition.sinks.items())
            },
        },
        "runtime": {
            "watched": condition.runtime_wanted,
            "connected_since": _moment(condition.runtime_since),
            "error": condition.runtime_error,
        },
        "memory_bytes": memory_bytes(),
    }


def _moment(seconds: float) -> str:
    if not seconds:
        return ""
    return stamp(datetime.fromtimestamp(seconds, UTC))
