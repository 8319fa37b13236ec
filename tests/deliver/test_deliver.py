"""Webhooks out: endpoints, shapes, the agent, what is sent over HTTP, the process."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp.resolver import ThreadedResolver
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from deliver.agent import AWAY_SECONDS_MIN, GIVEN_UP_SECONDS, LEAVING_SECONDS, EndpointAgent
from deliver.endpoints import ENDPOINTS_MAX, Endpoint, Filter, Shape, endpoints_of
from deliver.http import (
    ANSWER_BYTES_MAX,
    CONNECTIONS_MAX,
    Answer,
    Away,
    Client,
    Delivered,
    Gone,
    Refused,
    meaning,
)
from deliver.metrics import DELIVERY, OUTCOMES, Exposition, PerEndpoint, WebhookMetrics
from deliver.process import BATCH_RECORDS, DeliverApp, live_of, of_endpoint, ready_of, topics_of, wire
from deliver.shapes import REASONS_MAX, Sendable, body_of, escaped, message_id, takes
from schemas.accounts import Basis
from schemas.alerts import AlertSummary, MirrorAlert
from schemas.appeals import AppealDecided
from schemas.examples import ALERT, APPEAL_DECIDED, SUMMARY, WAVE, WAVE_MERGED, WITHDRAWN
from schemas.record import Record
from schemas.waves import WaveAlert
from schemas.wire import decode_wave, encode
from streams.clock import SystemClock
from streams.delivery.progress import Stage
from streams.errors import SettingsError, Transient
from streams.outcomes import NOTHING, Arrival, Dead, Headers, Published
from streams.settings import Settings, load
from streams.telemetry.metrics import Metrics
from tests.certificates import make_certificates
from tests.deliver.receiver import SECRET, SECRET_TEXT, Receiver, receiving
from tests.deliver.receiver import Answer as Said
from tests.streams.fakes import FakeClock
from tests.tables import for_each

# The file of endpoints: what it says, and what is wrong with it.


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text(SECRET_TEXT + "\n")
    (tmp_path / "key").write_text("coop-key\n")
    (tmp_path / "url").write_text("https://hooks.slack.example/services/T/B/hidden\n")
    return tmp_path


def read(folder: Path, text: str, **environment: str) -> tuple[Endpoint, ...]:
    path = folder / "endpoints.toml"
    path.write_text(text.replace("FOLDER", str(folder)))
    return endpoints_of(load({"SAMEHAND_ENDPOINTS": str(path)}), environment)


GENERIC = '[endpoints.desk]\nurl = "https://hooks.example.org/a"\nsecret_file = "FOLDER/secret"\n'


def test_an_endpoint_is_a_url_a_secret_and_what_it_wants(folder: Path) -> None:
    more = 'bands = ["likely"]\npolicies = ["violent-extremism"]\nauthorities = ["UN"]\ntimeout_seconds = 3\n'
    [endpoint] = read(folder, GENERIC + more)
    assert (endpoint.name, endpoint.url, endpoint.shape) == ("desk", "https://hooks.example.org/a", "generic")
    assert (endpoint.secret, endpoint.timeout_seconds) == (SECRET, 3.0)
    assert endpoint.filter.takes(ALERT)
    assert not endpoint.filter.takes(replace(ALERT, band="possible"))
    assert not endpoint.filter.takes(replace(ALERT, matched=replace(ALERT.matched, policy=None)))
    assert not endpoint.filter.takes(replace(ALERT, matched=replace(ALERT.matched, basis=None)))


@pytest.mark.parametrize(
    ("line", "takes"),
    [
        ('platforms = ["x"]', True),
        ('platforms = ["telegram"]', False),
        ('queues = ["extremism", "spam"]', True),
        ('queues = ["spam"]', False),
        ("", True),
    ],
)
def test_filters_take_what_one_of_their_values_fits(folder: Path, line: str, takes: bool) -> None:
    [endpoint] = read(folder, GENERIC + line)
    assert endpoint.filter.takes(ALERT) is takes
    assert endpoint.filter.takes(APPEAL_DECIDED) is takes


def test_secrets_come_from_files_and_the_environment_and_are_never_shown(folder: Path) -> None:
    text = """
    [endpoints.env]
    url = "https://hooks.example.org/a"
    secret_env = "HOOK_SECRET"
    [endpoints.chat]
    url_file = "FOLDER/url"
    shape = "slack"
    [endpoints.coop]
    url = "https://coop.example.org/api/v1/items/async/"
    shape = "coop"
    key_file = "FOLDER/key"
    item_type = "samehand-alert"
    """
    env, chat, coop = read(folder, text, HOOK_SECRET=SECRET_TEXT)
    assert env.secret == SECRET
    assert chat.url.endswith("hidden")
    assert (coop.key, coop.item_type) == ("coop-key", "samehand-alert")
    shown = repr((env, chat, coop))
    assert "hidden" not in shown
    assert "coop-key" not in shown
    assert "MfKQ9" not in shown


@for_each(
    ("text", "told"),
    [
        ("", "names no endpoint: write a table [endpoints.NAME] for each"),
        ("[endpoints", "is not TOML"),
        ("[endpoints]", "names no endpoint"),
        ("[endpoints.Desk]\nurl = 'https://a.example'", "a name is of small letters"),
        (GENERIC + "uri = 'x'", "unknown field `uri`"),
        (GENERIC + "bands = ['certain']", "Invalid enum value 'certain'"),
        (GENERIC + "bands = 'likely'", "Expected `array`"),
        (GENERIC + "timeout_seconds = 300", "<= 25.0"),
        (GENERIC + "secret_env = 'X'", "exclude each other"),
        (GENERIC + "allow_networks = ['10.0.0.1/8']", "is no network"),
        (GENERIC + "ca_file = '/nowhere.pem'", "there is no such file"),
        (GENERIC + "url_file = 'FOLDER/url'", "needs url or url_file, and not both"),
        ("[endpoints.a]\nshape = 'slack'", "needs url or url_file"),
        ("[endpoints.a]\nurl = 'https://a.example'", "needs secret_file or secret_env"),
        ("[endpoints.a]\nurl = 'https://a.example'\nsecret_env = 'NOT_SET'", "NOT_SET is not set"),
        ("[endpoints.a]\nurl = 'https://a.example'\nsecret_file = '/nowhere'", "No such file"),
        ("[endpoints.a]\nurl = 'https://a.example'\nsecret_file = 'FOLDER/key'", "must be `whsec_`"),
        ("[endpoints.a]\nurl = 'https://a.example'\nsecret_file = '/dev/zero'", "larger than 16 KiB"),
        ("[endpoints.a]\nshape = 'coop'\nurl = 'https://a.example'", "needs key_file"),
        (GENERIC + "item_type = 'x'", "belong to shape coop"),
        (
            "[endpoints.a]\nshape = 'coop'\nurl = 'https://a.example'\nkey_file = 'FOLDER/key'\n"
            "item_type = 'x'\nappeals = true",
            "name another endpoint for appeals",
        ),
        (
            "[endpoints.a]\nshape = 'coop'\nurl = 'https://a.example'\nkey_file = 'FOLDER/key'\n"
            "item_type = 'x'\nwaves = true",
            "name another endpoint for waves",
        ),
        ("[endpoints.a]\nshape = 'slack'\nurl = 'http://a.example'", "plain http only with allow_networks"),
        ("[endpoints.a]\nshape = 'slack'\nurl = 'ftp://a.example'", "must be https://"),
        ("[endpoints.a]\nshape = 'slack'\nurl = 'https://'", "must be https:// with a host"),
        ("[endpoints.a]\nshape = 'slack'\nurl = 'https://a.example:99999'", "is no URL"),
        ("[endpoints.a]\nshape = 'slack'\nurl = 'https://[::1'", "is no URL"),
        ("[endpoints.a]\nshape = 'slack'\nurl = 'https://u:p@a.example'", "must not hold a user"),
        ("[endpoints.a]\nshape = 'slack'\nurl = 'https://127.0.0.1/'", "no public address"),
        ("[endpoints.a]\nshape = 'slack'\nurl = 'https://[::ffff:169.254.169.254]/'", "no public address"),
        ("[endpoints.a]\nshape = 'slack'\nurl = 'https://a.example/\\nX: y'", "printable ASCII"),
        ("[endpoints.a]\nshape = 'slack'\nurl = 'https://ä.example/'", "printable ASCII"),
    ],
)
def test_what_is_wrong_is_told_by_file_and_endpoint(folder: Path, text: str, told: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(folder, text.replace("\\n", "\\\\n") if "X: y" in text else text)
    assert told in str(refused.value)
    assert str(refused.value).count("endpoints.toml: ") == 1
    assert "hidden" not in str(refused.value)
    assert "coop-key" not in str(refused.value)


def test_a_file_that_is_no_text_is_named_once(tmp_path: Path) -> None:
    path = tmp_path / "bin"
    path.write_bytes(b"\xff")
    with pytest.raises(SettingsError) as refused:
        endpoints_of(load({"SAMEHAND_ENDPOINTS": str(path)}), {})
    assert str(refused.value) == f"SAMEHAND_ENDPOINTS: {path}: is not UTF-8"


def test_a_process_takes_a_bounded_number(folder: Path) -> None:
    one = GENERIC.removeprefix("[endpoints.desk]")
    many = "\n".join(f"[endpoints.e{n}]{one}" for n in range(ENDPOINTS_MAX))
    assert len(read(folder, many)) == ENDPOINTS_MAX
    with pytest.raises(SettingsError, match="length <="):
        read(folder, f"{many}\n[endpoints.more]{one}")
    with pytest.raises(SettingsError, match="counts twice"):
        read(folder, f"{many}\nappeals = true")
    with pytest.raises(SettingsError, match="counts twice"):
        read(folder, f"{many}\nwaves = true")


# What receivers get: the record itself, an item of Coop, a message for people.


def sent(alert: Sendable, shape: Shape = "generic") -> dict[str, Any]:
    body: dict[str, Any] = json.loads(body_of(alert, Endpoint("a", "", shape, item_type="samehand-alert")))
    return body


def test_the_generic_shape_is_type_timestamp_and_the_record() -> None:
    body = sent(ALERT)
    assert (body["type"], body["timestamp"]) == ("alert.opened", "2026-03-01T11:30:00.018000+00:00")
    assert msgspec.convert(body["data"], MirrorAlert) == ALERT
    withdrawn = sent(WITHDRAWN)
    assert (withdrawn["type"], withdrawn["timestamp"]) == ("alert.withdrawn", "2026-03-04T11:30:00+00:00")


def test_equal_alerts_are_sent_as_equal_bytes_under_one_id() -> None:
    endpoint = Endpoint("a", "")
    assert body_of(ALERT, endpoint) == body_of(replace(ALERT), endpoint)
    assert message_id(ALERT) == f"5d41402abc4b2a76b9719d911017c592.{ALERT.revision}"
    assert message_id(WITHDRAWN) == f"5d41402abc4b2a76b9719d911017c592.{WITHDRAWN.revision}"


def test_coop_gets_an_item_whose_fields_its_rules_can_ask() -> None:
    [item] = sent(ALERT, "coop")["items"]
    assert (item["id"], item["typeId"]) == (ALERT.alert_id, "samehand-alert")
    data = item["data"]
    assert (data["band"], data["probability"], data["queue"]) == ("likely", ALERT.probability, "extremism")
    assert data["reasons"][0].startswith("contact: Both profiles point to the same Telegram channel")
    assert data["what_else"] == ALERT.rivals[0].sentence
    assert (data["type"], data["authority"]) == ("alert.opened", "UN")
    assert "resemblance, not identity" in data["notice"]
    [gone] = sent(WITHDRAWN, "coop")["items"]
    assert (gone["id"], gone["data"]["withdrawn_reason"]) == (ALERT.alert_id, "reinstated")


def test_a_summary_says_how_many_accounts_got_no_alert() -> None:
    body = sent(SUMMARY)
    assert body["type"] == "summary.opened"
    assert msgspec.convert(body["data"], AlertSummary) == SUMMARY
    gone = replace(
        SUMMARY, status="withdrawn", withdrawn_reason="reinstated", withdrawn_at=SUMMARY.detected_at
    )
    assert sent(gone)["type"] == "summary.withdrawn"
    header, counts, _ = sent(SUMMARY, "slack")["blocks"]
    assert header["text"]["text"].startswith(f"{SUMMARY.withheld} withheld")
    assert SUMMARY.key in counts["text"]["text"]
    assert sent(gone, "slack")["blocks"][0]["text"]["text"].startswith("Withdrawn")


def test_a_decided_appeal_is_sent_under_the_id_of_the_appeal() -> None:
    body = sent(APPEAL_DECIDED)
    assert (body["type"], body["timestamp"]) == ("appeal.decided", APPEAL_DECIDED.decided_at.isoformat())
    assert msgspec.convert(body["data"], AppealDecided) == APPEAL_DECIDED
    assert message_id(APPEAL_DECIDED).isascii()
    assert message_id(APPEAL_DECIDED) != message_id(replace(APPEAL_DECIDED, appeal_id="c-2"))
    hostile = replace(APPEAL_DECIDED, appeal_id="<!channel> *c*")
    header, who, facts = sent(hostile, "slack")["blocks"]
    assert header["text"]["text"] == "Appeal partly"
    assert "<!channel>" not in who["text"]["text"]
    assert "reason several" in facts["elements"][0]["text"]


def test_a_wave_is_sent_under_its_id_and_revision() -> None:
    body = sent(WAVE)
    assert (body["type"], body["timestamp"]) == ("wave.opened", WAVE.changed_at.isoformat())
    assert msgspec.convert(body["data"], WaveAlert) == WAVE
    assert sent(WAVE_MERGED)["type"] == "wave.withdrawn"
    assert message_id(WAVE) == f"{WAVE.wave_id}.{WAVE.revision}"
    header, pattern, context = sent(replace(WAVE, handle_pattern="<!here>*"), "slack")["blocks"]
    assert header["text"]["text"] == "5 new accounts resemble each other"
    assert "bio: almost-same, 5" in pattern["text"]["text"]
    assert "<!" not in pattern["text"]["text"]
    assert WAVE.wave_id in context["elements"][0]["text"]
    assert "Withdrawn: merged" in str(sent(WAVE_MERGED, "slack"))
    first, *others = WAVE.members
    marked = replace(WAVE, members=(replace(first, banned=True), *others))
    named = ", ".join(member.account for member in others)
    assert f"1 banned since; the others: {named}" in str(sent(marked, "slack"))


@for_each(
    ("platforms", "shape", "wanted"),
    [({"x"}, "generic", True), ({"y"}, "slack", False), (set(), "coop", False)],
)
def test_an_endpoint_takes_waves_of_its_platforms(platforms: set[str], shape: Shape, wanted: bool) -> None:
    endpoint = Endpoint("a", "", shape, item_type="x", filter=Filter(platforms=frozenset(platforms)))
    assert takes(endpoint, WAVE) is wanted
    assert takes(endpoint, WAVE_MERGED) is (shape != "coop"), "whoever has it must hear of its end"


def test_slack_gets_blocks_within_its_limits() -> None:
    body = sent(ALERT, "slack")
    header, who, why, context = body["blocks"]
    assert header["text"]["text"] == "Likely: an account resembles a banned one"
    assert who["text"]["text"] == "`x:9907` resembles banned `x:2201`"
    said = why["text"]["text"].split("\n")
    assert said[0].startswith("*For* Both profiles")
    copying = "then most likely copying, which would explain handle, but not contact point"
    assert said[-2:] == [
        f"*If not* {copying} (already counted)",
        "*Check* Has the new one anything that the banned one never showed in public?",
    ]
    assert "a person decides" in context["elements"][0]["text"]
    assert "If not" not in str(sent(replace(ALERT, rivals=()), "slack"))
    assert "Withdrawn: reinstated" in str(sent(WITHDRAWN, "slack"))


def test_a_stranger_writes_no_markup_into_a_chat() -> None:
    hostile = "<!channel> <https://evil.example|click> *b* `c`\n> quoted _i_ ~s~"
    line = replace(ALERT.evidence[0], because=hostile)
    rival = replace(ALERT.rivals[0], sentence=hostile)
    text = str(sent(replace(ALERT, account_id="<!here>", evidence=(line,), rivals=(rival,)), "slack"))
    assert "<!" not in text
    assert "<http" not in text
    assert "`c`" not in text
    assert "*b*" not in text


@given(st.text(max_size=200))
def test_escaped_text_has_nothing_that_slack_reads(text: str) -> None:
    shown = escaped(text)
    assert not set(shown) & set("<>`*~\n\r")
    assert shown.count("&") == shown.count("&amp;") + shown.count("&lt;") + shown.count("&gt;")


def test_the_longest_reasons_fit_into_a_message() -> None:
    line = replace(ALERT.evidence[0], because="&" * 1024)
    body = sent(replace(ALERT, evidence=(line,) * 64, counter_evidence=()), "slack")
    assert len(body["blocks"][2]["text"]["text"]) == 3_000
    [item] = sent(replace(ALERT, evidence=(line,) * 64), "coop")["items"]
    assert len(item["data"]["reasons"]) == REASONS_MAX


# Which addresses a webhook may go to.


def test_alert_on_a_states_word_is_marked_also_where_its_basis_may_not_be_quoted() -> None:
    for matched, authority, marked in (
        (replace(ALERT.matched, basis_kind="state"), "UN", True),
        (replace(ALERT.matched, basis=None, basis_kind="state"), "unquoted", True),
        (replace(ALERT.matched, basis=Basis(authority="platform"), basis_kind="platform"), "platform", False),
        (replace(ALERT.matched, basis=None), "", False),
    ):
        alert = replace(ALERT, matched=matched)
        assert sent(alert, "coop")["items"][0]["data"]["authority"] == authority
        assert ("basis a state's word" in json.dumps(sent(alert, "slack"))) is marked
        assert sent(alert)["data"]["matched"]["basis_kind"] == matched.basis_kind


# What an endpoint gets of a batch, in which order, and what becomes of what it does not take.


HAS_IT = Published(())


def sent_as(record: Sendable) -> tuple[str, int]:
    """Account and revision of an alert, "summary" for a count of several; an appeal by its id."""
    if isinstance(record, AppealDecided):
        return record.appeal_id, 0
    return record.account_id if isinstance(record, MirrorAlert) else "summary", record.revision


class Scripted:
    """A client whose answers are decided by the test."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, int]] = []
        self.answer: Callable[[Sendable], Answer] = lambda alert: Delivered()
        self.open = 0
        self.most_open = 0

    async def send(self, alert: Sendable) -> Answer:
        self.sent.append(sent_as(alert))
        self.open += 1
        self.most_open = max(self.open, self.most_open)
        await asyncio.sleep(0)
        self.open -= 1
        return self.answer(alert)


