"""An alert: its evidence, its places, its repetition; and attacks on what is found."""

from __future__ import annotations

import dataclasses
import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from time import process_time
from typing import Any

import pytest
import redis
from msgspec import structs
from structlog.testing import capture_logs

from agents.common import again
from agents.common.alerts.compose import Pair
from agents.common.alerts.places import Held, given_out
from agents.common.alerts.propose import PROPOSED_AT_ONCE, admitted, best_score
from agents.common.context import AlertPolicy
from agents.common.match import lookup_of, match, strongest_first
from agents.common.queries import preview as module
from agents.common.queries.preview import Preview
from agents.common.snapshot import Snapshot, snapshot_of
from agents.common.weighing import Weighing
from agents.common.yielder import Yielder
from samehand.frequency.rates import NothingCounted
from samehand.keys import PERSONAL_POSTING_CAP
from samehand.scoring.weights import Bands, default_weights
from schemas.accounts import AccountBanned, AccountCreated, AccountUpdated, Avatar, Basis
from schemas.alerts import AlertSummary, EvidenceLine, MirrorAlert
from schemas.basis_rights import BasisRights, RightsTable
from schemas.malformed import Malformed
from schemas.wire import Decoded, decode_alert, decode_enrolled, encode
from store.base import Proposal, RememberedFacts, Ruled
from store.errors import StoreUnavailable
from store.limits import LISTED_LATER
from store.memory.store import MemoryStore
from store.redis.client import RedisEndpoint
from store.redis.store import RedisStore
from streams.errors import Transient
from streams.outcomes import Outcome, Published
from tests.agents.conftest import Life, MakeLife
from tests.makers import NOON, a_ban, a_change, a_deletion, a_reinstatement, a_sign_up, a_verdict, arrival

# Decoys: accounts that carry what a prepared mirror shares with a ban.


SHARED: dict[str, Any] = {
    "device_id": "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b",
    "payment_token": "tok_1NvXa2example",
}
BEFORE = NOON - timedelta(hours=1)
RULES = AlertPolicy()


def decoys(count: int, ip: str) -> list[AccountCreated]:
    """Accounts that carry all that the mirror shares with the ban, and the banned handle besides."""
    return [a_sign_up(f"d{n}", handle="umar_media", at=BEFORE, ip=ip, **SHARED) for n in range(count)]


MIRROR = a_sign_up("99", handle="gardener", at=BEFORE, ip="39.40.1.7", **SHARED)
BAN = a_ban("77", handle="umar_media", **SHARED)


def open_alerts(life: Life) -> dict[str, MirrorAlert]:
    """The alerts that a person may read now, by their id."""
    latest = {alert.alert_id: alert for alert in life.alerts}
    return {name: alert for name, alert in latest.items() if alert.status == "open"}


def accounts(life: Life) -> set[str]:
    """The accounts with an open alert."""
    return {alert.account_id for alert in open_alerts(life).values()}


def summaries(life: Life) -> list[AlertSummary]:
    """The summaries in the order in which they were published."""
    return [record for record in life.heard if isinstance(record, AlertSummary)]


async def gone(life: Life, several: Sequence[AccountCreated]) -> None:
    """Decoys that delete themselves a minute after the ban, and what follows."""
    life.seconds += 60
    later = NOON + timedelta(hours=2, minutes=1)
    await life.tell(life.forget, *[a_deletion(one.account.account_id, at=later) for one in several])
    await life.relay()


# Pairs become alerts: one a pair, the stronger of two, and only what the store admits.


DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"

UNCOUNTED = Snapshot(NothingCounted(1), Weighing.by(default_weights()))


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
    assert best_score(ban.fingerprints, theirs, UNCOUNTED) is not None
    assert best_score((), theirs, UNCOUNTED) is None


