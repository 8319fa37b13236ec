"""Every signal keeps one contract; a new one inherits all of this by being listed."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from samehand.account import Account
from samehand.keys import KeyKind, kind_of
from samehand.signals import PAIRWISE, SENTENCES, SIGNALS, UNKEPT
from samehand.signals.base import Example, PairSignal, Quoted, Signal
from samehand.signals.first_shown import FIRST_SHOWN
from samehand.signals.timing import TIMING
from tests.samehand.makers import CONTEXT, WEIGHTS, accounts, an_account, keyer, seen
from tests.tables import for_each

EXAMPLES = [(signal, example) for signal in SIGNALS for example in signal.examples]
CODES = (
    *("handle", "name", "email", "phone", "device", "payment", "network", "agent", "locale", "referrer"),
    *("avatar", "bio", "contact", "disguise", "mention", "runs"),
)
KINDS = (
    "HANDLE_FULL=1 HANDLE_CONSONANTS=5 HANDLE_WORD=8 HANDLE_SORTED=9 HANDLE_WHOLE=10 HANDLE_NUMBERED=11 "
    "NAMING_RUN=12 NAME_TOKENS=16 NAME_PAIR=17 NAME_CONSONANTS=18 NAME_WORD=20 NAME_LETTERS=21 "
    "NAME_INITIAL=22 NAMING_WORD=23 EMAIL=32 EMAIL_PART=33 PHONE=34 PHONE_BLOCK=35 DEVICE=36 PAYMENT=37 "
    "ADDRESS=38 PREFIX=39 CONTACT=40 REFERRER=41 BIO_BAND=42 AGENT=44 AVATAR=45 STEM=46 WORD=47 "
    "AVATAR_BLOCK=48 OWN_CONTACT=49 RUNNER=50"
)


@for_each(("signal", "example"), EXAMPLES)
def test_each_example_shows_its_level(signal: Signal[Any], example: Example) -> None:
    ours, theirs = signal.distil(example.ours, keyer), signal.distil(example.theirs, keyer)
    found = signal.compare(ours, theirs, CONTEXT) if ours is not None and theirs is not None else None
    assert (found.level if found else None) == example.level


PAIRED = [(signal, example) for signal in PAIRWISE for example in getattr(signal, "examples", ())]


@for_each(("signal", "example"), PAIRED)
def test_each_example_of_a_pair_signal_shows_its_level(signal: PairSignal[Any], example: Example) -> None:
    ours, theirs = (seen(account).trait for account in (example.ours, example.theirs))
    found = signal.between(ours, theirs, CONTEXT)
    assert (found.level if found else None) == example.level


@for_each("signal", [*SIGNALS, *dict(PAIRED)])
def test_each_level_of_the_weights_is_shown_by_an_example_and_each_example_has_a_weight(signal: Any) -> None:
    shown = {example.level for example in signal.examples if example.level is not None}
    listed = set(WEIGHTS.signals[signal.name].levels)
    assert shown == listed


def test_each_level_of_each_signal_has_one_whole_sentence() -> None:
    levels = {(name, level) for name, table in WEIGHTS.signals.items() for level in table.levels}
    weightless = {(one.name, level) for one in (FIRST_SHOWN, TIMING) for level in one.sentences}
    assert SENTENCES.keys() == levels | weightless
    assert len(set(SENTENCES.values())) == len(SENTENCES)
    assert all(sentence[0].isupper() and sentence.endswith(".") for sentence in SENTENCES.values())


def test_names_and_codes_are_never_used_twice() -> None:
    names = [*(signal.name for signal in SIGNALS), *UNKEPT]
    assert len(set(names)) == len(names)
    assert len({signal.code for signal in SIGNALS}) == len(SIGNALS)
    assert set(names) == {*WEIGHTS.signals, "first_shown", "timing"}, "no row says what these weigh"


def test_stored_numbers_of_kinds_and_signals_stay() -> None:
    """Stores keep keys and traits by these numbers: one that moves reads what another wrote."""
    assert " ".join(f"{kind.name}={kind.value}" for kind in KeyKind) == KINDS
    assert {signal.code: signal.name for signal in SIGNALS} == dict(enumerate(CODES, start=1))


PLATFORM_DIGEST = bytes(range(32))


@for_each(
    ("field", "name"),
    [("email", "email"), ("phone", "phone"), ("device", "device"), ("ip", "network"), ("payment", "payment")],
)
def test_a_digest_of_the_platform_is_keyed_again_and_apart_from_raw_values(field: str, name: str) -> None:
    signal = next(signal for signal in SIGNALS if signal.name == name)
    trait = signal.distil(an_account(already_keyed={field: PLATFORM_DIGEST}), keyer)
    packed = signal.pack(trait)
    assert keyer(field, b"keyed:" + PLATFORM_DIGEST) in packed
    assert PLATFORM_DIGEST[:10] not in packed
    assert keyer(field, PLATFORM_DIGEST) not in packed


def test_what_sharing_a_kind_of_key_weighs_is_looked_up_by_that_kind() -> None:
    """A kind that `most` weighs and no account is listed or asked by leads to nobody."""
    weighed, listed = set[int](), set[int]()
    made = {int(KeyKind.NAMING_WORD)}  # of a handle and a display name together: no signal's own
    for signal, example in EXAMPLES:
        for trait in filter(None, (signal.distil(it, keyer) for it in (example.ours, example.theirs))):
            most = signal.most(trait, CONTEXT, WEIGHTS.signals[signal.name], banned=False)
            weighed |= {kind for kind, nats in most.by_kind.items() if nats > 0.0}
            weighed |= {kind_of(key) for key, nats in most.by_key.items() if nats > 0.0}
            listed |= {kind_of(key) for key in signal.keys(trait)}
            made |= {kind_of(key) for key in (*signal.keys(trait), *signal.probes(trait))}
    assert weighed <= made
    assert listed <= weighed


@given(account=accounts)
def test_a_trait_survives_being_stored_without_a_personal_value(account: Account) -> None:
    named = (account.handle, account.display_name)
    values = (account.email, account.phone, account.device_id, account.ip, account.payment_token)
    personal = [value for value in values if value and len(value) >= 8 and value not in named]
    for signal in SIGNALS:
        trait = signal.distil(account, keyer)
        if trait is None:
            continue
        packed = signal.pack(trait)
        assert signal.unpack(packed) == trait, signal.name
        stored = packed + signal.show(trait, Quoted()).encode("utf-8", "surrogatepass")
        for value in personal:
            assert value.encode("utf-8", "surrogatepass") not in stored, signal.name


@given(ours=accounts, theirs=accounts)
def test_any_two_accounts_compare_without_a_fault_and_in_bounds(ours: Account, theirs: Account) -> None:
    for signal in SIGNALS:
        mine, other = signal.distil(ours, keyer), signal.distil(theirs, keyer)
        if mine is None or other is None:
            continue
        found = signal.compare(mine, other, CONTEXT)
        if found is not None:
            assert found.level in WEIGHTS.signals[signal.name].levels
            assert found.rate is None or 0 < found.rate <= 1
            assert not found.because or found.because.endswith(".")
        assert isinstance(signal.show(mine, Quoted()), str)