class Scene:
    def __init__(self, wanted: Filter | None = None, shape: Shape = "generic", **topic: Any) -> None:
        self.clock, self.client, self.registry = FakeClock(), Scripted(), CollectorRegistry()
        self.is_leaving = False
        self.agent = EndpointAgent(
            Endpoint("desk", "", shape, filter=wanted or Filter()),
            self.client,
            WebhookMetrics.of(self.registry, ["desk"]),
            now=self.clock.now,
            ticks=self.clock.ticks,
            leaving=lambda: self.is_leaving,
            **topic,
        )
        self._offsets: Iterator[int] = iter(range(10_000))

    def arrival(self, record: Record = ALERT, *, age_seconds: float = 0.0, headers: Headers = ()) -> Arrival:
        key = record.key.encode() if isinstance(record, MirrorAlert) else b"k"
        at = self.clock.now() - age_seconds
        return Arrival("alerts", 0, next(self._offsets), key, encode(record), headers, at)

    def counted(self, outcome: str) -> float | None:
        return self.registry.get_sample_value(
            "samehand_webhooks_total", {"endpoint": "desk", "outcome": outcome}
        )

    def gauge(self, name: str) -> float | None:
        return self.registry.get_sample_value(name, {"endpoint": "desk"})


def alert(account: str, revision: int = 1) -> MirrorAlert:
    return replace(ALERT, account_id=account, revision=revision)


