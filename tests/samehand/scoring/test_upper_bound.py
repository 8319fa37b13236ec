"""No pair that alerts is bounded below its score: what its keys say of it is enough, before it is read."""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from typing import Any, Final

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samehand.account import Account, Avatar
from samehand.blocking.display_name import initial_keys
from samehand.fingerprint.distil import Fingerprint, distil, enrolment_keys, query_keys
from samehand.frequency.rates import Frequencies, NothingCounted
from samehand.keys import Key, KeyKind, kind_of
from samehand.scoring.adjust import FACTOR_MAX
from samehand.scoring.key_table import STEPS_A_NAT, KeyTable, RivalSums
from samehand.scoring.score import _adding, _compared, score
from samehand.scoring.upper_bound import UpperBound
from samehand.scoring.weights import Weights, check, default_weights
from samehand.signals import PAIRWISE, SIGNALS
from samehand.signals.base import Most
from samehand.signals.context import ComparisonContext
from samehand.signals.cross_field import CROSS_FIELD
from samehand.signals.name import NAME
from samehand.signals.own_contact import OWN_CONTACT
from store.common.ranking import Tables
from tests.house import ROOT
from tests.samehand.signals.test_contract import keyer
from tests.tables import for_each

UNLIMITED: Final = 1 << 40
AT: Final = 1_800_000_000.0
WEIGHTS: Final = default_weights()
# Where no group shares what it says, each line is what its signal found.
PLAIN: Final = msgspec.structs.replace(WEIGHTS, group_shares={})
PICTURE: Final = bytes(range(0, 256, 8))
# A level that a key shows for certain: there the bound allows for all that it weighs.
CERTAIN: Final = frozenset(("same-handle", "same-name"))


def learnt(seed: int) -> Weights:
    """The shipped table as labels may leave it: no laxer agreement gains on a closer one."""
    chance = random.Random(seed)
    multipliers = {}
    for name, one in WEIGHTS.signals.items():
        drawn = sorted([math.exp(chance.uniform(-1, 1) * math.log(FACTOR_MAX)) for _ in one.levels])
        # Agreements in the table's order, then differences, whose order says nothing.
        for level in sorted(one.levels, key=lambda level: not one.levels[level].agrees):
            multipliers[f"{name}.{level}"] = drawn.pop()
    table = msgspec.structs.replace(WEIGHTS, signals=WEIGHTS.multiplied(multipliers))
    check(table)
    return table


tables = st.just(WEIGHTS) | st.builds(learnt, st.integers(0, 50))


def picture(bits: int) -> Avatar:
    pdq = int.from_bytes(PICTURE, "big") ^ ((1 << bits) - 1)
    return Avatar(pdq=pdq.to_bytes(32, "big"), quality=90)


# Few values of each field, so that two accounts agree often, wholly or nearly.
FIELDS: Final[dict[str, tuple[Any, ...]]] = {
    "platform": ("x", "telegram"),
    "handle": (
        None,
        "zarghun_kakar",
        "zarghunkakar77",
        "zorghun.kakir",
        "northernvalleyxx",
        "ali",
        "Elizabe39542212",
    ),
    "display_name": (None, "Zarghun Kakar", "Kakar Zarghun", "Zorghun Kakir Press", "Ali Khan", "زرغون کاکر"),
    "bio": (
        None,
        "Official channel of the northern valley. News, songs and statements. Share it. t.me/+AbCdEf123456",
        "Official channel of the northern valley. News and songs, mail umar@example.org",
        "News, songs and statements of the southern coast, every morning. We are @zarghun_kakar again",
        "hi there all of you out there",
    ),
    "email": (None, "umar@example.org", "umar@proton.me", "u@mailinator.com", "v@guerrillamail.com"),
    "phone": (None, "+923012345678", "+923012345699"),
    "device_id": (None, "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b", "0b7d5a34-9c11-4c0e-8a57-2f4e6b1c3d99"),
    "payment_token": (None, "tok_1QxYz8"),
    "ip": (None, "39.40.12.7", "39.40.12.200", "2400:adc5:1:2::7", "2400:adc5:1:9::1"),
    "user_agent": (None, "Mozilla/5.0 (Linux; Android 13; SM-A536B) Chrome/120.0.0.0 Mobile Safari/537.36"),
    "locale": (None, "ps-AF", "en-GB"),
    "referrer": (None, "invite:7GQ2"),
    "avatar": (None, picture(0), picture(24), picture(55), picture(128)),
}
accounts = st.builds(
    Account, account_id=st.just("1"), **{name: st.sampled_from(values) for name, values in FIELDS.items()}
)
# Who comes back keeps some of what the banned account showed.
pairs = st.tuples(accounts, accounts, st.sets(st.sampled_from(sorted(FIELDS)))).map(
    lambda drawn: (drawn[0], replace(drawn[1], **{name: getattr(drawn[0], name) for name in drawn[2]}))
)