async def test_an_alert_is_counted_once_it_is_confirmed(life: Life) -> None:
    await life.ban(a_ban(handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up(handle="umar_media_2", device_id=DEVICE))
    (alert,) = life.alerts
    assert isinstance(alert, MirrorAlert)
    text = life.context.metrics.exposition().decode()
    assert 'samehand_alerts_total{band="likely",direction="forward",queue="extremism"} 1.0' in text
    assert "samehand_score_log_odds_count 1.0" in text


async def many_pairs(life: Life, events: int, bans_an_event: int) -> list[Pair]:
    """Pairs of so many sign-ups with as many banned accounts each, as an evader's batch has them."""
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    (ban,) = await life.context.store.bans(["telegram:77"])
    assert ban is not None
    (mine,) = ban.fingerprints
    scored = best_score([mine], mine, UNCOUNTED)
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


class Clocked(Yielder):
    """Counts the pauses between records."""

    def __init__(self) -> None:
        super().__init__(lambda: 0.0)
        self.pauses = 0

    async def pause(self) -> None:
        self.pauses += 1


@pytest.mark.parametrize(("places", "pauses"), [(39, 40), (40, 0)])
async def test_others_get_their_turn_while_accounts_are_sorted_into_clusters(
    make_life: MakeLife, places: int, pauses: int
) -> None:
    """None are sorted where there are places for all."""
    life = make_life(alerts_a_ban=places, alerts_a_cluster=places)
    pairs, yielder = await many_pairs(life, 40, 1), Clocked()
    told = await given_out(pairs, Held(), life.context.alert_policy, UNCOUNTED, yielder)
    assert [len(several) for several in told] == [places, 40 - places]
    assert yielder.pauses == pauses


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
    told = [pair.alert_id for pair, _ in found.emits]
    assert list(dict.fromkeys(told)) == [pair.alert_id for pair in pairs if pair.alert_id in set(told)]


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
    named = {other.account_id for pair in pairs[:2] for other in pair.others}
    assert {pair.facts.account_id for pair in pairs[2:] if not pair.counted} <= named, "or it is counted"


# Which of the accounts that resemble a ban get an alert of their own.


async def test_decoys_banned_one_by_one_are_an_alert_each(life: Life) -> None:
    several = decoys(8, "185.12.9.4")
    await life.tell(life.screen, *several, MIRROR)
    most = 0
    for one in several:
        life.seconds += 60
        await life.ban(a_ban(one.account.account_id, handle="umar_media", ip="185.12.9.4", **SHARED))
        await life.relay()
        most = max(most, len(open_alerts(life)))
    raised = {alert.alert_id for alert in life.alerts}
    assert (most, len(raised), accounts(life)) == (8, 8, {"99"})


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
    await life.relaying.look()
    (word,) = life.words
    assert isinstance(read := decode_enrolled(word, now=life.seconds), Decoded)
    assert (read.record.key, read.record.banned_at) == (BAN.key, BAN.banned_at)
    await life.relay()
    assert accounts(life) == {"99"}


@pytest.mark.parametrize("shards", [1, 3])
async def test_what_redis_withholds_is_looked_at_again(
    life: Life, redis_url: str, store_prefix: str, shards: int
) -> None:
    store = RedisStore(
        RedisEndpoint(url=redis_url, deadline_seconds=20.0), prefix=store_prefix, identity=b"i" * 32
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


async def test_bans_of_pairs_that_a_former_version_held_go_to_look_back_once(
    life: Life, redis_url: str, redis_administrator: str, store_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(again, "RELEASED_AT_ONCE", 2)
    store = RedisStore(RedisEndpoint(url=redis_url), prefix=store_prefix, identity=b"i" * 32)
    await store.open()
    lived = Life(replace(life.context, store=store))
    await lived.tell(lived.screen, MIRROR)
    await lived.tell(lived.enrol, BAN)  # its pair was held when look-back had the word
    key = f"{store.shards.root(0)}held"
    with redis.Redis.from_url(redis_administrator) as client:
        client.zadd(key, {f"{value * 20} {BAN.key}": at for at, value in enumerate("abc")})
        for left in (1, 0):
            lived.relaying._held_at = -math.inf
            await lived.relaying.look_at_held()
            assert client.zcard(key) == left
    assert len(lived.words) == 2
    await lived.relay()
    assert accounts(lived) == {"99"}
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


async def test_nothing_is_said_of_the_allowlist_of_banned_or_of_deleted_accounts(make_life: MakeLife) -> None:
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


async def test_an_alert_is_found_by_its_id_while_it_is_known(banned: Life) -> None:
    preview = Preview(banned.context)
    assert await preview.alert("unheard of") is None
    await banned.tell(banned.screen, PREVIEW_MIRROR)
    (alert,) = banned.alerts
    assert await preview.alert(alert.alert_id) == alert


# What decoys buy (docs/security.md, "The farm that poisons counters").


OWN_NETWORK, ANOTHER_NETWORK = "39.40.1.2", "185.12.9.4"


@pytest.mark.parametrize(
    ("count", "when", "network"),
    [
        (90, "before", OWN_NETWORK),
        (49, "after", ANOTHER_NETWORK),
        (49, "never", OWN_NETWORK),
        (90, "never", ANOTHER_NETWORK),
        (300, "never", ANOTHER_NETWORK),
    ],
)
async def test_decoys_hide_a_mirror_for_as_long_as_they_are_kept_and_no_longer(
    life: Life, count: int, when: str, network: str
) -> None:
    several = decoys(count, network)
    await life.tell(life.screen, *several[::2], MIRROR, *several[1::2])
    if when == "before":
        await gone(life, several)
    await life.ban(BAN)
    await life.relay()
    if when == "after":
        await gone(life, several)
    alerted = accounts(life)
    assert len(alerted) <= RULES.alerts_a_cluster
    if when != "never":
        assert alerted == {"99"}
    elif count <= 89:
        assert alerted == {"99", *(one.account.account_id for one in several)}
    else:
        assert len(alerted) >= 89
        kept_back = [alert.not_compared for alert in open_alerts(life).values()]
        withheld = sum(one.withheld for one in summaries(life)[-1:])
        assert "99" in alerted or min(kept_back) + withheld > 0, "nobody is hidden without a word of it"


# A ban and its mirror that arrive together: whichever event proposes the pair first tells it.


CLAIMS_BAN = a_ban("77", handle="umar_media", device_id=DEVICE)
CLAIMS_MIRROR = a_sign_up("99", handle="umar_media_2", device_id=DEVICE)


async def word_of(life: Life) -> bytes:
    """What enrol tells look-back of the ban."""
    (outcome,) = await life.enrol([arrival(CLAIMS_BAN)])
    assert isinstance(outcome, Published)
    (emit,) = outcome.emits
    assert emit.value is not None
    return emit.value


async def test_a_ban_told_twice_in_one_batch_is_looked_back_at_once(life: Life) -> None:
    await life.tell(life.screen, CLAIMS_MIRROR)
    word = await word_of(life)
    await life.tell(life.lookback, word, word)
    assert len(life.alerts) == 1


async def test_what_an_event_noted_is_superseded_by_stronger_pairs_that_have_come_since(life: Life) -> None:
    """Its worker died before the alert was confirmed, and more was banned until it came again."""
    await life.ban(CLAIMS_BAN)
    await life.screen([arrival(CLAIMS_MIRROR)])
    stronger = [
        a_ban(f"8{n}", handle="umar_media_2", device_id=DEVICE, email="umar@example.org") for n in range(3)
    ]
    await life.ban(*stronger)
    mirror = a_sign_up("99", handle="umar_media_2", device_id=DEVICE, email="umar@example.org")
    again = structs.replace(mirror, event_id=CLAIMS_MIRROR.event_id)
    await life.tell(life.screen, again)
    await life.relay()
    await life.tell(life.screen, again)
    ends = {alert.matched.account_id: alert.withdrawn_reason for alert in life.alerts}
    assert ends.pop("77") == "superseded"
    assert list(ends.values()) == [None], "of alike bans one has the alert"
    said = [(alert.alert_id, alert.revision) for alert in life.alerts]
    assert len(said) == len(set(said))


# Who copies somebody's picture and words and is banned for it does not make a mirror of whom it copied.


DAY = timedelta(days=1)
PICTURE = Avatar(pdq="f1c47a0e93b25d680f1ec8a3574bd29e60a75c1b38f49d02e6b17c5aa9034fd8", quality=100)
OTHER_PICTURE = Avatar(pdq="0e3b85f16c4da297f0e1375ca8b42d619f58a3e4c70b62fd194e83a556fcb027", quality=100)
BIO = "Beekeeper in the upper valley, honey and candles every second Saturday at the old mill market"
OTHER_BIO = "Reads maps for a living, collects railway timetables and repairs mechanical typewriters"
COPIED: dict[str, Any] = {"avatar": PICTURE, "bio": BIO}
ITS_OWN: dict[str, Any] = {"avatar": OTHER_PICTURE, "bio": OTHER_BIO}


def copier(**more: Any) -> Any:
    """The ban of one who shows another's picture and words."""
    return a_ban("77", handle="true_valley_bee", **COPIED, **more)


def said(alert: MirrorAlert) -> list[EvidenceLine]:
    """What an alert says of who was first."""
    return [line for line in alert.counter_evidence if line.signal == "first_shown"]


async def made(life: Life, account_id: str, at: datetime, **profile: Any) -> None:
    await life.tell(life.screen, a_sign_up(account_id, handle=f"salma{account_id}", at=at, **profile))


async def test_what_else_speaks_is_told_with_the_line_that_says_who_was_first(life: Life) -> None:
    """One mailbox and device are reasons of their own; of the picture the reader learns that it is none."""
    shared: dict[str, Any] = {"device_id": DEVICE, "email": "u@valley.example", **COPIED}
    await made(life, "99", NOON - 9 * DAY, **shared)
    await life.tell(life.screen, a_sign_up("77", handle="true_valley_bee", at=NOON - DAY, **shared))
    await life.ban(a_ban("77", handle="true_valley_bee", **shared))
    (alert,) = life.alerts
    (line,) = said(alert)
    copied = [one.weight for one in alert.evidence if one.signal in ("avatar", "bio")]
    assert line.because == (
        "This account showed the picture and the words of the profile before the banned one did"
        " (since 2026-11-15 at the latest)."
    )
    assert line.weight == pytest.approx(-sum(copied))
    lines = (*alert.evidence, *alert.counter_evidence)
    assert alert.log_odds == pytest.approx(alert.prior + sum(one.weight for one in lines), abs=1e-9)


async def test_the_victim_may_change_its_handle_after_the_ban(life: Life) -> None:
    await made(life, "99", NOON - 9 * DAY, **COPIED)
    await life.tell(life.screen, a_sign_up("77", handle="true_valley_bee", at=NOON - DAY, **COPIED))
    await life.tell(life.enrol, copier())
    await life.tell(life.changed, a_change("99", handle="salma_of_the_mill", at=NOON + DAY / 24, **COPIED))
    assert life.alerts == []


async def test_a_mirror_prepared_after_the_banned_account_is_found_as_ever(life: Life) -> None:
    await life.tell(life.screen, a_sign_up("77", handle="true_valley_bee", at=NOON - 9 * DAY, **COPIED))
    await made(life, "99", NOON - DAY, **COPIED)
    await life.ban(copier())
    (alert,) = life.alerts
    assert (alert.band, said(alert)) == ("possible", [])


async def test_an_aged_sleeper_that_takes_the_picture_on_is_found(life: Life) -> None:
    """It is years older than the banned account, and that is no reason to spare it."""
    aged: dict[str, Any] = {"created_at": NOON - 900 * DAY}
    await made(life, "99", NOON - 20 * DAY, **ITS_OWN, **aged)
    await life.tell(life.screen, a_sign_up("77", handle="true_valley_bee", at=NOON - 9 * DAY, **COPIED))
    await life.tell(life.changed, a_change("99", handle="salma99", at=NOON - DAY, **COPIED, **aged))
    await life.ban(copier())
    (alert,) = life.alerts
    assert alert.band == "possible"
    assert [line.level for line in said(alert)] == ["unknown"]


async def test_a_sleeper_that_takes_the_picture_on_after_the_ban_is_found_as_ever(life: Life) -> None:
    await made(life, "99", NOON - 20 * DAY, **ITS_OWN)
    await life.ban(copier())
    await life.tell(life.changed, a_change("99", handle="salma99", at=NOON + DAY / 24, **COPIED))
    (alert,) = life.alerts
    assert (alert.band, said(alert)) == ("possible", [])


async def test_who_puts_the_picture_away_and_back_does_not_make_its_mirror_the_first(life: Life) -> None:
    """The banned account shows it, hides it while its mirror is made, and shows it again."""
    await life.tell(life.screen, a_sign_up("77", handle="true_valley_bee", at=NOON - 9 * DAY, **COPIED))
    await life.tell(life.changed, a_change("77", handle="true_valley_bee", at=NOON - 8 * DAY, **ITS_OWN))
    await made(life, "99", NOON - 7 * DAY, **COPIED)
    await life.tell(life.changed, a_change("77", handle="true_valley_bee", at=NOON - DAY, **COPIED))
    await life.ban(copier())
    (alert,) = life.alerts
    assert alert.band == "possible"
    assert [line.level for line in said(alert)] == ["unknown"]


async def test_who_changes_a_word_before_the_ban_does_not_make_its_mirror_the_first(life: Life) -> None:
    await life.tell(life.screen, a_sign_up("77", handle="true_valley_bee", at=NOON - 9 * DAY, **COPIED))
    await made(life, "99", NOON - 7 * DAY, **COPIED)
    await life.ban(a_ban("77", handle="true_valley_bee", avatar=PICTURE, bio=BIO + " and on Sundays"))
    (alert,) = life.alerts
    assert alert.band == "possible"
    assert [line.level for line in said(alert)] == ["unknown"]


COPYING = NOON - timedelta(minutes=10)


@pytest.mark.parametrize(
    ("published", "banned", "bands"),
    [
        # Its creation, after the victim showed what it copied.
        ([a_sign_up("77", handle="true_valley_bee", at=COPYING, **COPIED)], {}, []),
        # Its creation with a picture and words of its own, and the change.
        (
            [
                a_sign_up("77", handle="true_valley_bee", at=NOON - 20 * DAY, **ITS_OWN),
                a_change("77", handle="true_valley_bee", at=COPYING, **COPIED),
            ],
            {},
            [],
        ),
        # The change alone: it may have shown them before.
        ([a_change("77", handle="true_valley_bee", at=COPYING, **COPIED)], {}, ["possible"]),
        # A change to its own, and one back: it may have shown them before either.
        (
            [
                a_change("77", handle="true_valley_bee", at=NOON - 20 * DAY, **ITS_OWN),
                a_change("77", handle="true_valley_bee", at=COPYING, **COPIED),
            ],
            {},
            ["possible"],
        ),
        # Its age, after the victim showed what it copied, and long before.
        ([], {"created_at": COPYING}, []),
        ([], {"created_at": NOON - 365 * DAY}, ["possible"]),
        # Nothing.
        ([], {}, ["possible"]),
    ],
)
@pytest.mark.parametrize("made_at", [COPYING - 9 * DAY, COPYING - timedelta(hours=22)])
async def test_a_victim_is_no_likely_mirror_of_an_aged_account_that_copied_it(
    life: Life, published: list[Any], banned: dict[str, Any], bands: list[str], made_at: datetime
) -> None:
    """Whatever the platform published of the copier. Where that leaves the order open, the alert says so."""
    for event in sorted(
        [*published, a_sign_up("99", handle="salma99", at=made_at, **COPIED)],
        key=lambda event: event.occurred_at,
    ):
        await life.tell(life.changed if isinstance(event, AccountUpdated) else life.screen, event)
    await life.ban(copier(**banned))
    assert [alert.band for alert in life.alerts] == bands
    for alert in life.alerts:
        (line,) = said(alert)
        assert line.because == (
            "It is not known which of the two showed the picture and the words of the profile first."
        )
        lines = (*alert.evidence, *alert.counter_evidence)
        assert alert.log_odds == pytest.approx(alert.prior + sum(one.weight for one in lines), abs=1e-9)


@pytest.mark.parametrize("banned_at", [NOON - 2 * DAY, (NOON - 2 * DAY).replace(hour=0)])
async def test_a_sign_up_between_a_ban_and_its_late_record_copied_what_was_banned(
    life: Life, banned_at: datetime
) -> None:
    """A date stands for its whole day: the mirror signs up on the day after it."""
    await life.ban(copier(banned_at=banned_at))
    await made(life, "99", NOON - DAY, **COPIED)
    (alert,) = life.alerts
    assert (alert.band, said(alert)) == ("possible", [])


async def test_a_ban_of_which_a_date_is_stated_was_not_first_on_that_day(life: Life) -> None:
    await made(life, "99", NOON - timedelta(hours=1), **COPIED)
    await life.ban(copier(banned_at=NOON.replace(hour=0)))
    assert [(alert.band, [line.level for line in said(alert)]) for alert in life.alerts] == [
        ("possible", ["unknown"])
    ]


async def test_an_account_that_changes_after_its_stated_ban_may_have_copied_until_the_record(
    life: Life,
) -> None:
    await life.tell(life.changed, a_change("77", handle="true_valley_bee", at=NOON - DAY, **ITS_OWN))
    await made(life, "99", NOON - 1.5 * DAY, **COPIED)
    await life.ban(copier(banned_at=NOON - 2 * DAY))
    assert [(alert.band, [line.level for line in said(alert)]) for alert in life.alerts] == [
        ("possible", ["unknown"])
    ]


# A ban that lands finds the accounts that were prepared before it.


DECOYS = PERSONAL_POSTING_CAP + LISTED_LATER + 10


async def test_a_mirror_prepared_before_the_ban_is_found_when_it_lands(life: Life) -> None:
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE, at=BEFORE))
    assert life.alerts == []
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    (alert,) = life.alerts
    assert (alert.key, alert.direction) == ("telegram:99", "lookback")
    assert alert.seconds_since_ban == -3600.0


async def test_summary_counts_nothing_any_more_once_its_ban_is_lifted(make_life: MakeLife) -> None:
    life = make_life(alerts_a_cluster=3)
    for number in range(5):
        await life.tell(life.screen, a_sign_up(handle=f"umar_media{number}", device_id=DEVICE, at=BEFORE))
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.relay()
    await life.tell(life.expunge, a_reinstatement("77"))
    await life.relay()
    told = [(summary.status, summary.published, summary.withheld) for summary in summaries(life)]
    assert told == [("open", 3, 2), ("withdrawn", 0, 0)]


async def test_a_ban_with_many_unlike_mirrors_tells_the_best_clusters_and_counts_the_rest(
    make_life: MakeLife,
) -> None:
    """One shares a card with the ban, one a mailbox, two a number: three clusters, of which two are told."""
    life = make_life(alerts_a_ban=2)
    shared: dict[str, Any] = {
        "payment_token": SHARED["payment_token"],
        "email": "u@valley.example",
        "phone": "+923001234567",
    }
    for name, field in (("1", "payment_token"), ("2", "email"), ("3", "phone"), ("4", "phone")):
        await life.tell(life.screen, a_sign_up(name, at=BEFORE, **{field: shared[field]}))
    await life.ban(a_ban("77", handle="umar_media", **shared))
    await life.relay()
    (summary,) = [alert for alert in life.heard if isinstance(alert, AlertSummary)]
    told = {alert.account_id for alert in life.alerts}
    assert (summary.published, summary.withheld) == (len(told), 4 - len(told))
    assert told in ({"1", "2"}, {"1", "3", "4"}, {"2", "3", "4"})


@pytest.mark.parametrize("before", [True, False])
async def test_a_mirror_among_decoys_on_its_device_and_card_is_told_once_they_delete_themselves(
    life: Life, before: bool
) -> None:
    """Whoever fills the postings of a device and a card, before the mirror or behind it, hides nobody."""
    several = [
        a_sign_up(f"d{n}", handle=f"gardener{n}", at=BEFORE, ip="39.40.1.2", **SHARED) for n in range(DECOYS)
    ]
    mirror = a_sign_up("99", handle="umar_media2", at=BEFORE, ip="39.40.1.7", **SHARED)
    await life.tell(life.screen, *(several if before else [mirror]))
    await life.tell(life.screen, *([mirror] if before else several))
    await life.tell(life.forget, *[a_deletion(one.account.account_id, at=NOON) for one in several])
    await life.ban(a_ban("77", handle="umar_media", **SHARED))
    assert [(alert.account_id, alert.not_compared) for alert in life.alerts] == [("99", 0)]


async def test_who_hides_among_more_decoys_than_are_compared_is_seen_to_be_missing(life: Life) -> None:
    everybody = [
        a_sign_up(f"d{n}", handle=f"gardener{n}", at=BEFORE, **SHARED)
        for n in range(PERSONAL_POSTING_CAP + LISTED_LATER + 1)
    ]
    await life.tell(life.screen, *everybody)
    with capture_logs() as logs:
        await life.ban(a_ban("banned-77", handle="umar_media", **SHARED))
    (warning,) = [line for line in logs if line["event"] == "look-back is incomplete: a posting is full"]
    assert warning["not_compared"] == {"device": 1, "payment": 1}
    assert "banned-77" not in warning["address"]  # a log names no account
    shown = life.context.metrics.exposition().decode()
    assert 'samehand_lookbacks_capped_total{kind="device"} 1.0' in shown
    assert 'samehand_lookbacks_capped_total{kind="payment"} 1.0' in shown


async def test_the_alerts_of_a_look_back_say_how_many_others_were_not_looked_at(life: Life) -> None:
    several = [
        a_sign_up(f"d{n}", handle=f"gardener{n}", at=BEFORE, device_id=DEVICE)
        for n in range(PERSONAL_POSTING_CAP + LISTED_LATER + 3)
    ]
    await life.tell(life.screen, *several)
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", email="u@valley.example", at=BEFORE))
    await life.ban(a_ban("77", handle="umar_media", email="u@valley.example", device_id=DEVICE))
    found = next(alert for alert in life.alerts if alert.account_id == "99")
    assert found.not_compared == 3


# A sample of what is missed, and other weights beside those in force: neither changes what is alerted.


def sampled(outcomes: list[Outcome]) -> list[MirrorAlert]:
    """What goes to the topic of the sample."""
    emits = [emit for it in outcomes if isinstance(it, Published) for emit in it.emits]
    found = []
    for emit in emits:
        if emit.topic == "t.alerts.sample":
            read = decode_alert(emit.value, now=2e9)
            assert isinstance(read, Decoded)
            assert isinstance(read.record, MirrorAlert)
            found.append(read.record)
    return found


def a_close_one(account_id: str) -> AccountCreated:
    """Bears the name with letters behind it: too little for an alert."""
    return a_sign_up(account_id, handle=f"umar_mediaxq{account_id}")


async def test_a_pair_below_the_bands_is_drawn_with_its_probability_and_is_no_alert(
    make_life: MakeLife,
) -> None:
    life = make_life(sample_share=1.0)
    found: list[MirrorAlert] = []
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    for number in range(200):
        found += sampled(await life.screen([arrival(a_close_one(f"{number}"))]))
    assert found, "of two hundred close ones some are drawn"
    assert all(it.band == "none" and it.matched.key == "telegram:77" for it in found)
    assert all(it.drawn is not None and it.drawn.probability == 0.25**it.drawn.stratum for it in found)
    assert life.alerts == []
    assert (await life.context.store.figures()).unjudged == 0


async def test_ban_whose_basis_may_not_alert_is_in_no_sample(make_life: MakeLife) -> None:
    for rights, drawn in ((BasisRights(), True), (BasisRights(may_alert=False), False)):
        life = make_life(sample_share=1.0, basis_rights=RightsTable({("pk", ""): rights}))
        await life.ban(
            structs.replace(a_ban("77", handle="umar_media", device_id=DEVICE), basis=Basis(authority="PK"))
        )
        outcomes = [(await life.screen([arrival(a_close_one(f"{number}"))])) for number in range(200)]
        assert any(map(sampled, outcomes)) is drawn
        # What lies below the bands is no alert that a right took away.
        assert (
            life.context.metrics.registry.get_sample_value(
                "samehand_alerts_without_right_total", {"basis": "state"}
            )
            == 0
        )


async def test_how_far_below_a_pair_lies_is_measured_from_the_threshold_of_its_policy(
    make_life: MakeLife,
) -> None:
    lax = Bands(likely=0.9, possible=0.05)
    strata = []
    for bands in ({}, {"violent-extremism": lax}):
        life = make_life(sample_share=1.0)
        weighing = Weighing.by(structs.replace(default_weights(), policy_bands=bands))
        life = Life(dataclasses.replace(life.context, weighing=weighing))
        await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
        found: list[MirrorAlert] = []
        for number in range(200):
            found += sampled(await life.screen([arrival(a_close_one(f"{number}"))]))
        strata.append({it.drawn.stratum for it in found if it.drawn is not None})
    assert max(strata[1]) < max(strata[0])


async def test_without_a_share_nothing_is_drawn_and_in_shadow_mode_neither(make_life: MakeLife) -> None:
    for rules in ({}, {"sample_share": 1.0, "shadow": True}):
        life = make_life(**rules)
        await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
        for number in range(60):
            sign_up = a_close_one(f"{number}")
            assert sampled(await life.screen([arrival(sign_up)])) == []


async def test_what_alerts_is_not_sampled_and_an_event_that_comes_again_draws_the_same(
    make_life: MakeLife,
) -> None:
    life = make_life(sample_share=1.0)
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE), a_ban("78", handle="umar_medias"))
    mirrors = [a_sign_up(f"{n}", handle=f"umar_media_{n}", device_id=DEVICE) for n in range(60)]
    first = [sampled(await life.tell(life.screen, mirror)) for mirror in mirrors]
    again = [sampled(await life.tell(life.screen, mirror)) for mirror in mirrors]
    assert life.alerts
    assert all(it.matched.key == "telegram:78" for several in first for it in several)
    assert [[it.alert_id for it in several] for several in first] == [
        [it.alert_id for it in several] for several in again
    ]


