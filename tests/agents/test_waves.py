"""Waves as the agents make them: who joins, what is published, who leaves, and what a verdict does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from agents.common.distil import remembered_of
from agents.common.queries.preview import Foreseen, Preview
from agents.common.tombstones import tombstone
from agents.common.waves import _Comparisons, recall_waves, recalled_wave, wave_record
from samehand.waves import membership
from samehand.waves.score import Likeness
from schemas import waves as record_of_waves
from schemas.accounts import AccountCreated
from schemas.malformed import Malformed
from schemas.waves import WaveAlert
from schemas.wire import Decoded, decode_wave, encode
from store.limits import WAVE_QUIET_SECONDS
from store.pepper.pepper import Pepper
from streams.outcomes import NOTHING
from tests.agents.conftest import Life, MakeLife
from tests.agents.crowds import CROWDS, PICTURE, TABLET, Crowd, people
from tests.makers import NOON, a_ban, a_change, a_deletion, a_reinstatement, a_sign_up, a_verdict, arrival

BIO = "Lonely nurse, message me on t.me/nicole_private for free pictures and a good time"


def nicole(number: int, **profile: Any) -> AccountCreated:
    """One of forty alike accounts of four minutes."""
    shown = {"handle": f"nicole_{4000 + 37 * number}", "bio": BIO, "ip": f"203.0.113.{number + 1}"}
    at = NOON + timedelta(minutes=10, seconds=6 * number)
    return a_sign_up(f"n{number}", at=at, **shown | profile)


def waves(life: Life) -> list[WaveAlert]:
    """The waves published so far, tombstones aside."""
    found = []
    for key, value in life.waves:
        if value is not None:
            read = decode_wave(value, now=life.seconds)
            assert isinstance(read, Decoded)
            assert read.record.key == key
            found.append(read.record)
    return found


async def come(life: Life, *events: AccountCreated) -> None:
    """Sign-ups one after another; the relay looks after each."""
    for event in events:
        await life.tell(life.screen, event)
        await life.relay()


async def test_forty_alike_sign_ups_are_one_wave_from_the_fifth_on(life: Life) -> None:
    await come(life, *(nicole(number) for number in range(4)))
    assert waves(life) == []
    await come(life, *(nicole(number) for number in range(4, 40)))
    published = waves(life)
    assert [len(one.members) for one in published] == [5, 10, 20]
    assert len({one.wave_id for one in published}) == 1
    assert life.alerts == [], "nobody is banned"
    last = published[-1]
    assert last.handle_pattern == "nicole_*"
    assert {(line.signal, line.members) for line in last.pattern} >= {("bio", 20), ("contact", 20)}
    assert last.members[0].account == "telegram:n0"
    assert [one.revision for one in published] == sorted({one.revision for one in published})
    counted = life.context.metrics.registry.get_sample_value("samehand_waves_total")
    assert counted == len(published)
    life.seconds += WAVE_QUIET_SECONDS
    await life.relay()
    assert len(waves(life)[-1].members) == 40


def test_member_is_as_surely_alike_as_the_fourth_of_those_that_it_resembles_most() -> None:
    own = remembered_of(nicole(0), ((1, Pepper(1, b"p" * 32).digest),))
    odds = [5.0, 2.5, 9.0, 7.0, 3.0, 8.0]
    found = {
        (own.account, f"telegram:n{number}"): Likeness(log_odds, ("bio.almost-same",))
        for number, log_odds in enumerate(odds, 1)
    }
    unlike: Any = {
        (own.account, "telegram:x"): Likeness(0.0, ("name.same-name",)),
        (own.account, "telegram:y"): None,
    }
    anybody: Any = None
    member = _Comparisons(anybody, anybody, found | unlike).member(own)
    assert (member.log_odds, member.signals) == (5.0, ("bio.almost-same",))


async def test_one_batch_makes_one_wave(life: Life) -> None:
    await life.tell(life.screen, *(nicole(number) for number in range(30)))
    await life.relay()
    (wave,) = waves(life)
    assert len(wave.members) == 30


async def test_a_repeated_event_changes_nothing(life: Life) -> None:
    events = [nicole(number) for number in range(6)]
    await life.tell(life.screen, *events)
    await life.relay()
    await life.tell(life.screen, *events)
    await life.relay()
    (wave,) = waves(life)
    assert len(wave.members) == 6


@pytest.mark.parametrize("across", [True, False])
async def test_accounts_of_two_platforms_are_one_wave_where_alerts_are_across(
    make_life: MakeLife, across: bool
) -> None:
    life = make_life(across_platforms=across)
    both = [replace(nicole(number), platform=("telegram", "x")[number % 2]) for number in range(8)]
    await come(life, *both)
    assert bool(waves(life)) == across
    await come(life, nicole(8), nicole(10))
    assert waves(life), "five of one platform"


async def test_preview_names_the_wave_that_an_account_would_join(life: Life) -> None:
    await come(life, *(nicole(number) for number in range(6)))
    life.seconds += WAVE_QUIET_SECONDS
    await life.relay()
    wave, several = waves(life)[-1], (nicole(7), a_sign_up("s", ip="203.0.113.77", handle="tobias_brandt"))
    joins, stranger = await Preview(life.context).foresee_each([Decoded(event) for event in several])
    assert not isinstance(joins, Malformed)
    assert joins.wave is not None
    assert (joins.wave.wave_id, joins.wave.members) == (wave.wave_id, 6)
    assert joins.wave.handle_pattern == wave.handle_pattern
    assert {(line.signal, line.members) for line in joins.wave.pattern} >= {("bio", 6), ("contact", 6)}
    assert stranger == Foreseen()


async def test_a_stranger_on_their_network_is_not_put_into_a_wave(life: Life) -> None:
    await come(life, *(nicole(number) for number in range(12)))
    stranger = a_sign_up("s", ip="203.0.113.77", handle="tobias_brandt", bio="I bake bread and ride a bike.")
    await come(life, stranger, nicole(13))
    assert await life.context.store.wave_ids(["telegram:s", "telegram:n13"]) == [None, waves(life)[0].wave_id]


@pytest.mark.parametrize("shared", [{"referrer": "https://news.example/launch"}, {"device_id": "d" * 36}, {}])
async def test_a_class_in_one_room_is_no_wave(life: Life, shared: dict[str, Any]) -> None:
    names = ["anna", "tobias", "mehmet", "lucia", "pavel", "ines", "jonas", "clara", "emil", "nora"]
    pupils = [
        a_sign_up(
            name,
            handle=f"{name}{2008 + len(name)}",
            email=f"{name}@lincoln-high.example",
            ip="198.51.100.20",
            bio=f"{name}, class of 2027 at Lincoln High, {len(name)} cats",
            links=("https://lincoln-high.example",),
            **shared,
        )
        for name in names
    ]
    await come(life, *pupils)
    assert waves(life) == []


@pytest.mark.parametrize("crowd", CROWDS)
async def test_people_who_belong_together_are_no_wave(life: Life, crowd: Crowd) -> None:
    await come(life, *people(crowd))
    assert waves(life) == []


@pytest.mark.parametrize("crowd", CROWDS)
async def test_bots_that_are_handed_what_a_crowd_is_are_a_wave_by_their_words(
    life: Life, crowd: Crowd
) -> None:
    def bot(number: int) -> dict[str, Any]:
        return crowd(number) | {"bio": BIO, "links": ()}

    await come(life, *people(bot))
    assert len(waves(life)[-1].members) == 10


async def test_tablet_without_a_place_in_common_explains_nothing(life: Life) -> None:
    """A farm of one device behind many networks shows one contact point and a picture."""

    def bot(_: int) -> dict[str, Any]:
        return {"device_id": TABLET, "links": ("https://t.me/nicole_private",), "avatar": PICTURE}

    await come(life, *people(bot))
    assert len(waves(life)[-1].members) == 10


async def test_deleted_and_reinstated_accounts_leave(life: Life) -> None:
    await life.tell(life.screen, *(nicole(number) for number in range(7)))
    await life.relay()
    await life.tell(life.forget, a_deletion("n0", at=NOON + timedelta(hours=1)))
    await life.tell(life.expunge, a_reinstatement("n1", at=NOON + timedelta(hours=1)))
    await life.relay()
    assert [one.account for one in waves(life)[-1].members] == [
        f"telegram:n{number}" for number in range(2, 7)
    ]
    await life.tell(life.forget, a_deletion("n2", at=NOON + timedelta(hours=1)))
    await life.relay()
    last = waves(life)[-1]
    assert (last.status, last.withdrawn_reason, last.members) == ("withdrawn", "account-deleted", ())


def banned_in(wave: WaveAlert) -> set[str]:
    return {member.account.partition(":")[2] for member in wave.members if member.banned}


async def test_ban_of_a_member_revises_the_wave_at_once_and_names_the_others(life: Life) -> None:
    await life.tell(life.screen, *(nicole(number) for number in range(7)))
    await life.relay()
    ban = a_ban("n3", handle="nicole_4111", bio=BIO, ip="203.0.113.4", at=NOON + timedelta(hours=1))
    for _ in range(2):
        await life.ban(ban)
        await life.relay()
    opened, marked = waves(life)
    assert (banned_in(opened), banned_in(marked)) == (set(), {"n3"})
    assert (len(marked.members), marked.status) == (7, "open")
    (known,) = await life.context.store.waves([marked.wave_id])
    assert recalled_wave(marked) == known
    await life.tell(life.expunge, a_reinstatement("n3", at=NOON + timedelta(hours=1, minutes=1)))
    await life.relay()
    assert "telegram:n3" not in {member.account for member in waves(life)[-1].members}


async def test_account_banned_before_it_joins_is_marked_until_its_ban_is_forgotten(life: Life) -> None:
    await life.ban(a_ban("n1", handle="other", at=NOON + timedelta(hours=1)))
    await come(life, *(nicole(number) for number in range(6)))
    assert banned_in(waves(life)[-1]) == {"n1"}
    forgotten = tombstone("telegram:n1", (NOON + timedelta(hours=2)).timestamp(), "banned")
    await life.tell(life.enrol, None, key=forgotten.key, headers=dict(forgotten.headers))
    await life.relay()
    assert banned_in(waves(life)[-1]) == set()
    assert len(waves(life)[-1].members) == 6


async def test_reinstated_account_is_not_put_back_by_the_next_one(life: Life) -> None:
    await life.tell(life.screen, *(nicole(number) for number in range(7)))
    await life.tell(life.expunge, a_reinstatement("n1", at=NOON + timedelta(hours=1)))
    await come(life, nicole(8), nicole(9), nicole(1), nicole(10))
    assert await life.context.store.wave_ids(["telegram:n1", "telegram:n10"]) == [
        None,
        waves(life)[0].wave_id,
    ]


async def test_first_account_of_a_wave_that_left_it_founds_another(life: Life) -> None:
    await life.tell(life.screen, *(nicole(number) for number in range(7)))
    other: dict[str, Any] = {
        "bio": "Crypto signals that never lose, join t.me/coin_whale_77 today",
        "ip": "198.51.100.7",
    }
    changed = a_change("n0", at=NOON + timedelta(minutes=20), handle="q0x7", created_at=NOON, **other)
    await life.tell(life.changed, changed)
    await come(life, *(a_sign_up(f"c{number}", handle=f"k{number}w3", **other) for number in range(5)))
    life.seconds += WAVE_QUIET_SECONDS
    await life.relay()
    last = {wave.wave_id: {one.account for one in wave.members} for wave in waves(life)}
    assert sorted(map(len, last.values())) == [6, 6]


async def test_an_account_deleted_before_its_creation_comes_is_in_no_wave(life: Life) -> None:
    await life.tell(life.forget, a_deletion("n5", at=NOON + timedelta(hours=1)))
    await come(life, *(nicole(number) for number in range(8)))
    assert "telegram:n5" not in {one.account for one in waves(life)[-1].members}


async def test_a_member_that_changes_leaves_by_its_own_evidence(life: Life) -> None:
    await life.tell(life.screen, *(nicole(number) for number in range(7)))
    await life.relay()
    later = NOON + timedelta(minutes=30)
    await life.tell(life.changed, a_change("n3", at=later, handle="nicole_again", bio=BIO, ip="203.0.113.4"))
    await life.relay()
    assert len(waves(life)) == 1
    honest = a_change("n3", at=later + timedelta(minutes=1), handle="maria", bio="I teach maths in Turin.")
    await life.tell(life.changed, honest)
    life.seconds += WAVE_QUIET_SECONDS
    await life.relay()
    assert "telegram:n3" not in {one.account for one in waves(life)[-1].members}
    assert len(waves(life)[-1].members) == 6


async def dismissed(life: Life, *, many: int = 5) -> WaveAlert:
    """A wave that a person was shown with so many members, and dismissed."""
    await come(life, *(nicole(number) for number in range(many)))
    (wave,) = waves(life)
    await life.tell(life.judge, a_verdict(wave.wave_id, "not_mirror"))
    await life.relay()
    return wave


async def test_forty_accounts_after_a_dismissed_five_are_a_new_wave_of_all(life: Life) -> None:
    wave = await dismissed(life)
    withdrawn = waves(life)[-1]
    assert (withdrawn.withdrawn_reason, len(withdrawn.members)) == ("verdict", 5)
    await come(life, nicole(5), nicole(5), nicole(0))
    life.seconds += WAVE_QUIET_SECONDS
    await life.relay()
    assert len(waves(life)) == 2, "a fifth more is covered, and a redelivery is nobody new"
    await come(life, nicole(6))
    anew, former = sorted(waves(life)[-2:], key=lambda one: one.status)
    assert (former.wave_id, former.withdrawn_reason, former.merged_into) == (
        wave.wave_id,
        "merged",
        anew.wave_id,
    )
    assert {one.account for one in anew.members} == {f"telegram:n{number}" for number in range(7)}
    await come(life, *(nicole(number) for number in range(7, 45)))
    life.seconds += WAVE_QUIET_SECONDS
    await life.relay()
    assert (waves(life)[-1].wave_id, len(waves(life)[-1].members)) == (anew.wave_id, 45)


async def test_dismissal_taken_back_opens_the_wave_with_all_that_came(life: Life) -> None:
    wave = await dismissed(life)
    await come(life, nicole(5))
    back = replace(a_verdict(wave.wave_id, "mirror"), decided_at=NOON + timedelta(hours=1))
    await life.tell(life.judge, back)
    await life.relay()
    assert (waves(life)[-1].status, len(waves(life)[-1].members)) == ("open", 6)
    await come(life, nicole(21))
    life.seconds += WAVE_QUIET_SECONDS
    await life.relay()
    assert "telegram:n21" in {one.account for one in waves(life)[-1].members}


async def test_accounts_that_came_after_a_verdict_was_given_are_not_covered_by_it(life: Life) -> None:
    """A verdict waits until it can no longer be undone; a wave does not."""
    await come(life, *(nicole(number) for number in range(12)))
    wave = waves(life)[-1]
    decided_at = NOON + timedelta(minutes=10, seconds=6 * 4 + 1)
    await life.tell(life.judge, replace(a_verdict(wave.wave_id, "not_mirror"), decided_at=decided_at))
    await life.relay()
    last = {one.wave_id: one for one in waves(life)}
    assert last.pop(wave.wave_id).withdrawn_reason == "merged"
    (anew,) = last.values()
    assert (anew.status, len(anew.members)) == ("open", 12)


async def test_a_wave_is_forgotten_with_a_record_without_a_value(life: Life) -> None:
    await life.tell(life.screen, *(nicole(number) for number in range(6)))
    await life.relay()
    life.seconds += 31 * 86_400
    await life.relay()
    assert life.waves[-1] == (waves(life)[0].wave_id, None)


async def test_shadow_mode_has_no_waves_and_notes_nothing(make_life: MakeLife) -> None:
    life = make_life(shadow=True)
    await come(life, *(nicole(number) for number in range(8)))
    assert life.waves == []
    store, now = life.context.store, life.seconds
    (one,) = await store.remembered(["telegram:n1"], now=now)
    assert one is not None
    assert await store.company([one], now=now) == [[]]


async def test_records_of_a_wave_recall_it(life: Life) -> None:
    await life.tell(life.screen, *(nicole(number) for number in range(6)))
    await life.relay()
    (record,) = waves(life)
    (known,) = await life.context.store.waves([record.wave_id])
    assert recalled_wave(record) == known
    assert wave_record(recalled_wave(record)) == record
    assert "nicole_private" not in str(encode(replace(record, members=())))


async def test_workers_recall_published_waves_and_skip_unreadable_records(life: Life) -> None:
    await life.tell(life.screen, *(nicole(number) for number in range(6)))
    await life.relay()
    (record,) = waves(life)
    await life.context.store.leave_waves(
        [one.account for one in record.members], reason="account-deleted", now=life.context.now()
    )
    later = replace(record, revision=record.revision + 60)
    records = [arrival(encode(later)), arrival(None), arrival(b"{}")]
    assert await recall_waves(life.context, records) == [NOTHING] * 3
    assert await life.context.store.waves([record.wave_id]) == [recalled_wave(later)]


async def test_record_of_five_hundred_stays_below_a_mebibyte_whatever_they_are_called(life: Life) -> None:
    ids = [f"{'𐍈' * 250}{number}" for number in range(20)]
    await life.tell(life.screen, *(a_sign_up(one, handle="\x01𐍈" * 128, bio=BIO) for one in ids))
    await life.relay()
    last = waves(life)[-1]
    assert len(last.members) == 20
    full = replace(last, members=last.members * 25)
    assert len(full.members) == membership.MEMBERS_MAX == record_of_waves.MEMBERS_MAX
    assert len(encode(full)) < 1_000_000


# What attacks cost (docs/security.md).


async def test_a_copied_account_is_in_the_wave_of_its_four_copies(life: Life) -> None:
    victim = a_sign_up("v", handle="maria_lopez", bio=BIO, ip="198.51.100.9")
    copies = [nicole(number, handle=f"q{number}x7") for number in range(4)]
    await come(life, victim, *copies[:3])
    assert waves(life) == []
    await come(life, copies[3])
    assert "telegram:v" in {one.account for one in waves(life)[-1].members}


@pytest.mark.parametrize("shared", [{"bio": BIO.replace("t.me/nicole_private", "me")}, {"ip": "203.0.113.7"}])
async def test_who_shares_one_kind_of_value_alone_is_not_found(life: Life, shared: dict[str, Any]) -> None:
    words = ["amber", "birch", "cedar", "daisy", "elder", "fern", "grove", "hazel", "iris", "juniper"]
    await come(life, *(a_sign_up(word, handle=f"{word}{word[::-1]}", **shared) for word in words))
    assert waves(life) == []


async def test_parts_with_other_words_and_contacts_are_two_waves(life: Life) -> None:
    other = "Crypto signals that never lose, join the private group at t.me/coin_whale_77 today"
    first = [nicole(number, handle=f"q{number}x7") for number in range(6)]
    second = [nicole(number, handle=f"k{number}w3", bio=other) for number in range(10, 16)]
    await come(life, *(event for pair in zip(first, second, strict=True) for event in pair))
    assert len({one.wave_id for one in waves(life)}) == 2


async def test_five_hundred_and_fifty_alike_accounts_are_one_wave_of_five_hundred(life: Life) -> None:
    events = [nicole(number, ip=f"203.0.{number % 200}.7") for number in range(550)]
    for at in range(0, len(events), 50):
        await life.tell(life.screen, *events[at : at + 50])
    await life.relay()
    (wave,) = {one.wave_id: one for one in waves(life)}.values()
    assert len(wave.members) == 500
