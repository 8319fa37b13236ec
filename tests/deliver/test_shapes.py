"""Bodies and addresses of webhooks."""

from __future__ import annotations

import json
from typing import Any, get_args

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from deliver.endpoints import Endpoint, Filter, Shape
from deliver.shapes import REASONS_MAX, Sendable, body_of, escaped, message_id, takes
from schemas.accounts import Basis
from schemas.alerts import AlertSummary, MirrorAlert
from schemas.appeals import AppealDecided
from schemas.examples import ALERT, APPEAL_DECIDED, SUMMARY, WAVE, WAVE_MERGED, WITHDRAWN
from schemas.waves import WaveAlert
from tests.tables import for_each

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


def test_digests_of_values_are_in_no_shape() -> None:
    line = replace(ALERT.evidence[0], value_digests=(("5b0f6a3c9d1e2f47a8b6",),))
    alert = replace(ALERT, evidence=(line, *ALERT.evidence[1:]))
    for shape in get_args(Shape):
        assert "5b0f6a3c9d1e2f47a8b6" not in json.dumps(sent(alert, shape))


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
    header, who, why, else_, context = body["blocks"]
    assert header["text"]["text"] == "Likely 99.4 %: an account resembles a banned one"
    assert who["text"]["text"] == "`x:9907` resembles banned `x:2201`"
    assert why["text"]["text"].startswith("*+9.5* contact: Both profiles")
    assert else_["text"]["text"] == f"What else it could be: {ALERT.rivals[0].sentence}"
    assert "a person decides" in context["elements"][0]["text"]
    assert len(sent(replace(ALERT, rivals=()), "slack")["blocks"]) == 4
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