async def test_a_pair_that_was_dismissed_or_whose_account_is_gone_is_not_shown_again(
    make_life: MakeLife,
) -> None:
    life = make_life(sample_share=1.0)
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    sign_ups = {f"{n}": a_close_one(f"{n}") for n in range(200)}
    drawn = [it.account_id for one in sign_ups.values() for it in sampled(await life.screen([arrival(one)]))]
    assert len(drawn) >= 2
    for account_id in drawn[:-1]:
        (alert,) = sampled(await life.screen([arrival(sign_ups[account_id])]))
        await life.tell(life.judge, a_verdict(alert.alert_id, "not_mirror"))
        assert sampled(await life.screen([arrival(sign_ups[account_id])])) == []
    gone = drawn[-1]
    await life.tell(life.forget, a_deletion(gone, at=NOON + timedelta(minutes=90)))
    assert sampled(await life.screen([arrival(sign_ups[gone])])) == []


# What the moment of a sign-up weighs hangs on the store's other bans, and not on when the event is read.


MIRRORED: dict[str, Any] = {"handle": "umar_media", "device_id": DEVICE, "email": "umar@example.org"}
BACK = NOON + timedelta(minutes=8)
MINUTE = timedelta(minutes=1)


def history(policy: str = "violent-extremism", bans: int = 300) -> list[AccountBanned]:
    """Bans of half a year before, one or two a day."""
    drawn = random.Random(7)
    moments = [NOON - timedelta(days=180 * drawn.random()) for _ in range(bans)]
    return [a_ban(f"old {n}", at=at, banned_at=at, policy=policy) for n, at in enumerate(moments)]


