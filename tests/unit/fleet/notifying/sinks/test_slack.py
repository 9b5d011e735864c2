import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.errors import DeliveryFailed, DeliveryRefused
from seawall.fleet.notifying import AffectedImage, FoundPackage, Notice, NoticeKind
from seawall.fleet.notifying.settings import SlackSettings
from seawall.fleet.notifying.sinks.slack import Slack, code, escaped, message
from seawall.settings.secret import Secret
from tests.unit.fleet.notifying import samples
from tests.unit.fleet.notifying.receivers import HttpReceiver, serving
from tests.unit.fleet.notifying.samples import HOSTILE, brought, flaw, notice

_LINK = re.compile(r"<https://(nvd\.nist\.gov|osv\.dev)/[!-;=?-~]+\|[A-Za-z0-9._:/~+-]+>")
_MENTION = re.compile(r"@\s*(all|channel|everyone|group|here)\b", re.IGNORECASE)


def texts(sent: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield type and text of all that Slack would show."""
    yield "mrkdwn", sent["text"]
    for block in sent["blocks"]:
        for part in [block["text"]] if "text" in block else block["elements"]:
            yield part["type"], part["text"]


def check(sent: dict[str, Any]) -> None:
    """Fail for what Slack refuses, or for markup that did not come from us."""
    assert set(sent) == {"text", "blocks"}
    assert 0 < len(sent["blocks"]) <= 50
    for block in sent["blocks"]:
        assert block["type"] in ("header", "section", "context")
        if block["type"] == "header":
            assert block["text"]["type"] == "plain_text"
            assert len(block["text"]["text"]) <= 150
    for kind, text in texts(sent):
        assert 0 < len(text) <= 3000
        assert not _MENTION.search(text)
        bare = _LINK.sub("", text)
        assert "<" not in bare
        assert ">" not in bare
        assert not re.search(r"&(?!amp;|lt;|gt;)", bare)
        assert all(letter.isprintable() or letter in "\n\u2060" for letter in text)
        if kind == "mrkdwn":
            assert all(line.count("`") % 2 == 0 for line in text.split("\n"))


@given(samples.notices)
def test_no_notice_makes_markup_or_mentions_or_breaks_a_limit(notice: Notice) -> None:
    check(message(notice))


def test_the_largest_notices_keep_the_limits() -> None:
    long = HOSTILE * 100
    image = AffectedImage(long, (long,) * 30, (long,) * 30)
    packages = (FoundPackage(long, long, long),) * 30
    big = [
        flaw(f"{n}{long}", aliases=(long,) * 30, summary=long, reason=long, images=(image,) * 50,
             packages=packages)
        for n in range(250)
    ]  # fmt: skip
    for kind in NoticeKind:
        check(message(notice(*big, kind=kind, image=image, note=long, data_as_of=long)))
        check(message(notice(big[0], kind=kind, image=image, note=long)))


@given(st.text() | st.just(HOSTILE))
def test_escaped_text_reads_as_it_was_but_for_broken_mentions(text: str) -> None:
    shown = html.unescape(escaped(text)).replace("\u2060", "")
    printable = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    assert shown == printable.replace("\u2060", "")


@given(st.text() | st.just("a`b*c*`"))
def test_code_ends_only_at_its_end(text: str) -> None:
    assert code(text).strip("`").count("`") == 0


def test_a_person_reads_what_where_and_what_to_do() -> None:
    sent = message(notice())
    said = "\n".join(text for _, text in texts(sent))
    for words in (
        "CVE-2026-31337 (critical, exploited) found in 12 images, 3 of them running",
        "exploited since 2026-11-20 · critical · fix now · CVSS 9.8 · EPSS 43 %",
        "`libssl3 3.0.11-1~deb12u2 → 3.0.13-1~deb12u1`",
        "`registry.example/shop/web:2.14` (`1a1a1a1a1a1a`) `running as web-1, web-2`",
        "and 9 more images",
        "advisories as of 2026-11-22 09:15 UTC",
    ):
        assert words in said


def test_an_image_with_many_flaws_names_ten_and_counts_the_rest() -> None:
    said = "\n".join(text for _, text in texts(message(brought(25))))
    assert "brings 25 flaws (worst critical)" in said
    assert "and 15 more flaws" in said


def test_it_is_posted_as_json_to_the_secret_address(tmp_path: Path) -> None:
    server = HttpReceiver()
    with serving(server):
        (tmp_path / "url").write_text(server.url("/services/T0/B0/s3cret") + "\n")
        sink = Slack(SlackSettings("chat", Secret(tmp_path / "url")))
        sink.send(notice())
        assert server.got[0].path == "/services/T0/B0/s3cret"
        assert json.loads(server.got[0].body) == message(notice())
        server.answers = [(404, {}), (429, {"Retry-After": "30"})]
        with pytest.raises(DeliveryRefused) as refused:
            sink.send(notice())
        with pytest.raises(DeliveryFailed) as failed:
            sink.send(notice())
        assert "s3cret" not in f"{refused.value} {failed.value}"
        assert failed.value.retry_after_s == 30


def test_an_address_that_is_missing_or_none_fails(tmp_path: Path) -> None:
    for content in (None, "", "not an address"):
        if content is not None:
            (tmp_path / "url").write_text(content)
        with pytest.raises(DeliveryFailed):
            Slack(SlackSettings("chat", Secret(tmp_path / "url"))).send(notice())
