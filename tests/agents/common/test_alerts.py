"""An alert: its evidence, its places, its repetition."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from time import process_time
from typing import Any

import pytest

from agents.common.alerts import PROPOSED_AT_ONCE, Pair, admitted, best_score
from agents.common.decisions.weights_in_force import Weighing
from agents.common.match import lookup_of, match, strongest_first
from agents.common.queries import preview as module
from agents.common.queries.preview import Preview
from agents.common.snapshot import Snapshot, snapshot_of
from samehand.frequency.ban_calendar import NO_CALENDARS
from samehand.frequency.rates import NothingCounted
from samehand.scoring.weights import default_weights
from schemas.accounts import AccountCreated
from schemas.alerts import MirrorAlert
from schemas.malformed import Malformed
from schemas.wire import Decoded, encode
from store.base import Proposal, RememberedFacts, Ruled
from store.bounds import Bounds
from store.errors import StoreUnavailable
from store.memory.store import MemoryStore
from store.redis.client import RedisEndpoint
from store.redis.store import RedisStore
from streams.errors import Transient
from tests.agents.conftest import Life, MakeLife
from tests.agents.decoying import BAN, BEFORE, MIRROR, SHARED, accounts, decoys, gone, open_alerts, summaries
from tests.makers import NOON, a_ban, a_deletion, a_reinstatement, a_sign_up, a_verdict

# Pairs become alerts: one a pair, the stronger of two, and only what the store admits.


DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"

UNCOUNTED = Snapshot(NothingCounted(1), NO_CALENDARS, Weighing.by(default_weights()))


async def test_two_events_of_one_account_in_one_batch_are_one_alert(life: Life) -> None:
    await life.ban(a_ban(handle="umar_media", device_id=DEVICE))
    weaker = a_sign_up("99", handle="someone_else", device_id=DEVICE)
    stronger = a_sign_up("99", handle="umar_media_2", device_id=DEVICE)
    await life.tell(life.screen, weaker, stronger)
    (alert,) = life.alerts
    assert {line.signal for line in alert.evidence} >= {"handle", "device"}


async def test_digests_of_two_peppers_are_never_compared(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    (ban,) = await life.context.store.bans(["telegram:77"])
    assert ban is not None
    theirs = ban.fingerprints[0]
    assert best_score(ban.fingerprints, theirs, life.context, UNCOUNTED) is not None
    assert best_score((), theirs, life.context, UNCOUNTED) is None


async def test_an_alert_is_counted_once_it_is_confirmed(life: Life) -> None:
    await life.ban(a_ban(handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up(handle="umar_media_2", device_id=DEVICE))
    (alert,) = life.alerts
    assert isinstance(alert, MirrorAlert)
    text = life.context.metrics.exposition().decode()
    assert 'samehand_alerts_total{band="likely",direction="forward",queue="extremism"} 1.0' in text


async def many_pairs(life: Life, events: int, bans_an_event: int) -> list[Pair]:
    """Pairs of so many sign-ups with as many banned accounts each, as an evader's batch has them."""
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    (ban,) = await life.context.store.bans(["telegram:77"])
    assert ban is not None
    (mine,) = ban.fingerprints
    scored = best_score([mine], mine, life.context, UNCOUNTED)
    assert scored is not None
    pairs = []
    for event in range(events):
        side = RememberedFacts(f"telegram:{event}", "telegram", str(event), 0.0, ban.facts.quoted)
        for number in range(bans_an_event):
            facts = replace(ban.facts, account_id=f"b{number}")
            pairs.append(
                Pair(side, mine, facts, mine, scored[1], "forward", 0.0, f"forward:{event}", "ours-1")
            )
    return pairs