class Counted:
    """So many accounts and bans; how many bear a value is drawn from the value."""

    def __init__(self, bans: int, accounts: int, seed: int) -> None:
        self.bans = bans
        self._accounts = accounts
        self._seed = seed

    def accounts(self, stratum: str) -> int:
        return self._accounts

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        drawn = blake2b(value, digest_size=1, salt=bytes((kind, self._seed))).digest()[0]
        return min((0, 1, 2, 3, 9, 70, 4_000, 60_000)[drawn % 8], self._accounts)


counted = st.builds(
    Counted,
    bans=st.sampled_from((0, 300, 100_000, 1_000_000)),
    accounts=st.sampled_from((0, 400, 90_000)),
    seed=st.integers(0, 255),
)
ages = st.sampled_from((None, -3e6, -90.0, 0.0, 60.0, 3600.0, 3601.0, 8e4, 4e5, 2e6, 2e7, 9e7))


def seen(account: Account, at: float | None = None) -> Fingerprint:
    return distil(account, keyer, at=at)


def bounded(table: KeyTable, theirs: Fingerprint, age: float | None) -> tuple[float, bool]:
    """The most (nats, without the prior) that a candidate can score by its keys, and whether it is read."""
    listed = set(enrolment_keys(theirs))
    shared = [place for place, key in enumerate(table.keys) if key in listed]
    banned_at = np.array([np.nan if age is None or table.at is None else table.at - age])
    sums, enough = Tables.of([table]).sums(
        np.zeros(1, np.int64),
        np.zeros(len(shared), np.int64),
        np.array(shared, np.int64),
        lambda rows: banned_at,
    )
    best = 0.0 if enough[0] else table.moments[0][0][1] / STEPS_A_NAT  # told only of what may be read
    return float(sums[0]) / STEPS_A_NAT + best, bool(enough[0])


def allowed(
    ours: Fingerprint, theirs: Fingerprint, weights: Weights, frequencies: Frequencies
) -> dict[str, float]:
    """What each signal may add that has found something.

    All that it weighs; of a part of a name at most what its shared keys say, and its allowance without any.
    """
    context = ComparisonContext(
        frequencies, (ours.stratum,) * 2, (ours.platform,) * 2, shipped=weights.rates(frequencies.bans)
    )
    listed, found = set(enrolment_keys(theirs)), {}
    shown: list[tuple[Any, Any]] = list(zip(SIGNALS, ours.traits, strict=True))
    shown += [(one, one.of(ours.trait)) for one in PAIRWISE]
    named = False
    for one, trait in shown:
        if trait is None:
            continue
        most: Most = one.most(trait, context, weights.signals[one.name], banned=False)
        shared = listed.intersection((*one.keys(trait), *one.probes(trait)))
        named = named or (one.group == "name" and bool(shared))
        if (shared and one.group != "name") or not (most.by_kind or most.by_key):
            found[one.name] = 99.0
        elif shared:
            besides = max(most.besides.get(key[0], 0.0) for key in shared)
            found[one.name] = max(says(most, key) for key in shared) + besides
        else:
            found[one.name] = max(weights.signals[one.name].allowance, most.unkeyed)
    if not named:
        found["mention"] = 0.0
    return found


def says(most: Most, key: Key) -> float:
    """What a signal says of one of its keys."""
    return most.by_key.get(key, most.by_kind.get(key[0], 0.0))


