"""What every store computes alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b, shake_256
from itertools import accumulate, product
from uuid import NAMESPACE_OID, uuid5

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.account import AgedValue, Avatar
from samehand.elapsed import DAY_SECONDS as DAY
from samehand.fingerprint.distil import distil, enrolment_keys, moment_of, pack, unpack
from samehand.frequency.rates import SIGN_UPS_A_DAY_MIN, SIGN_UPS_A_DAY_UNKNOWN, shared_rate
from samehand.keys import KeyKind, falls_silent, key_of, posting_cap
from samehand.lineage import Descent, founder
from samehand.showings import UNKNOWN, Changed, Showings
from samehand.signals.base import Quoted
from schemas.unusable import FieldFault, Unusable
from store.base import BanFacts, Remembered
from store.common import doorkeeper
from store.common.counted_values import SEATS, VALUES_MAX, Counted, counted
from store.common.crowd import cluster_tag
from store.common.doorkeeper import Doorkeeper
from store.common.hashing import Hasher
from store.common.key_digests import Addresses
from store.common.ranking import READ_A_KEPT, READ_AT_LEAST, allotment, rarity_steps, read_at_all
from store.common.records import (
    StoredAccount,
    ban_quote,
    frame_heads,
    frame_of,
    frame_records,
    keys_of,
    keys_of_fingerprints,
    pack_record,
    read_ban_quote,
    read_frame,
    read_record,
    read_remembered_quote,
    remembered_quote,
)
from store.common.sign_ups import DAYS, SIGN_UPS, Tally, rates_of, tallied
from store.limits import DOOR_VALUES, HALF_LIFE_SECONDS, OPENERS, listed_at_most
from store.memory.counts import Counts, CountsSnapshot
from store.redis.counting.count_min_sketch import FILTER_PLACES, ROWS
from tests.store.makers import NOW, PEPPERS, a_ban, again, an_account, fingerprints

# What comes once passes, what comes again is let in, and nothing is held for ever.


RNG = np.random.default_rng(7)
Hashes = npt.NDArray[np.uint32]


def some(many: int) -> Hashes:
    """So many values that nobody has met."""
    return RNG.integers(0, 1 << 32, (many, ROWS), np.uint32)


def shown(many: int) -> Hashes:
    """Sightings that open no door by themselves."""
    return np.full((many, FILTER_PLACES), OPENERS, np.uint32) + np.array([1, 0, 0], np.uint32)


def test_what_is_met_first_passes_and_what_comes_again_is_let_in() -> None:
    door, values = Doorkeeper(), some(1_000)
    for _ in range(2):  # a repeat of what failed lets nothing in
        assert not door.lets_in(values, shown(1_000)).any()
    door.note(values)
    assert door.lets_in(values, shown(1_000)).all()


def test_of_one_batch_the_second_is_let_in() -> None:
    door, (value,) = Doorkeeper(), some(1)
    assert door.lets_in(np.array([value] * 3), shown(3)).tolist() == [False, True, True]


def test_one_first_sighting_in_so_many_is_let_in() -> None:
    sightings = RNG.integers(0, 1 << 26, (20_000, FILTER_PLACES), np.uint32)
    share = Doorkeeper().lets_in(some(20_000), sightings).mean()
    assert share == pytest.approx(1 / OPENERS, rel=0.05)


def test_what_was_not_met_for_two_generations_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorkeeper, "DOOR_VALUES", 100)
    door, values, regular = Doorkeeper(), some(20), some(20)
    door.note(values)
    for _ in range(2):
        others = some(101)
        assert not door.lets_in(others, shown(101)).any()
        door.note(others)
        door.note(regular)
    assert not door.lets_in(values, shown(20)).any()
    assert door.lets_in(regular, shown(20)).all()


def test_as_full_as_it_gets_few_are_taken_for_known() -> None:
    door, at_once = Doorkeeper(), 100_000
    for _ in range(DOOR_VALUES // at_once):
        door.note(some(at_once))
    assert door.lets_in(some(at_once), shown(at_once)).mean() < 1 / 25


# Who of many that share a value is listed, and of which values it is known who is not.


def test_an_account_is_told_by_its_network_else_by_its_device_else_by_itself() -> None:
    device, network = key_of(KeyKind.DEVICE, b"a device's"), key_of(KeyKind.PREFIX, b"a network's")
    assert cluster_tag([device, network], b"its tag") == b"'s"
    assert cluster_tag([key_of(KeyKind.PREFIX, b"12"), device], b"its tag") == b"12"
    assert cluster_tag([key_of(KeyKind.DEVICE, b"34")], b"its tag") == b"34"
    assert cluster_tag([key_of(KeyKind.EMAIL, b"56")], b"its tag") == b"ag"


# Rarity is never negative, and less for what is common; short postings are read while there is room.


HANDLE, RUN, NAME, PICTURE, DEVICE = (
    KeyKind.HANDLE_WORD,
    KeyKind.NAMING_RUN,
    KeyKind.NAME_WORD,
    KeyKind.AVATAR_BLOCK,
    KeyKind.DEVICE,
)
QUESTIONS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from([HANDLE, NAME, PICTURE, DEVICE]), st.integers(0, 256)),
    max_size=40,
).map(lambda asked: sorted(asked, key=lambda one: one[0]))


@given(st.integers(0, 10**9), st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_longer_posting_is_never_worth_more(total: int, one: int, other: int) -> None:
    shorter, longer = sorted((one, other))
    assert rarity_steps(total, shorter) >= rarity_steps(total, longer) >= 0


def read(asked: list[tuple[int, KeyKind, int]], keep: int = 64) -> list[bool]:
    """Whether each question (query, kind, length of its posting) is read."""
    columns = np.array(asked, np.int64).reshape(-1, 3)
    kinds = columns[:, 1].astype(np.uint8)
    answer: list[bool] = read_at_all(columns[:, 0], kinds, columns[:, 2], keep).tolist()
    return answer


@given(st.sampled_from(KeyKind))
def test_a_name_above_its_cap_is_silent_and_a_personal_value_never(kind: KeyKind) -> None:
    cap = posting_cap(kind)
    assert read([(0, kind, cap)]) == [True]
    assert read([(0, kind, cap + 1)]) == [not falls_silent(kind)]


def test_the_same_handle_and_personal_values_are_always_read() -> None:
    assert allotment(KeyKind.HANDLE_FULL) == allotment(KeyKind.EMAIL) == allotment(DEVICE)
    assert all(read([(0, HANDLE, 256), (0, HANDLE, 256), *[(0, DEVICE, 60)] * 20]))


def test_who_keeps_more_reads_more() -> None:
    asked = [(0, HANDLE, 256)] * 9
    assert [sum(read(asked, keep)) for keep in (1, 64, 128, 256)] == [2, 2, 4, 8]


@given(QUESTIONS, st.integers(1, 300))
def test_no_unread_posting_would_have_fitted(asked: list[tuple[int, KeyKind, int]], keep: int) -> None:
    chosen = read(asked, keep)
    most = max(READ_AT_LEAST, READ_A_KEPT * keep)
    for query, purse, length in (one for one, taken in zip(asked, chosen, strict=True) if not taken):
        spent = [
            n for (q, p, n), taken in zip(asked, chosen, strict=True) if taken and (q, p) == (query, purse)
        ]
        assert purse != DEVICE
        assert max(spent, default=0) <= length
        assert sum(spent) <= most < sum(spent) + length


# Addresses: the same under one secret, others under another, spread evenly.

HERE, ELSEWHERE = Addresses(b"one secret"), Addresses(b"another secret")


@given(st.text(), st.text())
def test_two_accounts_have_two_digests(one: str, other: str) -> None:
    assert (HERE.account(one) == HERE.account(other)) == (one == other)


@given(st.text())
def test_a_digest_depends_on_the_secret_and_on_what_it_stands_for(name: str) -> None:
    assert HERE.account(name) != ELSEWHERE.account(name)
    assert HERE.account(name) != HERE.alert(name)
    assert HERE.check != ELSEWHERE.check


@given(st.binary(max_size=20))
def test_one_value_of_two_kinds_is_two_keys(value: bytes) -> None:
    kinds = set(HERE.keys([key_of(kind, value) for kind in KeyKind]).tolist())
    assert len(kinds) == len(KeyKind)


@given(st.lists(st.binary(max_size=20), min_size=2, max_size=2))
def test_values_that_list_few_share_no_posting_with_those_that_list_many(values: list[bytes]) -> None:
    """Whatever the print is, the last bits of the hash are part of it."""
    one, other = (HERE.keys([key_of(kind, value) for kind in KeyKind]).tolist() for value in values)
    for (kind, here), (beside, there) in product(
        zip(KeyKind, one, strict=True), zip(KeyKind, other, strict=True)
    ):
        if listed_at_most(kind) != listed_at_most(beside):
            assert here & 0b11 != there & 0b11


def test_accounts_fall_evenly_on_tags() -> None:
    counts = Counter(HERE.account(f"x:{n}").home for n in range(25_600))
    assert sorted(counts) == list(range(256))
    assert max(counts.values()) < 150


def test_a_lone_surrogate_is_an_id_like_any_other() -> None:
    assert len(HERE.account("x:\ud800").raw) == 16


# Hashes of many values are the sums that the paper says, of each by itself.

SECRET = bytes(range(32))
VALUES = st.binary(max_size=80) | st.binary(max_size=8).map(lambda value: value + b"\0")


def by_the_book(value: bytes) -> int:
    """The hash of one value, a number at a time."""
    drawn = shake_256(SECRET).digest(16 * 17)
    numbers = [int.from_bytes(drawn[at : at + 8], "little") for at in range(0, len(drawn), 8)]
    short = value if len(value) <= 64 else blake2b(value, key=SECRET, digest_size=64, person=b"long").digest()
    words = [len(value), *(int.from_bytes(short[at : at + 4], "little") for at in range(0, len(short), 4))]
    halves = [
        sum(word * number for word, number in zip(words, numbers[half::2], strict=False)) % 2**64 >> 32
        for half in (0, 1)
    ]
    return halves[0] << 32 | halves[1]


@given(st.lists(VALUES, max_size=12))
def test_many_at_once_are_each_by_itself(values: list[bytes]) -> None:
    assert Hasher(SECRET)(values).tolist() == [by_the_book(value) for value in values]


def test_values_that_differ_in_their_last_zero_alone_are_told_apart() -> None:
    hashes = Hasher(SECRET)([b"", b"\0", b"\0\0", b"a", b"a\0"]).tolist()
    assert len(set(hashes)) == len(hashes)


def test_another_secret_gives_other_hashes() -> None:
    assert Hasher(SECRET)([b"umar"]) != Hasher(SECRET[:-1])([b"umar"])


def test_likely_values_fall_everywhere() -> None:
    """A hundred thousand names in 4,096 places: none has twice its share, on either half."""
    hashes = Hasher(SECRET)([b"\x08umar%d" % number for number in range(100_000)])
    for bits in (hashes >> 52, hashes & 4095):
        counts = [0] * 4096
        for place in bits.tolist():
            counts[place] += 1
        assert max(counts) < 2 * 100_000 / 4096


# What an account counts, for which cluster, and what a farm of accounts cannot do to the counts.


ITSELF = b"the account"


def values_of(**traits: str) -> dict[KeyKind, Counted]:
    """What an account counts, by kind."""
    (one,) = fingerprints(an_account(**traits))
    return {value.kind: value for value in counted(one, ITSELF).values}


def test_names_are_counted_within_their_stratum_and_personal_values_among_all() -> None:
    found = values_of(handle="umar_media", display_name="Umar", email="umar@example.org")
    assert {found[kind].stratum for kind in (KeyKind.HANDLE_FULL, KeyKind.STEM, KeyKind.WORD)} == {"latin"}
    assert found[KeyKind.EMAIL].stratum == ""


def test_a_network_counts_a_name_once_and_devices_count_a_network() -> None:
    found = values_of(ip="39.40.1.2", device_id="f3b1c9d2-77aa-4e5f-9b1e-2f6c1d0e9a11")
    assert found[KeyKind.STEM].cluster == found[KeyKind.PREFIX].value
    assert found[KeyKind.ADDRESS].cluster == found[KeyKind.DEVICE].value
    assert found[KeyKind.DEVICE].cluster == found[KeyKind.PREFIX].value


def slots_drawn(devices: int, networks: int = 1) -> int:
    """How often a mail domain counts that so many devices of some networks show."""
    domains = set()
    for number in range(devices):
        traits = {"ip": f"39.40.{number % networks}.2", "device_id": str(uuid5(NAMESPACE_OID, str(number)))}
        (one,) = fingerprints(an_account(email=f"name{number}@campus.example", **traits))
        values = [value for value in counted(one, ITSELF).values if value.kind is KeyKind.EMAIL_PART]
        domains.add(values[-1])
    return len(domains)


def test_a_domain_counts_for_about_the_root_of_the_devices_of_its_network() -> None:
    assert 25 <= slots_drawn(500) <= 60  # sqrt(500 pi) is 40
    assert 6 <= slots_drawn(40) <= 17


def test_devices_of_several_networks_count_a_domain_for_each() -> None:
    assert slots_drawn(200, networks=200) == 200


def test_a_device_that_comes_again_counts_a_text_once() -> None:
    phone = {
        "ip": "39.40.1.2",
        "device_id": str(uuid5(NAMESPACE_OID, "1")),
        "bio": "Proud member of the class of 2027",
    }
    (first, again) = (values_of(handle=handle, **phone)[KeyKind.BIO_BAND] for handle in ("umar", "sara"))
    assert first == again


def test_where_no_network_and_no_device_is_known_the_account_counts_for_itself() -> None:
    assert values_of(handle="umar_media")[KeyKind.STEM].cluster == ITSELF


def test_a_picture_is_counted_whole() -> None:
    account = replace(an_account(), avatar=Avatar(pdq=bytes(range(32)), quality=90))
    one = distil(account, PEPPERS.current.digest, at=None, pepper_id=1)
    values = counted(one, ITSELF).values
    assert [value.value for value in values if value.kind is KeyKind.AVATAR] == [bytes(range(32))]


def test_a_bio_full_of_links_counts_no_more_than_the_cap() -> None:
    (one,) = fingerprints(an_account(bio=" ".join(f"t.me/channel_{n}" for n in range(200))))
    assert len(counted(one, ITSELF).values) <= VALUES_MAX


def test_long_lists_hide_no_other_value() -> None:
    lists = {name: tuple(AgedValue(f"{name}-{n:04}", n) for n in range(16)) for name in ("device", "payment")}
    account = replace(an_account(), avatar=Avatar(pdq=bytes(range(32)), quality=90), others=lists)
    one = distil(account, PEPPERS.current.digest, at=None, pepper_id=1)
    assert KeyKind.AVATAR in {value.kind for value in counted(one, ITSELF).values}


HOUR = 3_600.0
PHONE = "+923012345678"


class Town:
    """Sign-ups that are counted, an hour apart from one freeze to the next."""

    def __init__(self) -> None:
        self.counts = Counts(HOUR, 0.0, lambda: 0)
        self.now = 9 * HOUR
        self.number = 0

    def sign_up(self, **traits: str) -> None:
        self.number += 1
        (one,) = fingerprints(an_account(**traits))
        account = blake2b(str(self.number).encode(), digest_size=10).digest()
        self.counts.add(counted(one, account), one.stratum, self.now, self.now)

    def people(self, many: int, **traits: str) -> None:
        """Households, each of its own network."""
        for place in range(many):
            self.sign_up(ip=f"{20 + place // 65_536}.{place // 256 % 256}.{place % 256}.9", **traits)

    def freeze(self) -> CountsSnapshot:
        self.now += HOUR
        self.counts.freeze(self.now)
        return self.counts.snapshot(self.now)


def bearers(snapshot: CountsSnapshot, **traits: str) -> int:
    (value,) = [one for kind, one in values_of(**traits).items() if kind is KeyKind.PHONE]
    return snapshot.count(value.kind, value.value, "")


def test_a_farm_makes_a_common_value_no_rarer_by_signing_up_without_it() -> None:
    town = Town()
    town.people(300, phone=PHONE)
    town.people(3_000)
    before = town.freeze()
    for _ in range(4_000):
        town.sign_up(ip="39.40.1.7")
    after = town.freeze()
    rates = [shared_rate(bearers(it, phone=PHONE), it.accounts(""), 2e-7) for it in (before, after)]
    assert after.accounts("") - before.accounts("") <= SEATS
    assert rates[1] > 0.99 * rates[0]


def test_what_a_farm_buys_with_many_networks_is_a_count_a_network_and_fades() -> None:
    town = Town()
    town.people(3_000)
    for place in range(64):
        town.sign_up(ip=f"39.{place}.1.7", phone=PHONE)
    assert bearers(town.freeze(), phone=PHONE) == 64
    for months in range(1, 7):
        town.now += HALF_LIFE_SECONDS
        assert bearers(town.freeze(), phone=PHONE) == 64 >> months


# Stored forms: what goes in comes out.


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
MOMENTS = st.floats(0, 4e9)
WORDS = st.none() | TEXT
IDS = TEXT | st.integers(0, 2**70).map(str) | st.from_regex(r"0[0-9]{1,18}|[٠-٩]{3}", fullmatch=True)
UNREAD = st.lists(st.builds(Unusable, TEXT, st.sampled_from(list(FieldFault))), max_size=3).map(tuple)
SECONDS = st.integers(0, 2**40)
CHANGED = st.builds(Changed, st.integers(0, 4), st.none() | SECONDS, SECONDS)
SHOWN = st.builds(
    Showings, st.none() | SECONDS, st.none() | SECONDS, st.lists(CHANGED, max_size=5).map(tuple)
) | st.sampled_from([UNKNOWN, Showings(int(NOW), int(NOW)), Showings(None, int(NOW))])
FACTS = st.builds(
    lambda **facts: BanFacts(descent=founder(f"{facts['platform']}:{facts['account_id']}"), **facts),
    platform=TEXT,
    account_id=IDS,
    occurred_at=MOMENTS | st.just(NOW),
    banned_at=st.none() | MOMENTS | st.just(NOW),
    policy=WORDS,
    basis_authority=WORDS,
    basis_reference=WORDS,
    queue=WORDS,
    expires_at=st.none() | MOMENTS,
    quoted=st.builds(Quoted, TEXT, TEXT, TEXT),
    not_read=UNREAD,
    shown=SHOWN,
)


@given(
    st.lists(TEXT.filter(bool), min_size=1, max_size=4),
    st.none() | MOMENTS,
    st.binary(min_size=4, max_size=4),
)
def test_a_frame_keeps_its_fingerprints_in_order(
    handles: list[str], expires_at: float | None, tag: bytes
) -> None:
    several = [one for handle in handles for one in fingerprints(an_account(handle=handle))]
    frame = read_frame(frame_of(tag, several, expires_at))
    assert (frame.tag, frame.expires_at) == (tag, expires_at)
    assert [unpack(record) for record in frame.records] == several
    assert keys_of(frame.records) == keys_of_fingerprints(several)
    assert set(keys_of(frame.records)) == {key for one in several for key in enrolment_keys(one)}


@given(FACTS)
def test_facts_are_quoted_as_they_were_enrolled(facts: BanFacts) -> None:
    quote = read_ban_quote(ban_quote(facts, None))
    assert (quote.facts, quote.root) == (facts, None)


@given(FACTS, st.binary(min_size=16, max_size=16))
def test_a_founder_is_named_while_its_name_is_known(facts: BanFacts, root: bytes) -> None:
    quote = read_ban_quote(ban_quote(facts, root))
    assert quote.root == root
    assert quote.resolved(None) == facts
    assert quote.resolved("x:1").descent == Descent("x:1", 0)


def test_an_id_of_digits_and_a_moment_said_twice_take_little() -> None:
    """A million bans are quoted by ids of eighteen digits and by one moment, as good as all of them."""
    facts = a_ban("118059162071741130").facts
    other = again(a_ban("a18059162071741130"), banned_at=NOW).facts
    assert len(ban_quote(facts, None)) == len(ban_quote(other, None)) - 10 - 8


@given(TEXT, IDS, TEXT, TEXT, TEXT, MOMENTS | st.just(NOW), UNREAD, SHOWN)
def test_a_remembered_account_is_quoted_as_it_was(
    platform: str,
    account_id: str,
    handle: str,
    name: str,
    bio: str,
    seen_at: float,
    unread: tuple[Unusable, ...],
    shown: Showings,
) -> None:
    account = Remembered(
        account=f"{platform}:{account_id}",
        account_id=account_id,
        platform=platform,
        seen_at=seen_at,
        quoted=Quoted(handle, name, bio),
        fingerprints=(),
        not_read=unread,
        shown=shown,
    )
    facts = read_remembered_quote(remembered_quote(account))
    assert (facts.account, facts.platform, facts.account_id) == (account.account, platform, account_id)
    assert (facts.seen_at, facts.quoted, facts.not_read) == (seen_at, account.quoted, unread)
    assert facts.shown == shown


@given(st.binary(max_size=40))
def test_a_damaged_record_is_found_by_no_key(record: bytes) -> None:
    whole = fingerprints(an_account())
    assert set(keys_of_fingerprints(whole)) <= set(keys_of([record, *map(pack, whole)]))


@given(st.none() | MOMENTS | st.just(NOW), st.integers(1, 3))
def test_the_head_of_a_frame_says_what_the_whole_says(expires_at: float | None, peppers: int) -> None:
    """An empty frame, as is read of an account without a record, is not there."""
    several = [*fingerprints(an_account())] * peppers
    frames = [frame_of(b"tags", several, expires_at), b""]
    heads, whole = frame_heads(frames, NOW), read_frame(frames[0])
    assert heads.in_force.tolist() == [not whole.expired(NOW), False]
    assert heads.moments.tolist() == [moment_of(whole.records[0]), 0]
    assert frame_records(frames[0]) == whole.records
    record = StoredAccount(frames[0], b"quote", 7)
    assert read_record(pack_record(record)) == record


# How many sign up on a platform: as usual, and in the latest hour.


def rate_after(hours: Sequence[int], platform: str = "x") -> tuple[float, float]:
    """Sign-ups a day, usual and latest, after hours with so many each."""
    tallies, sums = tuple[Tally, ...](), accumulate(hours)
    for number, accounts in enumerate(sums):
        tallies = tallied(tallies, DAY + HOUR * number, {f"{SIGN_UPS}x": accounts, "": 7, "latin": 7})
    assert len(tallies) <= DAYS + 3
    rate = rates_of(tallies).of(platform)
    return round(rate.usual * DAY), round(rate.latest * DAY)


def test_the_median_day_is_usual_and_a_flood_does_not_change_it() -> None:
    quiet, flood = [10] * 24 * 20, [1_000] * 24 * 3
    assert rate_after(quiet) == (240, 240)
    assert rate_after([*quiet, *flood]) == (240, 24_000)
    assert rate_after([*quiet, *flood, 10]) == (240, 240)


def test_four_weeks_of_another_size_are_what_is_usual() -> None:
    assert rate_after([10] * 24 * 60 + [20] * 24 * 29) == (480, 480)


def test_a_quiet_hour_and_a_small_platform_have_the_least_rate() -> None:
    assert rate_after([10] * 50 + [0]) == (240, 240)
    assert rate_after([1] * 72) == (SIGN_UPS_A_DAY_MIN, SIGN_UPS_A_DAY_MIN)


@pytest.mark.parametrize(("hours", "platform"), [([], "x"), ([10] * 24, "x"), ([10] * 72, "y")])
def test_of_a_platform_that_was_not_counted_for_a_day_nothing_is_known(
    hours: list[int], platform: str
) -> None:
    assert rate_after(hours, platform) == (SIGN_UPS_A_DAY_UNKNOWN, SIGN_UPS_A_DAY_UNKNOWN)


def test_a_platform_that_begins_later_is_as_large_as_its_own_days() -> None:
    tallies = tuple[Tally, ...]()
    for number in range(24 * 12):
        own = {f"{SIGN_UPS}y": 5 * (number - 239)} if number >= 240 else {}
        tallies = tallied(tallies, HOUR * (number + 1), {f"{SIGN_UPS}x": 10 * number, **own})
    assert round(rates_of(tallies).of("y").usual * DAY) == 120