async def test_a_batch_is_proposed_in_parts_that_redis_answers_within_its_deadline(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = await many_pairs(life, 40, 30)
    propose, sizes = MemoryStore.propose, list[int]()

    async def noted(store: MemoryStore, proposals: Sequence[Proposal], now: float) -> list[Ruled]:
        sizes.append(len(proposals))
        return await propose(store, proposals, now=now)

    monkeypatch.setattr(MemoryStore, "propose", noted)
    found = await admitted(pairs, life.context)
    assert sum(sizes) == len(pairs) == 1_200
    assert max(sizes) <= PROPOSED_AT_ONCE
    assert [place for place, _ in found.emits] == sorted({place for place, _ in found.emits})


async def test_the_time_of_a_batch_grows_with_its_pairs_and_no_faster(make_life: MakeLife) -> None:
    async def seconds(events: int) -> float:
        took = []
        for _ in range(2):
            life = make_life()
            pairs = await many_pairs(life, events, 64)
            begun = process_time()
            await admitted(pairs, life.context)
            took.append(process_time() - begun)
        return min(took)

    # Eight times the pairs; it was 21 times as long when each pair looked through all of the batch.
    assert await seconds(80) < 16 * await seconds(10)


# One answer for whoever asks which banned accounts an account resembles.


MAILBOX = "u@valley.example"
PHONE = "+923001234567"
SHOWN: dict[str, Any] = {"handle": "umar_media", "device_id": DEVICE, "email": MAILBOX, "phone": PHONE}


async def matched(life: Life, event: AccountCreated) -> list[Pair]:
    """The pairs of one account that nobody has told the stream of."""
    snapshot = await snapshot_of(life.context, life.seconds)
    one = lookup_of(Decoded(event), life.context.topics.created, snapshot, life.context)
    return [] if one is None else (await match([one], snapshot, life.context, "forward"))[0]


@pytest.fixture
async def family(make_life: MakeLife) -> Life:
    """Four bans of one device, one of a mailbox and one of a number; a person reads two alerts an event."""
    life = make_life(alerts_an_event=2, allowlist=frozenset({"telegram:mother"}))
    bans = [a_ban(f"{number}", handle="umar_media", device_id=DEVICE) for number in range(4)]
    await life.ban(*bans, a_ban("4", email=MAILBOX), a_ban("5", phone=PHONE))
    return life


async def test_the_strongest_cluster_is_told_first_and_others_only_if_they_were_told_before(
    family: Life,
) -> None:
    pairs = await matched(family, a_sign_up("99", **SHOWN))
    assert [pair.again_only for pair in pairs] == [False, False, True, True, True, True]
    assert pairs[:2] == strongest_first(pairs[:2])
    assert pairs[2:] == strongest_first(pairs[2:])
    assert [pair.facts.account_id in {"4", "5"} for pair in pairs[:2]] == [False, True]
    assert not any(pair.counted for pair in pairs), "only look-back has a summary"


async def test_it_finds_what_the_stream_alerts_on_and_leaves_no_trace(family: Life) -> None:
    event = a_sign_up("99", **SHOWN)
    pairs = await matched(family, event)
    before = await family.context.store.figures()
    assert (before.remembered, family.heard) == (0, [])
    await family.tell(family.screen, event)
    assert {alert.alert_id for alert in family.alerts} == {p.alert_id for p in pairs if not p.again_only}


async def test_nobody_of_the_allowlist_is_looked_up(family: Life) -> None:
    assert await matched(family, a_sign_up("mother", handle="umar_media", device_id=DEVICE)) == []


# Which of the accounts that resemble a ban get an alert of their own.


async def test_decoys_banned_one_by_one_are_an_alert_each(life: Life) -> None:
    several = decoys(20, "185.12.9.4")
    await life.tell(life.screen, *several, MIRROR)
    most = 0
    for one in several:
        life.seconds += 60
        await life.ban(a_ban(one.account.account_id, handle="umar_media", ip="185.12.9.4", **SHARED))
        await life.relay()
        most = max(most, len(open_alerts(life)))
    raised = {alert.alert_id for alert in life.alerts}
    assert (most, len(raised), accounts(life)) == (20, 20, {"99"})


async def test_a_cluster_has_a_hundred_open_alerts_over_all_bans_and_a_free_place_is_anybodys(
    make_life: MakeLife,
) -> None:
    """The decoys are told of on one ban, the mirror resembles the other: its place is freed there."""
    life = make_life(alerts_a_cluster=10)
    mailbox = "umar.desk@valley.example"
    several = [a_sign_up(f"d{n}", handle="umar_media", at=BEFORE, email=mailbox, **SHARED) for n in range(10)]
    mirror = a_sign_up("99", handle="gardener", at=BEFORE, email=mailbox)
    await life.tell(life.screen, *several, mirror)
    await life.ban(a_ban("77", handle="umar_media", **SHARED))
    await life.ban(a_ban("78", handle="umar_media", email=mailbox, device_id=SHARED["device_id"]))
    await life.relay()
    assert (len(open_alerts(life)), "99" in accounts(life)) == (10, False)
    assert (summaries(life)[-1].matched.account_id, summaries(life)[-1].withheld) == ("78", 1)
    await gone(life, several[:1])
    assert (len(open_alerts(life)), "99" in accounts(life)) == (10, True)


async def test_dismissed_pairs_leave_their_places_to_others(make_life: MakeLife) -> None:
    life = make_life(alerts_a_cluster=3)
    several = decoys(9, "185.12.9.4")
    await life.tell(life.screen, *several, MIRROR)
    await life.ban(BAN)
    read = set[str]()
    for _ in range(3):
        assert len(open_alerts(life)) == 3
        for alert in open_alerts(life).values():
            read.add(alert.account_id)
            await life.tell(life.judge, a_verdict(alert.alert_id, "not_mirror", revision=alert.revision))
        await life.relay()
    assert len(read | accounts(life)) == 10


async def test_an_account_that_is_deleted_while_look_back_runs_takes_no_place(
    make_life: MakeLife, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = make_life(alerts_a_cluster=5)
    several = decoys(5, "185.12.9.4")
    await life.tell(life.screen, *several, MIRROR)
    store = type(life.context.store)
    real = store.alerts_about

    async def meanwhile(self: Any, some: Sequence[str]) -> Any:
        found = await real(self, some)
        await store.forget(self, [(f"telegram:d{n}", life.seconds) for n in range(5)], now=life.seconds)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(store, "alerts_about", meanwhile)
        await life.ban(BAN)
    assert accounts(life) == {"99"}


# A place that a withdrawn alert frees is given to the next pair, whatever dies meanwhile.


async def test_what_a_crash_leaves_owed_is_looked_at_again_by_the_next_worker(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    several = decoys(120, "185.12.9.4")
    await life.tell(life.screen, *several, MIRROR)
    await life.ban(BAN)

    async def killed(*_: object) -> None:
        raise ConnectionResetError

    later = NOON + timedelta(hours=2, minutes=1)
    await life.tell(life.forget, *[a_deletion(one.account.account_id, at=later) for one in several])
    with monkeypatch.context() as patch:
        patch.setattr(type(life.relaying), "settle", killed)
        with pytest.raises(ConnectionResetError):
            await life.relay()
    life.words.clear()
    await life.relay()
    assert accounts(life) == {"99"}


async def test_the_place_of_a_dismissed_account_that_is_deleted_at_once_is_given_out(
    make_life: MakeLife,
) -> None:
    """The deletion replaces the verdict's withdrawal before anybody has published it."""
    life = make_life(alerts_a_cluster=1)
    several = decoys(1, "185.12.9.4")
    await life.tell(life.screen, *several, MIRROR)
    await life.ban(BAN)
    (alert,) = open_alerts(life).values()
    assert alert.account_id == "d0"
    await life.tell(life.judge, a_verdict(alert.alert_id, "not_mirror"))
    await life.tell(life.forget, a_deletion("d0", at=NOON + timedelta(hours=2)))
    await life.relay()
    assert accounts(life) == {"99"}


@pytest.mark.parametrize("shards", [1, 3])
async def test_what_redis_withholds_is_looked_at_again(
    life: Life, redis_url: str, store_prefix: str, shards: int
) -> None:
    store = RedisStore(
        RedisEndpoint(url=redis_url, deadline_seconds=20.0),
        prefix=store_prefix,
        identity=b"i" * 32,
        bounds=Bounds(shards=shards),
    )
    await store.open()
    lived = Life(replace(life.context, store=store))
    several = decoys(120, "185.12.9.4")
    await lived.tell(lived.screen, *several, MIRROR)
    await lived.ban(BAN)
    await lived.ban(a_ban("78", handle="umar_media", **SHARED))
    await lived.relay()
    assert len(open_alerts(lived)) <= 100
    later = NOON + timedelta(hours=2)
    await lived.tell(lived.forget, *[a_deletion(one.account.account_id, at=later) for one in several])
    await lived.relay()
    assert accounts(lived) == {"99"}
    (alert,) = open_alerts(lived).values()
    await lived.tell(lived.expunge, a_reinstatement(alert.matched.account_id))
    await lived.relay()
    assert accounts(lived) == {"99"}, "it resembles the other ban, which stands"
    assert await store.withheld(["telegram:77", "telegram:78"]) == [False, False]
    await store.close()


async def test_of_alike_bans_one_has_the_alert_and_the_next_one_once_it_ends(life: Life) -> None:
    """Whichever came first, and whoever found it: banned later, or created later."""
    await life.tell(life.screen, MIRROR)
    for name in ("77", "78", "79"):
        await life.ban(a_ban(name, handle="umar_media", **SHARED))
    await life.tell(life.screen, a_sign_up("100", handle="gardener2", ip="39.40.1.7", **SHARED))
    by_account = Counter(alert.account_id for alert in open_alerts(life).values())
    assert by_account == {"99": 1, "100": 1}
    standing = {"77", "78", "79"}
    while standing:
        chosen = {alert.matched.account_id for alert in open_alerts(life).values()}
        assert chosen <= standing
        for name in chosen:
            await life.tell(life.expunge, a_reinstatement(name))
        standing -= chosen
        await life.relay()
        by_account = Counter(alert.account_id for alert in open_alerts(life).values())
        assert by_account == ({"99": 1, "100": 1} if standing else {})


async def test_the_deletion_of_a_banned_account_leaves_its_mirror_to_an_alike_ban(life: Life) -> None:
    await life.tell(life.screen, MIRROR)
    for name in ("77", "78"):
        await life.ban(a_ban(name, handle="umar_media", **SHARED))
    (alert,) = open_alerts(life).values()
    first = alert.matched.account_id
    await life.tell(life.forget, a_deletion(first, at=NOON + timedelta(hours=1)))
    await life.relay()
    (alert,) = open_alerts(life).values()
    assert {first, alert.matched.account_id} == {"77", "78"}


# What the stream would say of an account, asked before the account is published.


async def previewed(life: Life, event: AccountCreated) -> tuple[MirrorAlert, ...]:
    """The alerts that an event would raise."""
    preview = Preview(life.context)
    found = preview.read(encode(event))
    assert isinstance(found, Decoded)
    foreseen = await preview.foresee(found)
    assert not isinstance(foreseen, Malformed)
    return foreseen.alerts


@pytest.fixture
async def banned(life: Life) -> Life:
    """A context in which one account is banned."""
    await life.ban(a_ban("77", handle="umar_media", display_name="Umar Media", device_id=DEVICE))
    return life


PREVIEW_MIRROR = a_sign_up("99", handle="um4r_media_2", device_id=DEVICE)


async def test_it_says_what_the_stream_will_say_to_the_letter(banned: Life) -> None:
    foreseen = await previewed(banned, PREVIEW_MIRROR)
    assert banned.heard == [], "nobody has been told"
    assert (await banned.context.store.figures()).remembered == 0
    await banned.tell(banned.screen, PREVIEW_MIRROR)
    assert banned.alerts == list(foreseen) != []


async def test_an_alert_that_stands_is_said_again_under_its_revision(banned: Life) -> None:
    await banned.tell(banned.screen, PREVIEW_MIRROR)
    assert await previewed(banned, PREVIEW_MIRROR) == tuple(banned.alerts)


async def test_a_pair_that_a_moderator_told_apart_is_not_said(banned: Life) -> None:
    await banned.tell(banned.screen, PREVIEW_MIRROR)
    (alert,) = banned.alerts
    await banned.tell(banned.judge, a_verdict(alert.alert_id, "not_mirror"))
    assert await previewed(banned, PREVIEW_MIRROR) == ()


async def test_nothing_is_said_of_the_allowlist_of_banned_or_of_deleted_accounts(
    make_life: MakeLife,
) -> None:
    life = make_life(allowlist=frozenset({"telegram:mother"}))
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE), a_ban("99"))
    await life.tell(life.forget, a_deletion("98"))
    for account in ("mother", "99", "98"):
        assert await previewed(life, a_sign_up(account, handle="umar_media", device_id=DEVICE)) == ()


async def test_no_more_is_said_than_a_person_reads(make_life: MakeLife) -> None:
    life = make_life(alerts_an_event=2)
    shown: dict[str, Any] = {"device_id": DEVICE, "email": "u@valley.example", "phone": "+923001234567"}
    await life.ban(*(a_ban(field, **{field: value}) for field, value in shown.items()))
    event = a_sign_up("99", **shown)
    foreseen = await previewed(life, event)
    await life.tell(life.screen, event)
    assert list(foreseen) == life.alerts
    assert len(foreseen) == 2


async def test_what_is_odd_about_an_account_is_counted_and_named(banned: Life) -> None:
    event = a_sign_up("99", handle="um4r_media_2", device_id=DEVICE, ip="nope")
    (alert,) = await previewed(banned, event)
    assert [(it.side, it.field) for it in alert.not_read] == [("account", "ip")]


async def test_a_record_that_is_none_is_a_value_with_its_address(life: Life) -> None:
    found = Preview(life.context).read(b'{"event_id": "e"}')
    assert isinstance(found, Malformed)
    assert (found.reason, found.path) == ("missing-field", "$.version")


async def test_a_record_on_which_our_logic_fails_costs_itself(
    banned: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise ValueError("umar@valley.example")

    monkeypatch.setattr(module, "lookup_of", fails)
    preview = Preview(banned.context)
    found = await preview.foresee(Decoded(PREVIEW_MIRROR))
    assert found == Malformed("unprocessable", detail="ValueError")


async def test_a_store_that_is_away_is_an_outage(banned: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("Redis cannot be reached")

    monkeypatch.setattr(type(banned.context.store), "bans_like", away)
    with pytest.raises(Transient):
        await previewed(banned, PREVIEW_MIRROR)


async def test_many_ask_at_once(banned: Life) -> None:
    events = [a_sign_up(f"9{n}", handle="um4r_media_2", device_id=DEVICE) for n in range(20)]
    answers = await asyncio.gather(*(previewed(banned, event) for event in events))
    assert [alerts[0].account_id for alerts in answers] == [event.account.account_id for event in events]


async def test_an_alert_is_found_by_its_id_while_it_is_known(banned: Life) -> None:
    preview = Preview(banned.context)
    assert await preview.alert("unheard of") is None
    await banned.tell(banned.screen, PREVIEW_MIRROR)
    (alert,) = banned.alerts
    assert await preview.alert(alert.alert_id) == alert