@settings(max_examples=6 * settings().max_examples)
@given(pair=pairs, frequencies=counted, age=ages, weights=tables)
def test_the_bound_is_no_less_than_the_score_against_any_rival(
    pair: tuple[Account, Account], frequencies: Frequencies, age: float | None, weights: Weights
) -> None:
    plain = msgspec.structs.replace(weights, group_shares={})
    ours, theirs = seen(pair[0], AT), seen(pair[1], None if age is None else AT - age)
    told, may = score(ours, theirs, plain, frequencies), allowed(ours, theirs, plain, frequencies)
    context = ComparisonContext(
        frequencies,
        (ours.stratum, theirs.stratum),
        (ours.platform, theirs.platform),
        ours.at,
        None if age is None else age,
        shipped=plain.rates(frequencies.bans),
    )
    lines = _compared(ours, theirs, context, plain)
    priors = plain.rival_priors(frequencies.bans, age, listed=False)
    prior, excess, least = plain.prior(frequencies.bans), 0.0, np.inf
    of_rivals = _adding(lines, plain)
    for rival, own in enumerate(priors):
        adding = {line.signal: adds[rival] for line, adds in zip(lines, of_rivals, strict=True)}
        certain = {line.signal for line in lines if line.comparison.level in CERTAIN}
        counts = {
            signal: weight if signal in certain else min(weight, may.get(signal, 99.0))
            for signal, weight in adding.items()
        }
        assert told.log_odds <= prior - own + sum(adding.values()) + 1e-6
        excess += sum(adding.values()) - sum(counts.values())
        least = min(least, prior - own + sum(counts.values()))
    table = UpperBound(plain).table([ours], frequencies)
    most, read = bounded(table, theirs, age)
    assert prior + most >= least - 1e-6, (told.lines, may)
    assert read or told.band == "none" or excess > 0.0, "who alerts is read"


def added(values: list[float], *, a_key_each: bool, one_fact: bool = False, **others: Any) -> float:
    """What facts add up to (nats) where each is shared by a key of its own, or all by one."""
    facts, steps = tuple(range(len(values))), tuple(int(value * STEPS_A_NAT) for value in values)
    keys = tuple(Key(bytes((place,))) for place in (facts if a_key_each else facts[:1]))
    plain: dict[str, Any] = {"groups": (), "beyond": ()}
    table = KeyTable(
        keys=keys,
        listed=(),
        facts=((0,) * len(facts) if one_fact else facts,) if a_key_each else tuple((fact,) for fact in facts),
        steps=(steps,) if a_key_each else tuple((each,) for each in steps),
        floors=(0,) * len(facts),
        moments=(((-np.inf, 0),),),
        at=None,
        least=0,
        rivals=(RivalSums(0, (UNLIMITED,) * len(facts), 0),),
        **(plain | others),
    )
    sums, _ = Tables.of([table]).sums(
        np.zeros(1, np.int64),
        np.zeros(len(keys), np.int64),
        np.arange(len(keys)),
        lambda rows: np.zeros(1),
    )
    return float(sums[0]) / STEPS_A_NAT


AGREE: Final = st.lists(st.floats(0.0, 14.0), min_size=3, max_size=3)


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
@given(values=AGREE, a_key_each=st.booleans())
def test_facts_of_a_group_count_as_the_score_counts_them(
    share: float, values: list[float], a_key_each: bool
) -> None:
    one, other = sorted((values[0], values[2]))
    groups = (((0, 2), int(share * 1024)),)
    found = added(values, a_key_each=a_key_each, groups=groups)
    assert found == pytest.approx(values[1] + other + share * one, abs=0.01)


@given(values=AGREE, a_key_each=st.booleans())
def test_of_a_fact_beyond_others_counts_what_exceeds_the_best_of_them(
    values: list[float], a_key_each: bool
) -> None:
    best = max(values[:2])
    found = added(values, a_key_each=a_key_each, groups=(((0, 1), 256),), beyond=((2, (0, 1)),))
    assert found == pytest.approx(max(best, values[2]) + 0.25 * min(values[:2]), abs=0.01)


@given(values=AGREE)
def test_a_fact_adds_no_more_than_so_many_of_its_keys_can_say(values: list[float]) -> None:
    first, second, best = sorted(values)
    for shared, most in ((1, first), (2, second), (3, second)):
        found = added(
            [best] * shared,
            a_key_each=True,
            by_number=((0, tuple(int(one * STEPS_A_NAT) for one in (first, second))),),
            one_fact=True,
        )
        assert found == pytest.approx(most, abs=0.01)


def sums_of(ours: Account, theirs: Account, *, bans: int = 100_000, age: float = 3e6) -> tuple[float, bool]:
    table = UpperBound(WEIGHTS).table([seen(ours, AT)], NothingCounted(bans))
    return bounded(table, seen(theirs), age)


ONE: Final = Account(platform="x", account_id="1", handle="zarghunkakar", display_name="Zarghun Kakar")
DEVICE: Final = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"


