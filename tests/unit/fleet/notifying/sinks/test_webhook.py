import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from seawall.errors import DeliveryFailed, DeliveryRefused
from seawall.fleet.notifying import decode
from seawall.fleet.notifying.notice import bounded
from seawall.fleet.notifying.settings import WebhookSettings
from seawall.fleet.notifying.sinks.webhook import Webhook
from seawall.settings.secret import Secret
from tests.unit.fleet.notifying.receivers import HttpReceiver, serving
from tests.unit.fleet.notifying.samples import brought, notice


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    server = HttpReceiver()
    with serving(server):
        yield server


def test_a_notice_arrives_signed_over_time_and_body(receiver: HttpReceiver, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("ж-secret\n")
    settings = WebhookSettings("soc", receiver.url(), Secret(tmp_path / "key"))
    Webhook(settings, now=lambda: 1_800_000_000.9).send(notice())
    [request] = receiver.got
    assert decode(request.body) == bounded(notice())
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Seawall-Delivery"] == notice().id
    assert request.headers["Seawall-Timestamp"] == "1800000000"
    mac = hmac.new("ж-secret".encode(), b"1800000000." + request.body, hashlib.sha256)
    assert request.headers["Seawall-Signature"] == f"v1={mac.hexdigest()}"


def test_without_a_secret_nothing_is_signed(receiver: HttpReceiver) -> None:
    Webhook(WebhookSettings("soc", receiver.url())).send(notice())
    assert "Seawall-Signature" not in receiver.got[0].headers


def test_the_same_notice_is_the_same_body_and_delivery(receiver: HttpReceiver) -> None:
    sink = Webhook(WebhookSettings("soc", receiver.url()))
    sink.send(brought())
    sink.send(brought())
    one, two = receiver.got
    assert one.body == two.body
    assert one.headers["Seawall-Delivery"] == two.headers["Seawall-Delivery"]


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_yes_is_a_yes(receiver: HttpReceiver, status: int) -> None:
    receiver.answers.append((status, {}))
    Webhook(WebhookSettings("soc", receiver.url())).send(notice())


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_what_may_work_later_is_sent_again(receiver: HttpReceiver, status: int) -> None:
    receiver.answers.append((status, {}))
    with pytest.raises(DeliveryFailed, match=f"answers {status} .no such hook") as caught:
        Webhook(WebhookSettings("soc", receiver.url())).send(notice())
    assert caught.value.retry_after_s is None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 422])
def test_what_never_works_is_refused(receiver: HttpReceiver, status: int) -> None:
    receiver.answers.append((status, {}))
    with pytest.raises(DeliveryRefused, match=str(status)):
        Webhook(WebhookSettings("soc", receiver.url())).send(notice())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_refused_and_not_followed(receiver: HttpReceiver, status: int) -> None:
    receiver.answers.append((status, {"Location": receiver.url("/elsewhere")}))
    with pytest.raises(DeliveryRefused, match="redirect"):
        Webhook(WebhookSettings("soc", receiver.url())).send(notice())
    assert len(receiver.got) == 1


def test_the_receiver_may_say_when_to_come_back(receiver: HttpReceiver) -> None:
    later = datetime.now(UTC) + timedelta(seconds=500)
    waits = []
    for text in ("120", format_datetime(later, usegmt=True), "soon", "-5", "9" * 400):
        receiver.answers.append((429, {"Retry-After": text}))
        with pytest.raises(DeliveryFailed) as caught:
            Webhook(WebhookSettings("soc", receiver.url())).send(notice())
        waits.append(caught.value.retry_after_s)
    assert waits[0] == 120
    assert waits[1] is not None
    assert 400 < waits[1] <= 500
    assert waits[2:] == [None, None, 999_999_999]


def test_messages_do_not_tell_what_is_secret_in_an_address(receiver: HttpReceiver) -> None:
    receiver.answers.append((404, {}))
    with pytest.raises(DeliveryRefused) as refused:
        Webhook(WebhookSettings("soc", receiver.url("/s3cret?token=s3cret"))).send(notice())
    receiver.server_close()
    with pytest.raises(DeliveryFailed) as failed:
        Webhook(WebhookSettings("soc", "http://127.0.0.1:1/s3cret?t=s3cret")).send(notice())
    assert "s3cret" not in f"{refused.value} {failed.value}"
    assert "http://127.0.0.1:1: no answer (Connection refused)" in str(failed.value)


def test_an_endless_answer_is_not_read_to_its_end(receiver: HttpReceiver) -> None:
    receiver.said = b"x" * (64 << 20)
    receiver.answers.append((500, {}))
    with pytest.raises(DeliveryFailed) as caught:
        Webhook(WebhookSettings("soc", receiver.url())).send(notice())
    assert len(str(caught.value)) < 300


def test_hosts_that_are_none_and_secrets_that_are_missing_fail(tmp_path: Path) -> None:
    with pytest.raises(DeliveryFailed):
        Webhook(WebhookSettings("soc", "http://no-such-host.invalid/")).send(notice())
    with pytest.raises(DeliveryFailed, match="neither http"):
        Webhook(WebhookSettings("soc", "ftp://host/")).send(notice())
    missing = Secret(tmp_path / "none")
    with pytest.raises(DeliveryFailed, match="none"):
        Webhook(WebhookSettings("soc", "http://127.0.0.1:1/", missing)).send(notice())


def test_a_proxy_of_the_environment_is_used_but_not_for_this_machine(
    receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", receiver.url(""))
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    Webhook(WebhookSettings("soc", "http://hooks.example/path")).send(notice())
    Webhook(WebhookSettings("soc", receiver.url("/direct"))).send(notice())
    assert [request.path for request in receiver.got] == ["http://hooks.example/path", "/direct"]
