"""How agents read a batch: decoding, turns, labels and the store's outages."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from datetime import timedelta

import pytest
from msgspec.structs import replace

from agents.common.context import OPERATIONS
from agents.common.decoding import itself, read_all
from agents.common.distilled import distilled
from agents.common.metric_labels import SCRIPT_NAMES, SIGNAL_NAMES, fired
from agents.common.offload import TURN_RECORDS, offload
from agents.common.yielder import HELD_SECONDS, Yielder
from schemas.accounts import AccountDeleted, Avatar
from schemas.unusable import FieldFault, Unusable
from schemas.wire import Decoded, decode_deleted
from store.errors import StoreEmptied, StoreMismatch, StoreUnavailable
from streams.errors import Transient
from streams.outcomes import NOTHING, Arrival
from tests.agents.conftest import Life, MakeLife, dead
from tests.makers import NOON, a_ban, a_deletion, a_sign_up, a_verdict, arrival
from tests.samehand.pictures.test_hashing import encoded, needs_extra, pillow
from tests.tables import for_each

# What agents are given: the store's outages as delivery knows them, and its time on a clock.


async def failing(fault: Exception) -> None:
    raise fault


@pytest.mark.parametrize("fault", [StoreUnavailable("away"), StoreEmptied("emptied")])
async def test_an_outage_is_waited_out(life: Life, fault: Exception) -> None:
    with pytest.raises(Transient, match=str(fault)):
        await life.context.call_store(failing(fault))


async def test_a_store_of_another_make_is_no_outage(life: Life) -> None:
    with pytest.raises(StoreMismatch):
        await life.context.call_store(failing(StoreMismatch("other layout")))


async def test_every_question_is_timed_under_its_name(life: Life) -> None:
    await life.context.call_store(life.context.store.bans(["x:1"]))
    text = life.context.metrics.exposition().decode()
    assert 'samehand_store_seconds_count{operation="bans"} 1.0' in text
    assert {"enrol", "remember", "bans_like", "propose", "confirm"} <= set(OPERATIONS)


def test_shadow_mode_speaks_where_nobody_acts(make_life: MakeLife) -> None:
    assert make_life().context.alerts_topic == "t.alerts"
    assert make_life(shadow=True).context.alerts_topic == "t.alerts.shadow"


# A batch is read record by record: one that cannot be read does not cost its neighbours.


def test_what_can_be_read_is_handed_on_with_its_place(life: Life) -> None:
    batch = [arrival(a_deletion("1")), arrival(b"{"), arrival(a_deletion("2"))]
    outcomes, ready = read_all(batch, decode_deleted, life.context, itself)
    assert [(place, event.account_id) for place, event in ready] == [(0, "1"), (2, "2")]
    assert (outcomes[0], outcomes[2], dead(outcomes)) == (NOTHING, NOTHING, ["not-json"])


def test_a_record_on_which_our_own_logic_fails_is_a_dead_letter_that_quotes_nothing(life: Life) -> None:
    def breaks(found: Decoded[AccountDeleted]) -> None:
        raise RuntimeError(f"about {found.record.account_id}")

    outcomes, ready = read_all([arrival(a_deletion("umar"))], decode_deleted, life.context, breaks)
    assert ready == []
    assert dead(outcomes) == ["logic-fault"]
    assert "umar" not in str(outcomes)


def test_fields_that_this_version_does_not_know_are_counted(life: Life) -> None:
    raw = arrival(a_deletion("1")).value
    assert raw is not None
    read_all([arrival(raw[:-1] + b',"novel":1}', topic="t")], decode_deleted, life.context, itself)
    shown = life.context.metrics.exposition().decode()
    assert 'samehand_unknown_fields_total{topic="t"} 1.0' in shown
    assert 'fields_unusable_total{field="unknown",reason="unknown-field",topic="t"} 1.0' in shown


def test_a_worker_whose_clock_is_slow_believes_the_record_that_kafka_stamped(life: Life) -> None:
    life.seconds = (NOON - timedelta(hours=1)).timestamp()
    event = arrival(a_deletion("1", at=NOON))  # stamped at noon
    outcomes, ready = read_all([event], decode_deleted, life.context, itself)
    assert (outcomes, len(ready)) == ([NOTHING], 1)


def test_a_date_after_the_record_itself_is_held_against_foreign_records_alone(life: Life) -> None:
    life.seconds = NOON.timestamp()
    event = arrival(a_deletion("1", at=NOON + timedelta(hours=1)))
    assert dead(read_all([event], decode_deleted, life.context, itself)[0]) == ["future-date"]
    assert len(read_all([event], decode_deleted, life.context, itself, ours=True)[1]) == 1


# What could not be read of an account is counted, and goes with it to the alerts about it.


def test_what_could_not_be_read_goes_with_the_account_and_is_counted(life: Life) -> None:
    left_out = Unusable("phone", FieldFault.WRONG_TYPE)
    found = Decoded(a_sign_up("99", handle="umar_media", ip="nope"), unusable=(left_out,))
    account = distilled(found, life.context.topics.created, life.context)
    assert (account.account, account.quoted.handle) == ("telegram:99", "umar_media")
    assert set(account.not_read) == {left_out, Unusable("ip", FieldFault.UNREADABLE)}
    counted = life.context.metrics.fields_unusable.labels(life.context.topics.created, "ip", "unreadable")
    assert counted._value.get() == 1


# What agents count beside their work: which signals fire, which cannot be read, whom verdicts dismiss.

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
PICTURE = b"\x89PNG\r\n\x1a\n"


def counted(life: Life, name: str, **labels: str) -> float:
    return life.context.metrics.registry.get_sample_value(f"samehand_{name}_total", labels) or 0.0


def test_names_of_labels_are_known_from_the_start() -> None:
    assert {"handle", "device", "avatar", "timing"} <= set(SIGNAL_NAMES)
    assert {"latin", "arabic", "none"} <= set(SCRIPT_NAMES)


async def test_the_signals_of_published_alerts_are_counted_and_no_others(life: Life) -> None:
    await life.ban(a_ban(handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up(handle="umar_media_2", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up(handle="nobody_of_note"))
    assert counted(life, "signals", signal="handle") == 1.0
    assert counted(life, "signals", signal="device") == 1.0
    (alert,) = life.alerts
    held, explained = (
        replace(alert.evidence[0], signal=name, weight=0.0, explained=name == "bio")
        for name in ("rule", "bio")
    )
    assert fired(replace(alert, evidence=(*alert.evidence, held, explained))) == fired(alert) | {"bio"}


@pytest.mark.parametrize(
    ("avatar", "times"),
    [
        (None, 0.0),
        (Avatar(pdq="0f" * 32, quality=90), 0.0),
        (Avatar(pdq="0f" * 32, quality=90, image=PICTURE), 0.0),
        (Avatar(image=PICTURE), 1.0),
    ],
    ids=["no avatar", "a hash", "a hash and its picture", "a picture that nothing here reads"],
)
async def test_a_picture_that_cannot_be_read_is_counted(
    life: Life, avatar: Avatar | None, times: float
) -> None:
    await life.tell(life.screen, a_sign_up(handle="umar_media", avatar=avatar))
    assert counted(life, "signal_unavailable", signal="avatar") == times


@needs_extra
async def test_a_picture_too_flat_to_say_anything_was_read(life: Life) -> None:
    flat = encoded(pillow().new("RGB", (64, 64), "teal"), "PNG")
    await life.tell(life.screen, a_sign_up(handle="umar_media", avatar=Avatar(image=flat)))
    assert counted(life, "signal_unavailable", signal="avatar") == 0.0


@pytest.mark.parametrize(("name", "script"), [("zarghun kakar", "latin"), ("زرغون کاکر", "arabic")])
async def test_a_dismissal_counts_by_the_script_of_the_names_it_judged(
    life: Life, name: str, script: str
) -> None:
    await life.ban(a_ban(display_name=name, device_id=DEVICE))
    await life.tell(life.screen, a_sign_up(display_name=name, device_id=DEVICE))
    await life.tell(life.judge, a_verdict(life.alerts[0].alert_id, "not_mirror"))
    assert counted(life, "judged_scripts", script=script, verdict="not_mirror") == 1.0


async def test_a_verdict_on_an_alert_that_is_gone_counts_for_no_script(life: Life) -> None:
    await life.tell(life.judge, a_verdict("0" * 32, "not_mirror"))
    assert counted(life, "verdicts", verdict="not_mirror", band="none") == 1.0
    assert not any(counted(life, "judged_scripts", script=it, verdict="not_mirror") for it in SCRIPT_NAMES)


# Others run while a batch is worked on, and not more often than they need.


async def turns_given(seconds_each: float, count: int) -> int:
    now, turns_taken = 0.0, 0

    async def somebody_else() -> None:
        nonlocal turns_taken
        while True:
            turns_taken += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(somebody_else())
    yielder = Yielder(lambda: now)
    for _ in range(count):
        now += seconds_each
        await yielder.pause()
    other.cancel()
    return turns_taken


async def test_who_holds_the_loop_for_long_gives_a_turn_each_time() -> None:
    assert await turns_given(1.5 * HELD_SECONDS, 10) == 10


async def test_short_work_gives_none() -> None:
    assert await turns_given(HELD_SECONDS / 100, 50) == 0


# Only a batch that may hold pictures leaves the event loop, and every other gives it its turns.


def yielder() -> Yielder:
    return Yielder(time.perf_counter)


def where(some: Sequence[Arrival]) -> int:
    return threading.get_ident()


@for_each(
    ("value", "elsewhere"),
    [(b'{"account":{"avatar":{"image":"aGk="}}}', True), (b"{}", False), (None, False)],
)
async def test_a_batch_with_a_picture_is_read_in_a_thread(value: bytes | None, elsewhere: bool) -> None:
    [(_, there)] = await offload([arrival(b"{}"), arrival(value)], where, yielder())
    assert (there != threading.get_ident()) is elsewhere


async def test_parts_come_with_the_place_of_their_first_record() -> None:
    count = 2 * TURN_RECORDS + 1
    parts = await offload([arrival(b"{}") for _ in range(count)], len, yielder())
    assert parts == [(0, TURN_RECORDS), (TURN_RECORDS, TURN_RECORDS), (2 * TURN_RECORDS, 1)]


async def test_the_loop_gets_its_turn_within_a_batch_of_heavy_records() -> None:
    """Five hundred records of 10 ms each would hold it for five seconds, longer than a probe waits."""
    beats = 0

    async def heartbeat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0)

    beating = asyncio.create_task(heartbeat())
    await offload([arrival(b"{}")] * 10 * TURN_RECORDS, lambda some: time.sleep(0.004 * len(some)), yielder())
    beating.cancel()
    assert beats >= 10


async def test_a_defect_of_reading_comes_out() -> None:
    def fails(some: Sequence[Arrival]) -> None:
        raise RuntimeError("ours")

    with pytest.raises(RuntimeError, match="ours"):
        await offload([arrival(b'{"image":1}')], fails, yielder())