def every(pause: timedelta, count: int) -> list[AccountBanned]:
    """Bans after the mirror's return."""
    moments = [BACK + (n + 1) * pause for n in range(count)]
    return [a_ban(f"later {n}", at=at, banned_at=at) for n, at in enumerate(moments)]


def timing(alert: MirrorAlert) -> float:
    """What the moment weighs in an alert."""
    return sum(line.weight for line in (*alert.evidence, *alert.counter_evidence) if line.signal == "timing")


async def alerted(life: Life, *before: AccountBanned, policy: str = "violent-extremism") -> MirrorAlert:
    """The alert on a mirror that is back eight minutes after its ban, with others banned before."""
    await life.tell(life.enrol, *before)
    await life.tell(life.enrol, a_ban("77", policy=policy, **MIRRORED))
    await life.tell(life.screen, a_sign_up("900", at=BACK, **MIRRORED))
    (alert,) = [one for one in life.alerts if one.account_id == "900"]
    return alert


async def returned(life: Life, *before: AccountBanned, policy: str = "violent-extremism") -> float:
    """What the moment of that mirror weighs."""
    return timing(await alerted(life, *before, policy=policy))


async def test_a_backlog_and_a_replay_weigh_it_as_the_live_stream_did(make_life: MakeLife) -> None:
    live = await returned(make_life(), *history())
    # What was banned since is known by the time at which the events are read.
    backlog = make_life()
    backlog.seconds = (NOON + timedelta(hours=20)).timestamp()
    assert await returned(backlog, *history(), *every(MINUTE, 200)) == pytest.approx(live, abs=1e-9)
    # Two months later minutes are folded into days.
    replay = make_life()
    replay.seconds = (NOON + timedelta(days=80)).timestamp()
    assert await returned(replay, *history(), *every(timedelta(hours=15), 100)) == pytest.approx(
        live, abs=0.5
    )