@for_each(
    ("mine", "other"),
    [
        ({"handle": "zarghunkakar"}, {"handle": "zarghun_kakar"}),
        ({"handle": "7amza_alfaris"}, {"handle": "hamza_alfaris"}),
        ({"display_name": "Zarghun Kakar"}, {"display_name": "ZARGHUN KAKAR"}),
        ({"handle": "zarghun_kakar"}, {"display_name": "Zarghun Kakar"}),
        ({"handle": "kakar.zarghun"}, {"display_name": "Zarghun Kakar"}),
        ({"display_name": "Zarghun Kakar"}, {"handle": "zarghunkakar"}),
        ({"display_name": "Zarghun Kakar"}, {"handle": "kakarzarghun"}),
    ],
)
def test_a_name_that_agrees_whole_is_read_for_it_alone(mine: dict[str, str], other: dict[str, str]) -> None:
    bare = Account(platform="x", account_id="1")
    ours, theirs = (replace(bare, **shown) for shown in (mine, other))  # type: ignore[arg-type]  # text fields
    assert sums_of(ours, theirs, bans=0, age=60.0)[1]


def test_who_is_named_like_an_organisation_and_says_its_name_is_read() -> None:
    front = Account(platform="watchlist", account_id="XX:1", display_name="Tehrik-e Northern Valley Front")
    named = Account(platform="x", account_id="1", display_name="Tehreek Northern Valley Front")
    bio = "Voice of the Tehreek e Northern Valley Front. Follow!"
    table = UpperBound(WEIGHTS).table([seen(replace(named, bio=bio), AT)], NothingCounted(1_000))
    assert bounded(table, seen(front), None)[1]


@for_each("other", ["usman_khalilzan1972", "sanober.tariq1972"])
def test_who_shares_two_letters_and_a_year_is_not_read(other: str) -> None:
    ours, theirs = (Account(platform="x", account_id="1", handle=name) for name in ("sana_jawan1972", other))
    assert set(query_keys(seen(ours, AT))) & set(enrolment_keys(seen(theirs)))
    assert not sums_of(ours, theirs)[1]


@for_each("other", ["zarqhunkakar7391", "real_zarghunkakar7391", "zarghonkakkar7391"])
def test_a_number_counts_besides_the_letters_that_other_keys_show(other: str) -> None:
    ours, theirs = (
        Account(platform="x", account_id="1", handle=name) for name in ("zarghunkakar7391", other)
    )
    told = score(seen(ours, AT), seen(theirs), WEIGHTS, NothingCounted(100_000))
    most, read = sums_of(ours, theirs)
    assert read
    assert WEIGHTS.prior(100_000) + most >= told.log_odds


def test_a_word_with_an_initial_says_no_more_than_the_word() -> None:
    trait = NAME.distil(Account(platform="x", account_id="1", display_name="Zarghun Kakar"), keyer)
    assert trait is not None
    context = ComparisonContext(NothingCounted(1_000), ("", ""), ("x", "x"), shipped=WEIGHTS.rates(1_000))
    most = NAME.most(trait, context, WEIGHTS.signals["name"], banned=False)
    keys = [key for _, key in initial_keys(trait)]
    assert keys
    assert all(most.by_key[key] < most.by_kind[KeyKind.NAME_INITIAL] for key in keys)


def test_who_shares_only_circumstances_is_not_read() -> None:
    shared = replace(ONE, display_name=None, ip="39.40.12.7", locale="ps-AF", referrer="invite:7GQ2")
    ours, theirs = (replace(shared, handle=name) for name in ("abc", "xyz"))
    assert not sums_of(ours, theirs, bans=0, age=60.0)[1]


def test_the_moment_decides_where_a_picture_says_little() -> None:
    looks = replace(ONE, avatar=picture(0))
    theirs = Account(platform="x", account_id="2", avatar=picture(0))
    assert [sums_of(looks, theirs, bans=1_000, age=age)[1] for age in (60.0, 3e7)] == [True, False]


def test_a_crowd_that_shows_a_picture_is_not_read_for_it() -> None:
    class Many:
        bans = 1_000

        def accounts(self, stratum: str) -> int:
            return 100_000

        def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
            return 30_000 if kind is KeyKind.AVATAR else 0

    shows = replace(ONE, handle=None, display_name=None, avatar=picture(0))
    few, many = (
        bounded(UpperBound(WEIGHTS).table([seen(shows, AT)], counts), seen(shows), 60.0)[0]
        for counts in (NothingCounted(1_000), Many())
    )
    assert few > many + 5


def asked(ours: Fingerprint) -> set[Key]:
    """The keys by which somebody may be found who alerts: that both have one address says nothing more."""
    own = {key for key in enrolment_keys(ours) if kind_of(key) is KeyKind.OWN_CONTACT}
    return set(query_keys(ours)) - own


