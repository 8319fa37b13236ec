"""A value in quarantine weighs nothing, a line says so, and nothing else of a pair changes for the better."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from samehand.account import Account
from samehand.fingerprint.distil import enrolment_keys
from samehand.frequency.rates import NothingCounted
from samehand.keys import Key, KeyKind, kind_of, value_of
from samehand.scoring.evidence import QUARANTINE, Score
from samehand.scoring.score import against_chance, score
from samehand.scoring.upper_bound import UpperBound
from samehand.scoring.weights import Weights
from samehand.signals import SIGNALS
from tests.samehand.scoring.test_upper_bound import (
    AT,
    WEIGHTS,
    Counted,
    accounts,
    bounded,
    counted,
    pairs,
    seen,
    tables,
)

PERSONAL = Account(
    platform="x",
    account_id="1",
    email="umar@example.org",
    phone="+923012345678",
    device_id="6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b",
    payment_token="tok_1QxYz8",
    ip="39.40.12.7",
    referrer="invite:7GQ2",
    bio="join t.me/+AbCdEf123456 or t.me/+ZzYyXx987654",
)
NONE = NothingCounted(300)


def scored(one: Account, other: Account, quarantined: Callable[[Key], bool] | None = None) -> Score:
    return score(seen(one), seen(other), WEIGHTS, NONE, quarantined=quarantined)


def of_kind(kind: KeyKind, value: Key) -> bool:
    return kind_of(value) == kind


def weight_of(
    one: Account, other: Account, signal: str, quarantined: Callable[[Key], bool] | None = None
) -> float:
    """Against chance: another rival may explain a value wholly."""
    lines = against_chance(seen(one), seen(other), WEIGHTS, NONE, quarantined)
    return math.fsum(line.nats for line in lines if line.signal == signal)


@given(pairs, counted, tables, st.integers(0, 255))
def test_quarantine_of_any_values_never_raises_a_score_above_its_bound(
    pair: tuple[Account, Account], counts: Counted, weights: Weights, drawn: int
) -> None:
    ours, theirs = seen(pair[0], AT), seen(pair[1], AT - 60.0)

    def quarantined(value: Key) -> bool:
        return bool((sum(value) ^ drawn) & 1)

    free = score(ours, theirs, weights, counts)
    held = score(ours, theirs, weights, counts, quarantined=quarantined)
    assert held.log_odds <= free.log_odds + 1e-9
    assert math.fsum([held.prior, *(line.weight for line in held.lines)]) == held.log_odds
    table = UpperBound(weights).table((ours,), counts)
    most, read = bounded(table, theirs, 60.0)
    if held.probability >= weights.alerting_min:
        assert read
    assert enrolment_keys(theirs) or most >= 0.0


@given(accounts)
def test_values_of_every_line_are_shown_by_both_accounts(account: Account) -> None:
    fingerprint = seen(account)
    shown = zip(SIGNALS, fingerprint.traits, strict=True)
    counts = [signal.counts(trait) for signal, trait in shown if trait is not None]
    digests = {value_of(key) for keys in counts for key in keys}
    for line in score(fingerprint, fingerprint, WEIGHTS, NONE).lines:
        assert {value_of(value) for value in line.values} <= digests


def test_value_in_quarantine_weighs_nothing_and_a_line_says_so() -> None:
    for kind, signal in {
        KeyKind.EMAIL: "email",
        KeyKind.PHONE: "phone",
        KeyKind.DEVICE: "device",
        KeyKind.PAYMENT: "payment",
        KeyKind.ADDRESS: "network",
        KeyKind.REFERRER: "referrer",
        KeyKind.CONTACT: "contact",
    }.items():
        quarantined = partial(of_kind, kind)
        result = scored(PERSONAL, PERSONAL, quarantined)
        assert weight_of(PERSONAL, PERSONAL, signal) > 0.0
        assert weight_of(PERSONAL, PERSONAL, signal, quarantined) == 0.0, signal
        (line,) = [line for line in result.counter_evidence if line.signal == QUARANTINE]
        assert signal in line.because
        assert {kind_of(value) for value in result.quarantined} == {kind}


def test_quarantine_of_one_contact_point_leaves_the_other_its_weight() -> None:
    (first, *_) = next(line.values for line in scored(PERSONAL, PERSONAL).lines if line.signal == "contact")
    result = scored(PERSONAL, PERSONAL, lambda value: value == first)
    assert weight_of(PERSONAL, PERSONAL, "contact", lambda value: value == first) > 0.0
    assert result.quarantined == (first,)


def test_quarantine_of_a_mailbox_silences_profiles_that_name_it() -> None:
    names = Account(platform="x", account_id="1", bio="write to umar@example.org")
    assert weight_of(names, PERSONAL, "reach") > 0.0
    mailbox = partial(of_kind, KeyKind.EMAIL)
    for one, other in ((names, PERSONAL), (PERSONAL, names), (names, names)):
        for signal in ("email", "reach"):
            assert weight_of(one, other, signal, mailbox) == 0.0
    assert weight_of(names, names, "contact", mailbox) == 0.0


def test_accounts_without_a_value_in_quarantine_score_as_ever() -> None:
    assert scored(PERSONAL, PERSONAL, lambda _: False) == scored(PERSONAL, PERSONAL)