async def test_look_back_and_changes_weigh_it_likewise(make_life: MakeLife) -> None:
    life = make_life()
    await life.tell(life.enrol, *history())
    await life.tell(life.screen, a_sign_up("901", at=NOON - timedelta(hours=3), **MIRRORED))
    await life.ban(a_ban("77", **MIRRORED))
    (prepared,) = [one for one in life.alerts if one.account_id == "901"]
    assert prepared.direction == "lookback"
    assert timing(prepared) > 0.0
    await life.tell(life.screen, a_sign_up("902", at=BACK, handle="salma_bakes"))
    await life.tell(life.changed, a_change("902", at=BACK + MINUTE, **MIRRORED))
    (changed,) = [one for one in life.alerts if one.account_id == "902"]
    assert changed.direction == "update"
    assert timing(changed) > 3.0


async def test_a_ban_known_to_the_day_is_no_neighbour_of_anybodys_minute(make_life: MakeLife) -> None:
    life = make_life()
    await life.tell(life.enrol, *history())
    midnight = NOON - timedelta(hours=12)
    await life.tell(life.enrol, a_ban("77", banned_at=midnight, **MIRRORED))
    await life.tell(life.screen, a_sign_up("900", at=midnight + 8 * MINUTE, **MIRRORED))
    (alert,) = life.alerts
    (line,) = [one for one in (*alert.evidence, *alert.counter_evidence) if one.signal == "timing"]
    assert line.level == "within-a-week"
    assert line.theirs == "2026-11-24"