def test_a_namesake_is_not_taken_for_one_who_names_the_account() -> None:
    handle = replace(ONE, display_name=None)
    naming = Account(
        platform="x", account_id="2", bio="The old one is gone, follow @zarghunkakar from now on"
    )
    contact = WEIGHTS.signals["contact"]
    table = UpperBound(WEIGHTS).table([seen(handle, AT)], NothingCounted(100_000))
    back = UpperBound(WEIGHTS).table([seen(naming, AT)], NothingCounted(100_000))
    announced, named = (contact.as_shipped[level] for level in ("announced", "names-it"))
    assert bounded(table, seen(naming), 3e7)[0] >= announced
    assert bounded(back, seen(handle), 3e7)[0] >= named
    silent = WEIGHTS.multiplied({f"contact.{level}": 0.0 for level in contact.levels})
    without = UpperBound(msgspec.structs.replace(WEIGHTS, signals=silent))
    alike = without.table([seen(handle, AT)], NothingCounted(100_000))
    assert bounded(table, seen(handle), 3e7)[0] == bounded(alike, seen(handle), 3e7)[0]


def test_both_keys_are_made_in_one_pass_and_are_those_made_apart() -> None:
    ours = seen(replace(ONE, bio="write to umar@example.org", email="z@example.org", phone="+923012345678"))
    table = UpperBound(WEIGHTS).table([ours], NothingCounted())
    assert sorted(table.keys) == sorted(asked(ours))
    assert sorted(table.listed) == sorted(enrolment_keys(ours))
    assert {len(table.keys)} == {len(row) for row in (*table.facts, *table.steps)}


def test_two_peppers_of_a_rotation_make_one_table() -> None:
    several = [
        replace(seen(ONE, AT), pepper_id=1),
        replace(seen(replace(ONE, email="a@b.org"), AT), pepper_id=2),
    ]
    keys = set(UpperBound(WEIGHTS).table(several, NothingCounted()).keys)
    assert keys == asked(several[0]) | asked(several[1])


def test_an_allowance_of_the_table_is_given_to_who_shares_no_key() -> None:
    device = replace(ONE, device_id=DEVICE)
    bare = Account(platform="x", account_id="2", device_id=DEVICE)
    signals = {**WEIGHTS.signals, "email": msgspec.structs.replace(WEIGHTS.signals["email"], allowance=3.0)}
    generous = msgspec.structs.replace(WEIGHTS, signals=signals)
    plain, more = (
        bounded(UpperBound(weights).table([seen(device, AT)], NothingCounted(100)), seen(bare), 60.0)[0]
        for weights in (WEIGHTS, generous)
    )
    assert more == pytest.approx(plain + 3.0, abs=0.01)


def test_a_new_signal_takes_its_file_the_registry_and_rows_of_weights() -> None:
    # In Python: a class that is not compiled cannot have a compiled one for its base.
    sources = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [sys.executable, "-m", "tests.samehand.scoring.new_signal"]
    done = subprocess.run(command, cwd=ROOT, env=sources, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["x:1", "likely"], done.stderr


@for_each("signal", [*SIGNALS, CROSS_FIELD, OWN_CONTACT])
def test_each_signal_bounds_each_of_its_examples(signal: Any) -> None:
    """One that shares a key, or has none to share, adds no more than the signal said it could."""
    for example in signal.examples:
        ours, theirs = seen(example.ours), seen(example.theirs)
        trait = next(
            (mine for one, mine in zip(SIGNALS, ours.traits, strict=True) if one is signal),
            None,
        ) or (signal.of(ours.trait) if signal in PAIRWISE else None)
        if trait is None or example.level is None:
            continue
        context = ComparisonContext(
            NothingCounted(1_000),
            (ours.stratum,) * 2,
            (ours.platform,) * 2,
            shipped=WEIGHTS.rates(1_000),
        )
        table = WEIGHTS.signals[signal.name]
        most: Most = signal.most(trait, context, table, banned=False)
        listed = set(enrolment_keys(theirs))
        shared = listed.intersection((*signal.keys(trait), *signal.probes(trait)))
        if signal.group == "name" or (not shared and (most.by_key or most.by_kind) and not most.unkeyed):
            continue  # names: the property above
        said = [says(most, key) for key in shared]
        weighs = partial(score, ours, theirs, PLAIN, NothingCounted(1_000))
        weight = sum(line.weight for line in weighs().lines if line.signal == signal.name)
        assert weight <= max([most.unkeyed, *said]) + 1e-9, example