async def test_the_alerts_of_an_account_are_sent_in_order_and_accounts_beside_each_other() -> None:
    scene = Scene()
    batch = [scene.arrival(alert(str(n % 20), n // 20 + 1)) for n in range(60)]
    assert await scene.agent(batch) == [HAS_IT] * 60
    for account in range(20):
        assert [it for it in scene.client.sent if it[0] == str(account)] == [
            (str(account), n) for n in (1, 2, 3)
        ]
    assert 1 < scene.client.most_open <= CONNECTIONS_MAX


async def test_an_endpoint_gets_the_alerts_that_it_wants_and_summaries_by_their_ban() -> None:
    """A summary counts accounts of several bands and platforms: neither is asked of it."""
    scene = Scene(
        Filter(bands=frozenset({"likely"}), platforms=frozenset({"x"}), queues=frozenset({"extremism"}))
    )
    summary = replace(SUMMARY, queue="extremism")
    records = (ALERT, replace(ALERT, band="possible"), summary, replace(summary, queue="spam"))
    assert await scene.agent([scene.arrival(it) for it in records]) == [HAS_IT, NOTHING, HAS_IT, NOTHING]
    assert {account for account, _ in scene.client.sent} == {ALERT.account_id, "summary"}
    assert (scene.counted("delivered"), scene.counted("passed")) == (2, 2)


async def test_coop_gets_no_summary_since_its_items_are_accounts() -> None:
    scene = Scene(shape="coop")
    assert await scene.agent([scene.arrival(SUMMARY)]) == [NOTHING]


async def test_waves_are_sent_and_none_that_is_refused_is_written_to_their_topic_again() -> None:
    scene = Scene(decode=decode_wave, compacted=True)
    assert await scene.agent([scene.arrival(WAVE), Arrival("waves", 0, 1, b"k", None)]) == [HAS_IT, NOTHING]
    scene.client.answer = lambda alert: Refused(422)
    assert await scene.agent([scene.arrival(WAVE)]) == [NOTHING]
    assert (scene.counted("delivered"), scene.counted("refused")) == (1, 1)


async def test_a_record_that_is_no_alert_is_a_dead_letter_of_this_endpoint() -> None:
    scene = Scene()
    [outcome] = await scene.agent([Arrival("alerts", 0, 0, b"k", b"{")])
    assert isinstance(outcome, Dead)
    assert (outcome.reason, outcome.endpoint) == ("not-json", "desk")
    assert scene.client.sent == []


async def test_an_outage_sends_nothing_twice_that_was_delivered_and_keeps_the_order() -> None:
    scene = Scene()
    batch = [scene.arrival(alert(str(n % 3), n // 3 + 1)) for n in range(9)]
    scene.client.answer = lambda alert: Away("answered 503", 7.0) if sent_as(alert)[0] == "1" else Delivered()
    with pytest.raises(Transient, match="answered 503") as outage:
        await scene.agent(batch)
    assert outage.value.after_seconds == 7.0
    assert ("1", 2) not in scene.client.sent, "nothing of an account overtakes"
    delivered = [it for it in scene.client.sent if it[0] != "1"]
    scene.client.sent.clear()
    scene.client.answer = lambda alert: Delivered()
    assert await scene.agent(batch) == [HAS_IT] * 9
    assert set(scene.client.sent).isdisjoint(delivered)
    assert [it for it in scene.client.sent if it[0] == "1"] == [("1", 1), ("1", 2), ("1", 3)]


async def test_an_endpoint_that_is_away_is_not_asked_for_each_account_of_a_batch() -> None:
    scene = Scene()
    scene.client.answer = lambda alert: Away("answered 503")
    with pytest.raises(Transient):
        await scene.agent([scene.arrival(alert(str(n))) for n in range(60)])
    assert len(scene.client.sent) <= CONNECTIONS_MAX


async def test_after_a_day_what_could_not_be_delivered_makes_room() -> None:
    scene = Scene()
    scene.client.answer = lambda alert: Away("TimeoutError")
    old = [scene.arrival(alert("1"), age_seconds=GIVEN_UP_SECONDS + 1)]
    with pytest.raises(Transient):
        await scene.agent(old)
    await scene.clock.sleep(AWAY_SECONDS_MIN - 1)
    with pytest.raises(Transient):
        await scene.agent(old)
    assert scene.gauge("samehand_endpoint_away_seconds") == AWAY_SECONDS_MIN - 1
    await scene.clock.sleep(2)
    assert await scene.agent(old) == [
        Dead("endpoint-away", detail="not delivered within a day", endpoint="desk")
    ]
    with pytest.raises(Transient):
        await scene.agent([scene.arrival(alert("2"), age_seconds=60.0)])


async def test_one_answer_ends_an_outage() -> None:
    scene = Scene()
    scene.client.answer = lambda alert: Away("TimeoutError")
    old = [scene.arrival(alert("1"), age_seconds=GIVEN_UP_SECONDS + 1)]
    with pytest.raises(Transient):
        await scene.agent(old)
    await scene.clock.sleep(AWAY_SECONDS_MIN * 2)
    scene.client.answer = lambda alert: Delivered()
    await scene.agent([scene.arrival(alert("3"))])
    assert scene.gauge("samehand_endpoint_away_seconds") == 0.0
    scene.client.answer = lambda alert: Away("TimeoutError")
    with pytest.raises(Transient):
        await scene.agent(old)


async def test_an_endpoint_that_is_gone_gets_nothing_more_and_loses_nothing() -> None:
    scene = Scene()
    scene.client.answer = lambda alert: Gone()
    old = [scene.arrival(age_seconds=10 * GIVEN_UP_SECONDS)]
    for _ in range(3):
        with pytest.raises(Transient, match="410"):
            await scene.agent(old)
        await scene.clock.sleep(AWAY_SECONDS_MIN)
    assert len(scene.client.sent) == 1
    assert (scene.gauge("samehand_endpoint_off"), scene.counted("gone")) == (1.0, 1.0)


async def test_who_leaves_finishes_what_is_in_hand_and_begins_nothing_after_a_while() -> None:
    scene = Scene()
    scene.is_leaving = True
    assert await scene.agent([scene.arrival(alert("1"))]) == [HAS_IT]
    await scene.clock.sleep(LEAVING_SECONDS + 1)
    with pytest.raises(Transient, match="stopping"):
        await scene.agent([scene.arrival(alert("2"))])
    assert scene.client.sent == [("1", 1)]
    scene.is_leaving = False
    assert await scene.agent([scene.arrival(alert("3"))]) == [HAS_IT], "a rebalance is over"


async def test_batches_that_went_elsewhere_are_forgotten() -> None:
    scene = Scene()
    scene.client.answer = lambda alert: Away("answered 503") if sent_as(alert)[0] == "x" else Delivered()
    for _ in range(120):
        batch = [scene.arrival(alert(str(n))) for n in range(10)]
        with pytest.raises(Transient):
            await scene.agent([*batch, scene.arrival(alert("x"))])
    assert len(scene.agent._settled) <= 1_011


# One request, on a real connection: what is sent, what an answer means, and where nothing is sent to.


LOOPBACK = (ip_network("127.0.0.0/8"),)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def endpoint(url: str, shape: Shape = "generic", **more: Any) -> Endpoint:
    usual: dict[str, Any] = {"secret": SECRET, "allowed": LOOPBACK, "timeout_seconds": 5.0}
    return Endpoint("a", url, shape, **(usual | more))


async def answer_of(to: Endpoint, times: int = 1) -> Answer:
    client = Client(to, time.time)
    try:
        for _ in range(times):
            answer = await client.send(ALERT)
    finally:
        await client.close()
    return answer


async def test_what_arrives_is_signed_and_named(receiver: Receiver) -> None:
    assert await answer_of(endpoint(receiver.url)) == Delivered()
    [request] = receiver.requests
    assert request.body == body_of(ALERT, endpoint(""))
    assert request.message_id == f"{ALERT.alert_id}.{ALERT.revision}"
    assert SECRET.fault(request.headers, request.body, now=time.time()) == ""
    assert (request.path, request.headers["content-type"]) == ("/hooks", "application/json")


async def test_coop_gets_its_key_and_chat_needs_no_secret(receiver: Receiver) -> None:
    await answer_of(endpoint(receiver.url, "coop", secret=None, key="k-1", item_type="t"))
    await answer_of(endpoint(receiver.url, "slack", secret=None))
    coop, chat = receiver.requests
    assert coop.headers["x-api-key"] == "k-1"
    assert "x-api-key" not in chat.headers
    assert "webhook-signature" not in chat.headers


@for_each(
    ("status", "means"),
    [
        (200, Delivered()),
        (202, Delivered()),
        (204, Delivered()),
        (301, Away("answered 301")),
        (302, Away("answered 302")),
        (400, Refused(400)),
        (401, Refused(401)),
        (404, Refused(404)),
        (408, Away("answered 408")),
        (410, Gone()),
        (413, Refused(413)),
        (425, Away("answered 425")),
        (429, Away("answered 429")),
        (500, Away("answered 500")),
        (503, Away("answered 503")),
        (599, Away("answered 599")),
    ],
)
def test_what_an_answer_means(status: int, means: Answer) -> None:
    assert meaning(status, "", 0.0) == means


@for_each(
    ("text", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("999999999999999999999999", 3600.0),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 3600.0),
        ("Fri, 99 Jan 9999 99:00:00 GMT", 0.0),
        ("Fri, 01 Jan 99999999999999999999 00:00:00 GMT", 0.0),
        ("Fri, 01 Jan 2100 00:00:00 +99999999999999999999", 0.0),
        ("-5", 0.0),
        ("soon", 0.0),
        ("١٢", 0.0),
        ("1e9", 0.0),
        ("", 0.0),
        ("," * 10_000, 0.0),
    ],
)
def test_how_long_to_wait_is_believed_up_to_an_hour(text: str, seconds: float) -> None:
    assert meaning(503, text, 10.0) == Away("answered 503", seconds)


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.answer = lambda request: Said(307, {"Location": receiver.url + "/elsewhere"})
    assert await answer_of(endpoint(receiver.url)) == Away("answered 307")
    assert len(receiver.requests) == 1


async def test_of_an_answer_a_bounded_part_is_read(receiver: Receiver) -> None:
    receiver.answer = lambda request: Said(200, body=b"x" * (ANSWER_BYTES_MAX * 40))
    assert await answer_of(endpoint(receiver.url), times=3) == Delivered()
    assert len(receiver.requests) == 3


async def test_a_slow_answer_is_an_outage(receiver: Receiver) -> None:
    receiver.answer = lambda request: Said(200, wait_seconds=1.0)
    assert await answer_of(endpoint(receiver.url, timeout_seconds=0.1)) == Away("TimeoutError")


async def test_an_endpoint_that_does_not_listen_is_away() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/hidden"
        answer = await answer_of(endpoint(url))
    assert isinstance(answer, Away)
    assert "hidden" not in answer.why


@pytest.fixture
async def babble() -> AsyncIterator[str]:
    """A server that speaks something else than HTTP."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    server.close()


async def test_who_speaks_no_http_is_away(babble: str) -> None:
    assert isinstance(await answer_of(endpoint(babble)), Away)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_nothing_is_sent_to_an_address_that_is_not_public(receiver: Receiver, host: str) -> None:
    answer = await answer_of(endpoint(f"http://{host}:{receiver.port}/", allowed=()))
    assert isinstance(answer, Away)
    assert "not public" in answer.why
    assert receiver.requests == []


async def test_a_name_that_stands_for_several_addresses_is_reached_at_one_that_is_allowed(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is asked for once: what was checked is what is connected to."""
    asked: list[str] = []

    async def resolve(self: object, host: str, port: int = 0, family: int = 0) -> list[dict[str, object]]:
        asked.append(host)
        return [
            {"hostname": host, "host": it, "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}
            for it in ("169.254.169.254", "127.0.0.1")
        ]

    monkeypatch.setattr(ThreadedResolver, "resolve", resolve)
    assert await answer_of(endpoint(f"http://hooks.example.org:{receiver.port}/")) == Delivered()
    assert asked == ["hooks.example.org"]
    assert receiver.requests[0].headers["host"] == f"hooks.example.org:{receiver.port}"


async def test_a_name_that_nobody_knows_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(self: object, host: str, port: int = 0, family: int = 0) -> list[dict[str, object]]:
        raise OSError(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(ThreadedResolver, "resolve", resolve)
    assert isinstance(await answer_of(endpoint("http://hooks.example.org/")), Away)


async def test_over_tls_the_receiver_shows_who_it_is(tmp_path: Path) -> None:
    made = make_certificates(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(made.of("server"), made.key_of("server"))
    with receiving(tls) as receiver:
        assert await answer_of(endpoint(receiver.url, ca_file=made.authority)) == Delivered()
        stranger = await answer_of(endpoint(receiver.url))
        assert isinstance(stranger, Away)
        assert "Certificate" in stranger.why
        other_name = receiver.url.replace("127.0.0.1", "localhost")  # which the certificate does not name
        assert isinstance(await answer_of(endpoint(other_name, ca_file=made.authority)), Away)
        assert len(receiver.requests) == 1


async def test_the_environment_names_no_proxy(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert await answer_of(endpoint(receiver.url)) == Delivered()


# The process asks for what it needs and no more; what it does is told by journeys/test_deliver.py.


@pytest.fixture
def settings() -> Settings:
    return load({"SAMEHAND_TOPIC_PREFIX": "t."})


def test_it_reads_alerts_and_writes_dead_letters(settings: Settings) -> None:
    needed = {"t.alerts": {"READ"}, "t.deadletters": {"WRITE"}, "t.control": {"READ", "WRITE"}}
    alone, appeals = Endpoint("desk", ""), Endpoint("complaints", "", appeals=True)
    assert {it.name: set(it.rights) for it in topics_of(settings, [alone])} == needed
    both = {it.name: set(it.rights) for it in topics_of(settings, [alone, appeals])}
    assert both == {**needed, "t.appeals.decided": {"READ"}}
    waves = topics_of(settings, [alone, Endpoint("waves", "", waves=True)])
    assert {it.name: set(it.rights) for it in waves} == {**needed, "t.alerts.waves": {"READ"}}


def test_every_endpoint_is_a_group_of_its_own_that_refusals_do_not_stop(settings: Settings) -> None:
    ours = of_endpoint(settings, Endpoint("desk", ""))
    assert (ours.kafka_group, ours.batch_records, ours.letters_share) == (
        "samehand-deliver-desk",
        BATCH_RECORDS,
        1.0,
    )


@pytest.fixture
def apps(settings: Settings) -> list[DeliverApp]:
    made = [DeliverApp(settings, Endpoint(name, "")) for name in ("desk", "chat")]
    wire(made, SystemClock())
    return made


def test_all_endpoints_share_one_life_and_the_pages_of_the_first(apps: list[DeliverApp]) -> None:
    desk, chat = apps
    assert chat.life is desk.life
    assert (desk.conf.web_enabled, chat.conf.web_enabled) == (True, False)
    assert [it.name for app in apps for it in app.progress] == ["deliver-desk", "deliver-chat"]
    text = desk.exposition.negotiated("")[0].decode()
    assert 'samehand_endpoint_lag_seconds{endpoint="chat",topic="t.alerts"} 0.0' in text
    assert "samehand_build_info" not in text, "it would hide that there is no worker"


def test_it_is_ready_while_one_endpoint_takes_alerts(apps: list[DeliverApp]) -> None:
    desk, chat = (app.progress[0] for app in apps)
    for app in apps:
        app.rebalancing = False
    chat.move(Stage.HOLDING, 0.0)
    assert ready_of(apps).healthy
    desk.move(Stage.HOLDING, 0.0)
    assert set(ready_of(apps).faults) == {"desk", "chat"}
    assert live_of(apps).healthy
    desk.move(Stage.FAILED, 0.0)
    assert live_of(apps).faults == {"deliver-desk": "failed"}


# What several deliveries of one process tell, each under its endpoint's name.


def test_every_endpoint_has_its_series_from_the_start() -> None:
    registry = CollectorRegistry()
    WebhookMetrics.of(registry, ["desk"])
    for outcome in OUTCOMES:
        labels = {"endpoint": "desk", "outcome": outcome}
        assert registry.get_sample_value("samehand_webhooks_total", labels) == 0.0
    assert registry.get_sample_value("samehand_endpoint_off", {"endpoint": "desk"}) == 0.0


def test_each_deliverys_metrics_bear_its_endpoint() -> None:
    families, registry = PerEndpoint(), CollectorRegistry()
    registry.register(families)
    for endpoint, records in (("desk", 2), ("chat", 1)):
        metrics = Metrics(CollectorRegistry(), topics=["alerts"])
        families.add(endpoint, metrics.registry)
        for offset in range(records):
            metrics.outcome(Arrival("alerts", 0, offset, b"k", b"v"), Published(()), 1.0)
    for endpoint, told in (("desk", 2.0), ("chat", 1.0)):
        labels = {"endpoint": endpoint, "topic": "alerts"}
        assert registry.get_sample_value("samehand_endpoint_age_seconds_count", labels) == told
    text, kind = Exposition(registry).negotiated("application/openmetrics-text; version=1.0.0")
    assert kind.startswith("application/openmetrics-text")
    assert text.count(b"# TYPE samehand_endpoint_age_seconds histogram") == 1
    families_told = {line.split()[2] for line in text.decode().splitlines() if line.startswith("# TYPE ")}
    assert families_told == set(DELIVERY.values()), "what is told of workers alone would mean something else"
